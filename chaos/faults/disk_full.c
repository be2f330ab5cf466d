/*
 * disk-full: the disk of a node has no room left. The node's working directory is a tmpfs of its own
 * from the start of the run, whose size is cut to what is in use. Whatever lies elsewhere (an absolute
 * path of the host's) is not the node's, and is not touched.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int disk_full_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	return topology_add_nodes(arena, topology, words, NODE_FILL, out, err);
}

const struct fault_ops fault_disk_full = {
	.name = "disk-full",
	.help = "leave no room on the disk of nodes: writes to files end with ENOSPC",
	.subject_help =
		"nodes such as us-east/store, or a region for all of its nodes; what counts "
		"is the working directory, where a recipe keeps its data; not for running "
		"containers",
	.on_nodes = 1,
	.lab_only = 1,
	.node_params = disk_full_params,
	.proof = "a file of ours there could not be written: no space left on device",
	.effects = disk_full_effects,
};
