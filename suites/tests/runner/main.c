/*
 * runner: runs test programs, each in a cage of its own, and tells what came out.
 *
 *   runner [-j 2] [-b build] [-l] [-x FACTOR] [-k TEXT] SOURCE ...
 *
 * Run from the top of the checkout. A SOURCE is a C file under suites/tests, whose program stands
 * below build/tests, or a script; what it needs stands in its head (head.h). Each gets a scratch
 * directory under build/tests/scratch as its working directory, with links to the folders of the
 * checkout in it, so that a path from the root works there as well; it is kept after a failure.
 * Standard output is read as TAP (tap.h); the exit status, a time-out and processes left behind
 * count too. A line `# => text` is a figure to be read and is printed when all is well, too. Nothing
 * is tried twice. Tests that judge what happens in real time run after all others, in pairs where
 * they are steady, one by one where they must be alone.
 */
#include "fixtures/base/clock.h"
#include "fixtures/base/buf.h"
#include "suites/tests/runner/cage.h"
#include "suites/tests/runner/head.h"
#include "suites/tests/runner/sheet.h"
#include "suites/tests/runner/tap.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 16
#define OUTPUT_MAX (4 << 20)
/* The keeper keeps the time; the runner steps in only where the keeper does not. */
#define KEEPER_GRACE_NS (20 * NSEC_PER_SEC)

struct job {
	struct test test;
	struct cage cage;
	struct cage_report report;
	bool reported, running, killed;
	uint64_t start_ns;
	struct tap tap;
	struct buf line;   /* of standard output, not complete yet */
	struct buf output; /* of both streams */
	char *dir;
};

struct runner {
	const char *build; /* absolute */
	const char *root;
	const char *only;
	unsigned jobs, factor;
	bool with_long;
	enum cage_kind kind;
	struct arena arena;
	struct job *tests;
	size_t n_tests, n_left_out;
	struct sheet sheet;
};

/* --- scratch directories --------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int make_scratch(struct runner *runner, struct job *job, struct err *err)
{
	static const char *const folders[] = {"chaos", "fixtures", "probes", "reports", "suites"};
	char *flat = arena_strdup(&runner->arena, job->test.name);

	for (char *c = flat; *c; c++) {
		if (*c == '/')
			*c = '.';
	}
	job->dir = arena_printf(&runner->arena, "%s/tests/scratch/%s", runner->build, flat);
	remove_tree(job->dir);
	if (mkdir(job->dir, 0755))
		return err_sys(err, "cannot make %s", job->dir);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		char *from = arena_printf(&runner->arena, "%s/%s", runner->root, folders[i]);
		char *to = arena_printf(&runner->arena, "%s/%s", job->dir, folders[i]);

		if (symlink(from, to))
			return err_sys(err, "cannot link %s", to);
	}
	if (symlink(runner->build, arena_printf(&runner->arena, "%s/build", job->dir)))
		return err_sys(err, "cannot link build");
	return 0;
}

/* --- one test -------------------------------------------------------------------------------- */

static enum cage_kind kind_of(const struct runner *runner, const struct test *test)
{
	return test->online && runner->kind == CAGE_NAMESPACES ? CAGE_ONLINE : runner->kind;
}

static void start_job(struct runner *runner, struct job *job)
{
	struct err err = {0};

	tap_init(&job->tap);
	job->start_ns = clock_now_ns();
	job->running = true;
	job->cage = (struct cage){.out_fd = -1, .err_fd = -1, .report_fd = -1};
	if (make_scratch(runner, job, &err))
		goto fail;
	setenv("TMPDIR", job->dir, 1);
	if (cage_start(&job->cage, kind_of(runner, &job->test), job->test.program, job->dir,
		    job->test.timeout_s, &err))
		goto fail;
	return;
fail:
	snprintf(job->report.problem, sizeof(job->report.problem), "%.255s", err.text);
	job->reported = true;
}

static void take_lines(struct job *job, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (data[i] != '\n') {
			buf_addc(&job->line, data[i]);
			continue;
		}
		tap_line(&job->tap, buf_str(&job->line));
		buf_clear(&job->line);
	}
}

/* False at the end of the stream, which is closed then. */
static bool read_stream(struct job *job, int *fd, bool is_tap)
{
	char data[16384];
	ssize_t n = read(*fd, data, sizeof(data));

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0) {
		close(*fd);
		*fd = -1;
		return false;
	}
	if (job->output.len < OUTPUT_MAX)
		buf_add(&job->output, data, (size_t)n);
	if (is_tap)
		take_lines(job, data, (size_t)n);
	return true;
}

