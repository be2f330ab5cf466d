/*
 * index_link: which write each read read from.
 *
 * Key by key. What a read returns is nearly always one of the last values written to its key, and
 * those stand side by side: it is found by looking back over a few of them, without touching a
 * record. What is not among them (a copy far behind, a write that was called after the read, thin
 * air) is looked up in a hash of the key's values, which is made only for keys that need it and holds
 * sixteen neighbouring sequences of a writer in one cache line.
 */
#include "suites/judge/index_parts.h"
#include "suites/judge/ops.h"

#include <stdlib.h>
#include <string.h>

/* So many writes back are looked at one by one. */
#define NEAR 24
/* What is written to is fetched so many steps before. */
#define AHEAD 32
/* Sixteen slots of four bytes are one cache line: neighbours in a writer's sequence meet there. */
#define LINE_SLOTS 16

/* The writes of the present key, failed ones too, by call. */
struct linker {
	struct index *index;
	uint64_t *values;
	uint32_t *places, *numbers; /* in the history, in index->writes */
	uint8_t *node, *region, *elsewhere;
	uint32_t n, next; /* next: number of the next write that has one */
	uint32_t *later;  /* places in the order by key of reads of none of the last writes */
	uint32_t n_later;
	uint32_t *slots;
	uint64_t mask, room;
};

/* Did another node than the performing one answer with it? Regions where nodes are not named. */
static bool is_elsewhere(const struct linker *l, uint32_t write, uint8_t node, uint8_t region)
{
	if (l->node[write] != OP_NODE_UNKNOWN && node != OP_NODE_UNKNOWN)
		return l->node[write] != node;
	return l->region[write] != region;
}

/* `at` in the order by key; write: a number of the key's. */
static void link_read(struct linker *l, uint32_t at, uint32_t read, uint32_t write)
{
	l->index->author[at] = l->numbers[write];
	l->index->write_of[read] = l->places[write];
}

static void add_write(struct linker *l, uint32_t at, const struct index_item *item)
{
	uint32_t n = l->n++;

	l->values[n] = item->value;
	l->places[n] = item->place;
	l->numbers[n] = item->has_failed ? WRITE_FAILED : l->next++;
	link_read(l, at, item->place, n);
	l->node[n] = item->node;
	l->region[n] = item->region;
	l->elsewhere[n] = 0;
}

static void take_read(struct linker *l, uint32_t at, const struct index_item *item)
{
	uint32_t end = l->n > NEAR ? l->n - NEAR : 0;

	l->index->author[at] = l->index->write_of[item->place] = OP_NONE;
	if (!item->value)
		return;
	for (uint32_t w = l->n; w > end; w--) {
		if (l->values[w - 1] != item->value)
			continue;
		link_read(l, at, item->place, w - 1);
		l->elsewhere[w - 1] |=
			item->is_ok_read && is_elsewhere(l, w - 1, item->node, item->region);
		return;
	}
	l->later[l->n_later++] = at;
}

static uint64_t value_slot(const struct linker *l, uint64_t value)
{
	return (index_mix(value / LINE_SLOTS) * LINE_SLOTS + value % LINE_SLOTS) & l->mask;
}

/* The slot of the value, or the empty one where it belongs. */
static uint32_t *find_slot(const struct linker *l, uint64_t value)
{
	uint64_t i = value_slot(l, value);

	while (l->slots[i] != OP_NONE && l->values[l->slots[i]] != value)
		i = (i + 1) & l->mask;
	return &l->slots[i];
}

static void hash_writes(struct linker *l)
{
	uint64_t size = LINE_SLOTS;

	while (size < l->n + l->n / 2 + 1)
		size *= 2;
	if (size > l->room) {
		free(l->slots);
		l->slots = index_alloc(size, sizeof(*l->slots));
		l->room = size;
	}
	l->mask = size - 1;
	memset(l->slots, 0xff, size * sizeof(*l->slots));
	for (uint32_t w = 0; w < l->n; w++) {
		uint32_t *slot = find_slot(l, l->values[w]);

		if (*slot == OP_NONE)
			*slot = w;
	}
}

/* A value that was written only after the read had returned comes out of thin air and is nobody's. */
static void link_later(struct linker *l, const struct index_item *items)
{
	const struct op *ops = l->index->ops;

	if (!l->n_later || !l->n)
		return;
	hash_writes(l);
	for (uint32_t i = 0; i < l->n_later; i++) {
		uint32_t at = l->later[i], write = *find_slot(l, items[at].value);
		const struct op *read = &ops[items[at].place];

		if (write == OP_NONE || ops[l->places[write]].call_ns >= op_end(read))
			continue;
		link_read(l, at, items[at].place, write);
		l->elsewhere[write] |=
			items[at].is_ok_read && is_elsewhere(l, write, read->node, read->region);
	}
}

static void link_key(struct linker *l, const struct index_item *items, uint32_t key)
{
	struct index *index = l->index;
	struct span span = index_key(index, key);

	l->n = l->n_later = 0;
	l->next = index->write_start[key];
	for (uint32_t at = span.first; at < span.end; at++) {
		const struct index_item *item = &items[at];

		if (at + AHEAD < index->n_listed)
			__builtin_prefetch(&index->write_of[items[at + AHEAD].place], 1);
		index->by_key[at] = item->place;
		if (item->is_write)
			add_write(l, at, item);
		else
			take_read(l, at, item);
	}
	link_later(l, items);
	for (uint32_t w = 0; w < l->n; w++) {
		if (l->elsewhere[w])
			index->seen_elsewhere[l->places[w]] = true;
	}
}

void index_link(struct index *index, const struct index_item *items)
{
	struct linker l = {.index = index};
	uint32_t most = 0;

	for (uint32_t k = 0; k < index->n_keys; k++) {
		struct span span = index_key(index, k);

		most = span.end - span.first > most ? span.end - span.first : most;
	}
	l.values = index_alloc(most, sizeof(*l.values));
	l.places = index_alloc(most, sizeof(*l.places));
	l.numbers = index_alloc(most, sizeof(*l.numbers));
	l.node = index_alloc(most, 1);
	l.region = index_alloc(most, 1);
	l.elsewhere = index_alloc(most, 1);
	l.later = index_alloc(most, sizeof(*l.later));
	for (uint32_t k = 0; k < index->n_keys; k++)
		link_key(&l, items, k);
	free(l.slots);
	free(l.later);
	free(l.elsewhere);
	free(l.region);
	free(l.node);
	free(l.numbers);
	free(l.places);
	free(l.values);
}
