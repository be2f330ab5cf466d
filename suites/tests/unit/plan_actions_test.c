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

#define EDGES(rows)                                                                                \
	"clients:\n  - { name: users, sessions: 2 per region, reads: { rate: 30/s" rows " }\n"

static void purge_is_for_the_edges_of_a_group(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;
	struct plan *plan;

	(void)state;
	text.clients = EDGES(", from: node }, node: store");
	text.expect = "expect: [ errors < 1% in steady ]\n";
	text.timeline = AROUND("  - { at: 6s, purge: users }\n");
	plan = assert_plan(&text);
	assert_int_equal(plan->actions[0].kind, ACTION_PURGE);
	assert_int_equal(plan->actions[0].group, 0);
	assert_string_equal(plan->actions[0].name, "purge-1");
	plan_free(plan);
	text.timeline = AROUND("  - { at: 6s, purge: user }\n");
	assert_complaint(&text, "did you mean \"users\"?");
	text.timeline = AROUND("  - { at: 6s, purge: users, within: 3s }\n");
	assert_complaint(&text, "an action has no key \"within\"");
	text.clients = EDGES(" }");
	text.timeline = AROUND("  - { at: 6s, purge: users }\n");
	assert_complaint(&text, "users do not read from an edge");
}

static void what_is_about_purges_needs_one(void **state)
{
	struct scenario_text text = SCENARIO_TEXT;

	(void)state;
	text.clients = EDGES(", from: node }, writes: { rate: 5/s }, node: store");
	text.timeline = AROUND("");
	text.expect = "expect:\n  - edge.purge_lag.max < 2s\n";
	assert_complaint(&text, "counts from a purge of the clients' edges");
	text.expect = "expect:\n  - edge.stale_overruns == 0\n";
	assert_complaint(&text, "needs what the origin's Cache-Control allows");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions_are_steps_with_their_limits),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(purge_is_for_the_edges_of_a_group),
		cmocka_unit_test(what_is_about_purges_needs_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
