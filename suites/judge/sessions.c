#include "suites/judge/sessions.h"
#include "suites/judge/checkers.h"
#include "suites/judge/lane.h"
#include "suites/judge/ops.h"
#include "suites/judge/reach.h"

#include <stdlib.h>
#include <string.h>

#define NONE_WAITS UINT32_MAX

/* An ok operation that binds later ones once it has returned. */
struct waiting {
	uint64_t ret_ns, start; /* start: of the version read; a write: its call */
	uint32_t place;
	bool is_write;
};

/* One that stands behind others of its session. */
struct queued {
	struct waiting op;
	uint32_t next; /* by return */
};

/* What a session has behind it on the present key: one cache line. Of the writes is kept what is asked
 * of each read, so that their records need not be fetched again. */
struct memory {
	uint32_t key;      /* dense number + 1: a stamp */
	uint32_t own;      /* ok write with the latest call; OP_NONE: none */
	uint32_t last_own; /* ok write with the latest return */
	uint32_t seen;     /* ok read of the version that began latest */
	uint64_t own_call_ns, seen_start;
	/* What had not returned when it was last looked at: the first to return, and the others. A
	 * session has one operation in flight, so there are hardly ever others. */
	struct waiting first;
	uint32_t others; /* in the queue; NONE_WAITS: none */
	bool waits;      /* there is a first one */
};
static_assert(sizeof(struct memory) == 64, "what is asked of a session comes with one fetch");

struct session_walk {
	struct walker common;
	bool own; /* read your writes, else monotonic reads */
	struct session_tally tally;
	struct memory *memories; /* by session */
	struct queued *queue;
	uint32_t n_queue, room, unused; /* unused: first of those that are free again */
	uint64_t
		nearest_ns; /* smallest distance of a read elsewhere from the own acknowledgement */
	struct reach *reach; /* made when it is first asked for */
};

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

/* Room for one that waits behind others. */
static uint32_t new_queued(struct session_walk *walk)
{
	uint32_t q = walk->unused;

	if (q != NONE_WAITS) {
		walk->unused = walk->queue[q].next;
		return q;
	}
	if (walk->n_queue == walk->room) {
		walk->room = walk->room ? walk->room * 2 : 1024;
		walk->queue = realloc(walk->queue, walk->room * sizeof(*walk->queue));
		if (!walk->queue)
			abort();
	}
	return walk->n_queue++;
}

static void enter_queue(struct session_walk *walk, uint32_t *at, struct waiting op)
{
	uint32_t q = new_queued(walk);

	while (*at != NONE_WAITS && walk->queue[*at].op.ret_ns <= op.ret_ns)
		at = &walk->queue[*at].next;
	walk->queue[q] = (struct queued){op, *at};
	*at = q;
}

/* The first of the others is the next to return. */
static void leave_queue(struct session_walk *walk, struct memory *memory)
{
	uint32_t q = memory->others;

	memory->waits = q != NONE_WAITS;
	if (!memory->waits)
		return;
	memory->first = walk->queue[q].op;
	memory->others = walk->queue[q].next;
	walk->queue[q].next = walk->unused;
	walk->unused = q;
}

/* What the session remembers of an earlier key is of no use any more. */
static void begin_memory(struct session_walk *walk, struct memory *memory, uint32_t key)
{
	while (memory->waits)
		leave_queue(walk, memory);
	*memory = (struct memory){.key = key + 1,
		.own = OP_NONE,
		.last_own = OP_NONE,
		.seen = OP_NONE,
		.others = NONE_WAITS};
}

/* The first is written field by field: a copy of what was just put together would wait for the stores. */
static void wait_for_return(struct session_walk *walk, struct memory *memory, const struct op *op,
	uint32_t place, uint64_t start)
{
	struct waiting *first = &memory->first;
	bool is_write = op_is_write(op);

	if (memory->waits && op->ret_ns >= first->ret_ns) {
		enter_queue(walk, &memory->others,
			(struct waiting){op->ret_ns, start, place, is_write});
		return;
	}
	if (memory->waits)
		enter_queue(walk, &memory->others, *first);
	first->ret_ns = op->ret_ns;
	first->start = start;
	first->place = place;
	first->is_write = is_write;
	memory->waits = true;
}

static void remember(struct memory *memory, const struct waiting *item)
{
	if (item->is_write) {
		if (memory->own == OP_NONE || item->start > memory->own_call_ns) {
			memory->own = item->place;
			memory->own_call_ns = item->start;
		}
		memory->last_own = item->place;
	} else if (item->start > memory->seen_start) {
		memory->seen = item->place;
		memory->seen_start = item->start;
	}
}

