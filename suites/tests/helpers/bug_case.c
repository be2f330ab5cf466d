#include "suites/tests/helpers/bug_case.h"
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "suites/tests/helpers/server.h"

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESULT_MAX ((size_t)64 << 20)
#define LOG_MAX ((size_t)16 << 20)
#define REPLACED_MAX 2

/* ---- running ----------------------------------------------------------------------------- */

static const char *scenario_of(const struct bug_case *one)
{
	if (one->mesh)
		return "suites/scenarios/active-active.yaml";
	return one->calm ? "suites/tests/selftest/calm.yaml" : "suites/tests/selftest/bugs.yaml";
}

static void exec_run(const struct bug_case *one)
{
	char bug[128] = "", seed[32], out[512];
	int fd;

	if (strcmp(one->bug, BUG_NONE))
		snprintf(bug, sizeof(bug), "%s=1/%u", one->bug, one->rarity);
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)one->seed);
	snprintf(out, sizeof(out), "%s/out", one->dir);
	fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 || setenv("BUG", bug, 1))
		_exit(127);
	execl(server_of_build("regionproof"), "regionproof", "run", "--quiet", "--share",
		"fixtures", "--runs", one->dir, "--seed", seed, scenario_of(one), (char *)NULL);
	_exit(127);
}

static void start(struct arena *arena, const char *dir, struct bug_case *one)
{
	one->dir = arena_printf(arena, "%s/%s-%u-%llu%s", dir, one->bug, one->rarity,
		(unsigned long long)one->seed,
		one->calm           ? "-calm"
			: one->mesh ? "-mesh"
				    : "");
	mkdir(one->dir, 0755);
	fflush(NULL);
	one->pid = fork();
	if (!one->pid)
		exec_run(one);
}

/* ---- what came out ----------------------------------------------------------------------- */

/* Last line of "bug NAME fired F of N" in each node's log. */
static void count_opportunities(struct bug_case *one)
{
	char pattern[512];
	glob_t logs;

	snprintf(pattern, sizeof(pattern), "%s/latest/record/*/store.log", one->dir);
	if (glob(pattern, 0, NULL, &logs))
		return;
	for (size_t i = 0; i < logs.gl_pathc; i++) {
		unsigned long long fired = 0, of = 0;
		struct buf text = {0};
		struct err err;

		buf_read_file(&text, logs.gl_pathv[i], LOG_MAX, &err);
		for (const char *at = buf_str(&text); (at = strstr(at, " fired ")); at++)
			sscanf(at, " fired %llu of %llu", &fired, &of);
		one->fired += fired;
		one->opportunities += of;
		buf_release(&text);
	}
	globfree(&logs);
}

static enum bug_outcome_kind kind_of(const char *verdict)
{
	if (!strcmp(verdict, "fail"))
		return BUG_FOUND;
	return strcmp(verdict, "pass") && strcmp(verdict, "warn") ? BUG_NO_VERDICT : BUG_SILENT;
}

static struct bug_outcome *outcome_of(struct arena *arena, struct bug_case *one, const char *metric)
{
	struct bug_outcome *outcome;

	for (size_t i = 0; i < one->n_outcomes; i++) {
		if (!strcmp(one->outcomes[i].metric, metric))
			return &one->outcomes[i];
	}
	outcome = ARENA_PUSH(arena, one->outcomes, one->n_outcomes);
	*outcome = (struct bug_outcome){.metric = arena_strdup(arena, metric)};
	return outcome;
}

/* Of several expectations of a metric a failure counts most, then a missing verdict. */
static void take_expectation(struct arena *arena, struct bug_case *one, const struct jv *expect)
{
	struct bug_outcome *outcome = outcome_of(arena, one, jv_str(jv_get(expect, "metric"), ""));
	enum bug_outcome_kind kind = kind_of(jv_str(jv_get(expect, "verdict"), ""));
	uint64_t findings = (uint64_t)jv_int(jv_get(expect, "findings"), 0);

	if (findings > outcome->findings && kind == BUG_FOUND)
		outcome->findings = findings;
	if (kind == BUG_SILENT || outcome->kind == BUG_FOUND)
		return;
	if (kind == BUG_FOUND || outcome->kind == BUG_SILENT)
		outcome->why =
			arena_strdup(arena, jv_str(jv_get(expect, "why"), "beyond its bound"));
	outcome->kind = kind;
}

static void read_result(struct arena *arena, struct bug_case *one, int status)
{
	struct buf text = {0};
	struct err err;
	struct jv *run = NULL;
	char path[512];
	const struct jv *expects;

	snprintf(path, sizeof(path), "%s/latest/run.json", one->dir);
	if (!buf_read_file(&text, path, RESULT_MAX, &err))
		run = jv_parse(buf_str(&text), text.len, RESULT_MAX, &err);
	expects = jv_get(run, "expectations");
	for (size_t i = 0; i < jv_count(expects); i++)
		take_expectation(arena, one, jv_at(expects, i));
	if (!run)
		one->problem = arena_printf(arena, "ended with status %d and without a result: %s",
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), err.text);
	else if (!one->n_outcomes || WEXITSTATUS(status) > EXIT_NO_VERDICT)
		one->problem = arena_printf(arena, "ended with status %d: %s", WEXITSTATUS(status),
			jv_str(jv_get(run, "error"), "no sentence"));
	jv_free(run);
	buf_release(&text);
}

