/*
 * fates: every ledger write of a run and what became of it, as a table for people and programs.
 *
 * A verdict shows a few of the worst; whoever has to find out which orders are gone needs all of
 * them. ledger.tsv beside run.json, one line a write in the order of keys:
 *
 *   key  value  session  region  node  call_ns  ret_ns  outcome  fate
 *
 * node: who acknowledged it, "-" where the answer did not say. outcome: ok or unknown (a write that
 * surely failed is not listed). fate: kept, lost, missing (readback.h); undecided where a region was
 * not read back or the regions did not converge. Times are nanoseconds since the run's zero.
 */
#ifndef SUITES_FATES_H
#define SUITES_FATES_H

#include "fixtures/base/err.h"
#include "suites/judge/evidence.h"

struct arena;

/* evidence has its index. Writes no file where no ledger key was written. */
int fates_write(
	struct arena *arena, const struct evidence *evidence, const char *run_dir, struct err *err);

#endif
