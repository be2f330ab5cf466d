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

struct format {
	const char *name;
	const char *help;
	/* text[len] is NUL. Sentences begin with "line N, column M: " or "line N: ". */
	int (*read_text)(struct arena *arena, const char *text, size_t len, struct past *out,
		struct err *err);
	/* The other kind: a path, such as a directory. */
	int (*read_path)(struct arena *arena, const char *path, struct past *out, struct err *err);
	unsigned
		memory_per_byte; /* of text, until it is judged; 0: read_path asks for room itself */
};

/* Ends with a row whose name is NULL. */
extern const struct format formats[];
const struct format *format_find(const char *name);
/* Nothing is sorted on disk: a text that would take more than `available` bytes of memory is refused
 * with its numbers and EXIT_MACHINE, before it is read. */
int format_check_room(
	const struct format *format, const char *path, uint64_t available, struct err *err);
/* What cannot be read is one sentence with file and place, and EXIT_SCENARIO; what there is no room for
 * has EXIT_MACHINE. A history may be empty. */
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
