/*
 * link-down: the network plug of a node is pulled: no carrier and no route, so its programs are told at
 * once that the network is unreachable, where a partition leaves them waiting. To the others it is gone.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int link_down_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	return topology_add_nodes(arena, topology, words, NODE_UNPLUG, out, err);
}

const struct fault_ops fault_link_down = {
	.name = "link-down",
	.help = "pull the network plug of nodes: their programs get errors at once, not silence",
	.subject_help =
		"nodes such as us-east/store, or a region for all of its nodes (its clients "
		"keep their network); not for running containers",
	.on_nodes = 1,
	.lab_only = 1,
	.proof = "eth0 is down, and a sender in the node is told that the network is unreachable, "
		 "over IPv4 and IPv6",
	.effects = link_down_effects,
};
