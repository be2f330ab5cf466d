/*
 * list_visible: causal and read-atomic for lists, by what a transaction must have seen.
 *
 * A transaction has seen another where it read an element of that one, or comes behind it in its process;
 * at causal also where it has seen one that had. Of whatever it has seen it must see all: no list that it
 * reads may lack an element that such a transaction appended. Lists show their order, so nothing has
 * to be guessed: it is enough that no list lacks anything, and that the order of processes, of what was seen
 * and of the lists has no cycle (G0, G1c).
 *
 * "Has seen an element at place i or beyond" is a node of its own per element, so edges are as many as
 * what was read is long at most. At causal a clock per node says how far into each process it has seen.
 */
#include "fixtures/base/arena.h"
#include "suites/judge/models/cycle.h"
#include "suites/judge/models/lists.h"

#include <stdlib.h>
#include <string.h>

#define NONE LISTS_NONE

/* An append of a process to one key; `place` is the highest so far in that process. */
struct due {
	uint32_t position, place, element;
};

struct dues {
	uint32_t process;
	struct due *items;
	size_t n;
};

struct key_dues {
	struct dues *processes;
	size_t n;
};

struct visible {
	struct lists *all;
	struct arena *arena;
	struct depend graph;
	uint32_t *places;   /* per element: 1, 2 .. in its list; NONE: nobody saw it */
	uint32_t *process;  /* per transaction, numbered */
	uint32_t *position; /* within the process, from 1 */
	uint32_t n_processes;
	uint32_t *starts,
		*of_txn;      /* elements of transaction t: of_txn[starts[t]] .. starts[t + 1] */
	uint32_t *first_read; /* per transaction: its reads stand together */
	/* Per key, while one transaction is looked at: how much of it that one read. */
	uint32_t *stamps, *n_read;
};

static void number_processes(struct visible *v)
{
	const struct past *past = v->all->past;
	uint32_t *last = arena_array(v->arena, past->n + 1, sizeof(*last));
	struct names names;

	names_init(&names, v->arena);
	for (uint32_t t = 0; t < past->n; t++) {
		struct datum *process = arena_alloc(v->arena, sizeof(*process));

		if (!v->all->committed[t])
			continue;
		*process = (struct datum){.kind = DATUM_INT, .number = past->ops[t].process};
		if (past->ops[t].ret == PAST_NEVER) { /* nothing comes behind it for sure */
			process->kind = DATUM_TEXT;
			process->text = arena_printf(v->arena, "alone %u", t);
		}
		v->process[t] = names_of(&names, process);
		v->position[t] = ++last[v->process[t]];
	}
	v->n_processes = (uint32_t)names.n;
}

static void list_elements(struct visible *v)
{
	const struct lists *all = v->all;
	uint32_t n = (uint32_t)all->past->n, *at;

	v->starts = at = arena_array(v->arena, n + 2, sizeof(*at));
	v->of_txn = arena_array(v->arena, all->n_elements + 1, sizeof(*v->of_txn));
	for (size_t e = 0; e < all->n_elements; e++)
		at[all->elements[e].txn == NONE ? 0 : all->elements[e].txn + 2] +=
			all->elements[e].txn != NONE;
	for (uint32_t t = 2; t <= n + 1; t++)
		at[t] += at[t - 1];
	for (uint32_t e = 0; e < all->n_elements; e++) {
		if (all->elements[e].txn != NONE)
			v->of_txn[at[all->elements[e].txn + 1]++] = e;
	}
}

/* Nodes behind the transactions: one per place of each list. */
static void add_seen(struct visible *v)
{
	struct lists *all = v->all;
	uint32_t *base = arena_array(v->arena, all->n_keys + 1, sizeof(*base));

	for (size_t k = 0; k < all->n_keys; k++) {
		const struct key *key = &all->keys[k];

		base[k] = v->graph.n_nodes;
		for (uint32_t i = 0; i < key->n_order; i++) {
			uint32_t e = key->order[i], node = v->graph.n_nodes++;

			v->places[e] = i + 1;
			depend_add(
				&v->graph, (struct edge){all->elements[e].txn, node, EDGE_WR, e});
			if (!i)
				continue;
			depend_add(&v->graph, (struct edge){node - 1, node, EDGE_WR, e});
			depend_add(&v->graph,
				(struct edge){all->elements[key->order[i - 1]].txn,
					all->elements[e].txn, EDGE_WW, e});
		}
	}
	for (size_t r = 0; r < all->n_reads; r++) {
		const struct list_read *read = &all->reads[r];
		uint32_t n = read->n - read->n_own;

		if (n)
			depend_add(&v->graph,
				(struct edge){base[read->key] + n - 1, read->txn, EDGE_WR,
					read->elements[n - 1]});
	}
}

