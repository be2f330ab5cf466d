/*
 * search: is there an order of these operations that explains what they saw?
 *
 * Linearizability of one object by the search of Wing and Gong in the just-in-time form of Lowe:
 * walk along the events; keep every configuration that is still possible; when an operation
 * returns, let open operations take effect in those configurations that lack it, until it has; and
 * drop the others. Nothing left means that no order exists, and the operation that returned is
 * the one that could not be explained.
 *
 * How the sets are kept small stands in walk.h, and what is left out at first in search.c. The
 * problem is NP-complete all the same: time and memory have limits, beyond
 * which the answer is that there is none.
 */
#ifndef SUITES_JUDGE_MODELS_SEARCH_H
#define SUITES_JUDGE_MODELS_SEARCH_H

#include "suites/judge/models/step.h"

struct arena;

#define SEARCH_NEVER UINT64_MAX

struct search_op {
	struct step step;
	uint64_t call,
		ret;      /* SEARCH_NEVER: it may take effect, at any time from its call, or not */
	bool is_optional; /* until its return: it may have taken effect before all others */
};

enum search_end { SEARCH_FOUND, SEARCH_NONE, SEARCH_OUT_OF_TIME, SEARCH_OUT_OF_MEMORY };

#define SEARCH_STATES 4
#define SEARCH_OTHER ROWS_OTHER /* a state that no operation here asks about */

/* A stretch of the history that alone has no explanation, whatever the state was when it began and
 * whether or not what was open then had taken effect. */
struct search_window {
	struct search_op *ops; /* NULL: it took all of them */
	uint32_t *from;        /* which of the search's operations each of them is */
	size_t n, first;       /* first: of the search's operations, the one it begins with */
	uint32_t *states;      /* that it may begin in */
	size_t n_states;
};

struct search {
	const struct search_op *ops;
	size_t n;
	uint32_t initial;
	const uint32_t *initials; /* NULL: only the one */
	size_t n_initials;
	struct arena *arena;  /* of what comes out */
	struct rows *rows;    /* of a multi-register, else NULL */
	uint64_t deadline_ns; /* of clock_now_ns(); 0: none */
	size_t limit_bytes;   /* 0: none */
	size_t few;           /* configurations kept at first; 0: as many as is good */

	/* What came out. */
	size_t failed;                  /* SEARCH_NONE: the operation without explanation */
	uint32_t states[SEARCH_STATES]; /* that were possible when it returned */
	size_t n_states;                /* may be more than are kept */
	size_t reached;                 /* operations that had returned */
	size_t peak_configs, peak_bytes;
	struct search_window window; /* SEARCH_NONE */
};

enum search_end search_run(struct search *search);

#endif
