/*
 * metric: the table of what an expectation can speak about. Normative: each row says which
 * operations count, what the denominator is, how fails and unknowns count, what is censored, and
 * how a phase applies. `regionproof explain METRIC`, the schema and the reference are printed from
 * it; the parser of expectations knows no metric on its own.
 */
#ifndef SUITES_METRIC_H
#define SUITES_METRIC_H

#include "fixtures/base/param.h"

#include <stddef.h>
#include <stdint.h>

enum metric_stat {
	STAT_VALUE, /* the metric itself: a count, a share, a duration */
	STAT_P50,
	STAT_P90,
	STAT_P95,
	STAT_P99,
	STAT_P999,
	STAT_MAX,
	STAT_MIN,
	STAT_MEAN,
	STAT_COUNT,
	STAT_RATE,
	STATS
};

enum metric_id {
	METRIC_LATENCY,
	METRIC_GOODPUT,
	METRIC_AVAILABILITY,
	METRIC_AVAILABILITY_WINDOW,
	METRIC_ERRORS,
	METRIC_READ_YOUR_WRITES,
	METRIC_MONOTONIC_READS,
	METRIC_MONOTONIC_WRITES,
	METRIC_WRITES_FOLLOW_READS,
	METRIC_VISIBILITY,
	METRIC_STALENESS,
	METRIC_STALENESS_K,
	METRIC_STALE_UNFLAGGED,
	METRIC_STALE_FALSE,
	METRIC_WRITES_LOST,
	METRIC_WRITES_MISSING,
	METRIC_WRITES_DISCARDED_AFTER_CUT,
	METRIC_WRITES_MASKED,
	METRIC_WRITES_VANISHED,
	METRIC_WRITES_CONFLICT_LOST,
	METRIC_VERSION_INVERSIONS,
	METRIC_RPO_WINDOW,
	METRIC_RESURRECTIONS,
	METRIC_DIRTY_READS,
	METRIC_THIN_AIR_READS,
	METRIC_LINEARIZABLE,
	METRIC_DELTA,
	METRIC_FAILOVER_RTO,
	METRIC_FAILOVER_DETECT,
	METRIC_FAILOVER_PROMOTE,
	METRIC_FAILOVER_REDIRECT,
	METRIC_FAILOVER_FIRST_SUCCESS,
	METRIC_FAILOVER_LAYER,
	METRIC_FAILBACK_TIME,
	METRIC_SPLIT_BRAIN_WINDOW,
	METRIC_CONVERGENCE_TIME,
	METRIC_DIVERGENCE_KEYS,
	METRIC_RECOVERY_TIME,
	METRIC_TAKEOVER_TIME,
	METRIC_RTT,
	METRIC_LOSS,
	METRIC_FALLBACK_SHARE,
	METRIC_DNS_SWITCH_TIME,
	METRIC_DNS_RETURN_TIME,
	METRIC_DNS_TTL_VIOLATIONS,
	METRIC_DNS_OVERSTAY,
	METRIC_NEAREST_SHARE,
	METRIC_ROUTING_SHARE,
	METRIC_EDGE_AGE,
	METRIC_EDGE_UNDERSTATED,
	METRIC_EDGE_OVERRUNS,
	METRIC_EDGE_REFUSED,
	METRIC_EDGE_WAITS,
	METRIC_EDGE_MISSES,
	METRIC_EDGE_PURGE_LAG,
	METRICS
};

/* Which filters an expectation on the metric may have. */
enum metric_takes {
	TAKES_CLASS = 1 << 0,
	TAKES_PHASE = 1 << 1,
	TAKES_REGION = 1 << 2,
	TAKES_PAIR = 1 << 3,
	TAKES_GROUP = 1 << 4,
	NEEDS_PAIR = 1 << 5
};

/* What the clients must do for the metric to see anything at all. */
enum metric_wants {
	WANTS_READS = 1 << 0,
	WANTS_WRITES = 1 << 1,
	WANTS_LEDGER = 1 << 2,
	WANTS_DELETES = 1 << 3,
	WANTS_REGIONS = 1 << 4, /* at least two */
	WANTS_SHARED = 1 << 5,
	WANTS_EDGE = 1 << 6,    /* reads from: node */
	WANTS_WINDOWS = 1 << 7, /* that know cache: */
	WANTS_PURGE = 1 << 8
};

struct metric {
	enum metric_id id;
	const char *name;     /* "read_your_writes.violations" */
	enum param_type unit; /* DURATION (value in ns), SHARE (0..1), COUNT, RATE (per second) */
	unsigned stats;       /* bit per enum metric_stat */
	unsigned takes;       /* enum metric_takes */
	unsigned needs;       /* enum driver_can that a group's driver must have, else refused */
	unsigned wants;  /* enum metric_wants: some group of clients must do this, else refused */
	int needs_fault; /* bound to a fault: void where that fault was not in force */
	int needs_quiet; /* needs a quiet phase for the read-back */
	int is_bound_of_fault; /* its bound must be below the length of the fault (rto) */
	const char *checker;   /* row in suites/judge/checkers.c that feeds it */
	const char *help;      /* one sentence */
	const char *counts; /* operations counted, denominator, fails, unknowns, censoring, phase */
};

extern const struct metric metrics[]; /* METRICS rows, pinned by static_assert */
const struct metric *metric_find(const char *name);
/* "p99", or NULL for STAT_VALUE. */
const char *metric_stat_name(enum metric_stat stat);

#endif
