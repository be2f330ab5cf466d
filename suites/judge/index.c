#include "suites/judge/index.h"
#include "suites/judge/evidence.h"
#include "suites/judge/ops.h"
#include "suites/judge/visibility.h"

#include <assert.h>

/* Sixteen slots of four bytes are one cache line: neighbours in a writer's sequence meet there. */
#define LINE_SLOTS 16

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	x ^= x >> 29;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	return x ^ x >> 32;
}

static uint64_t value_slot(const struct index *index, uint64_t value)
{
	return (mix(value / LINE_SLOTS) * LINE_SLOTS + value % LINE_SLOTS) & index->value_mask;
}

static uint64_t slots_for(uint64_t n)
{
	uint64_t slots = LINE_SLOTS;

	while (slots < n + n / 2)
		slots *= 2;
	return slots;
}

static uint32_t *new_slots(struct arena *arena, uint64_t n)
{
	uint32_t *slots = arena_array(arena, n, sizeof(*slots));

	for (uint64_t i = 0; i < n; i++)
		slots[i] = OP_NONE;
	return slots;
}

uint32_t index_find_value(const struct index *index, uint64_t value)
{
	uint64_t i = value_slot(index, value);

	if (!value)
		return OP_NONE;
	while (index->value_slots[i] != OP_NONE) {
		if (index->ops[index->value_slots[i]].value == value)
			return index->value_slots[i];
		i = (i + 1) & index->value_mask;
	}
	return OP_NONE;
}

uint32_t index_find_key(const struct index *index, uint32_t key)
{
	uint64_t i = mix(key) & index->key_mask;

	while (index->key_slots[i] != OP_NONE) {
		if (index->keys[index->key_slots[i]] == key)
			return index->key_slots[i];
		i = (i + 1) & index->key_mask;
	}
	return OP_NONE;
}

static void add_values(struct arena *arena, struct index *index)
{
	uint64_t writes = 0;

	for (uint32_t i = 0; i < index->n; i++)
		writes += op_is_write(&index->ops[i]);
	index->value_mask = slots_for(writes) - 1;
	index->value_slots = new_slots(arena, index->value_mask + 1);
	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];
		uint64_t slot;

		if (!op_is_write(op) || !op->value)
			continue;
		slot = value_slot(index, op->value);
		while (index->value_slots[slot] != OP_NONE)
			slot = (slot + 1) & index->value_mask;
		index->value_slots[slot] = i;
	}
}

/* Whose value a read returned. A value written to another key, or only after the read had returned,
 * comes out of thin air and is nobody's. */
static uint32_t find_author(const struct index *index, const struct op *read)
{
	uint32_t write = index_find_value(index, read->value);

	if (write == OP_NONE || index->ops[write].key != read->key ||
		index->ops[write].call_ns >= op_end(read))
		return OP_NONE;
	return write;
}

static void link_values(struct arena *arena, struct index *index)
{
	index->write_of = arena_array(arena, index->n, sizeof(*index->write_of));
	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];

		index->write_of[i] = op_is_write(op) ? i : find_author(index, op);
	}
}

static void grow_keys(struct arena *arena, struct index *index)
{
	index->key_mask = (index->key_mask + 1) * 2 - 1;
	index->key_slots = new_slots(arena, index->key_mask + 1);
	for (uint32_t k = 0; k < index->n_keys; k++) {
		uint64_t slot = mix(index->keys[k]) & index->key_mask;

		while (index->key_slots[slot] != OP_NONE)
			slot = (slot + 1) & index->key_mask;
		index->key_slots[slot] = k;
	}
}

static uint32_t add_key(struct arena *arena, struct index *index, uint32_t key)
{
	uint64_t slot = mix(key) & index->key_mask;
	size_t n = index->n_keys;

	while (index->key_slots[slot] != OP_NONE) {
		if (index->keys[index->key_slots[slot]] == key)
			return index->key_slots[slot];
		slot = (slot + 1) & index->key_mask;
	}
	index->key_slots[slot] = index->n_keys;
	*ARENA_PUSH(arena, index->keys, n) = key;
	index->n_keys++;
	if (index->n_keys > index->key_mask / 2)
		grow_keys(arena, index);
	return index->n_keys - 1;
}

/* Dense number of each operation's key; OP_NONE for those that stay out of the orders. */
static uint32_t *number_keys(struct arena *arena, struct index *index)
{
	uint32_t *key_of = arena_array(arena, index->n, sizeof(*key_of));

	index->key_mask = 1023;
	index->key_slots = new_slots(arena, index->key_mask + 1);
	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];

		if (op->state == OP_NOT_SENT || op->state == OP_EMPTY) {
			key_of[i] = OP_NONE;
			continue;
		}
		key_of[i] = add_key(arena, index, op->key);
		index->n_listed++;
	}
	return key_of;
}

/* Sessions are few and numbered from 0; what is beyond the bound is not one of ours. */
#define SESSION_BOUND (1u << 20)

static uint32_t max_session(const struct index *index)
{
	uint32_t max = 0;

	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];

		if (op_is_session(op) && op->session > max && op->session < SESSION_BOUND)
			max = op->session;
	}
	return max;
}

