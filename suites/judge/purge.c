/*
 * purge: how soon after an edge was asked to drop a copy it hands out a fresh body.
 *
 * A body is fresh where it is not certainly older than the last write that had been acknowledged before
 * the purge was called. Only a purge that had something to do counts: the last body that its edge
 * handed out before it, or one after it, was not fresh. The time counts from the end of the request: up
 * to the return of the first fresh body, at least to the call of the last stale one before that. A
 * request that the edge refused counts like one that it carried out, and is noted; one without an answer
 * counts not. No fresh body until the next purge of the key, or until the clients stop: right-censored.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/edge.h"
#include "suites/judge/samples.h"

#include <math.h>

struct purge_walk {
	struct arena *arena;
	struct view
		view; /* of the reads: the phase is the purge's, what comes after it counts too */
	struct view asked; /* of the purges */
	struct measurement *out;
	struct samples samples;
	uint64_t refused, unanswered, fresh; /* purges; fresh: there was nothing to do */
};

/* What one purge led to at its edge, for the reads that count. */
struct outcome {
	uint32_t write; /* the last acknowledged before it */
	uint32_t stale; /* the last stale read called after its end; OP_NONE */
	uint32_t first_fresh;
	bool had_stale; /* a stale body before it or after */
	bool looked;    /* somebody read there before it */
};

static uint32_t last_write_before(const struct index *index, uint32_t key, uint64_t at_ns)
{
	struct span span = index_writes(index, key);
	uint32_t last = OP_NONE;

	for (uint32_t i = span.first; i < span.end && index->write_times[i].call_ns < at_ns; i++) {
		if (index->write_times[i].ret_ns < at_ns)
			last = index->writes[i];
	}
	return last;
}

/* 1: fresh, 0: stale, -1: cannot be said. */
static int freshness(const struct index *index, uint32_t key, uint32_t read, uint32_t write)
{
	uint64_t end = index_version_end(index, key, read);

	if (end == TIME_NEVER)
		return -1;
	return end >= index->ops[write].call_ns;
}

static struct outcome follow(
	const struct purge_walk *walk, struct span span, uint32_t key, uint32_t at, uint32_t write)
{
	const struct index *index = walk->view.index;
	const struct op *purge = &index->ops[index->by_key[at]];
	struct outcome o = {.write = write, .stale = OP_NONE, .first_fresh = OP_NONE};

	for (uint32_t i = at; i > span.first; i--) {
		uint32_t read = index->by_key[i - 1];
		const struct op *op = &index->ops[read];

		if (op->region != purge->region || !edge_counts(&walk->view, read) ||
			op->state != OP_OK || op->ret_ns >= purge->call_ns)
			continue;
		o.looked = true;
		o.had_stale = !freshness(index, key, read, write);
		break;
	}
	for (uint32_t i = at + 1; i < span.end && o.first_fresh == OP_NONE; i++) {
		uint32_t read = index->by_key[i];
		const struct op *op = &index->ops[read];
		int fresh;

		if (op->region == purge->region && op->kind == OP_PURGE)
			break;
		if (op->region != purge->region || !edge_counts(&walk->view, read) ||
			op->state != OP_OK)
			continue;
		fresh = freshness(index, key, read, write);
		if (fresh > 0)
			o.first_fresh = read;
		else if (!fresh && op->call_ns > purge->ret_ns)
			o.stale = read;
	}
	o.had_stale = o.had_stale || o.stale != OP_NONE;
	return o;
}

static double since(const struct op *purge, uint64_t at_ns)
{
	return at_ns > purge->ret_ns ? (double)(at_ns - purge->ret_ns) : 0;
}

static void take_outcome(struct purge_walk *walk, uint32_t place, const struct outcome *o)
{
	const struct index *index = walk->view.index;
	const struct op *purge = &index->ops[place];
	double low = o->stale == OP_NONE ? 0 : since(purge, index->ops[o->stale].call_ns);
	double high = o->first_fresh == OP_NONE ? INFINITY
						: since(purge, index->ops[o->first_fresh].ret_ns);
	double bound = walk->view.question->bound;
	struct finding *finding;

	if (o->stale == OP_NONE && o->first_fresh == OP_NONE)
		return; /* nobody looked */
	samples_add(walk->arena, &walk->samples, purge->call_ns, low, high);
	if (bound <= 0 || low < bound)
		return;
	finding = finding_add(walk->arena, walk->out, low);
	if (!finding)
		return;
	finding_ops(
		&walk->view, finding, (uint32_t[]){o->write, place, o->stale, o->first_fresh}, 4);
	finding->reason = arena_printf(walk->arena,
		"%.0f ms after the purge the edge still handed out what had been overwritten before it",
		low / 1e6);
}

static void take_purge(struct purge_walk *walk, struct span span, uint32_t key, uint32_t at)
{
	const struct index *index = walk->view.index;
	const struct question *q = walk->view.question;
	const struct op *purge = &index->ops[index->by_key[at]];
	uint32_t write = last_write_before(index, key, purge->call_ns);
	struct outcome o;

	if (purge->kind != OP_PURGE || write == OP_NONE ||
		!view_in_phase(&walk->asked, purge->call_ns) ||
		(q->region >= 0 && q->region != purge->region))
		return;
	if (purge->state != OP_OK && purge->state != OP_FAIL) {
		walk->unanswered++;
		return;
	}
	o = follow(walk, span, key, at, write);
	if (!o.looked && !o.had_stale)
		return; /* of clients that are not asked about, or nobody had looked */
	walk->refused += purge->state == OP_FAIL;
	if (o.had_stale)
		take_outcome(walk, index->by_key[at], &o);
	else
		walk->fresh++;
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct question everywhere = *question;
	struct purge_walk walk = {.arena = arena, .out = out};
	const struct index *index = evidence->index;

	everywhere.phase = -1;
	walk.view = view_of(evidence, &everywhere);
	walk.asked = view_of(evidence, question);
	for (uint32_t key = 0; key < index->n_keys; key++) {
		struct span span = index_key(index, key);

		for (uint32_t i = span.first; i < span.end; i++)
			take_purge(&walk, span, key, i);
	}
	samples_measure(arena, &walk.samples, question, out);
	out->n_what = "purges of copies that were stale";
	if (!walk.samples.n)
		measured_nothing(out,
			walk.unanswered && !walk.fresh
				? "no purge was answered"
				: "no purge met a copy that was stale, or nobody read after it");
	out->note = arena_printf(arena,
		"%llu purges met fresh copies, %llu were refused, %llu not answered",
		(unsigned long long)walk.fresh, (unsigned long long)walk.refused,
		(unsigned long long)walk.unanswered);
}

/* It reads the first value that the key ever had. */
static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];
	struct span span;
	uint32_t first;

	if (op->state != OP_OK || !edge_counts(view, i))
		return false;
	span = index_writes(index, index_find_key(index, op->key));
	if (span.first == span.end)
		return false;
	first = index->writes[span.first];
	if (index->write_of[i] == first || index->ops[first].ret_ns >= op->call_ns)
		return false;
	index->write_of[i] = first;
	op->value = index->ops[first].value;
	return true;
}

const struct checker_ops checker_purge = {
	.name = "purge",
	.help = "how soon after a purge an edge hands out fresh bodies",
	.measure = measure,
	.spoil = spoil,
};
