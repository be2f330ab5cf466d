/*
 * plan_refuse: expectations that could only be green, and those that could only be inconclusive.
 *
 * A bound that a system without failover would meet, a metric that the clients cannot feed, a share
 * above 0 %: a test that cannot fail is worse than none, because people rely on it. Each refusal is a
 * function that complains and returns true; the first one ends the questions about an expectation.
 */
#include "fixtures/base/buf.h"
#include "suites/plan_parts.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TRIALS_LEAST 20 /* fewer independent trials carry no claim */

typedef bool refusal(struct planner *p, const struct plan_expect *expect);

static const char *duration(struct planner *p, uint64_t ns)
{
	struct buf out = {0};
	const char *text;

	param_print(&out, PARAM_DURATION, ns);
	text = arena_strdup(p->arena, buf_str(&out));
	buf_release(&out);
	return text;
}

static bool is_upper(const struct plan_expect *expect)
{
	return expect->compare == COMPARE_LT || expect->compare == COMPARE_LE;
}

static bool is_duration(const struct plan_expect *expect)
{
	return expect->metric->unit == PARAM_DURATION && expect->stat != STAT_COUNT &&
		expect->stat != STAT_RATE;
}

static bool no_fault(struct planner *p, const struct plan_expect *expect)
{
	if (!expect->metric->needs_fault || p->plan->n_faults)
		return false;
	complain(p->complaints, expect->place,
		"%s is about a fault, and the timeline has none; add one, such as "
		"{ at: 15s, partition: %s, for: 20s }",
		expect->metric->name, p->region_names[p->primary]);
	return true;
}

static bool no_quiet(struct planner *p, const struct plan_expect *expect)
{
	const struct plan *plan = p->plan;
	uint64_t last_fault = 0;

	if (!expect->metric->needs_quiet)
		return false;
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (plan->phases[i].kind == PHASE_FAULT && plan->phases[i].end_ns > last_fault)
			last_fault = plan->phases[i].end_ns;
	}
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (plan->phases[i].kind == PHASE_QUIET && plan->phases[i].start_ns >= last_fault)
			return false;
	}
	complain(p->complaints, expect->place,
		"%s is read back when no client works, and no such phase follows the last fault; end "
		"the timeline with { at: %s, quiet: settled, for: 10s }",
		expect->metric->name, duration(p, plan->end_ns));
	return true;
}

static bool group_counts(const struct plan_expect *expect, size_t i)
{
	return expect->filter != FILTER_GROUP || expect->group == (int)i;
}

/* What the groups that the expectation looks at do, as bits of enum metric_wants. */
static unsigned offered(const struct planner *p, const struct plan_expect *expect)
{
	const struct plan *plan = p->plan;
	unsigned has = plan->n_regions > 1 ? WANTS_REGIONS : 0;

	for (size_t i = 0; i < plan->n_groups; i++) {
		const struct client_group *group = &plan->groups[i];

		if (!group_counts(expect, i))
			continue;
		if (group->read_rate_uhz)
			has |= WANTS_READS;
		if (group->write_rate_uhz)
			has |= WANTS_WRITES;
		if (group->write_rate_uhz && group->ledger_ppm)
			has |= WANTS_LEDGER;
		if (group->shared)
			has |= WANTS_SHARED;
		if (group->write_rate_uhz && group->delete_ppm && group->ledger_ppm < 1000000)
			has |= WANTS_DELETES;
		if (group->read_from == TARGET_NODE && !group_looks_up(group))
			has |= WANTS_EDGE;
		if (group->read_from == TARGET_NODE && group->max_age_ns)
			has |= WANTS_WINDOWS;
		for (size_t k = 0; k < plan->n_actions; k++)
			has |= plan->actions[k].group == (int)i ? WANTS_PURGE : 0;
	}
	return has;
}

