#include "suites/judge/sessions.h"
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/sort.h"

#include <stdlib.h>
#include <string.h>

/* What a session has behind it on one key. */
struct memory {
	uint32_t own;      /* ok write with the latest call; OP_NONE: none */
	uint32_t last_own; /* ok write with the latest return */
	uint32_t seen;     /* ok read of the version that began latest */
	uint64_t seen_start;
};

struct walk {
	struct arena *arena;
	const struct view *view;
	struct session_tally *tally;
	struct measurement *out;
	uint32_t key; /* dense */
	uint64_t
		nearest_ns; /* smallest distance of a read elsewhere from the own acknowledgement */
};

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static void remember(const struct index *index, struct memory *memory, uint32_t i)
{
	const struct op *op = &index->ops[i];

	if (op->state != OP_OK)
		return;
	if (op_is_write(op)) {
		if (memory->own == OP_NONE || op->call_ns > index->ops[memory->own].call_ns)
			memory->own = i;
		memory->last_own = i;
	} else if (index_version_start(index, i) > memory->seen_start) {
		memory->seen = i;
		memory->seen_start = index_version_start(index, i);
	}
}

/* Could the read have missed the session's last write? Only below the lag of the pair of regions,
 * or where the system itself says that the local copy was behind. */
static bool is_effective(struct walk *walk, const struct op *write, const struct op *read)
{
	const struct index *index = walk->view->index;
	unsigned to = op_served_in(walk->view->evidence->plan, read);
	uint64_t distance = read->call_ns - write->ret_ns, lag;

	if (read->flags & OP_FALLBACK)
		return true;
	if (to >= index->n_regions || write->region >= index->n_regions)
		return false;
	if (read->node != write->node || read->node == OP_NODE_UNKNOWN) {
		if (distance < walk->nearest_ns &&
			(read->node != OP_NODE_UNKNOWN || to != write->region))
			walk->nearest_ns = distance;
	}
	lag = index->lag_ns[write->region * index->n_regions + to];
	return lag != TIME_NEVER && distance < lag;
}

static void convict(struct walk *walk, uint32_t against, uint32_t read, const char *what)
{
	const struct index *index = walk->view->index;
	const struct op *a = &index->ops[against], *r = &index->ops[read];
	struct finding *finding =
		finding_add(walk->arena, walk->out, (double)(r->call_ns - a->ret_ns));
	uint32_t ops[4] = {index->write_of[read], against, read,
		op_is_write(a) ? OP_NONE : index->write_of[against]};

	if (!finding)
		return;
	finding_ops(walk->view, finding, ops, 4);
	finding->reason = arena_printf(walk->arena, what, ms(r->call_ns - a->ret_ns));
}

static void judge_own(struct walk *walk, const struct memory *memory, uint32_t read)
{
	const struct index *index = walk->view->index;
	const struct op *op = &index->ops[read];

	if (memory->own == OP_NONE)
		return;
	if (index_version_end(index, walk->key, read) < index->ops[memory->own].call_ns) {
		tally_trial(walk->tally, op->session);
		walk->tally->violations[walk->tally->roams[op->session]]++;
		convict(walk, memory->own, read,
			"the read was called %.1f ms after the session's own newer write had returned");
	} else if (is_effective(walk, &index->ops[memory->last_own], op)) {
		tally_trial(walk->tally, op->session);
	}
}

static void judge_seen(struct walk *walk, const struct memory *memory, uint32_t read)
{
	const struct index *index = walk->view->index;
	const struct op *op = &index->ops[read];

	if (memory->seen == OP_NONE)
		return;
	tally_trial(walk->tally, op->session);
	if (index_version_end(index, walk->key, read) < memory->seen_start) {
		walk->tally->violations[walk->tally->roams[op->session]]++;
		convict(walk, memory->seen, read,
			"the session had read a newer value %.1f ms before this read was called");
	}
}

