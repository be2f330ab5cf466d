#include "suites/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct ledger_value latency(double value, double low, double high)
{
	return (struct ledger_value){.id = "latency.p99 < 100ms",
		.wanted = "< 100 ms",
		.unit = "ns",
		.verdict = VERDICT_PASS,
		.has_value = true,
		.value = value,
		.has_interval = true,
		.low = low,
		.high = high};
}

static struct ledger_value loss(uint64_t findings, uint64_t n)
{
	return (struct ledger_value){.id = "writes.lost == 0",
		.wanted = "== 0",
		.unit = "count",
		.verdict = findings ? VERDICT_FAIL : VERDICT_PASS,
		.has_value = true,
		.value = (double)findings,
		.findings = findings,
		.n = n};
}

static enum change change_of(struct ledger_value before, struct ledger_value after)
{
	struct arena arena = {0};
	size_t n;
	struct comparison *rows = compare_runs(&arena, &before, 1, &after, 1, &n);
	enum change change = rows[0].change;

	assert_int_equal(n, 1);
	assert_non_null(rows[0].why);
	arena_release(&arena);
	return change;
}

static void intervals_that_part_are_a_difference_that_overlap_are_none(void **state)
{
	(void)state;
	assert_int_equal(change_of(latency(50, 45, 55), latency(80, 70, 90)), CHANGE_WORSE);
	assert_int_equal(change_of(latency(80, 70, 90), latency(50, 45, 55)), CHANGE_BETTER);
	assert_int_equal(change_of(latency(50, 45, 72), latency(80, 70, 90)), CHANGE_NONE);
}

static void more_is_better_where_the_bound_is_a_lower_one(void **state)
{
	struct ledger_value before = latency(0.9, 0.89, 0.91), after = latency(0.7, 0.6, 0.8);

	(void)state;
	before.wanted = after.wanted = "> 50 %";
	assert_int_equal(change_of(before, after), CHANGE_WORSE);
	assert_int_equal(change_of(after, before), CHANGE_BETTER);
}

static void values_without_intervals_carry_no_claim(void **state)
{
	struct ledger_value before = latency(10, 0, 0), after = latency(90, 0, 0);

	(void)state;
	before.has_interval = after.has_interval = false;
	assert_int_equal(change_of(before, after), CHANGE_NONE);
}

static void violation_that_was_not_there_needs_no_statistics(void **state)
{
	(void)state;
	assert_int_equal(change_of(loss(0, 100), loss(1, 100)), CHANGE_WORSE);
	assert_int_equal(change_of(loss(1, 100), loss(0, 100)), CHANGE_BETTER);
}

static void two_failures_differ_where_their_shares_do(void **state)
{
	(void)state;
	assert_int_equal(change_of(loss(10, 1000), loss(14, 1000)), CHANGE_NONE);
	assert_int_equal(change_of(loss(10, 1000), loss(300, 1000)), CHANGE_WORSE);
}

static void lost_proof_is_neither_better_nor_worse(void **state)
{
	struct ledger_value after = loss(0, 100);

	(void)state;
	after.verdict = VERDICT_VOID;
	assert_int_equal(change_of(loss(0, 100), after), CHANGE_UNPROVEN);
	after.verdict = VERDICT_INCONCLUSIVE;
	assert_int_equal(change_of(loss(0, 100), after), CHANGE_UNPROVEN);
	assert_int_equal(change_of(after, loss(0, 100)), CHANGE_UNKNOWN);
	assert_int_equal(change_of(loss(7, 100), after), CHANGE_UNKNOWN);
}

static void what_one_run_did_not_ask_is_named(void **state)
{
	struct ledger_value before = loss(0, 100), after = latency(1, 0, 2);
	struct arena arena = {0};
	size_t n;
	struct comparison *rows;

	(void)state;
	rows = compare_runs(&arena, &before, 1, &after, 1, &n);
	assert_int_equal(n, 2);
	assert_int_equal(rows[0].change, CHANGE_ONLY_BEFORE);
	assert_int_equal(rows[1].change, CHANGE_ONLY_AFTER);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_that_part_are_a_difference_that_overlap_are_none),
		cmocka_unit_test(more_is_better_where_the_bound_is_a_lower_one),
		cmocka_unit_test(values_without_intervals_carry_no_claim),
		cmocka_unit_test(violation_that_was_not_there_needs_no_statistics),
		cmocka_unit_test(two_failures_differ_where_their_shares_do),
		cmocka_unit_test(lost_proof_is_neither_better_nor_worse),
		cmocka_unit_test(what_one_run_did_not_ask_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