static bool nothing_to_see(struct planner *p, const struct plan_expect *expect)
{
	static const struct {
		unsigned bit;
		const char *what, *mend;
	} rows[] = {
		{WANTS_REGIONS, "compares regions, and there is one only", "add a second region"},
		{WANTS_READS, "needs reads, and the clients make none",
			"give them reads: { rate: 150/s }"},
		{WANTS_WRITES, "needs writes, and the clients make none",
			"give them writes: { rate: 30/s }"},
		{WANTS_LEDGER, "needs writes of ledger keys, and the clients make none",
			"give them writes: { rate: 30/s } and a share: ledger: 30%"},
		{WANTS_DELETES, "needs deletes, and the clients make none",
			"give them deletes: 5%"},
		{WANTS_SHARED,
			"needs keys that several regions write, and every key has one writer",
			"give some clients shared: yes and writes: { to: nearest }"},
		{WANTS_EDGE, "is about edges, and the clients read from none",
			"give them reads: { from: node } and the edge as node:"},
		{WANTS_WINDOWS, "needs what the origin's Cache-Control allows, and nothing says it",
			"give the clients cache: { max-age: 2s, stale-while-revalidate: 2s }"},
		{WANTS_PURGE, "counts from a purge of the clients' edges, and there is none",
			"give the timeline one, such as { at: 5s, purge: NAME }"},
	};
	unsigned wants = expect->metric->wants, has = offered(p, expect);

	if (expect->metric->takes & TAKES_GROUP) {
		wants |= expect->filter == FILTER_READS ? WANTS_READS : 0;
		wants |= expect->filter == FILTER_WRITES ? WANTS_WRITES : 0;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!(wants & ~has & rows[i].bit))
			continue;
		complain(p->complaints, expect->place, "%s %s; %s", expect->metric->name,
			rows[i].what, rows[i].mend);
		return true;
	}
	return false;
}

static bool driver_cannot(struct planner *p, const struct plan_expect *expect)
{
	static const struct {
		unsigned bit;
		const char *what;
	} rows[] = {
		{DRIVER_VERSIONS, "answers with versions"},
		{DRIVER_MIN_VERSION, "reads that demand a version"},
		{DRIVER_AGE, "answers that claim an age"},
		{DRIVER_NAMES_NODE, "answers that name the node"},
		{DRIVER_EPOCHS, "answers with an epoch"},
		{DRIVER_ROLES, "nodes that tell their role"},
		{DRIVER_DELETES, "deletes"},
		{DRIVER_CAS, "compare-and-set"},
		{DRIVER_LOOKUPS, "lookups of names (a group with driver: dns)"},
		{DRIVER_HITS,
			"answers that say whether an edge had a copy (driver http: answer.hit)"},
	};
	unsigned can = 0, lacks;
	const char *driver = "";

	for (size_t i = 0; i < p->plan->n_groups; i++) {
		if (!group_counts(expect, i))
			continue;
		can |= driver_can(p->plan->groups[i].driver, p->plan->groups[i].driver_options);
		driver = p->plan->groups[i].driver->name;
	}
	lacks = expect->metric->needs & ~can;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!(lacks & rows[i].bit))
			continue;
		complain(p->complaints, expect->place,
			"%s needs %s, which driver %s does not have; leave the line out",
			expect->metric->name, rows[i].what, driver);
		return true;
	}
	return false;
}

static bool nobody_lives_there(struct planner *p, const struct plan_expect *expect)
{
	const struct plan *plan = p->plan;

	if (expect->region < 0 || !(expect->metric->takes & TAKES_GROUP))
		return false;
	for (size_t i = 0; i < plan->n_groups; i++) {
		if (group_counts(expect, i) &&
			memchr(plan->groups[i].regions, expect->region, plan->groups[i].n_regions))
			return false;
	}
	complain(p->complaints, expect->place, "no client lives in %s; give the group that region",
		p->region_names[expect->region]);
	return true;
}

