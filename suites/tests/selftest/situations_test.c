/*
 * Bad situations, and a good one with little: each ends with its sentence and its exit code, and
 * nothing is left behind. Every run is made in a yard (helpers/yard.h) of its own; all at the start, some
 * at a time.
 *
 * runner: timeout 300, steady
 */
#include "suites/tests/helpers/yard.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/err.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SCENARIO "suites/tests/selftest/kills.yaml"
#define DEMO "suites/scenarios/demo-pass.yaml"
#define LIMIT_NS (60 * NSEC_PER_SEC)
#define AT_ONCE 4
#define ORDINARY 4242 /* a uid without any privilege */

enum situation {
	CTRL_C,
	ASKED_TO_END,
	ABORTED,
	NODE_EXITS,
	NODE_NEVER_READY,
	NO_SUCH_PROGRAM,
	NO_PRIVILEGE,
	NO_RUN_STORE,
	NO_ENGINE,
	ORDINARY_USER,
	SITUATIONS
};

/* How one is made, and what has to come out. */
static const struct {
	int exit;
	const char *sentence;
	const char *command; /* of the one node, where the system is a recipe of our own */
	const char *run_store, *engine;
	uid_t uid;
	int signal;   /* sent while the primary is cut off */
	bool aborted; /* by another process, then */
	bool no_user_namespaces;
	bool report; /* run.json is there afterwards */
} cases[SITUATIONS] = {
	[CTRL_C] = {.exit = EXIT_SIGINT,
		.signal = SIGINT,
		.sentence = "interrupted",
		.report = true},
	[ASKED_TO_END] = {.exit = EXIT_SIGTERM,
		.signal = SIGTERM,
		.sentence = "interrupted",
		.report = true},
	[ABORTED] = {.exit = EXIT_SIGTERM,
		.aborted = true,
		.sentence = "interrupted",
		.report = true},
	[NODE_EXITS] = {.exit = EXIT_NOT_STEADY,
		.command = "[sh, -c, \"echo the port is taken; exit 3\"]",
		.sentence = "did not come up: it exited with status 3; its last words: the port is "
			    "taken",
		.report = true},
	[NODE_NEVER_READY] = {.exit = EXIT_NOT_STEADY,
		.command = "[sleep, \"1000\"]",
		.sentence = "was not ready after 1.0 s",
		.report = true},
	[NO_SUCH_PROGRAM] = {.exit = EXIT_MACHINE,
		.command = "[no-such-program]",
		.sentence = "no-such-program"},
	[NO_PRIVILEGE] = {.exit = EXIT_MACHINE,
		.uid = ORDINARY,
		.no_user_namespaces = true,
		.sentence = "user.max_user_namespaces"},
	[NO_RUN_STORE] = {.exit = EXIT_MACHINE,
		.run_store = "/proc/no/such",
		.sentence = "cannot create the run store /proc/no/such"},
	[NO_ENGINE] = {.exit = EXIT_MACHINE,
		.engine = "netem",
		.sentence = "engine netem cannot be used"},
	[ORDINARY_USER] = {.exit = EXIT_OK,
		.uid = ORDINARY,
		.sentence = "privilege user namespace",
		.report = true},
};

struct outcome {
	bool done, ended, clean, report;
	int status;
	struct yard_left left;
	char output[6000];
};

static struct outcome *outcomes;
static const char *program, *scenario, *demo;
static bool possible;

static const char *env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

/* ---- in the yard ---------------------------------------------------------------------------- */

static void write_file(const char *path, const struct buf *text)
{
	struct err err;

	if (buf_write_file(text, path, &err))
		abort();
}

/* A recipe with one node a region, and the scenario with it in the place of its own. */
static const char *write_recipe(const char *command)
{
	struct buf recipe = {0}, text = {0};
	struct err err;
	char *at, *line;

	mkdir("/run/share", 0755);
	mkdir("/run/share/systems", 0755);
	buf_printf(&recipe,
		"recipe: tiny\nversion: 1\nabout: One node that does what it is told.\n"
		"driver: http-kv\nnodes:\n  - name: one\n    port: 8080\n    endpoint: yes\n"
		"    command: %s\n    ready: { tcp: yes, within: 1s }\n",
		command);
	write_file("/run/share/systems/tiny.yaml", &recipe);
	if (buf_read_file(&text, scenario, 1 << 20, &err))
		abort();
	buf_clear(&recipe);
	for (at = text.data; (line = strsep(&at, "\n"));) {
		if (strstr(line, "  recipe:"))
			line = "  recipe: tiny";
		if (!strstr(line, "topology:"))
			buf_printf(&recipe, "%s\n", line);
	}
	write_file("/run/tiny.yaml", &recipe);
	buf_release(&recipe);
	buf_release(&text);
	return "/run/tiny.yaml";
}

static void become(uid_t uid)
{
	if (mkdir(YARD_HOME, 0700) || chown(YARD_HOME, uid, uid) || chown(YARD_RUNS, uid, uid) ||
		chmod("/run", 0755))
		abort();
}

static bool has_report(void)
{
	return access(YARD_RUNS "/latest/run.json", R_OK) == 0 &&
		access(YARD_RUNS "/latest/junit.xml", R_OK) == 0;
}

static void disturb(enum situation s, pid_t pid, uint64_t deadline)
{
	const char *const abort_argv[] = {program, "abort", NULL};
	int status;

	while (!yard_printed("partition us-east") && clock_now_ns() < deadline)
		clock_sleep_until_ns(clock_now_ns() + 5 * NSEC_PER_MSEC);
	if (cases[s].signal)
		kill(pid, cases[s].signal);
	else
		yard_wait(yard_start(abort_argv, 0), deadline, &status);
}

