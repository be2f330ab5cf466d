/*
 * staleness: how old what reads returned surely was, and whether the answers owned up to it.
 *
 * A read of v is stale when a certain successor u of v that survives was acknowledged before the
 * read was called; its definite age counts from the first such u's return. A write survives where no
 * fault was in force in the whole run, or where a node other than the one that performed it showed
 * its value: what a failover dropped is loss, and convicts nobody of staleness.
 *
 * Per key the surviving writes stand by call with the least return from there on, so the first
 * successor is one binary search.
 *
 * Flags. An age claimed is an upper bound: it flags a stale read where it reaches the definite age.
 * It is false where it stays below a definite age beyond the group's stale-after, and where it is
 * above stale-after and also above the age of the value itself, which was written so recently that
 * no copy can be that old. A bound that is merely generous, for data that happened not to change,
 * is no lie; and while a fault is in force, and for SETTLE after it, a replica may honestly hold
 * newer entries than it can vouch for, so fresh data is judged outside of that. A boolean mark
 * stands for an age of stale-after.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/samples.h"
#include "suites/judge/sort.h"
#include "suites/judge/view.h"

#include <stdlib.h>

#define SETTLE_NS (10 * UINT64_C(1000000000))
/* Ages are claimed in whole milliseconds; one in whole seconds may have been cut off to them, as the
 * header Age of HTTP is. */
#define ROUNDING_NS UINT64_C(1000000)
#define SECOND_MS 1000

/* The surviving acknowledged writes of one key. */
struct successors {
	uint32_t *writes;    /* by call */
	uint64_t *first_ret; /* least return from there on */
	uint32_t *first;     /* whose it is */
	uint64_t *returns;   /* sorted */
	uint32_t n;
};

struct stale_walk {
	struct arena *arena;
	const struct view *view;
	struct measurement *out;
	struct successors s;
	const bool *seen_elsewhere; /* by write; NULL: everything survives */
	struct samples samples;
	uint64_t stale_beyond, trials;
};

/* Nobody is accused of staleness for what a fault may explain, whether or not it could be certified:
 * from when to when may it have been on? False: it never was. */
static bool fault_bounds(const struct fault_window *w, uint64_t *from_ns, uint64_t *to_ns)
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
		if (fault_bounds(&evidence->faults[f], &from_ns, &to_ns))
			return true;
	}
	return false;
}

/* Did another node than the performing one answer with it? Regions where nodes are not named. */
static bool is_elsewhere(const struct op *write, const struct op *read)
{
	if (write->node != OP_NODE_UNKNOWN && read->node != OP_NODE_UNKNOWN)
		return write->node != read->node;
	return write->region != read->region;
}

static bool *find_seen_elsewhere(struct arena *arena, const struct index *index)
{
	bool *seen = arena_array(arena, index->n, sizeof(*seen));

	for (uint32_t i = 0; i < index->n; i++) {
		uint32_t write = index->write_of[i];

		if (op_is_ok_read(&index->ops[i]) && write != OP_NONE &&
			is_elsewhere(&index->ops[write], &index->ops[i]))
			seen[write] = true;
	}
	return seen;
}

static int compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void gather(struct stale_walk *walk, uint32_t key)
{
	const struct index *index = walk->view->index;
	struct span span = index_writes(index, key);
	struct successors *s = &walk->s;
	bool sorted = true;

	s->n = 0;
	for (uint32_t i = span.first; i < span.end; i++) {
		const struct op *op = &index->ops[index->writes[i]];

		if (op->state != OP_OK ||
			(walk->seen_elsewhere && !walk->seen_elsewhere[index->writes[i]]))
			continue;
		sorted &= !s->n || s->returns[s->n - 1] <= op->ret_ns;
		s->returns[s->n] = op->ret_ns;
		s->writes[s->n++] = index->writes[i];
	}
	if (!sorted)
		qsort(s->returns, s->n, sizeof(*s->returns), compare_times);
	for (uint32_t i = s->n; i > 0; i--) {
		uint64_t ret = index->ops[s->writes[i - 1]].ret_ns;
		bool least = i == s->n || ret < s->first_ret[i];

		s->first_ret[i - 1] = least ? ret : s->first_ret[i];
		s->first[i - 1] = least ? s->writes[i - 1] : s->first[i];
	}
}

