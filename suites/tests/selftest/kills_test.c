/*
 * Every process of a run is killed by SIGKILL at random instants; two seconds later nothing of the run
 * is left.
 *
 * Each shot is a run of kills.yaml in a yard (helpers/yard.h) of its own; several go on at a time. Its
 * instant lies in one of three windows: while the run comes up, while the primary is cut off and data
 * are unacknowledged, or while it is taken down. The instants come from a seed, which is printed
 * (REGIONPROOF_SEED repeats them). `make check-long` kills eight hundred times, containers_kills.sh two
 * hundred times more; REGIONPROOF_SHOTS=N says how often each kind of process is killed instead.
 *
 * runner: timeout 1800, alone
 */
#include "suites/tests/helpers/yard.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/err.h"
#include "fixtures/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SCENARIO "suites/tests/selftest/kills.yaml"
#define RUN_NS (60 * NSEC_PER_SEC)
#define KERNEL_NS (30 * NSEC_PER_SEC) /* to give orphaned connections up */
#define AT_ONCE 4
#define AT_ONCE_LONG 8
#define SHOTS 3
#define SHOTS_LONG 80
#define SHOTS_MAX 4000
#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number
#define FIRST_LINES 5 /* of the journal, written as one; then one line an agent */

enum victim {
	CONTROLLER,
	GUARDIAN,
	AGENT,
	PROBER,
	BEACON,
	WIRE,
	NODE,
	PROGRAM,
	BOTH, /* controller and guardian */
	ALL,
	NOBODY
};

static const struct {
	const char *name, *comm;
	int exit_in_cut; /* of the run, -1: it cannot say */
} victims[] = {
	[CONTROLLER] = {"controller", "regionproof", -1},
	[GUARDIAN] = {"guardian", "rp-guardian", EXIT_INTERNAL},
	[AGENT] = {"agent", "rp-agent", EXIT_INTERNAL},
	[PROBER] = {"prober", "rp-prober", EXIT_NO_VERDICT},
	[BEACON] = {"beacon", "rp-beacon", EXIT_NO_VERDICT},
	[WIRE] = {"forwarder", "rp-wire", EXIT_INTERNAL},
	[NODE] = {"init of a node", "rp-node", -1},
	[PROGRAM] = {"program of a node", "region-store", -1},
	[BOTH] = {"controller and guardian", NULL, -1},
	[ALL] = {"all at once", NULL, -1},
	[NOBODY] = {"nobody", NULL, -1}, /* a busy machine may leave it without a verdict */
};

enum window { COMING_UP, IN_THE_CUT, GOING_DOWN, WINDOWS, JOURNAL = WINDOWS };

static const struct {
	const char *name, *after; /* what the run prints before it */
	unsigned length_ms;
} windows[] = {
	[COMING_UP] = {"coming up", NULL, 1300},
	[IN_THE_CUT] = {"in the cut", "partition us-east", 1400},
	[GOING_DOWN] = {"going down", "clients are quiet", 900},
	[JOURNAL] = {"once the journal has lines", NULL, 0},
};

/* One run and one kill; lives in shared memory. */
struct shot {
	enum victim victim;
	enum window window;
	unsigned wait_ms; /* after the window opened */
	unsigned which;   /* among several of the kind */
	unsigned writes;  /* JOURNAL: once it has so many lines */
	bool hold_socket; /* the control: somebody keeps a socket of a node's namespace */
	/* What came out. */
	bool done, killed, ended, clean;
	unsigned late_ms; /* not clean in time, but then */
	int status;
	unsigned ended_ms, clean_ms; /* since the kill; since the later of kill and end */
	struct yard_left left;
	char output[3000];
};

static char program[600], scenario[600];
static uint64_t seed;

static const char *env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static unsigned ms_since(uint64_t ns)
{
	return (unsigned)((clock_now_ns() - ns) / NSEC_PER_MSEC);
}

/* Without guardian and controller nobody is left to end orphaned connections, and nobody else can enter
 * their namespaces: the kernel gives them up when their TCP_USER_TIMEOUT is over, which is 20 s for the
 * connections of region-store, and about a second later where there is none. */
static bool nobody_guards(enum victim victim)
{
	return victim == ALL || victim == BOTH;
}

static bool only_namespaces(const struct yard_left *left)
{
	return left->processes + left->mounts + left->journals + left->works == 0;
}

/* ---- in the yard ---------------------------------------------------------------------------- */

static bool still_runs(pid_t pid, struct shot *shot)
{
	if (!shot->ended && yard_wait(pid, 0, &shot->status))
		shot->ended = true;
	return !shot->ended;
}

