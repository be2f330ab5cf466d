/*
 * rolling: an outage that goes from region to region: each is alone for its turn.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/stage.h"

static int rolling_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	return fault_partition.effects(arena, topology, words, out, err);
}

const struct fault_ops fault_rolling = {
	.name = "rolling",
	.help = "cut regions off one after the other, with a pause between (\"off\")",
	.subject_help = "the regions, in their order",
	.takes_match = 1,
	.takes_reject = 1,
	.effects = rolling_effects,
	.stages = stages_rolling,
};
