#include "suites/commands/run_store.h"
#include "fixtures/base/buf.h"
#include "reports/ledger_page.h"
#include "reports/result.h"
#include "reports/result_read.h"
#include "suites/plan.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

const char *run_store_dir(const struct args *args)
{
	return args->values[OPTION_RUNS] ? args->values[OPTION_RUNS] : "regionproof-runs";
}

struct ledger *run_store_open(const struct args *args, struct err *err)
{
	const char *dir = run_store_dir(args);
	struct ledger *ledger;
	struct stat st;

	if (stat(dir, &st) || !S_ISDIR(st.st_mode)) {
		err_exit(err, EXIT_USAGE,
			"there is no run store %.200s; run a scenario first, or name one with --runs",
			dir);
		return NULL;
	}
	ledger = ledger_open(dir, err);
	if (!ledger)
		return NULL;
	if (!ledger_sync(ledger, err))
		return ledger;
	ledger_close(ledger);
	return NULL;
}

int run_store_find(struct ledger *ledger, const struct args *args, const char *name,
	struct arena *arena, struct ledger_run *run, struct err *err)
{
	char last[256];
	size_t len = strlen(name);
	bool found;

	while (len && name[len - 1] == '/')
		len--;
	snprintf(last, sizeof(last), "%.*s", (int)len, name);
	if (strrchr(last, '/'))
		memmove(last, strrchr(last, '/') + 1, strlen(strrchr(last, '/')));
	if (ledger_find(ledger, last, arena, run, &found, err))
		return -1;
	return found ? 0
		     : err_exit(err, EXIT_USAGE,
			       "there is no run \"%.200s\" in %.200s (regionproof runs lists them)",
			       name, run_store_dir(args));
}

static bool is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

int run_store_find_dir(
	const struct args *args, const char *run, char *dir, size_t size, struct err *err)
{
	const char *runs = run_store_dir(args);

	snprintf(dir, size, "%s", run);
	if (strchr(run, '/') && is_dir(dir))
		return 0;
	if (snprintf(dir, size, "%s/%s", runs, run) < (int)size && is_dir(dir))
		return 0;
	snprintf(dir, size, "%s", run);
	if (is_dir(dir))
		return 0;
	return err_exit(err, EXIT_USAGE, "there is no run \"%.200s\" in %.200s", run, runs);
}

/* A run that broke off before its result was written has no variant that is known. */
struct plan *run_store_plan(const char *dir, const char *share, struct err *err)
{
	char scenario[1200];
	struct plan_options options = {.path = scenario, .share = share};
	struct arena arena = {0};
	struct buf errors = {0};
	struct result result;
	struct plan *plan;

	snprintf(scenario, sizeof(scenario), "%s/scenario.yaml", dir);
	if (!result_read(&arena, dir, &result, err))
		options.variant = result.variant;
	plan = plan_build(&options, false, err, &errors);
	buf_release(&errors);
	arena_release(&arena);
	return plan;
}

const char *run_store_time(struct arena *arena, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / 1000000000);
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	return arena_strdup(arena, text);
}

const char *run_store_word(int exit_code)
{
	switch (exit_code) {
	case EXIT_OK:
		return "pass";
	case EXIT_EXPECTATION:
		return "fail";
	case EXIT_NO_VERDICT:
		return "no verdict";
	case EXIT_NOT_STEADY:
		return "not steady";
	case EXIT_ABORTED:
		return "aborted";
	case EXIT_CLEANUP:
		return "not clean";
	case EXIT_SIGINT:
	case EXIT_SIGTERM:
		return "interrupted";
	default:
		return "error";
	}
}

int run_store_write_page(struct ledger *ledger, const char *runs, struct err *err)
{
	struct buf page = {0}, css = {0};
	char path[1100];
	int rc = ledger_page(ledger, &page, err);

	ledger_page_style(&css);
	if (!rc) {
		snprintf(path, sizeof(path), "%s/index.css", runs);
		rc = buf_write_file(&css, path, err);
	}
	if (!rc) {
		snprintf(path, sizeof(path), "%s/index.html", runs);
		rc = buf_write_file(&page, path, err);
	}
	buf_release(&page);
	buf_release(&css);
	return rc;
}
