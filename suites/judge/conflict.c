/*
 * conflict: acknowledged writes that a system of several writers discarded, and which ones it should
 * not have.
 *
 * Lost to a concurrent write (writes.conflict_lost). Two regions accepted a write to one key and
 * neither could know of the other's (reach.h). Each of the two is the last of its region of which
 * that holds: what its clients took for current when the two met. One of them stays, the other,
 * acknowledged as well, is discarded; last writer wins promises no more, but its users should know
 * how many. This is no loss of a failover (loss.c), where the write has nowhere a competitor.
 *
 * Lost to an earlier write (version_order.inversions). The write was called after the other had been
 * acknowledged, so in real time it is the later one, and it is discarded or carries the lower version
 * all the same: a clock that is off, a version that starts again after a failover.
 *
 * Which of two stayed is read from the final read-back, else from the versions that the store
 * reports. Where later writes have covered both and there are no versions, nobody is counted.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/reach.h"
#include "suites/judge/readback.h"
#include "suites/judge/view.h"

#include <stdlib.h>

/* A rival is looked for so long after a write: news takes no longer, unless a cut holds it back. */
#define NEWS_NS (2 * UINT64_C(1000000000))

struct referee {
	struct arena *arena;
	const struct view *view;
	const struct index *index;
	struct reach *reach;
	struct readback *rb;
	/* of the key it stands on */
	struct span writes;
	uint32_t final; /* a read-back that every region agrees with; OP_NONE: none */
	uint32_t dense;
	uint64_t
		final_end_ns; /* when what it shows was surely written; TIME_NEVER: cannot be said */
	/* of all keys */
	uint64_t met;     /* writes that had a concurrent one of another region */
	uint64_t covered; /* conflicts whose loser could not be told */
	size_t shared;    /* keys written in several regions */
};

static const struct op *write_at(const struct referee *r, uint32_t i)
{
	return &r->index->ops[r->index->writes[i]];
}

static unsigned region_of(const struct referee *r, const struct op *op)
{
	return op_served_in(r->view->evidence->plan, op);
}

static bool counts(const struct referee *r, uint32_t i)
{
	return write_at(r, i)->state == OP_OK && view_counts(r->view, r->index->writes[i]);
}

/* ---- the key ----------------------------------------------------------------------------- */

static uint32_t agreed_read(const struct referee *r)
{
	uint32_t first = OP_NONE;

	if (!r->view->evidence->converged || !readback_everywhere(r->rb))
		return OP_NONE;
	for (unsigned i = 0; i < r->rb->n_places; i++) {
		uint32_t read = readback_last(r->rb, i);

		if (read == OP_NONE)
			continue;
		if (first != OP_NONE && r->index->ops[read].value != r->index->ops[first].value)
			return OP_NONE;
		first = read;
	}
	return first;
}

static void stand_on(struct referee *r, uint32_t dense)
{
	r->dense = dense;
	r->writes = index_writes(r->index, dense);
	readback_key(r->rb, dense);
	r->final = agreed_read(r);
	r->final_end_ns =
		r->final == OP_NONE ? TIME_NEVER : index_version_end(r->index, dense, r->final);
}

static bool is_final(const struct referee *r, const struct op *write)
{
	uint64_t value;

	if (r->final == OP_NONE)
		return false;
	value = r->index->ops[r->final].value;
	return write->kind == OP_DELETE ? !value : value == write->value;
}

static void report(struct referee *r, uint32_t loser, uint32_t winner, const char *reason,
	struct measurement *out)
{
	const struct op *op = write_at(r, loser);
	struct finding *finding = finding_add(r->arena, out, -(double)op->ret_ns);
	uint32_t ops[] = {r->index->writes[loser], winner, r->final};

	out->value++;
	if (!finding)
		return;
	finding_ops(r->view, finding, ops, 3);
	finding->reason = reason;
}

/* ---- lost to a concurrent write ---------------------------------------------------------- */

