/*
 * ramp: a brown-out: delay, jitter or loss rise in equal steps to what is stated.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/stage.h"

static int ramp_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	if (words->impairment.rate_bps || words->impairment.cut)
		return err_set(err,
			"a ramp raises delay, jitter or loss; a rate or a cut is no matter of degree");
	return fault_impair.effects(arena, topology, words, out, err);
}

const struct fault_ops fault_ramp = {
	.name = "ramp",
	.help = "make links worse step by step, up to what is stated",
	.subject_help = "as for impair",
	.takes_impairment = 1,
	.takes_match = 1,
	.effects = ramp_effects,
	.stages = stages_ramp,
};
