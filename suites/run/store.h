/*
 * store: the directory of one run below the run store (regionproof-runs).
 *
 *   <UTC time>-<scenario>[-<variant>][-N]/
 *                                scenario.yaml  run.log  run.json  record.json  junit.xml
 *                                report.html  report.css  report.md  report.tap  metrics.prom
 *                                series.json  ledger.tsv
 *       record/<region>/         histories, marks, beacons, captures, stalls, logs of nodes
 *       work/                    while the run lasts: working directories of nodes
 *   latest                       link to the newest
 */
#ifndef SUITES_RUN_STORE_H
#define SUITES_RUN_STORE_H

#include "fixtures/base/err.h"
#include "suites/plan.h"

struct store {
	char name[128]; /* of the run */
	char dir[1024]; /* absolute */
	char work[1040];
	int log_fd; /* run.log; -1: none */
};

int store_create(struct store *store, const char *runs, const struct plan *plan, struct err *err);
/* work/, once the guardian is there to remove it. */
int store_make_work(const struct store *store, struct err *err);
/* record/<region>, created. */
int store_record_dir(
	const struct store *store, const char *region, char *out, size_t size, struct err *err);
/* Remove work/ and everything below; -1 where something stayed. */
int store_remove_work(const struct store *store, struct err *err);
void store_release(struct store *store);

#endif