/* Neither could know of the other. An unknown write ends never, so nobody is sure of it. */
static bool are_concurrent(const struct referee *r, const struct op *a, const struct op *b)
{
	unsigned at_a = region_of(r, a), at_b = region_of(r, b);

	return a->state == OP_OK && b->state == OP_OK &&
		b->ret_ns < reach_at(r->reach, at_a, at_b, a->call_ns) &&
		a->ret_ns < reach_at(r->reach, at_b, at_a, b->call_ns);
}

/* The next write of that region behind i; writes.end: none. */
static uint32_t next_of_region(const struct referee *r, uint32_t i, unsigned region)
{
	while (i < r->writes.end && region_of(r, write_at(r, i)) != region)
		i++;
	return i;
}

/* One key's writes of one region against those of another: both are walked once, since what can
 * have been known of grows with time. */
struct rivals {
	unsigned region;
	uint32_t at;   /* not yet looked at */
	uint32_t last; /* of those before: the last one that ended early enough; OP_NONE */
};

static uint32_t last_rival(const struct referee *r, struct rivals *rivals, const struct op *write)
{
	uint64_t known_ns = reach_at(r->reach, region_of(r, write), rivals->region, write->call_ns);

	for (;;) {
		uint32_t next = next_of_region(r, rivals->at, rivals->region);

		if (next == r->writes.end || write_at(r, next)->state != OP_OK ||
			write_at(r, next)->ret_ns >= known_ns)
			break;
		rivals->last = next;
		rivals->at = next + 1;
	}
	return rivals->last;
}

enum outcome { LOST, KEPT, COVERED };

static enum outcome outcome_of(
	const struct op *write, const struct op *rival, const struct referee *r)
{
	if (is_final(r, write))
		return KEPT;
	if (is_final(r, rival))
		return LOST;
	if (write->flags & rival->flags & OP_HAS_VERSION)
		return write->version < rival->version ? LOST : KEPT;
	return COVERED;
}

static void judge_rival(
	struct referee *r, uint32_t write, uint32_t rival, bool *lost, struct measurement *out)
{
	const struct op *op = write_at(r, write), *other = write_at(r, rival);
	const struct plan *plan = r->view->evidence->plan;
	enum outcome outcome = outcome_of(op, other, r);

	r->covered += outcome == COVERED;
	if (outcome != LOST)
		return;
	*lost = true;
	report(r, write, r->index->writes[rival],
		arena_printf(r->arena,
			"acknowledged in %s at %.3f s and discarded for a write of %s; neither "
			"region could know of the other's",
			view_region_name(plan, region_of(r, op)), (double)op->ret_ns / 1e9,
			view_region_name(plan, region_of(r, other))),
		out);
}

/* The writes of one region against another's, of which `lost` remembers who lost already. */
static void judge_pair(
	struct referee *r, unsigned region, unsigned against, bool *lost, struct measurement *out)
{
	struct rivals rivals = {against, r->writes.first, OP_NONE};

	for (uint32_t i = next_of_region(r, r->writes.first, region); i < r->writes.end;) {
		uint32_t next = next_of_region(r, i + 1, region), rival;
		bool *is_lost = &lost[i - r->writes.first];

		if (counts(r, i) && !*is_lost) {
			rival = last_rival(r, &rivals, write_at(r, i));
			if (rival != OP_NONE &&
				are_concurrent(r, write_at(r, i), write_at(r, rival)) &&
				(next == r->writes.end ||
					(write_at(r, next)->state == OP_OK &&
						!are_concurrent(r, write_at(r, next),
							write_at(r, rival))))) {
				r->met++;
				judge_rival(r, i, rival, is_lost, out);
			}
		}
		i = next;
	}
}

