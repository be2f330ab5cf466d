/*
 * flap: a partition that comes and goes: cut for "on", well for "off", until "for" is over.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/stage.h"

static int flap_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	return fault_partition.effects(arena, topology, words, out, err);
}

const struct fault_ops fault_flap = {
	.name = "flap",
	.help = "cut regions off again and again: a flapping link",
	.subject_help = "as for partition, with \"from\" and \"direction\"",
	.takes_match = 1,
	.takes_reject = 1,
	.effects = flap_effects,
	.stages = stages_flap,
};