/* Met (or missed) by whatever value there can be. */
static bool decided_before(struct planner *p, const struct plan_expect *expect)
{
	bool share = expect->metric->unit == PARAM_SHARE && expect->stat == STAT_VALUE;
	double most = share ? 1 : DBL_MAX, value = expect->value;
	bool always = false, never = false;

	switch (expect->compare) {
	case COMPARE_LT:
		always = value > most;
		never = value <= 0;
		break;
	case COMPARE_LE:
		always = value >= most;
		break;
	case COMPARE_GE:
		always = value <= 0;
		never = value > most;
		break;
	case COMPARE_GT:
		never = value >= most;
		break;
	case COMPARE_EQ:
		never = value > most;
		break;
	case COMPARE_NE:
		always = value > most;
		break;
	}
	if (always || never)
		complain(p->complaints, expect->place, "\"%s\" is %s by every system; %s",
			expect->id, always ? "met" : "missed",
			always ? "it could only be green" : "choose another bound");
	return always || never;
}

static bool wrong_phase(struct planner *p, const struct plan_expect *expect)
{
	const struct metric *metric = expect->metric;
	const struct plan_phase *phase;
	bool link = metric->id == METRIC_RTT || metric->id == METRIC_LOSS;
	bool converge =
		metric->id == METRIC_CONVERGENCE_TIME || metric->id == METRIC_DIVERGENCE_KEYS;

	if (expect->phase < 0)
		return false;
	phase = &p->plan->phases[expect->phase];
	if (metric->is_bound_of_fault && phase->kind != PHASE_FAULT)
		complain(p->complaints, expect->place,
			"%s counts from a fault, and \"%s\" is none; name a fault", metric->name,
			phase->name);
	else if (converge && phase->kind != PHASE_QUIET)
		complain(p->complaints, expect->place,
			"%s is measured in a quiet phase, and \"%s\" is none", metric->name,
			phase->name);
	else if (!link && !converge && phase->kind == PHASE_QUIET)
		complain(p->complaints, expect->place,
			"no client works in the quiet phase \"%s\", so %s has nothing to see there",
			phase->name, metric->name);
	else
		return false;
	return true;
}

/* Would the fault make a failover necessary: does it touch the primary's links or nodes? */
static bool touches_primary(const struct planner *p, const struct plan_fault *fault)
{
	for (size_t i = 0; i < fault->effects.n_links; i++) {
		if (fault->effects.links[i].from == p->primary ||
			fault->effects.links[i].to == p->primary)
			return true;
	}
	for (size_t i = 0; i < fault->effects.n_nodes; i++) {
		if (p->plan->nodes[fault->effects.nodes[i].node].region == p->primary)
			return true;
	}
	for (size_t i = 0; i < fault->effects.n_regions; i++) {
		if (fault->effects.regions[i] == p->primary)
			return true;
	}
	return false;
}

static bool beyond_the_fault(struct planner *p, const struct plan_expect *expect)
{
	const struct metric *metric = expect->metric;
	const struct plan_fault *fault;
	int index;

	if (!metric->is_bound_of_fault)
		return false;
	if (expect->phase >= 0 &&
		p->plan->phases[expect->phase].last_fault > p->plan->phases[expect->phase].fault) {
		complain(p->complaints, expect->place,
			"%s counts from one fault, and \"%s\" has %d stages; ask for availability in "
			"it, or write the stages as faults of their own",
			metric->name, p->plan->phases[expect->phase].name,
			p->plan->phases[expect->phase].last_fault -
				p->plan->phases[expect->phase].fault + 1);
		return true;
	}
	index = plan_fault_of(p->plan, expect);
	if (index < 0) {
		complain(p->complaints, expect->place,
			"there are %zu faults; say from which one %s counts: in %s",
			p->plan->n_faults, metric->name, p->plan->faults[0].family);
		return true;
	}
	fault = &p->plan->faults[index];
	if (is_upper(expect) && expect->value >= (double)fault->length_ns) {
		complain(p->complaints, expect->place,
			"\"%s\" lasts %s, so a system without failover would be back in time too; "
			"the bound must be below %s",
			fault->name, duration(p, fault->length_ns), duration(p, fault->length_ns));
		return true;
	}
	if (!touches_primary(p, fault)) {
		complain(p->complaints, expect->place,
			"\"%s\" does not touch %s, the primary, so nothing fails over and %s could only "
			"be green",
			fault->name, p->region_names[p->primary], metric->name);
		return true;
	}
	return false;
}

