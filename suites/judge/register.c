/*
 * register: is every key a register, one copy as it were, whatever the number of clients?
 *
 * Written values are unique, so each value is held in one stretch, its zone (Gibbons and Korach
 * 1997): from the earliest return to the latest call among its write and its reads. Where the return
 * comes first (a forward zone) the register held the value all that time; where not (backward), it
 * held it at some instant in between. Two forward zones must not overlap and no backward zone may lie
 * within a forward one. Linear but for a sort of zones that are nearly sorted.
 *
 * What the register began with is written before everything: an absent answer is a read of it. A
 * write of unknown outcome ends nowhere and, unread, says nothing. Keys on which something was
 * deleted are left out (an absent answer may come from any of several deletes), and so are those with
 * a write that may have taken effect twice. Values out of thin air and of failed writes are other
 * checkers' findings (reads.c) and left out here.
 *
 * The whole of a key is judged; phase, region and group choose the reads that convict: the latest of
 * those that a conflict rests on.
 *
 * delta asks how much earlier the reads would have to be called for every register to be one copy
 * (zone.h). There phase, region and group choose the reads that are looked at, beside all writes.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/lane.h"
#include "suites/judge/ops.h"
#include "suites/judge/zone.h"

#include <stdlib.h>
#include <string.h>

struct register_walk {
	struct walker common;
	struct zone
		*zones; /* of the present key: by write, in the order of calls; [0] what it began
			     * with */
	uint32_t *forward;
	uint32_t n;
	bool skip;
	uint64_t born_ns; /* call of its first write; before it there was nothing to be missed */
	uint64_t trials, skipped;
	uint64_t delta_ns;      /* of the worst key */
	uint64_t judged, unfit; /* keys, and those with a delta of their own */
};

static void widen(struct zone *zone, const struct op *op, uint32_t place, uint64_t unsure_ns)
{
	/* Times are shifted by one: 0 is the beginning of everything, before any call at 0. */
	if (op->state == OP_OK && op->ret_ns + unsure_ns + 1 < zone->first_return) {
		zone->first_return = op->ret_ns + unsure_ns + 1;
		zone->returned = place;
	}
	if (zone->called == OP_NONE || op->call_ns + 1 > zone->last_call) {
		zone->last_call = op->call_ns + 1;
		zone->called = place;
	}
}

static void begin_key(struct walker *walker, uint32_t key)
{
	struct register_walk *walk = (struct register_walk *)walker;
	const struct index *index = walker->view.index;
	struct span span = index_writes(index, key);

	walk->n = span.end - span.first + 1;
	walk->skip = index->ambiguous[key];
	walk->born_ns = walk->n > 1 ? index->write_times[span.first].call_ns : TIME_NEVER;
	walk->zones[0] = (struct zone){.returned = OP_NONE, .called = OP_NONE};
	for (uint32_t i = span.first; i < span.end; i++) {
		const struct write_times *times = &index->write_times[i];
		bool ok = times->ret_ns != TIME_NEVER;

		walk->zones[i - span.first + 1] = (struct zone){
			.first_return = ok ? times->ret_ns + index->unsure_ns + 1 : TIME_NEVER,
			.returned = ok ? index->writes[i] : OP_NONE,
			.last_call = times->call_ns + 1,
			.called = index->writes[i],
			.write_call = times->call_ns + 1};
	}
	walk->skipped += walk->skip;
}

static bool is_delta(const struct walker *walker)
{
	return walker->view.question->metric->id == METRIC_DELTA;
}

/* Does delta look at the read of that write? What comes from the future no shift can mend. */
static bool is_asked(const struct walker *walker, const struct lane *lane, unsigned i)
{
	return view_counts(&walker->view, lane->place[i]) && lane->op[i]->ret_ns >= lane->start[i];
}

static void take(struct walker *walker, const struct lane *lane)
{
	struct register_walk *walk = (struct register_walk *)walker;
	const struct index *index = walker->view.index;

	for (unsigned i = 0; i < lane->n && !walk->skip; i++) {
		const struct op *op = lane->op[i];
		uint32_t author = lane->author[i], zone = 0;

		if (!op_is_ok_read(op) || !op_is_session(op) ||
			(is_delta(walker) && !is_asked(walker, lane, i)))
			continue;
		if (op->value) {
			if (author >= WRITE_FAILED)
				continue;
			zone = author - index->write_start[lane->key] + 1;
		}
		widen(&walk->zones[zone], op, lane->place[i], index->unsure_ns);
		walk->trials += view_counts(&walker->view, lane->place[i]) &&
			(op->value || op->call_ns > walk->born_ns);
	}
}

