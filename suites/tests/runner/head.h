/*
 * head: what the head of a test's source file says about how to run it.
 *
 * One line in the first comment, all words optional:
 *
 *     runner: timeout 300, alone, long
 *
 * timeout  seconds until it counts as hanging; 60 where it says nothing
 * alone    nothing else runs meanwhile: it judges statistics or time
 * long     left out unless asked for (make check-long)
 * online   it fetches packages: as root it keeps the network of the machine
 */
#ifndef SUITES_TESTS_RUNNER_HEAD_H
#define SUITES_TESTS_RUNNER_HEAD_H

#include "fixtures/base/arena.h"
#include "fixtures/base/err.h"

#include <stdbool.h>

struct test {
	const char *source;  /* suites/tests/unit/base/err.c, or a script */
	const char *name;    /* unit/base/err */
	const char *program; /* build/tests/unit/base/err, or the script itself */
	unsigned timeout_s;
	bool alone, is_long, online;
};

int head_read(struct test *test, const char *source, const char *build, struct arena *arena,
	struct err *err);

#endif
