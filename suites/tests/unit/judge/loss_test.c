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

/* An acknowledged ledger write, returned at ret_ms, and what the regions say of it at 9 s. */
static void ledger(uint32_t number, double ret_ms, bool kept)
{
	uint32_t key = jw_ledger(0, number);

	jw_write(&world, 0, key, number + 1, ret_ms - 5, ret_ms);
	jw_read_back(&world, key, kept ? jw_value(0, number + 1) : 0, 9000);
}

static void write_absent_everywhere_is_lost(void **state)
{
	struct measurement m;

	(void)state;
	jw_fault(&world, "cut", 1000, 5000);
	ledger(0, 500, true);
	ledger(1, 990, false);
	ledger(2, 1300, false);
	m = jw_measure(&world, METRIC_WRITES_LOST);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_int_equal((int)m.value, 2);
	assert_int_equal(m.n, 3);
	assert_int_equal(m.findings[0].n_ops, 4);
	assert_non_null(strstr(m.findings[0].reason, "0.010 s before 'cut'"));
	assert_non_null(strstr(m.findings[1].reason, "0.300 s after 'cut'"));
}

static void kept_writes_are_silent(void **state)
{
	(void)state;
	ledger(0, 500, true);
	ledger(1, 600, true);
	assert_int_equal((int)jw_measure(&world, METRIC_WRITES_LOST).value, 0);
	assert_int_equal((int)jw_measure(&world, METRIC_WRITES_MISSING).value, 0);
}

static void lost_writes_split_at_the_cut(void **state)
{
	struct measurement m;

	(void)state;
	jw_fault(&world, "cut", 1000, 5000);
	ledger(0, 900, false);
	ledger(1, 990, false);
	ledger(2, 1300, false);
	ledger(3, 1400, true);
	m = jw_measure(&world, METRIC_RPO_WINDOW);
	assert_true(m.value == 100e6);
	assert_int_equal(m.n, 2);
	assert_int_equal(m.fault, 0);
	m = jw_measure(&world, METRIC_WRITES_DISCARDED_AFTER_CUT);
	assert_int_equal((int)m.value, 1);
	assert_int_equal(m.n, 2);
	assert_non_null(strstr(m.note, "0.300 s after the cut"));
}

static void write_in_some_regions_is_missing_not_lost(void **state)
{
	uint32_t key = jw_ledger(0, 0);

	(void)state;
	jw_write(&world, 0, key, 1, 5, 10);
	jw_read_back_in(&world, 0, key, jw_value(0, 1), 9000);
	jw_read_back_in(&world, 1, key, 0, 9000);
	jw_read_back_in(&world, 2, key, jw_value(0, 1), 9000);
	assert_int_equal((int)jw_measure(&world, METRIC_WRITES_LOST).value, 0);
	assert_int_equal((int)jw_measure(&world, METRIC_WRITES_MISSING).value, 1);
}

static void region_without_an_answer_proves_no_loss(void **state)
{
	uint32_t key = jw_ledger(0, 0);
	struct measurement m;

	(void)state;
	ledger(1, 500, true);
	jw_write(&world, 0, key, 1, 5, 10);
	jw_read_back_in(&world, 0, key, 0, 9000);
	jw_read_back_in(&world, 1, key, 0, 9000);
	m = jw_measure(&world, METRIC_WRITES_LOST);
	assert_int_equal((int)m.value, 0);
	assert_int_equal(m.n, 1);
	assert_non_null(strstr(m.note, "1 writes were not read back in every region"));
}

static void last_sweep_counts(void **state)
{
	uint32_t key = jw_ledger(0, 0);

	(void)state;
	jw_write(&world, 0, key, 1, 5, 10);
	jw_read_back(&world, key, 0, 8000);
	jw_read_back(&world, key, jw_value(0, 1), 9000);
	assert_int_equal((int)jw_measure(&world, METRIC_WRITES_LOST).value, 0);
}

static void unknown_writes_are_never_loss(void **state)
{
	uint32_t key = jw_ledger(0, 7);
	struct measurement m;

	(void)state;
	ledger(1, 500, true);
	jw_write(&world, 0, key, 8, 5, 10)->state = OP_UNKNOWN;
	jw_read_back(&world, key, 0, 9000);
	m = jw_measure(&world, METRIC_WRITES_LOST);
	assert_int_equal((int)m.value, 0);
	assert_int_equal(m.n, 1);
	m = jw_measure(&world, METRIC_WRITES_VANISHED);
	assert_int_equal((int)m.value, 1);
	assert_int_equal(m.n, 1);
}

static void failed_writes_count_nowhere(void **state)
{
	(void)state;
	ledger(0, 500, false);
	world.ops[0].state = OP_FAIL;
	assert_int_equal(jw_measure(&world, METRIC_WRITES_LOST).status, MEASURED_NOTHING);
}

static void without_convergence_nothing_is_decided(void **state)
{
	(void)state;
	ledger(0, 500, false);
	world.evidence.converged = false;
	assert_int_equal(jw_measure(&world, METRIC_WRITES_LOST).status, MEASURED_UNDECIDED);
}

static void without_a_read_back_nothing_is_measured(void **state)
{
	(void)state;
	jw_write(&world, 0, jw_ledger(0, 0), 1, 5, 10);
	assert_int_equal(jw_measure(&world, METRIC_WRITES_LOST).status, MEASURED_NOTHING);
}

static void overwritten_registers_are_masked_and_convict_nobody(void **state)
{
	struct measurement m;

	(void)state;
	jw_write(&world, 0, jw_register(1), 1, 5, 10);
	jw_write(&world, 0, jw_register(1), 2, 15, 20);
	jw_read_back(&world, jw_register(1), 0, 9000);
	m = jw_measure(&world, METRIC_WRITES_MASKED);
	assert_int_equal((int)m.value, 1);
	assert_int_equal(m.n, 2);
	assert_int_equal(jw_measure(&world, METRIC_WRITES_LOST).status, MEASURED_NOTHING);
}

static void phase_is_that_of_the_acknowledgement(void **state)
{
	struct question question = jw_question(METRIC_WRITES_LOST);

	(void)state;
	question.phase = jw_phase(&world, "early", PHASE_WATCH, 0, 600);
	ledger(0, 500, false);
	ledger(1, 602, false); /* called at 597 */
	assert_int_equal(jw_ask(&world, &question).n, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(write_absent_everywhere_is_lost),
		T(kept_writes_are_silent),
		T(lost_writes_split_at_the_cut),
		T(write_in_some_regions_is_missing_not_lost),
		T(region_without_an_answer_proves_no_loss),
		T(last_sweep_counts),
		T(unknown_writes_are_never_loss),
		T(failed_writes_count_nowhere),
		T(without_convergence_nothing_is_decided),
		T(without_a_read_back_nothing_is_measured),
		T(overwritten_registers_are_masked_and_convict_nobody),
		T(phase_is_that_of_the_acknowledgement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
