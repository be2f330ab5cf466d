/* serial: what follows from what, in a closure of bits, until nothing new does. */
#include "suites/judge/models/serial.h"

#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "suites/judge/models/cycle.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ROUNDS 64
#define MOST_LOOKS 50000000 /* pairs of a read and another writer, per round */

/* reader read to_version; other wrote the key as well. */
struct inferred {
	uint32_t reader, other, version;
};

struct serial {
	struct txns *all;
	const struct serial_level *level;
	struct depend graph;
	struct inferred *inferred;
	size_t n_inferred;
	struct {
		uint32_t *txns;
		size_t n;
	} * writers;     /* per key */
	uint64_t *reach; /* per node: who can be reached */
	size_t words;
	uint64_t deadline_ns;
	size_t n_looks;
	struct wish *wishes; /* n - 1 */
};

/* What many others must come behind is best tried first. */
struct wish {
	uint32_t txn, n_behind;
};

static void add_given(struct serial *it)
{
	struct txns *all = it->all;

	for (uint32_t t = 1; t < all->n; t++) {
		const struct txn *txn = &all->txns[t];

		if (it->level->order & EDGE(PROCESS) && txn->before != TXN_NONE)
			depend_add(&it->graph, (struct edge){txn->before, t, EDGE_PROCESS, 0});
		for (uint32_t r = 0; r < txn->n_reads; r++) {
			if (txn->reads[r].writer != TXN_BEGINNING)
				depend_add(&it->graph,
					(struct edge){txn->reads[r].writer, t, EDGE_WR,
						txn->reads[r].version});
		}
		for (uint32_t w = 0; w < txn->n_writes; w++)
			*ARENA_PUSH(all->arena, it->writers[txn->writes[w].key].txns,
				it->writers[txn->writes[w].key].n) = t;
	}
}

/* Under snapshot isolation an rw edge does not order whole transactions. */
static bool orders(const struct serial *it, const struct edge *edge)
{
	return !it->level->is_snapshot || edge->kind != EDGE_RW;
}

/* Who can be reached from each node; the graph has no cycle. False where it takes too much. */
static bool close_graph(struct serial *it)
{
	uint32_t n = it->graph.n_nodes, *missing, *order, n_order = 0;

	missing = arena_array(it->all->arena, n + 1, sizeof(*missing));
	order = arena_array(it->all->arena, n + 1, sizeof(*order));
	for (size_t e = 0; e < it->graph.n_edges; e++)
		missing[it->graph.edges[e].to] += orders(it, &it->graph.edges[e]);
	for (uint32_t v = 0; v < n; v++) {
		if (!missing[v])
			order[n_order++] = v;
	}
	for (uint32_t i = 0; i < n_order; i++) {
		for (uint32_t e = it->graph.starts[order[i]]; e < it->graph.starts[order[i] + 1];
			e++) {
			if (orders(it, &it->graph.edges[e]) && !--missing[it->graph.edges[e].to])
				order[n_order++] = it->graph.edges[e].to;
		}
	}
	memset(it->reach, 0, (size_t)n * it->words * sizeof(*it->reach));
	for (uint32_t i = n_order; i-- > 0;) {
		uint64_t *row = it->reach + (size_t)order[i] * it->words;

		for (uint32_t e = it->graph.starts[order[i]]; e < it->graph.starts[order[i] + 1];
			e++) {
			uint32_t to = it->graph.edges[e].to;
			const uint64_t *other = it->reach + (size_t)to * it->words;

			if (!orders(it, &it->graph.edges[e]))
				continue;
			if (to < it->all->n)
				row[to / 64] |= UINT64_C(1) << to % 64;
			for (size_t w = 0; w < it->words; w++)
				row[w] |= other[w];
		}
		if (it->deadline_ns && i % 256 == 0 && clock_now_ns() > it->deadline_ns)
			return false;
	}
	return n_order == n;
}

static bool reaches(const struct serial *it, uint32_t from, uint32_t to)
{
	return it->reach[(size_t)from * it->words + to / 64] >> to % 64 & 1;
}

static bool infer(
	struct serial *it, uint32_t from, uint32_t to, enum edge_kind kind, struct inferred why)
{
	if (from == to || (from != TXN_BEGINNING && reaches(it, from, to)))
		return false;
	*ARENA_PUSH(it->all->arena, it->inferred, it->n_inferred) = why;
	depend_add(&it->graph, (struct edge){from, to, kind, (uint32_t)it->n_inferred - 1});
	return true;
}

static bool infer_from_read(
	struct serial *it, uint32_t t, const struct txn_read *read, unsigned kinds)
{
	bool any = false;

