/* configs: a hash table by state and bits, whose chains hold only the least counts. */
#include "suites/judge/models/configs.h"

#include <stdlib.h>
#include <string.h>

#define DEAD (UINT64_C(1) << 32) /* in the word of the state */

static void *room_for(void *data, size_t n, size_t size)
{
	void *more = reallocarray(data, n, size);

	if (!more)
		abort(); /* as in buf.h; the search stays far below by its own limit */
	return more;
}

struct shape shape_of(size_t n_bits, size_t n_counts)
{
	struct shape shape = {.n_bit_words = (n_bits + 63) / 64, .n_counts = n_counts};

	shape.words = 1 + shape.n_bit_words + (n_counts + 3) / 4;
	return shape;
}

void configs_init(struct configs *set, struct shape shape)
{
	*set = (struct configs){.shape = shape};
}

void configs_release(struct configs *set)
{
	free(set->records);
	free(set->next);
	free(set->slots);
	configs_init(set, set->shape);
}

void configs_clear(struct configs *set)
{
	if (set->n_slots > 1024 && set->n * 16 < set->n_slots)
		configs_release(set);
	else if (set->n_slots)
		memset(set->slots, 0, set->n_slots * sizeof(*set->slots));
	set->n = set->n_alive = 0;
}

size_t configs_bytes(const struct configs *set)
{
	return set->room * (set->shape.words * sizeof(uint64_t) + sizeof(uint32_t)) +
		set->n_slots * sizeof(uint32_t);
}

static size_t slot_of(const struct configs *set, const uint64_t *record)
{
	uint64_t hash = config_state(record);

	for (size_t i = 0; i <= set->shape.n_bit_words; i++) {
		hash = (hash ^ (i ? record[i] : 0)) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash & (set->n_slots - 1);
}

static void rehash(struct configs *set)
{
	set->n_slots = set->n_slots ? 2 * set->n_slots : 16;
	set->slots = room_for(set->slots, set->n_slots, sizeof(*set->slots));
	memset(set->slots, 0, set->n_slots * sizeof(*set->slots));
	for (size_t i = 0; i < set->n; i++) {
		size_t at = slot_of(set, set->records + i * set->shape.words);

		set->next[i] = set->slots[at];
		set->slots[at] = (uint32_t)i + 1;
	}
}

static bool same_place(const struct configs *set, const uint64_t *x, const uint64_t *y)
{
	return config_state(x) == config_state(y) &&
		!memcmp(x + 1, y + 1, set->shape.n_bit_words * sizeof(*x));
}

/* Does x use up no more than y of everything, and has written no earlier. */
static bool at_most(const struct configs *set, const uint64_t *x, const uint64_t *y)
{
	const uint16_t *a = config_counts(&set->shape, x), *b = config_counts(&set->shape, y);

	if (config_last_write(x) < config_last_write(y))
		return false;
	for (size_t i = 0; i < set->shape.n_counts; i++) {
		if (a[i] > b[i])
			return false;
	}
	return true;
}

static void append(struct configs *set, const uint64_t *record)
{
	size_t words = set->shape.words, at;

	if (set->n == set->room) {
		set->room = set->room ? 2 * set->room : 16;
		set->records = room_for(set->records, set->room * words, sizeof(*set->records));
		set->next = room_for(set->next, set->room, sizeof(*set->next));
	}
	memcpy(set->records + set->n * words, record, words * sizeof(*record));
	at = slot_of(set, record);
	set->next[set->n] = set->slots[at];
	set->slots[at] = (uint32_t)++set->n;
	set->n_alive++;
}

bool configs_insert(struct configs *set, const uint64_t *record)
{
	if (set->n + 1 > set->n_slots)
		rehash(set);
	for (uint32_t i = set->slots[slot_of(set, record)]; i; i = set->next[i - 1]) {
		uint64_t *other = set->records + (i - 1) * set->shape.words;

		if (other[0] & DEAD || !same_place(set, other, record))
			continue;
		if (at_most(set, other, record))
			return false;
		if (at_most(set, record, other)) {
			other[0] |= DEAD;
			set->n_alive--;
		}
	}
	append(set, record);
	return true;
}

const uint64_t *configs_at(const struct configs *set, size_t i)
{
	const uint64_t *record = set->records + i * set->shape.words;

	return *record & DEAD ? NULL : record;
}
