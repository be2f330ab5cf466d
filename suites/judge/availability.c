/*
 * availability: the share of the ticker's operations that succeeded, and its longest outage.
 *
 * A window belongs to one region and one class of operations: a run of consecutive ticks, none of
 * which succeeded, at least WINDOW_TICKS of them, from the call of the first to the return of the
 * next success. Fail and unknown are alike: not available. A window that nothing ends before the
 * phase does is a lower bound. Where a run has no ticker (foreign histories) sessions stand in.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/share.h"
#include "suites/judge/view.h"
#include "probes/prober.h"

#define WINDOW_TICKS 3

enum tick_class { TICK_READS, TICK_WRITES, TICK_CLASSES };

/* An outage in the making. */
struct outage {
	uint32_t first, last, ticks;
};

struct windows {
	struct arena *arena;
	const struct view *view;
	struct measurement *out;
	struct outage open[256][TICK_CLASSES];
	uint32_t tried[256][TICK_CLASSES];
	uint64_t count, longest_ns;
	uint64_t last_call_ns;
	bool tickers;
	bool enough; /* somewhere as many as make a window */
};

static bool has_tickers(const struct index *index)
{
	for (uint32_t i = 0; i < index->n; i++) {
		if (index->ops[i].flags & OP_TICKER)
			return true;
	}
	return false;
}

static bool counts(const struct view *view, bool tickers, uint32_t i)
{
	const struct op *op = &view->index->ops[i];

	if (op->state == OP_NOT_SENT || op->state == OP_EMPTY)
		return false;
	return tickers ? view_counts_tick(view, i) : view_counts(view, i);
}

static void close_window(
	struct windows *w, const struct outage *outage, uint32_t success, uint64_t length_ns)
{
	const struct op *first = &w->view->index->ops[outage->first];
	struct finding *finding;

	w->count++;
	if (length_ns > w->longest_ns)
		w->longest_ns = length_ns;
	if ((double)length_ns < w->view->question->bound)
		return;
	finding = finding_add(w->arena, w->out, (double)length_ns);
	if (!finding)
		return;
	finding_ops(w->view, finding, (uint32_t[]){outage->first, outage->last, success},
		outage->first == outage->last ? 1 : 3);
	finding->reason = arena_printf(w->arena, "%u %s in a row from %s did not succeed, %.2f s",
		outage->ticks, op_is_write(first) ? "writes" : "reads",
		view_region_name(w->view->evidence->plan, first->region), (double)length_ns / 1e9);
}

static void take(struct windows *w, uint32_t i)
{
	const struct op *ops = w->view->index->ops, *op = &ops[i];
	enum tick_class class = op_is_write(op) ? TICK_WRITES : TICK_READS;
	struct outage *o = &w->open[op->region][class];

	w->enough |= ++w->tried[op->region][class] >= WINDOW_TICKS;
	if (op->state != OP_OK) {
		if (!o->ticks++)
			o->first = i;
		o->last = i;
		return;
	}
	if (o->ticks >= WINDOW_TICKS)
		close_window(w, o, i, op->ret_ns - ops[o->first].call_ns);
	*o = (struct outage){0};
}

/* Outages that are open at the end; returns whether one of them is the longest of all. */
static bool take_open(struct windows *w)
{
	uint64_t end_ns = w->last_call_ns;
	bool longest = false;

	for (unsigned r = 0; r < 256; r++) {
		for (unsigned c = 0; c < TICK_CLASSES; c++) {
			const struct outage *o = &w->open[r][c];
			uint64_t length_ns;

			if (o->ticks < WINDOW_TICKS)
				continue;
			length_ns = end_ns - w->view->index->ops[o->first].call_ns;
			longest |= length_ns >= w->longest_ns;
			close_window(w, o, OP_NONE, length_ns);
		}
	}
	return longest;
}

static void measure_windows(
	struct arena *arena, const struct view *view, bool tickers, struct measurement *out)
{
	struct windows *w = arena_alloc(arena, sizeof(*w));
	bool open;

	*w = (struct windows){.arena = arena, .view = view, .out = out, .tickers = tickers};
	for (uint32_t i = 0; i < view->index->n; i++) {
		if (!counts(view, tickers, i))
			continue;
		out->n++;
		w->last_call_ns = view->index->ops[i].call_ns;
		take(w, i);
	}
	open = take_open(w);
	if (!w->enough)
		return measured_nothing(out, "nothing was tried three times, which a window takes");
	out->status = MEASURED_VALUE;
	if (view->question->stat == STAT_COUNT) {
		out->value = (double)w->count;
		return;
	}
	out->value = (double)w->longest_ns;
	if (open) {
		out->status = MEASURED_CENSORED;
		out->why = "the outage was not over when the phase ended";
	}
	out->note = arena_printf(
		arena, "resolution %llu ms", (unsigned long long)(PROBER_TICK_NS / 1000000));
}

static void measure_share(const struct view *view, bool tickers, struct measurement *out)
{
	struct share share = {0};
	struct arena scratch = {0};

	for (uint32_t i = 0; i < view->index->n; i++) {
		if (counts(view, tickers, i))
			share_add(&scratch, &share, view->index->ops[i].state == OP_OK);
	}
	share_measure(&share, view->question, out);
	arena_release(&scratch);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	bool tickers = has_tickers(view.index);

	if (question->metric->id == METRIC_AVAILABILITY_WINDOW)
		measure_windows(arena, &view, tickers, out);
	else
		measure_share(&view, tickers, out);
	out->n_what = tickers ? "ticks" : "operations";
	if (!out->n)
		measured_nothing(out, "no operation of that kind was tried there");
}

/* Of the ticker, or of sessions where none of the phase, class and region is a tick. */
static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];
	bool tickers = op->flags & OP_TICKER || has_tickers(index);

	if (op->state != OP_OK || !counts(view, tickers, i))
		return false;
	op->state = OP_FAIL;
	return true;
}

const struct checker_ops checker_availability = {
	.name = "availability",
	.help = "share of ticks that succeeded and the longest outage",
	.measure = measure,
	.spoil = spoil,
	.spoils_in_a_row = true,
};
