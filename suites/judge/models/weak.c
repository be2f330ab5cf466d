/* weak: the forced edges of each level, then a cycle or none. */
#include "suites/judge/models/weak.h"

#include "fixtures/base/arena.h"
#include "suites/judge/models/cycle.h"

#include <stdlib.h>
#include <string.h>

/* Why from came before to: reader knew of it, and read what the other wrote. */
struct forced {
	uint32_t reader, from_version, to_version;
};

struct weak {
	struct txns *all;
	enum weak_level level;
	struct depend graph;
	struct forced *forced; /* by element of a WW edge */
	size_t n_forced;
	/* Per key, while one transaction or session is looked at: stamp, and what it stands for. */
	uint32_t *stamps, *there;
	uint32_t *known; /* per transaction: the reader that was last seen to know it */
};

/* from wrote the key as well, and reader, who knew of it, read to's. */
static void force(struct weak *weak, uint32_t from, uint32_t to, uint32_t reader, uint32_t key,
	uint32_t to_version)
{
	const struct txn_write *write = txn_find_write(&weak->all->txns[from], key);
	uint32_t element = (uint32_t)weak->n_forced;

	if (from == to || from == TXN_BEGINNING || from == reader)
		return;
	*ARENA_PUSH(weak->all->arena, weak->forced, weak->n_forced) =
		(struct forced){reader, write->version, to_version};
	depend_add(&weak->graph, (struct edge){from, to, EDGE_WW, element});
	if (to == TXN_BEGINNING)
		depend_add(&weak->graph, (struct edge){to, from, EDGE_BEGINNING, 0});
}

static void add_given(struct weak *weak)
{
	struct txns *all = weak->all;

	for (uint32_t t = 1; t < all->n; t++) {
		const struct txn *txn = &all->txns[t];

		if (txn->before != TXN_NONE)
			depend_add(&weak->graph, (struct edge){txn->before, t, EDGE_PROCESS, 0});
		for (uint32_t r = 0; r < txn->n_reads; r++) {
			if (txn->reads[r].writer != TXN_BEGINNING)
				depend_add(&weak->graph,
					(struct edge){txn->reads[r].writer, t, EDGE_WR,
						txn->reads[r].version});
		}
	}
}

/*
 * Backwards through the reads: behind each of them stands, per key, the next read. Of several reads
 * of one key only the next is needed, since each of them forces the one after it.
 */
static void force_committed(struct weak *weak, uint32_t t)
{
	struct txns *all = weak->all;
	const struct txn *txn = &all->txns[t];

	for (uint32_t r = txn->n_reads; r-- > 0;) {
		const struct txn_read *read = &txn->reads[r];
		const struct txn *source = &all->txns[read->writer];
		bool is_few = source->n_writes < txn->n_reads - r;

		for (uint32_t w = 0; is_few && w < source->n_writes; w++) {
			uint32_t key = source->writes[w].key;

			if (weak->stamps[key] == t)
				force(weak, read->writer, txn->reads[weak->there[key]].writer, t,
					key, txn->reads[weak->there[key]].version);
		}
		for (uint32_t later = r + 1; !is_few && later < txn->n_reads; later++) {
			const struct txn_read *next = &txn->reads[later];

			if (weak->there[next->key] == later && txn_find_write(source, next->key))
				force(weak, read->writer, next->writer, t, next->key,
					next->version);
		}
		weak->stamps[read->key] = t;
		weak->there[read->key] = r;
	}
}

/* What t read from is known to it as a whole. */
static void force_from_sources(struct weak *weak, uint32_t t)
{
	struct txns *all = weak->all;
	const struct txn *txn = &all->txns[t];

	for (uint32_t r = 0; r < txn->n_reads; r++) {
		uint32_t source = txn->reads[r].writer;

		if (weak->known[source] == t)
			continue;
		weak->known[source] = t;
		for (uint32_t x = 0; x < txn->n_reads; x++) {
			const struct txn_read *read = &txn->reads[x];

			if (txn_find_write(&all->txns[source], read->key))
				force(weak, source, read->writer, t, read->key, read->version);
		}
	}
}

/* And so is what came before it in its session: the last writer of each key. */
static void force_from_session(struct weak *weak, uint32_t first, const uint32_t *next)
{
	struct txns *all = weak->all;

	for (uint32_t t = first; t; t = next[t]) {
		const struct txn *txn = &all->txns[t];

		for (uint32_t r = 0; r < txn->n_reads; r++) {
			const struct txn_read *read = &txn->reads[r];

			if (weak->stamps[read->key] == first)
				force(weak, weak->there[read->key], read->writer, t, read->key,
					read->version);
		}
		for (uint32_t w = 0; w < txn->n_writes; w++) {
			weak->stamps[txn->writes[w].key] = first;
			weak->there[txn->writes[w].key] = t;
		}
	}
}

