/*
 * sheet: what the runner tells about the tests that have run.
 *
 * One line per program while all is well; every skip with its reason; for a failure its points,
 * their reasons and the complete output, each line of it behind a bar so that nothing printed by a
 * test can be taken for a command of the CI or for our own lines. The same as JUnit in a file.
 */
#ifndef SUITES_TESTS_RUNNER_SHEET_H
#define SUITES_TESTS_RUNNER_SHEET_H

#include "fixtures/base/buf.h"
#include "suites/tests/runner/tap.h"

#include <stddef.h>

struct sheet {
	size_t count[POINT_VERDICTS];
	struct buf failed; /* the failed points again, for the end */
	struct buf junit;  /* the suites so far */
};

/* Print and keep one program's result. */
void sheet_add(struct sheet *sheet, const char *name, const struct tap *tap, const char *output,
	double seconds);
/* The last lines; "N passed, N failed, N skipped" is the very last. */
void sheet_close(struct sheet *sheet);
int sheet_write_junit(struct sheet *sheet, const char *path, struct err *err);
void sheet_release(struct sheet *sheet);

#endif
