/* The metric table: complete, and consistent with itself. */
#include "suites/metric.h"
#include "suites/judge/checker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_row_is_complete(void **state)
{
	(void)state;
	for (int i = 0; i < METRICS; i++) {
		const struct metric *m = &metrics[i];

		assert_int_equal(m->id, i);
		assert_non_null(m->name);
		assert_non_null(m->checker);
		assert_true(m->stats != 0);
		assert_true(strlen(m->help) > 20);
		assert_true(strlen(m->counts) > 80);
		assert_true(m->unit == PARAM_DURATION || m->unit == PARAM_SHARE ||
			m->unit == PARAM_COUNT || m->unit == PARAM_RATE);
		assert_ptr_equal(metric_find(m->name), m);
	}
	assert_null(metric_find("happiness"));
}

static void a_checker_measures_every_metric(void **state)
{
	(void)state;
	for (int i = 0; i < METRICS; i++) {
		if (!checker_find(metrics[i].checker))
			fail_msg("nothing measures %s", metrics[i].name);
	}
}

/* "latency.p99" must have one reading only. */
static void no_metric_is_another_one_with_a_statistic(void **state)
{
	(void)state;
	for (int i = 0; i < METRICS; i++) {
		const char *dot = strrchr(metrics[i].name, '.');

		for (int k = 1; dot && k < STATS; k++)
			assert_string_not_equal(dot + 1, metric_stat_name((enum metric_stat)k));
	}
	assert_null(metric_stat_name(STAT_VALUE));
	assert_string_equal(metric_stat_name(STAT_P999), "p99.9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(a_checker_measures_every_metric),
		cmocka_unit_test(no_metric_is_another_one_with_a_statistic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
