/*
 * The instants that the picture names. Those of a failover are what its checker measures, so that
 * picture and verdict cannot differ; they are there only where another node came to perform writes.
 */
#include "suites/series.h"
#include "suites/judge/checker.h"
#include "suites/judge/ops.h"

#include <stdlib.h>

struct collection {
	struct arena *arena;
	const struct evidence *evidence;
	struct series_mark *marks;
	size_t n;
};

static void add(
	struct collection *all, enum series_mark_kind kind, uint64_t at_ns, const char *what)
{
	if (at_ns)
		*ARENA_PUSH(all->arena, all->marks, all->n) =
			(struct series_mark){.at_ns = at_ns, .kind = kind, .what = what};
}

/* Since the fault was in force; false: it did not happen, or nobody can say. */
static bool measure(struct collection *all, enum metric_id metric, int phase, uint64_t *after_ns)
{
	struct question question = {.metric = &metrics[metric],
		.filter = FILTER_WRITES,
		.group = -1,
		.phase = phase,
		.region = -1,
		.from = -1,
		.to = -1};
	struct measurement out = {.fault = -1};

	checker_find(metrics[metric].checker)->measure(all->arena, all->evidence, &question, &out);
	*after_ns = out.value > 0 ? (uint64_t)out.value : 0;
	return out.status == MEASURED_VALUE;
}

/* The node that performed the last write before the fault, and the last that it acknowledged until
 * another one did. 0: nobody knows. */
static uint64_t last_ack(
	const struct evidence *evidence, uint64_t in_force_ns, uint64_t promoted_ns)
{
	unsigned node = OP_NODE_UNKNOWN;
	uint64_t last_ns = 0;

	for (size_t i = 0; i < evidence->history.n; i++) {
		const struct op *op = &evidence->history.ops[i];

		if (op->call_ns >= promoted_ns)
			break;
		if (!op_is_write(op) || op->state != OP_OK || op->node == OP_NODE_UNKNOWN)
			continue;
		if (op->ret_ns < in_force_ns)
			node = op->node;
		if (op->node == node && op->ret_ns > last_ns && op->ret_ns < promoted_ns)
			last_ns = op->ret_ns;
	}
	return last_ns;
}

static void add_failover(
	struct collection *all, const struct fault_window *window, int phase, const char *what)
{
	uint64_t in_force_ns = window->in_force_ns, promote, detect, first;

	if (!measure(all, METRIC_FAILOVER_PROMOTE, phase, &promote))
		return;
	add(all, MARK_LAST_ACK, last_ack(all->evidence, in_force_ns, in_force_ns + promote), what);
	if (measure(all, METRIC_FAILOVER_DETECT, phase, &detect))
		add(all, MARK_DETECT, in_force_ns + (detect < promote ? detect : promote), what);
	add(all, MARK_PROMOTE, in_force_ns + promote, what);
	if (measure(all, METRIC_FAILOVER_FIRST_SUCCESS, phase, &first))
		add(all, MARK_FIRST_SUCCESS, in_force_ns + first, what);
}

static int phase_of(const struct plan *plan, int fault)
{
	for (size_t p = 0; p < plan->n_phases; p++) {
		if (plan->phases[p].kind == PHASE_FAULT && plan->phases[p].fault == fault)
			return (int)p;
	}
	return -1;
}

static void add_faults(struct collection *all)
{
	const struct plan *plan = all->evidence->plan;

	for (size_t f = 0; f < plan->n_faults; f++) {
		const struct fault_window *window = &all->evidence->faults[f];
		const char *what = plan->faults[f].name;
		int phase = phase_of(plan, (int)f);

		add(all, MARK_CUT, window->in_force_ns, what);
		if (window->in_force_ns && phase >= 0)
			add_failover(all, window, phase, what);
		add(all, MARK_HEAL, window->in_force_ns ? window->undo_sent_ns : 0, what);
		add(all, MARK_GONE, window->gone_ns, what);
	}
}

static void add_converged(struct collection *all)
{
	uint64_t at_ns = 0;

	for (size_t i = 0; i < all->evidence->n_sweeps; i++) {
		if (all->evidence->sweeps[i].end_ns > at_ns)
			at_ns = all->evidence->sweeps[i].end_ns;
	}
	if (all->evidence->converged)
		add(all, MARK_CONVERGED, at_ns, "all regions");
}

static int by_instant(const void *a, const void *b)
{
	const struct series_mark *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (int)x->kind - (int)y->kind;
}

void series_fill_marks(struct arena *arena, const struct evidence *evidence, struct series *out)
{
	struct collection all = {.arena = arena, .evidence = evidence};

	add_faults(&all);
	add_converged(&all);
	if (all.n)
		qsort(all.marks, all.n, sizeof(*all.marks), by_instant);
	out->marks = all.marks;
	out->n_marks = all.n;
}
