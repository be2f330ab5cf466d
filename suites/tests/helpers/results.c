#include "suites/tests/helpers/results.h"

#include <string.h>

#define SCENARIO "suites/scenarios/primary-partition-hybrid.yaml"
#define S UINT64_C(1000000000)

static const struct result_op plain_ops[] = {
	{.index = 2291,
		.call_ns = 15310000000,
		.ret_ns = 15352000000,
		.session = "us-east/2",
		.region = "us-east",
		.node = "us-east/store",
		.server = "us-east",
		.outcome = "ok",
		.writes = true,
		.text = "wrote ledger:318 = v7, acknowledged by us-east, 0.31 s after the cut"},
	{.index = 9120,
		.call_ns = 66 * S,
		.ret_ns = 66 * S + 9000000,
		.session = "eu-west/readback",
		.region = "eu-west",
		.node = "eu-west/store",
		.server = "eu-west",
		.outcome = "ok",
		.text = "read ledger:318: absent"},
};
static const struct result_witness plain_witness = {
	.ops = plain_ops, .n_ops = 2, .reason = "acknowledged, and readable in no region"};

static const struct result_part plain_parts[] = {
	{"detect", 9.1e9, true}, {"promote", 2.2e9, true}, {"redirect", 0, false}};

static const struct result_expect plain_expects[] = {
	{.id = "read_your_writes.violations == 0",
		.metric = "read_your_writes.violations",
		.verdict = VERDICT_PASS,
		.wanted = "== 0",
		.got = "0",
		.has_got = true,
		.unit = "count",
		.n = 611,
		.n_what = "effective trials",
		.note = "would have caught a lag of 40 ms or more",
		.line = 40},
	{.id = "writes.lost == 0",
		.metric = "writes.lost",
		.verdict = VERDICT_FAIL,
		.wanted = "== 0",
		.got = "7",
		.got_value = 7,
		.has_got = true,
		.unit = "count",
		.n = 1896,
		.n_what = "acknowledged writes",
		.line = 41,
		.column = 5,
		.why = "all 7 were acknowledged within 0.9 s after the cut",
		.witnesses = &plain_witness,
		.n_witnesses = 1,
		.total_findings = 7},
	{.id = "failover.rto < 15s in cut",
		.metric = "failover.rto",
		.verdict = VERDICT_WARN,
		.wanted = "< 15 s",
		.got = "11.8 s",
		.got_value = 11.8e9,
		.has_got = true,
		.low = 11.7e9,
		.high = 11.9e9,
		.has_interval = true,
		.unit = "ns",
		.n = 1,
		.n_what = "failover",
		.parts = plain_parts,
		.n_parts = 3,
		.line = 42,
		.phase = "cut"},
	{.id = "stale_reads.unflagged == 0",
		.metric = "stale_reads.unflagged",
		.verdict = VERDICT_VOID,
		.wanted = "== 0",
		.got = "-",
		.unit = "count",
		.line = 43,
		.why = "the system sent nothing from us-east to ap-south before the cut"},
	{.id = "staleness.p99 < 1s in steady",
		.metric = "staleness.p99",
		.verdict = VERDICT_INCONCLUSIVE,
		.wanted = "< 1 s",
		.got = "-",
		.unit = "ns",
		.line = 44,
		.n = 12,
		.n_what = "reads",
		.why = "12 reads, 299 are needed for a p99"},
	{.id = "latency.p99 < 100ms for reads",
		.metric = "latency.p99",
		.verdict = VERDICT_ERROR,
		.wanted = "< 100 ms",
		.got = "-",
		.unit = "ns",
		.line = 45,
		.why = "the history of eu-west could not be read"},
	/* the same line twice: names in JUnit must stay apart */
	{.id = "writes.lost == 0",
		.metric = "writes.lost",
		.verdict = VERDICT_PASS,
		.wanted = "== 0",
		.got = "0",
		.has_got = true,
		.unit = "count",
		.line = 46},
};
#define N_EXPECTS (sizeof(plain_expects) / sizeof(*plain_expects))