/* ---- against the table ------------------------------------------------------------------- */

const struct bug_outcome *bug_case_outcome(const struct bug_case *one, const char *metric)
{
	for (size_t i = 0; i < one->n_outcomes; i++) {
		if (!strcmp(one->outcomes[i].metric, metric))
			return &one->outcomes[i];
	}
	return NULL;
}

enum bug_word bug_case_word(
	const struct bug_table *table, const struct bug_case *one, const char *metric)
{
	enum bug_word word = bug_table_word(table, one->bug, metric);

	if (one->rarity > 1 && !one->fired)
		return BUG_NEVER;
	return one->rarity > 1 && word == BUG_MUST ? BUG_MAY : word;
}

bool bug_outcome_breaks(enum bug_word word, const struct bug_outcome *outcome)
{
	return (word == BUG_MUST && outcome->kind == BUG_SILENT) ||
		(word == BUG_NEVER && outcome->kind == BUG_FOUND);
}

static bool is_decided(const struct bug_case *one)
{
	for (size_t i = 0; i < one->n_outcomes; i++) {
		if (one->outcomes[i].kind == BUG_NO_VERDICT)
			return false;
	}
	return !one->problem;
}

static bool obeys(const struct bug_table *table, const struct bug_case *one)
{
	for (size_t i = 0; i < one->n_outcomes; i++) {
		const struct bug_outcome *outcome = &one->outcomes[i];

		if (bug_outcome_breaks(bug_case_word(table, one, outcome->metric), outcome))
			return false;
	}
	return true;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void finish(
	struct arena *arena, const struct bug_table *table, struct bug_case *one, int status)
{
	read_result(arena, one, status);
	count_opportunities(one);
	one->obeys = obeys(table, one);
	one->pid = 0;
	if (one->obeys && is_decided(one))
		nftw(one->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void wait_for_one(
	struct arena *arena, const struct bug_table *table, struct bug_case **cases, size_t n)
{
	int status;
	pid_t pid = wait(&status);

	for (size_t i = 0; i < n && pid > 0; i++) {
		if (cases[i]->pid == pid)
			finish(arena, table, cases[i], status);
	}
}

static void run_these(struct arena *arena, const struct bug_table *table, const char *dir,
	struct bug_case **cases, size_t n, unsigned at_once)
{
	size_t running = 0;

	for (size_t i = 0; i < n; i++) {
		if (running == at_once) {
			wait_for_one(arena, table, cases, i);
			running--;
		}
		start(arena, dir, cases[i]);
		running++;
	}
	for (; running; running--)
		wait_for_one(arena, table, cases, n);
}

bool bug_case_is_spoilt(const struct bug_table *table, const struct bug_case *one)
{
	size_t missing = 0;

	if (!one->obeys)
		return false;
	for (size_t i = 0; i < one->n_outcomes; i++) {
		const struct bug_outcome *outcome = &one->outcomes[i];

		if (outcome->kind != BUG_NO_VERDICT)
			continue;
		if (bug_case_word(table, one, outcome->metric) == BUG_MUST)
			return true;
		missing++;
	}
	return one->problem || missing * 3 > one->n_outcomes;
}

static const char *reason_of(const struct bug_case *one)
{
	for (size_t i = 0; i < one->n_outcomes && !one->problem; i++) {
		if (one->outcomes[i].kind == BUG_NO_VERDICT)
			return one->outcomes[i].why;
	}
	return one->problem;
}

static void replace(struct bug_case *one, size_t seeds)
{
	*one = (struct bug_case){.bug = one->bug,
		.rarity = one->rarity,
		.seed = one->seed + seeds,
		.calm = one->calm,
		.mesh = one->mesh,
		.replaced = one->replaced + 1,
		.spoilt = reason_of(one)};
}

void bug_cases_run(struct arena *arena, const struct bug_table *table, const char *dir,
	struct bug_case *cases, size_t n, unsigned at_once)
{
	struct bug_case **list = arena_alloc(arena, n * sizeof(struct bug_case *));
	size_t left = n;

	mkdir(dir, 0755);
	for (size_t i = 0; i < n; i++)
		list[i] = &cases[i];
	run_these(arena, table, dir, list, n, at_once);
	for (unsigned round = 0; round < REPLACED_MAX && left; round++) {
		left = 0;
		for (size_t i = 0; i < n; i++) {
			if (!bug_case_is_spoilt(table, &cases[i]))
				continue;
			replace(&cases[i], n);
			list[left++] = &cases[i];
		}
		run_these(arena, table, dir, list, left, 1);
	}
}
