/*
 * Who said when that it was primary. A role holds from the answer that names it until the next
 * answer, and is laid on a grid of slots; equal neighbours are then one span.
 */
#include "suites/series.h"

#include <string.h>

struct grid {
	unsigned slots[SERIES_ROLE_SLOTS]; /* bits of roles */
	uint64_t slot_ns;
};

static unsigned role_bit(const struct role_mark *mark)
{
	switch ((enum node_role)mark->role) {
	case ROLE_PRIMARY:
		return SERIES_PRIMARY;
	case ROLE_REPLICA:
		return SERIES_REPLICA;
	case ROLE_UNKNOWN:
		return SERIES_ROLE_UNKNOWN;
	}
	return SERIES_ROLE_UNKNOWN;
}

static size_t slot_of(const struct grid *grid, uint64_t at_ns)
{
	uint64_t slot = at_ns / grid->slot_ns;

	return slot < SERIES_ROLE_SLOTS ? (size_t)slot : SERIES_ROLE_SLOTS - 1;
}

static void lay_node(struct grid *grid, const struct marks *marks, unsigned node)
{
	const struct role_mark *last = NULL;

	for (size_t i = 0; i <= marks->n; i++) {
		bool end = i == marks->n;
		size_t from, to;

		if (!end && marks->marks[i].node != node)
			continue;
		if (last) {
			from = slot_of(grid, last->after_ns);
			to = end ? SERIES_ROLE_SLOTS - 1 : slot_of(grid, marks->marks[i].after_ns);
			grid->slots[from] |= role_bit(last);
			for (size_t s = from + 1; s < to + end; s++)
				grid->slots[s] = role_bit(last);
		}
		last = end ? NULL : &marks->marks[i];
	}
}

static void add_spans(struct arena *arena, const struct grid *grid, const struct endpoint *node,
	const char *region, struct series_role_span **spans, size_t *n)
{
	for (size_t i = 0, end; i < SERIES_ROLE_SLOTS; i = end) {
		struct series_role_span *span;

		for (end = i; end < SERIES_ROLE_SLOTS && grid->slots[end] == grid->slots[i];)
			end++;
		if (!grid->slots[i])
			continue;
		span = ARENA_PUSH(arena, *spans, *n);
		*span = (struct series_role_span){.node = node->name,
			.region = region,
			.start_ns = i * grid->slot_ns,
			.end_ns = end * grid->slot_ns,
			.roles = grid->slots[i]};
	}
}

void series_fill_roles(struct arena *arena, const struct evidence *evidence, struct series *out)
{
	const struct plan *plan = evidence->plan;
	struct series_role_span *spans = NULL;
	struct grid grid;

	out->n_roles = 0;
	for (size_t e = 0; e < plan->n_endpoints; e++) {
		const struct endpoint *node = &plan->endpoints[e];

		memset(&grid, 0, sizeof(grid));
		grid.slot_ns = evidence->end_ns / SERIES_ROLE_SLOTS + 1;
		lay_node(&grid, &evidence->marks, (unsigned)e);
		add_spans(arena, &grid, node, plan->regions[node->region].name, &spans,
			&out->n_roles);
	}
	out->roles = spans;
}
