/*
 * split: the regions fall into groups; inside a group all goes on, between groups nothing passes,
 * silently. Regions in no group are a last group of their own.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

#include <string.h>

/* Give every region of "us-east + eu-west" the number of its group. */
static int read_group(struct arena *arena, const struct fault_topology *topology, const char *text,
	unsigned number, unsigned *groups, struct err *err)
{
	char *names = arena_strdup(arena, text), *rest = NULL;

	for (char *name = strtok_r(names, " +", &rest); name; name = strtok_r(NULL, " +", &rest)) {
		int region = topology_region(topology, name, err);

		if (region < 0)
			return -1;
		if (groups[region])
			return err_set(
				err, "\"%s\" is named twice; a region is in one group", name);
		groups[region] = number;
	}
	return 0;
}

static int split_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	unsigned *groups = arena_array(arena, topology->n_regions, sizeof(*groups));

	if (words->n_from || words->direction != DIRECTION_BOTH)
		return err_set(err,
			"groups are cut from each other both ways; leave \"from\" and "
			"\"direction\" out");
	for (size_t i = 0; i < words->n_subject; i++) {
		if (read_group(arena, topology, words->subject[i], (unsigned)i + 1, groups, err))
			return -1;
	}
	for (unsigned a = 0; a < topology->n_regions; a++) {
		for (unsigned b = 0; b < topology->n_regions; b++) {
			if (groups[a] != groups[b])
				*ARENA_PUSH(arena, out->links, out->n_links) = (struct link_effect){
					a, b, {.cut = 1, .reject = words->impairment.reject},
					words->match};
		}
	}
	if (!out->n_links)
		return err_set(err, "all regions are in one group; name at least two groups");
	return 0;
}

const struct fault_ops fault_split = {
	.name = "split",
	.help = "split the regions into groups between which nothing passes, silently",
	.subject_help = "a list of groups such as [us-east + us-west, eu-west]; regions not named "
			"are one more group",
	.takes_match = 1,
	.takes_reject = 1,
	.effects = split_effects,
};
