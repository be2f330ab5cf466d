#include "suites/judge/index.h"
#include "fixtures/base/pages.h"
#include "suites/judge/evidence.h"
#include "suites/judge/ops.h"
#include "suites/judge/visibility.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Sixteen slots of four bytes are one cache line: neighbours in a writer's sequence meet there. */
#define LINE_SLOTS 16
/* Records are fetched so many steps before they are needed. */
#define AHEAD 64
#define SLOT_EMPTY UINT64_MAX
/* Sessions are few and numbered from 0; what is beyond the bound is not one of ours. */
#define SESSION_BOUND (1u << 20)

/* What is needed while an index is built. */
struct build {
	struct arena *arena;
	struct index *index;
	uint32_t *key_of;                  /* dense; OP_NONE: stays out of the orders */
	uint32_t *session_of;              /* OP_NONE: nobody's */
	uint32_t *key_count, *write_count; /* by dense key; write_count: without failed ones */
	uint64_t n_writes;                 /* all */
	struct session_seen {
		uint32_t count;
		uint8_t region; /* of the first operation */
		bool roams;
	} * sessions;
	size_t n_counts, n_sessions;
	bool deletes;
};

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	x ^= x >> 29;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	return x ^ x >> 32;
}

static void *must_alloc(size_t n, size_t size)
{
	void *memory = malloc((n + 1) * size);

	if (!memory)
		abort();
	pages_prefer_huge(memory, n * size);
	return memory;
}

uint32_t index_find_value(const struct index *index, uint64_t value)
{
	for (uint32_t i = 0; i < index->n && value; i++) {
		if (index->ops[i].value == value && op_is_write(&index->ops[i]))
			return i;
	}
	return OP_NONE;
}

/* The slot that holds the key, or the empty one where it belongs. */
static uint64_t key_slot(const struct index *index, uint32_t key)
{
	uint64_t i = mix(key) & index->key_mask;

	while (index->key_slots[i] != SLOT_EMPTY && index->key_slots[i] >> 32 != key)
		i = (i + 1) & index->key_mask;
	return i;
}

uint32_t index_find_key(const struct index *index, uint32_t key)
{
	uint64_t slot = index->key_slots[key_slot(index, key)];

	return slot == SLOT_EMPTY ? OP_NONE : (uint32_t)slot;
}

static void grow_keys(struct index *index)
{
	size_t slots = index->key_mask ? (index->key_mask + 1) * 4 : 1024;

	free(index->key_slots);
	index->key_mask = slots - 1;
	index->key_slots = must_alloc(slots, sizeof(*index->key_slots));
	memset(index->key_slots, 0xff, slots * sizeof(*index->key_slots));
	for (uint32_t k = 0; k < index->n_keys; k++)
		index->key_slots[key_slot(index, index->keys[k])] =
			(uint64_t)index->keys[k] << 32 | k;
}

static uint32_t add_key(struct build *b, uint32_t key)
{
	struct index *index = b->index;
	uint64_t slot = key_slot(index, key);
	size_t n = index->n_keys, n_writes = n;

	if (index->key_slots[slot] != SLOT_EMPTY)
		return (uint32_t)index->key_slots[slot];
	index->key_slots[slot] = (uint64_t)key << 32 | n;
	*ARENA_PUSH(b->arena, index->keys, n) = key;
	ARENA_PUSH(b->arena, b->key_count, b->n_counts);
	ARENA_PUSH(b->arena, b->write_count, n_writes);
	index->n_keys++;
	if (index->n_keys > index->key_mask / 2)
		grow_keys(index);
	return index->n_keys - 1;
}

static void take_session(struct build *b, uint32_t i)
{
	const struct op *op = &b->index->ops[i];
	struct session_seen *seen;

	b->session_of[i] = OP_NONE;
	if (!op_is_session(op) || op->session >= SESSION_BOUND)
		return;
	while (b->n_sessions <= op->session)
		ARENA_PUSH(b->arena, b->sessions, b->n_sessions);
	seen = &b->sessions[op->session];
	if (!seen->count++)
		seen->region = op->region;
	seen->roams |= op->flags & OP_ROAMED || op->region != seen->region;
	b->session_of[i] = op->session;
}

