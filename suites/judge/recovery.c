/*
 * recovery: how long after the heal the system is as fast again as it was before the first fault, and how
 * long after a fault whoever takes over is, while the fault lasts.
 *
 * The stretch before the first fault is cut into slices of a second; their mean goodput and their
 * worst p99 are the yardstick, so that the noise of a slice is in it. After the fault a slice is good
 * when it has 90 % of that goodput and at most 110 % of that p99. Recovered is the start of the
 * first slice from which on three seconds are good, looked for every 100 ms.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/primary.h"
#include "suites/judge/sort.h"
#include "suites/judge/stat.h"
#include "suites/judge/view.h"

#define SLICE_NS UINT64_C(1000000000)
#define STEP_NS UINT64_C(100000000)
#define GOOD_SLICES 3
#define TOLERANCE 0.1

struct recovery {
	const struct view *view;
	bool takeover;
	struct op *ops; /* those that count, by intended start */
	size_t n;
	double *scratch;
	double goodput, p99_ns;
	uint64_t first_ns, last_ns; /* intended starts of the clients' first and last operation */
	uint64_t from_ns, until_ns; /* where a good stretch is looked for */
};

static int fault_of(const struct evidence *evidence, bool first)
{
	int best = -1;

	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		const struct fault_window *w = &evidence->faults[f];

		if (!w->in_force_ns || (!first && !w->gone_ns))
			continue;
		if (best < 0 ||
			(first ? w->in_force_ns < evidence->faults[best].in_force_ns
			       : w->gone_ns > evidence->faults[best].gone_ns))
			best = (int)f;
	}
	return best;
}

static void gather(struct arena *arena, struct recovery *r)
{
	const struct index *index = r->view->index;

	r->ops = arena_array(arena, index->n, sizeof(*r->ops));
	r->scratch = arena_array(arena, index->n, sizeof(*r->scratch));
	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];
		size_t at = r->n;

		if (op->state == OP_NOT_SENT || op->state == OP_EMPTY || !view_counts(r->view, i))
			continue;
		for (; at > 0 && op_intended(&r->ops[at - 1]) > op_intended(op); at--)
			r->ops[at] = r->ops[at - 1];
		r->ops[at] = *op;
		r->n++;
	}
	if (!r->n)
		return;
	r->first_ns = op_intended(&r->ops[0]);
	r->last_ns = op_intended(&r->ops[r->n - 1]);
}

