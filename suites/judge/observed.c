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
 * Only a read that returns something certainly older than the newest write can be convicted. These are
 * found first, in one walk in the order by key; the others ask nothing of the history but whether they
 * are trials: of monotonic writes where the writer of what they return had been seen there with another
 * key. A session that writes to one key only binds nobody by its writes, nor by its reads one that does
 * not read. What sessions had read of a key is put in order when the first such read of the key comes.
 *
 * Cost: O(n log n + stale reads x sessions that have a frontier at the node).
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

/* A session's read of a key, and what the newest version was that it had seen until its return. */
struct seen {
	uint64_t ret_ns;
	uint32_t session, newest; /* newest: the read that saw it */
};

/* Of one key, by session, then return. */
struct past {
	struct seen *seen;
	uint32_t n;
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
	bool *binds;                /* by session: what it wrote, or read, can be missed */
	uint32_t *sole;             /* the only session that writes a key; OP_NONE: several do */
	bool *stale;                /* by operation: a read of something older than the newest */
	struct past *pasts;         /* by key; empty until they are needed */
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
		!op_is_session(w) || w->session >= o->n_sessions || !o->binds[w->session] ||
		!w->call_ns)
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

static int compare_seen(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->session != y->session)
		return x->session < y->session ? -1 : 1;
	if (x->ret_ns != y->ret_ns)
		return x->ret_ns < y->ret_ns ? -1 : 1;
	return x->newest < y->newest ? -1 : 1;
}

static void keep_newest(const struct index *index, struct past *past)
{
	for (uint32_t i = 1; i < past->n; i++) {
		struct seen *before = &past->seen[i - 1], *now = &past->seen[i];

		if (now->session == before->session &&
			index_version_start(index, before->newest) >=
				index_version_start(index, now->newest))
			now->newest = before->newest;
	}
}

static const struct past *past_of(const struct observer *o, uint32_t key)
{
	const struct index *index = o->view->index;
	struct span span = index_key(index, key);
	struct past *past = &o->pasts[key];

	if (past->seen)
		return past;
	past->seen = calloc(span.end - span.first + 1, sizeof(*past->seen));
	if (!past->seen)
		abort();
	for (uint32_t i = span.first; i < span.end; i++) {
		const struct op *op = &index->ops[index->by_key[i]];

		if (op_is_ok_read(op) && op_is_session(op))
			past->seen[past->n++] = (struct seen){.ret_ns = op->ret_ns,
				.session = op->session,
				.newest = index->by_key[i]};
	}
	qsort(past->seen, past->n, sizeof(*past->seen), compare_seen);
	keep_newest(index, past);
	return past;
}

/* The read of the key by the session, returned before the instant, that saw the newest version. */
static uint32_t newest_seen(
	const struct observer *o, uint32_t key, uint32_t session, uint64_t before_ns)
{
	const struct past *past = past_of(o, key);
	uint32_t low = 0, high = past->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct seen *seen = &past->seen[middle];

		if (seen->session < session ||
			(seen->session == session && seen->ret_ns < before_ns))
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || past->seen[low - 1].session != session)
		return OP_NONE;
	return past->seen[low - 1].newest;
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
	if (!o->follow_reads && o->sole[key] != OP_NONE && o->sole[key] != session)
		return false;
	*trial = true;
	if (o->follow_reads)
		missed = newest_seen(o, key, session, sight->call_ns);
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

/* Had the writer of what the read returned been seen at its node with another key? */
static bool is_trial_of_writes(const struct observer *o, uint32_t read)
{
	const struct index *index = o->view->index;
	const struct op *op = &index->ops[read];
	uint32_t write = index->write_of[read], session;

	if (write == OP_NONE)
		return false;
	session = index->ops[write].session;
	return session < o->n_sessions &&
		sight_beside(&o->frontiers[op->node * o->n_sessions + session], op->key);
}

/* Nothing newer to miss: it counts as a trial where something was seen of another key, and holds. */
static bool is_trial(const struct observer *o, uint32_t read)
{
	const struct op *op = &o->view->index->ops[read];
	uint32_t first = op->node * o->n_sessions;

	if (!o->follow_reads)
		return is_trial_of_writes(o, read);
	for (uint32_t i = 0; i < o->n_touched[op->node]; i++) {
		if (sight_beside(&o->frontiers[first + o->touched[first + i]], op->key))
			return true;
	}
	return false;
}

