/*
 * What is planted to see whether the checker of staleness finds it: a read that returns something old,
 * an answer that claims a false age; and what it shares with that checker.
 */
#include "suites/judge/staleness_parts.h"
#include "suites/judge/survival.h"

#define SETTLE_NS (10 * UINT64_C(1000000000))
/* Ages of HTTP are whole seconds. */
#define EDGE_SLACK_NS UINT64_C(1000000000)

bool staleness_is_of_edges(enum metric_id id)
{
	return id == METRIC_EDGE_AGE || id == METRIC_EDGE_OVERRUNS || id == METRIC_EDGE_UNDERSTATED;
}

bool staleness_is_of_edge(const struct plan *plan, const struct op *op)
{
	const struct client_group *group = view_group(plan, op->session);

	return group && group->read_from == TARGET_NODE;
}

bool staleness_is_unsettled(const struct evidence *evidence, const struct op *op)
{
	uint64_t from_ns, to_ns;

	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		if (survival_fault_bounds(&evidence->faults[f], &from_ns, &to_ns) &&
			op_end(op) >= from_ns &&
			(to_ns == TIME_NEVER || op->call_ns < to_ns + SETTLE_NS))
			return true;
	}
	return false;
}

uint64_t staleness_allowed_ns(const struct evidence *evidence, const struct op *op)
{
	const struct client_group *group = view_group(evidence->plan, op->session);
	uint64_t more = group->revalidate_ns;

	if (staleness_is_unsettled(evidence, op) && group->if_error_ns > more)
		more = group->if_error_ns;
	return group->max_age_ns + more + EDGE_SLACK_NS;
}

/* Surviving writes called after `end` and acknowledged early enough for the read to be that old, but
 * not what the read itself proves to have survived: are there enough to be found? */
static bool has_successors(const struct question *question, const struct index *index,
	struct span span, const bool *seen, uint32_t read, uint64_t end, uint64_t size_ns)
{
	const struct op *op = &index->ops[read];
	double needed = question->metric->id == METRIC_STALENESS_K ? question->bound : 1, n = 0;

	for (uint32_t i = span.first; i < span.end; i++) {
		uint32_t w = index->writes[i];

		if (index->ops[w].state == OP_OK && (!seen || seen[w]) &&
			w != index->write_of[read] && index->ops[w].call_ns > end &&
			index->ops[w].ret_ns + size_ns <= op->call_ns)
			n++;
	}
	return n > 0 && n >= needed;
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
		return has_successors(view->question, index, span, seen, read, 0, size_ns);
	for (uint32_t i = span.first; i < span.end; i++) {
		const struct op *w = &index->ops[index->writes[i]];

		if (w->kind != OP_WRITE || w->state != OP_OK)
			continue;
		*value = w->value;
		return has_successors(view->question, index, span, seen, read, w->ret_ns, size_ns);
	}
	return false;
}

/* Old is then what lies beyond the windows, not beyond stale-after. */
static bool question_is_of_windows(const struct view *view)
{
	return view->question->metric->id == METRIC_EDGE_OVERRUNS;
}

static bool plant_old(
	const struct view *view, struct evidence *copy, uint32_t read, uint64_t size_ns)
{
	struct op *op = &copy->history.ops[read];
	uint64_t value;

	if (question_is_of_windows(view))
		size_ns += staleness_allowed_ns(copy, op);
	else if (size_ns <= view_group(copy->plan, op->session)->stale_after_ns)
		return false;
	if (op->call_ns < size_ns)
		return false;
	if (!find_older(view, survival_of_all(copy) ? NULL : copy->index->seen_elsewhere, read,
		    size_ns, &value) ||
		value == op->value)
		return false;
	op->value = value;
	op->flags &= (uint16_t) ~(OP_AGE_CLAIMED | OP_STALE_MARK | OP_ABSENT);
	op->flags |= value ? 0 : OP_ABSENT;
	if (view->question->metric->id == METRIC_EDGE_UNDERSTATED) {
		op->flags |= OP_AGE_CLAIMED;
		op->age_ms = 0;
	}
	return true;
}

/* Claim to be older than stale-after and, by size_ns, than the value itself. */
static bool plant_flag(
	const struct view *view, struct evidence *copy, uint32_t read, uint64_t size_ns)
{
	struct op *op = &copy->history.ops[read];
	uint32_t write = copy->index->write_of[read];
	uint64_t age_ns = view_group(copy->plan, op->session)->stale_after_ns;

	if (write == OP_NONE || staleness_is_unsettled(view->evidence, op))
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
bool staleness_plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns)
{
	struct view view = view_of(copy, question);
	uint32_t n = (uint32_t)copy->history.n, start = (uint32_t)rng_below(rng, n);

	(void)arena;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t read = (start + i) % n;
		const struct op *op = &copy->history.ops[read];

		if (!op_is_ok_read(op) || !view_counts(&view, read) ||
			!view_group(copy->plan, op->session) ||
			(staleness_is_of_edges(question->metric->id) &&
				!staleness_is_of_edge(copy->plan, op)))
			continue;
		if (question->metric->id == METRIC_STALE_FALSE
				? plant_flag(&view, copy, read, size_ns)
				: plant_old(&view, copy, read, size_ns))
			return true;
	}
	return false;
}
