/*
 * loss: what became of acknowledged writes.
 *
 * Only ledger keys convict: they are written once, so nothing can hide a loss. A key's fate is read
 * from the final read-back (readback.h), in a quiet phase in which the regions converged.
 *
 * Acknowledged writes split by the fault that was the next to be in force: acknowledged before it
 * (their age is the RPO window) or after it (discarded after the cut). Writes of unknown outcome
 * survived or vanished, which is never loss. Overwritten register keys are masked: a later write
 * would hide their loss, so they prove nothing.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/readback.h"
#include "suites/judge/view.h"

struct census {
	struct arena *arena;
	const struct view *view;
	struct readback *readback;
};

/* The fault that a write acknowledged at the instant met: the first not yet gone, of those of the
 * phase that is asked for, or of all. -1: none. */
static int fault_at(const struct view *view, uint64_t at_ns)
{
	const struct evidence *evidence = view->evidence;
	const struct plan_phase *phase =
		view->question->phase < 0 ? NULL : &evidence->plan->phases[view->question->phase];
	bool asked = phase && phase->kind == PHASE_FAULT;
	int from = asked ? phase->fault : 0;
	int end = asked ? phase->last_fault + 1 : (int)evidence->plan->n_faults;
	int best = -1, last = -1;

	if (asked && end <= from + 1)
		return from;
	for (int f = from; f < end; f++) {
		const struct fault_window *w = &evidence->faults[f];

		if (!w->in_force_ns)
			continue;
		if (last < 0 || w->in_force_ns > evidence->faults[last].in_force_ns)
			last = f;
		if ((!w->gone_ns || w->gone_ns > at_ns) &&
			(best < 0 || w->in_force_ns < evidence->faults[best].in_force_ns))
			best = f;
	}
	return best >= 0 ? best : last;
}

struct tally {
	uint64_t acked, lost, missing, unread, kept;
	uint64_t acked_before, acked_during; /* of the fault */
	uint64_t lost_before, lost_after;
	uint64_t oldest_ns, latest_ns; /* distances before and after in-force */
	uint64_t unknown, vanished, survived;
	int fault;
};

static const char *distance_text(
	struct arena *arena, const struct view *view, const struct op *write)
{
	int fault = fault_at(view, write->ret_ns);
	uint64_t in_force;

	if (fault < 0)
		return "";
	in_force = view->evidence->faults[fault].in_force_ns;
	if (write->ret_ns < in_force)
		return arena_printf(arena, ", %.3f s before '%s' was in force",
			(double)(in_force - write->ret_ns) / 1e9,
			view->evidence->plan->faults[fault].name);
	return arena_printf(arena, ", %.3f s after '%s' was in force",
		(double)(write->ret_ns - in_force) / 1e9, view->evidence->plan->faults[fault].name);
}

static void add_finding(
	struct census *census, uint32_t write, enum fate fate, struct measurement *out)
{
	const struct view *view = census->view;
	const struct op *op = &view->index->ops[write];
	struct finding *finding = finding_add(census->arena, out, -(double)op->ret_ns);
	uint32_t ops[WITNESS_OPS_MAX] = {write};
	unsigned n = 1;

	if (!finding)
		return;
	for (int absent = 1; absent >= 0; absent--) { /* those that lack it first */
		for (unsigned i = 0; i < census->readback->n_places && n < WITNESS_OPS_MAX; i++) {
			uint32_t read = readback_last(census->readback, i);

			if (read != OP_NONE &&
				(view->index->ops[read].value != op->value) == absent)
				ops[n++] = read;
		}
	}
	finding_ops(view, finding, ops, n);
	finding->reason = arena_printf(census->arena, "acknowledged at %.3f s%s; %s",
		(double)op->ret_ns / 1e9, distance_text(census->arena, view, op),
		fate == FATE_LOST ? "absent in every region's final read-back"
				  : "present in some final read-backs and absent in others");
}

static void tally_lost(struct tally *tally, const struct view *view, const struct op *write)
{
	int fault = fault_at(view, write->ret_ns);
	uint64_t in_force = fault < 0 ? 0 : view->evidence->faults[fault].in_force_ns;

	tally->lost++;
	if (!in_force)
		return;
	if (write->ret_ns < in_force) {
		uint64_t distance = in_force - write->ret_ns;

		tally->lost_before++;
		tally->oldest_ns = distance > tally->oldest_ns ? distance : tally->oldest_ns;
	} else {
		uint64_t distance = write->ret_ns - in_force;

		tally->lost_after++;
		tally->latest_ns = distance > tally->latest_ns ? distance : tally->latest_ns;
	}
}

