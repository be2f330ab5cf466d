/*
 * shape: rows that say what a struct looks like in JSON; one table writes, reads and documents it.
 *
 * A shape is a struct's list of fields: name, kind, where it lies, one line of help. From it come
 * the JSON of a value, the value of a JSON text, and the JSON Schema that is published, so that the
 * three cannot differ.
 *
 * Reading is strict in kinds and lenient in presence: what is absent stays zero, since a file of an
 * older version lacks fields; what is there and is something else is refused with its path
 * ("expectations[3].line: a whole number is expected").
 *
 * Numbers. JSON's whole numbers of 64 bits are signed: a larger one is written as text. Instants that
 * may be "never" (UINT64_MAX) and numbers that may be missing are null.
 */
#ifndef REPORTS_SHAPE_H
#define REPORTS_SHAPE_H

#include "fixtures/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct jv;
struct shape;

enum field_kind {
	FIELD_TEXT,   /* const char *; NULL: null */
	FIELD_NAME,   /* the same, never NULL: read as "" where it is absent */
	FIELD_U64,    /* uint64_t */
	FIELD_NEVER,  /* uint64_t; UINT64_MAX: null. With `many`: an array inside the struct */
	FIELD_INT,    /* int */
	FIELD_UINT,   /* unsigned */
	FIELD_REAL,   /* double */
	FIELD_SOME,   /* double, there where the bool at offset_n says so; else null */
	FIELD_LEAST,  /* double; negative: null */
	FIELD_BOOL,   /* bool */
	FIELD_WORD,   /* enum, by its words: `words` */
	FIELD_LIST,   /* pointer to an array of `of`, size_t count at offset_n */
	FIELD_OBJECT, /* a struct `of` at offset; offset 0: some fields of this very struct */
	FIELD_KINDS
};

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
	const char *help;
	size_t offset_n;
	const struct shape *of;
	const char *(*words)(unsigned i); /* FIELD_WORD; NULL behind the last */
	unsigned many;
};

struct shape {
	const char *name; /* in the schema's definitions */
	size_t size;
	bool tuple; /* an array in the order of the fields: where there are thousands of them */
	const struct field *fields;
	size_t n;
};

/* Caller frees. */
struct jv *shape_to_json(const struct shape *shape, const void *from);
/* Into *into, which the caller has zeroed; texts and lists live in the arena. */
int shape_from_json(const struct shape *shape, const struct jv *json, void *into,
	struct arena *arena, struct err *err);
/* A JSON Schema of the shape; shapes that it refers to are put into `definitions`. Caller frees. */
struct jv *shape_schema(const struct shape *shape, struct jv *definitions);

#endif
