/* plan_abort: conditions that end a run early, with their regions looked up. */
#include "suites/live/vitals.h"
#include "suites/plan_parts.h"

#include <string.h>

static const struct {
	enum metric_id metric;
	enum metric_stat stat;
	enum vital vital;
	bool by_class;
} rows[] = {
	{METRIC_ERRORS, STAT_VALUE, VITAL_ERRORS, true},
	{METRIC_LATENCY, STAT_P99, VITAL_LATENCY, true},
	{METRIC_AVAILABILITY, STAT_VALUE, VITAL_AVAILABILITY, true},
	{METRIC_STALENESS, STAT_MAX, VITAL_STALENESS, false},
};

static enum vital vital_of(const struct scenario_expect *expect)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].metric == expect->metric->id && rows[i].stat == expect->stat)
			return rows[i].vital;
	}
	return VITALS;
}

static bool resolve(struct planner *p, const struct scenario_abort *from, struct plan_abort *out)
{
	const struct scenario_expect *expect = &from->expect;

	out->vital = (int)vital_of(expect);
	if (out->vital == VITALS) {
		complain(p->complaints, expect->place,
			"%s is not known while a run goes on in this form; a run can be aborted by errors, "
			"latency.p99, availability and staleness.max",
			expect->metric->name);
		return false;
	}
	if (expect->filter.text)
		out->class_ = strcmp(expect->filter.text, "reads") ? VITAL_WRITES : VITAL_READS;
	if (expect->compare == COMPARE_EQ || expect->compare == COMPARE_NE) {
		complain(p->complaints, expect->place,
			"a line is crossed upwards or downwards; use <, <=, >= or >");
		return false;
	}
	if (expect->region.text)
		out->region = planner_find(
			p, &expect->region, p->region_names, p->plan->n_regions, "region");
	return !expect->region.text || out->region >= 0;
}

void plan_aborts(struct planner *p)
{
	for (size_t i = 0; i < p->scenario.n_aborts; i++) {
		const struct scenario_abort *from = &p->scenario.aborts[i];
		struct plan_abort abort = {.text = from->text,
			.compare = from->expect.compare,
			.value = from->expect.value,
			.unit = from->expect.metric->unit,
			.class_ = VITAL_ALL,
			.region = -1,
			.for_ns = from->for_ns,
			.place = from->expect.place};

		if (resolve(p, from, &abort))
			*ARENA_PUSH(p->arena, p->plan->aborts, p->plan->n_aborts) = abort;
	}
}
