/*
 * reads: values that a read must not return at all.
 *
 *   dirty         its write surely failed
 *   thin air      nobody wrote it to that key, or its write was called after the read had returned
 *   resurrection  a deleted value that came back
 *
 * A resurrection needs more than an old value after a delete, which a copy that lags shows too: the
 * same node must have shown the value (or a later one), then the key as absent, and then the value
 * again, with an acknowledged delete certainly between. That the node had the value is also known
 * where it performed the write.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/readback.h"
#include "suites/judge/sort.h"
#include "suites/judge/view.h"

#include <stdlib.h>
#include <string.h>

/* Sessions' reads and, where no group is asked for, sweeps. */
static bool counts(const struct view *view, uint32_t i)
{
	const struct op *op = &view->index->ops[i];

	if (!op_is_ok_read(op))
		return false;
	if (op->flags & OP_READBACK)
		return view->question->filter == FILTER_ALL &&
			view_in_phase(view, op_intended(op)) &&
			(view->question->region < 0 || op->region == view->question->region);
	return view_counts(view, i);
}

static void tell(const struct view *view, struct finding *finding, uint32_t read, uint32_t write,
	const char *reason)
{
	finding_ops(view, finding, (uint32_t[]){write, read}, 2);
	finding->reason = reason;
}

static void convict(struct arena *arena, const struct view *view, uint32_t read, uint32_t write,
	const char *reason, struct measurement *out)
{
	struct finding *finding = finding_add(arena, out, -(double)view->index->ops[read].call_ns);

	if (finding)
		tell(view, finding, read, write, reason);
}

static void convict_thin_air(
	struct arena *arena, const struct view *view, uint32_t read, struct measurement *out)
{
	const struct index *index = view->index;
	struct finding *finding = finding_add(arena, out, -(double)index->ops[read].call_ns);
	const char *reason = "nobody wrote this value";
	uint32_t write;

	if (!finding)
		return;
	write = index_find_value(index, index->ops[read].value);
	if (write != OP_NONE)
		reason = index->ops[write].key != index->ops[read].key
			? "this value was written to another key"
			: "the read returned before this value was written";
	tell(view, finding, read, write, reason);
}

/* When the first write of the key was called that surely failed; TIME_NEVER: none did. */
static uint64_t first_failed(const struct index *index, struct span span)
{
	for (uint32_t i = span.first; i < span.end; i++) {
		const struct op *op = &index->ops[index->by_key[i]];

		if (op->kind == OP_WRITE && op->state == OP_FAIL)
			return op->call_ns;
	}
	return TIME_NEVER;
}

/* Only of keys of which a write had failed can something dirty be read. */
static void measure_dirty(struct arena *arena, const struct view *view, struct measurement *out)
{
	const struct index *index = view->index;

	for (uint32_t k = 0; k < index->n_keys; k++) {
		struct span span = index_key(index, k);
		uint64_t failed_ns = first_failed(index, span);

		for (uint32_t i = span.first; failed_ns != TIME_NEVER && i < span.end; i++) {
			uint32_t read = index->by_key[i], w = index->write_of[read];

			if (!index->ops[read].value || !counts(view, read) ||
				index->ops[read].ret_ns <= failed_ns)
				continue;
			out->n++;
			if (w != OP_NONE && index->ops[w].state == OP_FAIL)
				convict(arena, view, read, w,
					"the write of this value surely failed", out);
		}
	}
	out->n_what = "reads of keys of which a write had failed";
}

static void measure_thin_air(struct arena *arena, const struct view *view, struct measurement *out)
{
	const struct index *index = view->index;

	for (uint32_t i = 0; i < index->n; i++) {
		if (!index->ops[i].value || !counts(view, i))
			continue;
		out->n++;
		if (index->write_of[i] == OP_NONE)
			convict_thin_air(arena, view, i, out);
	}
	out->n_what = "reads that returned a value";
}

/* What one node has shown of the present key. */
struct shown {
	uint32_t key;        /* stamp */
	uint64_t had_start;  /* latest version that it had */
	uint64_t gone_start; /* latest version that it had before it showed the key as absent */
	uint32_t gone;       /* the read that did; OP_NONE: none */
};

struct graves {
	struct arena *arena;
	const struct view *view;
	struct measurement *out;
	uint32_t key;
	uint64_t *had_before; /* per absent read: what its node had shown when it was called */
	struct shown shown[READBACK_PLACES];
};

