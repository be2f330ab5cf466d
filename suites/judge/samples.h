/*
 * samples: a distribution of durations, and the statistics asked of it.
 *
 * A sample is an interval: what was measured by looking now and then is only known to lie in it.
 * The value reported for a quantile is the quantile of the upper ends, its value_low that of the
 * lower ends; the confidence interval takes order statistics of both. Samples of one run hang
 * together in time, so the ranks come from the number of independent samples (stat.h).
 */
#ifndef SUITES_JUDGE_SAMPLES_H
#define SUITES_JUDGE_SAMPLES_H

#include "suites/judge/checker.h"

struct sample {
	uint64_t at_ns;   /* when it was taken */
	double low, high; /* ns; high INFINITY: right-censored */
};

struct samples {
	struct sample *samples; /* in any order; samples_measure puts them in that of time */
	size_t n;
};

void samples_add(
	struct arena *arena, struct samples *samples, uint64_t at_ns, double low, double high);
/* Answer the question's statistic: status, value, value_low, interval, n, episodes. STAT_VALUE is
 * the maximum. */
void samples_measure(struct arena *arena, const struct samples *samples,
	const struct question *question, struct measurement *out);

#endif
