/* txns: two passes over the operations, first what was written, then what was read. */
#include "suites/judge/models/txns.h"

#include "fixtures/base/arena.h"

#include <stdlib.h>
#include <string.h>

/* One read or write as it stands in the history. */
struct mop {
	bool is_write, says_nothing, is_nil;
	uint32_t version;
	const struct datum *key, *value; /* only while it is taken */
};

struct taker {
	struct txns *all;
	const char *model;
	const struct datum *initial;
	struct mop *mops; /* of all operations, one after the other */
	size_t n_mops, *starts;
	uint32_t *txn_of; /* per operation: its node, TXN_NONE: not committed */
	/* Per key, while one transaction is looked at (stamp). */
	uint32_t *stamps, *own;
};

static const struct datum nil;

static bool is_flat(const struct past_op *op)
{
	return !strcmp(op->f, "read") || !strcmp(op->f, "r") || !strcmp(op->f, "write") ||
		!strcmp(op->f, "w");
}

static bool is_mops(const struct datum *value)
{
	const struct datum *first = datum_at(value, 0);

	return first && first->kind == DATUM_LIST && datum_text(datum_at(first, 0));
}

/* What it did; what it asked for where the outcome is not ok. */
static const struct datum *mops_of(const struct past_op *op)
{
	return op->outcome == PAST_OK ? op->got : op->given;
}

static size_t count_mops(const struct past_op *op)
{
	const struct datum *list = mops_of(op);

	if (is_flat(op) && !is_mops(list))
		return 1;
	return list && list->kind == DATUM_LIST ? list->n : 0;
}

/* Number i of the operation; false where it is none. */
static bool mop_at(const struct past_op *op, size_t i, struct mop *out)
{
	const struct datum *list = mops_of(op), *part;
	const char *f;

	if (is_flat(op) && !is_mops(list)) {
		*out = (struct mop){.is_write = *op->f == 'w',
			.key = op->key ? op->key : &nil,
			.value = *op->f == 'w' ? op->given : op->got};
		out->value = out->value ? out->value : &nil;
		out->says_nothing = !out->is_write && op->outcome != PAST_OK;
		return true;
	}
	part = datum_at(list, i);
	f = datum_text(datum_at(part, 0));
	if (!f || part->n < 2 || part->n > 3 || op->key)
		return false;
	*out = (struct mop){.is_write = !strcmp(f, "w") || !strcmp(f, "write"),
		.key = datum_at(part, 1),
		.value = datum_at(part, 2)};
	out->says_nothing = !out->is_write && (!out->value || op->outcome != PAST_OK);
	if (!out->is_write && strcmp(f, "r") && strcmp(f, "read"))
		return false;
	if (out->is_write && !out->value)
		return false;
	out->value = out->value ? out->value : &nil;
	return true;
}

static uint32_t version_of(struct txns *all, const struct datum *key, const struct datum *value)
{
	struct datum *pair = arena_array(all->arena, 2, sizeof(*pair));
	struct datum *both = arena_alloc(all->arena, sizeof(*both));
	uint32_t version;

	pair[0] = *key;
	pair[1] = *value;
	*both = (struct datum){.kind = DATUM_LIST, .items = pair, .n = 2};
	version = names_of(&all->pairs, both);
	if (version == all->n_versions)
		*ARENA_PUSH(all->arena, all->versions, all->n_versions) = (struct version){
			.key = names_of(&all->keys, key), .writer = TXN_NONE, .value = &pair[1]};
	return version;
}

static void take_write(struct txns *all, uint32_t i, struct version *version)
{
	if (version->writer != TXN_NONE && !all->repeated)
		all->repeated = arena_printf(all->arena,
			"line %u and line %u write the same value to one key, so a read does not say "
			"whose it saw",
			all->past->ops[version->writer].line, all->past->ops[i].line);
	version->writer = i; /* the operation, for now */
}

static int take_mops(struct taker *taker, uint32_t i, struct err *err)
{
	struct txns *all = taker->all;
	const struct past_op *op = &all->past->ops[i];
	size_t n = count_mops(op);

	taker->starts[i] = taker->n_mops;
	if (!is_flat(op) && (strcmp(op->f, "txn") || (op->outcome == PAST_OK && !mops_of(op))))
		return op_unknown(op, taker->model, err);
	for (size_t m = 0; m < n; m++) {
		struct mop *mop = ARENA_PUSH(all->arena, taker->mops, taker->n_mops);

		if (!mop_at(op, m, mop))
			return op_unknown(op, taker->model, err);
		mop->version = version_of(all, mop->key, mop->value);
		mop->is_nil = datum_is_nil(mop->value);
		if (mop->is_write)
			take_write(all, i, &all->versions[mop->version]);
	}
	taker->starts[i + 1] = taker->n_mops;
	return 0;
}

