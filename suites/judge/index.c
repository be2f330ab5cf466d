#include "suites/judge/index.h"
#include "fixtures/base/pages.h"
#include "suites/judge/evidence.h"
#include "suites/judge/index_parts.h"
#include "suites/judge/ops.h"
#include "suites/judge/visibility.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Eight slots of eight bytes are one cache line: keys with neighbouring numbers meet there. */
#define LINE_SLOTS 8
/* Records are fetched so many steps before they are needed. */
#define AHEAD 64
#define SLOT_EMPTY UINT64_MAX
/* Sessions are few and numbered from 0; what is beyond the bound is not one of ours. */
#define SESSION_BOUND (1u << 20)

/* What is needed while an index is built. Until reads are linked, index->write_of holds the dense key
 * of each operation; OP_NONE: it stays out of the orders. */
struct build {
	struct arena *arena;
	struct index *index;
	struct key_seen {
		uint32_t n, writes; /* writes: without failed ones; then the next free places */
	} * keys;                   /* by dense key */
	struct session_seen {
		uint32_t count;
		uint8_t region; /* of the first operation */
		bool roams;
	} * sessions;
	size_t n_counts, n_sessions;
	bool deletes;
};

uint64_t index_mix(uint64_t x)
{
	x ^= x >> 31;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	x ^= x >> 29;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	return x ^ x >> 32;
}

