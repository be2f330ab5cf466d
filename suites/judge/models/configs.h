/*
 * configs: the set of situations that a search still holds possible.
 *
 * A configuration is a state, one bit per operation that is open (has it taken effect?), and one
 * count per kind of operation that never returned (how many of them have taken effect?). Of two
 * that agree in state and bits, the one that used up fewer of the latter can do all that the other
 * can, since those are never obliged to happen; so only the least ones are kept. That keeps a
 * history with many time-outs from doubling the work with each of them. A configuration also knows
 * when a plain write last took effect in it, and later is better (search.h says why).
 *
 * Layout: one record of `words` 64-bit words: state, flag and that instant, bits, counts (four a
 * word).
 */
#ifndef SUITES_JUDGE_MODELS_CONFIGS_H
#define SUITES_JUDGE_MODELS_CONFIGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shape {
	size_t n_bit_words, n_counts;
	size_t words; /* of a record */
};

struct configs {
	struct shape shape;
	uint64_t *records;
	size_t n, room;
	size_t n_alive;
	uint32_t *next;  /* per record: the next with the same hash slot, + 1 */
	uint32_t *slots; /* heads, + 1 */
	size_t n_slots;
};

struct shape shape_of(size_t n_bits, size_t n_counts);
void configs_init(struct configs *set, struct shape shape);
void configs_release(struct configs *set);
/* Empty, with the memory kept unless it is far more than the last use needed. */
void configs_clear(struct configs *set);
size_t configs_bytes(const struct configs *set);
/* False where one that is in can do as much; those that it surpasses are marked dead. */
bool configs_insert(struct configs *set, const uint64_t *record);
/* NULL where number i was surpassed. */
const uint64_t *configs_at(const struct configs *set, size_t i);

static inline uint32_t config_state(const uint64_t *record)
{
	return (uint32_t)record[0];
}

static inline void config_set_state(uint64_t *record, uint32_t state)
{
	record[0] = (record[0] & ~(uint64_t)UINT32_MAX) | state;
}

/* When a plain write last took effect: the number of the event, 0: never. */
static inline uint32_t config_last_write(const uint64_t *record)
{
	return (uint32_t)(record[0] >> 33);
}

static inline void config_set_last_write(uint64_t *record, uint32_t event)
{
	record[0] = (record[0] & ((UINT64_C(1) << 33) - 1)) | (uint64_t)event << 33;
}

static inline bool config_bit(const uint64_t *record, size_t bit)
{
	return record[1 + bit / 64] >> bit % 64 & 1;
}

static inline void config_flip(uint64_t *record, size_t bit)
{
	record[1 + bit / 64] ^= UINT64_C(1) << bit % 64;
}

static inline uint16_t *config_counts(const struct shape *shape, const uint64_t *record)
{
	return (uint16_t *)(record + 1 + shape->n_bit_words);
}

#endif
