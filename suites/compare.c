#include "suites/compare.h"
#include "suites/judge/stat.h"

#include <string.h>

#define CONFIDENCE 0.975 /* of each side */

const char *change_name(enum change change)
{
	static const char *const names[] = {[CHANGE_NONE] = "same",
		[CHANGE_BETTER] = "better",
		[CHANGE_WORSE] = "worse",
		[CHANGE_UNPROVEN] = "unproven",
		[CHANGE_UNKNOWN] = "unknown",
		[CHANGE_ONLY_BEFORE] = "gone",
		[CHANGE_ONLY_AFTER] = "new"};

	return names[change];
}

static bool holds(const struct ledger_value *value)
{
	return value->verdict == VERDICT_PASS || value->verdict == VERDICT_WARN;
}

/* 1: more is worse, -1: less is worse, 0: the bound does not say. */
static int worse_way(const char *wanted)
{
	if (wanted[0] == '<' || !strncmp(wanted, "==", 2))
		return 1;
	return wanted[0] == '>' ? -1 : 0;
}

struct interval {
	double low, high;
	bool has;
};

static struct interval interval_of(const struct ledger_value *value)
{
	double hits = (double)value->findings, n = (double)value->n;

	if (value->has_interval)
		return (struct interval){value->low, value->high, true};
	if (strcmp(value->unit, "count") || !value->n || value->findings > value->n ||
		value->value != hits)
		return (struct interval){0};
	return (struct interval){value->findings ? stat_share_lower(hits, n, CONFIDENCE) : 0,
		value->findings < value->n ? stat_share_upper(hits, n, CONFIDENCE) : 1, true};
}

static enum change by_intervals(
	const struct ledger_value *before, const struct ledger_value *after, const char **why)
{
	struct interval b = interval_of(before), a = interval_of(after);
	int way = worse_way(after->wanted);

	if (!b.has || !a.has || b.low > b.high || a.low > a.high) {
		*why = before->value == after->value ? "equal"
						     : "without intervals no difference is sure";
		return CHANGE_NONE;
	}
	if (a.low <= b.high && b.low <= a.high) {
		*why = "the intervals overlap";
		return CHANGE_NONE;
	}
	*why = "the intervals do not overlap";
	return !way ? CHANGE_NONE : (a.low > b.high) == (way > 0) ? CHANGE_WORSE : CHANGE_BETTER;
}

static enum change judge(
	const struct ledger_value *before, const struct ledger_value *after, const char **why)
{
	if (holds(before) && after->verdict == VERDICT_FAIL) {
		*why = "it held, and now it does not";
		return CHANGE_WORSE;
	}
	if (before->verdict == VERDICT_FAIL && holds(after)) {
		*why = "it did not hold, and now it does";
		return CHANGE_BETTER;
	}
	if (holds(before) && !holds(after)) {
		*why = "it held, and now nobody can say";
		return CHANGE_UNPROVEN;
	}
	if (!before->has_value || !after->has_value ||
		(!holds(after) && after->verdict != VERDICT_FAIL) ||
		(!holds(before) && before->verdict != VERDICT_FAIL)) {
		*why = "there is nothing sure to compare with";
		return CHANGE_UNKNOWN;
	}
	return by_intervals(before, after, why);
}

static const struct ledger_value *find(const struct ledger_value *values, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(values[i].id, id))
			return &values[i];
	}
	return NULL;
}

struct comparison *compare_runs(struct arena *arena, const struct ledger_value *before,
	size_t n_before, const struct ledger_value *after, size_t n_after, size_t *n)
{
	struct comparison *out = NULL;

	*n = 0;
	for (size_t i = 0; i < n_before; i++) {
		struct comparison *c = ARENA_PUSH(arena, out, *n);

		c->id = before[i].id;
		c->before = &before[i];
		c->after = find(after, n_after, c->id);
		c->change = CHANGE_ONLY_BEFORE;
		c->why = "the later run did not ask for it";
		if (c->after)
			c->change = judge(c->before, c->after, &c->why);
	}
	for (size_t i = 0; i < n_after; i++) {
		if (find(before, n_before, after[i].id))
			continue;
		*ARENA_PUSH(arena, out, *n) = (struct comparison){.id = after[i].id,
			.after = &after[i],
			.change = CHANGE_ONLY_AFTER,
			.why = "the earlier run did not ask for it"};
	}
	return out;
}
