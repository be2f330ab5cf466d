/*
 * Monotonic writes and writes follow reads, as an observer sees them at one node.
 *
 * When a session's write w2 was read at a node, everything that the session had written (or read)
 * before it called w2 must be there too for later reads at that node. Per observer, node and session
 * the latest such w2 is kept, the frontier; a later read of another key at that node is convicted
 * where it returns something certainly older than what the session had written to (read from) that
 * key before the frontier. Two frontiers are kept, of different keys, since the key of the read
 * itself does not count.
 *
 * Cost: monotonic writes O(n log n). Writes follow reads looks at every session that has a frontier
 * at the node, but only for reads that return something certainly older than the newest write, so
 * O(n log n + stale reads x sessions).
 */
#include "suites/judge/ops.h"
#include "suites/judge/sessions.h"
#include "suites/judge/sort.h"

#include <stdlib.h>
#include <string.h>

struct sight {
	uint64_t call_ns; /* of w2; 0: nothing seen */
	uint32_t read, key;
};

struct frontier {
	struct sight best, other; /* of different keys */
};

struct observer {
	struct arena *arena;
	const struct view *view;
	struct session_tally *tally;
	struct measurement *out;
	bool follow_reads;
	uint32_t n_nodes, n_sessions;
	struct frontier *frontiers; /* [node * n_sessions + session] */
	uint32_t *touched;          /* sessions seen at a node: [node * n_sessions ..] */
	uint32_t *n_touched;        /* by node */
	uint32_t *sole;             /* the only session that writes a key; OP_NONE: several do */
	uint32_t *runs;             /* by key and session, each run by return */
	uint32_t *seen;
};

static bool is_known_node(const struct observer *o, const struct op *op)
{
	return op->node != OP_NODE_UNKNOWN && op->node < o->n_nodes;
}

static void advance(struct frontier *f, const struct sight *sight)
{
	if (sight->key == f->best.key || !f->best.call_ns) {
		if (sight->call_ns > f->best.call_ns)
			f->best = *sight;
	} else if (sight->call_ns > f->best.call_ns) {
		f->other = f->best;
		f->best = *sight;
	} else if (sight->call_ns > f->other.call_ns) {
		f->other = *sight;
	}
}

/* A finished read at a node: whose write is there now? */
static void remember(struct observer *o, uint32_t read)
{
	const struct index *index = o->view->index;
	const struct op *op = &index->ops[read];
	uint32_t write = index->write_of[read], place;
	const struct op *w = write == OP_NONE ? NULL : &index->ops[write];
	struct sight sight = {.read = read, .key = op->key};

	if (!op_is_ok_read(op) || !is_known_node(o, op) || !w || w->state == OP_FAIL ||
		!op_is_session(w) || w->session >= o->n_sessions || !w->call_ns)
		return;
	place = op->node * o->n_sessions + w->session;
	if (!o->frontiers[place].best.call_ns)
		o->touched[op->node * o->n_sessions + o->n_touched[op->node]++] = w->session;
	sight.call_ns = w->call_ns;
	advance(&o->frontiers[place], &sight);
}

static const struct sight *sight_beside(const struct frontier *f, uint32_t key)
{
	const struct sight *sight = f->best.key == key ? &f->other : &f->best;

	return sight->call_ns ? sight : NULL;
}

/* The session's last ok write to the key that returned before the instant. */
static uint32_t last_write(
	const struct index *index, struct span writes, uint32_t session, uint64_t before_ns)
{
	for (uint32_t i = writes.first + index_writes_before(index, writes, before_ns);
		i > writes.first; i--) {
		const struct op *op = &index->ops[index->writes[i - 1]];

		if (op->session == session && op_is_session(op) && op->state == OP_OK &&
			op->ret_ns < before_ns)
			return index->writes[i - 1];
	}
	return OP_NONE;
}

