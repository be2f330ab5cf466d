/*
 * partition: nothing passes between two sets of regions, silently, as in a real one: no reset, no
 * ICMP, unless `reject` asks for what a firewall would answer. All packets, or those of a kind. Both ways, or one way as seen from the subject. Several regions in the subject stay joined
 * to each other.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int partition_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	struct impairment cut = {.cut = 1, .reject = words->impairment.reject};
	bool *inside, *outside;

	if (topology_sides(arena, topology, words, &inside, &outside, err))
		return -1;
	topology_add_links(arena, topology, words, inside, outside, &cut, out);
	return 0;
}

const struct fault_ops fault_partition = {
	.name = "partition",
	.help = "cut regions off: every packet between the two sides is dropped, silently; or only "
		"some of them (port, traffic, connections ...)",
	.subject_help = "the region or regions that are cut off; \"from\": the other side, default "
			"all others; \"direction\": both, out (what they send) or in",
	.takes_match = 1,
	.takes_reject = 1,
	.effects = partition_effects,
};
