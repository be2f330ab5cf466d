/* checkers: the rows of checkers.c, by name. */
#ifndef SUITES_JUDGE_CHECKERS_H
#define SUITES_JUDGE_CHECKERS_H

#include "suites/judge/checker.h"

extern const struct checker_ops checker_sessions, checker_visibility, checker_staleness,
	checker_loss, checker_availability, checker_latency, checker_failover, checker_split_brain,
	checker_convergence, checker_reads, checker_recovery, checker_link, checker_fallback,
	checker_register, checker_names, checker_failback, checker_conflict, checker_layers,
	checker_traffic, checker_edge_refused, checker_edge_waits, checker_edge_misses,
	checker_purge;

#endif
