/* cycle: from edges to links, those over instants of real time joined to one. */
#include "suites/judge/models/cycle.h"

#include "fixtures/base/arena.h"

static const char *const kinds[EDGE_KINDS] = {
	[EDGE_WW] = "ww",
	[EDGE_WR] = "wr",
	[EDGE_RW] = "rw",
	[EDGE_PROCESS] = "process",
	[EDGE_REALTIME] = "real time",
	[EDGE_BEGINNING] = "beginning",
};

const char *cycle_name(const struct cycle *cycle, bool part_rw)
{
	size_t n[EDGE_KINDS] = {0};

	for (size_t i = 0; i < cycle->n; i++)
		n[cycle->edges[i]->kind]++;
	if (n[EDGE_RW] == 1)
		return "G-single";
	if (n[EDGE_RW])
		return part_rw ? "G-nonadjacent" : "G2-item";
	return n[EDGE_WR] ? "G1c" : "G0";
}

static void tell_edge(const struct cycle_teller *teller, const struct edge *edge, uint32_t to,
	struct judgement *out)
{
	const struct past_op *from_op = teller->ops[edge->from], *to_op = teller->ops[to];

	if (from_op)
		judgement_show(teller->arena, out, from_op, NULL);
	judgement_link(teller->arena, out,
		(struct link){
			from_op, to_op, kinds[edge->kind], teller->why(teller->context, edge, to)});
}

void cycle_convict(const struct cycle_teller *teller, const char *name, const struct cycle *cycle,
	struct judgement *out)
{
	size_t first = 0;

	out->finding = FINDING_VIOLATED;
	while (cycle->edges[first]->from >= teller->n)
		first++;
	for (size_t i = 0; i < cycle->n; i++) {
		const struct edge *edge = cycle->edges[(first + i) % cycle->n];
		uint32_t to = edge->to;

		if (edge->from >= teller->n)
			continue;
		for (size_t j = i + 1; to >= teller->n; j++)
			to = cycle->edges[(first + j) % cycle->n]->to;
		tell_edge(teller, edge, to, out);
	}
	buf_printf(&out->reason,
		"%s: a cycle of %zu, each must come before the next and the last before the first",
		name, out->n_links);
}