/* The longest duration that the metric can come to in this plan; 0: no such limit. */
static uint64_t longest_possible(const struct planner *p, const struct plan_expect *expect)
{
	const struct plan *plan = p->plan;
	uint64_t longest = 0;

	switch (expect->metric->id) {
	case METRIC_LATENCY: /* at most late by the time-out, and then a time-out */
		for (size_t i = 0; i < plan->n_groups; i++) {
			if (group_counts(expect, i) && plan->groups[i].timeout_ns * 2 > longest)
				longest = plan->groups[i].timeout_ns * 2;
		}
		return longest;
	case METRIC_STALENESS:
	case METRIC_DELTA:
	case METRIC_EDGE_AGE:
	case METRIC_EDGE_UNDERSTATED:
	case METRIC_EDGE_PURGE_LAG:
	case METRIC_VISIBILITY:
		return plan->end_ns;
	case METRIC_AVAILABILITY_WINDOW:
	case METRIC_DNS_OVERSTAY:
	case METRIC_SPLIT_BRAIN_WINDOW:
		return plan_watched_ns(plan, expect);
	case METRIC_CONVERGENCE_TIME:
		for (size_t i = 0; i < plan->n_phases; i++) {
			const struct plan_phase *phase = &plan->phases[i];

			if (phase->kind == PHASE_QUIET &&
				(expect->phase < 0 || expect->phase == (int)i))
				longest = phase->end_ns - phase->start_ns;
		}
		return longest;
	case METRIC_RPO_WINDOW:
		for (size_t i = 0; i < plan->n_faults; i++) {
			if (plan->faults[i].start_ns > longest)
				longest = plan->faults[i].start_ns;
		}
		return longest;
	case METRIC_RECOVERY_TIME:
	case METRIC_DNS_RETURN_TIME:
	case METRIC_FAILBACK_TIME:
		for (size_t i = 0; i < plan->n_faults; i++) {
			uint64_t gone = plan->faults[i].start_ns + plan->faults[i].length_ns;

			if (plan->end_ns - gone > longest)
				longest = plan->end_ns - gone;
		}
		return longest;
	default: /* of the other metrics few are durations, and none of those is bounded so */
		return 0;
	}
}

static bool beyond_the_run(struct planner *p, const struct plan_expect *expect)
{
	uint64_t longest;

	if (!is_upper(expect) || !is_duration(expect))
		return false;
	longest = longest_possible(p, expect);
	if (!longest || expect->value < (double)longest)
		return false;
	complain(p->complaints, expect->place,
		"%s cannot come to more than %s here (%s), so the bound is always met",
		expect->metric->name, duration(p, longest),
		expect->metric->id == METRIC_LATENCY
			? "twice the time-out, late and then without an answer"
			: "that is as long as it is watched");
	return true;
}

static bool too_few_trials(struct planner *p, const struct plan_expect *expect)
{
	const char *what;
	bool per_run = expect->metric->needs_fault || expect->metric->id == METRIC_CONVERGENCE_TIME;

	if (expect->confidence <= 0 || !per_run || p->plan->repeat >= TRIALS_LEAST)
		return false;
	plan_planned_samples(p->plan, expect, &what);
	complain(p->complaints, expect->place,
		"a claim of %.15g%% about %s needs independent trials, at least %d, and this run has "
		"%llu; leave \"confidence\" out",
		expect->confidence * 100, expect->metric->name, TRIALS_LEAST,
		(unsigned long long)p->plan->repeat);
	return true;
}

