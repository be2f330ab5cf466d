/* Trials add up: what they bound, when a claim is carried, and that no verdict is none. */
#include "fixtures/base/buf.h"
#include "suites/run/trials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct metric rto = {
	.id = METRIC_FAILOVER_RTO, .name = "failover.rto", .needs_fault = 1};
static struct plan_expect expects[1];
static struct plan plan = {.name = "drill", .repeat = 60, .expects = expects, .n_expects = 1};

static void add(struct trials *trials, unsigned n, enum verdict verdict, double seconds)
{
	struct result_expect expect = {.id = "failover.rto < 5s",
		.wanted = "< 5 s",
		.got = "some",
		.has_got = verdict != VERDICT_VOID,
		.got_value = seconds * 1e9,
		.verdict = verdict};
	const struct result result = {.expects = &expect, .n_expects = 1};

	while (n--)
		trials_add(trials, &plan, &result);
}

/* The text and the exit code of the trials added so far. */
static int come_to(struct trials *trials, const char *part)
{
	struct buf out = {0};
	int code = trials_print(trials, &out);

	if (!strstr(buf_str(&out), part))
		fail_msg("no \"%s\" in: %s", part, buf_str(&out));
	buf_release(&out);
	trials_release(trials);
	return code;
}

static void claim(double confidence)
{
	expects[0] = (struct plan_expect){.metric = &rto, .confidence = confidence};
}

static void fifty_nine_good_trials_carry_a_claim_on_p95(void **state)
{
	struct trials trials = {0};

	(void)state;
	claim(0.95);
	add(&trials, 59, VERDICT_PASS, 2);
	assert_int_equal(come_to(&trials, "59 of 59 held"), EXIT_OK);
}

static void fifty_eight_do_not(void **state)
{
	struct trials trials = {0};

	(void)state;
	claim(0.95);
	add(&trials, 58, VERDICT_PASS, 2);
	assert_int_equal(come_to(&trials, "inconclusive (59 trials needed)"), EXIT_NO_VERDICT);
}

static void a_claim_that_is_broken_often_fails(void **state)
{
	struct trials trials = {0};

	(void)state;
	claim(0.95);
	add(&trials, 30, VERDICT_PASS, 2);
	add(&trials, 30, VERDICT_FAIL, 9);
	assert_int_equal(come_to(&trials, "30 of 60 held"), EXIT_EXPECTATION);
}

static void trials_without_a_verdict_count_for_nothing(void **state)
{
	struct trials trials = {0};

	(void)state;
	claim(0.95);
	add(&trials, 30, VERDICT_PASS, 2);
	add(&trials, 30, VERDICT_VOID, 0);
	assert_int_equal(come_to(&trials, "30 of 30 held < 5 s, most some, 30 without a verdict"),
		EXIT_NO_VERDICT);
}

static void without_a_claim_the_bound_is_printed_and_judges_nothing(void **state)
{
	struct trials trials = {0};

	(void)state;
	claim(0);
	add(&trials, 10, VERDICT_PASS, 2);
	assert_int_equal(come_to(&trials, "at most 25.9 % of runs break it"), EXIT_OK);
}

static void every_trial_has_a_seed_of_its_own(void **state)
{
	(void)state;
	assert_true(trials_seed(7, 0) == 7);
	assert_true(trials_seed(7, 1) != trials_seed(7, 2));
	assert_true(trials_seed(7, 1) != trials_seed(8, 1));
	assert_true(trials_seed(7, 1) == trials_seed(7, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fifty_nine_good_trials_carry_a_claim_on_p95),
		cmocka_unit_test(fifty_eight_do_not),
		cmocka_unit_test(a_claim_that_is_broken_often_fails),
		cmocka_unit_test(trials_without_a_verdict_count_for_nothing),
		cmocka_unit_test(without_a_claim_the_bound_is_printed_and_judges_nothing),
		cmocka_unit_test(every_trial_has_a_seed_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