/* The one look at every record in the order of the history. */
static void take_records(struct build *b)
{
	struct index *index = b->index;

	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];
		bool is_write = op_is_write(op);

		index->write_of[i] = is_write ? i : OP_NONE;
		b->key_of[i] = OP_NONE;
		if (i + AHEAD < index->n)
			__builtin_prefetch(&index->key_slots[mix(op[AHEAD].key) & index->key_mask]);
		if (op->state == OP_NOT_SENT || op->state == OP_EMPTY)
			continue;
		b->key_of[i] = add_key(b, op->key);
		b->key_count[b->key_of[i]]++;
		b->write_count[b->key_of[i]] += is_write && op->state != OP_FAIL;
		b->n_writes += is_write;
		b->deletes |= op->kind == OP_DELETE;
		take_session(b, i);
		index->n_listed++;
	}
}

/* Turn counts into starts: start[g] is where group g begins, start[groups] the end. */
static void counts_to_starts(uint32_t *start, uint32_t groups)
{
	uint32_t sum = 0;

	for (uint32_t g = 0; g <= groups; g++) {
		uint32_t count = start[g];

		start[g] = sum;
		sum += count;
	}
}

static void order_by_session(struct build *b)
{
	struct index *index = b->index;
	uint32_t last = (uint32_t)b->n_sessions, *next;

	index->n_sessions = last + 1;
	index->session_start = arena_array(b->arena, index->n_sessions + 1, sizeof(uint32_t));
	index->by_session = arena_array(b->arena, index->n_listed, sizeof(uint32_t));
	index->roams = arena_array(b->arena, index->n_sessions, sizeof(bool));
	for (uint32_t s = 0; s < last; s++) {
		index->session_start[s] = b->sessions[s].count;
		index->roams[s] = b->sessions[s].roams;
	}
	counts_to_starts(index->session_start, last);
	index->session_start[last + 1] = index->n_listed;
	next = must_alloc(index->n_sessions, sizeof(*next));
	memcpy(next, index->session_start, index->n_sessions * sizeof(*next));
	for (uint32_t i = 0; i < index->n; i++) {
		if (b->key_of[i] != OP_NONE)
			index->by_session[next[b->session_of[i] == OP_NONE ? last
									   : b->session_of[i]]++] =
				i;
	}
	free(next);
}

/* Written values are unique: the first write of each, found by hash. Filled in the order of the
 * history, in which it is also asked: what was written lately is near in every sense. */
struct linker {
	const struct index *index;
	uint32_t *slots;
	uint64_t mask;
	uint32_t *later; /* places in the order by key of reads whose write was not called yet */
	size_t n_later, later_room;
};

static uint64_t value_slot(const struct linker *l, uint64_t value)
{
	return (mix(value / LINE_SLOTS) * LINE_SLOTS + value % LINE_SLOTS) & l->mask;
}

static void linker_init(struct linker *l, const struct index *index, uint64_t writes)
{
	*l = (struct linker){.index = index};
	for (l->mask = LINE_SLOTS; l->mask < writes + writes / 2;)
		l->mask *= 2;
	l->slots = must_alloc(l->mask, sizeof(*l->slots));
	memset(l->slots, 0xff, l->mask * sizeof(*l->slots));
	l->mask--;
}

static void linker_release(struct linker *l)
{
	free(l->slots);
	free(l->later);
}

/* The slot of the value, or the empty one where it belongs. */
static uint32_t *linker_find(const struct linker *l, uint64_t value)
{
	uint64_t i = value_slot(l, value);

	while (l->slots[i] != OP_NONE && l->index->ops[l->slots[i]].value != value)
		i = (i + 1) & l->mask;
	return &l->slots[i];
}