/* NULL: there are worse ones enough. */
static struct finding *show(
	struct register_walk *walk, const struct zone *a, const struct zone *b, double severity)
{
	struct walker *walker = &walk->common;
	uint32_t witness[4] = {a->returned, b->called, b->returned, a->called};
	struct finding *finding = finding_add(walker->arena, walker->out, severity);

	for (int i = 0; i < 4; i++) { /* one operation may be both ends of its zone */
		for (int j = 0; j < i; j++)
			witness[i] = witness[j] == witness[i] ? OP_NONE : witness[i];
	}
	if (finding)
		finding_ops(&walker->view, finding, witness, 4);
	return finding;
}

static void convict(struct register_walk *walk, const struct zone *a, const struct zone *b)
{
	struct walker *walker = &walk->common;
	uint32_t last = a->called > b->called || b->called == OP_NONE ? a->called : b->called;
	struct finding *finding;

	if (last == OP_NONE || !view_counts(&walker->view, last))
		return;
	finding = show(walk, a, b, -(double)walker->view.index->ops[last].call_ns);
	if (finding)
		finding->reason =
			"each of the two values was surely there before an operation on the other "
			"began, so neither order of them fits";
}

static void judge_backward(struct register_walk *walk, uint32_t n_forward, const struct zone *zone)
{
	uint32_t low = 0, high = n_forward;

	while (low < high) { /* the first forward zone that begins too late to hold it */
		uint32_t middle = low + (high - low) / 2;

		if (walk->zones[walk->forward[middle]].first_return < zone->last_call)
			low = middle + 1;
		else
			high = middle;
	}
	if (low && zone->first_return < walk->zones[walk->forward[low - 1]].last_call)
		convict(walk, &walk->zones[walk->forward[low - 1]], zone);
}

static void judge_zones(struct register_walk *walk)
{
	uint32_t n_forward = 0, last = 0;

	for (uint32_t z = 0; z < walk->n; z++) {
		if (zone_is_forward(&walk->zones[z]))
			walk->forward[n_forward++] = z;
	}
	zones_sort(walk->zones, walk->forward, n_forward);
	for (uint32_t i = 1; i < n_forward; i++) {
		const struct zone *before = &walk->zones[walk->forward[last]];
		const struct zone *zone = &walk->zones[walk->forward[i]];

		if (zone->first_return < before->last_call)
			convict(walk, before, zone);
		if (zone->last_call >= before->last_call)
			last = i;
	}
	for (uint32_t z = 0; z < walk->n; z++) {
		const struct zone *zone = &walk->zones[z];

		/* Not what never returned and was never read, and not an unread beginning. */
		if (!zone_is_forward(zone) && zone->first_return != TIME_NEVER &&
			zone->called != OP_NONE)
			judge_backward(walk, n_forward, zone);
	}
}

static void judge_delta(struct register_walk *walk)
{
	const struct question *question = walk->common.view.question;
	uint32_t n = 0, pair[2];
	uint64_t delta_ns;
	struct finding *finding;

	for (uint32_t z = 0; z < walk->n; z++) {
		if (walk->zones[z].first_return != TIME_NEVER)
			walk->forward[n++] = z;
	}
	zones_sort(walk->zones, walk->forward, n);
	delta_ns = zones_delta(walk->zones, walk->forward, n, pair);
	walk->judged++;
	walk->unfit += delta_ns > 0;
	walk->delta_ns = delta_ns > walk->delta_ns ? delta_ns : walk->delta_ns;
	if (!delta_ns || (double)delta_ns < question->bound)
		return;
	finding = show(walk, &walk->zones[pair[0]], &walk->zones[pair[1]], (double)delta_ns);
	if (finding)
		finding->reason = arena_printf(walk->common.arena,
			"they fit into one order only if reads may have been called %.1f ms earlier",
			(double)delta_ns / 1e6);
}

static void end_key(struct walker *walker, uint32_t key)
{
	struct register_walk *walk = (struct register_walk *)walker;

	(void)key;
	if (walk->skip)
		return;
	if (is_delta(walker))
		judge_delta(walk);
	else
		judge_zones(walk);
}

