#include "suites/judge/liar.h"
#include "suites/judge/lane.h"
#include "suites/judge/ops.h"

static bool is_lie(const struct op *op)
{
	return op->flags & OP_LIED;
}

/* Its own reads may be old without a lie; they are left out, so that what is found are lies. */
static bool is_wanted(const struct op *op)
{
	return op->flags & OP_VIA_PROXY && (is_lie(op) || op_is_write(op));
}

/* Its operations as those of a session of nobody's group. */
static struct op *extract(struct arena *arena, const struct evidence *evidence, size_t *n)
{
	const struct history *history = &evidence->history;
	struct op *ops = NULL;

	for (size_t i = 0; i < history->n; i++) {
		struct op *op;

		if (!is_wanted(&history->ops[i]))
			continue;
		op = ARENA_PUSH(arena, ops, *n);
		*op = history->ops[i];
		op->session = evidence->plan->n_sessions;
		op->flags &= (uint16_t) ~(OP_VIA_PROXY | OP_LIED);
	}
	return ops;
}

/* It works alone, one operation after the other, so that all that came before had returned. */
static void count_lies(struct evidence *evidence)
{
	uint64_t acked = 0;

	evidence->lies_told = evidence->lies_caught = evidence->lie_occasions = 0;
	for (size_t i = 0; i < evidence->history.n; i++) {
		const struct op *op = &evidence->history.ops[i];

		if (!(op->flags & OP_VIA_PROXY))
			continue;
		evidence->lies_told += is_lie(op);
		acked += op_is_write(op) && op->state == OP_OK;
		evidence->lie_occasions += op_is_ok_read(op) && acked > 1;
	}
}

void liar_try(struct evidence *evidence)
{
	struct arena arena = {0};
	struct evidence part = *evidence;
	struct question question = {.metric = &metrics[METRIC_READ_YOUR_WRITES],
		.group = -1,
		.phase = -1,
		.region = -1,
		.from = -1,
		.to = -1};
	struct measurement m = {.fault = -1};

	count_lies(evidence);
	if (!evidence->lies_told)
		return;
	part.history = (struct history){0};
	part.history.ops = extract(&arena, evidence, &part.history.n);
	part.index = index_build(&arena, &part, evidence->index);
	lane_measure(&arena, &part, &question, 1, 1, &m);
	evidence->lies_caught = m.total_findings;
	arena_release(&arena);
}
