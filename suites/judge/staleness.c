/*
 * staleness: how old what reads returned surely was, and whether the answers owned up to it.
 *
 * A read of v is stale when a certain successor u of v that survives was acknowledged before the
 * read was called; its definite age counts from the first such u's return. All writes survive where
 * nothing can have dropped any (survival.h), else those whose value a node other than the one that
 * performed them showed: what a failover dropped is loss, and convicts nobody of staleness.
 *
 * staleness.k counts those successors instead of their age.
 *
 * Per key the surviving writes stand by call with the least return from there on, so the first
 * successor is a short search back from the last write that was called.
 *
 * Flags. An age claimed is an upper bound: it flags a stale read where it reaches the definite age.
 * It is false where it stays below a definite age beyond the group's stale-after, and where it is
 * above stale-after and also above the age of the value itself, which was written so recently that
 * no copy can be that old. A bound that is merely generous, for data that happened not to change,
 * is no lie; and while a fault is in force, and for SETTLE after it, a replica may honestly hold
 * newer entries than it can vouch for, so fresh data is judged outside of that. A boolean mark
 * stands for an age of stale-after.
 *
 * Edges. A copy may be handed out for max-age and then, while it is fetched anew, for
 * stale-while-revalidate more; for stale-if-error where the origin does not answer. What is within
 * that is not known to an edge to the second: ages are whole ones, and a fetch takes its time.
 */
#include "suites/judge/staleness.h"
#include "suites/judge/staleness_parts.h"
#include "suites/judge/checkers.h"
#include "suites/judge/lane.h"
#include "suites/judge/ops.h"
#include "suites/judge/samples.h"
#include "suites/judge/survival.h"
#include "suites/judge/view.h"

#include <stdlib.h>

/* Ages are claimed in whole milliseconds; one in whole seconds may have been cut off to them, as the
 * header Age of HTTP is. */
#define ROUNDING_NS UINT64_C(1000000)
#define SECOND_MS 1000

/* The surviving acknowledged writes of one key, and how far the present read is into them. */
struct successors {
	uint64_t *calls;     /* ascending */
	uint64_t *ret;       /* theirs */
	uint64_t *first_ret; /* least return from there on */
	uint32_t *first;     /* whose it is */
	uint64_t *returns;   /* sorted */
	uint32_t n;
	uint32_t called, returned; /* before the read that is looked at; reads come by call */
};

struct stale_walk {
	struct walker common;
	struct successors s;
	bool fault;    /* not everything survives */
	bool of_edges; /* the question is about what edges hand out */
	struct samples samples;
	uint64_t stale_beyond, trials;
	uint64_t unanswered; /* reads */
	uint64_t silent;     /* answers that claimed no age */
};

static int compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void gather(struct successors *s, const struct index *index, uint32_t key, bool fault)
{
	struct span span = index_writes(index, key);
	bool sorted = true;

	s->n = s->called = s->returned = 0;
	for (uint32_t i = span.first; i < span.end; i++) {
		const struct write_times *times = &index->write_times[i];

		if (times->ret_ns == TIME_NEVER ||
			(fault && !index->seen_elsewhere[index->writes[i]]))
			continue;
		sorted &= !s->n || s->returns[s->n - 1] <= times->ret_ns;
		s->returns[s->n] = s->first_ret[s->n] = s->ret[s->n] = times->ret_ns;
		s->calls[s->n] = times->call_ns;
		s->first[s->n++] = index->writes[i];
	}
	if (!sorted)
		qsort(s->returns, s->n, sizeof(*s->returns), compare_times);
	for (uint32_t i = s->n; i > 1; i--) {
		if (s->first_ret[i - 1] <= s->first_ret[i - 2]) {
			s->first_ret[i - 2] = s->first_ret[i - 1];
			s->first[i - 2] = s->first[i - 1];
		}
	}
}

/* Move on to a read called at the instant. */
static void move_to(struct successors *s, uint64_t call_ns)
{
	while (s->called < s->n && s->calls[s->called] < call_ns)
		s->called++;
	while (s->returned < s->n && s->returns[s->returned] < call_ns)
		s->returned++;
}

