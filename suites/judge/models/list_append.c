/*
 * list_append: transactions that append unique elements to lists and read whole lists.
 *
 * A read shows the order of all writes before it, so versions need no guessing: the longest read of
 * a key is the order of its elements, every other read must be a beginning of it, and what no read
 * has seen comes behind. From that come the dependencies (depend.h), and a level is violated by
 * its cycles: G0 (ww), G1c (and wr), G-single (one rw, or never two in a row), G2-item (any).
 * Without cycles: reads of what was aborted (G1a), of an unfinished transaction (G1b), or of what
 * nobody appended; reads that contradict each other or the transaction's own doings.
 *
 * causal and read-atomic are judged by what each transaction must have seen (list_visible.c).
 *
 * Transactions with unknown outcome count as committed once somebody has seen an element of theirs,
 * else not at all. Real time is a chain of instants, a node each, so it takes O(n) edges.
 */
#include "fixtures/base/arena.h"
#include "suites/judge/models/cycle.h"
#include "suites/judge/models/lists.h"

#include <stdlib.h>
#include <string.h>

#define NONE LISTS_NONE
#define MOST_UNSEEN_EDGES (1 << 22)

static const struct level levels[] = {
	{"strict-serializable", 3, EDGE(PROCESS) | EDGE(REALTIME), LISTS_CYCLES},
	{"serializable", 3, 0, LISTS_CYCLES},
	{"strong-session-serializable", 3, EDGE(PROCESS), LISTS_CYCLES},
	{"snapshot-isolation", 2, 0, LISTS_CYCLES},
	{"strong-session-snapshot-isolation", 2, EDGE(PROCESS), LISTS_CYCLES},
	{"strong-snapshot-isolation", 2, EDGE(PROCESS) | EDGE(REALTIME), LISTS_CYCLES},
	{"causal", 2, 0, LISTS_CAUSAL},
	{"read-atomic", 2, 0, LISTS_ATOMIC},
	{"read-committed", 1, 0, LISTS_CYCLES},
	{"read-uncommitted", 0, 0, LISTS_CYCLES},
};

const char *const list_append_consistencies[] = {"strict-serializable", "serializable",
	"strong-session-serializable", "snapshot-isolation", "strong-session-snapshot-isolation",
	"strong-snapshot-isolation", "causal", "read-atomic", "read-committed", "read-uncommitted",
	NULL};

static void convict(struct lists *all, const char *name, const struct past_op *a,
	const struct past_op *b, const char *what)
{
	struct buf *out = &all->out->reason;

	if (all->out->finding == FINDING_VIOLATED)
		return;
	all->out->finding = FINDING_VIOLATED;
	judgement_show(all->arena, all->out, a, NULL);
	if (b && b != a)
		judgement_show(all->arena, all->out, b, NULL);
	buf_printf(out, "%s: %s %s", name, op_phrase(all->arena, a), what);
	if (b)
		buf_printf(out, " %s", op_phrase(all->arena, b));
}

/* The number of element [key value], as it stands in the arena. */
static uint32_t element_of(struct lists *all, const struct datum *key, const struct datum *value)
{
	struct datum *pair = arena_array(all->arena, 2, sizeof(*pair));
	struct datum *both = arena_alloc(all->arena, sizeof(*both));
	uint32_t element;

	pair[0] = *key;
	pair[1] = *value;
	*both = (struct datum){.kind = DATUM_LIST, .items = pair, .n = 2};
	element = names_of(&all->element_names, both);
	while (all->n_elements <= element)
		*ARENA_PUSH(all->arena, all->elements, all->n_elements) =
			(struct element){.txn = NONE, .next = NONE};
	all->elements[element].value = &pair[1];
	return element;
}

static struct key *key_of(struct lists *all, const struct datum *datum, uint32_t *number)
{
	*number = names_of(&all->key_names, datum);
	while (all->n_keys <= *number)
		*ARENA_PUSH(all->arena, all->keys, all->n_keys) =
			(struct key){.stamp = NONE, .updater = NONE};
	return &all->keys[*number];
}

