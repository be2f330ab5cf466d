/*
 * Plants of the session guarantees: one recorded read is made to return something certainly older
 * than what its session (or, for the two that need an observer, another's write seen before) forbids.
 */
#include "suites/judge/ops.h"
#include "suites/judge/sessions.h"

#include <stdlib.h>

/* Candidates are counted, and one of them is taken at random. */
struct draw {
	struct rng *rng;
	uint32_t read, limit; /* the read, and what it must not fall behind */
	uint64_t n;
};

static void offer(struct draw *draw, uint32_t read, uint32_t limit)
{
	if (rng_below(draw->rng, ++draw->n) == 0) {
		draw->read = read;
		draw->limit = limit;
	}
}

/* Let the read return a write certainly older than `limit`, or nothing where the key knows no
 * deletes. */
static bool make_older(struct evidence *copy, uint32_t read, uint64_t limit_call_ns)
{
	const struct index *index = copy->index;
	struct op *op = &copy->history.ops[read];
	struct span writes = index_writes(index, index_find_key(index, op->key));

	for (uint32_t i = writes.end; i > writes.first; i--) {
		const struct op *write = &index->ops[index->writes[i - 1]];

		if (write->kind == OP_WRITE && write->state == OP_OK &&
			write->ret_ns + index->unsure_ns < limit_call_ns) {
			op->value = write->value;
			op->flags &= (uint16_t)~OP_ABSENT;
			return true;
		}
	}
	if (index->delete_start || !limit_call_ns)
		return false;
	op->value = 0;
	op->flags |= OP_ABSENT;
	return true;
}

static bool is_candidate(const struct view *view, uint32_t i)
{
	return op_is_ok_read(&view->index->ops[i]) && view_counts(view, i);
}

/* Reads after an own write, or after an own read of something written. */
static void offer_own(const struct view *view, struct draw *draw, bool own)
{
	const struct index *index = view->index;
	uint32_t *order = index_by_key_session(index);

	for (uint32_t i = 0; i < index->n_listed; i++) {
		uint32_t read = order[i];
		const struct op *op = &index->ops[read];

		if (!is_candidate(view, read))
			continue;
		for (uint32_t j = i; j > 0; j--) {
			uint32_t before = order[j - 1];
			const struct op *b = &index->ops[before];

			if (b->key != op->key || b->session != op->session || i - j > 16)
				break;
			if (b->state == OP_OK && b->ret_ns < op->call_ns &&
				(own ? op_is_write(b)
				     : b->kind == OP_READ && index_version_start(index, before))) {
				offer(draw, read, before);
				break;
			}
		}
	}
	free(order);
}

/* What the writer of `write` had written to (or read from) the key before; OP_NONE: nothing. */
static uint32_t obligation(const struct index *index, const uint32_t *by_session, uint32_t write,
	uint32_t key, bool follow_reads)
{
	const struct op *w = &index->ops[write];
	struct span span = index_session(index, w->session);

	for (uint32_t i = span.end; i > span.first; i--) {
		uint32_t place = by_session[i - 1];
		const struct op *op = &index->ops[place];

		if (op->key != key || op->state != OP_OK || op->ret_ns >= w->call_ns)
			continue;
		if (follow_reads ? op->kind == OP_READ && index_version_start(index, place)
				 : op_is_write(op))
			return place;
	}
	return OP_NONE;
}

/* The obligation that the session saw right before the read at the node, with another key's value. */
static uint32_t observed(
	const struct index *index, const uint32_t *by_session, uint32_t at, bool follow_reads)
{
	const struct op *op = &index->ops[by_session[at]];

	for (uint32_t j = at; j > 0 && at - j < 32; j--) {
		uint32_t seen = by_session[j - 1], w = index->write_of[seen], owed;
		const struct op *s = &index->ops[seen];

		if (s->session != op->session)
			break;
		if (!op_is_ok_read(s) || s->node != op->node || s->key == op->key ||
			s->ret_ns >= op->call_ns || w == OP_NONE ||
			index->ops[w].state == OP_FAIL || !op_is_session(&index->ops[w]))
			continue;
		owed = obligation(index, by_session, w, op->key, follow_reads);
		if (owed != OP_NONE)
			return owed;
	}
	return OP_NONE;
}

/* Reads at a node, after the same session saw another's write there on another key. */
static void offer_observed(const struct view *view, struct draw *draw, bool follow_reads)
{
	const struct index *index = view->index;
	uint32_t *by_session = index_by_session(index);

	for (uint32_t i = 0; i < index->n_listed; i++) {
		uint32_t read = by_session[i], owed;

		if (!is_candidate(view, read) ||
			index->ops[read].node >= view->evidence->plan->n_endpoints)
			continue;
		owed = observed(index, by_session, i, follow_reads);
		if (owed != OP_NONE)
			offer(draw, read, owed);
	}
	free(by_session);
}

bool sessions_plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns)
{
	struct view view = view_of(copy, question);
	struct draw draw = {.rng = rng};
	const struct op *limit;

	(void)arena;
	(void)size_ns;
	switch (question->metric->id) {
	case METRIC_READ_YOUR_WRITES:
		offer_own(&view, &draw, true);
		break;
	case METRIC_MONOTONIC_READS:
		offer_own(&view, &draw, false);
		break;
	default:
		offer_observed(&view, &draw, question->metric->id == METRIC_WRITES_FOLLOW_READS);
		break;
	}
	if (!draw.n)
		return false;
	limit = &copy->history.ops[draw.limit];
	return make_older(copy, draw.read,
		op_is_write(limit) ? limit->call_ns : index_version_start(copy->index, draw.limit));
}