static void convict(struct txns *all, const char *name, const struct past_op *reader,
	uint32_t version, const struct past_op *writer, const char *what)
{
	struct judgement *out = all->out;

	if (out->finding == FINDING_VIOLATED)
		return;
	out->finding = FINDING_VIOLATED;
	judgement_show(all->arena, out, reader, "the read");
	if (writer && writer != reader)
		judgement_show(all->arena, out, writer, "the write");
	buf_printf(&out->reason, "%s: %s read %s, %s", name, op_phrase(all->arena, reader),
		txns_version_name(all, version), what);
	if (writer && writer != reader)
		buf_printf(&out->reason, " %s", op_phrase(all->arena, writer));
}

/* A read of what another wrote: what does it alone tell? True: it is good. */
static bool look_at_read(
	struct taker *taker, const struct past_op *op, uint32_t i, const struct mop *mop)
{
	struct txns *all = taker->all;
	uint32_t v = mop->version;
	const struct version *version = &all->versions[v];
	const struct past_op *writer =
		version->writer == TXN_NONE ? NULL : &all->past->ops[version->writer];

	if (!writer &&
		(all->may_miss_writes || mop->is_nil ||
			datum_equal(version->value, taker->initial)))
		return true;
	if (!writer)
		convict(all, "thin-air read", op, v, NULL, "which nobody wrote");
	else if (version->writer == i)
		convict(all, "future read", op, v, writer, "which it wrote only later itself");
	else if (writer->outcome == PAST_FAIL)
		convict(all, "G1a (aborted read)", op, v, writer, "which was aborted:");
	else if (!version->is_last)
		convict(all, "G1b (intermediate read)", op, v, writer,
			"which its writer replaced in the same transaction:");
	return all->out->finding != FINDING_VIOLATED;
}

static void take_reads(struct taker *taker, uint32_t i)
{
	struct txns *all = taker->all;
	const struct past_op *op = &all->past->ops[i];
	size_t first = taker->starts[i], end = taker->starts[i + 1];
	struct txn_read *reads = arena_array(all->arena, end - first + 1, sizeof(*reads));
	uint32_t n_reads = 0;

	for (size_t m = first; m < end; m++) {
		const struct mop *mop = &taker->mops[m];
		uint32_t v = mop->version, key = all->versions[v].key;

		if (mop->is_write) {
			taker->stamps[key] = i + 1;
			taker->own[key] = v;
		} else if (mop->says_nothing ||
			(all->past->nil_read_says_nothing && !all->past->nil_is_initial &&
				mop->is_nil)) {
			continue;
		} else if (taker->stamps[key] == i + 1) {
			if (taker->own[key] != v)
				convict(all, "internal", op, v, NULL,
					"not what it had written to that key itself");
		} else if (look_at_read(taker, op, i, mop)) {
			reads[n_reads++] = (struct txn_read){key, v, all->versions[v].writer};
		}
	}
	all->txns[i + 1].reads = reads;
	all->txns[i + 1].n_reads = n_reads;
}

/* Which version of a key is the last of its transaction. */
static void mark_last(struct taker *taker)
{
	struct txns *all = taker->all;

	for (uint32_t i = 0; i < all->past->n; i++) {
		for (size_t m = taker->starts[i]; m < taker->starts[i + 1]; m++) {
			uint32_t v = taker->mops[m].version, key = all->versions[v].key;

			if (!taker->mops[m].is_write)
				continue;
			if (taker->stamps[key] == i + 1)
				all->versions[taker->own[key]].is_last = false;
			taker->stamps[key] = i + 1;
			taker->own[key] = v;
			all->versions[v].is_last = true;
		}
	}
	memset(taker->stamps, 0, (all->keys.n + 1) * sizeof(*taker->stamps));
}