static void judge_conflicts(struct referee *r, struct measurement *out)
{
	uint8_t regions[256];
	bool seen[256] = {false}, *lost;
	unsigned n = 0;

	for (uint32_t i = r->writes.first; i < r->writes.end; i++) {
		unsigned region = region_of(r, write_at(r, i));

		if (!seen[region])
			regions[n++] = (uint8_t)region;
		seen[region] = true;
		out->n += n > 1 && counts(r, i);
	}
	if (n < 2)
		return;
	r->shared++;
	lost = calloc(r->writes.end - r->writes.first, sizeof(*lost));
	if (!lost)
		abort();
	for (unsigned a = 0; a < n; a++) {
		for (unsigned b = 0; b < n; b++) {
			if (a != b)
				judge_pair(r, regions[a], regions[b], lost, out);
		}
	}
	free(lost);
}

/* ---- lost to an earlier write ------------------------------------------------------------ */

static int by_return(const void *a, const void *b)
{
	const struct op *x = *(const struct op *const *)a, *y = *(const struct op *const *)b;

	return (x->ret_ns > y->ret_ns) - (x->ret_ns < y->ret_ns);
}

/* The acknowledged writes of the key, as they returned. Caller frees. */
static const struct op **in_order_of_return(const struct referee *r, size_t *n)
{
	const struct op **list = calloc(r->writes.end - r->writes.first, sizeof(*list));

	if (!list)
		abort();
	*n = 0;
	for (uint32_t i = r->writes.first; i < r->writes.end; i++) {
		if (write_at(r, i)->state == OP_OK)
			list[(*n)++] = write_at(r, i);
	}
	qsort(list, *n, sizeof(*list), by_return);
	return list;
}

static void judge_order_of(
	struct referee *r, uint32_t i, const struct op *highest, struct measurement *out)
{
	const struct op *op = write_at(r, i);
	uint32_t stayed = r->final == OP_NONE ? OP_NONE : r->index->write_of[r->final];

	if (highest && op->flags & OP_HAS_VERSION && op->version < highest->version)
		report(r, i, (uint32_t)(highest - r->index->ops),
			arena_printf(r->arena,
				"called %.3f s after the other was acknowledged, and has the lower "
				"version",
				(double)(op->call_ns - highest->ret_ns) / 1e9),
			out);
	else if (r->final_end_ns != TIME_NEVER && r->final_end_ns && op->call_ns > r->final_end_ns)
		report(r, i, stayed,
			arena_printf(r->arena,
				"called %.3f s after what stayed was acknowledged, and gone",
				(double)(op->call_ns - r->final_end_ns) / 1e9),
			out);
}

/* In order of call, with the highest version among those that had returned by then. */
static void judge_order(struct referee *r, struct measurement *out)
{
	const struct op **returned, *highest = NULL;
	size_t n, done = 0;

	if (r->writes.end - r->writes.first < 2)
		return;
	returned = in_order_of_return(r, &n);
	for (uint32_t i = r->writes.first; i < r->writes.end; i++) {
		const struct op *op = write_at(r, i);

		for (; done < n && returned[done]->ret_ns < op->call_ns; done++) {
			const struct op *before = returned[done];

			if (before->flags & OP_HAS_VERSION &&
				(!highest || before->version > highest->version))
				highest = before;
		}
		if (!done || !counts(r, i))
			continue;
		if ((op->flags & OP_HAS_VERSION && highest) || r->final_end_ns != TIME_NEVER) {
			out->n++;
			judge_order_of(r, i, highest, out);
		}
	}
	free(returned);
}

/* ---- the question ------------------------------------------------------------------------ */

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct referee r = {.arena = arena, .view = &view, .index = view.index};
	bool conflicts = question->metric->id == METRIC_WRITES_CONFLICT_LOST;

	r.rb = readback_new(arena, &view, evidence->quiet_ns, TIME_NEVER);
	r.reach = reach_new(arena, evidence);
	out->status = MEASURED_VALUE;
	out->n_what = conflicts ? "acknowledged writes to keys that several regions write"
				: "acknowledged writes behind another of their key";
	for (uint32_t k = 0; k < r.index->n_keys; k++) {
		if (op_key_class(r.index->keys[k]) != KEY_REGISTER)
			continue;
		stand_on(&r, k);
		if (conflicts)
			judge_conflicts(&r, out);
		else
			judge_order(&r, out);
	}
	if (r.covered)
		out->note = arena_printf(arena, "of %llu more conflicts later writes hide who won",
			(unsigned long long)r.covered);
	if (!out->n)
		measured_nothing(out,
			conflicts
				? "no key was written in two regions"
				: "no write had another before it and a version or a final read-back");
	else if (conflicts && !r.met)
		measured_nothing(
			out, "no two regions wrote a key before they could know of each other");
	else if (r.covered && !out->value)
		out->status = MEASURED_UNDECIDED, out->why = out->note;
}

