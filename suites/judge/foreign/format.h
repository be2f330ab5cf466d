/*
 * format: the notations of recorded histories that we read.
 *
 * To add one: a file with its reader, a row in format.c, an entry in suites/tests/fuzz.
 */
#ifndef SUITES_JUDGE_FOREIGN_FORMAT_H
#define SUITES_JUDGE_FOREIGN_FORMAT_H

#include "fixtures/base/err.h"
#include "suites/judge/foreign/past.h"

struct arena;

/* Beyond this a file is refused; a gigabyte of EDN is some ten million operations. */
#define FORMAT_MOST_BYTES (UINT64_C(1) << 30)

struct format {
	const char *name;
	const char *help;
	/* text[len] is NUL. Sentences begin with "line N, column M: " or "line N: ". */
	int (*read_text)(struct arena *arena, const char *text, size_t len, struct past *out,
		struct err *err);
	/* The other kind: a path, such as a directory. */
	int (*read_path)(struct arena *arena, const char *path, struct past *out, struct err *err);
};

/* Ends with a row whose name is NULL. */
extern const struct format formats[];
const struct format *format_find(const char *name);
/* What cannot be read is one sentence with file and place, and EXIT_SCENARIO. A history may be
 * empty. */
int format_read(const struct format *format, struct arena *arena, const char *path,
	struct past *out, struct err *err);

/* The readers. */
int read_knossos(
	struct arena *arena, const char *text, size_t len, struct past *out, struct err *err);
int read_elle(struct arena *arena, const char *text, size_t len, struct past *out, struct err *err);
int read_etcd_log(
	struct arena *arena, const char *text, size_t len, struct past *out, struct err *err);
int read_awdit(
	struct arena *arena, const char *text, size_t len, struct past *out, struct err *err);
int read_jsonl(
	struct arena *arena, const char *text, size_t len, struct past *out, struct err *err);
int read_run(struct arena *arena, const char *path, struct past *out, struct err *err);

#endif
