/*
 * ledger: an index over the run store, so that questions about many runs need not read them all.
 *
 * ledger.db, an SQLite file in the store, holds a row a run and a row an expectation. It is an index
 * and nothing more: what a run says stands in its own directory, and whatever the ledger lacks or
 * has too much is put right by ledger_sync(), which every reader calls first. A run is finished once
 * its run.json is there (renamed into place); a process that is killed between that and its row in
 * the ledger loses nothing. A file that is no database or of another version is set aside and made
 * anew from the store.
 *
 * Several processes may write at once: each change is one transaction, and who finds the file locked
 * waits (for 30 s). Strings and arrays that are returned live in the caller's arena.
 */
#ifndef REPORTS_LEDGER_H
#define REPORTS_LEDGER_H

#include "fixtures/base/arena.h"
#include "fixtures/base/err.h"
#include "reports/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_FILE "ledger.db"

struct ledger;
struct result;

/* runs: the run store, an existing directory. NULL with a sentence. */
struct ledger *ledger_open(const char *runs, struct err *err);
void ledger_close(struct ledger *ledger);

/* Index what the store has and the ledger lacks; forget what is gone from the store. A run that cannot
 * be read is passed over with a warning. */
int ledger_sync(struct ledger *ledger, struct err *err);
/* A run that has just been written; one of that name is replaced. */
int ledger_add(struct ledger *ledger, const struct result *result, struct err *err);
int ledger_forget(struct ledger *ledger, const char *run, struct err *err);

struct ledger_run {
	const char *name, *scenario, *path, *version, *engine;
	uint64_t wall_ns; /* CLOCK_REALTIME of its zero */
	uint64_t duration_ns, seed;
	int exit_code;
	bool drill; /* a failover was measured in it */
	unsigned tally[VERDICTS];
};

struct ledger_filter {
	const char *scenario; /* NULL: all */
	bool variants;        /* those of its matrix, too */
	int exit_code;        /* -1: any */
	bool drills;          /* only those */
	uint64_t before_ns;   /* began before that; 0: any time */
	size_t limit;         /* 0: none */
};

/* Newest first. */
int ledger_runs(struct ledger *ledger, const struct ledger_filter *filter, struct arena *arena,
	struct ledger_run **runs, size_t *n, struct err *err);
/* By the directory's name, or "latest". *found says whether there is one. */
int ledger_find(struct ledger *ledger, const char *name, struct arena *arena,
	struct ledger_run *run, bool *found, struct err *err);

/* An expectation as one run judged it. */
struct ledger_value {
	const char *run, *id, *metric, *wanted, *got, *unit;
	uint64_t wall_ns; /* of the run */
	enum verdict verdict;
	bool has_value, has_interval;
	double value, low, high; /* base units */
	uint64_t n, findings;    /* what it was made of */
};

/* All of one run, in the order of its scenario. */
int ledger_values(struct ledger *ledger, const char *run, struct arena *arena,
	struct ledger_value **values, size_t *n, struct err *err);
/* The expectation of that id (or the first of that metric) in every run of a scenario, oldest first. */
int ledger_trend(struct ledger *ledger, const char *scenario, const char *id, struct arena *arena,
	struct ledger_value **values, size_t *n, struct err *err);

#endif
