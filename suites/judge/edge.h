/*
 * edge: reads of clients that go to one node of their region, which keeps copies of what an origin
 * elsewhere has: what the same edge had handed out before, and what lies between it and its origin.
 */
#ifndef SUITES_JUDGE_EDGE_H
#define SUITES_JUDGE_EDGE_H

#include "suites/judge/view.h"

/* An ok or failed read of an edge that the question counts. */
bool edge_counts(const struct view *view, uint32_t op);
/*
 * By place in the history: for each read of an edge that counts, the last ok read of the key from the
 * same edge which had returned before it was called; OP_NONE: none, or the key was purged there since.
 */
uint32_t *edge_previous(struct arena *arena, const struct view *view);
/* The origin lies in the primary's region. Was the way from this region to it, or a node there, struck
 * by a fault that was in force at the instant? */
bool edge_is_cut_off(const struct evidence *evidence, unsigned region, uint64_t at_ns);
unsigned edge_origin_region(const struct plan *plan);

#endif
