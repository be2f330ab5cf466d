/*
 * isolate: each region named is alone: cut off from all others, and from the others named as well.
 * (partition keeps the regions of its subject joined.)
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

static int isolate_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	struct impairment cut = {.cut = 1, .reject = words->impairment.reject};
	bool *alone, *others;

	if (words->n_from || words->direction != DIRECTION_BOTH)
		return err_set(err,
			"an isolated region reaches nobody; leave \"from\" and \"direction\" out, "
			"or write partition");
	if (topology_sides(arena, topology, words, &alone, &others, err))
		return -1;
	topology_add_links(arena, topology, words, alone, others, &cut, out);
	topology_add_links(arena, topology,
		&(struct fault_words){.direction = DIRECTION_OUT, .match = words->match}, alone,
		alone, &cut, out);
	return 0;
}

const struct fault_ops fault_isolate = {
	.name = "isolate",
	.help = "every region named is alone: cut off from all others, silently",
	.subject_help = "the region or regions; unlike with partition they do not reach each other "
			"either",
	.takes_match = 1,
	.takes_reject = 1,
	.effects = isolate_effects,
};
