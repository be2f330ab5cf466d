/*
 * search: is there an order of these operations that explains what they saw?
 *
 * Linearizability of one object by the search of Wing and Gong in the just-in-time form of Lowe:
 * walk along the events; keep every configuration that is still possible; when an operation
 * returns, let open operations take effect in those configurations that lack it, until it has; and
 * drop the others. Nothing left means that no order exists, and the operation that returned is
 * the one that could not be explained.
 *
 * A valid history hardly ever needs all of them: so the walk is tried with few first, those that have
 * the most open writes in hand and the fewest needs; if they die out, with more; and only a walk
 * that left none out can say that no order exists.
 *
 * Three things keep the sets small. An open operation that only observes and is content with a
 * state takes effect there at once: that costs nothing and only ever frees. Operations that never
 * returned are counted by kind, and only the least counts are kept (configs.h). And past events
 * need no memory. The problem is NP-complete all the same: time and memory have limits, beyond
 * which the answer is that there is none.
 */
#ifndef SUITES_JUDGE_MODELS_SEARCH_H
#define SUITES_JUDGE_MODELS_SEARCH_H

#include "suites/judge/models/step.h"

#define SEARCH_NEVER UINT64_MAX

struct search_op {
	struct step step;
	uint64_t call,
		ret; /* SEARCH_NEVER: it may take effect, at any time from its call, or not */
};

enum search_end { SEARCH_FOUND, SEARCH_NONE, SEARCH_OUT_OF_TIME, SEARCH_OUT_OF_MEMORY };

#define SEARCH_STATES 4

struct search {
	const struct search_op *ops;
	size_t n;
	uint32_t initial;
	struct rows *rows;    /* of a multi-register, else NULL */
	uint64_t deadline_ns; /* of clock_now_ns(); 0: none */
	size_t limit_bytes;   /* 0: none */

	/* What came out. */
	size_t failed;                  /* SEARCH_NONE: the operation without explanation */
	uint32_t states[SEARCH_STATES]; /* that were possible when it returned */
	size_t n_states;                /* may be more than are kept */
	size_t reached;                 /* operations that had returned */
	size_t peak_configs, peak_bytes;
};

enum search_end search_run(struct search *search);

#endif
