/* fallback: the share of reads that paid the trip to the primary because the local copy was behind. */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/share.h"
#include "suites/judge/view.h"

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct share share = {0};
	struct arena scratch = {0};

	(void)arena;
	for (uint32_t i = 0; i < view.index->n; i++) {
		const struct op *op = &view.index->ops[i];

		if (op_is_ok_read(op) && view_counts(&view, i) &&
			!(op->region < evidence->plan->n_regions &&
				evidence->plan->regions[op->region].primary))
			share_add(&scratch, &share, op->flags & OP_FALLBACK);
	}
	share_measure(&share, question, out);
	arena_release(&scratch);
	out->n_what = "reads outside the primary's region";
	if (out->status == MEASURED_NOTHING)
		out->why = "no read was answered outside the primary's region";
}

const struct checker_ops checker_fallback = {
	.name = "fallback",
	.help = "share of reads that went to the primary; no plants: they are counted, not found",
	.measure = measure,
};