static size_t first_from(const struct recovery *r, uint64_t at_ns)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (op_intended(&r->ops[middle]) < at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Goodput and p99 of one slice; false where nothing was tried in it. */
static bool slice(const struct recovery *r, uint64_t from_ns, double *goodput, double *p99_ns)
{
	size_t ok = 0, n = 0;

	for (size_t i = first_from(r, from_ns);
		i < r->n && op_intended(&r->ops[i]) < from_ns + SLICE_NS; i++) {
		const struct op *op = &r->ops[i];
		const struct client_group *group = view_group(r->view->evidence->plan, op->session);
		double length = (double)(op_end(op) - op_intended(op));

		if (op->state != OP_OK && group && length < (double)group->timeout_ns)
			length = (double)group->timeout_ns;
		ok += op->state == OP_OK;
		r->scratch[n++] = length;
	}
	if (!n)
		return false;
	sort_doubles(r->scratch, n);
	*goodput = (double)ok * 1e9 / SLICE_NS;
	*p99_ns = r->scratch[stat_quantile_rank(n, 0.99) - 1];
	return true;
}

/* When the phase before the first fault began. */
static uint64_t steady_since(const struct recovery *r, uint64_t until_ns)
{
	const struct evidence *e = r->view->evidence;
	uint64_t since_ns = r->first_ns;

	for (size_t i = 0; i < e->plan->n_phases; i++) {
		const struct phase_window *phase = &e->phases[i];

		if (e->plan->phases[i].kind != PHASE_FAULT && phase->started &&
			phase->start_ns > since_ns && phase->start_ns + SLICE_NS <= until_ns)
			since_ns = phase->start_ns;
	}
	return since_ns;
}

/* The yardstick; false where there is less than one slice before the first fault. */
static bool measure_steady(struct recovery *r, uint64_t until_ns)
{
	double goodput, p99_ns;
	unsigned slices = 0;

	for (uint64_t at = steady_since(r, until_ns); at + SLICE_NS <= until_ns; at += SLICE_NS) {
		if (!slice(r, at, &goodput, &p99_ns))
			continue;
		r->goodput += goodput;
		r->p99_ns = p99_ns > r->p99_ns ? p99_ns : r->p99_ns;
		slices++;
	}
	if (slices)
		r->goodput /= slices;
	return slices > 0;
}

static bool is_good(const struct recovery *r, uint64_t from_ns)
{
	double goodput, p99_ns;

	return slice(r, from_ns, &goodput, &p99_ns) && goodput >= r->goodput * (1 - TOLERANCE) &&
		p99_ns <= r->p99_ns * (1 + TOLERANCE);
}

static bool stays_good(const struct recovery *r, uint64_t from_ns)
{
	for (unsigned i = 0; i < GOOD_SLICES; i++) {
		if (!is_good(r, from_ns + i * SLICE_NS))
			return false;
	}
	return true;
}

/* Where the good stretch is looked for: after the last heal, or in the fault that is asked about. False:
 * nowhere, and out says why. */
static bool find_stretch(struct recovery *r, struct measurement *out)
{
	const struct evidence *evidence = r->view->evidence;
	int first = fault_of(evidence, true), last = fault_of(evidence, false);
	const struct fault_window *w;

	if (r->takeover) {
		out->fault = primary_fault(r->view);
		if (out->fault < 0 || !evidence->faults[out->fault].in_force_ns)
			return measured_nothing(out, "no fault was in force"), false;
		w = &evidence->faults[out->fault];
		r->from_ns = w->in_force_ns;
		r->until_ns = w->gone_ns ? w->gone_ns : evidence->end_ns;
		return true;
	}
	out->fault = last >= 0 ? last : first;
	if (last < 0)
		return measured_nothing(out, "no fault was in force and gone again"), false;
	r->from_ns = evidence->faults[last].gone_ns;
	r->until_ns = UINT64_MAX;
	return true;
}

/* The load of a takeover comes when clients are led elsewhere, and not with the fault: what is good until
 * then says nothing, so it counts from behind the last stretch that is bad all through. */
static uint64_t behind_the_bad(const struct recovery *r, uint64_t end_ns)
{
	uint64_t behind_ns = r->from_ns;

	for (uint64_t at = r->from_ns; at + GOOD_SLICES * SLICE_NS <= end_ns; at += STEP_NS) {
		unsigned bad = 0;

		while (bad < GOOD_SLICES && !is_good(r, at + bad * SLICE_NS))
			bad++;
		if (bad == GOOD_SLICES)
			behind_ns = at + (GOOD_SLICES - 1) * SLICE_NS + STEP_NS;
	}
	return behind_ns;
}

static void answer(struct arena *arena, const struct recovery *r, struct measurement *out)
{
	uint64_t end_ns = r->last_ns + STEP_NS, begin_ns;

	if (end_ns > r->until_ns)
		end_ns = r->until_ns;
	begin_ns = r->takeover ? behind_the_bad(r, end_ns) : r->from_ns;
	out->note = arena_printf(arena,
		"against %.1f /s and a p99 of at most %.1f ms before; "
		"resolution 100 ms",
		r->goodput, r->p99_ns / 1e6);
	for (uint64_t at = begin_ns; at + GOOD_SLICES * SLICE_NS <= end_ns; at += STEP_NS) {
		if (!stays_good(r, at))
			continue;
		out->status = MEASURED_VALUE;
		out->value = (double)(at - r->from_ns);
		return;
	}
	out->status = MEASURED_CENSORED;
	out->value = (double)((r->takeover ? end_ns : r->last_ns) - r->from_ns);
	out->why = arena_printf(arena, "not as fast as before within %.1f s", out->value / 1e9);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	/* The yardstick lies outside the phase, which says only which fault is meant. */
	struct question everywhen = *question;
	struct view asked = view_of(evidence, question), view;
	struct recovery r = {
		.view = &asked, .takeover = question->metric->id == METRIC_TAKEOVER_TIME};

	out->n_what = "operations";
	if (!find_stretch(&r, out))
		return;
	everywhen.phase = -1;
	view = view_of(evidence, &everywhen);
	r.view = &view;
	gather(arena, &r);
	if (!r.n || !measure_steady(&r, evidence->faults[fault_of(evidence, true)].in_force_ns))
		return measured_nothing(out, "there is no second of work before the first fault");
	if (r.last_ns < r.from_ns + GOOD_SLICES * SLICE_NS)
		return measured_nothing(out, "the clients stopped before a recovery could be seen");
	out->n = r.n;
	out->episodes = 1;
	answer(arena, &r, out);
}

/* What was called after the heal fails; of a takeover what was called in its fault. */
static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];
	struct recovery r = {
		.view = view, .takeover = view->question->metric->id == METRIC_TAKEOVER_TIME};
	struct measurement ignored = {0};

	(void)index;
	if (op->state != OP_OK || !find_stretch(&r, &ignored) || op->call_ns < r.from_ns ||
		op->call_ns >= r.until_ns || !view_counts(view, i))
		return false;
	op->state = OP_FAIL;
	return true;
}

const struct checker_ops checker_recovery = {
	.name = "recovery",
	.help = "from the heal, or from the fault, until goodput and p99 are as before",
	.measure = measure,
	.spoil = spoil,
	.spoils_in_a_row = true,
};