static uint32_t session_of(const struct index *index, uint32_t i)
{
	const struct op *op = &index->ops[i];

	if (op_is_session(op) && op->session < index->n_sessions - 1)
		return op->session;
	return index->n_sessions - 1;
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

static void order_by_session(struct arena *arena, struct index *index, const uint32_t *key_of)
{
	uint32_t *next;

	index->n_sessions = max_session(index) + 2;
	index->session_start = arena_array(arena, index->n_sessions + 1, sizeof(uint32_t));
	index->by_session = arena_array(arena, index->n_listed, sizeof(uint32_t));
	for (uint32_t i = 0; i < index->n; i++) {
		if (key_of[i] != OP_NONE)
			index->session_start[session_of(index, i)]++;
	}
	counts_to_starts(index->session_start, index->n_sessions);
	next = arena_array(arena, index->n_sessions, sizeof(*next));
	for (uint32_t s = 0; s < index->n_sessions; s++)
		next[s] = index->session_start[s];
	for (uint32_t i = 0; i < index->n; i++) {
		if (key_of[i] != OP_NONE)
			index->by_session[next[session_of(index, i)]++] = i;
	}
}

static void order_by_key(struct arena *arena, struct index *index, const uint32_t *key_of)
{
	uint32_t *next = arena_array(arena, index->n_keys, sizeof(*next));

	index->key_start = arena_array(arena, index->n_keys + 1, sizeof(uint32_t));
	index->by_key = arena_array(arena, index->n_listed, sizeof(uint32_t));
	index->by_key_session = arena_array(arena, index->n_listed, sizeof(uint32_t));
	for (uint32_t i = 0; i < index->n; i++) {
		if (key_of[i] != OP_NONE)
			index->key_start[key_of[i]]++;
	}
	counts_to_starts(index->key_start, index->n_keys);
	for (uint32_t k = 0; k < index->n_keys; k++)
		next[k] = index->key_start[k];
	for (uint32_t i = 0; i < index->n; i++) {
		if (key_of[i] != OP_NONE)
			index->by_key[next[key_of[i]]++] = i;
	}
	for (uint32_t k = 0; k < index->n_keys; k++)
		next[k] = index->key_start[k];
	for (uint32_t i = 0; i < index->n_listed; i++) {
		uint32_t op = index->by_session[i];

		index->by_key_session[next[key_of[op]]++] = op;
	}
}

static void order_writes(struct arena *arena, struct index *index)
{
	uint32_t n = 0, at = 0;

	for (uint32_t i = 0; i < index->n_listed; i++)
		n += op_is_write(&index->ops[index->by_key[i]]);
	index->write_start = arena_array(arena, index->n_keys + 1, sizeof(uint32_t));
	index->writes = arena_array(arena, n, sizeof(uint32_t));
	for (uint32_t k = 0; k < index->n_keys; k++) {
		index->write_start[k] = at;
		for (uint32_t i = index->key_start[k]; i < index->key_start[k + 1]; i++) {
			const struct op *op = &index->ops[index->by_key[i]];

			if (op_is_write(op) && op->state != OP_FAIL)
				index->writes[at++] = index->by_key[i];
		}
	}
	index->write_start[index->n_keys] = at;
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
	if (!n)
		return;
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

struct index *index_build(
	struct arena *arena, const struct evidence *evidence, const struct index *whole)
{
	struct index *index = arena_alloc(arena, sizeof(*index));
	uint32_t *key_of;

	assert(evidence->history.n < OP_NONE);
	index->ops = evidence->history.ops;
	index->n = (uint32_t)evidence->history.n;
	index->n_regions = (unsigned)evidence->plan->n_regions;
	add_values(arena, index);
	link_values(arena, index);
	key_of = number_keys(arena, index);
	order_by_session(arena, index, key_of);
	order_by_key(arena, index, key_of);
	order_writes(arena, index);
	order_deletes(arena, index);
	mark_tainted(arena, index, evidence);
	if (whole) {
		index->lag_ns = whole->lag_ns;
		index->borrowed_lag = true;
	} else {
		index->lag_ns = visibility_lags(arena, evidence, index);
	}
	return index;
}

/* The end of the latest delete that an absent answer may have come from. */
static uint64_t absent_end(const struct index *index, uint32_t dense_key, const struct op *read)
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
	return low > first ? index->delete_end[low - 1] : 0;
}

uint64_t index_version_end(const struct index *index, uint32_t dense_key, uint32_t read)
{
	uint32_t write = index->write_of[read];

	if (!index->ops[read].value)
		return index->delete_start ? absent_end(index, dense_key, &index->ops[read]) : 0;
	if (write == OP_NONE || index->ops[write].state != OP_OK ||
		index->ops[write].flags & OP_DUPLICABLE)
		return TIME_NEVER;
	return index->ops[write].ret_ns;
}

uint64_t index_version_start(const struct index *index, uint32_t read)
{
	uint32_t write = index->write_of[read];

	if (write == OP_NONE || index->ops[write].state == OP_FAIL)
		return 0;
	return index->ops[write].call_ns;
}