	for (size_t i = 0; i < it->writers[read->key].n; i++) {
		uint32_t other = it->writers[read->key].txns[i];
		struct inferred why = {t, other, read->version};

		it->n_looks++;
		if (other == t || other == read->writer)
			continue;
		if (kinds & EDGE(RW) &&
			(read->writer == TXN_BEGINNING || reaches(it, read->writer, other)))
			any |= infer(it, t, other, EDGE_RW, why);
		if (kinds & EDGE(WW) && read->writer != TXN_BEGINNING && reaches(it, other, t))
			any |= infer(it, other, read->writer, EDGE_WW, why);
	}
	return any;
}

static bool infer_all(struct serial *it, unsigned kinds)
{
	bool any = false;

	it->n_looks = 0;
	for (uint32_t t = 1; t < it->all->n && it->n_looks < MOST_LOOKS; t++) {
		for (uint32_t r = 0; r < it->all->txns[t].n_reads; r++)
			any |= infer_from_read(it, t, &it->all->txns[t].reads[r], kinds);
	}
	return any;
}

static const char *explain(void *context, const struct edge *edge, uint32_t to)
{
	const struct serial *it = context;
	struct txns *all = it->all;
	const struct inferred *why;
	const char *version;

	(void)to;
	if (edge->kind == EDGE_PROCESS)
		return "by the order of their process";
	if (edge->kind == EDGE_REALTIME)
		return "which was called after it had returned";
	if (edge->kind == EDGE_WR)
		return arena_printf(
			all->arena, "which read its %s", txns_version_name(all, edge->element));
	why = &it->inferred[edge->element];
	version = txns_version_name(all, why->version);
	if (edge->kind == EDGE_RW)
		return arena_printf(all->arena, "which replaced %s that it read (%s)", version,
			all->versions[why->version].writer == TXN_BEGINNING
				? "from the beginning"
				: "its writer came earlier still");
	judgement_show(all->arena, all->out, all->txns[why->reader].op, "came after both");
	return arena_printf(all->arena,
		"since %s, which came behind it, read %s: that is the later one",
		op_phrase(all->arena, all->txns[why->reader].op), version);
}

static bool convict(struct serial *it)
{
	static const unsigned kinds[] = {EDGE(WW), EDGE(WW) | EDGE(WR),
		EDGE(WW) | EDGE(WR) | EDGE(RW), EDGE(WW) | EDGE(WR) | EDGE(RW)};
	struct txns *all = it->all;
	const struct past_op **ops = arena_array(all->arena, all->n, sizeof(*ops));
	struct cycle_teller teller = {all->arena, ops, all->n, explain, it};
	struct cycle cycle;
	int last = it->level->is_snapshot ? 2 : 3;

	for (uint32_t t = 0; t < all->n; t++)
		ops[t] = all->txns[t].op;
	for (int s = 0; s <= last; s++) {
		if (!depend_cycle(
			    &it->graph, kinds[s] | it->level->order, s == 2, all->arena, &cycle))
			continue;
		cycle_convict(&teller, cycle_name(&cycle, s == 2), &cycle, all->out);
		return true;
	}
	return false;
}

/* Two that read one version and replaced it. */
static bool has_lost_update(struct serial *it)
{
	struct txns *all = it->all;
	uint32_t *updater = arena_array(all->arena, all->n_versions + 1, sizeof(*updater));
	uint32_t *first = arena_array(all->arena, all->keys.n + 1, sizeof(*first));

	for (uint32_t t = 1; t < all->n; t++) {
		for (uint32_t r = 0; r < all->txns[t].n_reads; r++) {
			const struct txn_read *read = &all->txns[t].reads[r];
			uint32_t *by = read->writer == TXN_BEGINNING ? &first[read->key]
								     : &updater[read->version];

			if (!txn_find_write(&all->txns[t], read->key) || *by == t)
				continue;
			if (!*by) {
				*by = t;
				continue;
			}
			all->out->finding = FINDING_VIOLATED;
			judgement_show(
				all->arena, all->out, all->txns[*by].op, "read and replaced it");
			judgement_show(all->arena, all->out, all->txns[t].op, "so did this");
			buf_printf(&all->out->reason,
				"G-single (lost update): %s and %s read the same version of a key, and "
				"both replaced it",
				op_phrase(all->arena, all->txns[*by].op),
				op_phrase(all->arena, all->txns[t].op));
			return true;
		}
	}
	return false;
}

