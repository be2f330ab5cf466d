/*
 * partition: nothing passes between two sets of regions, silently, as in a real one: no reset, no
 * ICMP. Both ways, or one way as seen from the subject. Several regions in the subject stay joined
 * to each other.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int partition_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	static const struct impairment cut = {.cut = 1};
	bool *inside, *outside;

	if (topology_sides(arena, topology, words, &inside, &outside, err))
		return -1;
	topology_add_links(arena, topology, words, inside, outside, &cut, out);
	return 0;
}

const struct fault_ops fault_partition = {
	.name = "partition",
	.help = "cut regions off: every packet between the two sides is dropped, silently",
	.subject_help = "the region or regions that are cut off; \"from\": the other side, default "
			"all others; \"direction\": both, out (what they send) or in",
	.effects = partition_effects,
};
