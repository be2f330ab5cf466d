/*
 * step: what one operation does to a small state, and what it saw there.
 *
 * Values are small numbers (names). The state of a register, a cas register and a mutex is one
 * value; that of a multi-register is a row of values, and the state is the number of that row.
 */
#ifndef SUITES_JUDGE_MODELS_STEP_H
#define SUITES_JUDGE_MODELS_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALUE_ANY UINT32_MAX /* a read that says nothing */

enum step_kind {
	STEP_READ,   /* saw a */
	STEP_WRITE,  /* of a */
	STEP_CAS,    /* saw a, left b */
	STEP_DIFFER, /* saw that it is not a */
	STEP_APPEND, /* of the text a, to the text that is there */
	STEP_TXN,    /* parts, one after the other */
};

struct step_part {
	bool is_write;
	uint32_t key, value;
};

struct step {
	enum step_kind kind;
	uint32_t a, b;
	const struct step_part *parts;
	size_t n_parts;
};

#define ROWS_OTHER (UINT32_MAX - 1)

struct names;

/* Rows of a multi-register, numbered; or the texts that appending makes. */
struct rows {
	struct names *texts; /* not NULL: there are no rows */
	size_t text_bytes;
	const char **seen; /* texts that somebody read, sorted */
	size_t n_seen;
	size_t width; /* keys */
	uint32_t *cells, *scratch;
	size_t n, room;
	uint32_t *slots;
	size_t n_slots;
};

void rows_init(struct rows *rows, size_t width, uint32_t fill); /* row 0: fill everywhere */
void rows_rehash(struct rows *rows); /* after a change of row 0, while there is no other */
void rows_release(struct rows *rows);
size_t rows_bytes(const struct rows *rows);

/* Does a text that was read begin with it? All that do not are one state, ROWS_OTHER: what comes of them
 * is never looked at. */
bool rows_may_be_seen(const struct rows *rows, const char *text);

/* May it happen in this state; then *next is the state behind it. */
bool step_apply(const struct step *step, struct rows *rows, uint32_t state, uint32_t *next);
/* Can it never change a state. */
bool step_observes(const struct step *step);
bool step_equal(const struct step *x, const struct step *y);
uint64_t step_hash(const struct step *step);

#endif
