/*
 * pause: the programs of a node are frozen (SIGSTOP) and thawed when the fault ends; to its peers
 * it is silent, but its connections stay and the kernel goes on acknowledging packets.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int pause_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	return topology_add_nodes(arena, topology, words, NODE_PAUSE, out, err);
}

const struct fault_ops fault_pause = {
	.name = "pause",
	.help = "freeze nodes; they are thawed when the fault ends",
	.subject_help = "nodes such as us-east/store, or a region for all of its nodes",
	.on_nodes = 1,
	.effects = pause_effects,
};
