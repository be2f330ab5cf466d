/*
 * guarantees: read your writes and monotonic reads, of each process on its own.
 *
 * A version is certainly older than another where its writer came before that other's: in the same
 * session, or because it had returned before the other was called. What registers begin with is
 * older than anything. A read convicts where its version is certainly older than one that the session had written
 * (read your writes) or read (monotonic reads) before. Monotonic writes and writes follow reads need
 * several observers: --model causal contains them.
 */
#include "fixtures/base/arena.h"
#include "suites/judge/models/txns.h"

#include <string.h>

/* What a session must not fall behind, of one key. */
struct duty {
	uint32_t owner, by; /* owner: the transaction that wrote the version; by: that owes to it */
	bool is_read;
};

struct duties {
	struct duty *items;
	size_t n, room;
	uint32_t session; /* + 1 */
};

static bool is_older(const struct txns *all, uint32_t a, uint32_t b)
{
	const struct txn *x = &all->txns[a], *y = &all->txns[b];

	if (a == b || b == TXN_BEGINNING)
		return false;
	if (a == TXN_BEGINNING)
		return true;
	if (x->session == y->session)
		return x->position < y->position;
	return !all->past->is_timeless && x->op->ret != PAST_NEVER && x->op->ret < y->op->call;
}

/* Those that the new one contains go. */
static void add(const struct txns *all, struct duties *duties, struct duty duty)
{
	size_t kept = 0;

	for (size_t i = 0; i < duties->n; i++) {
		if (duties->items[i].owner == duty.owner ||
			is_older(all, duty.owner, duties->items[i].owner))
			return;
	}
	for (size_t i = 0; i < duties->n; i++) {
		if (!is_older(all, duties->items[i].owner, duty.owner))
			duties->items[kept++] = duties->items[i];
	}
	if (kept == duties->room) {
		struct duty *more = arena_array(all->arena, 2 * kept + 2, sizeof(*more));

		if (kept)
			memcpy(more, duties->items, kept * sizeof(*more));
		duties->items = more;
		duties->room = 2 * kept + 2;
	}
	duties->items[kept] = duty;
	duties->n = kept + 1;
}

static void convict(
	struct txns *all, uint32_t t, const struct txn_read *read, const struct duty *duty)
{
	const struct txn *txn = &all->txns[t];
	const struct txn_write *write = txn_find_write(&all->txns[duty->owner], read->key);

	all->out->finding = FINDING_VIOLATED;
	judgement_show(all->arena, all->out, all->txns[duty->owner].op, "wrote the newer version");
	judgement_show(all->arena, all->out, all->txns[duty->by].op,
		duty->is_read ? "the session had read it" : "the session had written it");
	judgement_show(all->arena, all->out, txn->op, "read what is certainly older");
	if (read->writer != TXN_BEGINNING)
		judgement_show(all->arena, all->out, all->txns[read->writer].op,
			"wrote the older version");
	buf_printf(&all->out->reason,
		"%s: %s read something certainly older than %s, which its session had %s before",
		duty->is_read ? "monotonic reads" : "read your writes",
		op_phrase(all->arena, txn->op), txns_version_name(all, write->version),
		duty->is_read ? "read" : "written");
}

/* False: convicted. */
static bool look_at(struct txns *all, struct duties *duties, uint32_t t)
{
	const struct txn *txn = &all->txns[t];

	for (uint32_t r = 0; r < txn->n_reads; r++) {
		const struct txn_read *read = &txn->reads[r];
		struct duties *key = &duties[read->key];

		if (key->session != txn->session + 1)
			*key = (struct duties){.session = txn->session + 1};
		for (size_t i = 0; i < key->n; i++) {
			if (!is_older(all, read->writer, key->items[i].owner))
				continue;
			convict(all, t, read, &key->items[i]);
			return false;
		}
		if (read->writer != TXN_BEGINNING)
			add(all, key, (struct duty){read->writer, t, true});
	}
	for (uint32_t w = 0; w < txn->n_writes && txn->op->outcome == PAST_OK; w++) {
		struct duties *key = &duties[txn->writes[w].key];

		if (key->session != txn->session + 1)
			*key = (struct duties){.session = txn->session + 1};
		add(all, key, (struct duty){t, t, false});
	}
	return true;
}

int judge_sessions(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err)
{
	struct txns all;
	struct duties *duties;
	uint32_t *first, *next;

	if (txns_take(&all, arena, options, out, "register", false, err))
		return -1;
	duties = arena_array(arena, all.keys.n + 1, sizeof(*duties));
	first = arena_array(arena, all.n_sessions + 1, sizeof(*first));
	next = arena_array(arena, all.n + 1, sizeof(*next));
	for (uint32_t t = 1; t < all.n && out->finding == FINDING_VALID; t++) {
		if (all.txns[t].before == TXN_NONE)
			first[all.txns[t].session] = t;
		else
			next[all.txns[t].before] = t;
	}
	for (uint32_t s = 0; s < all.n_sessions && out->finding == FINDING_VALID; s++) {
		for (uint32_t t = first[s]; t && look_at(&all, duties, t); t = next[t])
			continue;
	}
	judgement_sort(out);
	return 0;
}
