/* What a wrong scenario is told: golden sentences, one wrong thing each. */
#include "fixtures/base/buf.h"
#include "suites/tests/helpers/scenario_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum part { HEAD, REGIONS, LINKS, SYSTEM, CLIENTS, TIMELINE, EXPECT, TAIL };

struct row {
	enum part part;
	const char *text, *golden;
};

static void check(const struct row *row)
{
	struct scenario_text text = SCENARIO_TEXT;
	const char **parts[] = {&text.head, &text.regions, &text.links, &text.system, &text.clients,
		&text.timeline, &text.expect, &text.tail};

	*parts[row->part] = row->text;
	assert_complaint(&text, row->golden);
}

#define CHECK_ALL(rows)                                                                            \
	for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)                                \
	check(&(rows)[i])

static void the_sound_one_is_taken(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;

	(void)state;
	plan_free(assert_plan(&text));
}

static void conditions_to_abort_are_checked(void **state)
{
	static const struct row rows[] = {
		{TAIL, "safety: { abort-if: [ writes.lost > 0 for 2s ] }\n",
			"writes.lost is not known while a run goes on"},
		{TAIL, "safety: { abort-if: [ latency.p50 > 1s ] }\n",
			"latency is not known while a run goes on in this form"},
		{TAIL, "safety: { abort-if: [ errors > 50% for 2 ] }\n", "'2'"},
		{TAIL, "safety: { abort-if: [ errors > 50% in cut ] }\n",
			"takes for reads|writes, at REGION and for TIME only"},
		{TAIL, "safety: { abort-if: [ errors > 50% for users ] }\n",
			"groups are not told apart while a run goes on"},
		{TAIL, "safety: { abort-if: [ errors == 50% ] }\n",
			"a line is crossed upwards or downwards"},
		{TAIL, "safety: { abort-if: [ errors > 50% at mars ] }\n",
			"there is no region \"mars\""},
		{TAIL, "safety: { abort-if: [ errors > 50% at each region ] }\n",
			"it looks at each region anyway"},
		{TAIL, "abort-if: [ errors > 50% ]\n",
			"it stands under safety: { abort-if: [...] }"},
	};
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan;

	(void)state;
	CHECK_ALL(rows);
	text.tail = "safety: { abort-if: [ errors > 50% for writes at eu for 3s ] }\n";
	plan = assert_plan(&text);
	assert_int_equal(plan->n_aborts, 1);
	assert_int_equal(plan->aborts[0].for_ns, 3000000000);
	assert_int_equal(plan->aborts[0].region, 1);
	assert_string_equal(plan->aborts[0].text, "errors > 50% for writes at eu for 3s");
	plan_free(plan);
}

static void heads_are_checked(void **state)
{
	static const struct row rows[] = {
		{HEAD, "version: 1\n", "t.yaml:1:1: a scenario needs \"scenario:\""},
		{HEAD, "scenario: t\n", "a scenario needs \"version:\""},
		{HEAD, "scenario: t\nversion: 2\n",
			"t.yaml:2:10: version 2 is unknown; this program reads version 1"},
		{HEAD, "scenario: a b\nversion: 1\n",
			"t.yaml:1:11: \"a b\" cannot be the name of a scenario"},
		{HEAD, "scenario: t\nversion: 1\nsede: 7\n",
			"t.yaml:3:1: a scenario has no key \"sede\"; did you mean \"seed\"?"},
		{HEAD, "scenario: t\nversion: 1\nseed: x\n",
			"t.yaml:3:7: seed: 'x' is not a whole number"},
		{HEAD, "scenario: t\nversion: 1\nextends: base\n",
			"t.yaml:3:10: there is no file base to extend"},
		{HEAD, "scenario: t\nversion: 1\nrepeat: 0\n",
			"repeat must be between 1 and 10000"},
		{HEAD, "scenario: ${NOT_SET_ANYWHERE}\nversion: 1\n",
			"t.yaml:1:11: the environment has no NOT_SET_ANYWHERE; set it, or give a default"},
		{HEAD, "scenario: ${1}\nversion: 1\n",
			"a variable is written ${NAME} or ${NAME:-default}"},
		{HEAD, "scenario: t\nversion: 1\n\"${X:-seed}\": 1\n",
			"variables are for values, not for keys"},
	};

	(void)state;
	CHECK_ALL(rows);
}

