/* pairs: which operation each process has open, in a hash table. */
#include "suites/judge/foreign/pairs.h"

#include "fixtures/base/arena.h"

struct open_op {
	int64_t process;
	uint64_t op; /* index + 2; 1: none open; 0: an empty slot */
};

void pairs_init(struct pairs *pairs, struct arena *arena, struct past *past)
{
	*pairs = (struct pairs){.arena = arena, .past = past};
}

static struct open_op *slot_of(struct pairs *pairs, int64_t process)
{
	uint64_t hash = (uint64_t)process * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (hash ^ hash >> 32) & (pairs->room - 1);

	while (pairs->open[at].op && pairs->open[at].process != process)
		at = (at + 1) & (pairs->room - 1);
	return &pairs->open[at];
}

static void widen(struct pairs *pairs)
{
	struct open_op *old = pairs->open;
	size_t n = pairs->room;

	pairs->room = n ? 2 * n : 64;
	pairs->open = arena_array(pairs->arena, pairs->room, sizeof(*pairs->open));
	for (size_t i = 0; i < n; i++) {
		if (old[i].op)
			*slot_of(pairs, old[i].process) = old[i];
	}
}

struct past_op *pairs_call(struct pairs *pairs, int64_t process)
{
	struct past *past = pairs->past;
	struct past_op *op = ARENA_PUSH(pairs->arena, past->ops, past->n);
	struct open_op *slot;

	if (2 * (pairs->n_open + 1) > pairs->room)
		widen(pairs);
	slot = slot_of(pairs, process);
	if (!slot->op)
		pairs->n_open++;
	*slot = (struct open_op){process, past->n + 1};
	*op = (struct past_op){.process = process,
		.call = pairs->n_events++,
		.ret = PAST_NEVER,
		.outcome = PAST_UNKNOWN};
	return op;
}

const struct past_op *pairs_open(struct pairs *pairs, int64_t process)
{
	const struct open_op *slot = pairs->room ? slot_of(pairs, process) : NULL;

	return slot && slot->op > 1 ? &pairs->past->ops[slot->op - 2] : NULL;
}

struct past_op *pairs_return(struct pairs *pairs, int64_t process, enum past_outcome outcome)
{
	struct open_op *slot = pairs->room ? slot_of(pairs, process) : NULL;
	struct past_op *op;

	if (!slot || slot->op < 2)
		return NULL;
	op = &pairs->past->ops[slot->op - 2];
	slot->op = 1;
	op->outcome = outcome;
	op->ret = outcome == PAST_UNKNOWN ? PAST_NEVER : pairs->n_events;
	pairs->n_events++;
	return op;
}
