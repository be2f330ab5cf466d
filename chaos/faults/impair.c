/*
 * impair: links get worse for a while, in any way of chaos/impairment.h. What is given is added to what the
 * link has anyway (chaos/impairment.h says how). The template for a fault on links.
 */
#include "chaos/faults/rows.h"
#include "chaos/faults/topology.h"

#include <string.h>

/* "A <-> B" or "A -> B": the names apart, and which way. False where it is no link but a region. */
static bool split_link(struct arena *arena, const char *text, const char *ends[2], bool *both)
{
	const char *arrow = strstr(text, "->");
	size_t left;

	if (!arrow)
		return false;
	*both = arrow > text && arrow[-1] == '<';
	left = (size_t)(arrow - text) - *both;
	while (left && text[left - 1] == ' ')
		left--;
	ends[0] = arena_strndup(arena, text, left);
	arrow += 2 + strspn(arrow + 2, " ");
	ends[1] = arena_strdup(arena, arrow);
	return true;
}

static int add_link(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, const char *const ends[2], bool both,
	struct fault_effects *out, struct err *err)
{
	struct fault_words link = *words;
	bool *inside, *outside;

	if (words->n_from || words->direction != DIRECTION_BOTH)
		return err_set(
			err, "a link names both its ends; leave \"from\" and \"direction\" out");
	link.subject = &ends[0];
	link.from = &ends[1];
	link.n_subject = link.n_from = 1;
	link.direction = both ? DIRECTION_BOTH : DIRECTION_OUT;
	if (topology_sides(arena, topology, &link, &inside, &outside, err))
		return -1;
	topology_add_links(arena, topology, &link, inside, outside, &words->impairment, out);
	return 0;
}

static int check_doubles(
	const struct fault_topology *topology, const struct fault_effects *effects, struct err *err)
{
	for (size_t i = 0; i < effects->n_links; i++) {
		const struct link_effect *a = &effects->links[i];

		for (size_t k = 0; k < i; k++) {
			if (effects->links[k].from == a->from && effects->links[k].to == a->to)
				return err_set(err, "link %s -> %s is named twice",
					topology->regions[a->from], topology->regions[a->to]);
		}
	}
	return 0;
}

static int impair_effects(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, struct fault_effects *out, struct err *err)
{
	bool *inside, *outside, both;
	const char *ends[2];
	size_t links = 0;

	if (impairment_is_neutral(&words->impairment) && !words->impairment.overtake_ppm &&
		words->impairment.overtake_gap < 2)
		return err_set(err,
			"nothing is impaired; give it delay, loss, rate or another (explain impair)");
	for (size_t i = 0; i < words->n_subject; i++) {
		if (!split_link(arena, words->subject[i], ends, &both))
			continue;
		links++;
		if (add_link(arena, topology, words, ends, both, out, err))
			return -1;
	}
	if (links && links < words->n_subject)
		return err_set(err, "links and regions are mixed; name either");
	if (links)
		return check_doubles(topology, out, err);
	if (topology_sides(arena, topology, words, &inside, &outside, err))
		return -1;
	topology_add_links(arena, topology, words, inside, outside, &words->impairment, out);
	return 0;
}

const struct fault_ops fault_impair = {
	.name = "impair",
	.help = "make links worse: delay, jitter, loss, duplicates, corruption, overtaking, rate, "
		"slots, added to what they have anyway; or only some packets of them (port, "
		"traffic, connections ...)",
	.subject_help = "a link, \"A <-> B\" or \"A -> B\", or regions, all of whose links suffer "
			"(\"from\" and \"direction\" as for partition)",
	.takes_impairment = 1,
	.takes_match = 1,
	.effects = impair_effects,
};