static void regions_and_links_are_checked(void **state)
{
	static const struct row rows[] = {
		{REGIONS, "regions: { us: {}, eu: {}, ap: {} }\n",
			"t.yaml:3:10: 0 regions have the role primary; give it to exactly one"},
		{REGIONS, "regions: { us: { role: primary }, eu: { role: primary }, ap: {} }\n",
			"2 regions have the role primary"},
		{REGIONS, "regions: { us: { role: primery }, eu: {}, ap: {} }\n",
			"t.yaml:3:24: role is primary or replica, not \"primery\"; did you mean "
			"\"primary\"?"},
		{REGIONS, "regions: { us: { rolle: primary }, eu: {}, ap: {} }\n",
			"a region has no key \"rolle\"; did you mean \"role\"?"},
		{REGIONS, "regions: [us, eu]\n", "t.yaml:3:10: regions must be a map, not a list"},
		{REGIONS, "", "a scenario needs \"regions:\""},
		{LINKS, "links: { preset: aws }\n",
			"t.yaml:4:18: preset aws says nothing of us -> eu; add us <-> eu: { rtt: 80ms }"},
		{LINKS, "links: { preset: aw }\n", "t.yaml:4:18: there is no preset \"aw\""},
		{LINKS, "links: { preset: ../links/aws }\n",
			"t.yaml:4:18: \"../links/aws\" cannot be the name of a preset"},
		{LINKS, "links: { preset: [aws] }\n", "t.yaml:4:18: "},
		{LINKS, "links: { preset: leo-satellite, us <-> uk: { rtt: 80ms } }\n",
			"there is no region \"uk\""},
		{LINKS, "links: { us <-> uk: { rtt: 80ms } }\n",
			"t.yaml:4:17: there is no region \"uk\"; did you mean \"us\"?"},
		{LINKS, "links: { us - eu: { rtt: 80ms } }\n",
			"t.yaml:4:10: \"us - eu\" is no link; write A <-> B for both ways"},
		{LINKS, "links: { us <-> eu: { rtt: 80 } }\n",
			"t.yaml:4:28: rtt: '80' has no unit: write 80s or 80ms"},
		{LINKS, "links: { us -> eu: { rtt: 80ms } }\n",
			"t.yaml:4:22: a link of one direction has no rtt; give it a delay"},
		{LINKS, "links: { us <-> eu: { rtt: 80ms, delay: 40ms } }\n",
			"rtt and delay in one link"},
		{LINKS, "links: { us <-> eu: { latency: 80ms } }\n",
			"t.yaml:4:23: a link has no key \"latency\""},
		{LINKS, "links: { us <-> eu: { loss: 0.1 } }\n", "'0.1' has no unit: write 0.1%"},
		{LINKS, "links: { us <-> eu: { cut: yes } }\n", "put a partition on the timeline"},
		{LINKS, "links: { us <-> us: { rtt: 1ms } }\n", "both ends are us"},
		{LINKS, "links: { us <-> eu: { rtt: 1ms }, eu -> us: { delay: 1ms } }\n",
			"t.yaml:4:35: link eu -> us is described twice; the first is in line 4"},
		{LINKS, "links: { us <-> eu: { rtt-percentiles: { p50: 80ms } } }\n",
			"t.yaml:4:42: a distribution needs two percentiles at least"},
		{LINKS, "links: { us -> eu: { rtt-percentiles: { p50: 80ms } } }\n",
			"a link of one direction has no rtt-percentiles; give it delay-percentiles"},
		{LINKS, "links: { us <-> eu: { rtt-percentiles: { pnan: 80ms, p99: 90ms } } }\n",
			"\"pnan\" is no percentile; write { p50: 40ms, p99: 90ms }"},
		{LINKS, "links: { us <-> eu: { rtt-percentiles: { p101: 80ms, p99: 90ms } } }\n",
			"\"p101\" is no percentile"},
		{LINKS, "links: { us <-> eu: { rtt-percentiles: { p5.: 80ms, p99: 90ms } } }\n",
			"\"p5.\" is no percentile"},
		{LINKS, "links: { us <-> eu: { delay-percentiles: 80ms } }\n",
			"\"delay-percentiles\" is no percentile"},
		{LINKS, "links: { us <-> eu: { delay-percentiles: { p50: 80, p99: 90ms } } }\n",
			"t.yaml:4:49: p50: '80' has no unit"},
		{LINKS, "links: { us <-> eu: { delay-percentiles: { p99: 9ms, p50: 8ms } } }\n",
			"p50 comes after p99; write percentiles in ascending order"},
		{LINKS, "links: { us <-> eu: { delay-percentiles: { p50: 9ms, p99: 8ms } } }\n",
			"p99 is less than p50; no distribution has that"},
		{LINKS, "links: { us <-> eu: { delay-percentiles: { p90: 9ms, p99: 18ms } } }\n",
			"the median is not among the percentiles; give p50"},
		{LINKS, "links: { us <-> eu: { delay-percentiles: { p50: 9ms, p99: 9ms } } }\n",
			"all percentiles are the same"},
		{LINKS, "links: { us <-> eu: { delay-percentiles: { p1: 1ms, p99: 500s } } }\n",
			"jitter can be 1 ns to 2 s"},
		{LINKS, "links: { us <-> eu: { delay-percentiles: { p1: 1ms, p99: 5ms }, jitter: 1ms } }\n",
			"percentiles say delay and jitter already; leave \"jitter\" out"},
		{LINKS, "links: { us <-> eu: { distribution: table, jitter: 1ms } }\n",
			"distribution: table is not set by its name; give the link delay-percentiles"},
		{LINKS, "links: { us <-> eu: { rtt: 80ms } }\n",
			"links says nothing of us -> ap; add us <-> ap: { rtt: 80ms }"},
	};

	(void)state;
	CHECK_ALL(rows);
}

