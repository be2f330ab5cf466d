/* A run that was held: what was planned moves, what was over stays. */
#include "suites/tests/helpers/scenario_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define S UINT64_C(1000000000)

static struct plan *a_plan(void)
{
	struct scenario_text text = SCENARIO_TEXT;

	return assert_plan(&text);
}

static const struct plan_phase *phase(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (!strcmp(plan->phases[i].name, name))
			return &plan->phases[i];
	}
	fail_msg("no phase %s", name);
	return NULL;
}

static void assert_phase(const struct plan *plan, const char *name, uint64_t start, uint64_t end)
{
	assert_int_equal(phase(plan, name)->start_ns, start);
	assert_int_equal(phase(plan, name)->end_ns, end);
}

static void held_before_a_fault_the_phase_before_it_keeps_its_end(void **state)
{
	struct plan *plan = a_plan();

	(void)state;
	plan_shift(plan, 5 * S, 3 * S);
	assert_phase(plan, "steady", 0, 5 * S);
	assert_phase(plan, "cut", 8 * S, 18 * S);
	assert_phase(plan, "after", 18 * S, 23 * S);
	assert_int_equal(plan->faults[0].start_ns, 8 * S);
	assert_int_equal(plan->faults[0].length_ns, 10 * S);
	assert_int_equal(plan->end_ns, 28 * S);
	assert_int_equal(plan->steps[0].at_ns, 8 * S);
	plan_free(plan);
}

static void held_before_its_end_a_fault_lasts_longer(void **state)
{
	struct plan *plan = a_plan();

	(void)state;
	plan_shift(plan, 15 * S, 4 * S);
	assert_phase(plan, "steady", 0, 5 * S);
	assert_phase(plan, "cut", 5 * S, 19 * S);
	assert_phase(plan, "after", 19 * S, 24 * S);
	assert_int_equal(plan->faults[0].start_ns, 5 * S);
	assert_int_equal(plan->faults[0].length_ns, 14 * S);
	assert_int_equal(plan->end_ns, 29 * S);
	plan_free(plan);
}

static void held_before_the_quiet_phase_what_is_over_stays(void **state)
{
	struct plan *plan = a_plan();

	(void)state;
	plan_shift(plan, 20 * S, 1 * S);
	assert_phase(plan, "cut", 5 * S, 15 * S);
	assert_phase(plan, "after", 15 * S, 20 * S);
	assert_phase(plan, "settled", 21 * S, 26 * S);
	assert_int_equal(plan->faults[0].length_ns, 10 * S);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_before_a_fault_the_phase_before_it_keeps_its_end),
		cmocka_unit_test(held_before_its_end_a_fault_lasts_longer),
		cmocka_unit_test(held_before_the_quiet_phase_what_is_over_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
