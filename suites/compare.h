/*
 * compare: one expectation in two runs: what differs, and does it mean anything?
 *
 * Worse is what its bound is there for: more where it is an upper bound or a count that shall be zero,
 * less where it is a lower one. A difference is significant
 *   where both runs have intervals (95 %) and these do not overlap,
 *   where both counted violations among trials and the exact intervals of the shares do not overlap,
 *   or where the one held and the other definitely did not: a violation that was seen needs no
 *   statistics.
 * Overlapping intervals, and values without any, carry no claim whatever their distance. What the
 * earlier run proved and the later could not (inconclusive, void, error) is told apart: unproven is
 * neither better nor worse. Two single runs say nothing of the spread between runs; an interval is
 * that within its run.
 */
#ifndef SUITES_COMPARE_H
#define SUITES_COMPARE_H

#include "reports/ledger.h"

enum change {
	CHANGE_NONE, /* no significant difference */
	CHANGE_BETTER,
	CHANGE_WORSE,    /* a regression */
	CHANGE_UNPROVEN, /* proven before, not now */
	CHANGE_UNKNOWN,  /* at least one has no value */
	CHANGE_ONLY_BEFORE,
	CHANGE_ONLY_AFTER,
	CHANGES
};

struct comparison {
	const char *id;
	const struct ledger_value *before, *after; /* NULL: not in that run */
	enum change change;
	const char *why; /* one sentence, in the arena or constant */
};

const char *change_name(enum change change);
/* All expectations of both runs, in the order of `before`, then those that are new. */
struct comparison *compare_runs(struct arena *arena, const struct ledger_value *before,
	size_t n_before, const struct ledger_value *after, size_t n_after, size_t *n);

#endif
