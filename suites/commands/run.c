/* run: scenarios are carried out one after the other; the worst exit code is the program's. */
#include "fixtures/base/buf.h"
#include "fixtures/base/log.h"
#include "reports/writers/terminal.h"
#include "reports/writers/writer.h"
#include "suites/commands/ci.h"
#include "suites/commands/command.h"
#include "suites/commands/replay_run.h"
#include "suites/commands/run_pack.h"
#include "suites/commands/run_store.h"
#include "suites/commands/variant_table.h"
#include "suites/commands/variants.h"
#include "suites/run/run.h"
#include "suites/run/trials.h"

#include <stdio.h>
#include <unistd.h>

/* Every format that has a place in the directory of a run. */
static int write_files(const struct result *result, struct err *err)
{
	const struct writer_options plain = {.width = 0};

	for (const struct writer *w = writers; w->name; w++) {
		struct buf text = {0};
		char path[1200];
		int rc;

		if (!w->file)
			continue;
		snprintf(path, sizeof(path), "%s/%s", result->dir, w->file);
		w->write(result, &plain, &text);
		rc = buf_write_file(&text, path, err);
		buf_release(&text);
		if (rc)
			return -1;
	}
	return 0;
}

/* An index only: what fails here is told, and the run is none the worse. */
static void enter_in_ledger(const struct run_options *options, const struct result *result)
{
	struct err err;
	struct ledger *ledger = ledger_open(options->runs, &err);

	if (!ledger || ledger_add(ledger, result, &err) ||
		run_store_write_page(ledger, options->runs, &err))
		log_warn("%s", err.text);
	ledger_close(ledger);
}

static int show(const struct args *args, const struct result *result, struct err *err)
{
	const struct writer *writer = writer_find(args_json(args) ? "json" : "console");
	struct writer_options options = {0};
	struct result shown = *result;
	struct buf out = {0};
	int rc;

	if (!args_json(args))
		shown.n_claims = 0; /* once, after the last trial */
	terminal_options(&options, COLOUR_AUTO, STDOUT_FILENO);
	options.colour = args_color(args, STDOUT_FILENO);
	writer->write(&shown, &options, &out);
	rc = print_out(&out, err);
	buf_release(&out);
	return rc;
}

static int read_options(
	const struct args *args, const char *path, struct run_options *options, struct err *err)
{
	bool terminal = isatty(STDERR_FILENO) && !args->values[OPTION_QUIET];

	*options = (struct run_options){
		.plan = {.path = path,
			.share = args->values[OPTION_SHARE],
			.variant = args->values[OPTION_VARIANT]},
		.engine = args->values[OPTION_ENGINE],
		.runs = args->values[OPTION_RUNS] ? args->values[OPTION_RUNS] : "regionproof-runs",
		.decisions = args->values[OPTION_DECISIONS] != NULL,
		.keep = args->values[OPTION_KEEP] != NULL,
		.status_line = terminal,
		.progress = !terminal && !args->values[OPTION_QUIET],
	};
	if (options->decisions && !options->engine)
		options->engine = "wire"; /* which alone decides for itself */
	options->live = args->values[OPTION_LIVE] != NULL;
	options->hold = args->values[OPTION_HOLD] != NULL;
	if (options->hold && !options->live && !isatty(STDIN_FILENO))
		return err_exit(err, EXIT_USAGE,
			"--hold waits for a person: it needs a terminal, or --live");
	if (args->values[OPTION_PORT] && !options->live)
		return err_exit(err, EXIT_USAGE, "--port is of the page that --live serves");
	if (args_port(args, &options->port, err))
		return -1;
	options->plan.has_seed = args->values[OPTION_SEED] != NULL;
	return options->plan.has_seed ? args_number(args, OPTION_SEED, &options->plan.seed, err)
				      : 0;
}

/* What is known of a scenario once it has run. */
struct ran {
	uint64_t repeat, seed; /* of its plan, for the trials after it */
	char dir[1024];        /* "": it came to no result */
};

static int run_trial(const struct args *args, const struct run_options *options,
	struct trials *trials, struct run_pack *pack, struct ran *ran, struct err *err)
{
	struct ci ci = {.section = (int)trials->n};
	struct buf errors = {0};
	struct result result;
	struct run run;
	int code = -1;

	ci_begin(&ci, &options->plan);
	if (run_scenario(&run, options, &result, err, &errors)) {
		fputs(buf_str(&errors), stderr);
		ci_end(&ci, NULL, err);
		run_release(&run);
		buf_release(&errors);
		return -1;
	}
	trials_add(trials, run.plan, &result);
	if (pack)
		run_pack_take(pack, run.plan, trials, &result);
	if (!write_files(&result, err) && !show(args, &result, err) && !ci_end(&ci, &result, err)) {
		enter_in_ledger(options, &result);
		code = result.exit_code;
		ran->repeat = run.plan->repeat;
		ran->seed = run.plan->seed;
		snprintf(ran->dir, sizeof(ran->dir), "%s", result.dir);
	}
	run_release(&run);
	buf_release(&errors);
	return code;
}