/* The read of the key by the session, returned before the instant, that saw the newest version. */
static uint32_t newest_seen(
	const struct observer *o, struct span span, uint32_t session, uint64_t before_ns)
{
	const struct op *ops = o->view->index->ops;
	uint32_t low = span.first, high = span.end;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct op *op = &ops[o->runs[middle]];
		bool below = op_is_session(op) &&
			(op->session < session ||
				(op->session == session && op->ret_ns < before_ns));

		if (below)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == span.first || ops[o->runs[low - 1]].session != session)
		return OP_NONE;
	return o->seen[low - 1];
}

static void convict(struct observer *o, uint32_t read, const struct sight *sight, uint32_t missed)
{
	const struct index *index = o->view->index;
	const struct op *r = &index->ops[read];
	struct finding *finding = finding_add(
		o->arena, o->out, (double)(r->call_ns - index->ops[sight->read].ret_ns));
	uint32_t ops[4] = {missed, index->write_of[sight->read], sight->read, read};

	if (!finding)
		return;
	finding_ops(o->view, finding, ops, 4);
	finding->reason = arena_printf(o->arena,
		o->follow_reads
			? "%s showed a write of session %u and afterwards, on another key, something older "
			  "than what that session had read before it wrote"
			: "%s showed a write of session %u and afterwards, on another key, something older "
			  "than what that session had written before it",
		view_node_name(o->view->evidence->plan, r->node),
		index->ops[index->write_of[sight->read]].session);
}

/* Does the frontier of one session convict the read? */
static bool judge_against(struct observer *o, uint32_t read, uint32_t key, uint32_t session,
	uint64_t end, bool *trial)
{
	const struct index *index = o->view->index;
	const struct op *op = &index->ops[read];
	const struct sight *sight =
		sight_beside(&o->frontiers[op->node * o->n_sessions + session], op->key);
	uint32_t missed;
	uint64_t start;

	if (!sight)
		return false;
	*trial = true;
	if (!o->follow_reads && o->sole[key] != OP_NONE && o->sole[key] != session)
		return false;
	if (o->follow_reads)
		missed = newest_seen(o, index_key(index, key), session, sight->call_ns);
	else
		missed = last_write(index, index_writes(index, key), session, sight->call_ns);
	if (missed == OP_NONE)
		return false;
	start = o->follow_reads ? index_version_start(index, missed) : index->ops[missed].call_ns;
	if (end >= start)
		return false;
	convict(o, read, sight, missed);
	return true;
}

static void judge(struct observer *o, uint32_t read)
{
	const struct index *index = o->view->index;
	const struct op *op = &index->ops[read];
	uint32_t key = index_find_key(index, op->key);
	uint64_t end = index_version_end(index, key, read);
	struct span writes = index_writes(index, key);
	uint32_t before = index_writes_before(index, writes, op->call_ns);
	bool trial = false, stale, violated = false;

	stale = before && index->ops[index->writes[writes.first + before - 1]].call_ns > end;
	for (uint32_t i = 0; i < o->n_touched[op->node] && !violated; i++) {
		uint32_t session = o->touched[op->node * o->n_sessions + i];

		if (stale)
			violated = judge_against(o, read, key, session, end, &trial);
		else if (!trial) /* nothing newer to miss: it counts as a trial and holds */
			trial = sight_beside(&o->frontiers[op->node * o->n_sessions + session],
					op->key) != NULL;
		else
			break;
	}
	if (trial)
		tally_trial(o->tally, op->session);
	o->tally->violations[o->tally->roams[op->session]] += violated;
}

/* A new observer starts clean. */
static void forget(struct observer *o)
{
	for (uint32_t node = 0; node < o->n_nodes; node++) {
		uint32_t first = node * o->n_sessions;

		while (o->n_touched[node])
			o->frontiers[first + o->touched[first + --o->n_touched[node]]] =
				(struct frontier){0};
	}
}

