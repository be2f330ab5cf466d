/*
 * result_read: a stored run as the result that its writers read.
 */
#ifndef REPORTS_RESULT_READ_H
#define REPORTS_RESULT_READ_H

#include "fixtures/base/err.h"

struct arena;
struct buf;
struct result;

/* From run.json and series.json in dir; without the latter there is nothing to draw, but all to
 * tell. Everything lives in the arena. A directory that holds no run, or one of another schema, is
 * refused. */
int result_read(struct arena *arena, const char *dir, struct result *out, struct err *err);

/* The same from the texts themselves; series NULL: there is none. */
int result_parse(struct arena *arena, const struct buf *run, const struct buf *series,
	struct result *out, struct err *err);

#endif
