/* The grammar of expectations: what is taken, and what a wrong line is told. */
#include "fixtures/base/buf.h"
#include "suites/tests/helpers/scenario_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct plan *plan_of(const char *line)
{
	static char expect[512];
	struct scenario_text text = SCENARIO_TEXT;

	snprintf(expect, sizeof(expect), "expect:\n  - %s\n", line);
	text.expect = expect;
	return assert_plan(&text);
}

static void values_get_base_units(void **state)
{
	static const struct {
		const char *line, *id;
		double value;
	} rows[] = {
		{"latency.p99 < 100ms for reads in steady",
			"latency.p99 < 100ms for reads in steady", 1e8},
		{"availability>=99.9%", "availability >= 99.9%", 0.999},
		{"goodput > 50/s", "goodput > 50/s", 50},
		{"writes.lost == 0", "writes.lost == 0", 0},
		{"latency.count > 100", "latency.count > 100", 100},
		{"latency.p99.9 < 1.5s", "latency.p99.9 < 1.5s", 1.5e9},
		{"staleness.k.p99.9 < 3", "staleness.k.p99.9 < 3", 3},
		{"availability.window < 5s  at eu   for writes",
			"availability.window < 5s for writes at eu", 5e9},
		{"loss < 0.5% from us to eu in steady", "loss < 0.5% in steady from us to eu",
			0.005},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct plan *plan = plan_of(rows[i].line);

		assert_int_equal(plan->n_expects, 1);
		assert_string_equal(plan->expects[0].id, rows[i].id);
		assert_true(plan->expects[0].value == rows[i].value);
		assert_int_equal(plan->expects[0].place.line, 13);
		assert_int_equal(plan->expects[0].place.column, 5);
		plan_free(plan);
	}
}

static void words_become_indices(void **state)
{
	struct plan *plan = plan_of("latency.p50 < 1s for users in cut at ap");
	const struct plan_expect *expect = &plan->expects[0];

	(void)state;
	assert_int_equal(expect->filter, FILTER_GROUP);
	assert_int_equal(expect->group, 0);
	assert_string_equal(plan->phases[expect->phase].name, "cut");
	assert_int_equal(expect->region, 2);
	assert_int_equal(expect->from, -1);
	plan_free(plan);
	plan = plan_of("visibility.max < 3s from eu to ap");
	assert_int_equal(plan->expects[0].from, 1);
	assert_int_equal(plan->expects[0].to, 2);
	assert_int_equal(plan->expects[0].filter, FILTER_ALL);
	assert_int_equal(plan->expects[0].phase, -1);
	plan_free(plan);
}

static void each_region_becomes_one_expectation_per_region(void **state)
{
	struct plan *plan = plan_of("availability > 99% in steady at each region");

	(void)state;
	assert_int_equal(plan->n_expects, 3);
	assert_string_equal(plan->expects[2].id, "availability > 99% in steady at ap");
	assert_int_equal(plan->expects[2].region, 2);
	plan_free(plan);
}

static void warnings_are_stricter_bounds_however_they_are_written(void **state)
{
	static const char *const lines[] = {
		"failover.rto < 8s warn < 5s", "failover.rto < 8s warn >= 5s"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct plan *plan = plan_of(lines[i]);

		assert_true(plan->expects[0].has_warn);
		assert_int_equal(plan->expects[0].warn_compare, COMPARE_LT);
		assert_true(plan->expects[0].warn_value == 5e9);
		assert_string_equal(plan->expects[0].id, "failover.rto < 8s warn < 5s");
		plan_free(plan);
	}
}

static void confidence_makes_a_claim(void **state)
{
	struct plan *plan = plan_of("latency.p99 < 1s confidence 95%");

	(void)state;
	assert_true(plan->expects[0].confidence == 0.95);
	plan_free(plan);
}

static void wrong_lines_are_told_why(void **state)
{
	static const struct {
		const char *line, *golden;
	} rows[] = {
		{"latency < 1s",
			"t.yaml:13:5: latency has no single value; say which of: p50, p90"},
		{"latency.p98 < 1s", "latency has no \"p98\"; it has: p50, p90, p95, p99, p99.9"},
		{"writes.lost.p99 < 1", "writes.lost has no \"p99\"; it has: one value only"},
		{"writes.lots == 0",
			"there is no metric \"writes.lots\"; did you mean \"writes.lost\"?"},
		{"latancy.p99 < 1s", "there is no metric \"latancy.p99\""},
		{"latency.p99 1s", "t.yaml:13:17: \"1s\" is no comparison"},
		{"latency.p99 = 1s",
			"\"=\" is no comparison; use <, <=, ==, !=, >= or > (equality is ==)"},
		{"latency.p99 <", "the value to compare with is missing here"},
		{"latency.p99", "a comparison such as < or == is missing here"},
		{"latency.p99 < 100", "t.yaml:13:19: '100' has no unit: write 100s or 100ms"},
		{"latency.p99 < 5%", "'5%' is not a duration"},
		{"writes.lost == 0.5", "'0.5' is not a whole number"},
		{"writes.lost == -1", "is not a whole number"},
		{"latency.p99 < 1s in stedy",
			"t.yaml:13:25: there is no phase \"stedy\"; did you mean "
			"\"steady\"?"},
		{"latency.p99 < 1s at usa", "there is no region \"usa\"; did you mean \"us\"?"},
		{"latency.p99 < 1s for user",
			"there is no group of clients \"user\"; did you mean "
			"\"users\"?"},
		{"latency.p99 < 1s in steady in cut", "\"in\" is said twice"},
		{"latency.p99 < 1s and writes.lost == 0",
			"an expectation is one condition; write two "
			"lines"},
		{"latency.p99 < 1s during cut", "\"during\" is no clause; use for, in, at"},
		{"latency.p99 < 1s from us to eu", "latency takes no \"from\""},
		{"latency.p99 < 1s at each", "write \"at each region\""},
		{"visibility.p99 < 1s from us",
			"\"from us\" needs its other end; write from us to "
			"REGION"},
		{"visibility.p99 < 1s from us to us", "from us to itself; name two regions"},
		{"rtt.p50 < 1s",
			"rtt is of an ordered pair of regions; add \"from REGION to REGION\""},
		{"writes.lost == 0 for reads", "writes.lost takes no \"for\""},
		{"latency.p99 < 1s warn < 2s",
			"nothing that passes is beyond 2s, so it would never warn"},
		{"writes.lost == 0 warn < 2", "a warning goes with a bound"},
		{"latency.p99 < 1s confidence 100%",
			"a confidence lies between 50% and below 100%"},
		{"a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a",
			"goes on too "
			"long"},
		{"{ a: b }", "an expectation must be a text, not a map"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct scenario_text text = SCENARIO_TEXT;
		char expect[512];

		snprintf(expect, sizeof(expect), "expect:\n  - %s\n", rows[i].line);
		text.expect = expect;
		assert_complaint(&text, rows[i].golden);
	}
}

static void the_same_line_twice_is_refused(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;

	(void)state;
	text.expect = "expect:\n  - writes.lost == 0\n  - writes.lost  ==  0\n";
	assert_complaint(&text,
		"t.yaml:14:5: \"writes.lost == 0\" stands here twice; the first is in line 13");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_get_base_units),
		cmocka_unit_test(words_become_indices),
		cmocka_unit_test(each_region_becomes_one_expectation_per_region),
		cmocka_unit_test(warnings_are_stricter_bounds_however_they_are_written),
		cmocka_unit_test(confidence_makes_a_claim),
		cmocka_unit_test(wrong_lines_are_told_why),
		cmocka_unit_test(the_same_line_twice_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
