/*
 * trials: what `repeat: N` adds up to.
 *
 * Each trial is a run of its own, on a fresh system, with a seed derived from the scenario's. A
 * failover happens once in a run, so its trials are runs, not probes: N good ones bound the share of
 * bad ones by 1 - 0.05^(1/N), 26 % at 10, 4.9 % at 59. A claim (`confidence 95%`) on such a metric is
 * judged here and not in a single run: it holds when enough trials bound the quantile that it names
 * (p95 where it names none) by order statistics.
 */
#ifndef SUITES_RUN_TRIALS_H
#define SUITES_RUN_TRIALS_H

#include "reports/result.h"
#include "suites/plan.h"

struct buf;

struct trials {
	struct arena arena;
	struct trial_row *rows; /* one an expectation, in the scenario's order */
	size_t n_rows;
	unsigned n; /* trials that came to a result */
	const char *scenario;
};

uint64_t trials_seed(uint64_t seed, unsigned trial);
void trials_add(struct trials *trials, const struct plan *plan, const struct result *result);
/* What became of one expectation. */
struct trial_sum {
	unsigned held, broken, silent,
		voided;    /* silent: without a verdict; voided: of these, void */
	const char *worst; /* NULL: nothing was measured */
};
struct trial_sum trials_sum(const struct trials *trials, size_t expect);
/* A line an expectation; returns the exit code that the claims come to, EXIT_OK without any. */
int trials_print(const struct trials *trials, struct buf *out);
void trials_release(struct trials *trials);

#endif
