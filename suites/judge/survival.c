#include "suites/judge/survival.h"
#include "suites/judge/index.h"
#include "suites/judge/ops.h"

bool survival_fault_bounds(const struct fault_window *w, uint64_t *from_ns, uint64_t *to_ns)
{
	*from_ns = w->in_force_ns ? w->in_force_ns : w->sent_ns;
	*to_ns = w->gone_ns ? w->gone_ns : w->undo_acked_ns;
	if (!*to_ns)
		*to_ns = TIME_NEVER;
	return *from_ns > 0;
}

static bool any_fault(const struct evidence *evidence)
{
	uint64_t from_ns, to_ns;

	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		if (survival_fault_bounds(&evidence->faults[f], &from_ns, &to_ns))
			return true;
	}
	return false;
}

static bool touches_nodes(const struct evidence *evidence)
{
	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		if (evidence->plan->faults[f].effects.n_nodes ||
			evidence->plan->faults[f].effects.n_regions)
			return true;
	}
	return false;
}

/* The node that performed all acknowledged writes; OP_NODE_UNKNOWN: several, or not named. */
static unsigned only_writer(const struct index *index)
{
	unsigned node = OP_NODE_UNKNOWN;

	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];

		if (!op_is_write(op) || op->state != OP_OK)
			continue;
		if (op->node == OP_NODE_UNKNOWN || (node != OP_NODE_UNKNOWN && node != op->node))
			return OP_NODE_UNKNOWN;
		node = op->node;
	}
	return node;
}

static uint64_t last_fault_end(const struct evidence *evidence)
{
	uint64_t from_ns, to_ns, last = 0;

	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		if (survival_fault_bounds(&evidence->faults[f], &from_ns, &to_ns) && to_ns > last)
			last = to_ns;
	}
	return last;
}

/* Whom the marks show as the only primary, and still as one after the faults; OP_NODE_UNKNOWN: none. */
static unsigned only_primary(const struct evidence *evidence)
{
	uint64_t after_ns = last_fault_end(evidence);
	unsigned node = OP_NODE_UNKNOWN;
	bool still = false;

	for (size_t i = 0; i < evidence->marks.n; i++) {
		const struct role_mark *mark = &evidence->marks.marks[i];

		if (mark->role != ROLE_PRIMARY)
			continue;
		if (node != OP_NODE_UNKNOWN && node != mark->node)
			return OP_NODE_UNKNOWN;
		node = mark->node;
		still = still || mark->before_ns > after_ns;
	}
	for (size_t i = 0; i < evidence->marks.n; i++) {
		if (evidence->marks.marks[i].role == ROLE_REPLICA &&
			evidence->marks.marks[i].node == node)
			return OP_NODE_UNKNOWN;
	}
	return still ? node : OP_NODE_UNKNOWN;
}

bool survival_of_all(const struct evidence *evidence)
{
	unsigned primary;

	if (!any_fault(evidence))
		return true;
	if (touches_nodes(evidence))
		return false;
	primary = only_primary(evidence);
	return primary != OP_NODE_UNKNOWN && primary == only_writer(evidence->index);
}