static int by_key(const void *a, const void *b)
{
	const struct txn_write *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static void list_writes(struct taker *taker, struct txn *txn)
{
	const struct txns *all = taker->all;
	size_t i = (size_t)(txn->op - all->past->ops), first = taker->starts[i];
	size_t end = taker->starts[i + 1];

	txn->writes = arena_array(all->arena, end - first + 1, sizeof(*txn->writes));
	for (size_t m = first; m < end; m++) {
		uint32_t v = taker->mops[m].version;

		if (taker->mops[m].is_write && all->versions[v].is_last)
			txn->writes[txn->n_writes++] = (struct txn_write){all->versions[v].key, v};
	}
	if (txn->n_writes)
		qsort(txn->writes, txn->n_writes, sizeof(*txn->writes), by_key);
}

/* Those that are ok, and those of unknown outcome that one of them read from. */
static void commit(struct taker *taker)
{
	struct txns *all = taker->all;
	const struct past *past = all->past;
	bool *is_seen = arena_array(all->arena, past->n + 1, sizeof(*is_seen));
	struct txn *reading = arena_array(all->arena, past->n + 2, sizeof(*reading));

	all->txns = reading;
	for (uint32_t i = 0; i < past->n; i++) {
		if (past->ops[i].outcome != PAST_OK)
			continue;
		take_reads(taker, i);
		for (uint32_t r = 0; r < reading[i + 1].n_reads; r++) {
			uint32_t writer = reading[i + 1].reads[r].writer;

			if (writer != TXN_NONE)
				is_seen[writer] = true;
		}
	}
	all->n = 1;
	reading[0] = (struct txn){.before = TXN_NONE};
	for (uint32_t i = 0; i < past->n; i++) {
		taker->txn_of[i] = TXN_NONE;
		if (past->ops[i].outcome == PAST_FAIL ||
			(past->ops[i].outcome == PAST_UNKNOWN && !is_seen[i]))
			continue;
		all->txns[all->n] = reading[i + 1];
		all->txns[all->n].op = &past->ops[i];
		taker->txn_of[i] = all->n++;
	}
	all->out->n_judged = all->n - 1;
}

/* From operations to nodes. */
static void renumber(struct taker *taker)
{
	struct txns *all = taker->all;

	for (size_t v = 0; v < all->n_versions; v++) {
		struct version *version = &all->versions[v];

		if (version->writer != TXN_NONE)
			version->writer = taker->txn_of[version->writer];
		else if (!all->may_miss_writes || datum_is_nil(version->value))
			version->writer = TXN_BEGINNING;
	}
	for (uint32_t t = 1; t < all->n; t++) {
		struct txn *txn = &all->txns[t];

		for (uint32_t r = 0; r < txn->n_reads; r++)
			txn->reads[r].writer = all->versions[txn->reads[r].version].writer;
		list_writes(taker, txn);
	}
}

static void part_by_session(struct txns *all)
{
	struct names sessions;
	uint32_t *last = arena_array(all->arena, all->n + 1, sizeof(*last));

	names_init(&sessions, all->arena);
	for (uint32_t t = 1; t < all->n; t++) {
		struct txn *txn = &all->txns[t];
		struct datum *process = arena_alloc(all->arena, sizeof(*process));

		*process = (struct datum){.kind = DATUM_INT, .number = txn->op->process};
		txn->session = names_of(&sessions, process);
		txn->before = last[txn->session] ? last[txn->session] : TXN_NONE;
		txn->position = txn->before == TXN_NONE ? 1 : all->txns[txn->before].position + 1;
		last[txn->session] = t;
	}
	all->n_sessions = (uint32_t)sessions.n;
}

int txns_take(struct txns *all, struct arena *arena, const struct model_options *options,
	struct judgement *out, const char *model, bool may_miss_writes, struct err *err)
{
	struct taker taker = {.all = all, .model = model};
	const struct past *past = options->past;

	*all = (struct txns){
		.arena = arena, .past = past, .out = out, .may_miss_writes = may_miss_writes};
	names_init(&all->keys, arena);
	names_init(&all->pairs, arena);
	out->finding = FINDING_VALID;
	out->n_objects = 1;
	if (model_initial(arena, options, &taker.initial, err))
		return -1;
	taker.starts = arena_array(arena, past->n + 1, sizeof(*taker.starts));
	for (uint32_t i = 0; i < past->n; i++) {
		if (take_mops(&taker, i, err))
			return -1;
	}
	taker.txn_of = arena_array(arena, past->n + 1, sizeof(*taker.txn_of));
	taker.stamps = arena_array(arena, all->keys.n + 1, sizeof(*taker.stamps));
	taker.own = arena_array(arena, all->keys.n + 1, sizeof(*taker.own));
	mark_last(&taker);
	if (all->repeated) {
		out->finding = FINDING_UNDECIDED;
		out->n_judged = past->n;
		buf_puts(&out->reason, all->repeated);
		return 0;
	}
	commit(&taker);
	if (out->finding == FINDING_VIOLATED)
		return 0;
	renumber(&taker);
	part_by_session(all);
	return 0;
}

const struct txn_write *txn_find_write(const struct txn *txn, uint32_t key)
{
	uint32_t low = 0, high = txn->n_writes;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (txn->writes[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < txn->n_writes && txn->writes[low].key == key ? &txn->writes[low] : NULL;
}

const char *txns_version_name(const struct txns *all, uint32_t version)
{
	struct buf text = {0};
	const char *name;

	datum_print(all->versions[version].value, &text);
	buf_puts(&text, " of ");
	datum_print(names_datum(&all->keys, all->versions[version].key), &text);
	name = arena_strdup(all->arena, buf_str(&text));
	buf_release(&text);
	return name;
}
