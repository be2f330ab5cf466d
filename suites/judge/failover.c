/*
 * failover: how long clients outside a cut had no service, and where the time went.
 *
 * Outside is the largest part of the regions that the fault leaves connected (of equals the one
 * without the old primary); a region whose node is killed or paused is not in it. The clock starts
 * at the certified in-force instant. Operations of the ticker count, of one class, called while the
 * fault is in force:
 *
 *   detect         a node outside no longer names the old primary as primary
 *   promote        a node that was not primary at the cut performed a write
 *   redirect       from there to the first success that lasts; as a metric of its own to the first
 *                  write of a session that the new primary performed
 *   first success  after the first failure, lasting or not
 *   rto            the first success after which SUSTAINED_SHARE of the operations of the next
 *                  SUSTAINED_NS are ok
 *
 * Where the scenario names layers (layers.h), they are the parts of the rto instead.
 *
 * What did not happen before the fault was gone is right-censored. Marks that are missing leave
 * their part missing.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/layers.h"
#include "suites/judge/ops.h"
#include "suites/judge/primary.h"
#include "suites/judge/view.h"
#include "probes/prober.h"

#include <stdlib.h>
#include <string.h>

#define SUSTAINED_NS (3 * UINT64_C(1000000000))
#define SUSTAINED_SHARE 0.99

struct failover {
	struct arena *arena;
	const struct view *view;
	const struct fault_window *window;
	const struct fault_effects *effects;
	bool outside[256];
	unsigned old_primary;      /* node; OP_NODE_UNKNOWN: nobody knows */
	uint64_t start_ns, end_ns; /* in force, gone */
	uint32_t *ticks;           /* of the class, outside, called since in force, by call */
	uint32_t *ok_before; /* how many of the ticks before it were ok; one more at the end */
	uint32_t n_ticks;
};

static bool cuts(const struct fault_effects *effects, unsigned a, unsigned b)
{
	for (size_t i = 0; i < effects->n_links; i++) {
		const struct link_effect *link = &effects->links[i];
		bool between =
			(link->from == a && link->to == b) || (link->from == b && link->to == a);

		if (between && (link->impairment.cut || link->impairment.loss_ppm >= 1000000))
			return true;
	}
	return false;
}

static bool is_hit(const struct plan *plan, const struct fault_effects *effects, unsigned region)
{
	for (size_t i = 0; i < effects->n_nodes; i++) {
		if (effects->nodes[i].node < plan->n_nodes &&
			plan->nodes[effects->nodes[i].node].region == region)
			return true;
	}
	for (size_t i = 0; i < effects->n_regions; i++) {
		if (effects->regions[i] == region)
			return true;
	}
	return false;
}

/* Paint the regions that hang together with `region` under this fault. Returns how many. */
static unsigned paint(const struct plan *plan, const struct fault_effects *effects, unsigned region,
	unsigned char *part, unsigned char colour)
{
	unsigned painted = 1;

	part[region] = colour;
	for (unsigned r = 0; r < plan->n_regions; r++) {
		if (!part[r] && !is_hit(plan, effects, r) && !cuts(effects, region, r))
			painted += paint(plan, effects, r, part, colour);
	}
	return painted;
}

static void find_outside(struct failover *f)
{
	const struct plan *plan = f->view->evidence->plan;
	unsigned char part[256] = {0}, best = 0, colour = 0;
	unsigned most = 0, old = 256;

	if (f->old_primary < plan->n_endpoints)
		old = plan->endpoints[f->old_primary].region;
	for (unsigned r = 0; r < plan->n_regions; r++) {
		unsigned size;

		if (part[r] || is_hit(plan, f->effects, r))
			continue;
		size = paint(plan, f->effects, r, part, ++colour);
		if (size > most || (size == most && old < 256 && part[old] == best)) {
			most = size;
			best = colour;
		}
	}
	for (unsigned r = 0; r < plan->n_regions; r++)
		f->outside[r] = best && part[r] == best;
	if (f->view->question->region >= 0) {
		memset(f->outside, 0, sizeof(f->outside));
		f->outside[f->view->question->region] = true;
	}
}

