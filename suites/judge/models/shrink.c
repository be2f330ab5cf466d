/* shrink: weaken ever smaller stretches of the history while it stays without explanation. */
#include "suites/judge/models/shrink.h"

#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"

#include <string.h>

#define ONE_TRY_NS (NSEC_PER_SEC / 4)
#define ONE_TRY_BYTES ((size_t)256 << 20)

struct shrink {
	struct search trial; /* on the copy */
	struct search_op *ops;
	bool *needed;
	uint64_t deadline_ns;
};

static void weaken(struct search_op *op)
{
	op->call = 0;
	op->ret = SEARCH_NEVER; /* of an observation: it is left out */
}

/* What was called after the failure has no part in it; what returned later had not yet. */
static void cut_at(struct shrink *shrink, uint64_t ret)
{
	for (size_t i = 0; i < shrink->trial.n; i++) {
		struct search_op *op = &shrink->ops[i];

		if (op->call > ret) {
			op->step = (struct step){.kind = STEP_READ, .a = VALUE_ANY};
			shrink->needed[i] = false;
			weaken(op);
		} else if (op->ret > ret) {
			op->ret = SEARCH_NEVER;
			shrink->needed[i] = !step_observes(&op->step);
		}
	}
}

static bool still_fails(struct shrink *shrink)
{
	uint64_t now = clock_now_ns();

	shrink->trial.deadline_ns =
		now + ONE_TRY_NS < shrink->deadline_ns ? now + ONE_TRY_NS : shrink->deadline_ns;
	return search_run(&shrink->trial) == SEARCH_NONE;
}

/* Weaken those needed in [from, from + n) if that leaves the failure standing. */
static void try_stretch(struct shrink *shrink, size_t from, size_t n)
{
	size_t end = from + n < shrink->trial.n ? from + n : shrink->trial.n;
	struct search_op *ops = shrink->ops;
	struct arena arena = {0};
	struct search_op *saved = arena_array(&arena, n, sizeof(*saved));
	bool any = false;

	memcpy(saved, ops + from, (end - from) * sizeof(*saved));
	for (size_t i = from; i < end; i++) {
		if (shrink->needed[i]) {
			weaken(&ops[i]);
			any = true;
		}
	}
	if (any && still_fails(shrink))
		memset(shrink->needed + from, 0, (end - from) * sizeof(*shrink->needed));
	else
		memcpy(ops + from, saved, (end - from) * sizeof(*saved));
	arena_release(&arena);
}

void search_shrink(struct search *search, uint64_t limit_ns, bool *needed)
{
	struct arena arena = {0};
	struct shrink shrink = {.trial = *search, .needed = needed};

	shrink.deadline_ns = clock_now_ns() + limit_ns;
	shrink.trial.limit_bytes = ONE_TRY_BYTES;
	shrink.ops = arena_array(&arena, search->n, sizeof(*shrink.ops));
	memcpy(shrink.ops, search->ops, search->n * sizeof(*shrink.ops));
	memset(needed, 1, search->n * sizeof(*needed));
	shrink.trial.ops = shrink.ops;
	cut_at(&shrink, search->ops[search->failed].ret);
	for (size_t n = (search->n + 1) / 2; n; n = n > 1 ? (n + 1) / 2 : 0) {
		for (size_t from = 0; from < search->n; from += n) {
			if (clock_now_ns() < shrink.deadline_ns)
				try_stretch(&shrink, from, n);
		}
	}
	shrink.deadline_ns = clock_now_ns() + limit_ns;
	if (still_fails(&shrink)) {
		search->failed = shrink.trial.failed;
		search->n_states = shrink.trial.n_states;
		memcpy(search->states, shrink.trial.states, sizeof(search->states));
	}
	arena_release(&arena);
}