static void systems_and_clients_are_checked(void **state)
{
#define GROUP(text) "clients: [ { name: u, sessions: 2 per region, " text " } ]\n"
	static const struct row rows[] = {
		{SYSTEM, "system: { recipe: region-stor }\n",
			"t.yaml:5:19: there is no recipe \"region-stor\""},
		{SYSTEM, "system: { recipe: ../x }\n", "cannot be the name of a recipe"},
		{SYSTEM, "system: { recipe: region-store, with: { failovr: automatic } }\n",
			"recipe region-store has no parameter \"failovr\"; did you mean \"failover\"?"},
		{SYSTEM, "system: { recipe: region-store, with: { failover: automatik } }\n",
			"failover cannot be \"automatik\"; did you mean \"automatic\"?"},
		{SYSTEM, "system: { containers: { runtime: docker } }\n",
			"containers needs \"allow-label:\""},
		{SYSTEM, "system: { containers: { runtime: lxc } }\n",
			"runtime is docker or podman, not \"lxc\""},
		{SYSTEM, "system: { recipe: region-store, containers: { port: 1 } }\n",
			"containers that run already need no recipe"},
		{SYSTEM, "system: { endpoints: [] }\n", "endpoints must be a map"},
		{SYSTEM, "system: { endpoints: { driver: redis, addresses: { a: h } } }\n",
			"\"h\" is no address: write HOST:PORT"},
		{SYSTEM, "system: { endpoints: { driver: redis, addresses: { a: \"::1:70\" } } }\n",
			"an IPv6 address in brackets"},
		{SYSTEM, "system: { recipe: region-store, endpoints: { driver: redis } }\n",
			"what somebody else runs has neither recipe nor containers"},
		{CLIENTS, "clients: []\n", "clients is empty; without operations there is nothing"},
		{CLIENTS, "clients: [ { name: u, sessions: 4, reads: { rate: 1/s } } ]\n",
			"t.yaml:6:33: sessions: \"4\" does not say for what; write \"4 per region\""},
		{CLIENTS,
			"clients: [ { name: u, sessions: 5000 per region, reads: { rate: 1/s } } ]\n",
			"15000 sessions in all; at most 4095 are possible"},
		{CLIENTS, GROUP("reads: { rat: 1/s }"),
			"t.yaml:6:56: a group with driver http-kv has no key \"reads.rat\"; did you mean "
			"\"reads.rate\"?"},
		{CLIENTS, GROUP("reads: { rate: 150 }"), "'150' has no unit: write 150/s"},
		{CLIENTS, GROUP("driver: htp-kv, reads: { rate: 1/s }"),
			"there is no driver \"htp-kv\"; did you mean \"http-kv\"?"},
		{CLIENTS, GROUP("timeout: 2s"), "group u does nothing; give it reads"},
		{CLIENTS, GROUP("regions: [us], roam: 10%, reads: { rate: 1/s }"),
			"group u lives in one region and cannot roam"},
		{CLIENTS, GROUP("regions: [us, us], reads: { rate: 1/s }"), "us is named twice"},
		{CLIENTS, GROUP("driver: redis, demand-version: yes, reads: { rate: 1/s }"),
			"driver redis cannot demand a version"},
		{CLIENTS,
			"clients: [ { name: writes, sessions: 1 per region, reads: { rate: 1/s } } ]\n",
			"a group cannot be called \"writes\""},
		{CLIENTS, GROUP("reads: { rate: 1/s, from: node }"),
			"group u goes to a node and does not say which; write, for one, node: varnish"},
		{CLIENTS, GROUP("reads: { rate: 1/s, from: node }, node: stor"),
			"there is no node of the recipe \"stor\"; did you mean \"store\"?"},
		{CLIENTS, GROUP("reads: { rate: 1/s, from: name }, lookup: a.test"),
			"group u goes to a name and does not say which; write, for one, resolver: "
			"unbound"},
#ifdef HAVE_CARES
		{CLIENTS, GROUP("driver: dns, reads: { rate: 1/s, from: node }, node: store"),
			"write, for one, lookup: app.example.test"},
		{CLIENTS, GROUP("driver: dns, reads: { rate: 1/s }, node: store, lookup: a.test"),
			"group u looks names up; write reads: { rate: 20/s, from: node } and no writes"},
		{CLIENTS,
			GROUP("driver: dns, reads: { rate: 1/s, from: node }, node: store, lookup: "
			      "a.test"),
			"all groups look names up; add one that works with what the name leads to"},
#endif
		{CLIENTS, GROUP("writes: { rate: 100000/s }, ledger: 100%"),
			"ledger keys; at most 262144 are possible"},
	};

	(void)state;
	CHECK_ALL(rows);
}

