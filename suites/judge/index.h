/*
 * index: a history put in the orders that checkers walk, built once per evidence.
 *
 * Operations are named by their place in the history (32 bits). Orders are made by stable counting
 * sorts, so that within a group operations stay sorted by call:
 *
 *   by key        writes against reads of one key     kept: nearly every checker walks it
 *   by session    what one session did                made for who asks: monotonic writes, stalls
 *
 * Beside them stands for each operation the write of its value: written values are unique, and what
 * a read returns is nearly always among the last values written to its key (index_link.c). With the 64
 * bytes of the record an operation costs about 83 bytes, 100 while the index is built.
 *
 * The orders hold all operations but those with no outcome (NOT_SENT). The last group of the order by
 * session holds what is no session's: tickers, sweeps, the liar.
 */
#ifndef SUITES_JUDGE_INDEX_H
#define SUITES_JUDGE_INDEX_H

#include "fixtures/base/arena.h"
#include "probes/history.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OP_NONE UINT32_MAX
/* A write that surely failed, where writes are numbered: it has no number. */
#define WRITE_FAILED (OP_NONE - 1)
#define TIME_NEVER UINT64_MAX

struct evidence;

/* Items first .. end - 1 of an order. */
struct span {
	uint32_t first, end;
};

/* What is asked of all writes of a key, side by side. */
struct write_times {
	uint64_t call_ns, ret_ns; /* ret_ns: TIME_NEVER where it is not known to have happened */
};

struct index {
	const struct op *ops;
	/* Two instants that lie no further apart have no certain order: twice the clocks' error. */
	uint64_t unsure_ns;
	uint32_t n;
	uint32_t n_keys, n_sessions;
	uint32_t *by_key; /* n_listed */
	uint32_t n_listed;
	uint32_t *key_start;     /* n_keys + 1 */
	uint32_t *session_start; /* n_sessions + 1: in the order by session */
	bool *roams;             /* by session: it was in more than one region */
	uint32_t *write_of;      /* the write of the value read; a write: itself; OP_NONE: none */
	uint32_t *author; /* in the order by key: its number in writes[]; OP_NONE, WRITE_FAILED */
	bool *seen_elsewhere; /* by write: another node than the performing one answered with it */
	uint64_t *key_slots;  /* key << 32 | its dense number, by hash */
	uint32_t *keys;       /* dense number -> key */
	uint64_t key_mask;
	uint32_t *write_start; /* n_keys + 1 */
	uint32_t *writes;      /* writes and deletes that may have happened, by key, then call */
	struct write_times *write_times; /* of each of them */
	bool *ambiguous;        /* by key: deletes, or a write that may have taken effect twice */
	uint32_t *delete_start; /* n_keys + 1; NULL: nothing was deleted */
	uint64_t *delete_call;  /* calls of the deletes that did not fail, by key */
	uint64_t *delete_end;   /* the latest return up to that delete; TIME_NEVER with unknowns */
	bool *tainted;          /* overlaps a stall or was late by one; NULL: there was none */
	uint64_t *lag_ns; /* [from * n_regions + to]: median visibility; TIME_NEVER: not measured */
	unsigned n_regions;
	bool borrowed_lag; /* lag of a larger history that this one is a part of */
};

/* Memory from the arena. `whole`: the index of the history that this one is cut from, whose lag is
 * taken over; NULL otherwise. */
struct index *index_build(
	struct arena *arena, const struct evidence *evidence, const struct index *whole);

/* The first write of a value to whatever key, or OP_NONE. Looks at everything: for witnesses. */
uint32_t index_find_value(const struct index *index, uint64_t value);
/* Operations by session (those of no session last), then call; n_listed. Caller frees. */
uint32_t *index_by_session(const struct index *index);
/* Operations by key, then session (those of no session last), then call; n_listed. Caller frees. */
uint32_t *index_by_key_session(const struct index *index);
/* Dense number of a key, or OP_NONE. */
uint32_t index_find_key(const struct index *index, uint32_t key);
static inline struct span index_key(const struct index *index, uint32_t dense)
{
	return (struct span){index->key_start[dense], index->key_start[dense + 1]};
}
static inline struct span index_session(const struct index *index, uint32_t dense)
{
	return (struct span){index->session_start[dense], index->session_start[dense + 1]};
}

static inline struct span index_writes(const struct index *index, uint32_t dense)
{
	return (struct span){index->write_start[dense], index->write_start[dense + 1]};
}
/* How many of index->writes[span] were called before the instant. */
uint32_t index_writes_before(const struct index *index, struct span span, uint64_t at_ns);

/*
 * When the version that an ok read returned was surely written: the read is certainly older than a
 * write u where that instant lies before the call of u. 0: nothing was ever there. TIME_NEVER:
 * cannot be said (the write's outcome is unknown, it may take effect twice, nobody wrote it). What the
 * clocks leave open counts for the read: the instant is that much later. A key
 * that is absent is taken for the latest of its deletes that may have been the one.
 */
/* The end of the latest delete that an absent answer may have come from. */
uint64_t index_absent_end(const struct index *index, uint32_t dense_key, const struct op *read);
static inline uint64_t index_version_end_by(
	const struct index *index, uint32_t dense_key, const struct op *read, uint32_t write)
{
	const struct op *w = &index->ops[write];

	if (!read->value)
		return index->delete_start ? index_absent_end(index, dense_key, read) : 0;
	if (write == OP_NONE || w->state != OP_OK || w->flags & OP_DUPLICABLE)
		return TIME_NEVER;
	return w->ret_ns + index->unsure_ns;
}
/* The same of the ok read that stands at a place of the order by key. The writes' times stand together,
 * so that their records need not be fetched. */
static inline uint64_t index_version_end_at(
	const struct index *index, uint32_t dense_key, const struct op *read, uint32_t at)
{
	uint32_t author = index->author[at];

	if (!read->value || index->ambiguous[dense_key])
		return index_version_end_by(
			index, dense_key, read, index->write_of[index->by_key[at]]);
	if (author >= WRITE_FAILED || index->write_times[author].ret_ns == TIME_NEVER)
		return TIME_NEVER;
	return index->write_times[author].ret_ns + index->unsure_ns;
}
static inline uint64_t index_version_end(
	const struct index *index, uint32_t dense_key, uint32_t read)
{
	return index_version_end_by(index, dense_key, &index->ops[read], index->write_of[read]);
}
/* When the version read began to exist at the earliest; 0 for one that was always there. */
static inline uint64_t index_version_start_by(const struct index *index, uint32_t write)
{
	if (write == OP_NONE || index->ops[write].state == OP_FAIL)
		return 0;
	return index->ops[write].call_ns;
}
static inline uint64_t index_version_start(const struct index *index, uint32_t read)
{
	return index_version_start_by(index, index->write_of[read]);
}
static inline uint64_t index_version_start_at(const struct index *index, uint32_t at)
{
	uint32_t author = index->author[at];

	return author < WRITE_FAILED ? index->write_times[author].call_ns : 0;
}

#endif