static void read_report(struct job *job)
{
	struct cage_report report;
	ssize_t n = read(job->cage.report_fd, &report, sizeof(report));

	if (n == (ssize_t)sizeof(report)) {
		job->report = report;
		job->reported = true;
	}
	if (n <= 0) {
		close(job->cage.report_fd);
		job->cage.report_fd = -1;
	}
}

static void judge_status(struct job *job, int status)
{
	if (WIFSIGNALED(status))
		tap_fail(&job->tap, "killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) && !job->tap.count[POINT_FAIL])
		tap_fail(&job->tap, "exit status %d, though no test failed", WEXITSTATUS(status));
}

static void judge(struct job *job)
{
	struct cage_report *report = &job->report;

	if (job->line.len)
		tap_line(&job->tap, buf_str(&job->line));
	if (!job->reported) {
		tap_fail(&job->tap, "the keeper died%s",
			job->killed ? ": it did not end in time" : "");
	} else if (*report->problem) {
		tap_fail(&job->tap, "%s", report->problem);
	} else if (report->timed_out) {
		tap_fail(&job->tap, "not done after %u s; running: %s", job->test.timeout_s,
			report->processes);
	} else {
		judge_status(job, report->status);
		if (report->left)
			tap_fail(&job->tap, "left %u processes behind: %s", report->left,
				report->processes);
	}
	tap_finish(&job->tap);
}

static void finish_job(struct runner *runner, struct job *job)
{
	if (job->cage.keeper > 0)
		cage_finish(&job->cage);
	judge(job);
	sheet_add(&runner->sheet, job->test.name, &job->tap, buf_str(&job->output),
		(double)(clock_now_ns() - job->start_ns) / 1e9);
	if (job->dir && !job->tap.count[POINT_FAIL])
		remove_tree(job->dir);
	tap_release(&job->tap);
	buf_release(&job->line);
	buf_release(&job->output);
	job->running = false;
}

static bool is_done(const struct job *job)
{
	return job->cage.out_fd < 0 && job->cage.err_fd < 0 && job->cage.report_fd < 0;
}

static void check_deadline(struct job *job)
{
	uint64_t limit_ns = job->test.timeout_s * NSEC_PER_SEC + KEEPER_GRACE_NS;

	if (!job->killed && clock_now_ns() - job->start_ns > limit_ns) {
		cage_kill(&job->cage);
		job->killed = true;
	}
}

/* --- all tests ------------------------------------------------------------------------------- */

static void serve(struct runner *runner, struct job **running, size_t n)
{
	struct pollfd fds[JOBS_MAX * 3];

	for (size_t i = 0; i < n; i++) {
		fds[3 * i] = (struct pollfd){running[i]->cage.out_fd, POLLIN, 0};
		fds[3 * i + 1] = (struct pollfd){running[i]->cage.err_fd, POLLIN, 0};
		fds[3 * i + 2] = (struct pollfd){running[i]->cage.report_fd, POLLIN, 0};
	}
	poll(fds, 3 * n, 1000);
	for (size_t i = 0; i < n; i++) {
		struct job *job = running[i];

		if (fds[3 * i].fd >= 0 && fds[3 * i].revents)
			read_stream(job, &job->cage.out_fd, true);
		if (fds[3 * i + 1].fd >= 0 && fds[3 * i + 1].revents)
			read_stream(job, &job->cage.err_fd, false);
		if (fds[3 * i + 2].fd >= 0 && fds[3 * i + 2].revents)
			read_report(job);
		check_deadline(job);
		if (is_done(job))
			finish_job(runner, job);
	}
}

static void run_all(struct runner *runner, enum company company, unsigned jobs)
{
	struct job *running[JOBS_MAX];
	size_t n = 0, next = 0;

	for (;;) {
		size_t kept = 0;

		for (; n < jobs && next < runner->n_tests; next++) {
			if (runner->tests[next].test.company != company)
				continue;
			start_job(runner, &runner->tests[next]);
			running[n++] = &runner->tests[next];
		}
		if (!n)
			return;
		serve(runner, running, n);
		for (size_t i = 0; i < n; i++) {
			if (running[i]->running)
				running[kept++] = running[i];
		}
		n = kept;
	}
}

/* Those that may take long start first, so that they do not run on by themselves at the end. */
static int by_timeout(const void *a, const void *b)
{
	const struct job *x = a, *y = b;

	if (x->test.timeout_s != y->test.timeout_s)
		return x->test.timeout_s > y->test.timeout_s ? -1 : 1;
	return strcmp(x->test.name, y->test.name);
}

static int add_test(struct runner *runner, const char *source, struct err *err)
{
	struct test test;
	struct job *job;

	if (head_read(&test, source, runner->build, &runner->arena, err))
		return -1;
	if (runner->only && !strstr(test.name, runner->only))
		return 0;
	if (test.is_long && !runner->with_long) {
		runner->n_left_out++;
		return 0;
	}
	if (*test.program != '/')
		test.program = arena_printf(&runner->arena, "%s/%s", runner->root, test.program);
	test.timeout_s *= runner->factor;
	job = ARENA_PUSH(&runner->arena, runner->tests, runner->n_tests);
	job->test = test;
	return 0;
}

static int read_options(struct runner *runner, int argc, char **argv, const char **build)
{
	int c;

	while ((c = getopt(argc, argv, "j:b:x:k:l")) != -1) {
		if (c == 'j')
			runner->jobs = (unsigned)atoi(optarg);
		else if (c == 'b')
			*build = optarg;
		else if (c == 'x')
			runner->factor = (unsigned)atoi(optarg);
		else if (c == 'k')
			runner->only = *optarg ? optarg : NULL;
		else if (c == 'l')
			runner->with_long = true;
		else
			return -1;
	}
	return runner->jobs && runner->jobs <= JOBS_MAX && runner->factor ? 0 : -1;
}

static int prepare(struct runner *runner, const char *build, struct err *err)
{
	char path[PATH_MAX];
	struct err why = {0};
	char *scratch;

	if (!getcwd(path, sizeof(path)))
		return err_sys(err, "cannot find the working directory");
	runner->root = arena_strdup(&runner->arena, path);
	runner->build =
		*build == '/' ? build : arena_printf(&runner->arena, "%s/%s", runner->root, build);
	scratch = arena_printf(&runner->arena, "%s/tests/scratch", runner->build);
	if (mkdir(scratch, 0755) && errno != EEXIST)
		return err_sys(err, "cannot make %s", scratch);
	setenv("REGIONPROOF_ROOT", runner->root, 1);
	setenv("REGIONPROOF_BUILD", runner->build, 1);
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	if (runner->with_long)
		setenv("REGIONPROOF_LONG", "1", 1);
	runner->kind = cage_probe(&why);
	if (runner->kind == CAGE_NONE)
		printf("no namespaces of their own for the tests: %s\n", why.text);
	return 0;
}

int main(int argc, char **argv)
{
	struct runner runner = {.jobs = 2, .factor = 1};
	const char *build = "build";
	struct err err = {0};
	char *junit;
	int rc;

	if (read_options(&runner, argc, argv, &build)) {
		fprintf(stderr,
			"usage: runner [-j JOBS] [-b BUILD] [-l] [-x FACTOR] [-k TEXT] SOURCE ...\n");
		return EXIT_USAGE;
	}
	rc = prepare(&runner, build, &err);
	for (int i = optind; i < argc && !rc; i++)
		rc = add_test(&runner, argv[i], &err);
	if (rc) {
		fprintf(stderr, "runner: %s\n", err.text);
		return EXIT_INTERNAL;
	}
	if (runner.n_tests)
		qsort(runner.tests, runner.n_tests, sizeof(*runner.tests), by_timeout);
	for (enum company c = COMPANY_ANY; c < COMPANIES; c++)
		run_all(&runner, c, c == COMPANY_ALONE ? 1 : runner.jobs);
	junit = arena_printf(&runner.arena, "%s/tests/junit.xml", runner.build);
	if (sheet_write_junit(&runner.sheet, junit, &err)) {
		fprintf(stderr, "runner: %s\n", err.text);
		rc = 1;
	}
	if (runner.n_left_out)
		printf("not run: %zu long tests (make check-long)\n", runner.n_left_out);
	sheet_close(&runner.sheet);
	if (runner.sheet.count[POINT_FAIL] || !runner.sheet.count[POINT_PASS])
		rc = 1;
	sheet_release(&runner.sheet);
	arena_release(&runner.arena);
	return rc;
}
