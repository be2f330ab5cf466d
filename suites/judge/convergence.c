/*
 * convergence: when, after the writers had stopped, every region read the same; and what never did.
 *
 * The last answer of each place about a key stands for its end. A read-back that returned anything
 * else before is a wrong one. Converged is the return of the last answer that was the first right
 * one at its place after a wrong one; the true instant is not before the call of the last wrong read
 * before it, which is the resolution of the sweeps. Keys whose ends differ have diverged, and then
 * there is no convergence but only a lower bound.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/readback.h"
#include "suites/judge/view.h"

struct sweepers {
	struct arena *arena;
	const struct view *view;
	struct readback *rb;
	uint64_t start_ns;                 /* the writers had stopped */
	uint64_t low_ns, high_ns, last_ns; /* bounds of convergence; the last answer of all */
	uint64_t keys, diverged, unanswered;
};

/* The quiet phase asked for, or everything after the writers had stopped for the last time. */
static void find_start(struct sweepers *s)
{
	const struct view *view = s->view;
	uint64_t quiet_ns = view->evidence->quiet_ns, start = quiet_ns, end = TIME_NEVER;

	if (view->question->phase >= 0) {
		start = view->start_ns;
		end = view->end_ns;
		if (quiet_ns && quiet_ns < end && quiet_ns + 60 * UINT64_C(1000000000) > start)
			start = quiet_ns;
	}
	s->start_ns = start;
	s->rb = readback_new(s->arena, view, start, end);
}

static bool has_diverged(const struct sweepers *s, uint32_t reads[4], unsigned *n)
{
	const struct op *ops = s->view->index->ops;
	uint32_t first = OP_NONE, other = OP_NONE;

	for (unsigned i = 0; i < s->rb->n_places; i++) {
		uint32_t read = readback_last(s->rb, i);

		if (read == OP_NONE)
			continue;
		if (first == OP_NONE)
			first = read;
		else if (ops[read].value != ops[first].value && other == OP_NONE)
			other = read;
	}
	*n = 0;
	if (other == OP_NONE)
		return false;
	reads[(*n)++] = first;
	reads[(*n)++] = other;
	if (s->view->index->write_of[first] != OP_NONE)
		reads[(*n)++] = s->view->index->write_of[first];
	if (s->view->index->write_of[other] != OP_NONE)
		reads[(*n)++] = s->view->index->write_of[other];
	return true;
}

/* Bounds from one key: per place the last wrong answer and the first right one after it. */
static void bound(struct sweepers *s, uint32_t key)
{
	const struct index *index = s->view->index;
	struct span span = index_key(index, key);
	uint64_t wrong[READBACK_PLACES] = {0}, right[READBACK_PLACES] = {0};

	for (uint32_t i = span.first; i < span.end; i++) {
		const struct op *op = &index->ops[index->by_key[i]];
		unsigned place = readback_place(op);

		if (!readback_is_answer(s->rb, op))
			continue;
		if (op->value != index->ops[s->rb->read[place]].value) {
			wrong[place] = op->call_ns;
			right[place] = 0;
		} else if (!right[place]) {
			right[place] = op->ret_ns;
		}
	}
	for (unsigned i = 0; i < s->rb->n_places; i++) {
		unsigned place = s->rb->places[i];

		s->low_ns = wrong[place] > s->low_ns ? wrong[place] : s->low_ns;
		s->high_ns = right[place] > s->high_ns ? right[place] : s->high_ns;
	}
}

/* Of a key that nobody wrote all regions say the same, however far apart they are. */
static bool was_written(const struct sweepers *s, uint32_t key)
{
	struct span writes = index_writes(s->view->index, key);

	return writes.first < writes.end;
}

