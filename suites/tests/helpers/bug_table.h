/*
 * bug_table: suites/tests/selftest/bugs.tsv in memory: what a planted bug must, may and never make
 * fail.
 */
#ifndef SUITES_TESTS_HELPERS_BUG_TABLE_H
#define SUITES_TESTS_HELPERS_BUG_TABLE_H

#include "fixtures/base/arena.h"
#include "fixtures/base/err.h"

#include <stddef.h>

#define BUG_NONE "none" /* the correct configuration */

enum bug_word { BUG_NEVER, BUG_MAY, BUG_MUST };

struct bug_row {
	const char *bug, *metric; /* "*": every metric without a row of its own */
	enum bug_word word;
	const char *reason;
};

struct bug_table {
	struct arena arena;
	struct bug_row *rows;
	size_t n_rows;
	const char **bugs; /* without "none", in the order of the table */
	size_t n_bugs;
};

/* Refuses unknown words and metrics, rows without a reason, bugs without a `*`, doubles. */
int bug_table_read(struct bug_table *table, const char *path, struct err *err);
void bug_table_release(struct bug_table *table);
enum bug_word bug_table_word(const struct bug_table *table, const char *bug, const char *metric);
const char *bug_word_name(enum bug_word word);

#endif
