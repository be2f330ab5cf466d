/* Actions of a timeline: read, placed among the steps, moved when a person is waited for. */
#include "suites/plan.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/scenario_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define AROUND(actions)                                                                            \
	"timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"                                      \
	"  - { at: 5s, partition: us, for: 10s, name: cut }\n" actions                             \
	"  - { at: 20s, quiet: settled, for: 5s }\n"

static void actions_are_steps_with_their_limits(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan;

	(void)state;
	text.timeline = AROUND("  - { at: 6s, do: \"./failover.sh eu\", within: 20s, name: go }\n"
			       "  - { at: 5s, webhook: \"https://example.com/x\" }\n"
			       "  - { at: 4s, wait: somebody pulls the plug }\n");
	plan = assert_plan(&text);
	assert_int_equal(plan->n_actions, 3);
	assert_string_equal(plan->actions[0].name, "go");
	assert_string_equal(plan->actions[0].what, "./failover.sh eu");
	assert_int_equal(plan->actions[0].limit_ns, 20 * NSEC_PER_SEC);
	assert_string_equal(plan->actions[1].name, "webhook-2");
	assert_int_equal(plan->actions[1].limit_ns, 10 * NSEC_PER_SEC);
	assert_int_equal(plan->actions[2].kind, ACTION_WAIT);
	/* the person first, then the fault, then what is told of it */
	assert_int_equal(plan->steps[0].kind, STEP_ACTION);
	assert_int_equal(plan->steps[0].index, 2);
	assert_int_equal(plan->steps[1].kind, STEP_FAULT_ON);
	assert_int_equal(plan->steps[2].kind, STEP_ACTION);
	assert_int_equal(plan->steps[2].index, 1);
	plan_shift(plan, 4 * NSEC_PER_SEC, NSEC_PER_SEC);
	assert_int_equal(plan->actions[0].at_ns, 7 * NSEC_PER_SEC);
	assert_int_equal(plan->actions[2].at_ns, 5 * NSEC_PER_SEC);
	plan_free(plan);
}

static void mistakes_are_told(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;

	(void)state;
	text.timeline = AROUND("  - { at: 6s, do: x, for: 3s }\n");
	assert_complaint(&text, "an action has no key \"for\"");
	text.timeline = AROUND("  - { at: 6s, webhook: \"ftp://x\" }\n");
	assert_complaint(&text, "begins with http:// or https://");
	text.timeline = AROUND("  - { at: 6s, do: x, within: 0s }\n");
	assert_complaint(&text, "above 0");
	text.timeline = AROUND("  - { at: 6s, do: x, name: a }\n  - { at: 7s, do: y, name: a }\n");
	assert_complaint(&text, "two actions are called \"a\"");
	text.timeline = AROUND("  - { do: x }\n");
	assert_complaint(&text, "needs \"at:\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions_are_steps_with_their_limits),
		cmocka_unit_test(mistakes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
