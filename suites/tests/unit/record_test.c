/* What a run leaves is read back as it was, and what is broken is refused with its path. */
#include "fixtures/base/buf.h"
#include "fixtures/base/tree.h"
#include "suites/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char dir[64];
static struct plan_fault fault = {.name = "cut"};
static struct plan_phase phases[] = {
	{.name = "steady", .kind = PHASE_WATCH, .start_ns = 0, .end_ns = 1000},
	{.name = "cut", .kind = PHASE_FAULT, .start_ns = 1000, .end_ns = 2000, .fault = 0},
	{.name = "settled", .kind = PHASE_QUIET, .start_ns = 3000, .end_ns = 4000},
};
static struct plan plan = {.seed = UINT64_C(18446744073709551615),
	.faults = &fault,
	.n_faults = 1,
	.phases = phases,
	.n_phases = 3,
	.end_ns = 4000};
static struct arena arena;

static int set_up(void **state)
{
	char path[80];

	(void)state;
	snprintf(dir, sizeof(dir), "record_test.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/record", dir);
	return mkdir(path, 0755);
}

static int tear_down(void **state)
{
	struct err err;

	(void)state;
	arena_release(&arena);
	return tree_remove(dir, &err);
}

static struct evidence a_run(void)
{
	struct evidence evidence = {.plan = &plan,
		.end_ns = 3500,
		.quiet_ns = 3100,
		.noise_floor_ns = 77,
		.converged = true,
		.interrupted = true};
	struct sweep *sweep;
	struct death *death;

	evidence.faults = arena_array(&arena, 1, sizeof(*evidence.faults));
	evidence.faults[0] = (struct fault_window){.asked_ns = 1000,
		.sent_ns = 1001,
		.acked_ns = 1005,
		.undo_sent_ns = 2001,
		.undo_acked_ns = 2003,
		.agrees = true,
		.refusal = "no answer"};
	sweep = ARENA_PUSH(&arena, evidence.sweeps, evidence.n_sweeps);
	*sweep = (struct sweep){.id = 3,
		.region = 2,
		.start_ns = 3200,
		.end_ns = 3300,
		.keys = 9,
		.answered = 8,
		.digest = "0123456789abcdef"};
	death = ARENA_PUSH(&arena, evidence.deaths, evidence.n_deaths);
	*death = (struct death){.what = DEATH_BEACON, .region = 1, .at_ns = 1500};
	evidence.aborted = evidence.faults[0].by_hand = true;
	*ARENA_PUSH(&arena, evidence.holds, evidence.n_holds) = (struct held_time){5000, 50};
	return evidence;
}

static void a_record_is_read_back_as_it_was(void **state)
{
	struct evidence before = a_run(), after;
	struct err err;

	(void)state;
	assert_int_equal(record_save(&before, dir, &err), 0);
	if (record_load(&arena, &after, &plan, dir, &err))
		fail_msg("%s", err.text);
	assert_true(after.end_ns == 3500 && after.quiet_ns == 3100 && after.noise_floor_ns == 77);
	assert_true(after.converged && after.interrupted && !after.suspended);
	assert_true(after.faults[0].asked_ns == 1000 && after.faults[0].sent_ns == 1001);
	assert_true(after.faults[0].undo_acked_ns == 2003 && after.faults[0].agrees);
	assert_string_equal(after.faults[0].refusal, "no answer");
	assert_int_equal(after.n_sweeps, 1);
	assert_true(after.sweeps[0].id == 3 && after.sweeps[0].answered == 8);
	assert_string_equal(after.sweeps[0].digest, "0123456789abcdef");
	assert_int_equal(after.n_deaths, 1);
	assert_true(after.aborted && after.faults[0].by_hand);
	assert_int_equal(after.n_holds, 1);
	assert_true(after.holds[0].at_ns == 5000 && after.holds[0].by_ns == 50);
	assert_true(after.deaths[0].what == DEATH_BEACON && after.deaths[0].at_ns == 1500);
	record_release(&after);
}

static void refuses(const char *text, const char *part)
{
	struct buf bytes = {0};
	struct evidence evidence;
	struct err err = {0};
	char path[100];

	snprintf(path, sizeof(path), "%s/record.json", dir);
	buf_puts(&bytes, text);
	assert_int_equal(buf_write_file(&bytes, path, &err), 0);
	buf_release(&bytes);
	assert_int_equal(record_load(&arena, &evidence, &plan, dir, &err), -1);
	assert_non_null(strstr(err.text, "record.json"));
	assert_non_null(strstr(err.text, part));
}

static void broken_records_are_refused(void **state)
{
	(void)state;
	refuses("", "line 1");
	refuses("{\"schema\":", "line 1");
	refuses("{\"schema\": 99}", "schema");
	refuses("[]", "schema");
}

static void phases_are_bounded_by_what_happened(void **state)
{
	struct evidence evidence = a_run();
	struct phase_window windows[3] = {{0}};

	(void)state;
	evidence.phases = windows;
	evidence.faults[0].in_force_ns = 1010;
	evidence.faults[0].gone_ns = 2020;
	record_bound_phases(&evidence);
	assert_true(windows[0].started && windows[0].end_ns == 1000);
	assert_true(windows[1].start_ns == 1010 && windows[1].end_ns == 2020);
	assert_true(windows[2].start_ns == 3000 && windows[2].end_ns == 3500);
	evidence.faults[0].in_force_ns = 0;
	record_bound_phases(&evidence);
	assert_false(windows[1].started);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_record_is_read_back_as_it_was),
		TEST(broken_records_are_refused),
		TEST(phases_are_bounded_by_what_happened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
