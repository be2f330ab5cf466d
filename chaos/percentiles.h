/*
 * percentiles: a measured distribution of delays as an impairment.
 *
 * Between two percentiles delays are taken as spread evenly; below the first and above the last one
 * nothing is known, so nothing is made up: the first and last value stand for what is beyond them.
 * Mean and deviation follow from that. A tail further from the mean than the quantiles of an
 * impairment can say makes its unit larger than the deviation (chaos/impairment.h).
 */
#ifndef CHAOS_PERCENTILES_H
#define CHAOS_PERCENTILES_H

#include "chaos/impairment.h"

#include <stddef.h>

#define PERCENTILES_MAX 64

struct percentile {
	double at; /* 0 to 100 */
	uint64_t delay_ns;
};

/* Sets delay, jitter, distribution and quantiles. At least two points with the median among or
 * between them, ascending in both; else -1 with a sentence. */
int percentiles_set(
	const struct percentile *points, size_t n, struct impairment *out, struct err *err);

#endif
