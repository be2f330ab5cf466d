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
		.plan = {.path = path, .share = args->values[OPTION_SHARE]},
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

/* One trial. *repeat and *seed come from its plan, for the trials after it. */
static int run_trial(const struct args *args, const struct run_options *options,
	struct trials *trials, struct run_pack *pack, uint64_t *repeat, uint64_t *seed,
	struct err *err)
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
		*repeat = run.plan->repeat;
		*seed = run.plan->seed;
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
static int run_all(
	const struct args *args, struct run_options options, struct run_pack *pack, struct err *err)
{
	struct trials trials = {0};
	uint64_t repeat = 1, first = 0, seed = 0;
	int worst = EXIT_OK, code = EXIT_OK;
	struct buf out = {0};

	for (unsigned i = 0; i < repeat && goes_on(code); i++) {
		if (i) {
			options.plan.has_seed = true;
			options.plan.seed = trials_seed(first, i);
		}
		code = run_trial(args, &options, &trials, pack, &repeat, &seed, err);
		first = i ? first : seed;
		worst = code < 0 ? -1 : verdict_worse_exit(worst, code);
	}
	/* trials that failed, or decided nothing, are what a pack's own table is about */
	if (pack && worst >= 0) {
		int claims = run_pack_end(pack, args, err);

		worst = claims < 0 ? -1 : goes_on(code) ? claims : verdict_worse_exit(code, claims);
	} else if (repeat > 1 && worst >= 0 && !args_json(args)) {
		worst = verdict_worse_exit(worst, trials_print(&trials, &out));
		if (print_out(&out, err))
			worst = -1;
	}
	buf_release(&out);
	trials_release(&trials);
	return worst;
}

static int run_one(const struct args *args, const char *path, struct err *err)
{
	struct run_options options;

	return read_options(args, path, &options, err) ? -1 : run_all(args, options, NULL, err);
}

/* One stored run again, and once: a replay is of one trial. */
static int run_again(const struct args *args, struct err *err)
{
	struct replay_run again = {0};
	struct run_options options;
	int code = -1;

	if (!replay_run_load(&again, args, err) && !read_options(args, again.path, &options, err)) {
		replay_run_options(&again, &options);
		code = run_all(args, options, NULL, err);
	}
	replay_run_release(&again);
	return code;
}

static int run_claims(const struct args *args, struct err *err)
{
	struct run_options options;
	struct run_pack pack;
	int code = -1;

	if (!run_pack_open(&pack, args, err) && !read_options(args, pack.path, &options, err)) {
		options.plan.text = pack.text;
		code = run_all(args, options, &pack, err);
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
		if (code < 0) {
			fprintf(stderr, "regionproof: %s\n", err->text);
			code = err_exit_code(err);
			*err = (struct err){0};
		}
		worst = verdict_worse_exit(worst, code);
		if (code == EXIT_SIGINT || code == EXIT_SIGTERM)
			break;
	}
	return worst;
}