static void prepare(struct visible *v, struct lists *all)
{
	size_t n = all->past->n;

	*v = (struct visible){.all = all, .arena = all->arena};
	v->graph.arena = all->arena;
	v->graph.n_nodes = (uint32_t)n;
	v->places = arena_array(v->arena, all->n_elements + 1, sizeof(*v->places));
	memset(v->places, 0xff, all->n_elements * sizeof(*v->places));
	v->process = arena_array(v->arena, n + 1, sizeof(*v->process));
	v->position = arena_array(v->arena, n + 1, sizeof(*v->position));
	v->first_read = arena_array(v->arena, n + 2, sizeof(*v->first_read));
	v->stamps = arena_array(v->arena, all->n_keys + 1, sizeof(*v->stamps));
	v->n_read = arena_array(v->arena, all->n_keys + 1, sizeof(*v->n_read));
	for (size_t r = 0; r < all->n_reads; r++)
		v->first_read[all->reads[r].txn + 1] = (uint32_t)r + 1;
	for (size_t t = 1; t <= n; t++) {
		if (v->first_read[t] < v->first_read[t - 1])
			v->first_read[t] = v->first_read[t - 1];
	}
	number_processes(v);
	list_elements(v);
	add_seen(v);
	lists_add_processes(all, &v->graph);
	depend_seal(&v->graph);
}

/* The shortest way from one transaction to the other by what was seen, and back since an element lacks. */
static void convict(struct visible *v, uint32_t from, uint32_t to, uint32_t element)
{
	const struct depend *graph = &v->graph;
	const struct edge **by = arena_array(v->arena, graph->n_nodes + 1, sizeof(*by));
	uint32_t *queue = arena_array(v->arena, graph->n_nodes + 1, sizeof(*queue)), n = 0;
	struct edge *back = arena_alloc(v->arena, sizeof(*back));
	struct cycle cycle = {NULL, 1};
	size_t at;

	queue[n++] = from;
	for (uint32_t q = 0; q < n && !by[to]; q++) {
		for (uint32_t e = graph->starts[queue[q]]; e < graph->starts[queue[q] + 1]; e++) {
			const struct edge *edge = &graph->edges[e];

			if (edge->kind == EDGE_WW || by[edge->to] || edge->to == from)
				continue;
			by[edge->to] = edge;
			queue[n++] = edge->to;
		}
	}
	for (uint32_t node = to; node != from; node = by[node]->from)
		cycle.n++;
	*back = (struct edge){to, from, EDGE_RW, element};
	cycle.edges = arena_array(v->arena, cycle.n, sizeof(*cycle.edges));
	at = cycle.n;
	cycle.edges[--at] = back;
	for (uint32_t node = to; node != from; node = by[node]->from)
		cycle.edges[--at] = by[node];
	lists_convict_cycle(v->all,
		v->all->level->way == LISTS_ATOMIC ? "not read-atomic (fractured read)"
						   : "not causal",
		&cycle);
}

static bool lacks(const struct visible *v, uint32_t t, uint32_t element)
{
	uint32_t key = v->all->elements[element].key;

	return v->stamps[key] == t + 1 && v->places[element] > v->n_read[key];
}

/* t has seen `source`: true, and convicted, where it lacks something of that. */
static bool lacks_of(struct visible *v, uint32_t t, uint32_t source)
{
	if (source == t)
		return false;
	for (uint32_t i = v->starts[source]; i < v->starts[source + 1]; i++) {
		if (!lacks(v, t, v->of_txn[i]))
			continue;
		convict(v, source, t, v->of_txn[i]);
		return true;
	}
	return false;
}

static void note_reads(struct visible *v, uint32_t t)
{
	for (uint32_t r = v->first_read[t]; r < v->first_read[t + 1]; r++) {
		const struct list_read *read = &v->all->reads[r];

		v->stamps[read->key] = t + 1;
		v->n_read[read->key] = read->n - read->n_own;
	}
}

/* Of everything that a process did to each key: what its later transactions must have. */
static struct key_dues *list_dues(struct visible *v)
{
	struct lists *all = v->all;
	struct key_dues *keys = arena_array(v->arena, all->n_keys + 1, sizeof(*keys));
	uint32_t *slot = arena_array(v->arena, all->n_keys + 1, sizeof(*slot));
	uint32_t *last = arena_array(v->arena, v->n_processes + 1, sizeof(*last));
	uint32_t *next = arena_array(v->arena, all->past->n + 1, sizeof(*next));
	uint32_t *first = arena_array(v->arena, v->n_processes + 1, sizeof(*first));

	for (uint32_t t = 0; t < all->past->n; t++) {
		if (!all->committed[t])
			continue;
		if (last[v->process[t]])
			next[last[v->process[t]] - 1] = t + 1;
		else
			first[v->process[t]] = t + 1;
		last[v->process[t]] = t + 1;
	}
	for (uint32_t p = 0; p < v->n_processes; p++) {
		for (uint32_t t = first[p]; t; t = next[t - 1]) {
			for (uint32_t i = v->starts[t - 1]; i < v->starts[t]; i++) {
				uint32_t e = v->of_txn[i], k = all->elements[e].key;
				struct due due = {v->position[t - 1], v->places[e], e};
				struct dues *dues;

				if (slot[k] != p + 1) {
					slot[k] = p + 1;
					*ARENA_PUSH(v->arena, keys[k].processes, keys[k].n) =
						(struct dues){.process = p};
				}
				dues = &keys[k].processes[keys[k].n - 1];
				if (dues->n && dues->items[dues->n - 1].place > due.place) {
					due.place = dues->items[dues->n - 1].place;
					due.element = dues->items[dues->n - 1].element;
				}
				*ARENA_PUSH(v->arena, dues->items, dues->n) = due;
			}
		}
	}
	return keys;
}

