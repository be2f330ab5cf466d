/*
 * past: what somebody recorded, in one plain form: operations with the order of their calls and
 * returns.
 *
 * `call` and `ret` are positions in one sequence of events, or instants; only their order counts.
 * An unknown outcome never returned: ret is PAST_NEVER. Operations stand in the order of their calls. Those that
 * surely did not happen stay in (a list-append judge wants to know that a value was aborted).
 */
#ifndef SUITES_JUDGE_FOREIGN_PAST_H
#define SUITES_JUDGE_FOREIGN_PAST_H

#include "suites/judge/foreign/datum.h"

#define PAST_NEVER UINT64_MAX

enum past_outcome { PAST_OK, PAST_FAIL, PAST_UNKNOWN };

struct past_op {
	const char *f;             /* "read", "write", "cas", "add", "txn" ... */
	const struct datum *key;   /* NULL where the history is of one object */
	const struct datum *given; /* what was asked for */
	const struct datum *got;   /* what came back; as given where nothing did */
	uint64_t call, ret;
	int64_t process;
	uint32_t line; /* of the call; 0: the format has no lines */
	enum past_outcome outcome;
	bool refused; /* ok, and it says that the condition of a cas did not hold */
};

struct past {
	struct past_op *ops;
	size_t n;
	size_t n_ignored;    /* lines or operations that are noise: of a nemesis, of the log */
	const char *initial; /* what registers of this format begin with; NULL: nil */
	bool nil_read_says_nothing; /* an ok read without a value matches any state */
	bool nil_is_initial;        /* but within a transaction nil is what was there at first */
	bool is_timeless; /* only the order within a process is known; call and ret say no more */
};

/*
 * Where every value is [key value], as jepsen.independent has it, the key moves to op->key. It takes
 * a read of [key nil] or a cas of [key [a b]] to be sure.
 */
void past_part_by_key(struct past *past);

#endif
