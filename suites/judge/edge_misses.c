/*
 * edge_misses: for which share of reads an edge had no copy, as it says itself.
 *
 * The answer carries the edge's own word (X-Cache: MISS, say; `answer.hit` of driver http). Whether it is
 * true nothing here shows: how long such reads take does. Answers without a word say nothing, and where
 * none has one there is nothing to count.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/share.h"

static bool counts(const struct view *view, uint32_t i)
{
	const struct op *op = &view->index->ops[i];

	return op_is_ok_read(op) && op->flags & (OP_HIT | OP_MISS) && view_counts(view, i);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	(void)arena;
	share_of_flag(evidence, question, counts, OP_MISS, out);
	out->n_what = "reads whose answer says whether the edge had a copy";
	if (out->status == MEASURED_NOTHING)
		out->why = "no answer says whether an edge had a copy";
}

/* What was a hit is a miss. */
static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];

	(void)index;
	if (!counts(view, i) || op->flags & OP_MISS)
		return false;
	op->flags = (uint16_t)((op->flags & ~OP_HIT) | OP_MISS);
	return true;
}

const struct checker_ops checker_edge_misses = {
	.name = "edge-misses",
	.help = "share of reads for which an edge says that it had no copy",
	.measure = measure,
	.spoil = spoil,
};