static bool is_tick(const struct failover *f, const struct op *op)
{
	bool reads = f->view->question->filter == FILTER_READS;

	return op->flags & OP_TICKER && op_is_write(op) != reads && op->region < 250 &&
		f->outside[op->region] && op->state != OP_NOT_SENT && op->call_ns >= f->start_ns;
}

static void gather_ticks(struct failover *f)
{
	const struct index *index = f->view->index;
	uint32_t n = 0;

	for (uint32_t i = 0; i < index->n; i++)
		n += is_tick(f, &index->ops[i]);
	f->ticks = arena_array(f->arena, n + 1, sizeof(*f->ticks));
	f->ok_before = arena_array(f->arena, n + 1, sizeof(*f->ok_before));
	for (uint32_t i = 0; i < index->n; i++) {
		if (!is_tick(f, &index->ops[i]) ||
			(f->view->question->untainted && view_tainted(f->view, i)))
			continue;
		f->ticks[f->n_ticks++] = i;
		f->ok_before[f->n_ticks] =
			f->ok_before[f->n_ticks - 1] + (index->ops[i].state == OP_OK);
	}
}

static const struct op *tick(const struct failover *f, uint32_t i)
{
	return &f->view->index->ops[f->ticks[i]];
}

/* 1: the success lasts, 0: it does not, -1: the ticker ended before that could be seen. */
static int lasts(const struct failover *f, uint32_t i)
{
	uint64_t until = tick(f, i)->call_ns + SUSTAINED_NS;
	uint32_t low = i + 1, high = f->n_ticks;
	double share;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (tick(f, middle)->call_ns <= until)
			low = middle + 1;
		else
			high = middle;
	}
	share = low - i > 1 ? (double)(f->ok_before[low] - f->ok_before[i + 1]) / (low - i - 1) : 0;
	if (low - i > 1 && share < SUSTAINED_SHARE)
		return 0;
	if (tick(f, f->n_ticks - 1)->call_ns + 2 * PROBER_TICK_NS < until)
		return -1;
	return share >= SUSTAINED_SHARE;
}

/* Instants are returned as TIME_NEVER where they did not come while the fault was in force. */
static uint64_t find_sustained(const struct failover *f, uint32_t *place, bool *cut_short)
{
	for (uint32_t i = 0; i < f->n_ticks && tick(f, i)->call_ns < f->end_ns; i++) {
		int last = tick(f, i)->state == OP_OK ? lasts(f, i) : 0;

		if (last > 0) {
			*place = f->ticks[i];
			return tick(f, i)->ret_ns;
		}
		*cut_short |= last < 0;
	}
	return TIME_NEVER;
}

static uint64_t find_first_success(const struct failover *f)
{
	bool failed = false;

	for (uint32_t i = 0; i < f->n_ticks && tick(f, i)->call_ns < f->end_ns; i++) {
		if (tick(f, i)->state != OP_OK)
			failed = true;
		else if (failed)
			return tick(f, i)->ret_ns;
	}
	return TIME_NEVER;
}

/* The first write that a new primary performed, of the ticker or of a session. */
static uint64_t find_write_at_new(const struct failover *f, bool ticker, uint64_t from_ns)
{
	const struct index *index = f->view->index;
	uint64_t first = TIME_NEVER;

	if (f->old_primary == OP_NODE_UNKNOWN)
		return TIME_NEVER;
	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];

		if (op->call_ns >= f->end_ns)
			break;
		if (op_is_write(op) && op->state == OP_OK && op->call_ns >= f->start_ns &&
			op->ret_ns >= from_ns && op->node != OP_NODE_UNKNOWN &&
			op->node != f->old_primary &&
			(ticker ? op->flags & OP_TICKER : op_is_session(op)) && op->ret_ns < first)
			first = op->ret_ns;
	}
	return first;
}

/* What a node said last before the fault. */
struct said {
	uint32_t epoch;
	uint8_t role, believed;
	bool any;
};

static bool is_sign(const struct failover *f, const struct role_mark *mark, const struct said *said)
{
	if (mark->role == ROLE_UNKNOWN)
		return false;
	if (mark->role == ROLE_PRIMARY && mark->node != f->old_primary &&
		said->role != ROLE_PRIMARY)
		return true;
	if (said->any && said->believed == f->old_primary &&
		mark->believed_primary != f->old_primary)
		return true;
	return said->any && said->epoch && mark->epoch > said->epoch;
}