static const struct result_link plain_links[] = {
	{.from = "us-east",
		.to = "eu-west",
		.family = "ipv4",
		.asked = "cut",
		.measured = "cut",
		.ok = true,
		.beacons = 2000,
		.system_attempted = 1904},
};
static const struct result_traffic plain_traffic[] = {
	{.from = "us-east",
		.to = "eu-west",
		.stage = "during",
		.length_ns = 20 * S,
		.sent = 1904,
		.bytes = 190400,
		.opened = 17,
		.retransmissions = 29},
};
static const struct result_fault plain_faults[] = {
	{.name = "cut",
		.text = "partition us-east from eu-west, ap-south",
		.line = 33,
		.asked_ns = 15 * S,
		.sent_ns = 15 * S,
		.acked_ns = 15 * S + 400000,
		.in_force_ns = 15 * S + 400000,
		.gone_ns = 35 * S,
		.resolution_ns = 10000000,
		.drain_ns = 95000000,
		.status = "certified",
		.links = plain_links,
		.n_links = 1,
		.traffic = plain_traffic,
		.n_traffic = 1},
	{.name = "cut",
		.text = "partition ap-south from eu-west",
		.line = 34,
		.asked_ns = 40 * S,
		.status = "not in force",
		.why = "beacons from ap-south to eu-west still arrived"},
};
static const struct result_event plain_events[] = {
	{0, "steady", "15 s   reads 2250  writes 450   p99 read 9 ms"},
	{15 * S, "cut", "us-east x eu-west, ap-south   in force 15.0004"},
	{75 * S, "done", "clean-up verified: 6 changes undone, 0 left"},
};
static const struct result_phase plain_phases[] = {{"steady", 0, 15 * S}, {"cut", 15 * S, 35 * S}};
static const struct result_fact plain_facts[] = {
	{"engine", "netem (probed)"}, {"regions", "3/3 ready"}, {"noise floor", "0.08 ms"}};
static const struct result_region plain_regions[] = {
	{.name = "us-east",
		.reads = {.ok = 2250, .unknown = 3},
		.writes = {.ok = 450, .fail = 2},
		.read_p99_ns = 9e6,
		.write_p99_ns = -1},
};
static const struct result_claim plain_claims[] = {{.product = "Redis with Sentinel",
	.system = "stand-in: region-store",
	.claim = "a replica is promoted",
	.source = "redis.io/sentinel",
	.date = "2026-06",
	.claimed = "failover.rto < 10s in cut",
	.measured = "4.2 s",
	.interval = "1 of 1 trials held, 59 are needed",
	.verdict = VERDICT_INCONCLUSIVE}};
static const struct result_change plain_changes[] = {{"partition us-east", true}};

/* Two buckets of half a minute. */
static const struct series_stats plain_buckets[] = {
	{.ok = 2000, .min_ns = 400000, .p50_ns = 900000, .p99_ns = 9000000, .max_ns = 31000000},
	{.ok = 250,
		.fail = 4,
		.unknown = 3,
		.not_sent = 11,
		.min_ns = 410000,
		.p50_ns = 950000,
		.p99_ns = 9100000,
		.max_ns = 1900000000},
	{0},
};
static const struct series_line plain_lines[] = {
	{"us-east", false, plain_buckets, 3}, {"us-east", true, plain_buckets, 3}};
static const struct series_cell plain_cells[] = {
	{"us-east", "steady", false, {.ok = 2000, .max_ns = 31000000}}};