static void timelines_are_checked(void **state)
{
#define STEADY "timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"
#define QUIET "  - { at: 30s, quiet: settled, for: 5s }\n"
	static const struct row rows[] = {
		{TIMELINE, "timeline: []\n", "timeline is empty"},
		{TIMELINE, STEADY "  - { at: 5s, partision: us, for: 10s }\n" QUIET,
			"t.yaml:9:15: \"partision\" is no kind of entry; did you mean \"partition\"?"},
		{TIMELINE, STEADY "  - { at: 5s, for: 10s }\n" QUIET,
			"t.yaml:9:5: the entry does not say what happens"},
		{TIMELINE, STEADY "  - { at: 5, partition: us, for: 10s }\n" QUIET,
			"t.yaml:9:11: at: '5' has no unit: write 5s or 5ms"},
		{TIMELINE, STEADY "  - { at: 5s, partition: us }\n" QUIET,
			"the entry needs \"for:\", its length"},
		{TIMELINE, STEADY "  - { at: 5s, partition: us, for: 0s }\n" QUIET,
			"a length must be a duration above 0"},
		{TIMELINE, STEADY "  - { at: 5s, partition: us, until: failed-over }\n" QUIET,
			"until needs \"at-most:\"; nothing waits for ever"},
		{TIMELINE, STEADY "  - { at: 5s, partition: us, until: done, at-most: 9s }\n" QUIET,
			"until takes failed-over, not \"done\""},
		{TIMELINE, STEADY "  - { at: 5s, partition: us-east, for: 10s }\n" QUIET,
			"t.yaml:9:26: there is no region \"us-east\""},
		{TIMELINE, STEADY "  - { at: 5s, partition: us, from: us, for: 10s }\n" QUIET,
			"\"us\" is on both sides; name it once"},
		{TIMELINE, STEADY "  - { at: 5s, partition: [us, eu, ap], for: 10s }\n" QUIET,
			"all regions are on one side; leave at least one out"},
		{TIMELINE, STEADY "  - { at: 5s, partition: us, delay: 10ms, for: 10s }\n" QUIET,
			"the fault partition has no key \"delay\""},
		{TIMELINE, STEADY "  - { at: 5s, impair: us, for: 10s }\n" QUIET,
			"nothing is impaired; give it delay, loss, rate or another"},
		{TIMELINE, STEADY "  - { at: 5s, impair: us <-> uk, loss: 5%, for: 10s }\n" QUIET,
			"there is no region \"uk\""},
		{TIMELINE, STEADY "  - { at: 5s, kill: us/stor, for: 10s }\n" QUIET,
			"there is no node \"us/stor\"; did you mean \"us/store\"?"},
		{TIMELINE, STEADY "  - { at: 5s, partition: us, kill: eu, for: 10s }\n" QUIET,
			"\"partition\" and \"kill\" in one entry; write two entries"},
		{TIMELINE, STEADY "  - { at: 5s, partition: us, direction: up, for: 10s }\n" QUIET,
			"direction is both, out or in, not \"up\""},
		{TIMELINE, STEADY "  - { at: 5s, partition: us, for: 10s, name: steady }\n" QUIET,
			"two entries are called \"steady\"; the first is in line 8"},
		{TIMELINE,
			STEADY
			"  - { at: 5s, partition: us, for: 10s }\n"
			"  - { at: 9s, impair: us, loss: 5%, for: 10s, name: worse }\n" QUIET,
			"\"partition-1\" and \"worse\" act on the link us -> eu at the same time; their "
			"effects add up: if so intended, write overlaps: partition-1"},
		{TIMELINE,
			STEADY "  - { at: 5s, kill: us/store, for: 10s }\n"
			       "  - { at: 9s, pause: us, for: 10s }\n" QUIET,
			"act on the node us/store at the same time; let one end first"},
		{TIMELINE, STEADY "  - { at: 5s, partition: us, for: 30s, name: cut }\n" QUIET,
			"\"settled\" is quiet while \"cut\" goes on"},
		{TIMELINE, "timeline:\n  - { at: 0s, partition: us, for: 5s, name: cut }\n" QUIET,
			"t.yaml:8:5: nothing is watched before the first fault"},
		{TIMELINE,
			STEADY "  - { at: 5s, watch: long, for: 20m }\n"
			       "  - { at: 30m, quiet: settled, for: 5s }\n",
			"the timeline lasts 1805s, longer than max-duration, 10m"},
		{TIMELINE,
			STEADY "  - { at: 5s, watch: w, until: failed-over, at-most: 5s }\n" QUIET,
			"a phase to watch has no key \"until\""},
		{TIMELINE, STEADY "  - { at: 99999999h, watch: w, for: 5s }\n" QUIET, "99999999h"},
	};

	(void)state;
	CHECK_ALL(rows);
}

