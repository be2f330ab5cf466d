/* depend: the graph sorted by where edges begin, components, and the shortest cycle in one. */
#include "suites/judge/models/depend.h"

#include "fixtures/base/arena.h"
#include "suites/judge/foreign/past.h"

#include <stdlib.h>

#define MOST_STARTS 64      /* nodes of a component from which a cycle is looked for */
#define MOST_STEPS 20000000 /* edges looked at, all searches of one component together */
#define NONE UINT32_MAX

/* A place: twice the node, plus one where it was reached by rw and that matters. */
struct look {
	const struct depend *graph;
	unsigned kinds;
	bool part_rw;
	struct arena arena;
	uint32_t n_places;
	uint32_t *number, *low, *component;
	uint32_t *stack, *path; /* Tarjan's, and the way down */
	uint32_t *next_edge;
	uint32_t n_numbered, n_stack, n_components;
	size_t n_steps;
};

void depend_add(struct depend *graph, struct edge edge)
{
	if (edge.from != edge.to)
		*ARENA_PUSH(graph->arena, graph->edges, graph->n_edges) = edge;
}

struct instant {
	uint64_t ret;
	uint32_t node;
};

static int by_ret(const void *a, const void *b)
{
	const struct instant *x = a, *y = b;

	if (x->ret != y->ret)
		return x->ret < y->ret ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

void depend_add_realtime(struct depend *graph, const struct past_op *const *ops, uint32_t n)
{
	struct instant *instants = arena_array(graph->arena, n + 1, sizeof(*instants));
	uint32_t base = graph->n_nodes, n_instants = 0, passed = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (ops[i] && ops[i]->outcome == PAST_OK)
			instants[n_instants++] = (struct instant){ops[i]->ret, i};
	}
	qsort(instants, n_instants, sizeof(*instants), by_ret);
	for (uint32_t i = 0; i < n_instants; i++) {
		depend_add(graph, (struct edge){instants[i].node, base + i, EDGE_REALTIME, NONE});
		if (i)
			depend_add(
				graph, (struct edge){base + i - 1, base + i, EDGE_REALTIME, NONE});
	}
	for (uint32_t i = 0; i < n; i++) {
		while (ops[i] && passed < n_instants && instants[passed].ret < ops[i]->call)
			passed++;
		if (ops[i] && passed)
			depend_add(graph, (struct edge){base + passed - 1, i, EDGE_REALTIME, NONE});
	}
	graph->n_nodes += n_instants;
}

void depend_seal(struct depend *graph)
{
	size_t room = 1; /* a power of two: more may be pushed behind */
	struct edge *sorted;
	uint32_t *at = arena_array(graph->arena, graph->n_nodes + 2, sizeof(*at));

	while (room < graph->n_edges + 1)
		room *= 2;
	sorted = arena_array(graph->arena, room, sizeof(*sorted));
	for (size_t i = 0; i < graph->n_edges; i++)
		at[graph->edges[i].from + 2]++;
	for (uint32_t v = 2; v <= graph->n_nodes + 1; v++)
		at[v] += at[v - 1];
	for (size_t i = 0; i < graph->n_edges; i++)
		sorted[at[graph->edges[i].from + 1]++] = graph->edges[i];
	graph->edges = sorted;
	graph->starts = at;
}

/* Where the edge leads from this place, NONE where it may not be taken. */
static uint32_t follow(const struct look *look, uint32_t place, const struct edge *edge)
{
	bool by_rw = look->part_rw && edge->kind == EDGE_RW;

	if (!(look->kinds >> edge->kind & 1) || (by_rw && place & 1))
		return NONE;
	return 2 * edge->to + by_rw;
}

static void enter(struct look *look, uint32_t place, uint32_t *n_path)
{
	look->number[place] = look->low[place] = ++look->n_numbered;
	look->next_edge[place] = look->graph->starts[place / 2];
	look->stack[look->n_stack++] = place;
	look->path[(*n_path)++] = place;
}

/* All places of its component are above it on the stack. */
static void close_component(struct look *look, uint32_t place)
{
	uint32_t member;

	look->n_components++;
	do {
		member = look->stack[--look->n_stack];
		look->component[member] = look->n_components;
	} while (member != place);
}