static int carry_out(struct yard *yard, void *arg)
{
	struct outcome *outcome = arg;
	enum situation s = (enum situation)(outcome - outcomes);
	const char *argv[12] = {
		program, "run", s == ORDINARY_USER ? demo : scenario, "--runs", YARD_RUNS};
	uint64_t deadline = clock_now_ns() + LIMIT_NS;
	unsigned n = 5;
	pid_t pid;

	if (cases[s].command) {
		argv[2] = write_recipe(cases[s].command);
		argv[n++] = "--share";
		argv[n++] = "/run/share";
	}
	if (cases[s].run_store)
		argv[4] = cases[s].run_store;
	if (cases[s].engine) {
		argv[n++] = "--engine";
		argv[n++] = cases[s].engine;
	}
	if (cases[s].uid)
		become(cases[s].uid);
	if (cases[s].no_user_namespaces)
		yard_forbid_user_namespaces();
	pid = yard_start(argv, cases[s].uid);
	if (cases[s].signal || cases[s].aborted)
		disturb(s, pid, deadline);
	outcome->ended = yard_wait(pid, deadline, &outcome->status);
	outcome->clean =
		yard_wait_clean(yard, clock_now_ns() + yard_clean_limit_ns(), &outcome->left);
	outcome->report = has_report();
	yard_output(outcome->output, sizeof(outcome->output));
	outcome->done = true;
	return 0;
}

/* ---- outside ---------------------------------------------------------------------------------- */

static int carry_out_all(void **state)
{
	unsigned running = 0;

	(void)state;
	possible = yard_possible();
	for (unsigned s = 0; s < SITUATIONS && possible; s++) {
		/* The last one is to pass, and its verdict wants a machine that is not busy. */
		while ((running == AT_ONCE || (running && s == ORDINARY_USER)) && wait(NULL) > 0)
			running--;
		if (yard_fork(carry_out, &outcomes[s]) > 0)
			running++;
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

static void check(enum situation s)
{
	const struct outcome *outcome = &outcomes[s];
	char left[600];

	if (!possible || (cases[s].uid && geteuid())) {
		print_message("skip: %s\n",
			possible ? "only root can become another user"
				 : "user namespaces may not be made here");
		skip();
	}
	yard_describe(&outcome->left, left, sizeof(left));
	print_message("# wait status %d, left: %s\n", outcome->status, left);
	yard_tell(outcome->output);
	assert_true(outcome->done && outcome->ended);
	assert_true(WIFEXITED(outcome->status));
	if (s == ORDINARY_USER && WEXITSTATUS(outcome->status) == EXIT_NO_VERDICT &&
		outcome->clean) {
		print_message("skip: this machine is too busy for a verdict\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(outcome->status), cases[s].exit);
	assert_non_null(strstr(outcome->output, cases[s].sentence));
	assert_true(outcome->clean);
	assert_int_equal(outcome->report, cases[s].report);
}

#define TEST_OF(situation, name)                                                                   \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		check(situation);                                                                  \
	}

TEST_OF(CTRL_C, ctrl_c_heals_and_reports)
TEST_OF(ASKED_TO_END, sigterm_heals_and_reports)
TEST_OF(ABORTED, abort_heals_and_reports)
TEST_OF(NODE_EXITS, node_that_exits_is_told_with_its_last_words)
TEST_OF(NODE_NEVER_READY, node_that_is_never_ready_is_told)
TEST_OF(NO_SUCH_PROGRAM, missing_program_is_told_before_anything_starts)
TEST_OF(NO_PRIVILEGE, without_privilege_the_administrators_line_is_told)
TEST_OF(NO_RUN_STORE, unwritable_run_store_is_told)
TEST_OF(ORDINARY_USER, demo_passes_as_an_ordinary_user)

static void forced_engine_that_does_not_work_is_told(void **state)
{
	(void)state;
	if (possible && WIFEXITED(outcomes[NO_ENGINE].status) &&
		WEXITSTATUS(outcomes[NO_ENGINE].status) != EXIT_MACHINE &&
		!strstr(outcomes[NO_ENGINE].output, "cannot be used")) {
		print_message("skip: this kernel has sch_netem\n");
		skip();
	}
	check(NO_ENGINE);
}

int main(void)
{
	char path[600];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ctrl_c_heals_and_reports),
		cmocka_unit_test(sigterm_heals_and_reports),
		cmocka_unit_test(abort_heals_and_reports),
		cmocka_unit_test(node_that_exits_is_told_with_its_last_words),
		cmocka_unit_test(node_that_is_never_ready_is_told),
		cmocka_unit_test(missing_program_is_told_before_anything_starts),
		cmocka_unit_test(without_privilege_the_administrators_line_is_told),
		cmocka_unit_test(unwritable_run_store_is_told),
		cmocka_unit_test(forced_engine_that_does_not_work_is_told),
		cmocka_unit_test(demo_passes_as_an_ordinary_user),
	};

	/* Absolute: an ordinary user starts from a directory of his own. */
	snprintf(path, sizeof(path), "%s/regionproof", env("REGIONPROOF_BUILD", "build"));
	program = realpath(path, NULL);
	snprintf(path, sizeof(path), "%s/%s", env("REGIONPROOF_ROOT", "."), SCENARIO);
	scenario = realpath(path, NULL);
	snprintf(path, sizeof(path), "%s/%s", env("REGIONPROOF_ROOT", "."), DEMO);
	demo = realpath(path, NULL);
	if (!program || !scenario || !demo)
		return 1;
	outcomes = mmap(NULL, SITUATIONS * sizeof(*outcomes), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcomes == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, carry_out_all, NULL);
}
