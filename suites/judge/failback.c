/*
 * failback: how long after the heal the node that was primary before the fault performs writes again.
 *
 * From the certified gone instant to the return of the first write that the old primary performed and
 * that was called after the heal, provided that from there on, for SUSTAINED_NS, no other node
 * acknowledged one that was called later: a node that only goes on for a moment with what it took
 * itself for has not taken over. Writes of sessions and of the ticker count. Where nobody else wrote
 * while the fault lasted there is nothing to come back from. What had not happened when the clients
 * stopped is right-censored, and a system may well choose never to go back.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/primary.h"

#define SUSTAINED_NS (3 * UINT64_C(1000000000))

struct failback {
	const struct view *view;
	uint64_t start_ns, gone_ns;
	uint64_t last_call_ns; /* of all writes: nobody tried after it */
	unsigned old;
	uint32_t moved;  /* the first write of another node while the fault was in force */
	uint32_t back;   /* the first of the old primary that may be the one */
	uint32_t beside; /* the last of another node after the heal and before that */
};

static bool is_performed(const struct op *op)
{
	return op_is_write(op) && op->state == OP_OK && op->node != OP_NODE_UNKNOWN &&
		!(op->flags & (OP_READBACK | OP_VIA_PROXY));
}

static void take(struct failback *f, uint32_t place)
{
	const struct op *ops = f->view->index->ops, *op = &ops[place];

	if (op_is_write(op) && op->state != OP_NOT_SENT)
		f->last_call_ns = op->call_ns;
	if (!is_performed(op) || op->call_ns < f->start_ns)
		return;
	if (op->call_ns < f->gone_ns) {
		if (f->moved == OP_NONE && op->node != f->old)
			f->moved = place;
		return;
	}
	if (op->node == f->old) {
		f->back = f->back == OP_NONE ? place : f->back;
		return;
	}
	if (f->back != OP_NONE && op->call_ns >= ops[f->back].ret_ns + SUSTAINED_NS)
		return; /* it lasted: what comes later is another story */
	if (f->back == OP_NONE || op->call_ns > ops[f->back].ret_ns) {
		f->back = OP_NONE;
		f->beside = place;
	}
}

static void find(struct failback *f)
{
	f->moved = f->back = f->beside = OP_NONE;
	for (uint32_t i = 0; i < f->view->index->n; i++)
		take(f, i);
}

static void show(
	struct arena *arena, const struct failback *f, double bound, struct measurement *out)
{
	struct finding *finding;
	uint32_t ops[3] = {f->moved, f->beside, f->back};

	if (out->value < bound)
		return;
	finding = finding_add(arena, out, out->value);
	finding_ops(f->view, finding, ops, 3);
	finding->reason = "the first write of another node, the last one of another node after the "
			  "heal, and the first of the old primary that lasted";
}

static void answer(struct arena *arena, const struct failback *f, struct measurement *out)
{
	const struct op *ops = f->view->index->ops;
	uint64_t until = f->last_call_ns;

	if (f->back != OP_NONE && until < ops[f->back].ret_ns + SUSTAINED_NS) {
		out->status = MEASURED_UNDECIDED;
		out->why = "the old primary came back too late to be seen to last";
		return;
	}
	out->status = f->back == OP_NONE ? MEASURED_CENSORED : MEASURED_VALUE;
	if (f->back != OP_NONE)
		until = ops[f->back].ret_ns;
	out->value = until > f->gone_ns ? (double)(until - f->gone_ns) : 0;
	if (f->back == OP_NONE)
		out->why = arena_printf(arena,
			"%s had not taken over again when the clients stopped, %.1f s after the heal",
			view_node_name(f->view->evidence->plan, f->old), out->value / 1e9);
	show(arena, f, f->view->question->bound, out);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct failback f = {.view = &view};
	const struct fault_window *window;

	out->n_what = "failback";
	out->fault = primary_fault(&view);
	if (out->fault < 0 || !evidence->faults[out->fault].in_force_ns)
		return measured_nothing(out, "no fault was in force");
	window = &evidence->faults[out->fault];
	if (!window->gone_ns)
		return measured_nothing(out, "the fault was not seen to be gone");
	f.start_ns = window->in_force_ns;
	f.gone_ns = window->gone_ns;
	f.old = primary_before(&view, f.start_ns);
	if (f.old == OP_NODE_UNKNOWN)
		return measured_nothing(
			out, "nobody knows which node was primary before the fault");
	find(&f);
	if (f.moved == OP_NONE)
		return measured_nothing(out, "no other node performed a write while it lasted");
	if (f.last_call_ns <= f.gone_ns)
		return measured_nothing(out, "no client wrote after the heal");
	out->n = out->episodes = 1;
	answer(arena, &f, out);
	out->note = "this run, one failback (a claim at 95 % needs more: repeat)";
}

/* After the heal a write fails, and shows nobody who performs them. */
static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];
	int fault = primary_fault(view);

	(void)index;
	if (fault < 0 || !copy->faults[fault].gone_ns ||
		op->call_ns < copy->faults[fault].gone_ns || !is_performed(op))
		return false;
	op->state = OP_FAIL;
	return true;
}

const struct checker_ops checker_failback = {
	.name = "failback",
	.help = "when the old primary performs writes again",
	.measure = measure,
	.spoil = spoil,
	.spoils_in_a_row = true,
};