static struct shown *shown_at(struct graves *g, const struct op *op)
{
	struct shown *shown = &g->shown[readback_place(op)];

	if (shown->key != g->key + 1)
		*shown = (struct shown){.key = g->key + 1, .gone = OP_NONE};
	return shown;
}

static bool is_absent(const struct op *op)
{
	return op_is_ok_read(op) && !op->value && !(op->flags & OP_VIA_PROXY);
}

/* An operation has returned: its node had the version, or had shown that it was gone. */
static void remember(struct graves *g, uint32_t i)
{
	const struct index *index = g->view->index;
	const struct op *op = &index->ops[i];
	struct shown *shown = shown_at(g, op);

	if (op->state != OP_OK || op->kind == OP_DELETE || op->flags & OP_VIA_PROXY ||
		(op_is_write(op) && op->node == OP_NODE_UNKNOWN))
		return;
	if (!is_absent(op)) {
		uint64_t start = index_version_start(index, i);

		shown->had_start = start > shown->had_start ? start : shown->had_start;
	} else if (g->had_before[i] > shown->gone_start) {
		shown->gone_start = g->had_before[i];
		shown->gone = i;
	}
}

/* An acknowledged delete certainly after the version and returned before the read was called. */
static uint32_t delete_between(
	const struct index *index, uint32_t key, uint64_t end, const struct op *read)
{
	struct span span = index_writes(index, key);

	for (uint32_t i = span.first + index_writes_before(index, span, read->call_ns);
		i > span.first; i--) {
		const struct op *op = &index->ops[index->writes[i - 1]];

		if (op->call_ns <= end)
			break;
		if (op->kind == OP_DELETE && op->state == OP_OK &&
			op->ret_ns + index->unsure_ns < read->call_ns)
			return index->writes[i - 1];
	}
	return OP_NONE;
}

static void judge(struct graves *g, uint32_t read)
{
	const struct index *index = g->view->index;
	const struct op *op = &index->ops[read];
	const struct shown *shown = shown_at(g, op);
	uint64_t end = index_version_end(index, g->key, read);
	uint32_t deleted;
	struct finding *finding;

	if (shown->gone == OP_NONE)
		return;
	g->out->n++;
	if (!op->value || end == TIME_NEVER || index_version_start(index, read) > shown->gone_start)
		return;
	deleted = delete_between(index, g->key, end, op);
	if (deleted == OP_NONE)
		return;
	finding = finding_add(g->arena, g->out, -(double)op->call_ns);
	if (!finding)
		return;
	finding_ops(g->view, finding,
		(uint32_t[]){index->write_of[read], deleted, shown->gone, read}, 4);
	finding->reason = arena_printf(g->arena,
		"the delete was acknowledged, %s showed the key as absent, and then the deleted value "
		"again",
		op->node == OP_NODE_UNKNOWN ? view_region_name(g->view->evidence->plan, op->region)
					    : view_node_name(g->view->evidence->plan, op->node));
}

static void walk_key(struct graves *g, uint32_t *by_return)
{
	const struct index *index = g->view->index;
	struct span span = index_key(index, g->key);
	const uint32_t *order = index->by_key + span.first;
	uint32_t n = span.end - span.first;

	memcpy(by_return, order, n * sizeof(*order));
	sort_by_return(index->ops, by_return, n);
	for (uint32_t i = 0, done = 0; i < n; i++) {
		const struct op *op = &index->ops[order[i]];

		while (done < n && index->ops[by_return[done]].ret_ns < op->call_ns)
			remember(g, by_return[done++]);
		if (is_absent(op))
			g->had_before[order[i]] = shown_at(g, op)->had_start;
		if (counts(g->view, order[i]))
			judge(g, order[i]);
	}
}

static void measure_resurrections(
	struct arena *arena, const struct view *view, struct measurement *out)
{
	const struct index *index = view->index;
	struct graves *g = arena_alloc(arena, sizeof(*g));
	uint32_t *by_return;

