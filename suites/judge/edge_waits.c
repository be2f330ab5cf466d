/*
 * edge_waits: did readers wait for the origin though stale-while-revalidate says that they need not?
 *
 * A key that an edge has just handed out it has a copy of, at most max-age old, or being fetched anew.
 * Within stale-while-revalidate from there on a read is answered at once, by that copy. It waited
 * where it took as long as a round trip to the origin takes at least, as the beacons measured it.
 * Edges in the origin's own region say nothing: their way is too short to be told from an answer. Nor do
 * reads under a fault, or shortly after one.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/edge.h"
#include "suites/judge/share.h"
#include "suites/judge/staleness_parts.h"
#include "suites/judge/trips.h"

#define TRIP_SHARE                                                                                 \
	0.9 /* of the least round trip: beacons and readers do not leave from one place */

static bool must_be_quick(const struct view *view, const uint32_t *previous, uint32_t i)
{
	const struct op *op = &view->index->ops[i];
	const struct plan *plan = view->evidence->plan;

	return op->state == OP_OK && previous[i] != OP_NONE &&
		op->region != edge_origin_region(plan) &&
		op->call_ns - view->index->ops[previous[i]].call_ns <=
		view_group(plan, op->session)->revalidate_ns &&
		!staleness_is_unsettled(view->evidence, op);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	const struct plan *plan = evidence->plan;
	unsigned origin = edge_origin_region(plan);
	struct arena scratch = {0};
	uint64_t *trips = trips_measure(&scratch, &view);
	uint32_t *previous = edge_previous(&scratch, &view);
	struct share share = {0};

	for (uint32_t i = 0; i < view.index->n; i++) {
		const struct op *op = &view.index->ops[i];
		uint64_t trip;

		if (!must_be_quick(&view, previous, i))
			continue;
		trip = trips[op->region * plan->n_regions + origin];
		if (trip != TIME_NEVER)
			share_add(&scratch, &share,
				(double)(op->ret_ns - op->call_ns) >= TRIP_SHARE * (double)trip);
	}
	share_measure(&share, question, out);
	arena_release(&scratch);
	out->n_what = "reads of edges within stale-while-revalidate";
	if (out->status == MEASURED_NOTHING)
		out->why = arena_printf(arena,
			"no edge outside %s was read twice within stale-while-revalidate, or no beacon "
			"came back from there",
			view_region_name(plan, origin));
}

static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];

	(void)index;
	if (op->state != OP_OK || !edge_counts(view, i) || op->ret_ns - op->call_ns > 1000000000)
		return false;
	op->ret_ns = op->call_ns + UINT64_C(2000000000);
	return true;
}

const struct checker_ops checker_edge_waits = {
	.name = "edge-waits",
	.help = "share of an edge's reads that waited for the origin within stale-while-revalidate",
	.measure = measure,
	.spoil = spoil,
};