static uint64_t find_detect(const struct failover *f)
{
	const struct marks *marks = &f->view->evidence->marks;
	const struct plan *plan = f->view->evidence->plan;
	struct said said[256];

	memset(said, 0, sizeof(said));
	for (size_t i = 0; i < marks->n; i++) {
		const struct role_mark *mark = &marks->marks[i];
		struct said *s = &said[mark->node];

		if (mark->after_ns >= f->end_ns)
			break;
		if (mark->before_ns < f->start_ns) {
			if (mark->role != ROLE_UNKNOWN)
				*s = (struct said){.any = true,
					.epoch = mark->epoch,
					.role = mark->role,
					.believed = mark->believed_primary};
			continue;
		}
		if (mark->node < plan->n_endpoints &&
			f->outside[plan->endpoints[mark->node].region] && is_sign(f, mark, s))
			return mark->after_ns;
	}
	return TIME_NEVER;
}

static void add_part(struct measurement *out, const char *name, uint64_t from, uint64_t to)
{
	struct measured_part *part = &out->parts[out->n_parts++];

	*part = (struct measured_part){.name = name};
	if (from == TIME_NEVER || to == TIME_NEVER || to < from)
		return;
	part->value_ns = (double)(to - from);
	part->has = true;
}

/* detect + promote + redirect = rto, as far as the marks are there. */
static void add_parts(const struct failover *f, uint64_t sustained, struct measurement *out)
{
	uint64_t detect, promote;

	if (layers_are_there(f->view->evidence->plan)) {
		layers_add_parts(f->arena,
			&(struct layers){f->view, f->effects, f->start_ns, f->end_ns,
				f->view->question->region},
			f->view->question->filter == FILTER_READS, sustained, out);
		return;
	}
	detect = find_detect(f);
	promote = find_write_at_new(f, true, 0);
	if (promote == TIME_NEVER && detect == TIME_NEVER && sustained != TIME_NEVER)
		return; /* nobody was promoted: there was nothing to fail over */
	if (detect != TIME_NEVER && promote != TIME_NEVER && detect > promote)
		detect = promote; /* the mark is looked for only so often */
	add_part(out, "detect", f->start_ns, detect);
	add_part(out, "promote", detect, promote);
	add_part(out, "redirect", promote, sustained);
}

static void answer(const struct failover *f, uint64_t from, uint64_t at, struct measurement *out)
{
	if (at != TIME_NEVER && from != TIME_NEVER) {
		out->status = MEASURED_VALUE;
		out->value = at > from ? (double)(at - from) : 0;
		return;
	}
	out->status = MEASURED_CENSORED;
	if (from == TIME_NEVER)
		from = f->start_ns;
	out->value = f->end_ns > from ? (double)(f->end_ns - from) : 0;
	out->why = arena_printf(f->arena, "it did not happen within the %.1f s of the fault",
		(double)(f->end_ns - f->start_ns) / 1e9);
}

static void show_outage(const struct failover *f, uint32_t success, struct measurement *out)
{
	uint32_t first = OP_NONE, last = OP_NONE, ops[3];
	struct finding *finding;

	for (uint32_t i = 0; i < f->n_ticks && f->ticks[i] < success; i++) {
		if (tick(f, i)->state == OP_OK || tick(f, i)->call_ns >= f->end_ns)
			continue;
		first = first == OP_NONE ? f->ticks[i] : first;
		last = f->ticks[i];
	}
	if (first == OP_NONE || out->value < f->view->question->bound)
		return;
	finding = finding_add(f->arena, out, out->value);
	ops[0] = first;
	ops[1] = last == first ? OP_NONE : last;
	ops[2] = success;
	finding_ops(f->view, finding, ops, 3);
	finding->reason =
		"the first and the last operation that did not succeed, and the first success "
		"that lasted";
}

static void measure_rto(const struct failover *f, struct measurement *out)
{
	uint32_t place = OP_NONE;
	bool cut_short = false;
	uint64_t at = find_sustained(f, &place, &cut_short);

	answer(f, f->start_ns, at, out);
	if (at == TIME_NEVER && cut_short) {
		out->status = MEASURED_UNDECIDED;
		out->why = "a success came too late to be seen to last";
	}
	add_parts(f, at, out);
	show_outage(f, place, out);
}

