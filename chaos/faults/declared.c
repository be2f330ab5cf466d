/*
 * declared: somebody else takes regions away, by hand or by a command of the timeline, and says so.
 * Nothing is done and nothing is undone here. What it gives is the instant from which a failover counts, and
 * the regions that are no more outside; nothing on the wire proves it, so that its certificate is one of
 * its own (suites/certify_declared.c).
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int declared_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	if (words->n_from || words->direction != DIRECTION_BOTH)
		return err_set(err,
			"what is declared is that whole regions are lost; leave \"from\" and "
			"\"direction\" out");
	for (size_t i = 0; i < words->n_subject; i++) {
		int region = topology_region(topology, words->subject[i], err);

		if (region < 0)
			return -1;
		for (size_t k = 0; k < out->n_regions; k++) {
			if (out->regions[k] == (unsigned)region)
				return err_set(err, "\"%s\" is named twice", words->subject[i]);
		}
		*ARENA_PUSH(arena, out->regions, out->n_regions) = (unsigned)region;
	}
	if (topology->n_regions > 1 && out->n_regions == topology->n_regions)
		return err_set(err, "no region is left to fail over to; leave at least one out");
	return 0;
}

const struct fault_ops fault_declared = {
	.name = "declared",
	.help = "regions that somebody else takes away (by hand, or by a do: of the timeline): nothing is done, "
		"and nothing but what clients see shows it",
	.subject_help = "the region or regions that are lost",
	.declared = 1,
	.effects = declared_effects,
};
