/*
 * prober: the clients of one region.
 *
 * A process of its own in a leaf namespace of its region's site, without privileges: the only place
 * that parses what the system under test answers. One thread per session, a pool of threads for the
 * availability ticker, one thread that asks the region's nodes for their role every 50 ms. It
 * writes history (*.ops) and marks (*.marks) into its directory and speaks with its agent in frames
 * (fixtures/frame.h) on one socket.
 *
 * From the agent                          What it does
 *   {type:"stand_by"}                       all threads are made and wait; answered by "standing_by"
 *   {type:"start", at_ns}                   clients begin at that instant, the run's zero
 *   {type:"quiet", at_ns}                   from then on no operation is begun
 *   {type:"resume", at_ns}
 *   {type:"sweep", id, ledger:[[s,n],..]}   read every key once from every node of the own region;
 *                                           n: ledger keys that session s has used
 *   {type:"purge", group}                   ask the own region's edge to drop its copies of the group's
 *                                           registers
 *   {type:"adopt", session, state}          a roaming session arrives (state as in "handover")
 *   {type:"stop"}                           end; answered by "done"
 * To the agent
 *   {type:"ready", nearest:[{node,rtt_ns}]}  the chosen one first, then by RTT; -1: no answer
 *   {type:"standing_by"}
 *   {type:"progress", at_ns, reads:{ok,fail,unknown,not_sent,p99_ns}, writes:{..},
 *    tick_reads:{ok,fail,unknown}, tick_writes:{..}, acked:[[n, ret_ns], ..],
 *    seen:[[n, call_ns, region], ..], roles:[[endpoint, role, epoch], ..]}   twice a second
 *   {type:"primary", node, at_ns}           a write was first acknowledged by a node other than the
 *                                           one before (from the ticker)
 *   {type:"ledger", sessions:[[s,n],..]}    in answer to "quiet", once the last operation ended
 *   {type:"swept", id, keys, answered, digest, start_ns, end_ns}
 *   {type:"handover", session, to, state}
 *   {type:"done", reads:.., writes:..}
 *   {type:"error", sentence, code}          code: what to exit with; 0: not decided
 * All instants are CLOCK_MONOTONIC of this host; records in files are since the run's epoch.
 *
 * The ticker: every 50 ms one write of the region's own ticker key and one read of every region's,
 * its own too (of two of them in turn where there are more: 63 connections are enough), with a limit
 * of 1 s, each slot on a connection of its own (a slot's thread is free again before its turn
 * comes), so that an outage never stops the clock that measures it. It goes where the first group's
 * reads and writes go, with that group's driver.
 *
 * Quiet phases do not overlap: "quiet" is sent after the instant of the last "resume". A slot that
 * is overdue when a quiet phase begins is recorded as not sent. "ledger" may name a session twice in
 * two regions (a roaming one): the larger number counts.
 *
 * A sweep's `keys` counts each key once per node of the region, `answered` those that were read; the
 * digest (16 hexadecimal digits) is over key, value and absence in the order of keys, and differs
 * where two nodes of the region differ. A node that leaves 8 reads unanswered in a row is given up.
 * Counts in "progress" are since the start, p99_ns is of the time since the last one and 0 without
 * operations. acked: writes of the own ticker key since the last one, by number; seen: the number that the
 * last read of each region's ticker key returned; together they are the age of what clients see now.
 *
 * History: session-N.ops, ticker.ops, liar.ops, sweep.ops and purge.ops; marks: roles.marks; when it was held itself:
 * N.held (probes/stall.h).
 */
#ifndef PROBES_PROBER_H
#define PROBES_PROBER_H

#include "fixtures/base/err.h"
#include "probes/drivers/driver.h"
#include "probes/group.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBER_TICK_NS (50 * UINT64_C(1000000))
#define PROBER_TICK_LIMIT_NS (1000 * UINT64_C(1000000))

struct prober_config {
	unsigned region, n_regions;
	const struct endpoint *endpoints;
	size_t n_endpoints;
	const struct client_group *groups;
	size_t n_groups;
	unsigned
		primary_hint; /* node that is primary at the start as far as the plan knows, or 255 */
	uint64_t seed;
	uint64_t epoch_ns; /* CLOCK_MONOTONIC of the run's zero; 0: the instant of "start" */
	const char *dir;   /* existing, empty */
	uint64_t ticker;   /* 0: no ticker (benchmarks) */
	uint64_t liar;     /* 1: the session that lies (probes/prober/liar.c) */
	bool purges;       /* the timeline has some */
	bool watch;        /* ticker and roles only, for ever: no sessions, and no record is kept */
	bool reads_files; /* names are looked up, certificates verified (probes/prober/isolation.h) */
};

/* Runs until "stop" or end of file on the socket. Call in the forked child after it entered the
 * leaf's namespace; returns the child's exit status. */
int prober_main(const struct prober_config *config, int socket_fd);

#endif
