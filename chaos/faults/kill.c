/*
 * kill: the programs of a node end at once (SIGKILL), and are started again when the fault ends. The
 * template for a fault of nodes.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int kill_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	return topology_add_nodes(arena, topology, words, NODE_KILL, out, err);
}

const struct fault_ops fault_kill = {
	.name = "kill",
	.help = "kill nodes without warning; they are started again when the fault ends",
	.subject_help = "nodes such as us-east/store, or a region for all of its nodes",
	.on_nodes = 1,
	.effects = kill_effects,
};