static const struct datum *parts_of(const struct past_op *op)
{
	return op->outcome == PAST_OK ? op->got : op->given;
}

static int check_shape(const struct past_op *op, struct err *err)
{
	const struct datum *parts = parts_of(op);

	if (!parts || parts->kind != DATUM_LIST || op->key)
		return op_unknown(op, "list-append", err);
	for (size_t i = 0; i < parts->n; i++) {
		const struct datum *part = &parts->items[i], *value = datum_at(part, 2);
		bool is_read = datum_is(datum_at(part, 0), "r");

		if (!datum_at(part, 1) || (!is_read && !datum_is(datum_at(part, 0), "append")) ||
			(!is_read && !value) ||
			(is_read && !datum_is_nil(value) && value->kind != DATUM_LIST))
			return op_unknown(op, "list-append", err);
	}
	return 0;
}

static void begin(struct key *key, uint32_t txn)
{
	if (key->stamp == txn)
		return;
	key->stamp = txn;
	key->own_last = NONE;
	key->n_own = 0;
}

/* Who appended what; unique, or nothing can be said. */
static int take_appends(struct lists *all, uint32_t txn, struct err *err)
{
	const struct past_op *op = &all->past->ops[txn];
	const struct datum *parts = parts_of(op);

	for (size_t i = 0; i < parts->n; i++) {
		const struct datum *part = &parts->items[i];
		uint32_t number, element;
		struct key *key;

		if (!datum_is(&part->items[0], "append"))
			continue;
		key = key_of(all, &part->items[1], &number);
		begin(key, txn);
		element = element_of(all, &part->items[1], &part->items[2]);
		if (all->elements[element].txn != NONE)
			return err_exit(err, EXIT_SCENARIO,
				"line %u: an element was appended twice to one list; that leaves the "
				"order of writes open",
				op->line);
		all->elements[element].txn = txn;
		all->elements[element].key = number;
		if (key->own_last != NONE)
			all->elements[key->own_last].next = element;
		key->own_last = element;
	}
	return 0;
}

static void take_read(struct lists *all, uint32_t txn, const struct datum *part)
{
	const struct datum *list = datum_at(part, 2);
	size_t n = datum_is_nil(list) ? 0 : list->n;
	uint32_t *elements = arena_array(all->arena, n + 1, sizeof(*elements)), number;
	struct key *key = key_of(all, &part->items[1], &number);
	struct list_read *read = ARENA_PUSH(all->arena, all->reads, all->n_reads);

	begin(key, txn);
	for (size_t i = 0; i < n; i++)
		elements[i] = element_of(all, &part->items[1], &list->items[i]);
	*read = (struct list_read){
		txn, number, elements, (uint32_t)n, key->n_own, &all->past->ops[txn]};
}

static void take_reads(struct lists *all, uint32_t txn)
{
	const struct datum *parts = parts_of(&all->past->ops[txn]);
	uint32_t number;

	for (size_t i = 0; i < parts->n; i++) {
		const struct datum *part = &parts->items[i];
		struct key *key = key_of(all, &part->items[1], &number);

		begin(key, txn);
		if (datum_is(&part->items[0], "append"))
			key->n_own++;
		else
			take_read(all, txn, part);
	}
}

static int take_all(struct lists *all, struct err *err)
{
	for (uint32_t txn = 0; txn < all->past->n; txn++) {
		if (check_shape(&all->past->ops[txn], err) || take_appends(all, txn, err))
			return -1;
	}
	for (size_t k = 0; k < all->n_keys; k++)
		all->keys[k].stamp = NONE;
	for (uint32_t txn = 0; txn < all->past->n; txn++) {
		all->committed[txn] = all->past->ops[txn].outcome == PAST_OK;
		if (all->committed[txn])
			take_reads(all, txn);
	}
	return 0;
}

/* Own elements are at the end of what the transaction reads, and nowhere else. */
static bool ends_with_own(const struct lists *all, const struct list_read *read)
{
	uint32_t n_others = read->n - read->n_own;

	if (read->n < read->n_own)
		return false;
	for (uint32_t i = 0; i < read->n; i++) {
		if ((all->elements[read->elements[i]].txn == read->txn) != (i >= n_others))
			return false;
	}
	return true;
}

