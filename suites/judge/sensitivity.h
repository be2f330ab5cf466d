/*
 * sensitivity: what a checker would have found in this very history.
 *
 * Violations are planted into copies of the recorded history and the checker is asked again. A
 * checker that misses its plants makes its verdict inconclusive: its silence proves nothing.
 */
#ifndef SUITES_JUDGE_SENSITIVITY_H
#define SUITES_JUDGE_SENSITIVITY_H

#include "suites/judge/checker.h"

struct sensitivity {
	unsigned planted, found;
	uint64_t
		smallest_ns; /* smallest size of which all plants were found; 0: sizes do not apply */
	bool possible;       /* false: the history offers no place for a violation of this kind */
};

/* Plants `plants` times (each into a fresh copy of what it changes). */
void sensitivity_measure(const struct evidence *evidence, const struct question *question,
	unsigned plants, uint64_t seed, struct sensitivity *out);

#endif
