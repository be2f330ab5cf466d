/*
 * layers: where the time of a failover went, by what stands between clients and data.
 *
 * A group with `layer: NAME` asks one layer alone: the database of its region, its load balancer, the
 * resolver. The layer is there again at the first success, called while the fault is in force, after
 * which 99 % of what the group asks in the same region in the next 3 s succeed; at once where that is
 * the first it is asked. Of a group that looks names up an answer is a success that names a node which
 * the fault has not struck. What counts is the own region's layer; where that does not come back (its
 * node is lost, its database is no primary) the first of another region.
 *
 * Layers lie upon each other in the order of the scenario, and each takes from an RTO what it came
 * later than those before it; what is left after the last is the clients' own (an answer kept for its
 * TTL, a connection). So the parts sum up to the RTO, and a layer that was quicker than one below it
 * has no part in it, however long it took alone.
 */
#ifndef SUITES_JUDGE_LAYERS_H
#define SUITES_JUDGE_LAYERS_H

#include "suites/judge/view.h"

struct layers {
	const struct view *view;
	const struct fault_effects *effects;
	uint64_t start_ns, end_ns; /* in force, gone */
	int region;                /* whose clients; -1: whoever comes first */
};

/* Has the plan such groups? */
bool layers_are_there(const struct plan *plan);
/* The parts of an RTO that was over at this instant; their own times are noted beside it. */
void layers_add_parts(struct arena *arena, const struct layers *layers, bool reads, uint64_t at_ns,
	struct measurement *out);

#endif
