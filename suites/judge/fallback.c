/* fallback: the share of reads that paid the trip to the primary because the local copy was behind. */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/share.h"

static bool counts(const struct view *view, uint32_t i)
{
	const struct op *op = &view->index->ops[i];
	const struct plan *plan = view->evidence->plan;

	return op_is_ok_read(op) && view_counts(view, i) &&
		!(op->region < plan->n_regions && plan->regions[op->region].primary);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	(void)arena;
	share_of_flag(evidence, question, counts, OP_FALLBACK, out);
	out->n_what = "reads outside the primary's region";
	if (out->status == MEASURED_NOTHING)
		out->why = "no read was answered outside the primary's region";
}

static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	(void)index;
	if (!counts(view, i) || copy->history.ops[i].flags & OP_FALLBACK)
		return false;
	copy->history.ops[i].flags |= OP_FALLBACK;
	return true;
}

const struct checker_ops checker_fallback = {
	.name = "fallback",
	.help = "share of reads that went to the primary",
	.measure = measure,
	.spoil = spoil,
};