void *index_alloc(size_t n, size_t size)
{
	void *memory = pages_alloc((n + 1) * size);

	if (!memory)
		abort();
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

static uint64_t first_slot(const struct index *index, uint32_t key)
{
	return (index_mix(key / LINE_SLOTS) * LINE_SLOTS + key % LINE_SLOTS) & index->key_mask;
}

/* The slot that holds the key, or the empty one where it belongs. */
static uint64_t key_slot(const struct index *index, uint32_t key)
{
	uint64_t i = first_slot(index, key);

	while (index->key_slots[i] != SLOT_EMPTY && index->key_slots[i] >> 32 != key)
		i = (i + 1) & index->key_mask;
	return i;
}

uint32_t index_find_key(const struct index *index, uint32_t key)
{
	uint64_t slot = index->key_slots[key_slot(index, key)];

	return slot == SLOT_EMPTY ? OP_NONE : (uint32_t)slot;
}

/* The sizes before stay in the arena: together a third of the last. */
static void grow_keys(struct build *b)
{
	struct index *index = b->index;
	size_t slots = index->key_mask ? (index->key_mask + 1) * 4 : 1024;

	index->key_mask = slots - 1;
	index->key_slots = arena_array(b->arena, slots, sizeof(*index->key_slots));
	memset(index->key_slots, 0xff, slots * sizeof(*index->key_slots));
	for (uint32_t k = 0; k < index->n_keys; k++)
		index->key_slots[key_slot(index, index->keys[k])] =
			(uint64_t)index->keys[k] << 32 | k;
}

static uint32_t add_key(struct build *b, uint32_t key)
{
	struct index *index = b->index;
	uint64_t slot = key_slot(index, key);
	size_t n = index->n_keys;

	if (index->key_slots[slot] != SLOT_EMPTY)
		return (uint32_t)index->key_slots[slot];
	index->key_slots[slot] = (uint64_t)key << 32 | n;
	*ARENA_PUSH(b->arena, index->keys, n) = key;
	ARENA_PUSH(b->arena, b->keys, b->n_counts);
	index->n_keys++;
	if (index->n_keys > index->key_mask / 2)
		grow_keys(b);
	return index->n_keys - 1;
}

/* OP_NONE: nobody's. */
static uint32_t session_of(const struct op *op)
{
	return op_is_session(op) && op->session < SESSION_BOUND ? op->session : OP_NONE;
}

static bool is_listed(const struct op *op)
{
	return op->state != OP_NOT_SENT && op->state != OP_EMPTY;
}

static void take_session(struct build *b, const struct op *op)
{
	uint32_t session = session_of(op);
	struct session_seen *seen;

	if (session == OP_NONE)
		return;
	while (b->n_sessions <= session)
		ARENA_PUSH(b->arena, b->sessions, b->n_sessions);
	seen = &b->sessions[session];
	if (!seen->count++)
		seen->region = op->region;
	seen->roams |= op->flags & OP_ROAMED || op->region != seen->region;
}

/* The first look at every record in the order of the history. */
static void take_records(struct build *b)
{
	struct index *index = b->index;

	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];
		uint32_t key;

		index->write_of[i] = OP_NONE;
		if (i + AHEAD < index->n)
			__builtin_prefetch(&index->key_slots[first_slot(index, op[AHEAD].key)]);
		if (!is_listed(op))
			continue;
		index->write_of[i] = key = add_key(b, op->key);
		b->keys[key].n++;
		b->keys[key].writes += op_is_write(op) && op->state != OP_FAIL;
		b->deletes |= op->kind == OP_DELETE;
		take_session(b, op);
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

static void start_sessions(struct build *b)
{
	struct index *index = b->index;
	uint32_t last = (uint32_t)b->n_sessions;

	index->n_sessions = last + 1;
	index->session_start = arena_array(b->arena, index->n_sessions + 1, sizeof(uint32_t));
	index->roams = arena_array(b->arena, index->n_sessions, sizeof(bool));
	for (uint32_t s = 0; s < last; s++) {
		index->session_start[s] = b->sessions[s].count;
		index->roams[s] = b->sessions[s].roams;
	}
	counts_to_starts(index->session_start, last);
	index->session_start[last + 1] = index->n_listed;
}

/* From counts to where each key's operations and writes begin; the counts become the next places. */
static void start_keys(struct build *b)
{
	struct index *index = b->index;
	uint32_t n = index->n_keys;

	index->key_start = arena_array(b->arena, n + 1, sizeof(uint32_t));
	index->write_start = arena_array(b->arena, n + 1, sizeof(uint32_t));
	for (uint32_t k = 0; k < n; k++) {
		index->key_start[k] = b->keys[k].n;
		index->write_start[k] = b->keys[k].writes;
	}
	counts_to_starts(index->key_start, n);
	counts_to_starts(index->write_start, n);
	for (uint32_t k = 0; k < n; k++)
		b->keys[k] = (struct key_seen){index->key_start[k], index->write_start[k]};
	index->writes = arena_array(b->arena, index->write_start[n], sizeof(uint32_t));
	index->write_times =
		arena_array(b->arena, index->write_start[n], sizeof(*index->write_times));
	index->ambiguous = arena_array(b->arena, n, sizeof(bool));
}

/* The places that an operation ahead will take. */
static void fetch(const struct build *b, const struct index_item *items, uint32_t i)
{
	const struct index *index = b->index;
	uint32_t far = index->write_of[i + AHEAD], near = index->write_of[i + AHEAD / 2];

	if (far != OP_NONE)
		__builtin_prefetch(&b->keys[far]);
	if (near == OP_NONE)
		return;
	__builtin_prefetch(&items[b->keys[near].n], 1);
	if (op_is_write(&index->ops[i + AHEAD / 2])) {
		__builtin_prefetch(&index->writes[b->keys[near].writes], 1);
		__builtin_prefetch(&index->write_times[b->keys[near].writes], 1);
	}
}

static void place_write(struct build *b, uint32_t i, uint32_t key)
{
	struct index *index = b->index;
	const struct op *op = &index->ops[i];
	uint32_t at = b->keys[key].writes++;

	index->writes[at] = i;
	index->write_times[at] =
		(struct write_times){op->call_ns, op->state == OP_OK ? op->ret_ns : TIME_NEVER};
	if (op->kind == OP_DELETE || op->flags & OP_DUPLICABLE)
		index->ambiguous[key] = true;
}

static void place_op(struct build *b, struct index_item *items, uint32_t i, uint32_t key)
{
	const struct op *op = &b->index->ops[i];
	bool is_write = op_is_write(op);

	items[b->keys[key].n++] = (struct index_item){.value = op->value,
		.place = i,
		.node = op->node,
		.region = op->region,
		.is_write = is_write,
		.has_failed = op->state == OP_FAIL,
		.is_ok_read = op_is_ok_read(op)};
	if (is_write && op->state != OP_FAIL)
		place_write(b, i, key);
}

/* The second look: every operation takes its place in the order by key. */
static void place_records(struct build *b, struct index_item *items)
{
	struct index *index = b->index;

	for (uint32_t i = 0; i < index->n; i++) {
		uint32_t key = index->write_of[i];

		if (i + AHEAD < index->n)
			fetch(b, items, i);
		if (key == OP_NONE) {
			index->write_of[i] = op_is_write(&index->ops[i]) ? i : OP_NONE;
			continue;
		}
		place_op(b, items, i, key);
	}
}

uint32_t *index_by_session(const struct index *index)
{
	uint32_t last = index->n_sessions - 1;
	uint32_t *order = index_alloc(index->n_listed, sizeof(*order));
	uint32_t *next = index_alloc(index->n_sessions, sizeof(*next));

	memcpy(next, index->session_start, index->n_sessions * sizeof(*next));
	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];
		uint32_t session = session_of(op);

		if (is_listed(op))
			order[next[session == OP_NONE ? last : session]++] = i;
	}
	free(next);
	return order;
}

uint32_t *index_by_key_session(const struct index *index)
{
	uint32_t *by_session = index_by_session(index);
	uint32_t *order = index_alloc(index->n_listed, sizeof(*order));
	uint32_t *next = index_alloc(index->n_keys, sizeof(*next));

	memcpy(next, index->key_start, index->n_keys * sizeof(*next));
	for (uint32_t i = 0; i < index->n_listed; i++) {
		uint32_t op = by_session[i];

		order[next[index_find_key(index, index->ops[op].key)]++] = op;
	}
	free(next);
	free(by_session);
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

static void order_operations(struct arena *arena, struct index *index)
{
	struct build b = {.arena = arena, .index = index};
	struct index_item *items;

	index->write_of = arena_array(arena, index->n, sizeof(*index->write_of));
	grow_keys(&b);
	take_records(&b);
	start_sessions(&b);
	start_keys(&b);
	items = index_alloc(index->n_listed, sizeof(*items));
	place_records(&b, items);
	index->by_key = arena_array(arena, index->n_listed, sizeof(uint32_t));
	index->author = arena_array(arena, index->n_listed, sizeof(uint32_t));
	index->seen_elsewhere = arena_array(arena, index->n, sizeof(bool));
	index_link(index, items);
	free(items);
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
	index_mark_tainted(arena, index, evidence);
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
