/* replay_run: a stored run as the scenario, seed and engine of a new one. */
#ifndef SUITES_COMMANDS_REPLAY_RUN_H
#define SUITES_COMMANDS_REPLAY_RUN_H

#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "suites/commands/command.h"
#include "suites/run/run.h"

#include <limits.h>

struct replay_run {
	struct arena arena;
	struct buf text;            /* of the scenario, as it was */
	const char *path, *variant; /* variant NULL: none */
	uint64_t seed;
	char dir[PATH_MAX];
};

/* EXIT_USAGE where there is no such run, or it kept no decisions, or another seed, engine or scenario is
 * asked for beside it. */
int replay_run_load(struct replay_run *again, const struct args *args, struct err *err);
/* What differs from the options of any run. */
void replay_run_options(const struct replay_run *again, struct run_options *options);
void replay_run_release(struct replay_run *again);

#endif
