/* topology: looking up what a user named, for the hooks of the faults. */
#ifndef CHAOS_FAULTS_TOPOLOGY_H
#define CHAOS_FAULTS_TOPOLOGY_H

#include "chaos/faults/fault.h"

#include <stdbool.h>

/* Index of the region, or -1 with a sentence that says which name is near. */
int topology_region(const struct fault_topology *topology, const char *name, struct err *err);

/*
 * The two sides of a fault on links: inside[r] for the regions named by the subject, outside[r] for
 * those of `from` (all others where it is empty). Both arrays have n_regions elements and come from
 * the arena. Refused: fewer than two regions, a region on both sides, an empty side.
 */
int topology_sides(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, bool **inside, bool **outside, struct err *err);

/* An effect on every link between the sides, in the direction asked for, on the packets that the words
 * mean. */
void topology_add_links(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, const bool *inside, const bool *outside,
	const struct impairment *impairment, struct fault_effects *out);

/* The action on every node named: "us-east/store", or "us-east" for all of a region. */
int topology_add_nodes(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, enum node_action action, struct fault_effects *out,
	struct err *err);

#endif
