/*
 * writer: the contract of what turns the one result of a run into a format.
 *
 * A writer is a pure function of the result and the options to bytes: no clock, no environment, no
 * files, so that the same stored run always gives the same report. Every text in a result may come
 * from a server; each writer escapes it for its format. To add one: write its file beside these, add
 * a row to writers.c, and run the tests, which face every row with hostile text.
 */
#ifndef REPORTS_WRITERS_WRITER_H
#define REPORTS_WRITERS_WRITER_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct result;

/* What becomes of an inconclusive or void expectation where the format knows pass and fail only. */
enum undecided_as { UNDECIDED_ERROR, UNDECIDED_FAIL, UNDECIDED_SKIP };
/* gitlab adds file="..." to test cases, strict is what the Jenkins schema junit-10 allows. */
enum junit_dialect { JUNIT_GITLAB, JUNIT_STRICT };

/* All zeros is the default of every writer. */
struct writer_options {
	bool colour;
	bool ascii;     /* the reader's terminal is not UTF-8 */
	unsigned width; /* columns, 0: lines are not broken */
	enum undecided_as undecided_as;
	enum junit_dialect junit_dialect;
};

struct writer {
	const char *name;
	const char *file; /* its name in the directory of a run; NULL: it is not stored */
	const char *help; /* one line */
	void (*write)(
		const struct result *result, const struct writer_options *options, struct buf *out);
};

/* The table; ends with a row whose name is NULL. */
extern const struct writer writers[];
const struct writer *writer_find(const char *name);

#endif
