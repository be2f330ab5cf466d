/*
 * bug_case: one run of region-store with a bug planted, and what the judges made of it.
 *
 * Cases run as a user would run them, `regionproof run` with the bug in the environment, several at
 * once since they mostly sleep. A run that the machine spoilt (not steady, void, inconclusive) is no
 * verdict and must be counted as such, never as agreement. Since a bug has few runs, a spoilt one
 * makes room for a run with a seed of its own, once the others have ended and so on a quieter
 * machine. A run that gave the wrong verdict is never replaced, and each replacement is on record.
 */
#ifndef SUITES_TESTS_HELPERS_BUG_CASE_H
#define SUITES_TESTS_HELPERS_BUG_CASE_H

#include "suites/tests/helpers/bug_table.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum bug_outcome_kind { BUG_SILENT, BUG_FOUND, BUG_NO_VERDICT };

/* What became of a metric: found where any of its expectations failed. */
struct bug_outcome {
	const char *metric;
	enum bug_outcome_kind kind;
	uint64_t findings; /* the most of any expectation */
	const char *why;   /* of the failure or of the missing verdict */
};

struct bug_case {
	const char *bug; /* or BUG_NONE */
	unsigned rarity; /* it happens at one of so many opportunities */
	uint64_t seed;
	bool calm; /* without the fault */
	bool mesh; /* the store is active-active */

	const char *dir;
	pid_t pid;
	const char *problem; /* why there is no result at all; NULL: there is one */
	struct bug_outcome *outcomes;
	size_t n_outcomes;
	uint64_t fired, opportunities; /* as the nodes' logs have them */
	bool obeys;                    /* the table, wherever there is a verdict */
	unsigned replaced;             /* so many runs before this one were spoilt */
	const char *spoilt;            /* why the last of them was */
};

/* Did the machine keep the case from what it was for: a result, all its must metrics, two thirds of
 * the others? (Some have no verdict for the bug's sake.) Never one that disobeys the table. */
bool bug_case_is_spoilt(const struct bug_table *table, const struct bug_case *one);
/* Directories of what disobeys, or lacks a verdict, are kept below `dir`. */
void bug_cases_run(struct arena *arena, const struct bug_table *table, const char *dir,
	struct bug_case *cases, size_t n, unsigned at_once);
/* The word that holds for this case: a bug that did not happen is none. */
enum bug_word bug_case_word(
	const struct bug_table *table, const struct bug_case *one, const char *metric);
const struct bug_outcome *bug_case_outcome(const struct bug_case *one, const char *metric);
/* Does the outcome break the word? A missing verdict breaks none. */
bool bug_outcome_breaks(enum bug_word word, const struct bug_outcome *outcome);

#endif
