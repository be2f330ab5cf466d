/*
 * chance: how likely a number of lost packets is, for the loss that was asked for.
 *
 * The number of losses among n packets of a Gilbert-Elliott chain has no closed tail, and the normal
 * approximation is wrong by orders of magnitude where certificates live (a chance of 1e-8, a few
 * losses expected). So these are upper bounds, by Chernoff: P(N >= k) <= min over t > 0 of
 * E[exp(tN)] exp(-tk), where the expectation is exact, a product of n two-by-two matrices. A bound
 * that is too large only makes the judge slower to accuse; for binomial tails it is within a factor
 * of about 10 of the truth, one or two packets in k.
 *
 * The chain runs over all packets of a link; beacons are some of them. What others send in between
 * makes the beacons' own losses less correlated, so taking the chain as stated errs on the quiet
 * side here too.
 */
#ifndef SUITES_PROOF_CHANCE_H
#define SUITES_PROOF_CHANCE_H

#include "chaos/loss.h"

#include <stdint.h>

/* The chain of an impairment's loss; a cut loses everything. */
struct gilbert chance_chain(const struct impairment *imp);
double chance_mean(const struct gilbert *chain);

/* Bounds on the probability that of n packets at least, at most k are lost. */
double chance_at_least(const struct gilbert *chain, uint64_t n, uint64_t k);
double chance_at_most(const struct gilbert *chain, uint64_t n, uint64_t k);

/* Variance of the number of losses among n packets over that of independent losses with the same
 * mean, exactly; 6.9 for long series in bursts of 4 at 1 %. */
double chance_variance_factor(const struct gilbert *chain, uint64_t n);

/* Wilson's interval at 95 % for a share of k in n, where n packets are worth n / factor. */
struct chance_interval {
	double low, high;
};
struct chance_interval chance_share(uint64_t n, uint64_t k, double factor);

/* z so that a normal variable is further than z from its mean with probability alpha. */
double chance_z(double alpha);

#endif
