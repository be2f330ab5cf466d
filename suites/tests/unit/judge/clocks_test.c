/* Several hosts: what their clocks leave open convicts nobody and acquits nobody. */
#include "suites/judge/samples.h"
#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define K jw_register(1)

static struct judge_world world;

static int set_up(void **state)
{
	(void)state;
	jw_init(&world);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jw_release(&world);
	return 0;
}

/* A session writes twice, gap_ms apart, and reads the older value; others give it trials. */
static void read_the_older_of_two(double gap_ms)
{
	jw_tick(&world, 1, 3000, 60);
	for (int i = 1; i <= 10; i++) {
		jw_write(&world, 1, jw_register(2), (uint64_t)i, i * 100, i * 100 + 10);
		jw_read(&world, 1, jw_register(2), 1, (uint64_t)i, i * 100 + 20, i * 100 + 25)
			->node = 1;
	}
	jw_write(&world, 0, K, 1, 1500, 1510);
	jw_write(&world, 0, K, 2, 1510 + gap_ms, 1520 + gap_ms);
	jw_read(&world, 0, K, 0, 1, 1530 + gap_ms, 1535 + gap_ms)->node = 1;
}

static struct result_expect expect(enum metric_id metric, enum compare compare, double value)
{
	struct plan_expect e = jw_expectation(metric, compare, value);

	return jw_expect(&world, &e);
}

static void an_order_beyond_the_clocks_error_is_definite(void **state)
{
	(void)state;
	world.evidence.clock_error_ns = 10 * WORLD_MS;
	read_the_older_of_two(21);
	assert_int_equal(expect(METRIC_READ_YOUR_WRITES, COMPARE_EQ, 0).verdict, VERDICT_FAIL);
}

static void an_order_within_the_clocks_error_is_possible(void **state)
{
	struct result_expect out;

	(void)state;
	world.evidence.clock_error_ns = 10 * WORLD_MS;
	read_the_older_of_two(19);
	out = expect(METRIC_READ_YOUR_WRITES, COMPARE_EQ, 0);
	assert_int_equal(out.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(out.why, "1 possible violations, none of them definite"));
}

static void one_clock_leaves_nothing_open(void **state)
{
	(void)state;
	read_the_older_of_two(19);
	assert_int_equal(expect(METRIC_READ_YOUR_WRITES, COMPARE_EQ, 0).verdict, VERDICT_FAIL);
}

/* Session 4 lives in another region than the writer. */
static void later_reads_of_others_fall_under_the_same_rule(void **state)
{
	(void)state;
	world.evidence.clock_error_ns = 10 * WORLD_MS;
	jw_write(&world, 0, K, 1, 100, 110);
	jw_write(&world, 0, K, 2, 129, 140);
	jw_read(&world, 4, K, 0, 2, 300, 310);
	jw_read(&world, 4, K, 0, 1, 320, 330);
	assert_int_equal(
		expect(METRIC_MONOTONIC_READS, COMPARE_EQ, 0).verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal((int)jw_measure(&world, METRIC_MONOTONIC_READS).value, 0);
}

static void ages_are_the_definite_ones(void **state)
{
	struct question question = jw_question(METRIC_STALENESS);

	(void)state;
	world.evidence.clock_error_ns = 10 * WORLD_MS;
	question.stat = STAT_MAX;
	jw_write(&world, 0, K, 1, 100, 110);
	jw_write(&world, 0, K, 2, 400, 500);
	jw_read(&world, 4, K, 0, 1, 1000, 1010);
	assert_int_equal((uint64_t)jw_ask(&world, &question).value, 480 * WORLD_MS);
}

static void lose_a_write_100_ms_before_the_cut(void)
{
	jw_fault(&world, "cut", 1000, 5000);
	jw_write(&world, 0, jw_ledger(0, 0), 1, 895, 900);
	jw_read_back(&world, jw_ledger(0, 0), 0, 9000);
}

static void a_loss_window_is_an_interval(void **state)
{
	struct measurement m;

	(void)state;
	world.evidence.clock_error_ns = 10 * WORLD_MS;
	lose_a_write_100_ms_before_the_cut();
	m = jw_measure(&world, METRIC_RPO_WINDOW);
	assert_true(m.has_value_low);
	assert_int_equal((uint64_t)m.value_low, 80 * WORLD_MS);
	assert_int_equal((uint64_t)m.value, 120 * WORLD_MS);
}

static void a_bound_within_a_loss_window_is_not_decided(void **state)
{
	(void)state;
	world.evidence.clock_error_ns = 10 * WORLD_MS;
	lose_a_write_100_ms_before_the_cut();
	assert_int_equal(expect(METRIC_RPO_WINDOW, COMPARE_LE, 70e6).verdict, VERDICT_FAIL);
	assert_int_equal(
		expect(METRIC_RPO_WINDOW, COMPARE_LE, 110e6).verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal(expect(METRIC_RPO_WINDOW, COMPARE_LE, 130e6).verdict, VERDICT_PASS);
}

/* One burst of bad samples is worth less than as many strewn about, however they come in. */
static void samples_are_weighed_in_the_order_of_time(void **state)
{
	struct question question = jw_question(METRIC_STALENESS);
	struct samples in_time = {0}, by_key = {0};
	struct measurement a = {0}, b = {0};

	(void)state;
	question.stat = STAT_P90;
	for (uint64_t t = 0; t < 2000; t++)
		samples_add(&world.arena, &in_time, t, t / 100 % 5 == 0, t / 100 % 5 == 0);
	for (uint64_t key = 0; key < 50; key++) {
		for (uint64_t t = key; t < 2000; t += 50)
			samples_add(&world.arena, &by_key, t, t / 100 % 5 == 0, t / 100 % 5 == 0);
	}
	samples_measure(&world.arena, &in_time, &question, &a);
	samples_measure(&world.arena, &by_key, &question, &b);
	assert_int_equal(a.episodes, b.episodes);
	assert_true(a.low == b.low && a.high == b.high && a.value == b.value);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_order_beyond_the_clocks_error_is_definite),
		T(an_order_within_the_clocks_error_is_possible),
		T(one_clock_leaves_nothing_open),
		T(later_reads_of_others_fall_under_the_same_rule),
		T(ages_are_the_definite_ones),
		T(a_loss_window_is_an_interval),
		T(a_bound_within_a_loss_window_is_not_decided),
		T(samples_are_weighed_in_the_order_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