/* The successor of a version that ended at `end` that was acknowledged first; OP_NONE: none. */
static uint32_t first_successor(const struct stale_walk *walk, uint64_t end)
{
	const struct successors *s = &walk->s;
	uint32_t low = 0, high = s->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (walk->view->index->ops[s->writes[middle]].call_ns > end)
			high = middle;
		else
			low = middle + 1;
	}
	return low < s->n ? s->first[low] : OP_NONE;
}

/* The latest return before the instant; 0: none. */
static uint64_t latest_return(const struct successors *s, uint64_t before_ns)
{
	uint32_t low = 0, high = s->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->returns[middle] < before_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? s->returns[low - 1] : 0;
}

static void convict(struct stale_walk *walk, uint32_t read, uint32_t successor, double severity,
	const char *reason)
{
	const struct index *index = walk->view->index;
	struct finding *finding = finding_add(walk->arena, walk->out, severity);
	uint32_t ops[3] = {index->write_of[read], successor, read};

	if (!finding)
		return;
	finding_ops(walk->view, finding, ops, 3);
	finding->reason = arena_printf(walk->arena, reason, severity / 1e6);
}

static uint64_t stale_after(const struct stale_walk *walk, const struct op *op)
{
	const struct client_group *group = view_group(walk->view->evidence->plan, op->session);

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

static void judge_unflagged(
	struct stale_walk *walk, uint32_t read, uint32_t successor, uint64_t age_ns)
{
	const struct op *op = &walk->view->index->ops[read];
	uint64_t after = stale_after(walk, op);

	if (!walk->s.n || op->call_ns < after || walk->s.returns[0] >= op->call_ns - after)
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

static bool is_unsettled(const struct evidence *evidence, const struct op *op)
{
	uint64_t from_ns, to_ns;

	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		if (fault_bounds(&evidence->faults[f], &from_ns, &to_ns) && op_end(op) >= from_ns &&
			(to_ns == TIME_NEVER || op->call_ns < to_ns + SETTLE_NS))
			return true;
	}
	return false;
}

static void judge_false(struct stale_walk *walk, uint32_t read, uint32_t successor, uint64_t age_ns)
{
	const struct index *index = walk->view->index;
	const struct op *op = &index->ops[read];
	uint64_t after = stale_after(walk, op), claimed, value_age;
	uint32_t write = index->write_of[read];

	claimed = op->flags & OP_AGE_CLAIMED ? op->age_ms * UINT64_C(1000000) : 0;
	if (age_ns > after && op->flags & OP_AGE_CLAIMED && claimed + rounding(op) < age_ns) {
		convict(walk, read, successor, (double)(age_ns - claimed),
			"the age it claims is %.0f ms below the definite one");
		return;
	}
	if (op->flags & OP_STALE_MARK && claimed < after)
		claimed = after;
	if (claimed < after || !claimed || write == OP_NONE ||
		is_unsettled(walk->view->evidence, op))
		return;
	value_age = op->ret_ns - index->ops[write].call_ns;
	if (claimed > value_age + ROUNDING_NS)
		convict(walk, read, OP_NONE, (double)(claimed - value_age),
			"it claims to be %.0f ms older than the value it carries");
}

static void sample(struct stale_walk *walk, uint32_t read, uint32_t successor, uint64_t age_ns)
{
	const struct op *op = &walk->view->index->ops[read];
	uint64_t latest = latest_return(&walk->s, op->call_ns);
	double bound = walk->view->question->bound;

	if (!age_ns && (!latest || (bound > 0 && (double)(op->call_ns - latest) >= bound)))
		return; /* nothing young enough to miss */
	samples_add(walk->arena, &walk->samples, (double)age_ns, (double)age_ns);
	if (age_ns && bound > 0 && (double)age_ns >= bound)
		convict(walk, read, successor, (double)age_ns,
			"its value had been overwritten %.0f ms before the read was called");
}

/* A read of clients that go to one node of their region, whatever is behind it. */
static bool is_of_edge(const struct plan *plan, const struct op *op)
{
	const struct client_group *group = view_group(plan, op->session);

	return group && group->read_from == TARGET_NODE;
}

static void judge_read(struct stale_walk *walk, uint32_t key, uint32_t read)
{
	const struct index *index = walk->view->index;
	const struct op *op = &index->ops[read];
	bool edges = walk->view->question->metric->id == METRIC_EDGE_AGE;
	uint64_t end, age_ns = 0;
	uint32_t successor;

	if (edges && !is_of_edge(walk->view->evidence->plan, op))
		return;
	end = index_version_end(index, key, read);
	successor = end == TIME_NEVER ? OP_NONE : first_successor(walk, end);

	if (successor != OP_NONE && index->ops[successor].ret_ns < op->call_ns)
		age_ns = op->call_ns - index->ops[successor].ret_ns;
	switch (walk->view->question->metric->id) {
	case METRIC_STALE_UNFLAGGED:
		judge_unflagged(walk, read, successor, age_ns);
		break;
	case METRIC_STALE_FALSE:
		judge_false(walk, read, successor, age_ns);
		break;
	default:
		if (end != TIME_NEVER)
			sample(walk, read, successor, age_ns);
		break;
	}
}

static void walk_keys(struct stale_walk *walk)
{
	const struct index *index = walk->view->index;

	for (uint32_t k = 0; k < index->n_keys; k++) {
		struct span span = index_key(index, k);

		if (op_key_class(index->keys[k]) == KEY_TICKER)
			continue;
		gather(walk, k);
		for (uint32_t i = span.first; i < span.end; i++) {
			uint32_t read = index->by_key[i];

			index_prefetch(index, index->by_key, i, span.end);
			if (op_is_ok_read(&index->ops[read]) && view_counts(walk->view, read))
				judge_read(walk, k, read);
		}
	}
}

/* Room for the key with the most writes. */
static void make_room(struct stale_walk *walk, struct arena *scratch)
{
	const struct index *index = walk->view->index;
	uint32_t most = 1;

	for (uint32_t k = 0; k < index->n_keys; k++) {
		struct span span = index_writes(index, k);

		most = span.end - span.first > most ? span.end - span.first : most;
	}
	walk->s.writes = arena_array(scratch, most, sizeof(uint32_t));
	walk->s.first = arena_array(scratch, most, sizeof(uint32_t));
	walk->s.first_ret = arena_array(scratch, most, sizeof(uint64_t));
	walk->s.returns = arena_array(scratch, most, sizeof(uint64_t));
	if (any_fault(walk->view->evidence))
		walk->seen_elsewhere = find_seen_elsewhere(scratch, index);
}

static bool can_flag(const struct view *view, const struct op *op)
{
	const struct client_group *group = view_group(view->evidence->plan, op->session);

	return op->flags & (OP_AGE_CLAIMED | OP_STALE_MARK) ||
		(group && group->driver && group->driver->can & DRIVER_AGE);
}

/* Reads of the question: unanswered ones, and answers that carry a flag or could. */
static void count_reads(const struct view *view, uint64_t *unanswered, uint64_t *flaggable)
{
	*unanswered = *flaggable = 0;
	for (uint32_t i = 0; i < view->index->n; i++) {
		const struct op *op = &view->index->ops[i];

		if (op->kind != OP_READ || op->state == OP_NOT_SENT || !view_counts(view, i))
			continue;
		*unanswered += op->state != OP_OK;
		*flaggable += op->state == OP_OK && can_flag(view, op);
	}
}

static void answer(struct stale_walk *walk, struct measurement *out)
{
	uint64_t unanswered, flaggable;

	count_reads(walk->view, &unanswered, &flaggable);
	out->value = (double)out->total_findings;
	out->status = MEASURED_VALUE;
	switch (walk->view->question->metric->id) {
	case METRIC_STALE_UNFLAGGED:
		out->n = walk->trials;
		out->n_what = "reads that had something older than stale-after to miss";
		out->note = arena_printf(walk->arena, "%llu reads were older than stale-after",
			(unsigned long long)walk->stale_beyond);
		break;
	case METRIC_STALE_FALSE:
		out->n = flaggable;
		out->n_what = "reads that can carry a flag";
		break;
	default:
		samples_measure(walk->arena, &walk->samples, walk->view->question, out);
		out->n_what = "reads that had a successor to miss";
		break;
	}
	if (!out->n)
		measured_nothing(out, arena_printf(walk->arena, "there were no %s", out->n_what));
	if (unanswered)
		out->note = arena_printf(walk->arena, "%s%s%llu reads were not answered",
			out->note ? out->note : "", out->note ? "; " : "",
			(unsigned long long)unanswered);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct stale_walk walk = {.arena = arena, .view = &view, .out = out};
	struct arena scratch = {0};

	make_room(&walk, &scratch);
	walk_keys(&walk);
	answer(&walk, out);
	arena_release(&scratch);
}

/* A surviving write called after `end` and acknowledged early enough for the read to be that old,
 * but not what the read itself proves to have survived. */
static bool has_successor(const struct index *index, struct span span, const bool *seen,
	uint32_t read, uint64_t end, uint64_t size_ns)
{
	const struct op *op = &index->ops[read];

	for (uint32_t i = span.first; i < span.end; i++) {
		uint32_t w = index->writes[i];

		if (index->ops[w].state == OP_OK && (!seen || seen[w]) &&
			w != index->write_of[read] && index->ops[w].call_ns > end &&
			index->ops[w].ret_ns + size_ns <= op->call_ns)
			return true;
	}
	return false;
}

/* What the read could return instead: nothing, or, where deletes make that ambiguous, an early
 * value. */
static bool find_older(
	const struct view *view, const bool *seen, uint32_t read, uint64_t size_ns, uint64_t *value)
{
	const struct index *index = view->index;
	struct span span = index_writes(index, index_find_key(index, index->ops[read].key));

	*value = 0;
	if (!index->delete_start)
		return has_successor(index, span, seen, read, 0, size_ns);
	for (uint32_t i = span.first; i < span.end; i++) {
		const struct op *w = &index->ops[index->writes[i]];

		if (w->kind != OP_WRITE || w->state != OP_OK)
			continue;
		*value = w->value;
		return has_successor(index, span, seen, read, w->ret_ns, size_ns);
	}
	return false;
}

static bool plant_old(
	const struct view *view, struct evidence *copy, uint32_t read, uint64_t size_ns)
{
	struct op *op = &copy->history.ops[read];
	struct arena scratch = {0};
	bool *seen = NULL, found;
	uint64_t value;

	if (op->call_ns < size_ns || size_ns <= view_group(copy->plan, op->session)->stale_after_ns)
		return false;
	if (any_fault(view->evidence))
		seen = find_seen_elsewhere(&scratch, copy->index);
	found = find_older(view, seen, read, size_ns, &value) && value != op->value;
	arena_release(&scratch);
	if (!found)
		return false;
	op->value = value;
	op->flags &= (uint16_t) ~(OP_AGE_CLAIMED | OP_STALE_MARK | OP_ABSENT);
	op->flags |= value ? 0 : OP_ABSENT;
	return true;
}

/* Claim to be older than stale-after and, by size_ns, than the value itself. */
static bool plant_flag(
	const struct view *view, struct evidence *copy, uint32_t read, uint64_t size_ns)
{
	struct op *op = &copy->history.ops[read];
	uint32_t write = copy->index->write_of[read];
	uint64_t age_ns = view_group(copy->plan, op->session)->stale_after_ns;

	if (write == OP_NONE || is_unsettled(view->evidence, op))
		return false;
	if (op->ret_ns - copy->history.ops[write].call_ns > age_ns)
		age_ns = op->ret_ns - copy->history.ops[write].call_ns;
	if (op->flags & OP_AGE_CLAIMED && op->age_ms * UINT64_C(1000000) >= age_ns)
		return false;
	op->age_ms = (uint32_t)((age_ns + size_ns) / 1000000);
	op->flags |= OP_AGE_CLAIMED;
	return true;
}

/* The first place that fits, from a random read on. */
static bool plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns)
{
	struct view view = view_of(copy, question);
	uint32_t n = (uint32_t)copy->history.n, start = (uint32_t)rng_below(rng, n);

	(void)arena;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t read = (start + i) % n;
		const struct op *op = &copy->history.ops[read];

		if (!op_is_ok_read(op) || !view_counts(&view, read) ||
			!view_group(copy->plan, op->session))
			continue;
		if (question->metric->id == METRIC_STALE_FALSE
				? plant_flag(&view, copy, read, size_ns)
				: plant_old(&view, copy, read, size_ns))
			return true;
	}
	return false;
}

const struct checker_ops checker_staleness = {
	.name = "staleness",
	.help = "definite age of what reads returned; stale reads without a flag; false flags",
	.measure = measure,
	.plant = plant,
	.plant_classes = 1u << KEY_REGISTER,
	.plant_has_size = true,
};