static void a_single_region_has_no_partition(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;

	(void)state;
	text.regions = "regions: { us: { role: primary } }\n";
	text.links = "";
	assert_complaint(&text,
		"t.yaml:8:26: there is one region only, and no link to act on; add a "
		"second region");
}

static void overlaps_may_be_declared(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct impairment now;
	struct plan *plan;

	(void)state;
	text.timeline =
		STEADY "  - { at: 5s, impair: us -> eu, delay: 10ms, for: 10s, name: slow }\n"
		       "  - { at: 9s, impair: us, loss: 5%, for: 10s, overlaps: slow }\n" QUIET;
	plan = assert_plan(&text);
	now = plan_link_now(plan, 0, 1, 3);
	assert_int_equal(now.delay_ns, 50000000);
	assert_int_equal(now.loss_ppm, 50000);
	now = plan_link_now(plan, 0, 1, 0);
	assert_int_equal(now.delay_ns, 40000000);
	assert_int_equal(now.loss_ppm, 0);
	plan_free(plan);
}

static void all_mistakes_are_told_at_once(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct buf errors = {0};
	struct err err = {0};
	static const char *const golden[] = {"t.yaml:2:10: version 3", "t.yaml:4:28: rtt: '80'",
		"t.yaml:5:19: there is no recipe",
		"t.yaml:10:12: there is no metric \"writes.lots\"; did you mean \"writes.lost\"?"};

	(void)state;
	text.head = "scenario: t\nversion: 3\n";
	text.links = "links: { us <-> eu: { rtt: 80 } }\n";
	text.system = "system: { recipe: nothing }\n";
	text.timeline = "timeline:\n  - { at: 0s, watch: steady, for: 5s }\n\n";
	text.expect = "expect:  [ writes.lots == 0 ]\n";
	assert_null(scenario_build(&text, &err, &errors));
	assert_int_equal(err.code, EXIT_SCENARIO);
	for (size_t i = 0; i < 4; i++) {
		if (!strstr(buf_str(&errors), golden[i]))
			fail_msg("no \"%s\" in \"%s\"", golden[i], buf_str(&errors));
	}
	buf_release(&errors);
}