static bool has_outage(const struct failover *f)
{
	for (uint32_t i = 0; i < f->n_ticks && tick(f, i)->call_ns < f->end_ns; i++) {
		if (tick(f, i)->state != OP_OK)
			return true;
	}
	return false;
}

static void measure_part(const struct failover *f, enum metric_id id, struct measurement *out)
{
	uint64_t promote;

	switch (id) {
	case METRIC_FAILOVER_DETECT:
		answer(f, f->start_ns, find_detect(f), out);
		break;
	case METRIC_FAILOVER_PROMOTE:
		answer(f, f->start_ns, find_write_at_new(f, true, 0), out);
		break;
	case METRIC_FAILOVER_REDIRECT:
		promote = find_write_at_new(f, true, 0);
		answer(f, promote,
			promote == TIME_NEVER ? TIME_NEVER : find_write_at_new(f, false, promote),
			out);
		break;
	default:
		answer(f, f->start_ns, find_first_success(f), out);
		if (!has_outage(f))
			measured_nothing(out, "nothing failed while it lasted");
		break;
	}
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct failover f = {.arena = arena, .view = &view};

	out->n_what = "failover";
	out->fault = primary_fault(&view);
	if (out->fault < 0 || !evidence->faults[out->fault].in_force_ns)
		return measured_nothing(out, "no fault was in force");
	f.window = &evidence->faults[out->fault];
	f.effects = &evidence->plan->faults[out->fault].effects;
	f.start_ns = f.window->in_force_ns;
	f.end_ns = f.window->gone_ns ? f.window->gone_ns : evidence->end_ns;
	f.old_primary = primary_before(&view, f.start_ns);
	find_outside(&f);
	gather_ticks(&f);
	if (!f.n_ticks || tick(&f, 0)->call_ns >= f.end_ns)
		return measured_nothing(
			out, "no client outside the cut tried anything while it lasted");
	out->n = out->episodes = 1;
	if (question->metric->id == METRIC_FAILOVER_RTO)
		measure_rto(&f, out);
	else
		measure_part(&f, question->metric->id, out);
	out->note = out->note
		? out->note
		: "this run, one failover; resolution 50 ms (a claim at 95 % needs more: repeat)";
}

static bool is_in_force(const struct evidence *evidence, uint64_t at_ns)
{
	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		const struct fault_window *w = &evidence->faults[f];

		if (w->in_force_ns && at_ns >= w->in_force_ns &&
			(!w->gone_ns || at_ns < w->gone_ns))
			return true;
	}
	return false;
}

/* Of what is the metric a time: what would be later if this operation had failed? */
static bool is_timed_by(enum metric_id id, const struct op *op)
{
	switch (id) {
	case METRIC_FAILOVER_DETECT:
		return false; /* by marks */
	case METRIC_FAILOVER_PROMOTE:
		return op->flags & OP_TICKER && op_is_write(op);
	case METRIC_FAILOVER_REDIRECT:
		return op_is_session(op) && op_is_write(op);
	default:
		return op->flags & OP_TICKER;
	}
}

/* While a fault is in force it fails. */
static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];

	(void)index;
	if (op->state != OP_OK || !is_timed_by(view->question->metric->id, op) ||
		!is_in_force(copy, op->call_ns))
		return false;
	op->state = OP_FAIL;
	return true;
}

/* While a fault is in force a node says nothing of its role. */
static bool spoil_mark(struct evidence *copy, const struct view *view, size_t i)
{
	struct role_mark *mark = &copy->marks.marks[i];

	if (view->question->metric->id != METRIC_FAILOVER_DETECT || mark->role == ROLE_UNKNOWN ||
		!is_in_force(copy, mark->before_ns))
		return false;
	mark->role = ROLE_UNKNOWN;
	return true;
}

const struct checker_ops checker_failover = {
	.name = "failover",
	.help = "recovery time of clients outside a cut, and its parts",
	.measure = measure,
	.spoil = spoil,
	.spoil_mark = spoil_mark,
	.spoils_in_a_row = true,
};
