/*
 * prune: the store keeps its newest runs, and of each scenario the last passing drill however old it
 * is, since `drills` asks for it. Runs that are going on have no run.json and are not touched.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/tree.h"
#include "suites/commands/run_store.h"

#include <stdio.h>
#include <string.h>

/* runs: newest first; has an earlier one of the list the same scenario's last passing drill? */
static bool is_last_drill(const struct ledger_run *runs, size_t i)
{
	if (!runs[i].drill || runs[i].exit_code != EXIT_OK)
		return false;
	for (size_t k = 0; k < i; k++) {
		if (runs[k].drill && runs[k].exit_code == EXIT_OK &&
			!strcmp(runs[k].scenario, runs[i].scenario))
			return false;
	}
	return true;
}

/* Out of sight in one step, so that nobody sees half a run; then away. */
static int remove_run(struct ledger *ledger, const char *store, const char *run, struct err *err)
{
	char from[1400], to[1400];

	snprintf(from, sizeof(from), "%s/%s", store, run);
	snprintf(to, sizeof(to), "%s/.pruned-%s", store, run);
	if (rename(from, to))
		return err_sys(err, "cannot remove %s", from);
	return ledger_forget(ledger, run, err) || tree_remove(to, err) ? -1 : 0;
}

static int prune(struct ledger *ledger, const struct args *args, struct arena *arena, uint64_t keep,
	struct err *err)
{
	struct ledger_filter all = {
		.scenario = args->values[OPTION_SCENARIO], .variants = true, .exit_code = -1};
	const char *store = run_store_dir(args);
	struct ledger_run *runs;
	size_t n, removed = 0, spared = 0;

	if (ledger_runs(ledger, &all, arena, &runs, &n, err))
		return -1;
	for (size_t i = (size_t)keep; i < n; i++) {
		if (is_last_drill(runs, i))
			spared++;
		else if (remove_run(ledger, store, runs[i].name, err))
			return -1;
		else
			removed++;
	}
	printf("%zu runs removed, %zu kept%s\n", removed, n - removed,
		spared ? ", among them older drills that are the last to have passed" : "");
	return run_store_write_page(ledger, store, err);
}

int cmd_prune(const struct args *args, struct err *err)
{
	struct ledger *ledger;
	struct arena arena = {0};
	uint64_t keep = 0;
	int rc;

	if (!args->values[OPTION_KEEP_RUNS])
		return err_exit(err, EXIT_USAGE, "say how many runs stay: --keep N");
	if (args_number(args, OPTION_KEEP_RUNS, &keep, err))
		return -1;
	ledger = run_store_open(args, err);
	if (!ledger)
		return -1;
	rc = prune(ledger, args, &arena, keep, err);
	arena_release(&arena);
	ledger_close(ledger);
	return rc;
}