/* The first write called after the instant, which lies before the present read. It is mostly one of
 * the last that were called: steps that double lead back to it. */
static uint32_t first_called_after(const struct successors *s, uint64_t at_ns)
{
	uint32_t high = s->called, low = high, step = 1;

	for (; low > 0 && s->calls[low - 1] > at_ns; step *= 2) {
		high = low;
		low = low > step ? low - step : 0;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->calls[middle] > at_ns)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The definite age of a read, called at the instant, of a version that ended at `end`; whose successor
 * it was that was acknowledged first, else OP_NONE. What ended only after the call has no successor
 * that the read could have missed. */
static uint64_t definite_age(const struct successors *s, uint64_t unsure_ns, uint64_t end,
	uint64_t call_ns, uint32_t *successor)
{
	uint32_t i = end < call_ns ? first_called_after(s, end) : s->n;

	*successor = i < s->n ? s->first[i] : OP_NONE;
	if (i == s->n || s->first_ret[i] + unsure_ns >= call_ns)
		return 0;
	return call_ns - s->first_ret[i] - unsure_ns;
}

static void convict(struct stale_walk *walk, uint32_t read, uint32_t successor, double severity,
	const char *reason)
{
	const struct index *index = walk->common.view.index;
	struct finding *finding = finding_add(walk->common.arena, walk->common.out, severity);
	uint32_t ops[3] = {index->write_of[read], successor, read};

	if (!finding)
		return;
	finding_ops(&walk->common.view, finding, ops, 3);
	finding->reason = arena_printf(walk->common.arena, reason, severity / 1e6);
}

static uint64_t stale_after(const struct stale_walk *walk, const struct op *op)
{
	const struct client_group *group =
		view_group(walk->common.view.evidence->plan, op->session);

	return group ? group->stale_after_ns : 0;
}

static uint64_t rounding(const struct op *op)
{
	return op->age_ms && op->age_ms % SECOND_MS == 0 ? SECOND_MS * ROUNDING_NS : ROUNDING_NS;
}

static bool is_flagged(const struct op *op, uint64_t age_ns)
{
	return op->flags & OP_STALE_MARK ||
		(op->flags & OP_AGE_CLAIMED &&
			op->age_ms * UINT64_C(1000000) + rounding(op) >= age_ns);
}

/* Was anything written so long ago that who did not have it would be that old? */
static bool has_older(const struct stale_walk *walk, const struct op *op, uint64_t age_ns)
{
	return walk->s.n && op->call_ns >= age_ns && walk->s.returns[0] < op->call_ns - age_ns;
}

static void judge_unflagged(
	struct stale_walk *walk, uint32_t read, uint32_t successor, uint64_t age_ns)
{
	const struct op *op = &walk->common.view.index->ops[read];
	uint64_t after = stale_after(walk, op);

	if (!has_older(walk, op, after))
		return; /* nothing that old to miss */
	walk->trials++;
	if (age_ns <= after)
		return;
	walk->stale_beyond++;
	if (!is_flagged(op, age_ns))
		convict(walk, read, successor, (double)age_ns,
			"its value had been overwritten %.0f ms before the read was called, and the "
			"answer does not say so");
}

static void judge_false(struct stale_walk *walk, uint32_t read, uint32_t successor, uint64_t age_ns)
{
	const struct index *index = walk->common.view.index;
	const struct op *op = &index->ops[read];
	uint64_t after = stale_after(walk, op), claimed, value_age;
	uint32_t write = index->write_of[read];
	bool could_be_old;

	claimed = op->flags & OP_AGE_CLAIMED ? op->age_ms * UINT64_C(1000000) : 0;
	could_be_old = op->flags & OP_AGE_CLAIMED && has_older(walk, op, after);
	walk->trials += could_be_old;
	if (could_be_old && age_ns > after && claimed + rounding(op) < age_ns) {
		convict(walk, read, successor, (double)(age_ns - claimed),
			"the age it claims is %.0f ms below the definite one");
		return;
	}
	if (op->flags & OP_STALE_MARK && claimed < after)
		claimed = after;
	if (claimed < after || !claimed || write == OP_NONE ||
		staleness_is_unsettled(walk->common.view.evidence, op))
		return;
	walk->trials += !could_be_old;
	value_age = op->ret_ns - index->ops[write].call_ns;
	if (claimed > value_age + ROUNDING_NS)
		convict(walk, read, OP_NONE, (double)(claimed - value_age),
			"it claims to be %.0f ms older than the value it carries");
}

/* An edge handed out a copy that its origin's Cache-Control does not allow any more. */
static void judge_overrun(
	struct stale_walk *walk, uint32_t read, uint32_t successor, uint64_t age_ns)
{
	const struct view *view = &walk->common.view;
	const struct op *op = &view->index->ops[read];
	uint64_t allowed = staleness_allowed_ns(view->evidence, op);

	if (!has_older(walk, op, allowed))
		return; /* nothing that old to miss */
	walk->trials++;
	if (age_ns > allowed)
		convict(walk, read, successor, (double)age_ns,
			staleness_is_unsettled(view->evidence, op)
				? "its value had been overwritten %.0f ms before the read was "
				  "called, which is more than max-age and stale-if-error allow"
				: "its value had been overwritten %.0f ms before the read was "
				  "called, which is more than max-age and "
				  "stale-while-revalidate allow");
}

/* By how much the age that is claimed stays below the definite one. */
static void sample_understated(
	struct stale_walk *walk, uint32_t read, uint32_t successor, uint64_t age_ns)
{
	const struct op *op = &walk->common.view.index->ops[read];
	uint64_t claimed = op->age_ms * UINT64_C(1000000), by;
	double bound = walk->common.view.question->bound;

	if (!(op->flags & OP_AGE_CLAIMED)) {
		walk->silent++;
		return;
	}
	if (!age_ns && !walk->s.returned)
		return; /* nothing that it could be older than */
	by = age_ns > claimed ? age_ns - claimed : 0;
	samples_add(walk->common.arena, &walk->samples, op->call_ns, (double)by, (double)by);
	if (by && (double)by >= bound)
		convict(walk, read, successor, (double)by,
			"the age it claims is %.0f ms below the definite one");
}

static void sample(struct stale_walk *walk, uint32_t read, uint32_t successor, uint64_t age_ns)
{
	const struct op *op = &walk->common.view.index->ops[read];
	uint64_t latest = walk->s.returned ? walk->s.returns[walk->s.returned - 1] : 0;
	double bound = walk->common.view.question->bound;

	if (!age_ns && (!latest || (bound > 0 && (double)(op->call_ns - latest) >= bound)))
		return; /* nothing young enough to miss */
	samples_add(
		walk->common.arena, &walk->samples, op->call_ns, (double)age_ns, (double)age_ns);
	if (age_ns && (double)age_ns >= bound)
		convict(walk, read, successor, (double)age_ns,
			"its value had been overwritten %.0f ms before the read was called");
}

/* Successors of a version that ended at `end` which were acknowledged before the instant. */
static uint64_t count_successors(const struct successors *s, uint64_t end, uint64_t at_ns)
{
	uint64_t n = 0;

	if (end >= at_ns)
		return 0;
	for (uint32_t i = first_called_after(s, end); i < s->n && s->calls[i] < at_ns; i++)
		n += s->ret[i] < at_ns;
	return n;
}

static void sample_k(struct stale_walk *walk, uint32_t read, uint32_t successor, uint64_t end)
{
	const struct op *op = &walk->common.view.index->ops[read];
	double k, bound = walk->common.view.question->bound;

	if (!walk->s.returned)
		return; /* nothing to miss */
	k = (double)count_successors(&walk->s, end, op->call_ns);
	samples_add(walk->common.arena, &walk->samples, op->call_ns, k, k);
	if (k > 0 && k >= bound)
		convict(walk, read, successor, k * 1e6,
			"its value had been overwritten %.0f times before the read was called");
}

static void judge_read(struct stale_walk *walk, const struct lane *lane, unsigned i)
{
	const struct view *view = &walk->common.view;
	const struct op *op = lane->op[i];
	uint32_t read = lane->place[i], successor;
	uint64_t end = lane->end[i], age_ns;

	if (walk->of_edges && !staleness_is_of_edge(view->evidence->plan, op))
		return;
	move_to(&walk->s, op->call_ns);
	age_ns = definite_age(&walk->s, view->index->unsure_ns, end, op->call_ns, &successor);
	switch (walk->common.view.question->metric->id) {
	case METRIC_STALE_UNFLAGGED:
		judge_unflagged(walk, read, successor, age_ns);
		break;
	case METRIC_STALE_FALSE:
		judge_false(walk, read, successor, age_ns);
		break;
	case METRIC_STALENESS_K:
		if (end != TIME_NEVER)
			sample_k(walk, read, successor, end);
		break;
	case METRIC_EDGE_OVERRUNS:
		if (end != TIME_NEVER)
			judge_overrun(walk, read, successor, age_ns);
		break;
	case METRIC_EDGE_UNDERSTATED:
		if (end != TIME_NEVER)
			sample_understated(walk, read, successor, age_ns);
		break;
	default:
		if (end != TIME_NEVER)
			sample(walk, read, successor, age_ns);
		break;
	}
}

static void take(struct walker *walker, const struct lane *lane)
{
	struct stale_walk *walk = (struct stale_walk *)walker;

	for (unsigned i = 0; i < lane->n; i++) {
		const struct op *op = lane->op[i];

		if (op->kind != OP_READ || !view_counts(&walker->view, lane->place[i]))
			continue;
		if (op->state != OP_OK) {
			walk->unanswered++;
			continue;
		}
		if (op_key_class(op->key) != KEY_TICKER)
			judge_read(walk, lane, i);
	}
}

static void begin_key(struct walker *walker, uint32_t key)
{
	struct stale_walk *walk = (struct stale_walk *)walker;

	gather(&walk->s, walker->view.index, key, walk->fault);
}

/* Room for the key with the most writes. */
static void open_walk(struct walker *walker)
{
	struct stale_walk *walk = (struct stale_walk *)walker;
	const struct index *index = walker->view.index;
	uint32_t most = 1;

	for (uint32_t k = 0; k < index->n_keys; k++) {
		struct span span = index_writes(index, k);

		most = span.end - span.first > most ? span.end - span.first : most;
	}
	walk->s.calls = arena_array(walker->arena, most, sizeof(uint64_t));
	walk->s.ret = arena_array(walker->arena, most, sizeof(uint64_t));
	walk->s.first = arena_array(walker->arena, most, sizeof(uint32_t));
	walk->s.first_ret = arena_array(walker->arena, most, sizeof(uint64_t));
	walk->s.returns = arena_array(walker->arena, most, sizeof(uint64_t));
	walk->fault = !survival_of_all(walker->view.evidence);
	walk->of_edges = staleness_is_of_edges(walker->view.question->metric->id);
}

static void join(struct walker *walker, const struct walker *later)
{
	struct stale_walk *walk = (struct stale_walk *)walker;
	const struct stale_walk *l = (const struct stale_walk *)later;

	for (size_t i = 0; i < l->samples.n; i++)
		samples_add(walker->arena, &walk->samples, l->samples.samples[i].at_ns,
			l->samples.samples[i].low, l->samples.samples[i].high);
	walk->stale_beyond += l->stale_beyond;
	walk->trials += l->trials;
	walk->unanswered += l->unanswered;
	walk->silent += l->silent;
}

static void answer(struct walker *walker)
{
	struct stale_walk *walk = (struct stale_walk *)walker;
	struct measurement *out = walker->out;

	out->value = (double)out->total_findings;
	out->status = MEASURED_VALUE;
	switch (walker->view.question->metric->id) {
	case METRIC_STALE_UNFLAGGED:
		out->n = walk->trials;
		out->n_what = "reads that had something older than stale-after to miss";
		out->note = arena_printf(walker->arena, "%llu reads were older than stale-after",
			(unsigned long long)walk->stale_beyond);
		break;
	case METRIC_STALE_FALSE:
		out->n = walk->trials;
		out->n_what = "flags that could have been false";
		break;
	case METRIC_EDGE_OVERRUNS:
		out->n = walk->trials;
		out->n_what = "reads of edges that had something older than allowed to miss";
		break;
	case METRIC_EDGE_UNDERSTATED:
		samples_measure(walker->arena, &walk->samples, walker->view.question, out);
		out->n_what = "answers of edges that claimed an age and had a write behind them";
		if (walk->silent)
			out->note = arena_printf(walker->arena, "%llu answers claimed no age",
				(unsigned long long)walk->silent);
		break;
	default:
		samples_measure(walker->arena, &walk->samples, walker->view.question, out);
		out->n_what = "reads that had a successor to miss";
		break;
	}
	if (!out->n)
		measured_nothing(out, arena_printf(walker->arena, "there were no %s", out->n_what));
	if (walk->unanswered)
		out->note = arena_printf(walker->arena, "%s%s%llu reads were not answered",
			out->note ? out->note : "", out->note ? "; " : "",
			(unsigned long long)walk->unanswered);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	lane_measure(arena, evidence, question, 1, 0, out);
}

static void keep_age(
	struct stale_walk *walk, uint32_t key, uint32_t read, const struct read_ages *ages)
{
	const struct index *index = walk->common.view.index;
	const struct op *op = &index->ops[read];
	uint64_t end = index_version_end(index, key, read), age_ns;
	uint32_t successor;

	if (end == TIME_NEVER)
		return;
	move_to(&walk->s, op->call_ns);
	age_ns = definite_age(&walk->s, index->unsure_ns, end, op->call_ns, &successor);
	ages->age_ns[read] = age_ns;
	ages->kind[read] = age_ns <= stale_after(walk, op) ? AGE_WITHIN
		: is_flagged(op, age_ns)                   ? AGE_STALE_FLAGGED
							   : AGE_STALE_UNFLAGGED;
}

struct read_ages staleness_of_reads(struct arena *arena, const struct evidence *evidence)
{
	static const struct question all = {.metric = &metrics[METRIC_STALENESS],
		.filter = FILTER_READS,
		.group = -1,
		.phase = -1,
		.region = -1,
		.from = -1,
		.to = -1};
	const struct index *index = evidence->index;
	struct read_ages ages = {
		.age_ns = arena_array(arena, evidence->history.n + 1, sizeof(*ages.age_ns)),
		.kind = arena_array(arena, evidence->history.n + 1, sizeof(*ages.kind))};
	struct arena scratch = {0};
	struct stale_walk walk = {.common = {.arena = &scratch, .view = view_of(evidence, &all)}};

	open_walk(&walk.common);
	for (uint32_t key = 0; key < index->n_keys; key++) {
		struct span span = index_key(index, key);

		if (op_key_class(index->keys[key]) == KEY_TICKER)
			continue;
		begin_key(&walk.common, key);
		for (uint32_t i = span.first; i < span.end; i++) {
			uint32_t read = index->by_key[i];

			if (op_is_ok_read(&index->ops[read]) &&
				view_counts(&walk.common.view, read))
				keep_age(&walk, key, read, &ages);
		}
	}
	arena_release(&scratch);
	return ages;
}

static const struct walker_ops walker = {
	.size = sizeof(struct stale_walk),
	.open = open_walk,
	.begin_key = begin_key,
	.take = take,
	.join = join,
	.answer = answer,
};

const struct checker_ops checker_staleness = {
	.name = "staleness",
	.help = "definite age of what reads returned; stale reads without a flag; false flags",
	.measure = measure,
	.walker = &walker,
	.plant = staleness_plant,
	.plant_classes = 1u << KEY_REGISTER,
	.plant_has_size = true,
};
