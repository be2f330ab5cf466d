/*
 * The liar of a run that was really made: its lies went through the client, the driver, the files and
 * the judge, and are found; and where they are not, or none were told, nothing that hangs on reads
 * passes.
 *
 * runner: timeout 120, steady
 */
#include "suites/record.h"
#include "fixtures/base/buf.h"
#include "suites/expect.h"
#include "suites/judge/index.h"
#include "suites/judge/liar.h"
#include "suites/plan.h"
#include "suites/record.h"
#include "suites/tests/helpers/live_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SCENARIO "suites/tests/selftest/sabotage.yaml"
#define RUN "liar-runs/latest"

static const char *skip_reason;
static int exit_code;
static struct arena arena;
static struct plan *plan;
static struct evidence evidence;

static int run_once(void **state)
{
	static const char *const options[] = {NULL};
	struct live_run run;

	(void)state;
	skip_reason = live_skip_reason();
	if (skip_reason)
		return 0;
	live_start(&run, "liar-runs", SCENARIO, options);
	exit_code = live_finish(&run);
	return 0;
}

static int load(void **state)
{
	struct plan_options options = {.path = RUN "/scenario.yaml", .share = "fixtures"};
	struct buf errors = {0};
	struct err err = {0};

	(void)state;
	if (skip_reason)
		return 0;
	plan = plan_build(&options, false, &err, &errors);
	buf_release(&errors);
	if (!plan || record_load(&arena, &evidence, plan, RUN, &err)) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int unload(void **state)
{
	(void)state;
	if (skip_reason)
		return 0;
	record_release(&evidence);
	plan_free(plan);
	plan = NULL;
	arena_release(&arena);
	return 0;
}

static void skip_where_no_run_can_be_made(void)
{
	if (!skip_reason)
		return;
	print_message("%s\n", skip_reason);
	skip();
}

static struct result_expect judge(void)
{
	struct result_expect out = {0};

	for (size_t i = 0; i < plan->n_expects; i++) {
		if (plan->expects[i].metric->id != METRIC_READ_YOUR_WRITES)
			continue;
		evidence.index = index_build(&arena, &evidence, NULL);
		liar_try(&evidence);
		expect_judge(&arena, &evidence, &plan->expects[i], &out);
	}
	return out;
}

static void its_lies_are_told_and_caught(void **state)
{
	(void)state;
	skip_where_no_run_can_be_made();
	assert_true(exit_code == EXIT_OK || exit_code == EXIT_NO_VERDICT);
	assert_int_equal(judge().verdict, VERDICT_PASS);
	assert_true(evidence.lies_told > 0);
	assert_int_equal(evidence.lies_caught, evidence.lies_told);
}

/* As a client would that shows what it has written itself, whatever the answer was. */
static void a_client_that_corrects_answers_is_found_out(void **state)
{
	struct result_expect out;
	uint64_t last = 0;

	(void)state;
	skip_where_no_run_can_be_made();
	for (size_t i = 0; i < evidence.history.n; i++) {
		struct op *op = &evidence.history.ops[i];

		if (op->flags & OP_VIA_PROXY && op->kind == OP_WRITE && op->state == OP_OK)
			last = op->value;
		if (op->flags & OP_LIED)
			op->value = last;
	}
	out = judge();
	assert_int_equal(out.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(out.why, "old answers that our own liar gave, 0 were found"));
}

/* It goes on reading and writing, for long enough, and its answers are true. */
static void a_liar_that_tells_the_truth_is_found_out(void **state)
{
	struct result_expect out;
	size_t n = 0;

	(void)state;
	skip_where_no_run_can_be_made();
	for (size_t i = 0; i < evidence.history.n; i++) {
		struct op *op = &evidence.history.ops[i];

		if (op->flags & OP_LIED) {
			op->state = OP_UNKNOWN;
			op->flags &= (uint16_t)~OP_LIED;
		}
		/* The run is short: sweeps stand in for what it would still have read. */
		if (op->flags & OP_READBACK && n++ < 100)
			op->flags = OP_VIA_PROXY;
	}
	out = judge();
	assert_int_equal(evidence.lies_told, 0);
	assert_int_equal(out.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(out.why, "told no lie"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, load, unload)
	const struct CMUnitTest tests[] = {
		T(its_lies_are_told_and_caught),
		T(a_client_that_corrects_answers_is_found_out),
		T(a_liar_that_tells_the_truth_is_found_out),
	};

	return cmocka_run_group_tests(tests, run_once, NULL);
}