static void tally_acked(struct tally *tally, const struct view *view, const struct op *write)
{
	int fault = fault_at(view, write->ret_ns);
	const struct fault_window *w = fault < 0 ? NULL : &view->evidence->faults[fault];

	tally->acked++;
	if (!w || !w->in_force_ns)
		return;
	tally->acked_before += write->ret_ns < w->in_force_ns;
	tally->acked_during +=
		write->ret_ns >= w->in_force_ns && (!w->gone_ns || write->ret_ns < w->gone_ns);
}

/* Phase by acknowledgement; an unknown write has none and counts by its call. */
static bool counts(const struct view *view, uint32_t i)
{
	struct question question = *view->question;
	struct view any = *view;
	const struct op *op = &view->index->ops[i];

	any.question = &question;
	any.start_ns = 0;
	any.end_ns = UINT64_MAX;
	return view_counts(&any, i) &&
		view_in_phase(view, op->state == OP_OK ? op->ret_ns : op->call_ns);
}

static bool is_wanted(
	enum metric_id id, const struct view *view, const struct op *write, enum fate fate)
{
	int fault = fault_at(view, write->ret_ns);
	bool before = fault >= 0 && write->ret_ns < view->evidence->faults[fault].in_force_ns;

	switch (id) {
	case METRIC_WRITES_LOST:
		return fate == FATE_LOST;
	case METRIC_WRITES_MISSING:
		return fate == FATE_MISSING;
	case METRIC_WRITES_DISCARDED_AFTER_CUT:
		return fate == FATE_LOST && fault >= 0 && !before;
	case METRIC_RPO_WINDOW:
		return fate == FATE_LOST && before;
	default:
		return false;
	}
}

static void take_acked(
	struct census *census, uint32_t write, struct tally *tally, struct measurement *out)
{
	const struct view *view = census->view;
	const struct op *op = &view->index->ops[write];
	enum fate fate = readback_fate(census->readback, op);

	if (fate == FATE_UNREAD) {
		tally->unread++;
		return;
	}
	tally_acked(tally, view, op);
	tally->kept += fate == FATE_KEPT;
	tally->missing += fate == FATE_MISSING;
	if (fate == FATE_LOST)
		tally_lost(tally, view, op);
	if (is_wanted(view->question->metric->id, view, op, fate))
		add_finding(census, write, fate, out);
}

static void take_unknown(struct census *census, uint32_t write, struct tally *tally)
{
	enum fate fate = readback_fate(census->readback, &census->view->index->ops[write]);

	if (fate == FATE_UNREAD) {
		tally->unread++;
		return;
	}
	tally->unknown++;
	tally->vanished += fate == FATE_LOST;
	tally->survived += fate != FATE_LOST;
}

static void take_ledger(struct census *census, struct tally *tally, struct measurement *out)
{
	const struct index *index = census->view->index;

	for (uint32_t k = 0; k < index->n_keys; k++) {
		struct span writes = index_writes(index, k);

		if (op_key_class(index->keys[k]) != KEY_LEDGER || writes.first == writes.end)
			continue;
		readback_key(census->readback, k);
		for (uint32_t i = writes.first; i < writes.end; i++) {
			uint32_t write = index->writes[i];

			if (!counts(census->view, write))
				continue;
			if (index->ops[write].state == OP_OK)
				take_acked(census, write, tally, out);
			else
				take_unknown(census, write, tally);
		}
	}
}

static void answer(struct arena *arena, const struct tally *t, const struct question *question,
	uint64_t unsure_ns, struct measurement *out)
{
	out->n_what = "acknowledged ledger writes";
	out->n = t->acked;
	switch (question->metric->id) {
	case METRIC_WRITES_LOST:
		out->value = (double)t->lost;
		if (t->lost_before + t->lost_after)
			out->note = arena_printf(arena,
				"%llu acknowledged before the fault was in force (the oldest %.3f s), "
				"%llu after it (the last %.3f s)",
				(unsigned long long)t->lost_before, (double)t->oldest_ns / 1e9,
				(unsigned long long)t->lost_after, (double)t->latest_ns / 1e9);
		break;
	case METRIC_WRITES_MISSING:
		out->value = (double)t->missing;
		break;
	case METRIC_WRITES_DISCARDED_AFTER_CUT:
		out->value = (double)t->lost_after;
		out->n = t->acked_during;
		out->n_what = "ledger writes acknowledged while the fault was in force";
		if (t->lost_after)
			out->note = arena_printf(arena,
				"the last one was acknowledged %.3f s after the cut",
				(double)t->latest_ns / 1e9);
		break;
	case METRIC_RPO_WINDOW:
		/* In force and acknowledged are instants of two clocks. */
		out->value = t->oldest_ns ? (double)(t->oldest_ns + unsure_ns) : 0;
		out->value_low = t->oldest_ns > unsure_ns ? (double)(t->oldest_ns - unsure_ns) : 0;
		out->has_value_low = out->value_low < out->value;
		out->n = t->acked_before;
		out->n_what = "ledger writes acknowledged before the fault";
		out->episodes = 1;
		break;
	default:
		out->value = (double)t->vanished;
		out->n = t->unknown;
		out->n_what = "ledger writes of unknown outcome";
		break;
	}
	if (t->unknown && !out->note)
		out->note = arena_printf(arena, "of %llu writes of unknown outcome %llu survived",
			(unsigned long long)t->unknown, (unsigned long long)t->survived);
	if (t->unread)
		out->note =
			arena_printf(arena, "%llu writes were not read back in every region%s%s",
				(unsigned long long)t->unread, out->note ? "; " : "",
				out->note ? out->note : "");
}

