/*
 * cycle: a cycle of dependencies told edge by edge, so that a reader can check each of them.
 */
#ifndef SUITES_JUDGE_MODELS_CYCLE_H
#define SUITES_JUDGE_MODELS_CYCLE_H

#include "suites/judge/models/depend.h"
#include "suites/judge/models/model.h"

struct cycle_teller {
	struct arena *arena;
	const struct past_op *const *ops; /* of the first n nodes; NULL: the beginning */
	uint32_t n;                       /* nodes from here on are instants of real time */
	/* Why the edge holds, as a clause about where it leads: "which read its 3 of x"; `to`: the
	 * node where it ends once instants are passed. Memory of the arena. */
	const char *(*why)(void *context, const struct edge *edge, uint32_t to);
	void *context;
};

/* G0 G1c G-single G-nonadjacent G2-item, by the edges that it is made of. */
const char *cycle_name(const struct cycle *cycle, bool part_rw);
/* Into the judgement: VIOLATED, links, exhibits, and the sentence, which begins with the name. */
void cycle_convict(const struct cycle_teller *teller, const char *name, const struct cycle *cycle,
	struct judgement *out);

#endif
