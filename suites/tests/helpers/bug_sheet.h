/* bug_sheet: what many cases say together, and its print. */
#ifndef SUITES_TESTS_HELPERS_BUG_SHEET_H
#define SUITES_TESTS_HELPERS_BUG_SHEET_H

#include "fixtures/base/buf.h"
#include "suites/tests/helpers/bug_case.h"

struct bug_sheet {
	struct arena arena;
	struct bug_table table;
	struct bug_case *cases;
	size_t n_cases;
};

/* Which cases: per bug so many seeds at full dose and so many at one in `rarity`, and clean ones
 * with and without the fault, and of the active-active store (with it). */
struct bug_sizes {
	unsigned full, rare, rarity, faulted, calm, mesh;
};

void bug_sheet_fill(struct bug_sheet *sheet, const struct bug_sizes *sizes);
void bug_sheet_release(struct bug_sheet *sheet);

/* Cells of a word: a metric of a case for which the table has the word. */
struct bug_cells {
	size_t n, found, no_verdict;
};

/* metric NULL: all metrics; rarity 0: any dose, and every bug. */
struct bug_cells bug_sheet_count(const struct bug_sheet *sheet, const char *bug, unsigned rarity,
	const char *metric, enum bug_word word);

/* One bug at one dose. */
struct bug_power {
	unsigned n, happened,
		found;        /* cases with a result; where it fired; where a must metric failed */
	double opportunities; /* mean of a case */
	double findings;      /* mean of a case, of the must metric that has most */
	double chance_any;    /* that it happens in a case, from the opportunities of each */
};
struct bug_power bug_sheet_power(const struct bug_sheet *sheet, const char *bug, unsigned rarity);

void bug_sheet_print(const struct bug_sheet *sheet, struct buf *out);

#endif
