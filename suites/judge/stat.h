/*
 * stat: how sure a sample can make us. Exact, distribution-free, no normal approximations.
 *
 * Shares have the binomial interval of Clopper and Pearson; zero of n gives the rule of three
 * (at 95 % the share is at most about 3/n). Quantiles have the interval of order statistics: how
 * many of n samples lie below the quantile is binomial whatever the distribution is.
 *
 * Neighbouring samples of a run are not independent. stat_effective_n() cuts the series into
 * blocks, compares the spread of the block means with what independent samples would show, and says
 * how many independent samples the series is worth; fewer than STAT_BLOCKS_MIN blocks carry no
 * claim about the population at all.
 */
#ifndef SUITES_JUDGE_STAT_H
#define SUITES_JUDGE_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAT_BLOCKS_MIN 20

/* P(X <= k) for n trials of probability p. */
double stat_binomial_cdf(double k, double n, double p);
/* One-sided: with this confidence the share is at most / at least the result. */
double stat_share_upper(double hits, double n, double confidence);
double stat_share_lower(double hits, double n, double confidence);

/* Samples needed to say with this confidence that at most 1 - quantile of the population exceeds a
 * bound that `exceedances` of the samples exceed: 59, 93, 124, ... for p95 at 95 %. */
uint64_t stat_samples_needed(double quantile, uint64_t exceedances, double confidence);

/* Ranks (from 1) of the order statistics that enclose the quantile with this two-sided confidence;
 * *low 0 or *high n + 1 where no sample does. */
void stat_quantile_ranks(
	uint64_t n, double quantile, double confidence, uint64_t *low, uint64_t *high);
/* Rank (from 1) of the sample that is the quantile: the smallest with at least that share at or
 * below it. */
uint64_t stat_quantile_rank(uint64_t n, double quantile);

/*
 * How many independent yes-or-no samples the series `hit` (in time order) is worth, at most n.
 * Blocks are lengthened until neighbouring block means no longer correlate. *blocks is how many
 * there were at the end.
 */
double stat_effective_n(const bool *hit, size_t n, size_t *blocks);

#endif
