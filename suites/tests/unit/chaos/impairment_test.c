#include "chaos/loss.h"
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
	sum = impairment_add(&a, &b);
	assert_true(sum.cut);
	sum = impairment_add(&a, &none);
	assert_true(impairment_equal(&sum, &a));
}

static void segments_matter_where_single_packets_do(void **state)
{
	struct impairment delay = {.delay_ns = 1, .jitter_ns = 1}, loss = {.loss_ppm = 1};
	struct impairment rate = {.rate_bps = 1}, reorder = {.jitter_ns = 1, .reorder = 1};

	(void)state;
	assert_false(impairment_needs_segments(&delay));
	assert_true(impairment_needs_segments(&loss));
	assert_true(impairment_needs_segments(&rate));
	assert_true(impairment_needs_segments(&reorder));
	assert_true(impairment_needs_segments(&(struct impairment){.corrupt_ppm = 1}));
	assert_true(impairment_needs_segments(&(struct impairment){.duplicate_ppm = 1}));
	assert_true(
		impairment_needs_segments(&(struct impairment){.delay_ns = 1, .overtake_gap = 5}));
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

/* Each contradicts itself; the word must be in the sentence. */
static void parameters_that_contradict_each_other_are_refused(void **state)
{
	static const struct {
		struct impairment imp;
		const char *word;
	} cases[] = {
		{{.loss_ppm = 1, .loss_p13_ppm = 1, .loss_p31_ppm = 1}, "give one of them"},
		{{.loss_p31_ppm = 1}, "never begins"},
		{{.loss_p13_ppm = 1}, "never end"},
		{{.loss_p14_ppm = 1, .loss_p32_ppm = 1}, "never go on"},
		{{.loss_p13_ppm = 600000, .loss_p14_ppm = 600000, .loss_p31_ppm = 1}, "100%"},
		{{.ecn = 1}, "ecn without loss"},
		{{.overtake_ppm = 1}, "nobody to overtake"},
		{{.delay_ns = 1, .overtake_ppm = 500000, .overtake_gap = 3}, "gap"},
		{{.rate_overhead = 1}, "no rate"},
		{{.rate_bps = 1, .rate_cell_overhead = 1}, "without rate-cell"},
		{{.slot_min_ns = 2, .slot_max_ns = 1}, "slot-max"},
		{{.slot_packets = 1}, "no slot-min"},
		{{.jitter_ns = 1, .distribution = DISTRIBUTION_TABLE}, "delay-percentiles"},
	};
	struct impairment fine = {.delay_ns = 1, .overtake_ppm = 333334, .overtake_gap = 3};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(impairment_check(&cases[i].imp, &err), -1);
		if (!strstr(err.text, cases[i].word))
			fail_msg("case %zu: %s", i, err.text);
	}
	assert_int_equal(impairment_check(&fine, &err), 0);
	assert_int_equal(impairment_check(&(struct impairment){0}, &err), 0);
}

static void what_a_rate_counts_is_counted(void **state)
{
	struct impairment plain = {.rate_bps = 8000000};
	struct impairment atm = {
		.rate_bps = 8000000, .rate_overhead = 8, .rate_cell = 48, .rate_cell_overhead = 5};

	(void)state;
	assert_int_equal(impairment_wire_ns(&plain, 100), 100 * 1000);
	assert_int_equal(impairment_wire_ns(&atm, 100), 3 * 53 * 1000); /* 108 bytes: 3 cells */
	assert_int_equal(impairment_wire_ns(&atm, 88), 2 * 53 * 1000);
}

static void the_tighter_queue_holds_whole(void **state)
{
	struct impairment a = {.rate_bps = 1000, .rate_cell = 48, .slot_max_ns = 5, .limit = 9};
	struct impairment b = {.rate_bps = 2000, .slot_max_ns = 7, .slot_packets = 2, .limit = 8};
	struct impairment sum = impairment_add(&a, &b), back = impairment_add(&b, &a);

	(void)state;
	assert_true(impairment_equal(&sum, &back));
	assert_int_equal(sum.rate_bps, 1000);
	assert_int_equal(sum.rate_cell, 48);
	assert_int_equal(sum.slot_max_ns, 7);
	assert_int_equal(sum.slot_packets, 2);
	assert_int_equal(sum.limit, 8);
}

static void four_states_stay_alone_and_are_a_mean_beside_another_loss(void **state)
{
	struct impairment four = {.loss_p13_ppm = 10000, .loss_p31_ppm = 90000};
	struct impairment loss = {.loss_ppm = 500000}, delay = {.delay_ns = 1};
	struct impairment sum = impairment_add(&four, &delay);

	(void)state;
	assert_int_equal(sum.loss_p13_ppm, 10000);
	sum = impairment_add(&loss, &four);
	assert_int_equal(sum.loss_ppm, 550000);
	assert_int_equal(sum.loss_burst, 11);
	assert_false(loss_has_four_states(&sum));
}

static void what_the_kernel_rounds_is_kept_and_more_is_not(void **state)
{
	struct impairment asked = {.delay_ns = 1000000, .loss_ppm = 500, .rate_bps = 1000001};
	struct impairment has = {.delay_ns = 1000064, .loss_ppm = 501, .rate_bps = 1000008};

	(void)state;
	assert_true(impairment_is_kept(&asked, &has));
	has.duplicate_ppm = 10;
	assert_false(impairment_is_kept(&asked, &has));
	has = asked;
	has.ecn = 1;
	assert_false(impairment_is_kept(&asked, &has));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_of_the_rows_are_neutral),
		cmocka_unit_test(gilbert_has_the_stated_mean_and_burst),
		cmocka_unit_test(gilbert_lengthens_bursts_that_the_mean_cannot_have),
		cmocka_unit_test(full_loss_is_a_cut_and_nothing_else),
		cmocka_unit_test(overlapping_impairments_add_up),
		cmocka_unit_test(segments_matter_where_single_packets_do),
		cmocka_unit_test(impairments_print_as_users_write_them),
		cmocka_unit_test(parameters_that_contradict_each_other_are_refused),
		cmocka_unit_test(what_a_rate_counts_is_counted),
		cmocka_unit_test(the_tighter_queue_holds_whole),
		cmocka_unit_test(four_states_stay_alone_and_are_a_mean_beside_another_loss),
		cmocka_unit_test(what_the_kernel_rounds_is_kept_and_more_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
