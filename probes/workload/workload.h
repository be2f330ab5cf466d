/*
 * workload: what one session does next. Pure: the same group, session and seed give the same
 * operations; nothing here knows a clock, a socket or a file.
 *
 * Slots. The open loop of a group has a slot every 1/(reads + writes) seconds, and session i of n has
 * the slots i, i + n, i + 2n ... Whether a slot reads or writes is spread evenly within each session
 * (not drawn), so that a short phase has the mix it was asked for. Everything else is drawn from
 * the slot's number. A closed loop has slots without times.
 *
 * After a write. Some acknowledged writes to a register are followed by a read of that key, in
 * addition to the rate: a third of them at once, the others 1 to 400 ms later, spread evenly over
 * the logarithm, since the replication lag that they are to fall into is not known. It is the
 * session's own read, where its reads go: with writes at a primary far away and reads nearby, this
 * is the case in which read-your-writes breaks. The read moves along when the session roams. A later
 * write to the same key drops it.
 *
 * The struct is all there is of a session: a roaming one is handed over as its fields.
 */
#ifndef PROBES_WORKLOAD_WORKLOAD_H
#define PROBES_WORKLOAD_WORKLOAD_H

#include "probes/group.h"

#include <stdbool.h>
#include <stdint.h>

struct workload {
	const struct client_group *group;
	uint32_t i, session; /* in the group; global */
	uint64_t seed;       /* of this session */
	uint64_t start_ns;   /* when clients begin; this and all instants since the run's epoch */

	uint64_t slot;        /* the next one */
	uint64_t sequence;    /* of the last value written, 0: none */
	uint32_t ledger_n;    /* ledger keys used */
	uint64_t free_ns;     /* end of the last operation */
	uint64_t *versions;   /* [registers]: of the last acknowledged write, 0: none */
	uint32_t after_key;   /* read that follows a write; valid if after_at_ns */
	uint64_t after_at_ns; /* 0: none */
};

struct workload_op {
	enum op_kind kind;
	uint32_t key;
	uint64_t value; /* 0 for reads */
	uint64_t min_version;
	uint64_t at_ns; /* intended start */
	uint16_t flags; /* AFTER_WRITE */
	enum group_target target;
	bool then_read; /* if it is acknowledged, a read follows */
	uint64_t then_after_ns;
};

void workload_init(
	struct workload *w, const struct client_group *group, uint32_t i, uint64_t run_seed);
void workload_release(struct workload *w);

/* Intended start of the next operation. */
uint64_t workload_when(const struct workload *w);
/* It is a read that follows a write. */
bool workload_is_after(const struct workload *w);
/* Take the next operation. Not sent: its slot is used up, but no value and no ledger key is. */
void workload_take(struct workload *w, bool send, struct workload_op *op);
/* What came of it. version 0: the answer had none. */
void workload_ended(struct workload *w, const struct workload_op *op, enum op_state state,
	uint64_t version, uint64_t ret_ns);
/* After a quiet phase: go on with the first slot at or after that instant. */
void workload_resume(struct workload *w, uint64_t at_ns);
/* The distance of the session's own slots; 0 for a closed loop. */
uint64_t workload_period_ns(const struct workload *w);

#endif