static void observe_session(
	struct observer *o, const uint32_t *order, uint32_t n, uint32_t *by_return)
{
	const struct op *ops = o->view->index->ops;

	memcpy(by_return, order, n * sizeof(*order));
	sort_by_return(ops, by_return, n);
	for (uint32_t i = 0, done = 0; i < n; i++) {
		const struct op *op = &ops[order[i]];

		if (!op_is_ok_read(op) || !is_known_node(o, op) || !view_counts(o->view, order[i]))
			continue;
		while (done < n && ops[by_return[done]].ret_ns < op->call_ns)
			remember(o, by_return[done++]);
		judge(o, order[i]);
	}
	forget(o);
}

/* Most keys have one writer: nobody else's writes to them need to be looked for. */
static void find_sole_writers(struct observer *o)
{
	const struct index *index = o->view->index;

	o->sole = calloc(index->n_keys + 1, sizeof(*o->sole));
	if (!o->sole)
		abort();
	for (uint32_t k = 0; k < index->n_keys; k++) {
		struct span span = index_writes(index, k);

		for (uint32_t i = span.first; i < span.end; i++) {
			uint32_t session = index->ops[index->writes[i]].session;

			if (i == span.first)
				o->sole[k] = session;
			else if (o->sole[k] != session)
				o->sole[k] = OP_NONE;
		}
	}
}

/* Each session's reads of each key by return, with the newest version so far. */
static void prepare_runs(struct observer *o)
{
	const struct index *index = o->view->index;

	o->runs = index_by_key_session(index);
	o->seen = calloc(index->n_listed + 1, sizeof(*o->seen));
	if (!o->seen)
		abort();
	for (uint32_t k = 0; k < index->n_keys; k++) {
		struct span span = index_key(index, k);

		for (uint32_t i = span.first, end; i < span.end; i = end) {
			const struct op *first = &index->ops[o->runs[i]];
			uint32_t newest = OP_NONE;

			for (end = i; end < span.end &&
				index->ops[o->runs[end]].session == first->session &&
				op_is_session(&index->ops[o->runs[end]]) == op_is_session(first);)
				end++;
			sort_by_return(index->ops, o->runs + i, end - i);
			for (uint32_t j = i; j < end; j++) {
				if (op_is_ok_read(&index->ops[o->runs[j]]) &&
					(newest == OP_NONE ||
						index_version_start(index, o->runs[j]) >
							index_version_start(index, newest)))
					newest = o->runs[j];
				o->seen[j] = newest;
			}
		}
	}
}

void sessions_observe(struct arena *arena, const struct view *view, bool follow_reads,
	struct session_tally *tally, struct measurement *out)
{
	const struct index *index = view->index;
	struct observer o = {.arena = arena,
		.view = view,
		.tally = tally,
		.out = out,
		.follow_reads = follow_reads,
		.n_sessions = index->n_sessions,
		.n_nodes = (uint32_t)view->evidence->plan->n_endpoints};
	uint32_t *by_return = calloc(index->n_listed + 1, sizeof(*by_return));

	o.frontiers = calloc((size_t)o.n_nodes * o.n_sessions + 1, sizeof(*o.frontiers));
	o.touched = calloc((size_t)o.n_nodes * o.n_sessions + 1, sizeof(*o.touched));
	o.n_touched = calloc(o.n_nodes + 1, sizeof(*o.n_touched));
	if (!o.frontiers || !o.touched || !o.n_touched || !by_return)
		abort();
	find_sole_writers(&o);
	if (follow_reads)
		prepare_runs(&o);
	for (uint32_t s = 0; s + 1 < index->n_sessions; s++) {
		struct span span = index_session(index, s);

		observe_session(
			&o, index->by_session + span.first, span.end - span.first, by_return);
	}
	free(o.sole);
	free(o.seen);
	free(o.runs);
	free(o.n_touched);
	free(o.touched);
	free(o.frontiers);
	free(by_return);
}
