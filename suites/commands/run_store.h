/* run_store: what the commands about stored runs begin with. */
#ifndef SUITES_COMMANDS_RUN_STORE_H
#define SUITES_COMMANDS_RUN_STORE_H

#include "reports/ledger.h"
#include "suites/commands/command.h"

struct plan;

/* --runs, or ./regionproof-runs. */
const char *run_store_dir(const struct args *args);
/* The ledger of that store, in step with it. EXIT_USAGE where there is no store. */
struct ledger *run_store_open(const struct args *args, struct err *err);
/* A run by its name, its directory or "latest"; EXIT_USAGE where there is none. */
int run_store_find(struct ledger *ledger, const struct args *args, const char *name,
	struct arena *arena, struct ledger_run *run, struct err *err);
/* The directory of a run: one as it stands, else a run of the store by its name or "latest". */
int run_store_find_dir(
	const struct args *args, const char *run, char *dir, size_t size, struct err *err);
/* What a stored run did, built again from what it keeps. The caller frees; NULL where that cannot be read. */
struct plan *run_store_plan(const char *dir, const char *share, struct err *err);
/* "2026-06-07 10:15", UTC. */
const char *run_store_time(struct arena *arena, uint64_t wall_ns);
/* The word for a run's exit code. */
const char *run_store_word(int exit_code);
/* index.html beside the runs, as the ledger has them now. */
int run_store_write_page(struct ledger *ledger, const char *runs, struct err *err);

#endif
