#include "chaos/faults/topology.h"
#include "fixtures/base/param.h"

#include <string.h>

static int no_such(
	struct err *err, const char *what, const char *name, const char *const *names, size_t n)
{
	const char *near = param_nearest(name, names, n);

	return err_set(err, "there is no %s \"%.80s\"%s%s%s", what, name,
		near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int topology_region(const struct fault_topology *topology, const char *name, struct err *err)
{
	for (size_t i = 0; i < topology->n_regions; i++) {
		if (!strcmp(topology->regions[i], name))
			return (int)i;
	}
	return no_such(err, "region", name, topology->regions, topology->n_regions);
}

static int mark(const struct fault_topology *topology, const char *const *names, size_t n,
	bool *side, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int region = topology_region(topology, names[i], err);

		if (region < 0)
			return -1;
		side[region] = true;
	}
	return 0;
}

static bool any(const bool *side, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (side[i])
			return true;
	}
	return false;
}

int topology_sides(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, bool **inside, bool **outside, struct err *err)
{
	size_t n = topology->n_regions;

	if (n < 2)
		return err_set(err,
			"there is one region only, and no link to act on; add a second region");
	*inside = arena_array(arena, n, sizeof(bool));
	*outside = arena_array(arena, n, sizeof(bool));
	if (mark(topology, words->subject, words->n_subject, *inside, err) ||
		mark(topology, words->from, words->n_from, *outside, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!words->n_from)
			(*outside)[i] = !(*inside)[i];
		if ((*inside)[i] && (*outside)[i])
			return err_set(
				err, "\"%s\" is on both sides; name it once", topology->regions[i]);
	}
	if (!any(*inside, n) || !any(*outside, n))
		return err_set(err, "all regions are on one side; leave at least one out");
	return 0;
}

void topology_add_links(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, const bool *inside, const bool *outside,
	const struct impairment *impairment, struct fault_effects *out)
{
	for (unsigned a = 0; a < topology->n_regions; a++) {
		for (unsigned b = 0; b < topology->n_regions; b++) {
			if (a == b || !inside[a] || !outside[b])
				continue;
			if (words->direction != DIRECTION_IN)
				*ARENA_PUSH(arena, out->links, out->n_links) =
					(struct link_effect){a, b, *impairment, words->match};
			if (words->direction != DIRECTION_OUT)
				*ARENA_PUSH(arena, out->links, out->n_links) =
					(struct link_effect){b, a, *impairment, words->match};
		}
	}
}

static bool node_matches(const struct fault_topology *topology, size_t node, const char *name)
{
	return !strcmp(topology->nodes[node], name) ||
		!strcmp(topology->regions[topology->node_regions[node]], name);
}

static int add_named(struct arena *arena, const struct fault_topology *topology, const char *name,
	const struct node_effect *what, bool *seen, struct err *err, struct fault_effects *out)
{
	bool found = false;

	for (size_t i = 0; i < topology->n_nodes; i++) {
		if (!node_matches(topology, i, name))
			continue;
		found = true;
		if (seen[i])
			return err_set(err, "node \"%s\" is named twice", topology->nodes[i]);
		seen[i] = true;
		*ARENA_PUSH(arena, out->nodes, out->n_nodes) =
			(struct node_effect){(unsigned)i, what->action, what->setting};
	}
	return found ? 0 : no_such(err, "node", name, topology->nodes, topology->n_nodes);
}

int topology_add_nodes(struct arena *arena, const struct fault_topology *topology,
	const struct fault_words *words, enum node_action action, struct fault_effects *out,
	struct err *err)
{
	struct node_effect what = {.action = action, .setting = words->setting};
	bool *seen = arena_array(arena, topology->n_nodes + 1, sizeof(bool));

	if (words->n_from || words->direction != DIRECTION_BOTH)
		return err_set(err,
			"a fault of a node has no other side; leave \"from\" and \"direction\" out");
	for (size_t i = 0; i < words->n_subject; i++) {
		if (add_named(arena, topology, words->subject[i], &what, seen, err, out))
			return -1;
	}
	return 0;
}
