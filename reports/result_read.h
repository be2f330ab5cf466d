/*
 * result_read: a stored run as the result that its writers read.
 */
#ifndef REPORTS_RESULT_READ_H
#define REPORTS_RESULT_READ_H

#include "fixtures/base/err.h"

struct arena;
struct result;

/* From run.json and series.json in dir; without the latter there is nothing to draw, but all to
 * tell. Everything lives in the arena. A directory that holds no run, or one of another schema, is
 * refused. */
int result_read(struct arena *arena, const char *dir, struct result *out, struct err *err);

#endif