static void give_up(struct serial *it, const char *why)
{
	it->all->out->finding = FINDING_UNDECIDED;
	buf_printf(&it->all->out->reason,
		"no contradiction was found, but no order that explains all %u "
		"transactions either: %s",
		it->all->n - 1, why);
}

static int by_behind(const void *a, const void *b)
{
	const struct wish *x = a, *y = b;

	if (x->n_behind != y->n_behind)
		return x->n_behind > y->n_behind ? -1 : 1;
	return x->txn < y->txn ? -1 : x->txn > y->txn;
}

static void make_wishes(struct serial *it)
{
	for (uint32_t t = 1; t < it->all->n; t++) {
		struct wish *wish = &it->wishes[t - 1];

		*wish = (struct wish){.txn = t};
		for (size_t w = 0; it->reach && w < it->words; w++)
			wish->n_behind += (uint32_t)__builtin_popcountll(
				it->reach[(size_t)t * it->words + w]);
	}
	qsort(it->wishes, it->all->n - 1, sizeof(*it->wishes), by_behind);
}

static bool find_order(struct serial *it)
{
	uint32_t *wish = arena_array(it->all->arena, it->all->n, sizeof(*wish));

	for (uint32_t i = 0; i + 1 < it->all->n; i++)
		wish[i] = it->wishes[i].txn;
	return serial_find_order(it->all, &it->graph, wish, it->deadline_ns);
}

/*
 * Draws what follows until nothing new does; false: convicted. Under snapshot isolation rw edges lead
 * nowhere further, so they are drawn once, at the end.
 */
static bool saturate(struct serial *it, size_t limit_bytes)
{
	unsigned kinds = EDGE(WW) | (it->level->is_snapshot ? 0 : EDGE(RW));
	uint32_t n = it->graph.n_nodes;

	depend_seal(&it->graph);
	if (convict(it))
		return false;
	it->words = (it->all->n + 63) / 64;
	if (limit_bytes && (size_t)n * it->words * sizeof(uint64_t) > limit_bytes / 2) {
		make_wishes(it);
		return true;
	}
	it->reach = calloc((size_t)n * it->words + 1, sizeof(*it->reach));
	for (int round = 0; it->reach && round < MOST_ROUNDS && close_graph(it); round++) {
		bool any = infer_all(it, kinds);

		if (!any && kinds == EDGE(WW))
			any = infer_all(it, kinds = EDGE(RW));
		if (!any)
			break;
		depend_seal(&it->graph);
		if (convict(it) || kinds == EDGE(RW))
			break;
	}
	make_wishes(it);
	free(it->reach);
	return it->all->out->finding != FINDING_VIOLATED;
}

static void prepare(struct serial *it, struct txns *all, const struct serial_level *level,
	const struct model_options *options)
{
	*it = (struct serial){.all = all, .level = level};
	if (options->limit_ns)
		it->deadline_ns = clock_now_ns() + options->limit_ns;
	it->graph.arena = all->arena;
	it->graph.n_nodes = all->n;
	it->writers = arena_array(all->arena, all->keys.n + 1, sizeof(*it->writers));
	it->wishes = arena_array(all->arena, all->n, sizeof(*it->wishes));
	add_given(it);
	if (level->order & EDGE(REALTIME)) {
		const struct past_op **ops = arena_array(all->arena, all->n, sizeof(*ops));

		for (uint32_t t = 0; t < all->n; t++)
			ops[t] = all->txns[t].op;
		depend_add_realtime(&it->graph, ops, all->n);
	}
}

/* Is there a serial order? Snapshot isolation allows each of those, and what follows from asking for one
 * leads to it much sooner than what snapshot isolation says of them. */
static bool has_serial_order(
	struct txns *all, const struct serial_level *level, const struct model_options *options)
{
	struct judgement *out = all->out, aside = {0};
	struct serial_level serial = *level;
	struct serial it;
	bool found;

	serial.is_snapshot = false;
	all->out = &aside;
	prepare(&it, all, &serial, options);
	found = saturate(&it, options->limit_bytes) && find_order(&it);
	judgement_release(&aside);
	all->out = out;
	return found;
}

void serial_judge(
	struct txns *all, const struct serial_level *level, const struct model_options *options)
{
	struct serial it;

	prepare(&it, all, level, options);
	if ((level->is_snapshot && has_lost_update(&it)) || !saturate(&it, options->limit_bytes))
		return;
	if (level->is_snapshot && !has_serial_order(all, level, options))
		give_up(&it, "it is not known to be serializable");
	else if (!level->is_snapshot && !find_order(&it))
		give_up(&it, "time, steps or memory ran out");
}
