/*
 * abort_if: the conditions that end a run early, looked at whenever a region tells how it does.
 *
 * A condition holds in a region while each of its periods, without a break, crosses the line; it fires when that
 * has lasted its time, counted from the beginning of the first such period. A period in which nothing ended
 * (no operation, no answer) neither crosses nor ends it: no news is no bad news, and no good news.
 */
#ifndef SUITES_LIVE_ABORT_IF_H
#define SUITES_LIVE_ABORT_IF_H

#include "fixtures/base/arena.h"

struct abort_if;
struct plan;
struct vitals;

struct abort_if *abort_if_new(struct arena *arena, const struct plan *plan);
/* A region has told: the sentence of the condition that fires now, in the arena, or NULL. */
const char *abort_if_look(
	struct abort_if *state, struct arena *arena, const struct vitals *vitals, unsigned region);

#endif