	out->n_what = "reads after a delete was seen";
	if (!index->delete_start)
		return;
	*g = (struct graves){.arena = arena, .view = view, .out = out};
	by_return = calloc(index->n_listed + 1, sizeof(*by_return));
	g->had_before = calloc(index->n, sizeof(*g->had_before));
	if (!by_return || !g->had_before)
		abort();
	for (g->key = 0; g->key < index->n_keys; g->key++) {
		if (index->delete_start[g->key] < index->delete_start[g->key + 1])
			walk_key(g, by_return);
	}
	free(g->had_before);
	free(by_return);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);

	switch (question->metric->id) {
	case METRIC_RESURRECTIONS:
		measure_resurrections(arena, &view, out);
		break;
	case METRIC_DIRTY_READS:
		measure_dirty(arena, &view, out);
		break;
	default:
		measure_thin_air(arena, &view, out);
		break;
	}
	out->status = MEASURED_VALUE;
	out->value = (double)out->total_findings;
	if (!out->n)
		measured_nothing(out, arena_printf(arena, "there were no %s", out->n_what));
}

static void set_value(struct evidence *copy, uint32_t read, uint64_t value)
{
	struct op *op = &copy->history.ops[read];

	op->value = value;
	op->flags = (uint16_t)(value ? op->flags & ~OP_ABSENT : op->flags | OP_ABSENT);
}

/* Three reads of one node in a row, from place `from` on; false: there are none. */
static bool three_reads(const struct view *view, uint32_t from, uint64_t after_ns, uint32_t out[3])
{
	const struct op *ops = view->index->ops;
	unsigned n = 0;

	for (uint32_t i = from; i < view->index->n && n < 3; i++) {
		uint64_t free_ns = n ? ops[out[n - 1]].ret_ns : after_ns;

		if (counts(view, i) && ops[i].call_ns > free_ns &&
			(!n || readback_place(&ops[i]) == readback_place(&ops[out[0]])))
			out[n++] = i;
	}
	return n == 3;
}

/* A written value, its delete, and three later reads of one node: value, absent, value. */
static bool plant_resurrection(const struct view *view, struct evidence *copy)
{
	const struct index *index = copy->index;
	uint32_t value = OP_NONE, reads[3];

	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];

		if (op->kind == OP_WRITE && op->state == OP_OK && value == OP_NONE)
			value = i;
		if (op->kind != OP_DELETE || op->state != OP_OK || value == OP_NONE ||
			index->ops[value].ret_ns >= op->call_ns ||
			!three_reads(view, i, op->ret_ns, reads))
			continue;
		set_value(copy, reads[0], index->ops[value].value);
		set_value(copy, reads[1], 0);
		set_value(copy, reads[2], index->ops[value].value);
		return true;
	}
	return false;
}

/* A write that failed and that the read could have seen; OP_NONE: none. */
static uint32_t failed_before(const struct evidence *copy, const struct op *read)
{
	for (uint32_t i = 0; i < copy->history.n; i++) {
		const struct op *op = &copy->history.ops[i];

		if (op->kind == OP_WRITE && op->state == OP_FAIL && op->key == read->key &&
			op->call_ns < read->ret_ns)
			return i;
	}
	return OP_NONE;
}

static bool plant_value(const struct view *view, struct evidence *copy, struct rng *rng)
{
	uint32_t n = (uint32_t)copy->history.n, start = (uint32_t)rng_below(rng, n);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t read = (start + i) % n, write = copy->index->write_of[read], failed;

		if (!counts(view, read) || write == OP_NONE ||
			copy->history.ops[write].state == OP_FAIL)
			continue;
		failed = failed_before(copy, &copy->history.ops[read]);
		if (view->question->metric->id == METRIC_THIN_AIR_READS)
			set_value(copy, read, op_value(0xfffff, 1 + rng_below(rng, 1u << 30)));
		else if (failed != OP_NONE)
			set_value(copy, read, copy->history.ops[failed].value);
		else /* no write failed: say that this one did */
			copy->history.ops[write].state = OP_FAIL;
		return true;
	}
	return false;
}

static bool plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns)
{
	struct view view = view_of(copy, question);

	(void)arena;
	(void)size_ns;
	if (question->metric->id == METRIC_RESURRECTIONS)
		return plant_resurrection(&view, copy);
	return plant_value(&view, copy, rng);
}

const struct checker_ops checker_reads = {
	.name = "reads",
	.help = "dirty reads, values out of thin air, deleted data that came back",
	.measure = measure,
	.plant = plant,
	.plant_classes = 1u << KEY_REGISTER,
};