static void walk_from(struct look *look, uint32_t root)
{
	uint32_t n_path = 0;

	enter(look, root, &n_path);
	while (n_path) {
		uint32_t place = look->path[n_path - 1], to;

		if (look->next_edge[place] < look->graph->starts[place / 2 + 1]) {
			to = follow(look, place, &look->graph->edges[look->next_edge[place]++]);
			if (to == NONE)
				continue;
			if (!look->number[to])
				enter(look, to, &n_path);
			else if (!look->component[to] && look->number[to] < look->low[place])
				look->low[place] = look->number[to];
			continue;
		}
		if (look->low[place] == look->number[place])
			close_component(look, place);
		n_path--;
		if (n_path && look->low[place] < look->low[look->path[n_path - 1]])
			look->low[look->path[n_path - 1]] = look->low[place];
	}
}

/* Breadth first within the component, back to the start; *out is replaced by a shorter one. */
static void search_from(struct look *look, uint32_t start, uint32_t *queue, const struct edge **by,
	uint32_t *from, struct arena *arena, struct cycle *out)
{
	uint32_t n_queue = 0;

	queue[n_queue++] = start;
	for (uint32_t q = 0; q < n_queue && look->n_steps < MOST_STEPS; q++) {
		uint32_t place = queue[q];

		for (uint32_t e = look->graph->starts[place / 2];
			e < look->graph->starts[place / 2 + 1]; e++) {
			const struct edge *edge = &look->graph->edges[e];
			uint32_t to = follow(look, place, edge);
			size_t n = 1;

			look->n_steps++;
			if (to == NONE || look->component[to] != look->component[start] || by[to])
				continue;
			by[to] = edge;
			from[to] = place;
			if (to != start) {
				queue[n_queue++] = to;
				continue;
			}
			for (uint32_t p = place; p != start; p = from[p])
				n++;
			if (out->n && out->n <= n)
				goto out;
			*out = (struct cycle){arena_array(arena, n, sizeof(*out->edges)), n};
			for (uint32_t p = start; n; p = from[p])
				out->edges[--n] = by[p];
			goto out;
		}
	}
out:
	by[start] = NULL;
	for (uint32_t q = 0; q < n_queue; q++)
		by[queue[q]] = NULL;
}

/* From the places of the first component with more than one. */
static void find_shortest(struct look *look, struct arena *arena, struct cycle *out)
{
	uint32_t *sizes = arena_array(&look->arena, look->n_components + 1, sizeof(*sizes));
	uint32_t *queue = arena_array(&look->arena, look->n_places + 1, sizeof(*queue));
	uint32_t *from = arena_array(&look->arena, look->n_places + 1, sizeof(*from));
	const struct edge **by = arena_array(&look->arena, look->n_places + 1, sizeof(*by));
	uint32_t best = 0, tried = 0;

	for (uint32_t p = 0; p < look->n_places; p++)
		sizes[look->component[p]]++;
	for (uint32_t c = 1; c <= look->n_components; c++) {
		if (sizes[c] > 1 && (!best || sizes[c] < sizes[best]))
			best = c;
	}
	for (uint32_t p = 0; best && p < look->n_places && tried < MOST_STARTS; p++) {
		if (look->component[p] == best && (!out->n || look->n_steps < MOST_STEPS)) {
			if (!out->n) /* the first is found, whatever it takes */
				look->n_steps = 0;
			search_from(look, p, queue, by, from, arena, out);
			tried++;
		}
	}
}

bool depend_cycle(const struct depend *graph, unsigned kinds, bool part_rw, struct arena *arena,
	struct cycle *out)
{
	struct look look = {.graph = graph, .kinds = kinds, .part_rw = part_rw};

	*out = (struct cycle){NULL, 0};
	look.n_places = 2 * graph->n_nodes;
	look.number = arena_array(&look.arena, look.n_places + 1, sizeof(uint32_t));
	look.low = arena_array(&look.arena, look.n_places + 1, sizeof(uint32_t));
	look.component = arena_array(&look.arena, look.n_places + 1, sizeof(uint32_t));
	look.stack = arena_array(&look.arena, look.n_places + 1, sizeof(uint32_t));
	look.path = arena_array(&look.arena, look.n_places + 1, sizeof(uint32_t));
	look.next_edge = arena_array(&look.arena, look.n_places + 1, sizeof(uint32_t));
	for (uint32_t place = 0; place < look.n_places; place += 2) {
		if (!look.number[place])
			walk_from(&look, place);
	}
	find_shortest(&look, arena, out);
	arena_release(&look.arena);
	return out->n > 0;
}