static void wait_for_write(struct linker *l, uint32_t at)
{
	if (l->n_later == l->later_room) {
		l->later_room = l->later_room ? l->later_room * 2 : 64;
		l->later = realloc(l->later, l->later_room * sizeof(*l->later));
		if (!l->later)
			abort();
	}
	l->later[l->n_later++] = at;
}

/* Did another node than the performing one answer with it? Regions where nodes are not named. */
static bool is_elsewhere(const struct op *write, const struct op *read)
{
	if (write->node != OP_NODE_UNKNOWN && read->node != OP_NODE_UNKNOWN)
		return write->node != read->node;
	return write->region != read->region;
}

/* A value written to another key, or only after the read had returned, comes out of thin air and is
 * nobody's. */
static void link_read(struct index *index, uint32_t at, uint32_t write)
{
	uint32_t read = index->by_key[at];
	const struct op *r = &index->ops[read], *w = &index->ops[write];

	if (write == OP_NONE || w->key != r->key || w->call_ns >= op_end(r))
		return;
	index->write_of[read] = index->author[at] = write;
	if (op_is_ok_read(r) && is_elsewhere(w, r))
		index->seen_elsewhere[write] = true;
}

/* An operation takes its place in the order by key. */
static void place_op(struct build *b, struct linker *l, uint32_t i, uint32_t at)
{
	struct index *index = b->index;
	const struct op *op = &index->ops[i];
	uint32_t *slot;

	index->by_key[at] = i;
	index->author[at] = op_is_write(op) ? i : OP_NONE;
	if (op_is_write(op) && op->state != OP_FAIL)
		index->writes[b->write_count[b->key_of[i]]++] = i;
	if (!op->value)
		return;
	slot = linker_find(l, op->value);
	if (op_is_write(op)) {
		if (*slot == OP_NONE)
			*slot = i;
	} else if (*slot == OP_NONE) {
		wait_for_write(l, at);
	} else {
		link_read(index, at, *slot);
	}
}

/* From counts of writes to where each key's begin; the counts become the next free places. */
static void start_writes(struct build *b)
{
	struct index *index = b->index;

	index->write_start = arena_array(b->arena, index->n_keys + 1, sizeof(uint32_t));
	if (index->n_keys)
		memcpy(index->write_start, b->write_count, index->n_keys * sizeof(uint32_t));
	counts_to_starts(index->write_start, index->n_keys);
	if (index->n_keys)
		memcpy(b->write_count, index->write_start, index->n_keys * sizeof(uint32_t));
	index->writes = arena_array(b->arena, index->write_start[index->n_keys], sizeof(uint32_t));
}

static void start_keys(struct build *b)
{
	struct index *index = b->index;

	index->key_start = arena_array(b->arena, index->n_keys + 1, sizeof(uint32_t));
	index->by_key = arena_array(b->arena, index->n_listed, sizeof(uint32_t));
	index->author = arena_array(b->arena, index->n_listed, sizeof(uint32_t));
	index->seen_elsewhere = arena_array(b->arena, index->n, sizeof(bool));
	if (index->n_keys)
		memcpy(index->key_start, b->key_count, index->n_keys * sizeof(uint32_t));
	counts_to_starts(index->key_start, index->n_keys);
}

/* What will be asked of the operations ahead: their key's next place, the slot of their value and,
 * when that has come, the write it names. */
static void fetch(const struct build *b, const struct linker *l, const uint32_t *next, uint32_t i)
{
	const struct op *far = &b->index->ops[i + AHEAD], *near = &b->index->ops[i + AHEAD / 2];
	uint32_t key = b->key_of[i + AHEAD / 2], write = l->slots[value_slot(l, near->value)];

	__builtin_prefetch(&l->slots[value_slot(l, far->value)]);
	if (key != OP_NONE) {
		__builtin_prefetch(&b->index->by_key[next[key]], 1);
		__builtin_prefetch(&b->index->author[next[key]], 1);
	}
	if (b->key_of[i + AHEAD] != OP_NONE)
		__builtin_prefetch(&next[b->key_of[i + AHEAD]]);
	if (write != OP_NONE)
		__builtin_prefetch(&b->index->ops[write]);
}

