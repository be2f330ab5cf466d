/*
 * serial_order: look for a serial order, by depth-first search that hardly ever has to turn back.
 *
 * What only reads, and can, is taken at once: that costs nothing. What writes waits until all
 * readers of the versions that it replaces are through.
 */
#include "suites/judge/models/serial.h"

#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"

#define MOST_STEPS 50000000
#define LOOK_AT_CLOCK 65536

struct undo {
	uint32_t key, writer;
};

struct step_taken {
	uint32_t txn, place; /* place: in the order wished for */
	uint32_t next;       /* the first place to be tried instead; n: none */
	size_t n_undo;       /* of the stack, before it */
};

struct order {
	const struct txns *all;
	const struct depend *graph;
	const uint32_t *wish;
	struct arena arena;
	uint32_t *missing; /* per node: edges into it from what is not done */
	bool *done;
	uint32_t *current;      /* per key: the transaction that wrote what it holds */
	uint32_t *waiting;      /* per version: readers that are not done */
	uint32_t *waiting_none; /* per key: readers of the beginning that are not done */
	struct undo *undo;
	size_t n_undo;
	struct step_taken *taken;
	uint32_t n_taken, first_open;
	uint64_t n_steps;
};

static uint32_t *waiting_for(struct order *it, uint32_t key, uint32_t writer)
{
	const struct txn_write *write;

	if (writer == TXN_BEGINNING)
		return &it->waiting_none[key];
	write = txn_find_write(&it->all->txns[writer], key);
	return &it->waiting[write->version];
}

static uint32_t own_reads_of(const struct txn *txn, uint32_t key)
{
	uint32_t n = 0;

	for (uint32_t r = 0; r < txn->n_reads; r++)
		n += txn->reads[r].key == key;
	return n;
}

static bool can_run(struct order *it, uint32_t t)
{
	const struct txn *txn = &it->all->txns[t];

	if (it->done[t] || it->missing[t])
		return false;
	for (uint32_t r = 0; r < txn->n_reads; r++) {
		if (it->current[txn->reads[r].key] != txn->reads[r].writer)
			return false;
	}
	for (uint32_t w = 0; w < txn->n_writes; w++) {
		uint32_t key = txn->writes[w].key;

		if (*waiting_for(it, key, it->current[key]) != own_reads_of(txn, key))
			return false;
	}
	return true;
}

/* Instants of real time pass by themselves as soon as nothing is missing. */
static void pass_edges(struct order *it, uint32_t node, int by)
{
	for (uint32_t e = it->graph->starts[node]; e < it->graph->starts[node + 1]; e++) {
		uint32_t to = it->graph->edges[e].to;
		bool was_open = !it->missing[to];

		it->missing[to] += (uint32_t)by;
		if (to >= it->all->n && was_open != !it->missing[to])
			pass_edges(it, to, by);
	}
}

static void run(struct order *it, uint32_t place, uint32_t next)
{
	uint32_t t = it->wish[place];
	const struct txn *txn = &it->all->txns[t];

	it->taken[it->n_taken++] = (struct step_taken){t, place, next, it->n_undo};
	for (uint32_t r = 0; r < txn->n_reads; r++)
		--*waiting_for(it, txn->reads[r].key, txn->reads[r].writer);
	for (uint32_t w = 0; w < txn->n_writes; w++) {
		uint32_t key = txn->writes[w].key;

		it->undo[it->n_undo++] = (struct undo){key, it->current[key]};
		it->current[key] = t;
	}
	it->done[t] = true;
	pass_edges(it, t, -1);
}

static struct step_taken take_back(struct order *it)
{
	struct step_taken step = it->taken[--it->n_taken];
	const struct txn *txn = &it->all->txns[step.txn];

	pass_edges(it, step.txn, 1);
	it->done[step.txn] = false;
	while (it->n_undo > step.n_undo) {
		it->n_undo--;
		it->current[it->undo[it->n_undo].key] = it->undo[it->n_undo].writer;
	}
	for (uint32_t r = 0; r < txn->n_reads; r++)
		++*waiting_for(it, txn->reads[r].key, txn->reads[r].writer);
	if (step.place < it->first_open)
		it->first_open = step.place;
	return step;
}

/*
 * The place of the next that can run, from place `from` on; one that only reads is preferred and has
 * no alternative. n: none.
 */
static uint32_t choose(struct order *it, uint32_t from, uint32_t *next)
{
	uint32_t n = it->all->n - 1, chosen = n;

	while (it->first_open < n && it->done[it->wish[it->first_open]])
		it->first_open++;
	for (uint32_t i = it->first_open; i < n; i++) {
		bool only_reads = !it->all->txns[it->wish[i]].n_writes;

		it->n_steps++;
		if (only_reads ? from > 0 : chosen < n || i < from)
			continue; /* reads were looked for when this depth was reached */
		if (!can_run(it, it->wish[i]))
			continue;
		chosen = i;
		*next = only_reads ? n : i + 1;
		if (only_reads)
			break;
	}
	return chosen;
}

static void set_up(struct order *it)
{
	const struct txns *all = it->all;
	uint32_t n_nodes = it->graph->n_nodes;
	size_t n_writes = 0;

	it->missing = arena_array(&it->arena, n_nodes + 1, sizeof(*it->missing));
	it->done = arena_array(&it->arena, all->n + 1, sizeof(*it->done));
	it->current = arena_array(&it->arena, all->keys.n + 1, sizeof(*it->current));
	it->waiting = arena_array(&it->arena, all->n_versions + 1, sizeof(*it->waiting));
	it->waiting_none = arena_array(&it->arena, all->keys.n + 1, sizeof(*it->waiting_none));
	it->taken = arena_array(&it->arena, all->n + 1, sizeof(*it->taken));
	for (size_t e = 0; e < it->graph->n_edges; e++)
		it->missing[it->graph->edges[e].to]++;
	for (uint32_t t = 1; t < all->n; t++) {
		n_writes += all->txns[t].n_writes;
		for (uint32_t r = 0; r < all->txns[t].n_reads; r++)
			++*waiting_for(it, all->txns[t].reads[r].key, all->txns[t].reads[r].writer);
	}
	it->undo = arena_array(&it->arena, n_writes + 1, sizeof(*it->undo));
}

bool serial_find_order(const struct txns *all, const struct depend *graph, const uint32_t *wish,
	uint64_t deadline_ns)
{
	struct order it = {.all = all, .graph = graph, .wish = wish};
	uint32_t from = 0, n = all->n - 1;
	uint64_t looked = 0;
	bool found;

	set_up(&it);
	while (it.n_taken < n && it.n_steps < MOST_STEPS) {
		uint32_t next = n, place = choose(&it, from, &next);

		if (deadline_ns && it.n_steps - looked > LOOK_AT_CLOCK) {
			looked = it.n_steps;
			if (clock_now_ns() > deadline_ns)
				break;
		}
		if (place < n) {
			run(&it, place, next);
			from = 0;
			continue;
		}
		do { /* back to where something else can be tried */
			if (!it.n_taken)
				goto out;
			from = take_back(&it).next;
		} while (from >= n);
	}
out:
	found = it.n_taken == n;
	arena_release(&it.arena);
	return found;
}
