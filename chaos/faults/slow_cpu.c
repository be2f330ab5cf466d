/*
 * slow-cpu: the programs of a node together get a share of one processor, as on a machine whose
 * credits are spent or whose neighbours are loud. By the kernel's own quota (fixtures/cpu_cap.h).
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int slow_cpu_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	return topology_add_nodes(arena, topology, words, NODE_SLOW, out, err);
}

const struct fault_ops fault_slow_cpu = {
	.name = "slow-cpu",
	.help = "give the programs of nodes a share of one processor, and no more",
	.subject_help = "nodes such as us-east/store, or a region for all of its nodes; needs a "
			"control group with the cpu controller that we may write (doctor tells); "
			"not for running containers",
	.on_nodes = 1,
	.lab_only = 1,
	.node_params = slow_cpu_params,
	.proof = "a busy process of ours in the node's control group and the node's own programs "
		 "together got the cap, not more, and the kernel held them back",
	.effects = slow_cpu_effects,
};
