/*
 * plan_count: what a plan can yield, from rates and lengths: the evidence that a run will have at
 * most. An estimate for people and for refusals; the run counts what it got.
 */
#include "fixtures/base/clock.h"
#include "probes/beacon.h"
#include "suites/plan_parts.h"

#include <math.h>

#define TICKER_HZ 20.0 /* probes/prober.h: every 50 ms */

uint64_t plan_watched_ns(const struct plan *plan, const struct plan_expect *expect)
{
	uint64_t watched = plan->end_ns;

	if (expect->phase >= 0)
		return plan->phases[expect->phase].end_ns - plan->phases[expect->phase].start_ns;
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (plan->phases[i].kind == PHASE_QUIET)
			watched -= plan->phases[i].end_ns - plan->phases[i].start_ns;
	}
	return watched;
}

int plan_fault_of(const struct plan *plan, const struct plan_expect *expect)
{
	if (expect->phase >= 0)
		return plan->phases[expect->phase].fault;
	return plan->n_faults == 1 ? 0 : -1;
}

bool plan_planned_operations(const struct plan *plan, double *reads, double *writes)
{
	const struct plan_expect all = {.phase = -1};
	double seconds = (double)plan_watched_ns(plan, &all) / 1e9;
	bool known = true;

	*reads = *writes = 0;
	for (size_t i = 0; i < plan->n_groups; i++) {
		*reads += (double)plan->groups[i].read_rate_uhz / 1e6 * seconds;
		*writes += (double)plan->groups[i].write_rate_uhz / 1e6 * seconds;
		known &= !plan->groups[i].closed;
	}
	return known;
}

static double region_share(const struct client_group *group, int region)
{
	if (region < 0)
		return 1;
	for (unsigned i = 0; i < group->n_regions; i++) {
		if (group->regions[i] == region)
			return 1.0 / group->n_regions;
	}
	return 0;
}

enum operations {
	ALL_OPERATIONS,
	READS,
	LOOKUPS,
	WRITES,
	LEDGER_WRITES,
	REGISTER_WRITES,
	READS_AFTER_WRITES
};

static double rate_of(const struct client_group *group, enum operations what, enum op_filter filter)
{
	double all_reads = (double)group->read_rate_uhz / 1e6;
	double reads = group_looks_up(group) ? 0 : all_reads;
	double writes = (double)group->write_rate_uhz / 1e6;
	double ledger = (double)group->ledger_ppm / 1e6;

	switch (what) {
	case ALL_OPERATIONS:
		return filter == FILTER_READS     ? reads
			: filter == FILTER_WRITES ? writes
						  : reads + writes;
	case READS:
		return filter == FILTER_GROUP ? all_reads : reads;
	case LOOKUPS:
		return all_reads - reads;
	case WRITES:
		return writes;
	case LEDGER_WRITES:
		return writes * ledger;
	case REGISTER_WRITES:
		return writes * (1 - ledger);
	case READS_AFTER_WRITES:
		return writes * (1 - ledger) * (double)group->after_write_ppm / 1e6;
	}
	return 0;
}

static uint64_t planned(
	const struct plan *plan, const struct plan_expect *expect, enum operations what)
{
	double seconds = (double)plan_watched_ns(plan, expect) / 1e9, sum = 0;

	for (size_t i = 0; i < plan->n_groups; i++) {
		const struct client_group *group = &plan->groups[i];

		if (expect->filter == FILTER_GROUP && expect->group != (int)i)
			continue;
		if (group->closed)
			return 0;
		sum += rate_of(group, what, expect->filter) * region_share(group, expect->region);
	}
	return (uint64_t)llround(sum * seconds);
}

static uint64_t planned_ticks(const struct plan *plan, const struct plan_expect *expect)
{
	double seconds = (double)plan_watched_ns(plan, expect) / 1e9;
	double regions = expect->region < 0 ? (double)plan->n_regions : 1;
	double others = plan->n_regions > 1 ? (double)plan->n_regions - 1 : 1;
	double each = expect->filter == FILTER_WRITES ? 1
		: expect->filter == FILTER_READS      ? others
						      : 1 + others;

	return (uint64_t)llround(seconds * regions * each * TICKER_HZ);
}

static uint64_t planned_keys(const struct plan *plan)
{
	const struct plan_expect all = {.phase = -1, .region = -1};
	uint64_t keys = planned(plan, &all, LEDGER_WRITES);

	for (size_t i = 0; i < plan->n_groups; i++)
		keys += plan->groups[i].registers * group_writers(&plan->groups[i]);
	return keys;
}

