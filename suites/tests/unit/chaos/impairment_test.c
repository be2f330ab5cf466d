#include "chaos/impairment.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static void defaults_of_the_rows_are_neutral(void **state)
{
	struct impairment imp;

	(void)state;
	memset(&imp, 0xff, sizeof(imp));
	param_set_defaults(impairment_params, &imp);
	assert_true(impairment_is_neutral(&imp));
	imp.delay_ns = 1;
	assert_false(impairment_is_neutral(&imp));
}

static void gilbert_has_the_stated_mean_and_burst(void **state)
{
	(void)state;
	for (uint64_t burst = 1; burst <= 50; burst += 7) {
		struct impairment imp = {.loss_ppm = 10000, .loss_burst = burst};
		struct gilbert g = impairment_gilbert(&imp);

		assert_true(near(g.enter / (g.enter + g.leave), 0.01));
		if (burst > 1)
			assert_true(near(1 / g.leave, (double)burst));
	}
}

static void gilbert_lengthens_bursts_that_the_mean_cannot_have(void **state)
{
	struct impairment imp = {.loss_ppm = 900000, .loss_burst = 2};
	struct gilbert g = impairment_gilbert(&imp);

	(void)state;
	assert_true(near(g.enter / (g.enter + g.leave), 0.9));
	assert_true(near(1 / g.leave, 9));
}

static void full_loss_is_a_cut_and_nothing_else(void **state)
{
	struct impairment full = {.loss_ppm = 1000000, .delay_ns = 5}, cut = {.cut = 1};

	(void)state;
	assert_true(impairment_equal(&full, &cut));
	assert_true(near(impairment_gilbert(&full).enter, 1));
	assert_false(impairment_needs_segments(&cut)); /* whole bursts vanish as well as packets */
}

static void overlapping_impairments_add_up(void **state)
{
	struct impairment a = {.delay_ns = 10, .jitter_ns = 3, .loss_ppm = 100000, .rate_bps = 5};
	struct impairment b = {.delay_ns = 20,
		.jitter_ns = 4,
		.loss_ppm = 500000,
		.loss_burst = 4,
		.distribution = DISTRIBUTION_NORMAL};
	struct impairment sum = impairment_add(&a, &b), none = {0};

	(void)state;
	assert_int_equal(sum.delay_ns, 30);
	assert_int_equal(sum.jitter_ns, 5);
	assert_int_equal(sum.loss_ppm, 550000);
	assert_int_equal(sum.loss_burst, 4);
	assert_int_equal(sum.rate_bps, 5);
	assert_int_equal(sum.distribution, DISTRIBUTION_NORMAL);
	b.cut = 1;
	assert_true(impairment_add(&a, &b).cut);
	sum = impairment_add(&a, &none);
	assert_true(impairment_equal(&sum, &a));
}

static void segments_matter_for_loss_rate_and_reordering_only(void **state)
{
	struct impairment delay = {.delay_ns = 1, .jitter_ns = 1}, loss = {.loss_ppm = 1};
	struct impairment rate = {.rate_bps = 1}, reorder = {.jitter_ns = 1, .reorder = 1};

	(void)state;
	assert_false(impairment_needs_segments(&delay));
	assert_true(impairment_needs_segments(&loss));
	assert_true(impairment_needs_segments(&rate));
	assert_true(impairment_needs_segments(&reorder));
}

static void impairments_print_as_users_write_them(void **state)
{
	struct impairment imp = {.delay_ns = 40 * NSEC_PER_MSEC,
		.jitter_ns = 2 * NSEC_PER_MSEC,
		.distribution = DISTRIBUTION_NORMAL,
		.loss_ppm = 10000,
		.loss_burst = 4};
	struct impairment neutral = {0};
	struct buf out = {0};

	(void)state;
	impairment_print(&out, &imp);
	assert_string_equal(buf_str(&out), "delay 40ms, jitter 2ms normal, loss 1% in bursts of 4");
	buf_clear(&out);
	impairment_print(&out, &neutral);
	assert_string_equal(buf_str(&out), "neutral");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_of_the_rows_are_neutral),
		cmocka_unit_test(gilbert_has_the_stated_mean_and_burst),
		cmocka_unit_test(gilbert_lengthens_bursts_that_the_mean_cannot_have),
		cmocka_unit_test(full_loss_is_a_cut_and_nothing_else),
		cmocka_unit_test(overlapping_impairments_add_up),
		cmocka_unit_test(segments_matter_for_loss_rate_and_reordering_only),
		cmocka_unit_test(impairments_print_as_users_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
