#include "suites/judge/edge.h"

#include <string.h>

bool edge_counts(const struct view *view, uint32_t i)
{
	const struct op *op = &view->index->ops[i];
	const struct client_group *group;

	if (op->kind != OP_READ || !view_counts(view, i))
		return false;
	group = view_group(view->evidence->plan, op->session);
	return group && group->read_from == TARGET_NODE && !group_looks_up(group);
}

static bool same_edge(const struct plan *plan, const struct op *a, const struct op *b)
{
	return a->region == b->region &&
		view_group(plan, a->session) == view_group(plan, b->session);
}

/* Looks back over the operations on the key, which stand by call. */
static uint32_t previous_of(const struct view *view, struct span span, uint32_t at)
{
	const struct index *index = view->index;
	const struct op *read = &index->ops[index->by_key[at]];

	for (uint32_t i = at; i > span.first; i--) {
		uint32_t place = index->by_key[i - 1];
		const struct op *op = &index->ops[place];

		if (op->kind == OP_PURGE && op->region == read->region)
			return OP_NONE;
		if (op_is_ok_read(op) && op_is_session(op) && op->ret_ns < read->call_ns &&
			same_edge(view->evidence->plan, op, read))
			return place;
	}
	return OP_NONE;
}

uint32_t *edge_previous(struct arena *arena, const struct view *view)
{
	const struct index *index = view->index;
	uint32_t *previous = arena_array(arena, index->n + 1, sizeof(*previous));

	memset(previous, 0xff, (index->n + 1) * sizeof(*previous));
	for (uint32_t key = 0; key < index->n_keys; key++) {
		struct span span = index_key(index, key);

		for (uint32_t i = span.first; i < span.end; i++) {
			if (edge_counts(view, index->by_key[i]))
				previous[index->by_key[i]] = previous_of(view, span, i);
		}
	}
	return previous;
}

unsigned edge_origin_region(const struct plan *plan)
{
	unsigned r = 0;

	while (r + 1 < plan->n_regions && !plan->regions[r].primary)
		r++;
	return r;
}

static bool strikes(const struct plan *plan, const struct fault_effects *effects, unsigned region)
{
	unsigned origin = edge_origin_region(plan);

	for (size_t i = 0; i < effects->n_links; i++) {
		const struct link_effect *link = &effects->links[i];

		if (link->impairment.cut &&
			((link->from == region && link->to == origin) ||
				(link->from == origin && link->to == region)))
			return true;
	}
	for (size_t i = 0; i < effects->n_nodes; i++) {
		if (plan->nodes[effects->nodes[i].node].region == origin &&
			plan->nodes[effects->nodes[i].node].endpoint)
			return true;
	}
	return false;
}

bool edge_is_cut_off(const struct evidence *evidence, unsigned region, uint64_t at_ns)
{
	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		const struct fault_window *w = &evidence->faults[f];

		if (w->in_force_ns && at_ns >= w->in_force_ns &&
			(!w->gone_ns || at_ns < w->gone_ns) &&
			strikes(evidence->plan, &evidence->plan->faults[f].effects, region))
			return true;
	}
	return false;
}
