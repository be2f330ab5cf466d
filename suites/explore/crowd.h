/*
 * crowd: several tryouts at once, each in a process of its own.
 *
 * A run mostly waits, so two or three share a processor well as long as nobody claims times. The
 * child sends what came of its run as lines through a pipe. Ctrl-C and SIGTERM are passed on to all
 * of them, and each cleans up behind itself as `run` does.
 */
#ifndef SUITES_EXPLORE_CROWD_H
#define SUITES_EXPLORE_CROWD_H

#include "suites/explore/tryout.h"

#define CROWD_MAX 16

/* texts[i] is written to `i.yaml` below options->runs, and run in `i` there; outs[i] is what came of
 * it. One that could not be run has no expectations, its exit code and the sentence. -1: they could
 * not be started. */
int crowd_run(struct arena *arena, const struct tryout_options *options, const struct buf *texts,
	unsigned n, struct tryout *outs, struct err *err);

#endif