static void take_key(struct sweepers *s, uint32_t key, struct measurement *out)
{
	uint32_t reads[4];
	unsigned n;
	bool diverged;
	struct finding *finding;

	readback_key(s->rb, key);
	if (!readback_everywhere(s->rb)) {
		for (unsigned i = 0; i < s->rb->n_places; i++) {
			if (readback_last(s->rb, i) == OP_NONE)
				continue;
			s->unanswered++;
			break;
		}
		return;
	}
	diverged = has_diverged(s, reads, &n);
	if (!diverged && !was_written(s, key))
		return;
	s->keys++;
	bound(s, key);
	if (!diverged)
		return;
	s->diverged++;
	finding = finding_add(s->arena, out, 0);
	if (!finding)
		return;
	finding_ops(s->view, finding, reads, n);
	finding->reason = "the last answers about this key differ";
}

static void find_last(struct sweepers *s)
{
	for (uint32_t i = 0; i < s->view->index->n; i++) {
		const struct op *op = &s->view->index->ops[i];

		if (readback_is_answer(s->rb, op) && op->ret_ns > s->last_ns)
			s->last_ns = op->ret_ns;
	}
}

static void answer_time(const struct sweepers *s, struct measurement *out)
{
	uint64_t start = s->start_ns;

	out->episodes = 1;
	if (s->diverged || !s->view->evidence->converged) {
		out->status = MEASURED_CENSORED;
		out->value = s->last_ns > start ? (double)(s->last_ns - start) : 0;
		out->why = s->diverged
			? arena_printf(s->arena, "%llu of %llu keys still differed at the end",
				  (unsigned long long)s->diverged, (unsigned long long)s->keys)
			: "the regions did not converge by the end";
		return;
	}
	out->value = s->high_ns > start ? (double)(s->high_ns - start) : 0;
	out->value_low = s->low_ns > start ? (double)(s->low_ns - start) : 0;
	out->has_value_low = true;
	out->note = arena_printf(
		s->arena, "resolution %.2f s, one sweep", (out->value - out->value_low) / 1e9);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct sweepers s = {.arena = arena, .view = &view};

	out->n_what = "written keys answered in every region";
	find_start(&s);
	for (uint32_t k = 0; k < view.index->n_keys; k++)
		take_key(&s, k, out);
	find_last(&s);
	out->n = s.keys;
	out->status = MEASURED_VALUE;
	if (!s.keys)
		return measured_nothing(
			out, "no key that somebody wrote was read back in every region");
	if (question->metric->id == METRIC_DIVERGENCE_KEYS)
		out->value = (double)s.diverged;
	else
		answer_time(&s, out);
	if (s.unanswered)
		out->note = arena_printf(arena, "%llu keys were not answered everywhere%s%s",
			(unsigned long long)s.unanswered, out->note ? "; " : "",
			out->note ? out->note : "");
}

/* One place's last answer about the key becomes another value. */
static bool plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns)
{
	struct view view = view_of(copy, question);
	struct sweepers s = {.arena = arena, .view = &view};
	uint32_t key = index_find_key(copy->index, copy->history.ops[0].key), read;
	struct op *op;

	(void)size_ns;
	find_start(&s);
	if (s.rb->n_places < 2)
		return false;
	readback_key(s.rb, key);
	read = readback_last(s.rb, (unsigned)rng_below(rng, s.rb->n_places));
	if (read == OP_NONE || !readback_everywhere(s.rb))
		return false;
	op = &copy->history.ops[read];
	op->value = op->value ? 0 : op_value(0xfffff, 1);
	op->flags = (uint16_t)(op->value ? op->flags & ~OP_ABSENT : op->flags | OP_ABSENT);
	return true;
}

/* A sweep's answer is one that nobody else gives. */
static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];

	(void)index;
	if (!(op->flags & OP_READBACK) || !op_is_ok_read(op) || op->call_ns < view->start_ns)
		return false;
	op->value = op_value(0xfffff, 1 + readback_place(op));
	op->flags &= (uint16_t)~OP_ABSENT;
	return true;
}

const struct checker_ops checker_convergence = {
	.name = "convergence",
	.help = "how long until every region reads the same, and keys that never do",
	.measure = measure,
	.plant = plant,
	.spoil = spoil,
	.spoils_in_a_row = true,
};
