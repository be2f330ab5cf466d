#include "suites/judge/liar.h"
#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define K op_key(KEY_OTHER, 0)
#define LIAR GROUP_LIAR_SESSION(0)

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

static void by_liar(struct op *op, unsigned flags)
{
	op->session = LIAR;
	op->region = op->node = 0;
	op->flags |= (uint16_t)(OP_VIA_PROXY | flags);
}

/* The liar writes and reads in turn; every third answer is an old one. */
static void liar_at_work(int n)
{
	for (int i = 1; i <= n; i++) {
		bool lies = i % 3 == 0;

		by_liar(jw_write(&world, 0, K, (uint64_t)i, i * 100, i * 100 + 10), 0);
		by_liar(jw_read(&world, 0, K, 0, (uint64_t)(lies ? i - 1 : i), i * 100 + 50,
				i * 100 + 55),
			lies ? OP_LIED : 0);
	}
}

/* A session that reads at once, elsewhere, what it has written. */
static void honest_session(int n)
{
	jw_tick(&world, 1, n * 100 + 1000, 60);
	for (int i = 1; i <= n; i++) {
		jw_write(&world, 0, jw_register(1), (uint64_t)i, i * 100, i * 100 + 10);
		jw_read(&world, 0, jw_register(1), 0, (uint64_t)i, i * 100 + 20, i * 100 + 25)
			->node = 1;
	}
}

static struct result_expect expect(enum metric_id metric)
{
	struct plan_expect e = jw_expectation(metric, COMPARE_EQ, 0);

	return jw_expect(&world, &e);
}

static void every_lie_is_found_and_nothing_else(void **state)
{
	(void)state;
	liar_at_work(30);
	/* Its own reads may be old honestly: no lie, and none of the lies found. */
	by_liar(jw_read(&world, 0, K, 0, 2, 4000, 4010), 0);
	jw_seal(&world);
	liar_try(&world.evidence);
	assert_int_equal(world.evidence.lies_told, 10);
	assert_int_equal(world.evidence.lies_caught, 10);
}

static void its_lies_count_in_no_verdict(void **state)
{
	(void)state;
	honest_session(50);
	liar_at_work(30);
	assert_int_equal(expect(METRIC_READ_YOUR_WRITES).verdict, VERDICT_PASS);
	assert_int_equal(expect(METRIC_THIN_AIR_READS).verdict, VERDICT_PASS);
}

/* Somewhere on the way the answer was replaced by what it should have been. */
static void bend_answers(void)
{
	for (size_t i = 0; i < world.n_ops; i++) {
		struct op *op = &world.ops[i];

		if (op->flags & OP_LIED)
			op->value = jw_value(0, op_value_sequence(op->value) + 1);
	}
}

static void a_lie_that_is_not_found_makes_reads_inconclusive(void **state)
{
	struct result_expect out;

	(void)state;
	honest_session(50);
	liar_at_work(30);
	bend_answers();
	out = expect(METRIC_READ_YOUR_WRITES);
	assert_int_equal(out.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(out.why, "of 10 old answers that our own liar gave, 0 were found"));
	assert_int_equal(expect(METRIC_THIN_AIR_READS).verdict, VERDICT_INCONCLUSIVE);
}

static void what_does_not_hang_on_reads_is_judged_all_the_same(void **state)
{
	struct plan_expect e = jw_expectation(METRIC_AVAILABILITY, COMPARE_GE, 0.99);

	(void)state;
	honest_session(50);
	liar_at_work(30);
	bend_answers();
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_PASS);
}

/* Its proxy passes everything on: it never lies, though it could have. */
static void a_liar_that_never_lies_makes_reads_inconclusive(void **state)
{
	struct result_expect out;

	(void)state;
	honest_session(80);
	for (int i = 1; i <= 80; i++) {
		by_liar(jw_write(&world, 0, K, (uint64_t)i, i * 100, i * 100 + 10), 0);
		by_liar(jw_read(&world, 0, K, 0, (uint64_t)i, i * 100 + 50, i * 100 + 55), 0);
	}
	out = expect(METRIC_READ_YOUR_WRITES);
	assert_int_equal(out.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(out.why, "our own liar read 79 times and told no lie"));
}

static void without_a_liar_nothing_is_said(void **state)
{
	(void)state;
	honest_session(50);
	assert_int_equal(expect(METRIC_READ_YOUR_WRITES).verdict, VERDICT_PASS);
	assert_int_equal(world.evidence.lies_told, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_lie_is_found_and_nothing_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(its_lies_count_in_no_verdict, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_lie_that_is_not_found_makes_reads_inconclusive, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_does_not_hang_on_reads_is_judged_all_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_liar_that_never_lies_makes_reads_inconclusive, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_liar_nothing_is_said, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
