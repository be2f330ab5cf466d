/* plan_expect: the words of expectations become indices, and every expectation gets its id. */
#include "fixtures/base/buf.h"
#include "suites/plan_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define EXPECTS_MAX 2000

const char *compare_text(enum compare compare)
{
	static const char *const names[] = {[COMPARE_LT] = "<",
		[COMPARE_LE] = "<=",
		[COMPARE_EQ] = "==",
		[COMPARE_NE] = "!=",
		[COMPARE_GE] = ">=",
		[COMPARE_GT] = ">"};

	return names[compare];
}

static void put_value(
	struct buf *out, const struct metric *metric, enum metric_stat stat, double value)
{
	enum param_type type = stat == STAT_COUNT ? PARAM_COUNT
		: stat == STAT_RATE               ? PARAM_RATE
						  : metric->unit;
	double scale = type == PARAM_SHARE || type == PARAM_RATE ? 1e6 : 1;

	param_print(out, type, (uint64_t)llround(value * scale));
}

/* The same words in one order, one blank between: what trends are keyed by. */
static const char *make_id(
	struct planner *p, const struct plan_expect *expect, const struct scenario_expect *from)
{
	const struct plan *plan = p->plan;
	const char *stat = metric_stat_name(expect->stat), *id;
	struct buf out = {0};

	buf_printf(&out, "%s%s%s %s ", expect->metric->name, stat ? "." : "", stat ? stat : "",
		compare_text(expect->compare));
	put_value(&out, expect->metric, expect->stat, expect->value);
	if (from->filter.text)
		buf_printf(&out, " for %s", from->filter.text);
	if (expect->phase >= 0)
		buf_printf(&out, " in %s", plan->phases[expect->phase].name);
	if (expect->region >= 0)
		buf_printf(&out, " at %s", p->region_names[expect->region]);
	if (expect->from >= 0)
		buf_printf(&out, " from %s to %s", p->region_names[expect->from],
			p->region_names[expect->to]);
	if (expect->has_warn) {
		buf_printf(&out, " warn %s ", compare_text(expect->warn_compare));
		put_value(&out, expect->metric, expect->stat, expect->warn_value);
	}
	if (expect->confidence > 0)
		buf_printf(&out, " confidence %.15g%%", expect->confidence * 100);
	id = arena_strdup(p->arena, buf_str(&out));
	buf_release(&out);
	return id;
}

static bool find_filter(
	struct planner *p, const struct scenario_word *word, struct plan_expect *out)
{
	const char *names[PLAN_GROUPS_MAX + 2] = {"reads", "writes"};
	size_t n = 2;
	int i;

	out->filter = FILTER_ALL;
	if (!word->text)
		return true;
	for (size_t k = 0; k < p->plan->n_groups; k++)
		names[n++] = p->plan->groups[k].name;
	i = planner_find(p, word, names, n, "group of clients");
	out->filter = i == 0 ? FILTER_READS : i == 1 ? FILTER_WRITES : FILTER_GROUP;
	out->group = i >= 2 ? i - 2 : -1;
	return i >= 0;
}

static bool find_phase(struct planner *p, const struct scenario_word *word, struct plan_expect *out)
{
	const char **names = arena_array(p->arena, p->plan->n_phases + 1, sizeof(*names));

	if (!word->text)
		return true;
	for (size_t i = 0; i < p->plan->n_phases; i++)
		names[i] = p->plan->phases[i].name;
	out->phase = planner_find(p, word, names, p->plan->n_phases, "phase");
	return out->phase >= 0;
}

static bool find_region(struct planner *p, const struct scenario_word *word, int *out)
{
	if (word->text)
		*out = planner_find(p, word, p->region_names, p->plan->n_regions, "region");
	return !word->text || *out >= 0;
}

static enum compare opposite(enum compare compare)
{
	static const enum compare of[] = {[COMPARE_LT] = COMPARE_GE,
		[COMPARE_LE] = COMPARE_GT,
		[COMPARE_EQ] = COMPARE_NE,
		[COMPARE_NE] = COMPARE_EQ,
		[COMPARE_GE] = COMPARE_LT,
		[COMPARE_GT] = COMPARE_LE};

	return of[compare];
}

/* 1: bounded above, -1: below, 0: neither. */
static int direction(enum compare compare)
{
	if (compare == COMPARE_LT || compare == COMPARE_LE)
		return 1;
	return compare == COMPARE_GE || compare == COMPARE_GT ? -1 : 0;
}

/* "warn > 10s" (when to warn) and "warn < 10s" (what should hold) are both what people write; the
 * plan has the second. */
static bool check_warn(
	struct planner *p, const struct scenario_expect *from, struct plan_expect *expect)
{
	int way = direction(expect->compare);

	if (!expect->has_warn)
		return true;
	if (!way || !direction(expect->warn_compare)) {
		complain(p->complaints, from->warn_word.place,
			"a warning goes with a bound, such as < 15s warn > 10s");
		return false;
	}
	if (direction(expect->warn_compare) != way)
		expect->warn_compare = opposite(expect->warn_compare);
	if (way * expect->warn_value >= way * expect->value) {
		complain(p->complaints, from->warn_word.place,
			"nothing that passes is beyond %s, so it would never warn; choose a bound "
			"stricter than %s",
			from->warn_word.text, from->value_word.text);
		return false;
	}
	return true;
}

static void add_expect(
	struct planner *p, const struct scenario_expect *from, const struct plan_expect *expect)
{
	struct plan *plan = p->plan;
	const char *id = make_id(p, expect, from);

	for (size_t i = 0; i < plan->n_expects; i++) {
		if (strcmp(plan->expects[i].id, id))
			continue;
		complain(p->complaints, from->place,
			"\"%s\" stands here twice; the first is in line %u", id,
			plan->expects[i].place.line);
		return;
	}
	*ARENA_PUSH(p->arena, plan->expects, plan->n_expects) = *expect;
	plan->expects[plan->n_expects - 1].id = id;
}

static void resolve(struct planner *p, const struct scenario_expect *from)
{
	struct plan_expect expect = {.metric = from->metric,
		.stat = from->stat,
		.compare = from->compare,
		.value = from->value,
		.has_warn = from->has_warn,
		.warn_compare = from->warn_compare,
		.warn_value = from->warn_value,
		.confidence = from->confidence,
		.group = -1,
		.phase = -1,
		.region = -1,
		.from = -1,
		.to = -1,
		.place = from->place};
	bool ok = find_filter(p, &from->filter, &expect);

	ok &= find_phase(p, &from->phase, &expect);
	ok &= from->each_region || find_region(p, &from->region, &expect.region);
	ok &= find_region(p, &from->from, &expect.from) && find_region(p, &from->to, &expect.to);
	if (!ok || !check_warn(p, from, &expect))
		return;
	if (from->from.text && expect.from == expect.to) {
		complain(p->complaints, from->to.place, "from %s to itself; name two regions",
			from->to.text);
		return;
	}
	if (!from->each_region) {
		add_expect(p, from, &expect);
		return;
	}
	for (size_t i = 0; i < p->plan->n_regions; i++) {
		expect.region = (int)i;
		add_expect(p, from, &expect);
	}
}

void plan_expects(struct planner *p)
{
	for (size_t i = 0; i < p->scenario.n_expects && p->plan->n_expects < EXPECTS_MAX; i++)
		resolve(p, &p->scenario.expects[i]);
	if (p->plan->n_expects >= EXPECTS_MAX)
		complain(p->complaints, p->scenario.expect_place,
			"more than %d expectations, counting each region", EXPECTS_MAX - 1);
}
