/*
 * runner: steady
 * A cap as it is used: a spinning process in a control group gets its share and no more, and when the
 * controller is killed the guardian leaves nothing of it. On this machine's hierarchy, and on one of
 * version 2 in User Mode Linux (conformance/node_uml.sh).
 */
#include "chaos/guardian.h"
#include "chaos/journal.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/cpu_cap.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CAP_PPM 200000
#define WINDOW_NS (600 * NSEC_PER_MSEC)
#define UNDO_LIMIT_NS (4 * NSEC_PER_SEC)

static char group[JOURNAL_GROUP_MAX];

static void need_groups(void)
{
	char dir[300];
	struct err err;

	if (cpu_cap_find(dir, sizeof(dir), &err)) {
		print_message("skip: %s\n", err.text);
		skip();
	}
	snprintf(group, sizeof(group), "%.280s/regionproof-death-%d", dir, (int)getpid());
}

static uint64_t used_ns(pid_t pid)
{
	struct timespec used = {0};
	clockid_t clock;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_return_code(clock_gettime(clock, &used), errno);
	return (uint64_t)used.tv_sec * NSEC_PER_SEC + (uint64_t)used.tv_nsec;
}

static unsigned percent_of_a_processor(pid_t pid)
{
	uint64_t before_ns = used_ns(pid), began_ns = clock_now_ns();

	clock_sleep_until_ns(began_ns + WINDOW_NS);
	return (unsigned)((used_ns(pid) - before_ns) * 100 / (clock_now_ns() - began_ns));
}

static int spin(void *arg)
{
	struct err err;

	(void)arg;
	process_die_with(-1);
	if (cpu_cap_join(group, &err))
		return 1;
	for (;;)
		__asm__ volatile("");
}

/* What would be left: a journal entry, a capped group, and a process in it that dies with us. */
static int control(void *arg)
{
	struct guardian guardian = GUARDIAN_INIT;
	struct process spinner = PROCESS_INIT;
	struct buf line = {0};
	char run[64];
	struct err err;
	int *told_fd = arg;

	snprintf(run, sizeof(run), "cap-death-%d", (int)getpid());
	journal_format_group(&line, group);
	if (guardian_start(&guardian, run, ".", "", &err) ||
		guardian_note(&guardian, buf_str(&line), &err) || cpu_cap_make(group, &err) ||
		process_start(&spinner, 0, spin, NULL, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	dprintf(*told_fd, "%d %s\n", (int)spinner.pid, guardian.journal);
	for (;;)
		pause();
}

static void a_killed_controller_leaves_no_cap(void **state)
{
	struct process controller = PROCESS_INIT;
	char journal[512] = "", word[600] = "";
	unsigned freely, capped;
	uint64_t end_ns;
	int told[2], spinner = 0;
	struct err err;

	(void)state;
	need_groups();
	assert_return_code(pipe(told), errno);
	assert_int_equal(process_start(&controller, 0, control, &told[1], &err), 0);
	close(told[1]);
	assert_true(read(told[0], word, sizeof(word) - 1) > 0);
	assert_int_equal(sscanf(word, "%d %511s", &spinner, journal), 2);
	freely = percent_of_a_processor(spinner);
	assert_int_equal(cpu_cap_set(group, CAP_PPM, &err), 0);
	capped = percent_of_a_processor(spinner);
	print_message("a spinning process had %u%% of a processor, and %u%% with a cap of %u%%\n",
		freely, capped, CAP_PPM / 10000);
	assert_in_range(capped, 10, 25);
	assert_in_range(freely, 35, 101);
	assert_int_equal(access(group, F_OK), 0);
	assert_int_equal(access(journal, F_OK), 0);
	process_kill(&controller);
	end_ns = clock_now_ns() + UNDO_LIMIT_NS;
	while (!access(journal, F_OK) && clock_now_ns() < end_ns)
		clock_sleep_until_ns(clock_now_ns() + 10 * NSEC_PER_MSEC);
	assert_int_equal(access(group, F_OK), -1);
	assert_int_equal(access(journal, F_OK), -1);
	close(told[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_controller_leaves_no_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
