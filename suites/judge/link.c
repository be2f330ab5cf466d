/*
 * link: round trip and loss between two regions, from the beacons.
 *
 * One-way delays of both directions are added by quantile: the sum of two quantiles bounds the
 * quantile of the sums, and is it where the two move together.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/samples.h"
#include "suites/judge/share.h"
#include "suites/judge/view.h"

#define LATE_NS (60 * UINT64_C(1000000000))

static bool is_between(const struct view *view, const struct beacon_sample *b, int from, int to)
{
	return b->from == from && b->to == to && view_in_phase(view, b->sent_ns);
}

static void measure_way(
	struct arena *arena, const struct view *view, int from, int to, struct measurement *out)
{
	const struct beacons *beacons = &view->evidence->beacons;
	struct samples samples = {0};

	for (size_t i = 0; i < beacons->n; i++) {
		const struct beacon_sample *b = &beacons->samples[i];
		double delay;

		if (!is_between(view, b, from, to) || !b->recv_ns)
			continue;
		delay = b->recv_ns > b->sent_ns ? (double)(b->recv_ns - b->sent_ns) : 0;
		samples_add(arena, &samples, b->sent_ns, delay, delay);
	}
	samples_measure(arena, &samples, view->question, out);
}

static void measure_rtt(const struct view *view, struct measurement *out)
{
	const struct question *q = view->question;
	struct measurement back = {0};
	struct arena scratch = {0};

	measure_way(&scratch, view, q->from, q->to, out);
	measure_way(&scratch, view, q->to, q->from, &back);
	arena_release(&scratch);
	if (!back.n || !out->n) {
		out->status = MEASURED_NOTHING;
		return;
	}
	out->value += back.value;
	out->low += back.low;
	out->high += back.high;
	out->has_interval &= back.has_interval;
	out->episodes = back.episodes < out->episodes ? back.episodes : out->episodes;
	out->n += back.n;
}

static void measure_loss(const struct view *view, struct measurement *out)
{
	const struct beacons *beacons = &view->evidence->beacons;
	struct share share = {0};
	struct arena scratch = {0};

	for (size_t i = 0; i < beacons->n; i++) {
		const struct beacon_sample *b = &beacons->samples[i];

		if (is_between(view, b, view->question->from, view->question->to))
			share_add(&scratch, &share, !b->recv_ns);
	}
	share_measure(&share, view->question, out);
	arena_release(&scratch);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);

	(void)arena;
	if (question->metric->id == METRIC_LOSS)
		measure_loss(&view, out);
	else
		measure_rtt(&view, out);
	out->n_what = "beacons";
	if (out->status == MEASURED_NOTHING)
		out->why = "no beacon was sent between those regions";
}

/* It takes a minute, or never comes. */
static bool spoil_beacon(struct evidence *copy, const struct view *view, size_t i)
{
	struct beacon_sample *b = &copy->beacons.samples[i];
	const struct question *q = view->question;

	if (!b->recv_ns || !is_between(view, b, q->from, q->to))
		return false;
	b->recv_ns = q->metric->id == METRIC_LOSS ? 0 : b->sent_ns + LATE_NS;
	return true;
}

const struct checker_ops checker_link = {
	.name = "link",
	.help = "round trip and loss as the beacons measured them",
	.measure = measure,
	.spoil_beacon = spoil_beacon,
};