static unsigned kill_kind(const struct shot *shot, enum victim victim, pid_t controller)
{
	pid_t pids[64];
	unsigned n;

	if (victim == CONTROLLER)
		return kill(controller, SIGKILL) == 0;
	n = yard_find(victims[victim].comm, pids, 64);
	if (n)
		kill(pids[shot->which % n], SIGKILL);
	return n;
}

/* True once somebody was killed. */
static bool fire(const struct shot *shot, pid_t controller)
{
	switch (shot->victim) {
	case BOTH:
		if (!kill_kind(shot, GUARDIAN, controller))
			return false;
		return kill_kind(shot, CONTROLLER, controller);
	case ALL: /* process 1 reaches everybody but itself */
		return kill(-1, SIGKILL) == 0;
	case NOBODY:
		return true;
	default:
		return kill_kind(shot, shot->victim, controller);
	}
}

/* Wait until the journal has been written so many times. */
static void await_journal(struct shot *shot, int watch_fd, pid_t pid)
{
	struct pollfd p = {.fd = watch_fd, .events = POLLIN};

	/* Two writes may come as one event, so an event only says that it is time to look. */
	while (yard_journal_lines() < shot->writes && still_runs(pid, shot))
		poll(&p, 1, 10);
}

static void await_window(struct shot *shot, pid_t pid)
{
	while (windows[shot->window].after && !yard_printed(windows[shot->window].after) &&
		still_runs(pid, shot))
		clock_sleep_until_ns(clock_now_ns() + 2 * NSEC_PER_MSEC);
	clock_sleep_until_ns(clock_now_ns() + shot->wait_ms * NSEC_PER_MSEC);
}

/* A socket of a node's network namespace, made and kept by somebody who is no part of the run. */
static int open_inside(pid_t member)
{
	char path[64];
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = -1, ns;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)member);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns >= 0 && setns(ns, CLONE_NEWNET) == 0) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (setns(own, CLONE_NEWNET))
			abort();
	}
	close(ns);
	close(own);
	return fd;
}

static void clean_by_command(struct shot *shot)
{
	const char *const argv[] = {program, "clean", NULL};
	pid_t pid = yard_start(argv, 0);
	int status;

	if (!yard_wait(pid, clock_now_ns() + RUN_NS, &status) || status)
		shot->status = status;
}

static int carry_out(struct yard *yard, void *arg)
{
	struct shot *shot = arg;
	const char *const argv[] = {program, "run", scenario, "--runs", YARD_RUNS, NULL};
	int journal = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), held = -1;
	struct yard_left later;
	uint64_t fired, deadline;
	pid_t pid;

	mkdir("/run/regionproof", 0700);
	inotify_add_watch(journal, "/run/regionproof", IN_MODIFY);
	pid = yard_start(argv, 0);
	if (shot->window == JOURNAL)
		await_journal(shot, journal, pid);
	else
		await_window(shot, pid);
	if (shot->hold_socket) {
		pid_t node;

		if (yard_find("rp-node", &node, 1))
			held = open_inside(node);
	}
	while (still_runs(pid, shot) && !(shot->killed = fire(shot, pid)))
		clock_sleep_until_ns(clock_now_ns() + NSEC_PER_MSEC);
	fired = clock_now_ns();
	deadline = fired + RUN_NS;
	while (still_runs(pid, shot) && clock_now_ns() < deadline)
		clock_sleep_until_ns(clock_now_ns() + NSEC_PER_MSEC);
	shot->ended_ms = ms_since(fired);
	fired = clock_now_ns();
	if (shot->victim == BOTH || shot->victim == ALL)
		clean_by_command(shot);
	shot->clean = yard_wait_clean(yard, clock_now_ns() + yard_clean_limit_ns(), &shot->left);
	shot->clean_ms = ms_since(fired);
	if (!shot->clean && nobody_guards(shot->victim) && only_namespaces(&shot->left) &&
		yard_wait_clean(yard, clock_now_ns() + KERNEL_NS, &later))
		shot->late_ms = ms_since(fired);
	yard_output(shot->output, sizeof(shot->output));
	if (held >= 0)
		close(held);
	shot->done = true;
	return 0;
}

/* ---- outside ---------------------------------------------------------------------------------- */

static void describe(const struct shot *shot, char *text, size_t size)
{
	char left[600];
	int code = !shot->ended           ? -1
		: WIFEXITED(shot->status) ? WEXITSTATUS(shot->status)
					  : 128 + WTERMSIG(shot->status);

	yard_describe(&shot->left, left, sizeof(left));
	snprintf(text, size, "%s, %s + %u: %s, exit %d %u ms later, clean %u ms after that; %s",
		victims[shot->victim].name, windows[shot->window].name,
		shot->window == JOURNAL ? shot->writes : shot->wait_ms,
		shot->killed ? "killed" : "not killed", code, shot->ended_ms, shot->clean_ms, left);
}