/* It has more of its own than it had appended by then. */
static bool reads_future(const struct lists *all, const struct list_read *read)
{
	uint32_t n_own = 0;

	for (uint32_t i = 0; i < read->n; i++)
		n_own += all->elements[read->elements[i]].txn == read->txn;
	return n_own > read->n_own;
}

static void look_at_elements(
	struct lists *all, const struct list_read *read, uint32_t *stamps, uint32_t stamp)
{
	for (uint32_t i = 0; i < read->n; i++) {
		struct element *element = &all->elements[read->elements[i]];
		const struct past_op *writer =
			element->txn == NONE ? NULL : &all->past->ops[element->txn];

		if (!writer) {
			convict(all, "garbage read", read->op, NULL,
				"read an element that nobody appended");
			return;
		}
		if (stamps[read->elements[i]] == stamp)
			convict(all, "duplicate", read->op, writer,
				"read one element twice, which was appended once, by");
		stamps[read->elements[i]] = stamp;
		element->is_seen = true;
		if (writer->outcome == PAST_FAIL && all->level->strength >= 1)
			convict(all, "G1a", read->op, writer, "read what was aborted:");
		all->committed[element->txn] = writer->outcome != PAST_FAIL;
	}
}

/* The last element of others has another behind it in the same transaction. */
static void look_at_last(struct lists *all, const struct list_read *read)
{
	uint32_t n = read->n - read->n_own;
	const struct element *last = n ? &all->elements[read->elements[n - 1]] : NULL;

	if (last && last->txn != read->txn && last->next != NONE && all->level->strength >= 1)
		convict(all, "G1b", read->op, &all->past->ops[last->txn],
			"read the middle of a transaction:");
}

static void find_order(struct lists *all)
{
	for (size_t r = 0; r < all->n_reads; r++) {
		const struct list_read *read = &all->reads[r];
		struct key *key = &all->keys[read->key];

		if (read->n >= key->n_order) {
			key->order = read->elements;
			key->n_order = read->n;
			key->longest = read->op;
		}
	}
	for (size_t r = 0; r < all->n_reads; r++) {
		const struct list_read *read = &all->reads[r];
		const struct key *key = &all->keys[read->key];

		if (read->n && memcmp(read->elements, key->order, read->n * sizeof(*key->order)))
			convict(all, "incompatible order", read->op, key->longest,
				"is no beginning of");
	}
}

/* Two reads of a key in one transaction, up to its own appends, are one version. */
static void look_at_repeats(struct lists *all)
{
	uint32_t *last = arena_array(all->arena, all->n_keys + 1, sizeof(*last));

	for (size_t r = 0; r < all->n_reads; r++) {
		const struct list_read *read = &all->reads[r];
		const struct list_read *before =
			last[read->key] ? &all->reads[last[read->key] - 1] : NULL;

		last[read->key] = (uint32_t)r + 1;
		if (before && before->txn == read->txn &&
			before->n - before->n_own != read->n - read->n_own)
			convict(all, "internal", read->op, NULL,
				"read a list twice, and it differed");
	}
}

static void look_at_reads(struct lists *all)
{
	uint32_t *stamps = arena_array(all->arena, all->n_elements + 1, sizeof(*stamps));
	size_t kept = 0;

	for (size_t r = 0; r < all->n_reads; r++)
		look_at_elements(all, &all->reads[r], stamps, (uint32_t)r + 1);
	for (size_t r = 0; r < all->n_reads; r++) {
		const struct list_read *read = &all->reads[r];

		if (ends_with_own(all, read)) {
			look_at_last(all, read);
			all->reads[kept++] = *read;
		} else if (all->level->strength >= 1 && reads_future(all, read)) {
			convict(all, "future read", read->op, NULL,
				"read what it appended only later itself");
		} else if (all->level->strength >= 2) {
			convict(all, "internal", read->op, NULL,
				"does not end with its own appends");
		}
	}
	all->n_reads = kept;
	find_order(all);
	if (all->level->strength >= 2)
		look_at_repeats(all);
}

