#include "suites/commands/replay_run.h"
#include "chaos/engines/decisions.h"
#include "reports/result.h"
#include "reports/result_read.h"
#include "suites/commands/run_store.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (1 << 20)

static int check_alone(const struct args *args, struct err *err)
{
	const char *engine = args->values[OPTION_ENGINE];

	if (args->n_operands)
		return err_exit(err, EXIT_USAGE,
			"--replay takes the scenario from the run; leave \"%.60s\" out",
			args->operands[0]);
	if (args->values[OPTION_SEED])
		return err_exit(
			err, EXIT_USAGE, "--replay takes the seed from the run; leave --seed out");
	if (args->values[OPTION_VARIANT])
		return err_exit(err, EXIT_USAGE,
			"--replay takes the variant from the run; leave --variant out");
	if (engine && strcmp(engine, "wire") != 0)
		return err_exit(err, EXIT_USAGE,
			"only engine wire decides by packet index; leave --engine out");
	return 0;
}

static int check_decisions(const char *dir, struct err *err)
{
	char pattern[PATH_MAX + 32];
	glob_t found = {0};
	int rc;

	snprintf(pattern, sizeof(pattern), "%s/record/*/%s", dir, DECISIONS_FILE);
	rc = glob(pattern, GLOB_NOSORT, NULL, &found);
	globfree(&found);
	return rc
		? err_exit(err, EXIT_USAGE,
			  "the run in %.200s kept no decisions; run its scenario with --decisions",
			  dir)
		: 0;
}

int replay_run_load(struct replay_run *again, const struct args *args, struct err *err)
{
	struct result result;
	char path[PATH_MAX + 32], given[1024];

	if (check_alone(args, err) ||
		run_store_find_dir(args, args->values[OPTION_REPLAY], given, sizeof(given), err))
		return -1;
	if (!realpath(given, again->dir)) /* "latest" will be another one soon */
		return err_sys(err, "cannot find %s", given);
	if (check_decisions(again->dir, err) ||
		result_read(&again->arena, again->dir, &result, err))
		return -1;
	snprintf(path, sizeof(path), "%s/scenario.yaml", again->dir);
	again->path = result.path;
	again->seed = result.seed;
	again->variant = result.variant;
	return buf_read_file(&again->text, path, TEXT_MAX, err);
}

void replay_run_options(const struct replay_run *again, struct run_options *options)
{
	options->plan.text = buf_str(&again->text);
	options->plan.has_seed = true;
	options->plan.seed = again->seed;
	options->plan.variant = again->variant;
	options->engine = "wire";
	options->decisions = true;
	options->replay = again->dir;
}

void replay_run_release(struct replay_run *again)
{
	buf_release(&again->text);
	arena_release(&again->arena);
}