static bool is_as_expected(const struct shot *shot)
{
	int wanted = victims[shot->victim].exit_in_cut;

	if (!shot->done || !shot->ended)
		return false;
	if (!shot->clean && !shot->late_ms)
		return false;
	if (WIFEXITED(shot->status) && WEXITSTATUS(shot->status) == EXIT_CLEANUP)
		return false;
	if (!shot->killed || shot->window != IN_THE_CUT || wanted < 0)
		return true;
	return WIFEXITED(shot->status) && WEXITSTATUS(shot->status) == wanted;
}

static void collect_one(unsigned *running)
{
	int status;

	if (waitpid(-1, &status, 0) > 0)
		(*running)--;
}

/* ---- the shots, all fired before the first test ------------------------------------------------- */

static struct shot *shots;
static unsigned n_shots;

static struct shot *add_shot(struct shot shot)
{
	if (n_shots == SHOTS_MAX)
		abort();
	shots[n_shots] = shot;
	return &shots[n_shots++];
}

static bool is_long(void)
{
	return getenv("REGIONPROOF_LONG") != NULL;
}

/* Windows in turn, instants at random. */
static void add_random(enum victim victim, unsigned n)
{
	struct rng rng;

	rng_seed(&rng, rng_derive(seed, victims[victim].name));
	for (unsigned i = 0; i < n; i++) {
		enum window window = i % WINDOWS;

		add_shot((struct shot){.victim = victim,
			.window = window,
			.wait_ms = (unsigned)rng_below(&rng, windows[window].length_ms),
			.which = (unsigned)rng_below(&rng, 60)});
	}
}

/* The journal is written when the run begins, and for each agent. */
static void add_journalled(void)
{
	static const enum victim kinds[] = {CONTROLLER, GUARDIAN, AGENT, BOTH};

	for (unsigned k = 0; k < (is_long() ? 4 : 1); k++) {
		for (unsigned i = 0; i <= 3; i++)
			add_shot((struct shot){
				.victim = kinds[k], .window = JOURNAL, .writes = FIRST_LINES + i});
	}
}

/* How often somebody was really killed, and what is true afterwards. */
static void tell_count(unsigned ms)
{
	unsigned kills = 0, guarded = 0, guarded_left = 0, all = 0, all_left = 0, late = 0;
	unsigned longest_ms = 0;

	for (unsigned i = 0; i < n_shots; i++) {
		const struct shot *shot = &shots[i];

		if (!shot->killed || shot->victim == NOBODY)
			continue;
		kills++;
		if (!nobody_guards(shot->victim)) {
			guarded++;
			guarded_left += !shot->clean;
			continue;
		}
		all++;
		all_left += !is_as_expected(shot);
		late += shot->late_ms > 0;
		if (shot->late_ms > longest_ms)
			longest_ms = shot->late_ms;
	}
	print_message(
		"# => %u runs of labs, %u kills, %u s; of %u whose guardian or controller lived %u left "
		"something after 2 s; of %u where both died %u left something after `clean`, "
		"%u a namespace that the kernel closed by itself, at most %u ms later\n",
		n_shots, kills, ms / 1000, guarded, guarded_left, all, all_left, late, longest_ms);
}

static int fire_all(void **state)
{
	unsigned running = 0, at_once = is_long() ? AT_ONCE_LONG : AT_ONCE;
	unsigned each = (unsigned)strtoul(
		env("REGIONPROOF_SHOTS", is_long() ? TEXT_OF(SHOTS_LONG) : TEXT_OF(SHOTS)), NULL,
		10);
	uint64_t began = clock_now_ns();

	(void)state;
	if (!yard_possible())
		return 0;
	add_shot((struct shot){.victim = NOBODY, .window = IN_THE_CUT});
	add_shot((struct shot){.victim = NOBODY, .window = IN_THE_CUT, .hold_socket = true});
	add_journalled();
	for (enum victim v = 0; v < NOBODY; v++)
		add_random(v, each);
	for (unsigned i = 0; i < n_shots; i++) {
		while (running >= at_once)
			collect_one(&running);
		if (yard_fork(carry_out, &shots[i]) < 0)
			return -1;
		running++;
	}
	while (running)
		collect_one(&running);
	tell_count(ms_since(began));
	return 0;
}

