/*
 * tryout: one run of a variant, and what came of it.
 */
#ifndef SUITES_EXPLORE_TRYOUT_H
#define SUITES_EXPLORE_TRYOUT_H

#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "reports/verdict.h"

#include <stdbool.h>
#include <stddef.h>

struct tryout_expect {
	const char *id, *got, *why; /* why: NULL: nothing to say */
	enum verdict verdict;
};

struct tryout {
	int exit_code;
	const char *error; /* why the run could not be judged; NULL: it could */
	const char *dir;   /* of the run; it is removed where `keep` was not asked for */
	struct tryout_expect *expects;
	size_t n;
};

struct tryout_options {
	const char *share, *engine, *runs;
	bool keep;
};

/* Writes the text to `path` and runs it. -1: there was no result (scenario refused, machine). */
int tryout_run(struct arena *arena, const struct tryout_options *options, const struct buf *text,
	const char *path, struct tryout *out, struct err *err);
/* The first expectation that failed; NULL: none. */
const struct tryout_expect *tryout_failure(const struct tryout *tryout);
/* Did that expectation fail here? */
bool tryout_fails(const struct tryout *tryout, const char *id);

#endif