static void what_could_only_be_green_is_refused(void **state)
{
	static const struct row rows[] = {
		{EXPECT, "expect: [ failover.rto < 10s ]\n",
			"t.yaml:12:11: \"cut\" lasts 10s, so a system without failover would be back in "
			"time too; the bound must be below 10s"},
		{EXPECT, "expect: [ failover.rto < 5s in steady ]\n",
			"failover.rto counts from a fault, and \"steady\" is none"},
		{EXPECT, "expect: [ errors <= 100% ]\n",
			"is met by every system; it could only be green"},
		{EXPECT, "expect: [ availability >= 0% ]\n", "is met by every system"},
		{EXPECT, "expect: [ writes.lost < 0 ]\n", "is missed by every system"},
		{EXPECT, "expect: [ availability > 100% ]\n", "is missed by every system"},
		{EXPECT, "expect: [ latency.p99 < 5s ]\n",
			"latency cannot come to more than 4s here (twice the time-out"},
		{EXPECT, "expect: [ staleness.p99 < 1m ]\n",
			"staleness cannot come to more than 25s here"},
		{EXPECT, "expect: [ convergence.time < 5s ]\n",
			"convergence.time cannot come to more than 5s"},
		{EXPECT, "expect: [ writes.lost == 0 in settled ]\n",
			"no client works in the quiet phase \"settled\""},
		{EXPECT, "expect: [ convergence.time < 4s in cut ]\n",
			"convergence.time is measured in a quiet phase"},
		{EXPECT, "expect: [ resurrections == 0 ]\n",
			"resurrections needs deletes, and the clients make none; give them deletes: 5%"},
		{EXPECT, "expect: [ failover.rto < 5s confidence 95% ]\n",
			"needs independent trials, at least 20, and this run has 1"},
		{CLIENTS,
			"clients: [ { name: u, sessions: 2 per region, reads: { rate: 9/s } } ]\n",
			"writes.lost needs writes of ledger keys, and the clients make none"},
		{CLIENTS,
			"clients: [ { name: u, sessions: 2 per region, ledger: 0%, "
			"writes: { rate: 9/s } } ]\n",
			"writes.lost needs writes of ledger keys, and the clients make none"},
		{TIMELINE, "timeline: [ { at: 0s, watch: steady, for: 5s } ]\n",
			"writes.lost is read back when no client works, and no such phase follows the "
			"last fault; end the timeline with { at: 5s, quiet: settled, for: 10s }"},
		{TIMELINE,
			STEADY "  - { at: 5s, quiet: q, for: 5s }\n"
			       "  - { at: 10s, partition: us, for: 5s }\n",
			"no such phase follows the last fault"},
		{TAIL, "evidence: { min-reads: 20000 }\n",
			"min-reads is 20000, and the clients make about 2000 reads"},
		{TAIL, "evidence: { min-acked-writes: 20000 }\n", "no verdict could be reached"},
		{TAIL, "evidence: { min-samples: 5000 }\n",
			"min-samples asks for 5000, and this line can have about 120 writes of ledger "
			"keys"},
		{TAIL, "evidence: { min-read: 20 }\n", "did you mean \"min-reads\"?"},
		{TAIL, "safety: { max-duration: 10s }\n", "longer than max-duration, 10s"},
	};

	(void)state;
	CHECK_ALL(rows);
}

