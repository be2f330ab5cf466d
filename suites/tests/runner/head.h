/*
 * head: what the head of a test's source file says about how to run it.
 *
 * One line in the first comment, all words optional:
 *
 *     runner: timeout 300, alone, long
 *
 * timeout  seconds until it counts as hanging; 60 where it says nothing
 * steady   it judges what happens in real time but sleeps for the most part: nothing runs beside it
 *          but another of its kind
 * alone    nothing else runs meanwhile: it judges statistics or time, or loads the machine
 * long     left out unless asked for (make check-long)
 * online   it fetches packages: as root it keeps the network of the machine
 */
#ifndef SUITES_TESTS_RUNNER_HEAD_H
#define SUITES_TESTS_RUNNER_HEAD_H

#include "fixtures/base/arena.h"
#include "fixtures/base/err.h"

#include <stdbool.h>

/* In the order in which they run. */
enum company {
	COMPANY_ANY,
	COMPANY_STEADY,
	COMPANY_ALONE,
	COMPANIES,
};

struct test {
	const char *source;  /* suites/tests/unit/base/err.c, or a script */
	const char *name;    /* unit/base/err */
	const char *program; /* build/tests/unit/base/err, or the script itself */
	unsigned timeout_s;
	enum company company;
	bool is_long, online;
};

int head_read(struct test *test, const char *source, const char *build, struct arena *arena,
	struct err *err);

#endif