static void force_atomic(struct weak *weak)
{
	struct txns *all = weak->all;
	uint32_t *next = arena_array(all->arena, all->n + 1, sizeof(*next));

	for (uint32_t t = 1; t < all->n; t++) {
		force_from_sources(weak, t);
		if (all->txns[t].before != TXN_NONE)
			next[all->txns[t].before] = t;
	}
	for (uint32_t t = 1; t < all->n; t++) {
		if (all->txns[t].before == TXN_NONE)
			force_from_session(weak, t, next);
	}
}

/* Writers of one key in one session, in its order. */
struct writers {
	uint32_t session;
	uint32_t *txns;
	size_t n;
};

struct key_writers {
	struct writers *sessions;
	size_t n;
};

static struct key_writers *list_writers(struct txns *all)
{
	struct key_writers *keys = arena_array(all->arena, all->keys.n + 1, sizeof(*keys));
	uint32_t *first = arena_array(all->arena, all->n_sessions + 1, sizeof(*first));
	uint32_t *next = arena_array(all->arena, all->n + 1, sizeof(*next));

	for (uint32_t t = 1; t < all->n; t++) {
		if (all->txns[t].before == TXN_NONE)
			first[all->txns[t].session] = t;
		else
			next[all->txns[t].before] = t;
	}
	for (uint32_t s = 0; s < all->n_sessions; s++) {
		for (uint32_t t = first[s]; t; t = next[t]) {
			for (uint32_t w = 0; w < all->txns[t].n_writes; w++) {
				struct key_writers *key = &keys[all->txns[t].writes[w].key];

				if (!key->n || key->sessions[key->n - 1].session != s)
					*ARENA_PUSH(all->arena, key->sessions, key->n) =
						(struct writers){.session = s};
				*ARENA_PUSH(all->arena, key->sessions[key->n - 1].txns,
					key->sessions[key->n - 1].n) = t;
			}
		}
	}
	return keys;
}

/* Joins what is known at `from`, and from itself, to a clock. */
static void join(const struct txns *all, uint32_t *clocks, uint32_t from, uint32_t *clock)
{
	const uint32_t *other = clocks + (size_t)from * all->n_sessions;
	const struct txn *txn = &all->txns[from];

	for (uint32_t s = 0; s < all->n_sessions; s++)
		clock[s] = other[s] > clock[s] ? other[s] : clock[s];
	if (txn->position > clock[txn->session])
		clock[txn->session] = txn->position;
}

/* Does it lead there by sessions and reads alone? Then that says it already. */
static bool is_known(const struct txns *all, const uint32_t *clocks, uint32_t from, uint32_t to)
{
	const struct txn *txn = &all->txns[from];

	return to != TXN_BEGINNING &&
		clocks[(size_t)to * all->n_sessions + txn->session] >= txn->position;
}

static void force_by_clock(
	struct weak *weak, const struct key_writers *keys, uint32_t t, const uint32_t *clocks)
{
	struct txns *all = weak->all;
	const struct txn *txn = &all->txns[t];
	const uint32_t *clock = clocks + (size_t)t * all->n_sessions;

	for (uint32_t r = 0; r < txn->n_reads; r++) {
		const struct txn_read *read = &txn->reads[r];

		for (size_t i = 0; i < keys[read->key].n; i++) {
			const struct writers *writers = &keys[read->key].sessions[i];
			size_t low = 0, high = writers->n;

			while (low < high) { /* the first that t does not know */
				size_t middle = low + (high - low) / 2;

				if (all->txns[writers->txns[middle]].position <=
					clock[writers->session])
					low = middle + 1;
				else
					high = middle;
			}
			if (low && !is_known(all, clocks, writers->txns[low - 1], read->writer))
				force(weak, writers->txns[low - 1], read->writer, t, read->key,
					read->version);
		}
	}
}