/* The next write of another region that was called before it could know of this one; NULL: none. */
static struct op *find_rival(struct evidence *copy, const struct reach *reach, uint32_t i)
{
	struct op *op = &copy->history.ops[i], *end = copy->history.ops + copy->history.n;
	unsigned at = op_served_in(copy->plan, op);
	uint64_t last_ns = op->call_ns + NEWS_NS;

	for (struct op *rival = op + 1; rival < end && rival->call_ns < last_ns; rival++) {
		unsigned other = op_served_in(copy->plan, rival);

		if (op_is_write(rival) && rival->state == OP_OK && rival->value && other != at &&
			rival->call_ns + 1 < reach_at(reach, at, other, op->call_ns))
			return rival;
	}
	return NULL;
}

/* Both return at once, nothing else is written to the key, and the second stays. */
static void leave_two(struct evidence *copy, struct op *lost, struct op *stays)
{
	for (uint32_t i = 0; i < copy->history.n; i++) {
		struct op *op = &copy->history.ops[i];

		if (op->flags & OP_READBACK) {
			op->value = stays->value;
			op->flags &= (uint16_t)~OP_ABSENT;
		} else if (op_is_write(op) && op != lost && op != stays) {
			op->state = OP_FAIL;
		}
	}
	lost->ret_ns = lost->call_ns + 1;
	stays->ret_ns = stays->call_ns + 1;
	lost->version = 1;
	stays->version = 2;
	lost->flags |= OP_HAS_VERSION;
	stays->flags |= OP_HAS_VERSION;
}

/* Two writes of two regions, of which neither could know of the other had they been quick. */
static bool plant_conflict(
	struct arena *arena, struct evidence *copy, const struct view *view, struct rng *rng)
{
	const struct reach *reach = reach_new(arena, copy);
	uint32_t n = (uint32_t)copy->history.n, start = (uint32_t)rng_below(rng, n);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t place = (start + i) % n;
		struct op *op = &copy->history.ops[place], *rival;

		if (!op_is_write(op) || op->state != OP_OK || !view_counts(view, place))
			continue;
		rival = find_rival(copy, reach, place);
		if (rival) {
			leave_two(copy, op, rival);
			return true;
		}
	}
	return false;
}

/* A write gets a version just below that of one acknowledged before it was called. */
static bool plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns)
{
	struct view view = view_of(copy, question);
	struct op *before = NULL;

	(void)size_ns;
	if (question->metric->id == METRIC_WRITES_CONFLICT_LOST)
		return plant_conflict(arena, copy, &view, rng);
	for (uint32_t i = 0; i < copy->history.n; i++) {
		struct op *op = &copy->history.ops[i];

		if (!op_is_write(op) || op->state != OP_OK || !(op->flags & OP_HAS_VERSION))
			continue;
		if (before && before->ret_ns < op->call_ns && view_counts(&view, i) &&
			op->version > before->version) {
			op->version = before->version - 1;
			return true;
		}
		if (!before || op->version > before->version)
			before = op;
	}
	return false;
}

const struct checker_ops checker_conflict = {
	.name = "conflict",
	.help = "acknowledged writes discarded for a concurrent one, or for an earlier one",
	.measure = measure,
	.plant = plant,
	.plant_classes = 1u << KEY_REGISTER,
};