static const struct series_role_span plain_roles[] = {
	{"us-east/store", "us-east", 0, 16 * S, SERIES_PRIMARY},
	{"us-east/store", "us-east", 16 * S, 40 * S, SERIES_REPLICA},
	{"us-east/store", "us-east", 40 * S, 75 * S, SERIES_ROLE_UNKNOWN},
};
static const struct series_visibility plain_visibilities[] = {
	{.from = "us-east",
		.to = "eu-west",
		.n = 900,
		.never = 9,
		.high_ns = {[40] = 90000000, [SERIES_SHARES - 1] = UINT64_MAX}},
};

static const struct series_delay plain_delays[] = {
	{600, 0, 40000000, 41000000, 60000000}, {600, 300, 40000000, 41000000, 900000000}, {0}};
static const struct series_link plain_wires[] = {
	{"us-east", "eu-west", plain_delays, 3}, {"eu-west", "us-east", plain_delays, 3}};
static const struct series_mark plain_marks[] = {{15 * S, MARK_CUT, "cut"},
	{15 * S + 900000000, MARK_LAST_ACK, "cut"}, {24 * S, MARK_DETECT, "cut"},
	{26 * S, MARK_PROMOTE, "cut"}, {35 * S, MARK_HEAL, "cut"}};
static const struct series_ages plain_ages[] = {
	{"us-east", {[0] = 900, [3] = 40, [SERIES_AGES - 1] = 1}, 52 * S}};

static const struct result plain_result = {
	.schema = RESULT_SCHEMA,
	.tool_version = "0.1.0",
	.run = "20260607T101500-primary-partition-hybrid",
	.scenario = "primary-partition-hybrid",
	.about = "Three regions.",
	.path = SCENARIO,
	.scenario_text = "scenario: primary-partition-hybrid\n",
	.dir = "regionproof-runs/latest",
	.command = "regionproof run --seed 20260607 " SCENARIO,
	.seed = 20260607,
	.wall_start_ns = UINT64_C(1780827300) * S,
	.duration_ns = 75 * S + 12345678,
	.epoch_ns = 42,
	.boot_id = "0f6c",
	.facts = plain_facts,
	.n_facts = 3,
	.regions = plain_regions,
	.n_regions = 1,
	.phases = plain_phases,
	.n_phases = 2,
	.events = plain_events,
	.n_events = 3,
	.faults = plain_faults,
	.n_faults = 2,
	.expects = plain_expects,
	.n_expects = N_EXPECTS,
	.claims = plain_claims,
	.n_claims = 1,
	.changes = plain_changes,
	.n_changes = 1,
	.series = {.bucket_ns = 30 * S,
		.n_buckets = 3,
		.lines = plain_lines,
		.n_lines = 2,
		.cells = plain_cells,
		.n_cells = 1,
		.roles = plain_roles,
		.n_roles = 3,
		.visibilities = plain_visibilities,
		.n_visibilities = 1,
		.link_bucket_ns = 30 * S,
		.links = plain_wires,
		.n_links = 2,
		.marks = plain_marks,
		.n_marks = 5,
		.ages = plain_ages,
		.n_ages = 1},
	.clean = true,
	.exit_code = 1,
};

#define COPY(arena, from, n)                                                                       \
	memcpy(arena_array(arena, n, sizeof(*(from))), from, (n) * sizeof(*(from)))

static void poison_expects(struct arena *arena, struct result *result, const char *text)
{
	struct result_expect *expects = COPY(arena, plain_expects, N_EXPECTS);
	struct result_op *ops = COPY(arena, plain_ops, 2);
	struct result_witness *witness = COPY(arena, &plain_witness, 1);
	struct result_part *parts = COPY(arena, plain_parts, 3);

	for (size_t i = 0; i < 2; i++)
		ops[i].session = ops[i].region = ops[i].node = ops[i].server = ops[i].outcome =
			ops[i].text = text;
	witness->ops = ops;
	witness->reason = text;
	for (size_t i = 0; i < N_EXPECTS; i++) {
		struct result_expect *expect = &expects[i];

		expect->id = expect->metric = expect->file = expect->wanted = expect->got = text;
		expect->unit = expect->n_what = expect->why = expect->note = expect->phase = text;
		if (expect->n_witnesses)
			expect->witnesses = witness;
		if (expect->n_parts)
			expect->parts = parts;
	}
	result->expects = expects;
}

