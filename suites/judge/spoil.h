/*
 * spoil: how much worse a history must get until a measured expectation is no longer met.
 *
 * A share, a quantile or a time has no violations that could be planted one at a time. So operations of
 * a copy of the history are made worse (they fail, they take long, their reads miss), a few at first
 * and then four times as many, until the checker's answer does not pass any more; then the fewest
 * that do it are found by halves. One that passes with everything spoiled is blind, and its verdict
 * worth nothing.
 */
#ifndef SUITES_JUDGE_SPOIL_H
#define SUITES_JUDGE_SPOIL_H

#include "suites/judge/checker.h"

struct spoiled {
	bool possible; /* false: cannot be tried so, nothing counts, or the history is too long */
	bool noticed;  /* with `needed` of `of` made worse it did not pass */
	uint64_t needed, of; /* needed: the fewest, or up to a tenth more */
};

/* Would this answer pass? */
typedef bool spoil_passes(void *context, const struct measurement *m);

void spoil_measure(const struct evidence *evidence, const struct question *question, uint64_t seed,
	spoil_passes *passes, void *context, struct spoiled *out);

#endif