static uint64_t planned_purges(const struct plan *plan, const struct plan_expect *expect)
{
	uint64_t n = 0;

	for (size_t i = 0; i < plan->n_actions; i++) {
		const struct plan_action *action = &plan->actions[i];
		const struct client_group *group;

		if (action->kind != ACTION_PURGE || action->group < 0 ||
			(expect->filter == FILTER_GROUP && expect->group != action->group) ||
			(expect->phase >= 0 &&
				(action->at_ns < plan->phases[expect->phase].start_ns ||
					action->at_ns >= plan->phases[expect->phase].end_ns)))
			continue;
		group = &plan->groups[action->group];
		n += group_writers(group) * group->registers *
			(expect->region < 0 ? group->n_regions : 1);
	}
	return n;
}

uint64_t plan_planned_samples(
	const struct plan *plan, const struct plan_expect *expect, const char **what)
{
	switch (expect->metric->id) {
	case METRIC_LATENCY:
	case METRIC_GOODPUT:
	case METRIC_ERRORS:
		*what = "operations";
		return planned(plan, expect, ALL_OPERATIONS);
	case METRIC_AVAILABILITY:
	case METRIC_AVAILABILITY_WINDOW:
		*what = "operations of the ticker";
		return planned_ticks(plan, expect);
	case METRIC_READ_YOUR_WRITES:
		*what = "reads right after a write of the session";
		return planned(plan, expect, READS_AFTER_WRITES);
	case METRIC_VISIBILITY:
		*what = "acknowledged writes of the ticker";
		return (uint64_t)((double)plan_watched_ns(plan, expect) / 1e9 * TICKER_HZ);
	case METRIC_MONOTONIC_READS:
	case METRIC_MONOTONIC_WRITES:
	case METRIC_WRITES_FOLLOW_READS:
	case METRIC_STALENESS:
	case METRIC_STALENESS_K:
	case METRIC_STALE_UNFLAGGED:
	case METRIC_STALE_FALSE:
	case METRIC_RESURRECTIONS:
	case METRIC_DIRTY_READS:
	case METRIC_THIN_AIR_READS:
	case METRIC_LINEARIZABLE:
	case METRIC_DELTA:
	case METRIC_FALLBACK_SHARE:
	case METRIC_EDGE_AGE:
	case METRIC_EDGE_UNDERSTATED:
	case METRIC_EDGE_OVERRUNS:
	case METRIC_EDGE_REFUSED:
	case METRIC_EDGE_WAITS:
	case METRIC_EDGE_MISSES:
		*what = "reads";
		return planned(plan, expect, READS);
	case METRIC_ROUTING_SHARE:
		*what = "operations";
		return planned(plan, expect, ALL_OPERATIONS);
	case METRIC_DNS_OVERSTAY:
		*what = "reads";
		return planned(plan, expect, READS);
	case METRIC_EDGE_PURGE_LAG:
		*what = "purges";
		return planned_purges(plan, expect);
	case METRIC_DNS_TTL_VIOLATIONS:
	case METRIC_NEAREST_SHARE:
		*what = "lookups";
		return planned(plan, expect, LOOKUPS);
	case METRIC_WRITES_LOST:
	case METRIC_WRITES_MISSING:
	case METRIC_WRITES_DISCARDED_AFTER_CUT:
	case METRIC_WRITES_VANISHED:
	case METRIC_RPO_WINDOW:
		*what = "writes of ledger keys";
		return planned(plan, expect, LEDGER_WRITES);
	case METRIC_WRITES_MASKED:
	case METRIC_WRITES_CONFLICT_LOST:
	case METRIC_VERSION_INVERSIONS:
		*what = "writes of register keys";
		return planned(plan, expect, REGISTER_WRITES);
	case METRIC_SPLIT_BRAIN_WINDOW:
		*what = "writes";
		return planned(plan, expect, WRITES);
	case METRIC_DIVERGENCE_KEYS:
		*what = "keys";
		return planned_keys(plan);
	case METRIC_FAILOVER_RTO:
	case METRIC_FAILOVER_DETECT:
	case METRIC_FAILOVER_PROMOTE:
	case METRIC_FAILOVER_REDIRECT:
	case METRIC_FAILOVER_FIRST_SUCCESS:
	case METRIC_FAILOVER_LAYER:
	case METRIC_FAILBACK_TIME:
	case METRIC_DNS_SWITCH_TIME:
	case METRIC_DNS_RETURN_TIME:
	case METRIC_TAKEOVER_TIME:
		*what = "failovers";
		return plan->repeat;
	case METRIC_CONVERGENCE_TIME:
	case METRIC_RECOVERY_TIME:
		*what = "trials";
		return plan->repeat;
	case METRIC_RTT:
	case METRIC_LOSS:
		*what = "beacons each way";
		return plan_watched_ns(plan, expect) / beacon_period_ns((unsigned)plan->n_regions) *
			2;
	case METRICS:
		break;
	}
	*what = "samples";
	return 0;
}