static void order_by_key(struct build *b)
{
	struct index *index = b->index;
	struct linker linker;
	uint32_t *next;

	start_keys(b);
	start_writes(b);
	linker_init(&linker, index, b->n_writes);
	next = must_alloc(index->n_keys, sizeof(*next));
	memcpy(next, index->key_start, index->n_keys * sizeof(*next));
	for (uint32_t i = 0; i < index->n; i++) {
		if (i + AHEAD < index->n)
			fetch(b, &linker, next, i);
		if (b->key_of[i] != OP_NONE)
			place_op(b, &linker, i, next[b->key_of[i]]++);
	}
	for (size_t i = 0; i < linker.n_later; i++)
		link_read(index, linker.later[i],
			*linker_find(&linker, index->ops[index->by_key[linker.later[i]]].value));
	linker_release(&linker);
	free(next);
}

uint32_t *index_by_key_session(const struct index *index)
{
	uint32_t *order = must_alloc(index->n_listed, sizeof(*order));
	uint32_t *next = must_alloc(index->n_keys, sizeof(*next));

	memcpy(next, index->key_start, index->n_keys * sizeof(*next));
	for (uint32_t i = 0; i < index->n_listed; i++) {
		uint32_t op = index->by_session[i];

		order[next[index_find_key(index, index->ops[op].key)]++] = op;
	}
	free(next);
	return order;
}

