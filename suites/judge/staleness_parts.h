/*
 * staleness_parts: what the checker of staleness and its plants share.
 */
#ifndef SUITES_JUDGE_STALENESS_PARTS_H
#define SUITES_JUDGE_STALENESS_PARTS_H

#include "suites/judge/view.h"

/* Is the metric about reads of edges only? */
bool staleness_is_of_edges(enum metric_id id);
/* A read of clients that go to one node of their region, whatever is behind it. */
bool staleness_is_of_edge(const struct plan *plan, const struct op *op);
/* Under a fault, or shortly after one. */
bool staleness_is_unsettled(const struct evidence *evidence, const struct op *op);
/* How old a copy may be that an edge hands out then, by the windows that its group was given. */
uint64_t staleness_allowed_ns(const struct evidence *evidence, const struct op *op);

bool staleness_plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns);

#endif