static void list_unseen(struct lists *all)
{
	for (uint32_t e = 0; e < all->n_elements; e++) {
		const struct element *element = &all->elements[e];

		if (element->txn != NONE && !element->is_seen && all->committed[element->txn]) {
			struct key *key = &all->keys[element->key];

			*ARENA_PUSH(all->arena, key->unseen, key->n_unseen) = e;
		}
	}
}

static void add_edge(struct lists *all, uint32_t from, enum edge_kind kind, uint32_t element)
{
	depend_add(&all->graph, (struct edge){from, all->elements[element].txn, kind, element});
}

/* From a transaction to everybody whose element nobody has seen. */
static void add_unseen(struct lists *all, uint32_t from, enum edge_kind kind, const struct key *key)
{
	for (size_t u = 0; u < key->n_unseen; u++) {
		if (all->graph.n_edges > MOST_UNSEEN_EDGES) {
			all->is_partial = true;
			return;
		}
		add_edge(all, from, kind, key->unseen[u]);
	}
}

/* Two that read all of a list and append to it, unseen: whichever was second missed the other. */
static void look_at_update(struct lists *all, const struct list_read *read, struct key *key)
{
	bool updates = false;

	for (size_t u = 0; u < key->n_unseen && !updates; u++)
		updates = all->elements[key->unseen[u]].txn == read->txn;
	if (!updates || all->level->strength < 2)
		return;
	if (key->updater != NONE && key->updater != read->txn)
		convict(all, "G-single (lost update)", read->op, &all->past->ops[key->updater],
			"read the same list, and appended to it, as");
	key->updater = read->txn;
}

static void add_read_edges(struct lists *all, const struct list_read *read)
{
	struct key *key = &all->keys[read->key];
	uint32_t n = read->n - read->n_own;

	if (n) {
		uint32_t last = read->elements[n - 1];

		depend_add(&all->graph,
			(struct edge){all->elements[last].txn, read->txn, EDGE_WR, last});
	}
	if (n < key->n_order) {
		add_edge(all, read->txn, EDGE_RW, key->order[n]);
		return;
	}
	add_unseen(all, read->txn, EDGE_RW, key);
	look_at_update(all, read, key);
}

static void add_edges(struct lists *all)
{
	list_unseen(all);
	for (size_t k = 0; k < all->n_keys; k++) {
		const struct key *key = &all->keys[k];

		for (uint32_t i = 1; i < key->n_order; i++)
			add_edge(all, all->elements[key->order[i - 1]].txn, EDGE_WW, key->order[i]);
		if (key->n_order)
			add_unseen(
				all, all->elements[key->order[key->n_order - 1]].txn, EDGE_WW, key);
	}
	for (size_t r = 0; r < all->n_reads; r++)
		add_read_edges(all, &all->reads[r]);
}

static void add_realtime(struct lists *all)
{
	const struct past_op **ops = arena_array(all->arena, all->past->n + 1, sizeof(*ops));

	for (size_t i = 0; i < all->past->n; i++)
		ops[i] = all->committed[i] ? &all->past->ops[i] : NULL;
	depend_add_realtime(&all->graph, ops, (uint32_t)all->past->n);
}

static int by_process(const void *a, const void *b)
{
	const struct past_op *x = *(const struct past_op *const *)a;
	const struct past_op *y = *(const struct past_op *const *)b;

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return x < y ? -1 : x > y;
}

void lists_add_processes(struct lists *all, struct depend *graph)
{
	const struct past *past = all->past;
	const struct past_op **ops = arena_array(all->arena, past->n + 1, sizeof(*ops));
	const struct past_op *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < past->n; i++) {
		if (all->committed[i])
			ops[n++] = &past->ops[i];
	}
	qsort(ops, n, sizeof(*ops), by_process);
	for (size_t i = 0; i < n; i++) {
		if (last && last->process == ops[i]->process && last->ret < ops[i]->call)
			depend_add(graph,
				(struct edge){(uint32_t)(last - past->ops),
					(uint32_t)(ops[i] - past->ops), EDGE_PROCESS, NONE});
		if (ops[i]->ret != PAST_NEVER) /* else it may take effect behind the next */
			last = ops[i];
	}
}

