/* run_pack: the part of `run` that knows claims. */
#ifndef SUITES_COMMANDS_RUN_PACK_H
#define SUITES_COMMANDS_RUN_PACK_H

#include "reports/result.h"
#include "suites/commands/command.h"
#include "suites/pack.h"
#include "suites/run/trials.h"

struct run_pack {
	struct arena arena;
	struct pack pack;
	uint64_t trials;
	const char *path, *text; /* of the scenario with the claims in it */
	const struct result_claim *claims;
	size_t n_claims;
	char dir[1200]; /* of the last run */
};

/* --pack NAME [SCENARIO] [--trials N] */
int run_pack_open(struct run_pack *own, const struct args *args, struct err *err);
/* After each trial: the table so far, into the result's report too. */
void run_pack_take(struct run_pack *own, const struct plan *plan, const struct trials *trials,
	struct result *result);
/* The table, on the console and as claims.json beside the last report; the exit code of the claims. */
int run_pack_end(struct run_pack *own, const struct args *args, struct err *err);
void run_pack_release(struct run_pack *own);

#endif
