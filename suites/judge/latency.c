/*
 * latency, goodput, errors: how the sessions' operations went.
 *
 * Latency counts from the intended start, so that a backlog is not hidden. A failed or unknown
 * operation counts as at least its time-out, so that an outage, or an answer "no" that comes fast,
 * never improves a percentile. Slots that were not sent are in neither; they are named in the note.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/samples.h"
#include "suites/judge/share.h"
#include "suites/judge/view.h"

static uint64_t count_not_sent(const struct view *view)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < view->index->n; i++)
		n += view->index->ops[i].state == OP_NOT_SENT && view_counts(view, i);
	return n;
}

static bool was_sent(const struct op *op)
{
	return op->state == OP_OK || op->state == OP_FAIL || op->state == OP_UNKNOWN;
}

static double length_of(const struct view *view, const struct op *op)
{
	uint64_t length = op_end(op) - op_intended(op);
	const struct client_group *group;

	if (op->state == OP_OK)
		return (double)length;
	group = view_group(view->evidence->plan, op->session);
	return (double)(group && group->timeout_ns > length ? group->timeout_ns : length);
}

static void add_worst(struct arena *arena, const struct view *view, uint32_t i, double length,
	struct measurement *out)
{
	struct finding *finding;

	if (length < view->question->bound)
		return;
	finding = finding_add(arena, out, length);
	if (!finding)
		return;
	finding_ops(view, finding, &i, 1);
	finding->reason = view->index->ops[i].state == OP_OK
		? arena_printf(arena, "took %.1f ms from its intended start", length / 1e6)
		: arena_printf(
			  arena, "did not succeed; counted as its time-out, %.1f ms", length / 1e6);
}

static void measure_latency(struct arena *arena, const struct view *view, struct measurement *out)
{
	struct samples samples = {0};
	struct arena scratch = {0};

	for (uint32_t i = 0; i < view->index->n; i++) {
		const struct op *op = &view->index->ops[i];
		double length;

		if (!was_sent(op) || !view_counts(view, i))
			continue;
		length = length_of(view, op);
		samples_add(&scratch, &samples, op->call_ns, length, length);
		if (view->question->bound > 0)
			add_worst(arena, view, i, length, out);
	}
	samples_measure(&scratch, &samples, view->question, out);
	arena_release(&scratch);
	out->n_what = "operations";
}

/* The stretch in which the clients worked: the phase, or from the first operation to the last. */
static double active_seconds(const struct view *view)
{
	uint64_t first = TIME_NEVER, last = 0;

	if (view->question->phase >= 0 && view->end_ns != UINT64_MAX)
		return (double)(view->end_ns - view->start_ns) / 1e9;
	for (uint32_t i = 0; i < view->index->n; i++) {
		const struct op *op = &view->index->ops[i];

		if (!op_is_session(op) || !view_in_phase(view, op_intended(op)))
			continue;
		first = op_intended(op) < first ? op_intended(op) : first;
		last = op_intended(op) > last ? op_intended(op) : last;
	}
	return last > first ? (double)(last - first) / 1e9 : 0;
}

static void measure_goodput(const struct view *view, struct measurement *out)
{
	double seconds = active_seconds(view);
	uint64_t ok = 0, sent = 0;

	for (uint32_t i = 0; i < view->index->n; i++) {
		if (!was_sent(&view->index->ops[i]) || !view_counts(view, i))
			continue;
		sent++;
		ok += view->index->ops[i].state == OP_OK;
	}
	out->n = sent;
	out->n_what = "operations";
	if (!sent || seconds <= 0) {
		out->status = MEASURED_NOTHING;
		return;
	}
	out->status = MEASURED_VALUE;
	out->value = (double)ok / seconds;
	out->episodes = 1;
}

static void measure_errors(const struct view *view, struct measurement *out)
{
	struct share share = {0};
	struct arena scratch = {0};

	for (uint32_t i = 0; i < view->index->n; i++) {
		const struct op *op = &view->index->ops[i];

		if (was_sent(op) && view_counts(view, i))
			share_add(&scratch, &share, op->state != OP_OK);
	}
	share_measure(&share, view->question, out);
	arena_release(&scratch);
	out->n_what = "operations";
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	uint64_t not_sent = count_not_sent(&view);

	if (question->metric->id == METRIC_GOODPUT)
		measure_goodput(&view, out);
	else if (question->metric->id == METRIC_ERRORS)
		measure_errors(&view, out);
	else
		measure_latency(arena, &view, out);
	if (out->status == MEASURED_NOTHING)
		out->why = "no operation of that kind was sent";
	if (not_sent)
		out->note = arena_printf(arena,
			"%llu slots were not sent: their sessions were still busy",
			(unsigned long long)not_sent);
}

/* It fails, or takes twice as long as is allowed. */
static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];

	(void)index;
	if (op->state != OP_OK || !view_counts(view, i))
		return false;
	if (view->question->metric->id == METRIC_LATENCY)
		op->ret_ns = op->call_ns + (uint64_t)(2 * view->question->bound) + 1;
	else
		op->state = OP_FAIL;
	return true;
}

const struct checker_ops checker_latency = {
	.name = "latency",
	.help = "latency, goodput and errors of the sessions",
	.measure = measure,
	.spoil = spoil,
};