/* ---- tests: what has come out --------------------------------------------------------------------- */

/* Tell of every shot of the kind; how many were not as expected. */
static unsigned judge(enum victim victim, bool journalled, bool held)
{
	unsigned bad = 0, seen = 0;

	if (!n_shots) {
		print_message("skip: user namespaces may not be made here\n");
		skip();
	}
	for (unsigned i = 0; i < n_shots; i++) {
		const struct shot *shot = &shots[i];
		char text[1200];

		if ((shot->window == JOURNAL) != journalled || shot->hold_socket != held ||
			(!journalled && shot->victim != victim))
			continue;
		seen++;
		describe(shot, text, sizeof(text));
		yard_tell(text);
		if (!is_as_expected(shot) && !held)
			yard_tell(shot->output);
		bad += !is_as_expected(shot);
	}
	assert_true(seen > 0);
	return bad;
}

/* A run that is over before its shot was not killed; most must be. */
static void most_shots_kill(void **state)
{
	unsigned killed = 0;

	(void)state;
	for (unsigned i = 0; i < n_shots; i++)
		killed += shots[i].killed && shots[i].victim != NOBODY;
	if (!n_shots) {
		print_message("skip: user namespaces may not be made here\n");
		skip();
	}
	assert_true(killed >= n_shots - n_shots / 5);
}

static void nobody_killed_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(judge(NOBODY, false, false), 0);
}

/* What counts must be able to fail: nobody is killed, and a socket is kept on purpose. The kernel's
 * count tells it, and so does the run itself. */
static void a_socket_that_is_kept_is_reported_as_a_leak(void **state)
{
	const struct shot *shot = &shots[1];

	(void)state;
	assert_int_equal(judge(NOBODY, false, true), 1);
	assert_true(shot->done && shot->ended);
	assert_false(shot->clean);
	assert_true(shot->left.namespaces[YARD_NET] >= 1);
	assert_true(WIFEXITED(shot->status));
	assert_int_equal(WEXITSTATUS(shot->status), EXIT_CLEANUP);
}

#define TEST_OF(victim, name)                                                                      \
	static void name##_killed_leaves_nothing(void **state)                                     \
	{                                                                                          \
		(void)state;                                                                       \
		assert_int_equal(judge(victim, false, false), 0);                                  \
	}

TEST_OF(CONTROLLER, controller)
TEST_OF(GUARDIAN, guardian)
TEST_OF(AGENT, agent)
TEST_OF(PROBER, prober)
TEST_OF(BEACON, beacon)
TEST_OF(WIRE, forwarder)
TEST_OF(NODE, init_of_a_node)
TEST_OF(PROGRAM, program_of_a_node)
TEST_OF(BOTH, controller_and_guardian)

static void all_killed_at_once_is_cleaned_by_command(void **state)
{
	(void)state;
	assert_int_equal(judge(ALL, false, false), 0);
}

static void killed_after_each_write_of_the_journal(void **state)
{
	(void)state;
	assert_int_equal(judge(NOBODY, true, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(most_shots_kill),
		cmocka_unit_test(nobody_killed_leaves_nothing),
		cmocka_unit_test(a_socket_that_is_kept_is_reported_as_a_leak),
		cmocka_unit_test(controller_killed_leaves_nothing),
		cmocka_unit_test(guardian_killed_leaves_nothing),
		cmocka_unit_test(agent_killed_leaves_nothing),
		cmocka_unit_test(prober_killed_leaves_nothing),
		cmocka_unit_test(beacon_killed_leaves_nothing),
		cmocka_unit_test(forwarder_killed_leaves_nothing),
		cmocka_unit_test(init_of_a_node_killed_leaves_nothing),
		cmocka_unit_test(program_of_a_node_killed_leaves_nothing),
		cmocka_unit_test(controller_and_guardian_killed_leaves_nothing),
		cmocka_unit_test(all_killed_at_once_is_cleaned_by_command),
		cmocka_unit_test(killed_after_each_write_of_the_journal),
	};

	snprintf(program, sizeof(program), "%s/regionproof", env("REGIONPROOF_BUILD", "build"));
	snprintf(scenario, sizeof(scenario), "%s/%s", env("REGIONPROOF_ROOT", "."), SCENARIO);
	seed = strtoull(env("REGIONPROOF_SEED", "0"), NULL, 10);
	if (!seed)
		seed = clock_now_ns() % 1000000000;
	print_message("# REGIONPROOF_SEED=%llu\n", (unsigned long long)seed);
	shots = mmap(NULL, SHOTS_MAX * sizeof(*shots), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shots == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, fire_all, NULL);
}