uint32_t index_writes_before(const struct index *index, struct span span, uint64_t at_ns)
{
	uint32_t low = span.first, high = span.end;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (index->ops[index->writes[middle]].call_ns < at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low - span.first;
}

/* Deletes of each key by call, with the latest return so far: what an absent answer is judged by. */
static void order_deletes(struct arena *arena, struct index *index)
{
	uint32_t n = 0, at = 0;

	for (uint32_t i = 0; i < index->n; i++)
		n += index->ops[i].kind == OP_DELETE;
	index->delete_start = arena_array(arena, index->n_keys + 1, sizeof(uint32_t));
	index->delete_call = arena_array(arena, n, sizeof(uint64_t));
	index->delete_end = arena_array(arena, n, sizeof(uint64_t));
	for (uint32_t k = 0; k < index->n_keys; k++) {
		uint64_t end = 0;

		index->delete_start[k] = at;
		for (uint32_t i = index->key_start[k]; i < index->key_start[k + 1]; i++) {
			const struct op *op = &index->ops[index->by_key[i]];

			if (op->kind != OP_DELETE || op->state == OP_FAIL)
				continue;
			if (op->state != OP_OK)
				end = TIME_NEVER;
			else if (op->ret_ns > end)
				end = op->ret_ns;
			index->delete_call[at] = op->call_ns;
			index->delete_end[at++] = end;
		}
	}
	index->delete_start[index->n_keys] = at;
}

/* First operation called at or after the instant. */
static uint32_t first_called(const struct index *index, uint64_t at_ns)
{
	uint32_t low = 0, high = index->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (index->ops[middle].call_ns < at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* region -1: those of all. A held beacon stands for the machine, which the regions share, and the
 * node that answered may be the one that waited; a held prober spoils its own operations only. */
static void taint_by(
	struct index *index, const struct stall *stall, int region, uint64_t longest_ns)
{
	uint64_t end = stall->at_ns + stall->length_ns;
	uint32_t i = first_called(index, stall->at_ns > longest_ns ? stall->at_ns - longest_ns : 0);

	for (; i < index->n && op_intended(&index->ops[i]) < end + longest_ns; i++) {
		const struct op *op = &index->ops[i];

		if ((region < 0 || op->region == region) && op_intended(op) < end &&
			op_end(op) > stall->at_ns)
			index->tainted[i] = true;
	}
}

static uint64_t longest_op_ns(const struct index *index)
{
	uint64_t longest_ns = 0;

	for (uint32_t i = 0; i < index->n; i++) {
		uint64_t length = op_end(&index->ops[i]) - op_intended(&index->ops[i]);

		longest_ns = length > longest_ns ? length : longest_ns;
	}
	return longest_ns;
}

#define LATE_US 1000

/* A session that was held is behind, and catches up slot by slot: what it still begins late is the
 * stall's doing as well. */
static void taint_backlog(struct index *index)
{
	for (uint32_t s = 0; s + 1 < index->n_sessions; s++) { /* the last group is no session */
		struct span span = index_session(index, s);

		for (uint32_t k = span.first + 1; k < span.end; k++) {
			uint32_t i = index->by_session[k];

			if (index->tainted[index->by_session[k - 1]] &&
				index->ops[i].late_us > LATE_US)
				index->tainted[i] = true;
		}
	}
}

static void mark_tainted(struct arena *arena, struct index *index, const struct evidence *evidence)
{
	const struct stalls *machine = &evidence->stalls, *probers = &evidence->prober_stalls;
	uint64_t longest_ns;

	if (!machine->n && !probers->n)
		return;
	index->tainted = arena_array(arena, index->n, sizeof(*index->tainted));
	longest_ns = longest_op_ns(index);
	for (size_t i = 0; i < machine->n; i++)
		taint_by(index, &machine->stalls[i], -1, longest_ns);
	for (size_t i = 0; i < probers->n; i++)
		taint_by(index, &probers->stalls[i], (int)probers->stalls[i].region, longest_ns);
	taint_backlog(index);
}

/* Slots grow outside of the arena, which would keep each of their sizes, and move in at the end. */
static void keep_key_slots(struct build *b)
{
	size_t size = (b->index->key_mask + 1) * sizeof(*b->index->key_slots);
	uint64_t *slots = arena_alloc(b->arena, size);

	memcpy(slots, b->index->key_slots, size);
	free(b->index->key_slots);
	b->index->key_slots = slots;
}

static void order_operations(struct arena *arena, struct index *index)
{
	struct build b = {.arena = arena, .index = index};

	b.key_of = must_alloc(index->n, sizeof(*b.key_of));
	b.session_of = must_alloc(index->n, sizeof(*b.session_of));
	index->write_of = arena_array(arena, index->n, sizeof(*index->write_of));
	grow_keys(index);
	take_records(&b);
	keep_key_slots(&b);
	order_by_session(&b);
	order_by_key(&b);
	free(b.session_of);
	free(b.key_of);
	if (b.deletes)
		order_deletes(arena, index);
}

struct index *index_build(
	struct arena *arena, const struct evidence *evidence, const struct index *whole)
{
	struct index *index = arena_alloc(arena, sizeof(*index));

	assert(evidence->history.n < OP_NONE);
	index->ops = evidence->history.ops;
	index->n = (uint32_t)evidence->history.n;
	index->unsure_ns = 2 * evidence->clock_error_ns;
	index->n_regions = (unsigned)evidence->plan->n_regions;
	order_operations(arena, index);
	mark_tainted(arena, index, evidence);
	if (whole) {
		index->lag_ns = whole->lag_ns;
		index->borrowed_lag = true;
	} else {
		index->lag_ns = visibility_lags(arena, evidence, index);
	}
	return index;
}

uint64_t index_absent_end(const struct index *index, uint32_t dense_key, const struct op *read)
{
	uint32_t first = index->delete_start[dense_key], low = first;
	uint32_t high = index->delete_start[dense_key + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (index->delete_call[middle] < read->ret_ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == first)
		return 0;
	return index->delete_end[low - 1] == TIME_NEVER
		? TIME_NEVER
		: index->delete_end[low - 1] + index->unsure_ns;
}
