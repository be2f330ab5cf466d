/*
 * pairs: operations put together from events of a call and of a return.
 *
 * The order of events is the order of time. A process has one operation open at most; what it calls
 * next while one is open, or what never returned, leaves that operation unknown.
 */
#ifndef SUITES_JUDGE_FOREIGN_PAIRS_H
#define SUITES_JUDGE_FOREIGN_PAIRS_H

#include "fixtures/base/err.h"
#include "suites/judge/foreign/past.h"

struct pairs {
	struct arena *arena;
	struct past *past;
	uint64_t n_events;
	struct open_op *open; /* hash table by process */
	size_t n_open, room;
};

void pairs_init(struct pairs *pairs, struct arena *arena, struct past *past);
/* The event that opens an operation; fill in the rest. The pointer is good until the next. */
struct past_op *pairs_call(struct pairs *pairs, int64_t process);
/* What the process has open, or NULL. */
const struct past_op *pairs_open(struct pairs *pairs, int64_t process);
/* The operation that this event ends; NULL where the process has none open. */
struct past_op *pairs_return(struct pairs *pairs, int64_t process, enum past_outcome outcome);

#endif