/* Room for the key with the most writes. */
static void open_walk(struct walker *walker)
{
	struct register_walk *walk = (struct register_walk *)walker;
	const struct index *index = walker->view.index;
	uint32_t most = 0;

	for (uint32_t k = 0; k < index->n_keys; k++) {
		struct span span = index_writes(index, k);

		most = span.end - span.first > most ? span.end - span.first : most;
	}
	walk->zones = arena_array(walker->arena, most + 1, sizeof(*walk->zones));
	walk->forward = arena_array(walker->arena, most + 1, sizeof(*walk->forward));
}

static void join(struct walker *walker, const struct walker *later)
{
	struct register_walk *walk = (struct register_walk *)walker;
	const struct register_walk *l = (const struct register_walk *)later;

	walk->trials += l->trials;
	walk->skipped += l->skipped;
	walk->judged += l->judged;
	walk->unfit += l->unfit;
	walk->delta_ns = l->delta_ns > walk->delta_ns ? l->delta_ns : walk->delta_ns;
}

static const char *note(const struct register_walk *walk)
{
	struct arena *arena = walk->common.arena;
	const char *left = !walk->skipped
		? NULL
		: arena_printf(arena,
			  "%llu keys with deletes, or writes that may have happened twice, were left out",
			  (unsigned long long)walk->skipped);

	if (!is_delta(&walk->common))
		return left;
	return arena_printf(arena, "%llu of %llu registers need any; the worst one sets it%s%s",
		(unsigned long long)walk->unfit, (unsigned long long)walk->judged, left ? "; " : "",
		left ? left : "");
}

static void answer(struct walker *walker)
{
	struct register_walk *walk = (struct register_walk *)walker;
	struct measurement *out = walker->out;

	out->status = MEASURED_VALUE;
	out->value = is_delta(walker) ? (double)walk->delta_ns : (double)out->total_findings;
	out->n = walk->trials;
	out->n_what = "reads of written registers";
	out->note = note(walk);
	if (!out->n)
		measured_nothing(out, "there were no reads of written registers");
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	lane_measure(arena, evidence, question, 1, 0, out);
}

/* The newest write that has a certain successor which had returned so long before the read was called;
 * NULL: none, or the read may already return it. */
static const struct op *find_overwritten(const struct index *index, uint32_t read, double age_ns)
{
	const struct op *r = &index->ops[read];
	struct span span = index_writes(index, index_find_key(index, r->key));

	for (uint32_t i = span.end; i > span.first + 1; i--) {
		const struct op *newer = &index->ops[index->writes[i - 1]];
		const struct op *old = &index->ops[index->writes[i - 2]];

		if (op_certainly_before(old, newer) && op_certainly_before(newer, r) &&
			(double)(r->call_ns - newer->ret_ns) >= age_ns)
			return old->value == r->value ? NULL : old;
	}
	return NULL;
}

/* A read is made to return what was overwritten: the first place that fits, from a random one on. */
static bool plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns)
{
	struct view view = view_of(copy, question);
	uint32_t n = (uint32_t)copy->history.n, start = (uint32_t)rng_below(rng, n);
	double age_ns = question->metric->id == METRIC_DELTA ? question->bound : 0;

	(void)arena;
	(void)size_ns;
	if (copy->index->delete_start)
		return false; /* the key is left out */
	for (uint32_t i = 0; i < n; i++) {
		uint32_t place = (start + i) % n;
		struct op *read = &copy->history.ops[place];
		const struct op *old;

		if (!op_is_ok_read(read) || !view_counts(&view, place))
			continue;
		old = find_overwritten(copy->index, place, age_ns);
		if (!old || old->flags & OP_DUPLICABLE)
			continue;
		read->value = old->value;
		read->flags &= (uint16_t)~OP_ABSENT;
		return true;
	}
	return false;
}

static const struct walker_ops walker = {
	.size = sizeof(struct register_walk),
	.skips_classes = 1u << KEY_TICKER | 1u << KEY_LEDGER | 1u << KEY_OTHER,
	.open = open_walk,
	.begin_key = begin_key,
	.take = take,
	.end_key = end_key,
	.join = join,
	.answer = answer,
};

const struct checker_ops checker_register = {
	.name = "register",
	.help = "linearizability of every register by the zones of its values, and what it lacks of it",
	.measure = measure,
	.walker = &walker,
	.plant = plant,
	.plant_classes = 1u << KEY_REGISTER,
};
