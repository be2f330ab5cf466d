#include "suites/judge/primary.h"

unsigned primary_before(const struct view *view, uint64_t at_ns)
{
	const struct marks *marks = &view->evidence->marks;
	unsigned node = OP_NODE_UNKNOWN;

	for (uint32_t i = 0; i < view->index->n; i++) {
		const struct op *op = &view->index->ops[i];

		if (op->call_ns >= at_ns)
			break;
		if (op_is_write(op) && op->state == OP_OK && op->ret_ns < at_ns &&
			op->node != OP_NODE_UNKNOWN)
			node = op->node;
	}
	for (size_t i = 0; i < marks->n && node == OP_NODE_UNKNOWN; i++) {
		if (marks->marks[i].after_ns < at_ns && marks->marks[i].role == ROLE_PRIMARY)
			node = marks->marks[i].node;
	}
	return node;
}

int primary_fault(const struct view *view)
{
	const struct evidence *evidence = view->evidence;

	if (view->question->phase >= 0 &&
		evidence->plan->phases[view->question->phase].kind == PHASE_FAULT)
		return evidence->plan->phases[view->question->phase].fault;
	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		if (evidence->faults[f].in_force_ns)
			return (int)f;
	}
	return evidence->plan->n_faults ? 0 : -1;
}
