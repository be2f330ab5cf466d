/*
 * tap: what a test program says about itself, line by line.
 *
 * The Test Anything Protocol as cmocka 1.1 and our shell tests speak it: a plan `1..N`, before or
 * after its points, and `ok 3 - name` / `not ok 3 - name`. A program with several groups of tests
 * has several plans; each is checked on its own. What a program leaves out counts against it: no
 * plan, fewer points than planned, numbers that jump, no point at all are failures, because a test
 * that dies quietly must not look like one that passed.
 *
 * Skips: `ok 3 - name # SKIP reason`. cmocka writes `not ok 3 # SKIP name` without a reason, so the
 * line printed before it is taken as the reason. A skip without any is a failure.
 */
#ifndef SUITES_TESTS_RUNNER_TAP_H
#define SUITES_TESTS_RUNNER_TAP_H

#include "fixtures/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum point_verdict { POINT_PASS, POINT_FAIL, POINT_SKIP, POINT_VERDICTS };

struct point {
	enum point_verdict verdict;
	const char *name;
	const char *reason; /* of a failure or skip; "" where none was given */
};

struct tap {
	struct arena arena; /* all strings and the points */
	struct point *points;
	size_t n_points;
	size_t count[POINT_VERDICTS];

	/* of the group of points being read */
	long plan; /* -1: none yet */
	long seen;
	bool closed;
	bool planned, skipped_all;
	const char *last_text; /* last line that is no point, since the last point */
};

void tap_init(struct tap *tap);
void tap_release(struct tap *tap);
/* One line of the program's standard output, without its newline. */
void tap_line(struct tap *tap, const char *line);
/* No more lines come: what is missing becomes a failed point. */
void tap_finish(struct tap *tap);
/* A failed point about the program as a whole. */
void tap_fail(struct tap *tap, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