/* Everything of the session that returned before the instant binds it now. */
static void catch_up(struct session_walk *walk, struct memory *memory, uint64_t before_ns)
{
	while (memory->waits && memory->first.ret_ns < before_ns) {
		remember(memory, &memory->first);
		leave_queue(walk, memory);
	}
}

/* How long the acknowledgement came after it could have been there, had nobody been waited for. Without
 * beacons nobody knows the way. */
static uint64_t waited_ns(struct session_walk *walk, const struct op *write)
{
	const struct evidence *evidence = walk->common.view.evidence;
	unsigned at = op_served_in(evidence->plan, write);
	uint64_t back_ns;

	if (!evidence->beacons.n)
		return 0;
	if (!walk->reach)
		walk->reach = reach_new(walk->common.arena, evidence);
	back_ns = reach_at(walk->reach, at, write->region,
		reach_at(walk->reach, write->region, at, write->call_ns));
	return write->ret_ns > back_ns ? write->ret_ns - back_ns : 0;
}

/*
 * Could the read have missed the session's last write? Only below the lag of the pair of regions, or
 * where the system itself says that the local copy was behind.
 *
 * A synchronous system has no lag after the acknowledgement: its writers have waited for it. There a
 * read on another node counts that was called sooner after the acknowledgement than this wait was
 * long, since it would have met the lag of a system that does not wait. With an acknowledgement that
 * waited for nobody (or for too few) the wait is short, or the reads are stale.
 */
static bool is_effective(struct session_walk *walk, const struct op *write, const struct op *read)
{
	const struct index *index = walk->common.view.index;
	unsigned to = op_served_in(walk->common.view.evidence->plan, read);
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
	if (lag == TIME_NEVER || distance < lag)
		return lag != TIME_NEVER;
	return read->node != write->node && read->node != OP_NODE_UNKNOWN &&
		write->node != OP_NODE_UNKNOWN && distance < write->ret_ns - write->call_ns &&
		distance < waited_ns(walk, write);
}

static void convict(struct session_walk *walk, uint32_t against, uint32_t read, const char *what)
{
	const struct index *index = walk->common.view.index;
	const struct op *a = &index->ops[against], *r = &index->ops[read];
	struct finding *finding =
		finding_add(walk->common.arena, walk->common.out, (double)(r->call_ns - a->ret_ns));
	uint32_t ops[4] = {index->write_of[read], against, read,
		op_is_write(a) ? OP_NONE : index->write_of[against]};

	walk->tally.violations[walk->tally.roams[r->session]]++;
	if (!finding)
		return;
	finding_ops(&walk->common.view, finding, ops, 4);
	finding->reason = arena_printf(walk->common.arena, what, ms(r->call_ns - a->ret_ns));
}

static void judge_own(
	struct session_walk *walk, const struct memory *memory, const struct lane *lane, unsigned i)
{
	const struct op *op = lane->op[i];

	if (memory->own == OP_NONE)
		return;
	if (lane->end[i] < memory->own_call_ns) {
		tally_trial(&walk->tally, op->session);
		convict(walk, memory->own, lane->place[i],
			"the read was called %.1f ms after the session's own newer write had returned");
	} else if (is_effective(walk, &walk->common.view.index->ops[memory->last_own], op)) {
		tally_trial(&walk->tally, op->session);
	}
}

static void judge_seen(
	struct session_walk *walk, const struct memory *memory, const struct lane *lane, unsigned i)
{
	if (memory->seen == OP_NONE)
		return;
	tally_trial(&walk->tally, lane->op[i]->session);
	if (lane->end[i] < memory->seen_start)
		convict(walk, memory->seen, lane->place[i],
			"the session had read a newer value %.1f ms before this read was called");
}

/* Only what the question is about binds others and is kept waiting: the writes, or the reads. Nothing
 * can be said of what comes before the first of them. */
static void take_op(struct session_walk *walk, const struct lane *lane, unsigned i)
{
	const struct op *op = lane->op[i];
	struct memory *memory = &walk->memories[op->session];
	bool is_write = op_is_write(op), binds = is_write == walk->own;

	if (memory->key == lane->key + 1)
		catch_up(walk, memory, op->call_ns);
	else if (binds)
		begin_memory(walk, memory, lane->key);
	else
		return;
	if (!is_write && view_counts(&walk->common.view, lane->place[i])) {
		if (walk->own)
			judge_own(walk, memory, lane, i);
		else
			judge_seen(walk, memory, lane, i);
	}
	if (binds)
		wait_for_return(
			walk, memory, op, lane->place[i], is_write ? op->call_ns : lane->start[i]);
}