/* What t must have of a process up to a position lacks in one of its reads. */
static bool lacks_due(struct visible *v, uint32_t t, const struct dues *dues, uint32_t position)
{
	size_t low = 0, high = dues->n;
	const struct due *due;

	while (low < high) { /* the first beyond the position */
		size_t middle = low + (high - low) / 2;

		if (dues->items[middle].position <= position)
			low = middle + 1;
		else
			high = middle;
	}
	due = low ? &dues->items[low - 1] : NULL;
	if (!due || v->all->elements[due->element].txn == t || !lacks(v, t, due->element))
		return false;
	convict(v, v->all->elements[due->element].txn, t, due->element);
	return true;
}

static void look_atomic(struct visible *v)
{
	struct key_dues *keys = list_dues(v);
	struct lists *all = v->all;

	for (uint32_t t = 0; t < all->past->n; t++) {
		note_reads(v, t);
		for (uint32_t r = v->first_read[t]; r < v->first_read[t + 1]; r++) {
			const struct list_read *read = &all->reads[r];

			for (uint32_t i = 0; i < read->n - read->n_own; i++) {
				if (lacks_of(v, t, all->elements[read->elements[i]].txn))
					return;
			}
			for (size_t p = 0; p < keys[read->key].n; p++) {
				const struct dues *dues = &keys[read->key].processes[p];

				if (dues->process == v->process[t] &&
					lacks_due(v, t, dues, v->position[t] - 1))
					return;
			}
		}
	}
}

/* In an order that processes and what was seen allow, clocks join along the edges. */
static void fill_clocks(struct visible *v, uint32_t *clocks)
{
	const struct depend *graph = &v->graph;
	uint32_t *missing = arena_array(v->arena, graph->n_nodes + 1, sizeof(*missing));
	uint32_t *order = arena_array(v->arena, graph->n_nodes + 1, sizeof(*order)), n = 0;
	size_t width = v->n_processes;

	for (size_t e = 0; e < graph->n_edges; e++)
		missing[graph->edges[e].to] += graph->edges[e].kind != EDGE_WW;
	for (uint32_t node = 0; node < graph->n_nodes; node++) {
		if (!missing[node])
			order[n++] = node;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t *own = clocks + order[i] * width;

		for (uint32_t e = graph->starts[order[i]]; e < graph->starts[order[i] + 1]; e++) {
			const struct edge *edge = &graph->edges[e];
			uint32_t *other = clocks + edge->to * width;

			if (edge->kind == EDGE_WW)
				continue;
			for (size_t p = 0; p < width; p++)
				other[p] = own[p] > other[p] ? own[p] : other[p];
			if (order[i] < v->all->past->n &&
				v->position[order[i]] > other[v->process[order[i]]])
				other[v->process[order[i]]] = v->position[order[i]];
			if (!--missing[edge->to])
				order[n++] = edge->to;
		}
	}
}

static void look_causal(struct visible *v, size_t limit_bytes)
{
	size_t words = (size_t)v->graph.n_nodes * v->n_processes;
	struct lists *all = v->all;
	struct key_dues *keys = list_dues(v);
	uint32_t *clocks = limit_bytes && words > limit_bytes / sizeof(*clocks) / 2
		? NULL
		: calloc(words + 1, sizeof(*clocks));

	if (!clocks) {
		all->out->finding = FINDING_UNDECIDED;
		buf_puts(&all->out->reason,
			"the clocks of all transactions need more memory than allowed");
		return;
	}
	fill_clocks(v, clocks);
	for (uint32_t t = 0; t < all->past->n && all->out->finding == FINDING_VALID; t++) {
		note_reads(v, t);
		for (uint32_t r = v->first_read[t]; r < v->first_read[t + 1]; r++) {
			const struct key_dues *key = &keys[all->reads[r].key];

			for (size_t p = 0; p < key->n && all->out->finding == FINDING_VALID; p++)
				lacks_due(v, t, &key->processes[p],
					clocks[(size_t)t * v->n_processes +
						key->processes[p].process]);
		}
	}
	free(clocks);
}

void lists_judge_visible(struct lists *all, size_t limit_bytes)
{
	struct visible v;
	struct cycle cycle;

	prepare(&v, all);
	if (depend_cycle(&v.graph, EDGE(WW) | EDGE(PROCESS), false, all->arena, &cycle) ||
		depend_cycle(&v.graph, ~0u, false, all->arena, &cycle))
		lists_convict_cycle(all, cycle_name(&cycle, false), &cycle);
	else if (all->level->way == LISTS_ATOMIC)
		look_atomic(&v);
	else
		look_causal(&v, limit_bytes);
}
