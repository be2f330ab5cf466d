/*
 * source: texts that people wrote, places in them, and complaints about them.
 *
 * A reader never stops at the first mistake: it complains and goes on, so that one `check` shows
 * everything there is to mend. A complaint is one sentence behind "file:line:column: ", then the line
 * itself and a caret under the column. At most COMPLAINTS_MAX are kept; the rest are counted.
 */
#ifndef SUITES_SCENARIO_SOURCE_H
#define SUITES_SCENARIO_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

/* Where something stands; kept to the end, verdicts point at it. */
struct place {
	const char *file;
	unsigned line, column; /* from 1; columns count characters, not bytes */
};

struct source {
	const char *file; /* as the user named it; places compare by this pointer */
	const char *text;
	size_t len;
};

#define COMPLAINTS_MAX 50
#define SOURCES_MAX 16

struct complaints {
	struct buf *out;                           /* borrowed */
	const struct source *sources[SOURCES_MAX]; /* borrowed: whose lines can be quoted */
	size_t n_sources;
	size_t n; /* all of them, also beyond COMPLAINTS_MAX */
};

void complaints_add_source(struct complaints *complaints, const struct source *source);
/* "what was expected; how to mend it". */
void complain(struct complaints *complaints, struct place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Say how many were left out, if any were. */
void complaints_finish(struct complaints *complaints);

/* Where a file lies that another one names: beside that, by the path given or, as a stored run has it, by its
 * last part. In the arena. */
const char *source_beside(struct arena *arena, const char *file, const char *name);

/* `; did you mean "x"?`, or "" where no word of the list is near. The buffer is the caller's. */
const char *did_you_mean(const char *word, const char *const *names, size_t n, char text[128]);

#endif