static void take(struct walker *walker, const struct lane *lane)
{
	struct session_walk *walk = (struct session_walk *)walker;

	for (unsigned i = 0; i < lane->n; i++) {
		const struct op *op = lane->op[i];

		if (op->state == OP_OK && op_is_session(op) &&
			op->session + 1 < walker->view.index->n_sessions)
			take_op(walk, lane, i);
	}
}

static void begin_key(struct walker *walker, uint32_t key)
{
	(void)walker; /* what a session remembers is stamped with its key */
	(void)key;
}

static void open_walk(struct walker *walker)
{
	struct session_walk *walk = (struct session_walk *)walker;
	const struct index *index = walker->view.index;

	walk->own = walker->view.question->metric->id == METRIC_READ_YOUR_WRITES;
	walk->nearest_ns = TIME_NEVER;
	walk->unused = NONE_WAITS;
	walk->tally.roams = index->roams;
	walk->memories = arena_array(walker->arena, index->n_sessions, sizeof(*walk->memories));
}

static void close_walk(struct walker *walker)
{
	free(((struct session_walk *)walker)->queue);
}

static void join(struct walker *walker, const struct walker *later)
{
	struct session_walk *walk = (struct session_walk *)walker;
	const struct session_walk *l = (const struct session_walk *)later;

	for (int roams = 0; roams < 2; roams++) {
		walk->tally.trials[roams] += l->tally.trials[roams];
		walk->tally.violations[roams] += l->tally.violations[roams];
	}
	if (l->nearest_ns < walk->nearest_ns)
		walk->nearest_ns = l->nearest_ns;
}

static void note(struct arena *arena, const struct session_tally *t, uint64_t nearest_ns,
	struct measurement *out)
{
	const char *split = arena_printf(arena, "sticky %llu of %llu, roaming %llu of %llu",
		(unsigned long long)t->violations[0], (unsigned long long)t->trials[0],
		(unsigned long long)t->violations[1], (unsigned long long)t->trials[1]);

	if (nearest_ns == TIME_NEVER)
		out->note = split;
	else
		out->note = arena_printf(arena, "would have caught a lag of %llu ms or more; %s",
			(unsigned long long)(nearest_ns + 999999) / 1000000, split);
}

static void answer_with(struct arena *arena, const struct session_tally *tally, uint64_t nearest_ns,
	const char *n_what, struct measurement *out)
{
	out->status = MEASURED_VALUE;
	out->n_what = n_what;
	out->value = (double)out->total_findings;
	out->n = tally->trials[0] + tally->trials[1];
	note(arena, tally, nearest_ns, out);
	if (!out->n)
		measured_nothing(out, "no read could have shown a violation");
}

static void answer(struct walker *walker)
{
	struct session_walk *walk = (struct session_walk *)walker;

	answer_with(walker->arena, &walk->tally, walk->nearest_ns,
		walk->own ? "effective trials" : "reads after an earlier one", walker->out);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct session_tally tally = {.roams = view.index->roams};

	switch (question->metric->id) {
	case METRIC_READ_YOUR_WRITES:
	case METRIC_MONOTONIC_READS:
		lane_measure(arena, evidence, question, 1, 0, out);
		return;
	default:
		sessions_observe(arena, &view, question->metric->id == METRIC_WRITES_FOLLOW_READS,
			&tally, out);
		answer_with(arena, &tally, TIME_NEVER,
			"reads at a node where something that binds them had been seen", out);
		return;
	}
}

static bool walks(enum metric_id id)
{
	return id == METRIC_READ_YOUR_WRITES || id == METRIC_MONOTONIC_READS;
}

/* Nobody falls behind on a key that a ticker writes. */
static const struct walker_ops walker = {
	.size = sizeof(struct session_walk),
	.skips_classes = 1u << KEY_TICKER,
	.open = open_walk,
	.begin_key = begin_key,
	.take = take,
	.join = join,
	.answer = answer,
	.close = close_walk,
};

const struct checker_ops checker_sessions = {
	.name = "sessions",
	.help = "read your writes, monotonic reads, monotonic writes, writes follow reads",
	.measure = measure,
	.walker = &walker,
	.walks = walks,
	.plant = sessions_plant,
	.plant_classes = 1u << KEY_REGISTER,
	.plant_keys = 2,
};