static bool goes_on(int code)
{
	return code == EXIT_OK || code == EXIT_EXPECTATION || code == EXIT_NO_VERDICT;
}

/* All trials of one scenario; with more than one, what they add up to. */
static int run_all(const struct args *args, struct run_options options, struct run_pack *pack,
	struct ran *ran, struct err *err)
{
	struct trials trials = {0};
	uint64_t first = 0;
	int worst = EXIT_OK, code = EXIT_OK;
	struct buf out = {0};

	*ran = (struct ran){.repeat = 1};
	for (unsigned i = 0; i < ran->repeat && goes_on(code); i++) {
		if (i) {
			options.plan.has_seed = true;
			options.plan.seed = trials_seed(first, i);
		}
		code = run_trial(args, &options, &trials, pack, ran, err);
		first = i ? first : ran->seed;
		worst = code < 0 ? -1 : verdict_worse_exit(worst, code);
	}
	/* trials that failed, or decided nothing, are what a pack's own table is about */
	if (pack && worst >= 0) {
		int claims = run_pack_end(pack, args, err);

		worst = claims < 0 ? -1 : goes_on(code) ? claims : verdict_worse_exit(code, claims);
	} else if (ran->repeat > 1 && worst >= 0 && !args_json(args)) {
		worst = verdict_worse_exit(worst, trials_print(&trials, &out));
		if (print_out(&out, err))
			worst = -1;
	}
	buf_release(&out);
	trials_release(&trials);
	return worst;
}

static bool was_stopped(int code)
{
	return code == EXIT_SIGINT || code == EXIT_SIGTERM;
}

/* What kept one from a result is told, and the others are run all the same. */
static int tell_error(struct err *err)
{
	int code = err_exit_code(err);

	fprintf(stderr, "regionproof: %s\n", err->text);
	*err = (struct err){0};
	return code;
}

/* All variants of one scenario, which are known to be sound, and what came of them. */
static int run_matrix(const struct args *args, struct run_options options,
	const struct variants *variants, struct err *err)
{
	struct variant_table table;
	int code = EXIT_OK;

	variant_table_init(&table, options.plan.path, variants);
	for (size_t i = 0; i < variants->n && !was_stopped(code); i++) {
		struct ran ran;

		options.plan.variant = variants->names[i];
		code = run_all(args, options, NULL, &ran, err);
		variant_table_set(&table, i, code < 0 ? tell_error(err) : code, ran.dir);
	}
	code = variant_table_show(&table, args, err);
	variant_table_release(&table);
	return code;
}

static int run_one(const struct args *args, const char *path, struct err *err)
{
	struct run_options options;
	struct variants variants;
	struct buf errors = {0};
	struct ran ran;
	int code = -1;

	if (read_options(args, path, &options, err))
		return -1;
	variants_open(&variants, &options.plan);
	if (!variants.all)
		code = run_all(args, options, NULL, &ran, err);
	else if (!variants_plan(&variants, options.plan, NULL, NULL, err, &errors))
		code = run_matrix(args, options, &variants, err);
	fputs(buf_str(&errors), stderr);
	buf_release(&errors);
	variants_release(&variants);
	return code;
}

/* One stored run again, and once: a replay is of one trial. */
static int run_again(const struct args *args, struct err *err)
{
	struct replay_run again = {0};
	struct run_options options;
	struct ran ran;
	int code = -1;

	if (!replay_run_load(&again, args, err) && !read_options(args, again.path, &options, err)) {
		replay_run_options(&again, &options);
		code = run_all(args, options, NULL, &ran, err);
	}
	replay_run_release(&again);
	return code;
}

static int run_claims(const struct args *args, struct err *err)
{
	struct run_options options;
	struct run_pack pack;
	struct ran ran;
	int code = -1;

	if (!run_pack_open(&pack, args, err) && !read_options(args, pack.path, &options, err)) {
		options.plan.text = pack.text;
		code = run_all(args, options, &pack, &ran, err);
	}
	run_pack_release(&pack);
	return code;
}

int cmd_run(const struct args *args, struct err *err)
{
	int worst = EXIT_OK;

	log_setup("", args->values[OPTION_VERBOSE] ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, -1);
	if (args->values[OPTION_REPLAY])
		return run_again(args, err);
	if (args->values[OPTION_PACK])
		return run_claims(args, err);
	if (args->values[OPTION_TRIALS])
		return err_exit(
			err, EXIT_USAGE, "--trials goes with --pack; a scenario says repeat: N");
	if (!args->n_operands)
		return err_exit(err, EXIT_USAGE,
			"run needs SCENARIO... or --replay RUN; see regionproof run --help");
	for (int i = 0; i < args->n_operands; i++) {
		int code = run_one(args, args->operands[i], err);

		if (code < 0 && args->n_operands == 1)
			return -1;
		if (code < 0)
			code = tell_error(err);
		worst = verdict_worse_exit(worst, code);
		if (was_stopped(code))
			break;
	}
	return worst;
}
