/*
 * result: the one plain result of a run, which all writers read.
 *
 * Everything is final here: numbers in base units beside the text that people read. Text that a
 * server sent may stand in witnesses; writers escape it for their format. Times are nanoseconds since
 * the run's zero. The schema number is bumped when a meaning changes; fields may be added.
 */
#ifndef REPORTS_RESULT_H
#define REPORTS_RESULT_H

#include "reports/series.h"
#include "reports/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESULT_SCHEMA 1

/* One operation of a witness, ready to print. */
struct result_op {
	uint64_t index; /* in the run's history, for `report RUN --op N` */
	uint64_t call_ns, ret_ns;
	const char *session; /* "us-east/2" */
	const char *region;
	const char *node;    /* "" where unknown */
	const char *server;  /* region of that node; "" where unknown */
	const char *outcome; /* "ok", "fail", "unknown" */
	bool writes;
	const char *text; /* "wrote ledger:318 = v7, acknowledged by us-east" */
};

struct result_witness {
	const struct result_op *ops;
	size_t n_ops;
	const char *reason;
};

struct result_part {
	const char *name;
	double value_ns;
	bool has;
};

struct result_expect {
	const char *id; /* stable, without measured values */
	const char *metric;
	const char *file;
	unsigned line, column;
	enum verdict verdict;
	const char *wanted;                        /* "< 15 s" */
	const char *got;                           /* "11.8 s"; "-" where nothing was measured */
	double got_value, wanted_value, low, high; /* base units */
	bool has_got, has_interval;
	const char *unit; /* "ns", "share", "count", "per second" */
	uint64_t n;
	const char *n_what;
	const char *why;   /* one sentence: why inconclusive, void, failed; may be NULL */
	const char *note;  /* sensitivity, limits of the statement; may be NULL */
	const char *phase; /* NULL: the whole run */
	const struct result_part *parts;
	size_t n_parts;
	const struct result_witness *witnesses;
	size_t n_witnesses;
	uint64_t total_findings;
};

/* One directed link and family of a fault, asked against measured. */
struct result_link {
	const char *from, *to, *family;
	const char *asked, *measured;
	bool ok;
	uint64_t beacons, system_attempted, system_crossed;
};

/* The system's own packets on a directed link in one stage of a fault; those of clients and beacons
 * do not count. */
struct result_traffic {
	const char *from, *to;
	const char *stage;  /* "before", "during", "after" */
	uint64_t length_ns; /* of the stage; 0: there was none */
	uint64_t sent, crossed, bytes;
	uint64_t first_ns, last_ns; /* that arrived; 0: none */
	uint64_t opened, answered;  /* TCP connections asked for from `from` */
	uint64_t handshake_ns;      /* median RTT; 0: none was answered */
	uint64_t retransmissions, resets;
};

struct result_fault {
	const char *name, *text;
	const char *file;
	unsigned line;
	uint64_t asked_ns, sent_ns, acked_ns, in_force_ns, gone_ns; /* 0: never */
	uint64_t resolution_ns, drain_ns, skew_ns;
	const char *status; /* "certified", "not in force", "partial", "no data", "not exercised",
			     * "declared" */
	const char *why;    /* sentence; may be NULL */
	const struct result_link *links;
	size_t n_links;
	const struct result_traffic
		*traffic; /* by link, three stages each; none without a capture */
	size_t n_traffic;
};

struct result_event {
	uint64_t at_ns;
	const char *what; /* "cut", "eu-west", "settled" */
	const char *text;
};

struct result_phase {
	const char *name;
	uint64_t start_ns, end_ns;
};

struct result_fact {
	const char *name, *value; /* "engine": "wire (probed)", "kernel": "6.1.0" */
};

struct result_counts {
	uint64_t ok, fail, unknown, not_sent;
};

struct result_region {
	const char *name;
	struct result_counts reads, writes;
	double read_p99_ns, write_p99_ns; /* negative: none */
};

struct result_change {
	const char *what;
	bool undone;
};

/* A row of a pack's table (suites/pack.h), after the trials so far. */
struct result_claim {
	const char *product;               /* of which it is claimed */
	const char *system;                /* that was tested: the product, or "stand-in: ..." */
	const char *claim, *source, *date; /* in words, where it was read, and when */
	const char *claimed;               /* as it was tested */
	const char *measured;              /* the worst of the trials */
	const char *interval;              /* how many trials held, and what that bounds */
	enum verdict verdict;
};

struct result {
	int schema;
	const char *tool_version;
	const char *run; /* "20260607T101500-primary-partition-hybrid" */
	const char *scenario, *about, *path,
		*scenario_text; /* scenario: of a variant "NAME[VARIANT]" */
	const char *variant;    /* of its matrix; NULL: it has none */
	const char *dir;        /* where the run is stored */
	const char *command;    /* that repeats it */
	uint64_t seed;
	uint64_t wall_start_ns, duration_ns; /* wall: CLOCK_REALTIME, for people */
	uint64_t epoch_ns;                   /* CLOCK_MONOTONIC of the run's zero */
	const char *boot_id;

	const struct result_fact *facts; /* preflight and environment */
	size_t n_facts;
	const struct result_region *regions;
	size_t n_regions;
	const struct result_phase *phases;
	size_t n_phases;
	const struct result_event *events; /* sorted by time */
	size_t n_events;
	const struct result_fault *faults;
	size_t n_faults;
	const struct result_expect *expects;
	size_t n_expects;
	const struct result_change *changes; /* clean-up */
	size_t n_changes;
	const struct result_claim *claims; /* of a pack, after the trials so far */
	size_t n_claims;
	struct series series; /* what happened when */
	bool clean;           /* clean-up verified */
	bool interrupted;
	bool aborted;      /* by its own condition; error says by which */
	const char *error; /* the tool could not do its job; NULL: it could */
	int exit_code;
};

/* How many expectations have the verdict. */
size_t result_count(const struct result *result, enum verdict verdict);

#endif
