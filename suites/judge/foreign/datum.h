/*
 * datum: a value in a recorded history, whatever notation it was written in.
 *
 * Read-only trees in an arena. Keywords, symbols and strings are all text: `:read`, `read` and
 * "read" mean the same operation, so that the JSON form of an EDN history is judged alike.
 */
#ifndef SUITES_JUDGE_FOREIGN_DATUM_H
#define SUITES_JUDGE_FOREIGN_DATUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

enum datum_kind {
	DATUM_NIL,
	DATUM_BOOL,
	DATUM_INT,
	DATUM_NUMBER, /* any other number, kept as its text */
	DATUM_TEXT,
	DATUM_LIST, /* lists, vectors and sets */
	DATUM_MAP,
};

struct datum {
	enum datum_kind kind;
	uint32_t line;
	union {
		int64_t number; /* INT, BOOL */
		const char *text;
		const struct datum *items; /* LIST; MAP: key, value, key, value ... */
	};
	size_t n; /* of LIST: items, of MAP: pairs */
};

bool datum_is(const struct datum *datum, const char *text);
bool datum_is_nil(const struct datum *datum); /* also for NULL */
/* Do both print alike. NULL is nil. */
bool datum_equal(const struct datum *x, const struct datum *y);
/* In an order of their own, for sets and the keys of maps: 0 where both print alike. */
int datum_compare(const struct datum *x, const struct datum *y);
/* The text, or NULL where it is none. */
const char *datum_text(const struct datum *datum);
/* Item number i of a list, or NULL. */
const struct datum *datum_at(const struct datum *list, size_t i);
/* The value behind a text key of a map, or NULL. */
const struct datum *datum_get(const struct datum *map, const char *key);
/* As EDN, without the colon of keywords; NULL prints nil. */
void datum_print(const struct datum *datum, struct buf *out);

/*
 * names: equal values get equal small numbers, 0, 1, 2 ... in the order in which they come.
 * Equality is that of the printed form. An empty table is all zeros.
 */
struct names {
	struct arena *arena;
	struct name *names;
	size_t n, room;
	uint32_t *slots; /* number + 1 */
};

uint32_t names_of(struct names *names, const struct datum *datum);
/* The value that got the number; NULL where it was NULL. */
const struct datum *names_datum(const struct names *names, uint32_t number);
void names_init(struct names *names, struct arena *arena);

#endif
