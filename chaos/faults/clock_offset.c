/*
 * clock-offset: the wall clock of a node is wrong. libfaketime is preloaded into the node's programs
 * from their start and reads the offset from a file at each look at the clock, so that nothing is
 * restarted. Time since a start (CLOCK_MONOTONIC) stays true: timers and time-outs are not the fault.
 *
 * It works on programs that read the clock through the C library: not on those linked statically, and
 * not on Go programs, which ask the kernel themselves. Those are refused. (A time namespace moves only
 * the monotonic clocks, which no system compares between machines.)
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int clock_offset_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	if (!words->setting.ahead_ns == !words->setting.behind_ns)
		return err_set(err, "say either \"ahead\" or \"behind\", such as ahead: 5s");
	return topology_add_nodes(arena, topology, words, NODE_CLOCK, out, err);
}

const struct fault_ops fault_clock_offset = {
	.name = "clock-offset",
	.help = "set the wall clock of nodes wrong; their monotonic clock stays true",
	.subject_help = "nodes such as us-east/store, or a region for all of its nodes; their "
			"programs must read the clock through the C library (no static and no Go "
			"programs); needs libfaketime; not for running containers",
	.on_nodes = 1,
	.lab_only = 1,
	.node_params = clock_offset_params,
	.proof = "date, run in the node with its environment, told the wrong time, and every "
		 "program of the node reads the clock through libfaketime",
	.effects = clock_offset_effects,
};