static void a_fault_elsewhere_proves_no_failover(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;

	(void)state;
	text.timeline =
		STEADY "  - { at: 5s, partition: eu, from: ap, for: 10s, name: cut }\n" QUIET;
	text.expect = "expect: [ failover.rto < 5s ]\n";
	assert_complaint(&text, "\"cut\" does not touch us, the primary, so nothing fails over");
}

static void two_faults_must_be_told_apart(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;

	(void)state;
	text.timeline = STEADY "  - { at: 5s, partition: us, for: 5s, name: one }\n"
			       "  - { at: 15s, partition: us, for: 5s, name: two }\n" QUIET;
	text.expect = "expect: [ failover.rto < 4s ]\n";
	assert_complaint(
		&text, "there are 2 faults; say from which one failover.rto counts: in one");
	text.expect = "expect: [ failover.rto < 4s in two ]\n";
	plan_free(assert_plan(&text));
}

static void a_driver_must_feed_the_metric(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;

	(void)state;
	text.system = "system: { recipe: redis-sentinel }\n";
	text.expect = "expect: [ stale_flags.false == 0 ]\n";
	assert_complaint(&text,
		"stale_flags.false needs answers that claim an age, which driver redis "
		"does not have; leave the line out");
	text.expect = "expect: [ edge.misses < 5% ]\n";
	assert_complaint(&text,
		"edge.misses needs answers that say whether an edge had a copy (driver http: "
		"answer.hit), which driver redis does not have; leave the line out");
}

static void variables_stand_in_values(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan;

	(void)state;
	setenv("RP_TEST_SEED", "77", 1);
	text.head = "scenario: ${RP_TEST_NAME:-fallback}\nversion: 1\nseed: ${RP_TEST_SEED}\n";
	plan = assert_plan(&text);
	assert_string_equal(plan->name, "fallback");
	assert_int_equal(plan->seed, 77);
	plan_free(plan);
	text.links = "links: { us <-> eu: { rtt: ${RTT:-80ms} } }\n";
	assert_complaint(&text, "inside { } and [ ] put a variable in quotes: \"${NAME}\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sound_one_is_taken),
		cmocka_unit_test(heads_are_checked),
		cmocka_unit_test(conditions_to_abort_are_checked),
		cmocka_unit_test(regions_and_links_are_checked),
		cmocka_unit_test(systems_and_clients_are_checked),
		cmocka_unit_test(timelines_are_checked),
		cmocka_unit_test(a_single_region_has_no_partition),
		cmocka_unit_test(overlaps_may_be_declared),
		cmocka_unit_test(all_mistakes_are_told_at_once),
		cmocka_unit_test(what_could_only_be_green_is_refused),
		cmocka_unit_test(a_fault_elsewhere_proves_no_failover),
		cmocka_unit_test(two_faults_must_be_told_apart),
		cmocka_unit_test(a_driver_must_feed_the_metric),
		cmocka_unit_test(variables_stand_in_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