static void poison_faults(struct arena *arena, struct result *result, const char *text)
{
	struct result_fault *faults = COPY(arena, plain_faults, 2);
	struct result_link *links = COPY(arena, plain_links, 1);
	struct result_traffic *traffic = COPY(arena, plain_traffic, 1);

	links->from = links->to = links->family = links->asked = links->measured = text;
	for (size_t i = 0; i < 2; i++)
		faults[i].name = faults[i].text = faults[i].file = faults[i].why = text;
	traffic->from = traffic->to = traffic->stage = text;
	faults[0].links = links;
	faults[0].traffic = traffic;
	result->faults = faults;
}

static void poison_series(struct arena *arena, struct series *series, const char *text)
{
	struct series_line *lines = COPY(arena, plain_lines, 2);
	struct series_cell *cells = COPY(arena, plain_cells, 1);
	struct series_role_span *roles = COPY(arena, plain_roles, 3);
	struct series_visibility *visibilities = COPY(arena, plain_visibilities, 1);
	struct series_link *links = COPY(arena, plain_wires, 2);
	struct series_mark *marks = COPY(arena, plain_marks, 5);
	struct series_ages *ages = COPY(arena, plain_ages, 1);

	for (size_t i = 0; i < 2; i++)
		lines[i].region = links[i].from = links[i].to = text;
	for (size_t i = 0; i < 5; i++)
		marks[i].what = text;
	ages->region = text;
	series->links = links;
	series->marks = marks;
	series->ages = ages;
	for (size_t i = 0; i < 3; i++)
		roles[i].node = roles[i].region = text;
	cells->region = cells->phase = visibilities->from = visibilities->to = text;
	series->lines = lines;
	series->cells = cells;
	series->roles = roles;
	series->visibilities = visibilities;
}

static void poison_tables(struct arena *arena, struct result *result, const char *text)
{
	struct result_event *events = COPY(arena, plain_events, 3);
	struct result_fact *facts = COPY(arena, plain_facts, 3);
	struct result_phase *phases = COPY(arena, plain_phases, 2);
	struct result_region *regions = COPY(arena, plain_regions, 1);
	struct result_change *changes = COPY(arena, plain_changes, 1);
	struct result_claim *claims = COPY(arena, plain_claims, 1);

	claims->product = claims->system = claims->claim = claims->source = claims->date = text;
	claims->claimed = claims->measured = claims->interval = text;
	result->claims = claims;
	for (size_t i = 0; i < 3; i++) {
		events[i].what = events[i].text = text;
		facts[i].name = facts[i].value = text;
	}
	phases[0].name = regions[0].name = changes[0].what = text;
	changes[0].undone = false;
	result->events = events;
	result->facts = facts;
	result->phases = phases;
	result->regions = regions;
	result->changes = changes;
}

struct result *results_new(struct arena *arena, const char *hostile)
{
	struct result *result = COPY(arena, &plain_result, 1);
	struct result_expect *expects = COPY(arena, plain_expects, N_EXPECTS);

	for (size_t i = 0; i < N_EXPECTS; i++)
		expects[i].file = SCENARIO;
	result->expects = expects;
	if (!hostile)
		return result;
	result->tool_version = result->run = result->scenario = result->about = hostile;
	result->path = result->scenario_text = result->dir = result->command = hostile;
	result->boot_id = result->error = hostile;
	result->interrupted = true;
	result->clean = false;
	result->seed = UINT64_MAX;
	poison_expects(arena, result, hostile);
	poison_faults(arena, result, hostile);
	poison_tables(arena, result, hostile);
	poison_series(arena, &result->series, hostile);
	return result;
}
