/*
 * long_fork: two reads of a group of keys that each miss a write which the other saw.
 *
 * Keys are written once, so a key is there or not, and reads can be compared like sets: of two, one
 * must contain the other on the keys that both read. Parallel snapshot isolation lets them
 * differ both ways; snapshot isolation, and all that is stronger, does not. Only reads
 * that share two keys can disagree, so they are compared per first shared key, O(r^2) in a group.
 */
#include "fixtures/base/arena.h"
#include "suites/judge/models/txns.h"

#include <string.h>

#define MOST_PAIRS 200000000

/* Of two reads of one key: +1 a is ahead, -1 b is, 0 alike. */
static int compare(const struct txn_read *a, const struct txn_read *b)
{
	if (a->writer == b->writer)
		return 0;
	return a->writer == TXN_BEGINNING ? -1 : b->writer == TXN_BEGINNING ? 1 : 0;
}

static const struct txn_read *find_read(const struct txn *txn, uint32_t key)
{
	for (uint32_t r = 0; r < txn->n_reads; r++) {
		if (txn->reads[r].key == key)
			return &txn->reads[r];
	}
	return NULL;
}

/* True: they fork. */
static bool fork_of(const struct txn *a, const struct txn *b, uint32_t keys[2])
{
	bool ahead = false, behind = false;

	for (uint32_t r = 0; r < a->n_reads; r++) {
		const struct txn_read *other = find_read(b, a->reads[r].key);
		int order = other ? compare(&a->reads[r], other) : 0;

		if (order > 0)
			keys[0] = a->reads[r].key;
		if (order < 0)
			keys[1] = a->reads[r].key;
		ahead |= order > 0;
		behind |= order < 0;
	}
	return ahead && behind;
}

static void convict(
	struct txns *all, const struct txn *a, const struct txn *b, const uint32_t keys[2])
{
	struct buf names[2] = {{0}, {0}};

	for (int i = 0; i < 2; i++)
		datum_print(names_datum(&all->keys, keys[i]), &names[i]);
	all->out->finding = FINDING_VIOLATED;
	judgement_show(all->arena, all->out, a->op,
		arena_printf(
			all->arena, "has %s, not yet %s", buf_str(&names[0]), buf_str(&names[1])));
	judgement_show(all->arena, all->out, b->op,
		arena_printf(
			all->arena, "has %s, not yet %s", buf_str(&names[1]), buf_str(&names[0])));
	buf_printf(&all->out->reason,
		"long fork: %s saw %s without %s, and %s saw them the other way round: no order of the "
		"two writes explains both",
		op_phrase(all->arena, a->op), buf_str(&names[0]), buf_str(&names[1]),
		op_phrase(all->arena, b->op));
	buf_release(&names[0]);
	buf_release(&names[1]);
}

struct readers {
	uint32_t *txns;
	size_t n;
};

/* Reads that have key k in common; a pair is looked at under each, which does no harm. */
static bool look_at_key(struct txns *all, const struct readers *readers, size_t *n_pairs)
{
	uint32_t keys[2] = {0, 0};

	for (size_t i = 0; i < readers->n; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct txn *a = &all->txns[readers->txns[i]];
			const struct txn *b = &all->txns[readers->txns[j]];

			if (++*n_pairs > MOST_PAIRS || !fork_of(a, b, keys))
				continue;
			convict(all, a, b, keys);
			return true;
		}
	}
	return false;
}

static void look(struct txns *all)
{
	struct readers *readers = arena_array(all->arena, all->keys.n + 1, sizeof(*readers));
	size_t n_pairs = 0;

	for (uint32_t t = 1; t < all->n; t++) {
		for (uint32_t r = 0; all->txns[t].n_reads > 1 && r < all->txns[t].n_reads; r++) {
			struct readers *of = &readers[all->txns[t].reads[r].key];

			*ARENA_PUSH(all->arena, of->txns, of->n) = t;
		}
	}
	for (size_t k = 0; k < all->keys.n; k++) {
		if (look_at_key(all, &readers[k], &n_pairs))
			return;
	}
	if (n_pairs > MOST_PAIRS) {
		all->out->finding = FINDING_UNDECIDED;
		buf_puts(&all->out->reason, "too many reads share keys to compare all of them");
	}
}

int judge_long_fork(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err)
{
	struct txns all;

	if (txns_take(&all, arena, options, out, "long-fork", true, err))
		return -1;
	if (out->finding == FINDING_VALID)
		look(&all);
	judgement_sort(out);
	return 0;
}