/* Transactions in an order that sessions and reads allow; there is no cycle in them. */
static uint32_t *order_of(struct weak *weak)
{
	struct txns *all = weak->all;
	uint32_t *missing = arena_array(all->arena, all->n + 1, sizeof(*missing));
	uint32_t *order = arena_array(all->arena, all->n + 1, sizeof(*order)), n = 0;

	for (size_t e = 0; e < weak->graph.n_edges; e++)
		missing[weak->graph.edges[e].to]++;
	for (uint32_t t = 1; t < all->n; t++) {
		if (!missing[t])
			order[n++] = t;
	}
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t e = weak->graph.starts[order[i]];
			e < weak->graph.starts[order[i] + 1]; e++) {
			if (!--missing[weak->graph.edges[e].to])
				order[n++] = weak->graph.edges[e].to;
		}
	}
	return order;
}

static bool force_causal(struct weak *weak, size_t limit_bytes)
{
	struct txns *all = weak->all;
	size_t words = (size_t)all->n * all->n_sessions;
	struct key_writers *keys;
	uint32_t *clocks, *order;

	if (limit_bytes && words > limit_bytes / sizeof(*clocks) / 2)
		return false;
	clocks = calloc(words + 1, sizeof(*clocks));
	if (!clocks)
		return false;
	order = order_of(weak);
	keys = list_writers(all);
	for (uint32_t i = 0; i + 1 < all->n; i++) {
		const struct txn *txn = &all->txns[order[i]];
		uint32_t *clock = clocks + (size_t)order[i] * all->n_sessions;

		if (txn->before != TXN_NONE)
			join(all, clocks, txn->before, clock);
		for (uint32_t r = 0; r < txn->n_reads; r++) {
			if (txn->reads[r].writer != TXN_BEGINNING)
				join(all, clocks, txn->reads[r].writer, clock);
		}
		force_by_clock(weak, keys, order[i], clocks);
	}
	free(clocks);
	return true;
}

static const char *explain(void *context, const struct edge *edge, uint32_t to)
{
	const struct weak *weak = context;
	const struct txns *all = weak->all;
	const struct forced *forced;

	(void)to;
	if (edge->kind == EDGE_BEGINNING)
		return "everything does";
	if (edge->kind == EDGE_PROCESS)
		return "by the order of their session";
	if (edge->kind == EDGE_WR)
		return arena_printf(
			all->arena, "which read its %s", txns_version_name(all, edge->element));
	forced = &weak->forced[edge->element];
	judgement_show(all->arena, all->out, all->txns[forced->reader].op,
		"knew of the former and read the latter");
	return arena_printf(all->arena,
		"since %s knew of its %s and yet read %s: so that is the later one",
		op_phrase(all->arena, all->txns[forced->reader].op),
		txns_version_name(all, forced->from_version),
		txns_version_name(all, forced->to_version));
}

static bool convict(struct weak *weak, const char *name)
{
	struct txns *all = weak->all;
	const struct past_op **ops;
	struct cycle_teller teller = {all->arena, NULL, all->n, explain, weak};
	struct cycle cycle;

	depend_seal(&weak->graph);
	if (!depend_cycle(&weak->graph, ~0u, false, all->arena, &cycle))
		return false;
	ops = arena_array(all->arena, all->n, sizeof(*ops));
	for (uint32_t t = 0; t < all->n; t++)
		ops[t] = all->txns[t].op;
	teller.ops = ops;
	cycle_convict(&teller, name, &cycle, all->out);
	return true;
}

void weak_judge(struct txns *all, enum weak_level level, size_t limit_bytes)
{
	static const char *const names[] = {"not read-committed", "not read-atomic", "not causal"};
	struct weak weak = {.all = all, .level = level};

	weak.graph.arena = all->arena;
	weak.graph.n_nodes = all->n;
	weak.stamps = arena_array(all->arena, all->keys.n + 1, sizeof(*weak.stamps));
	weak.there = arena_array(all->arena, all->keys.n + 1, sizeof(*weak.there));
	weak.known = arena_array(all->arena, all->n + 1, sizeof(*weak.known));
	add_given(&weak);
	if (convict(&weak, "G1c (causality cycle)"))
		return;
	if (level == WEAK_READ_COMMITTED) {
		for (uint32_t t = 1; t < all->n; t++)
			force_committed(&weak, t);
	} else if (level == WEAK_READ_ATOMIC) {
		force_atomic(&weak);
	} else if (!force_causal(&weak, limit_bytes)) {
		all->out->finding = FINDING_UNDECIDED;
		buf_printf(&all->out->reason,
			"the clocks of %u transactions in %u sessions need more memory than allowed",
			all->n - 1, all->n_sessions);
		return;
	}
	convict(&weak, names[level]);
}
