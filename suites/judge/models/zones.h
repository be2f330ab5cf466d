/*
 * zones: linearizability of a register whose written values are all different, in the time of a sort.
 *
 * Gibbons and Korach 1997: a value that is written once is held in one stretch. Its zone reaches from
 * the earliest return to the latest call among its write and its reads. Where the return comes first
 * (a forward zone) the register held the value all that time; where not (backward), it held it at
 * some instant in between. Two forward zones must not overlap, and no backward zone may lie within
 * a forward one. Both are one condition: no A and B with an operation of A before one of B and an
 * operation of B before one of A.
 *
 * The value that a register begins with was written before everything. A write that never returned
 * ends nowhere; without a read it says nothing.
 */
#ifndef SUITES_JUDGE_MODELS_ZONES_H
#define SUITES_JUDGE_MODELS_ZONES_H

#include "suites/judge/models/search.h"

enum zones_end {
	ZONES_VALID,
	ZONES_UNWRITTEN, /* ops[0] read what nobody wrote */
	ZONES_FUTURE,    /* ops[0] read what ops[1] wrote, and returned before that was called */
	ZONES_CONFLICT,  /* see struct zones_conflict */
};

#define ZONES_NO_OP SIZE_MAX /* the beginning of everything */

struct zones_finding {
	size_t ops[2];
	/* CONFLICT: returned[0], of values[0], came before called[1], of values[1]; and
	 * returned[1] before called[0]. */
	size_t returned[2], called[2];
	uint32_t values[2];
};

/* Is it a register with values that are all different (and different from the initial one)? */
bool zones_fit(const struct search_op *ops, size_t n, uint32_t initial, uint32_t n_values);
enum zones_end zones_judge(const struct search_op *ops, size_t n, uint32_t initial,
	uint32_t n_values, struct zones_finding *out);

#endif