static void judge_stale(struct observer *o, uint32_t read)
{
	const struct index *index = o->view->index;
	const struct op *op = &index->ops[read];
	uint32_t key = index_find_key(index, op->key), first = op->node * o->n_sessions;
	uint64_t end = index_version_end(index, key, read);
	bool trial = false, violated = false;

	for (uint32_t i = 0; i < o->n_touched[op->node] && !violated; i++)
		violated = judge_against(o, read, key, o->touched[first + i], end, &trial);
	if (trial)
		tally_trial(o->tally, op->session);
	o->tally->violations[o->tally->roams[op->session]] += violated;
}

static void judge(struct observer *o, uint32_t read)
{
	const struct op *op = &o->view->index->ops[read];

	if (o->stale[read])
		judge_stale(o, read);
	else if (is_trial(o, read))
		tally_trial(o->tally, op->session);
}

/* Did the session write to two keys, or, to be followed in what it had read, read anything? */
static bool can_bind(const struct observer *o, const uint32_t *order, uint32_t n)
{
	const struct index *index = o->view->index;
	const struct op *first = NULL;

	for (uint32_t i = 0; i < n; i++) {
		const struct op *op = &index->ops[order[i]];

		if (o->follow_reads && op_is_ok_read(op) && index->write_of[order[i]] != OP_NONE)
			return true;
		if (o->follow_reads || !op_is_write(op) || op->state == OP_FAIL)
			continue;
		if (first && first->key != op->key)
			return true;
		first = op;
	}
	return false;
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

/* Records are fetched so many steps before they are needed. */
#define AHEAD 64

static void fetch(const struct index *index, uint32_t i)
{
	if (i + AHEAD < index->n_listed)
		__builtin_prefetch(&index->ops[index->by_key[i + AHEAD]]);
}

/* Both the key's operations and its writes are sorted by call. */
static void find_stale_of(struct observer *o, uint32_t key)
{
	const struct index *index = o->view->index;
	struct span span = index_key(index, key), writes = index_writes(index, key);
	uint32_t next = writes.first;

	for (uint32_t i = span.first; i < span.end; i++) {
		const struct op *op = &index->ops[index->by_key[i]];

		fetch(index, i);
		while (next < writes.end && index->write_times[next].call_ns < op->call_ns)
			next++;
		if (op_is_ok_read(op) && next > writes.first)
			o->stale[index->by_key[i]] = index->write_times[next - 1].call_ns >
				index_version_end_at(index, key, op, i);
	}
}

static void *must_zero(size_t n, size_t size)
{
	void *memory = calloc(n + 1, size);

	if (!memory)
		abort();
	return memory;
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
	size_t places = (size_t)o.n_nodes * o.n_sessions;
	uint32_t *by_return = must_zero(index->n_listed, sizeof(*by_return));
	uint32_t *by_session = index_by_session(index);

	o.frontiers = must_zero(places, sizeof(*o.frontiers));
	o.touched = must_zero(places, sizeof(*o.touched));
	o.n_touched = must_zero(o.n_nodes, sizeof(*o.n_touched));
	o.binds = must_zero(o.n_sessions, sizeof(*o.binds));
	o.stale = must_zero(index->n, sizeof(*o.stale));
	o.pasts = must_zero(index->n_keys, sizeof(*o.pasts));
	find_sole_writers(&o);
	for (uint32_t k = 0; k < index->n_keys; k++)
		find_stale_of(&o, k);
	for (uint32_t s = 0; s + 1 < index->n_sessions; s++) {
		struct span span = index_session(index, s);

		o.binds[s] = can_bind(&o, by_session + span.first, span.end - span.first);
	}
	for (uint32_t s = 0; s + 1 < index->n_sessions; s++) {
		struct span span = index_session(index, s);

		observe_session(&o, by_session + span.first, span.end - span.first, by_return);
	}
	for (uint32_t k = 0; k < index->n_keys; k++)
		free(o.pasts[k].seen);
	free(o.pasts);
	free(o.stale);
	free(o.sole);
	free(o.binds);
	free(o.n_touched);
	free(o.touched);
	free(o.frontiers);
	free(by_session);
	free(by_return);
}