static const char *explain(void *context, const struct edge *edge, uint32_t to)
{
	const struct lists *all = context;
	const struct element *element =
		edge->element == NONE ? NULL : &all->elements[edge->element];
	struct buf name = {0};
	const char *why = "by the order of their process";

	(void)to;
	if (element) {
		datum_print(element->value, &name);
		buf_puts(&name, " of ");
		datum_print(names_datum(&all->key_names, element->key), &name);
	}
	if (edge->kind == EDGE_WW)
		why = arena_printf(all->arena, "which appended %s behind its own", buf_str(&name));
	else if (edge->kind == EDGE_WR)
		why = arena_printf(all->arena, "which read its %s", buf_str(&name));
	else if (edge->kind == EDGE_RW)
		why = arena_printf(
			all->arena, "since it read without that one's %s", buf_str(&name));
	else if (edge->kind == EDGE_REALTIME)
		why = "which was called after it had returned";
	buf_release(&name);
	return why;
}

void lists_convict_cycle(struct lists *all, const char *name, const struct cycle *cycle)
{
	const uint32_t n = (uint32_t)all->past->n;
	const struct past_op **ops = arena_array(all->arena, n + 1, sizeof(*ops));
	struct cycle_teller teller = {all->arena, ops, n, explain, all};

	for (uint32_t i = 0; i < n; i++)
		ops[i] = &all->past->ops[i];
	cycle_convict(&teller, name, cycle, all->out);
}

static void look_for_cycles(struct lists *all)
{
	static const unsigned kinds[] = {EDGE(WW), EDGE(WW) | EDGE(WR),
		EDGE(WW) | EDGE(WR) | EDGE(RW), EDGE(WW) | EDGE(WR) | EDGE(RW)};
	struct cycle cycle;

	all->graph.n_nodes = (uint32_t)all->past->n;
	add_edges(all);
	if (all->out->finding == FINDING_VIOLATED)
		return;
	if (all->level->order & EDGE(PROCESS))
		lists_add_processes(all, &all->graph);
	if (all->level->order & EDGE(REALTIME))
		add_realtime(all);
	depend_seal(&all->graph);
	for (int s = 0; s <= all->level->strength; s++) {
		if (!depend_cycle(
			    &all->graph, kinds[s] | all->level->order, s == 2, all->arena, &cycle))
			continue;
		lists_convict_cycle(all, cycle_name(&cycle, s == 2), &cycle);
		return;
	}
}

int judge_list_append(struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err)
{
	struct lists all = {.arena = arena, .past = options->past, .out = out, .level = &levels[0]};

	for (size_t i = 0; options->consistency && i < sizeof(levels) / sizeof(*levels); i++) {
		if (!strcmp(levels[i].name, options->consistency))
			all.level = &levels[i];
	}
	names_init(&all.key_names, arena);
	names_init(&all.element_names, arena);
	all.graph.arena = arena;
	all.committed = arena_array(arena, options->past->n + 1, sizeof(*all.committed));
	out->finding = FINDING_VALID;
	out->n_objects = 1;
	if (take_all(&all, err))
		return -1;
	for (size_t i = 0; i < options->past->n; i++)
		out->n_judged += all.committed[i];
	look_at_reads(&all);
	if (out->finding == FINDING_VALID && all.level->way != LISTS_CYCLES)
		lists_judge_visible(&all, options->limit_bytes);
	else if (out->finding == FINDING_VALID)
		look_for_cycles(&all);
	if (out->finding == FINDING_VALID && all.is_partial) {
		out->finding = FINDING_UNDECIDED;
		buf_puts(&out->reason, "too many appends were never read to follow all of them");
	}
	judgement_sort(out);
	return 0;
}
