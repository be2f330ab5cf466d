/*
 * walk: the way of a search along the events of one object, with all configurations that are possible
 * or, where `most` says so, with the best of them.
 *
 * What keeps the sets small:
 * - An open operation that only observes and is content with a state takes effect there at once:
 *   that costs nothing and only ever frees.
 * - Operations that never returned are counted by kind, and only the least counts are kept (configs.h).
 * - Of open operations that do the same only the one that returns first is let go ahead: whoever has
 *   the others still to come can do all that the other way round could.
 * - A plain write that nobody sees need not be given a place: it hides right before another write that
 *   takes effect while it is open. So a configuration knows when a write last took effect in it, a
 *   write that was called before that may return unseen, and writes are let take effect only where
 *   somebody looks: an open read, a cas that could go on from there, or the return of that write
 *   itself, which is the last chance to see it, if anybody still wants to.
 */
#ifndef SUITES_JUDGE_MODELS_WALK_H
#define SUITES_JUDGE_MODELS_WALK_H

#include "fixtures/base/arena.h"
#include "suites/judge/models/configs.h"
#include "suites/judge/models/search.h"

#define WALK_NO_OP UINT32_MAX
#define WALK_MOST_COUNT UINT16_MAX

struct walk_event {
	uint64_t at;
	uint32_t op;
	bool is_return;
};

/* Operations that never return and do the same: interchangeable. */
struct walk_kind {
	const struct step *step;
	uint16_t n_open; /* WALK_MOST_COUNT: or more, and then no limit is kept */
};

/* The last event at which somebody may look for this value, or for its absence; UINT32_MAX: no end. */
struct walk_wish {
	uint32_t value, seen_until, missed_until;
};

struct walk {
	struct search *search;
	struct arena arena;
	struct walk_event *events;
	size_t n_events;
	uint32_t at;     /* events that are behind us */
	uint32_t *slots; /* per op: its bit, or its kind where it never returns */
	uint32_t *alike; /* per op: the number that equal steps share */
	uint64_t *tried; /* per such number: the expansion that tried it last */
	size_t n_bits, n_alike, n_kinds;
	/* Per bit: the op, or WALK_NO_OP; the event of its call, from 1; those that are open, the earliest
	 * return first. */
	uint32_t *open, *called, *in_order;
	size_t n_in_order;
	struct walk_kind *kinds;
	struct walk_wish *wishes; /* hash table by value */
	size_t wish_room;
	bool has_refusals; /* somebody says that a value was not there */
	/* Bits of open writes, and of open operations that need a certain state (read, cas). */
	uint64_t *writes, *needs;
	struct configs now, then, work, spare;
	uint64_t *record; /* scratch */
	size_t *counts;   /* scratch: per hardness */
	uint64_t n_expansions;
	size_t most;       /* configurations kept; 0: all */
	bool has_left;     /* some were left out: dying out then proves nothing */
	size_t mark_bytes; /* of the marks that there are */
};

void walk_init(struct walk *walk, struct search *search);
void walk_release(struct walk *walk);
/* One event further. FOUND: there is a configuration still. */
enum search_end walk_step(struct walk *walk);

/* A place to which the walk can be put back. */
struct walk_mark {
	uint32_t at, *open, *called, *in_order;
	size_t n_in_order, n_records, reached;
	uint16_t *kinds;
	uint64_t *writes, *records;
	bool has_left;
	size_t bytes;
};

void walk_save(struct walk *walk, struct walk_mark *mark);
void walk_restore(struct walk *walk, const struct walk_mark *mark);
void walk_forget(struct walk *walk, struct walk_mark *mark); /* accepts an empty one */

/* For walk.c: events, bits, kinds and wishes. */
void walk_plan(struct walk *walk);
/* Of a value; all 0 where nobody ever looks. */
struct walk_wish walk_wish_of(const struct walk *walk, uint32_t value);

static inline bool walk_returns(const struct search_op *op)
{
	return op->ret != SEARCH_NEVER;
}

#endif
