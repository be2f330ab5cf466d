#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

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

static struct op *op_of(double call_ms, double length_ms)
{
	return jw_read(&world, 0, jw_register(0), 0, 0, call_ms, call_ms + length_ms);
}

static double latency(enum metric_stat stat)
{
	struct question question = jw_question(METRIC_LATENCY);

	question.stat = stat;
	return jw_ask(&world, &question).value / 1e6;
}

static void quantiles_are_order_statistics(void **state)
{
	(void)state;
	for (int i = 1; i <= 100; i++)
		op_of(i * 10, i);
	assert_true(latency(STAT_P50) == 50);
	assert_true(latency(STAT_P99) == 99);
	assert_true(latency(STAT_MAX) == 100);
	assert_true(latency(STAT_MIN) == 1);
	assert_true(latency(STAT_MEAN) == 50.5);
	assert_true(latency(STAT_COUNT) * 1e6 == 100);
}

static void latency_counts_from_the_intended_start(void **state)
{
	(void)state;
	op_of(100, 5)->late_us = 40000;
	assert_true(latency(STAT_MAX) == 45);
}

static void outage_never_improves_a_percentile(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		op_of(i * 10 + 1, 20);
	for (int i = 0; i < 50; i++)
		op_of(i * 10 + 1000, 1)->state = i % 2 ? OP_FAIL : OP_UNKNOWN;
	assert_true(latency(STAT_P99) == 2000);
	assert_true(latency(STAT_P50) == 20);
}

static void slots_not_sent_are_only_named(void **state)
{
	struct measurement m;

	(void)state;
	op_of(1, 5);
	op_of(10, 0)->state = OP_NOT_SENT;
	m = jw_measure(&world, METRIC_LATENCY);
	assert_int_equal(m.n, 1);
	assert_non_null(strstr(m.note, "1 slots were not sent"));
}

static void filters_choose_class_region_and_phase(void **state)
{
	struct question q = jw_question(METRIC_LATENCY);

	(void)state;
	q.stat = STAT_COUNT;
	op_of(1, 5);
	op_of(100, 5)->region = 2;
	op_of(200, 5)->late_us = 150000; /* intended at 50 */
	jw_write(&world, 0, jw_register(0), 1, 300, 310);
	assert_true(jw_ask(&world, &q).value == 4);
	q.filter = FILTER_READS;
	assert_true(jw_ask(&world, &q).value == 3);
	q.region = 2;
	assert_true(jw_ask(&world, &q).value == 1);
	q.region = -1;
	q.phase = jw_phase(&world, "early", PHASE_WATCH, 0, 100);
	assert_true(jw_ask(&world, &q).value == 2);
}

static void tickers_and_sweeps_are_no_clients(void **state)
{
	(void)state;
	op_of(1, 5)->flags |= OP_TICKER;
	op_of(2, 5)->flags |= OP_READBACK;
	assert_int_equal(jw_measure(&world, METRIC_LATENCY).status, MEASURED_NOTHING);
}

static void goodput_divides_by_the_phase(void **state)
{
	struct question q = jw_question(METRIC_GOODPUT);

	(void)state;
	q.phase = jw_phase(&world, "steady", PHASE_WATCH, 0, 2000);
	for (int i = 0; i < 100; i++)
		op_of(i * 20 + 1, 1)->state = i % 4 ? OP_OK : OP_UNKNOWN;
	assert_true(jw_ask(&world, &q).value == 37.5);
}

static void errors_are_fails_and_unknowns(void **state)
{
	struct measurement m;

	(void)state;
	for (int i = 0; i < 100; i++)
		op_of(i * 20 + 1, 1)->state = i % 10 ? OP_OK : i % 20 ? OP_FAIL : OP_UNKNOWN;
	m = jw_measure(&world, METRIC_ERRORS);
	assert_true(m.value == 0.1);
	assert_int_equal(m.n, 100);
	assert_true(m.has_interval && m.low < 0.1 && m.high > 0.1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(quantiles_are_order_statistics),
		T(latency_counts_from_the_intended_start),
		T(outage_never_improves_a_percentile),
		T(slots_not_sent_are_only_named),
		T(filters_choose_class_region_and_phase),
		T(tickers_and_sweeps_are_no_clients),
		T(goodput_divides_by_the_phase),
		T(errors_are_fails_and_unknowns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