static void measure_masked(const struct view *view, struct measurement *out)
{
	const struct index *index = view->index;

	for (uint32_t k = 0; k < index->n_keys; k++) {
		struct span writes = index_writes(index, k);

		if (op_key_class(index->keys[k]) != KEY_REGISTER)
			continue;
		for (uint32_t i = writes.first; i < writes.end; i++) {
			if (index->ops[index->writes[i]].state != OP_OK ||
				!counts(view, index->writes[i]))
				continue;
			out->n++;
			out->value += i + 1 < writes.end;
		}
	}
	out->n_what = "acknowledged register writes";
}

/* The fault that the answer hangs on. */
static int fault_asked(const struct view *view)
{
	switch (view->question->metric->id) {
	case METRIC_WRITES_DISCARDED_AFTER_CUT:
	case METRIC_RPO_WINDOW:
		return fault_at(view, 0);
	default:
		return -1;
	}
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct census census = {.arena = arena, .view = &view};
	struct tally tally = {0};

	out->status = MEASURED_VALUE;
	if (question->metric->id == METRIC_WRITES_MASKED) {
		measure_masked(&view, out);
	} else {
		census.readback = readback_new(arena, &view, evidence->quiet_ns, TIME_NEVER);
		take_ledger(&census, &tally, out);
		answer(arena, &tally, question, view.index->unsure_ns, out);
		out->fault = fault_asked(&view);
		if (!census.readback->n_places)
			return measured_nothing(
				out, "nothing was read back after the writers had stopped");
		if (!evidence->converged) {
			out->status = MEASURED_UNDECIDED;
			out->why = "the regions did not converge, so what is absent may still come";
			return;
		}
		if ((question->metric->id == METRIC_RPO_WINDOW ||
			    question->metric->id == METRIC_WRITES_DISCARDED_AFTER_CUT) &&
			out->fault < 0)
			return measured_nothing(out, "no fault was in force");
	}
	if (!out->n)
		measured_nothing(out, arena_printf(arena, "there were no %s", out->n_what));
}

static bool is_plantable(const struct view *view, uint32_t i)
{
	const struct question *q = view->question;
	const struct op *op = &view->index->ops[i];
	int fault = fault_at(view, op->ret_ns);
	bool before = fault >= 0 && op->ret_ns < view->evidence->faults[fault].in_force_ns;

	if (op_key_class(op->key) != KEY_LEDGER || op->kind != OP_WRITE || op->state != OP_OK ||
		!counts(view, i))
		return false;
	return q->metric->id == METRIC_RPO_WINDOW                    ? before
		: q->metric->id == METRIC_WRITES_DISCARDED_AFTER_CUT ? fault >= 0 && !before
								     : true;
}

/* Make the final read-back say "absent": of every node, or, for `missing`, of one. */
static bool plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns)
{
	struct view view = view_of(copy, question);
	bool missing = question->metric->id == METRIC_WRITES_MISSING;
	unsigned changed = 0, node = 0;

	(void)arena;
	(void)rng;
	(void)size_ns;
	for (uint32_t i = 0; i < copy->history.n; i++) {
		struct op *op = &copy->history.ops[i];

		if (is_plantable(&view, i))
			changed = 1;
		if (!changed || !(op->flags & OP_READBACK) || !op->value ||
			(missing && changed > 1 && readback_place(op) != node))
			continue;
		node = readback_place(op);
		op->value = 0;
		op->flags |= OP_ABSENT;
		changed++;
	}
	return changed > 1;
}

const struct checker_ops checker_loss = {
	.name = "loss",
	.help = "acknowledged writes that are lost, missing or discarded; masked and vanished ones are no "
		"violations, so nothing is planted for them",
	.measure = measure,
	.plant = plant,
	.plant_classes = 1u << KEY_LEDGER,
};