static bool too_few_samples(struct planner *p, const struct plan_expect *expect)
{
	const char *what;
	uint64_t n = plan_planned_samples(p->plan, expect, &what);

	if (n <= p->plan->repeat || n >= p->plan->evidence.min_samples)
		return false;
	complain(p->complaints, expect->place,
		"min-samples asks for %llu, and this line can have about %llu %s; it could only be "
		"inconclusive",
		(unsigned long long)p->plan->evidence.min_samples, (unsigned long long)n, what);
	return true;
}

static refusal *const refusals[] = {no_fault, no_quiet, wrong_phase, nothing_to_see, driver_cannot,
	nobody_lives_there, decided_before, beyond_the_fault, beyond_the_run, too_few_trials,
	too_few_samples};

static void refuse_evidence(struct planner *p)
{
	const struct plan_evidence *evidence = &p->plan->evidence;
	double reads, writes;

	if (!plan_planned_operations(p->plan, &reads, &writes))
		return;
	if ((double)evidence->min_reads > reads)
		complain(p->complaints, p->scenario.evidence_place,
			"min-reads is %llu, and the clients make about %.0f reads; no verdict could be "
			"reached",
			(unsigned long long)evidence->min_reads, reads);
	if ((double)evidence->min_acked_writes > writes)
		complain(p->complaints, p->scenario.evidence_place,
			"min-acked-writes is %llu, and the clients make about %.0f writes; no verdict "
			"could be reached",
			(unsigned long long)evidence->min_acked_writes, writes);
}

/* Whether the system was well is asked of the time before the first fault. */
static void refuse_no_steady(struct planner *p)
{
	const struct plan *plan = p->plan;
	uint64_t first = UINT64_MAX;
	size_t which = 0;

	for (size_t i = 0; i < plan->n_faults; i++) {
		if (plan->faults[i].start_ns < first) {
			first = plan->faults[i].start_ns;
			which = i;
		}
	}
	if (first == UINT64_MAX)
		return;
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (plan->phases[i].kind == PHASE_WATCH && plan->phases[i].end_ns <= first)
			return;
	}
	complain(p->complaints, plan->faults[which].place,
		"nothing is watched before the first fault, so nobody knows that the system was well; "
		"begin with { at: 0s, watch: steady, for: 5s }");
}

static void refuse_too_long(struct planner *p)
{
	const struct plan *plan = p->plan;

	if (plan->end_ns <= plan->max_duration_ns)
		return;
	complain(p->complaints,
		p->scenario.max_duration_place.file ? p->scenario.max_duration_place
						    : p->scenario.timeline_place,
		"the timeline lasts %s, longer than max-duration, %s; raise it under safety: "
		"{ max-duration: %s }",
		duration(p, plan->end_ns), duration(p, plan->max_duration_ns),
		duration(p, plan->end_ns));
}

/* Ledger keys have GROUP_LEDGER_BITS bits of sequence in each session. */
static void refuse_ledger(struct planner *p)
{
	const struct plan *plan = p->plan;
	double seconds = (double)plan->end_ns / 1e9;

	for (size_t i = 0; i < plan->n_groups; i++) {
		const struct client_group *group = &plan->groups[i];
		double sessions = (double)group->sessions_per_region * group->n_regions;
		double each = (double)group->write_rate_uhz / 1e6 * seconds *
			(double)group->ledger_ppm / 1e6 / sessions;

		if (group->closed || each < (double)(1u << GROUP_LEDGER_BITS))
			continue;
		complain(p->complaints, p->scenario.groups[i].place,
			"a session of %s would write %.0f ledger keys; at most %u are possible: more "
			"sessions, a lower rate or a smaller share (ledger: 5%%)",
			group->name, each, 1u << GROUP_LEDGER_BITS);
	}
}

void plan_refuse(struct planner *p)
{
	size_t n = sizeof(refusals) / sizeof(*refusals);

	for (size_t i = 0; i < p->plan->n_expects; i++) {
		for (size_t k = 0; k < n && !refusals[k](p, &p->plan->expects[i]); k++)
			;
	}
	refuse_evidence(p);
	refuse_no_steady(p);
	refuse_too_long(p);
	refuse_ledger(p);
}
