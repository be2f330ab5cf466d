/*
 * edn: a reader of EDN, and of JSON, for histories that others recorded.
 *
 * What is not ours may be cut off, damaged or hostile. So: linear time, at most EDN_MOST_DEPTH
 * levels, and every refusal names line and column. Tags (`#jepsen.history.Op{...}`)
 * are dropped, `#_` leaves the next value out. JSON is read by the same reader, which then takes
 * ':' between key and value: a recorded history can be hundreds of megabytes, and its lines matter.
 */
#ifndef SUITES_JUDGE_FOREIGN_EDN_H
#define SUITES_JUDGE_FOREIGN_EDN_H

#include "fixtures/base/buf.h"
#include "fixtures/base/err.h"
#include "suites/judge/foreign/datum.h"

#define EDN_MOST_DEPTH 64

enum edn_notation { NOTATION_EDN, NOTATION_JSON };

struct edn {
	struct arena *arena;
	const char *at, *end, *line_start;
	uint32_t line;
	enum edn_notation notation;
	struct buf stack; /* of struct datum: values whose list or map is still open */
};

/* text[len] is NUL, as behind every buf. */
void edn_init(struct edn *edn, struct arena *arena, const char *text, size_t len);
void edn_release(struct edn *edn);
/* Which of the two it is, from its first bytes. */
enum edn_notation edn_guess(const char *text, size_t len);
/* The next value on the top level: 1 and *out, 0 at the end, -1 with "line 3, column 7: ...". */
int edn_next(struct edn *edn, struct datum *out, struct err *err);

#endif