/* One session's operations on one key, by call. */
static void walk_run(struct walk *walk, const uint32_t *run, uint32_t n, uint32_t *by_return)
{
	const struct op *ops = walk->view->index->ops;
	struct memory memory = {.own = OP_NONE, .last_own = OP_NONE, .seen = OP_NONE};
	bool own = walk->view->question->metric->id == METRIC_READ_YOUR_WRITES;

	for (uint32_t i = 0; i < n; i++)
		index_prefetch(walk->view->index, run, i, n);
	memcpy(by_return, run, n * sizeof(*run));
	sort_by_return(ops, by_return, n);
	for (uint32_t i = 0, done = 0; i < n; i++) {
		const struct op *op = &ops[run[i]];

		if (!op_is_ok_read(op) || !view_counts(walk->view, run[i]))
			continue;
		while (done < n && ops[by_return[done]].ret_ns < op->call_ns)
			remember(walk->view->index, &memory, by_return[done++]);
		if (own)
			judge_own(walk, &memory, run[i]);
		else
			judge_seen(walk, &memory, run[i]);
	}
}

static void walk_key(struct walk *walk, struct span span, uint32_t *scratch)
{
	const struct index *index = walk->view->index;
	const uint32_t *order = index->by_key_session;

	for (uint32_t i = span.first, end; i < span.end; i = end) {
		uint32_t session = index->ops[order[i]].session;

		if (!op_is_session(&index->ops[order[i]]))
			break; /* the last group is nobody's */
		for (end = i; end < span.end && index->ops[order[end]].session == session &&
			op_is_session(&index->ops[order[end]]);)
			end++;
		walk_run(walk, order + i, end - i, scratch);
	}
}

static void walk_keys(struct walk *walk)
{
	const struct index *index = walk->view->index;
	uint32_t *scratch = calloc(index->n_listed + 1, sizeof(*scratch));

	if (!scratch)
		abort();
	for (walk->key = 0; walk->key < index->n_keys; walk->key++) {
		/* Nobody falls behind on a key that is written once, or by a ticker. */
		if (op_key_class(index->keys[walk->key]) != KEY_TICKER)
			walk_key(walk, index_key(index, walk->key), scratch);
	}
	free(scratch);
}

/* Sessions that were in more than one region. */
static const bool *find_roaming(struct arena *arena, const struct index *index)
{
	bool *roams = arena_array(arena, index->n_sessions, sizeof(*roams));

	for (uint32_t s = 0; s + 1 < index->n_sessions; s++) {
		struct span span = index_session(index, s);

		for (uint32_t i = span.first; i < span.end && !roams[s]; i++) {
			const struct op *op = &index->ops[index->by_session[i]];

			roams[s] = op->flags & OP_ROAMED ||
				op->region != index->ops[index->by_session[span.first]].region;
		}
	}
	return roams;
}

static void note(struct arena *arena, const struct walk *walk, struct measurement *out)
{
	const struct session_tally *t = walk->tally;
	const char *split = arena_printf(arena, "sticky %llu of %llu, roaming %llu of %llu",
		(unsigned long long)t->violations[0], (unsigned long long)t->trials[0],
		(unsigned long long)t->violations[1], (unsigned long long)t->trials[1]);

	if (walk->nearest_ns == TIME_NEVER)
		out->note = split;
	else
		out->note = arena_printf(arena, "would have caught a lag of %llu ms or more; %s",
			(unsigned long long)(walk->nearest_ns + 999999) / 1000000, split);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct session_tally tally = {.roams = find_roaming(arena, view.index)};
	struct walk walk = {.arena = arena,
		.view = &view,
		.tally = &tally,
		.out = out,
		.nearest_ns = TIME_NEVER};

	out->status = MEASURED_VALUE;
	switch (question->metric->id) {
	case METRIC_READ_YOUR_WRITES:
		out->n_what = "effective trials";
		walk_keys(&walk);
		break;
	case METRIC_MONOTONIC_READS:
		out->n_what = "reads after an earlier one";
		walk_keys(&walk);
		break;
	default:
		out->n_what = "reads after a session's write was seen on the same node";
		sessions_observe(arena, &view, question->metric->id == METRIC_WRITES_FOLLOW_READS,
			&tally, out);
		break;
	}
	out->value = (double)out->total_findings;
	out->n = tally.trials[0] + tally.trials[1];
	note(arena, &walk, out);
	if (!out->n) {
		out->status = MEASURED_NOTHING;
		out->why = "no read could have shown a violation";
	}
}

const struct checker_ops checker_sessions = {
	.name = "sessions",
	.help = "read your writes, monotonic reads, monotonic writes, writes follow reads",
	.measure = measure,
	.plant = sessions_plant,
	.plant_classes = 1u << KEY_REGISTER,
	.plant_keys = 2,
};
