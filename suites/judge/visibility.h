/*
 * visibility: when a write could first be read in another region.
 *
 * A read has a write when it returns its value or that of a certain successor, and misses it when it
 * returns something certainly older. Only keys with one writer are used: a ticker's writes may
 * overlap, and then their order is not certain, but nobody else's come between. Walking the reads
 * of one region by return gives both bounds: the true instant lies in (call of the last read that missed it, return of the first that
 * had it]. Never seen is right-censored, not dropped; a write after which nobody tried to read
 * there at all says nothing and is dropped.
 */
#ifndef SUITES_JUDGE_VISIBILITY_H
#define SUITES_JUDGE_VISIBILITY_H

#include "suites/judge/index.h"

struct visibility {
	uint32_t write;
	uint32_t missed, had; /* reads that bound it; OP_NONE: none */
	unsigned to;          /* region in which it was read */
	uint64_t low_ns;      /* lag after the acknowledgement */
	uint64_t high_ns;     /* TIME_NEVER: not seen while we watched */
};

/* False: enough. */
typedef bool visibility_fn(void *context, const struct visibility *visibility);

/* Every acknowledged write of ticker keys, or of registers, to every region that reads the key. */
void visibility_scan(const struct evidence *evidence, const struct index *index, bool tickers,
	visibility_fn *each, void *context);
/* Median lag per ordered pair of regions, [from * n_regions + to]. */
uint64_t *visibility_lags(
	struct arena *arena, const struct evidence *evidence, const struct index *index);

#endif
