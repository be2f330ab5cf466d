/*
 * restart: a node is stopped in an orderly way and started again at once. `for` is only the length of
 * the phase that carries its name; nothing is undone at its end.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int restart_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	return topology_add_nodes(arena, topology, words, NODE_RESTART, out, err);
}

const struct fault_ops fault_restart = {
	.name = "restart",
	.help = "stop nodes in an orderly way and start them again at once",
	.subject_help = "nodes such as us-east/store, or a region for all of its nodes",
	.on_nodes = 1,
	.effects = restart_effects,
};
