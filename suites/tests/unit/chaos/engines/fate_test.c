#include "chaos/engines/fate.h"
#include "chaos/engines/distribution.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define N 200000

static struct fate_link link_with(uint64_t seed, struct impairment imp)
{
	struct fate_link link;

	fate_link_init(&link, seed, 0, 1);
	fate_link_set(&link, &imp);
	return link;
}

static void a_neutral_link_loses_and_delays_nothing(void **state)
{
	struct fate_link link = link_with(1, (struct impairment){0});

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct fate fate = fate_next(&link);

		assert_false(fate.lost);
		assert_int_equal(fate.delay_ns, 0);
	}
}

static void a_cut_link_loses_everything(void **state)
{
	struct fate_link link = link_with(1, (struct impairment){.cut = 1, .delay_ns = 5});

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(fate_next(&link).lost);
}

static void the_same_seed_tells_the_same_fates_and_another_does_not(void **state)
{
	struct impairment imp = {
		.loss_ppm = 300000, .loss_burst = 3, .delay_ns = 9000, .jitter_ns = 1000};
	struct fate_link a = link_with(7, imp), b = link_with(7, imp), c = link_with(8, imp);
	int differences = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct fate fa = fate_next(&a), fb = fate_next(&b), fc = fate_next(&c);

		assert_true(fa.lost == fb.lost && fa.delay_ns == fb.delay_ns);
		differences += fa.lost != fc.lost;
	}
	assert_true(differences > 100);
}

static void links_do_not_share_their_luck(void **state)
{
	struct impairment imp = {.loss_ppm = 500000};
	struct fate_link a = link_with(7, imp), b;
	int same = 0;

	(void)state;
	fate_link_init(&b, 7, 1, 0);
	fate_link_set(&b, &imp);
	for (int i = 0; i < 10000; i++)
		same += fate_next(&a).lost == fate_next(&b).lost;
	assert_true(abs(same - 5000) < 5 * 50);
}

/* Statistics of a fixed seed: these hold or fail for ever. */
static void losses_have_the_stated_mean_and_burst(void **state)
{
	static const uint64_t bursts[] = {1, 4, 20};

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct fate_link link = link_with(
			3, (struct impairment){.loss_ppm = 50000, .loss_burst = bursts[k]});
		double lost = 0, runs = 0;
		bool before = false;

		for (int i = 0; i < N; i++) {
			bool now = fate_next(&link).lost;

			lost += now;
			runs += now && !before;
			before = now;
		}
		assert_true(fabs(lost / N / 0.05 - 1) < 0.15);
		assert_true(fabs(lost / runs / (double)bursts[k] - 1) < 0.15);
	}
}

/* What came before is not needed: a link that gets its loss at packet 3000, or for a second time,
 * loses the same packets as one that had it from the start. */
static void the_fate_of_a_packet_hangs_on_its_index_alone(void **state)
{
	static const struct impairment imps[] = {{.loss_ppm = 900000, .loss_burst = 1000},
		{.loss_ppm = 10000, .loss_burst = 5}, {.loss_ppm = 400000},
		{.loss_ppm = 950000, .loss_burst = 2},
		{.loss_p13_ppm = 10000,
			.loss_p31_ppm = 100000,
			.loss_p32_ppm = 200000,
			.loss_p23_ppm = 300000,
			.loss_p14_ppm = 1000}};

	(void)state;
	for (size_t k = 0; k < sizeof(imps) / sizeof(*imps); k++) {
		struct fate_link a = link_with(3, imps[k]);
		struct fate_link b = link_with(3, (struct impairment){.delay_ns = 1});

		for (int i = 0; i < 9000; i++) {
			struct fate fa = fate_next(&a), fb = fate_next(&b);

			if (i == 2999 || i == 6000)
				fate_link_set(&b, &imps[k]);
			assert_true(i < 3000 || fa.lost == fb.lost);
		}
		assert_int_equal(b.index, 9000);
	}
}

struct shares {
	double lost, duplicated, corrupt, overtakes;
	uint64_t least_gap;
};

static struct shares shares_of(struct impairment imp)
{
	struct fate_link link = link_with(3, imp);
	struct shares out = {.least_gap = N};
	uint64_t last = 0;

	for (int i = 0; i < N; i++) {
		struct fate fate = fate_next(&link);

		out.lost += (double)fate.lost / N;
		out.duplicated += (double)fate.duplicated / N;
		out.corrupt += (double)fate.corrupt / N;
		out.overtakes += (double)fate.overtakes / N;
		if (fate.overtakes && last && fate.index - last < out.least_gap)
			out.least_gap = fate.index - last;
		if (fate.overtakes)
			last = fate.index;
	}
	return out;
}

static void shares_are_as_stated(void **state)
{
	struct shares s = shares_of((struct impairment){.delay_ns = 1,
		.duplicate_ppm = 50000,
		.corrupt_ppm = 20000,
		.overtake_ppm = 100000});

	(void)state;
	assert_true(fabs(s.duplicated / 0.05 - 1) < 0.1);
	assert_true(fabs(s.corrupt / 0.02 - 1) < 0.1);
	assert_true(fabs(s.overtakes / 0.1 - 1) < 0.1);
	assert_true(s.lost <= 0);
}

static void a_gap_keeps_packets_apart_and_the_share(void **state)
{
	struct shares s = shares_of(
		(struct impairment){.delay_ns = 1, .overtake_ppm = 100000, .overtake_gap = 5});

	(void)state;
	assert_true(fabs(s.overtakes / 0.1 - 1) < 0.1);
	assert_int_equal(s.least_gap, 5);
	s = shares_of((struct impairment){.delay_ns = 1, .overtake_gap = 20});
	assert_true(fabs(s.overtakes / 0.05 - 1) < 0.01);
}

static void four_states_have_the_mean_and_burst_that_are_printed(void **state)
{
	struct impairment imp = {.loss_p13_ppm = 10000,
		.loss_p31_ppm = 100000,
		.loss_p32_ppm = 200000,
		.loss_p23_ppm = 300000,
		.loss_p14_ppm = 5000};
	struct fate_link link = link_with(3, imp);
	double lost = 0, runs = 0;
	bool before = false;

	(void)state;
	for (int i = 0; i < N; i++) {
		bool now = fate_next(&link).lost;

		lost += now;
		runs += now && !before;
		before = now;
	}
	assert_true(fabs(lost / N / loss_mean(&imp) - 1) < 0.1);
	assert_true(fabs(lost / runs / loss_mean_burst(&imp) - 1) < 0.1);
}

static void slots_are_as_far_apart_as_stated(void **state)
{
	struct fate_link link =
		link_with(3, (struct impairment){.slot_min_ns = 1000, .slot_max_ns = 3000});
	double sum = 0;

	(void)state;
	for (uint64_t i = 0; i < 10000; i++) {
		uint64_t ns = fate_slot_ns(&link, i);

		assert_true(ns >= 1000 && ns < 3000);
		sum += (double)ns / 10000;
	}
	assert_true(fabs(sum / 2000 - 1) < 0.02);
}

static void tables_have_mean_zero_and_deviation_one(void **state)
{
	(void)state;
	for (unsigned shape = 0; shape <= DISTRIBUTION_PARETONORMAL; shape++) {
		const int16_t *table = distribution_table((enum distribution)shape);
		double wanted = shape == DISTRIBUTION_UNIFORM ? 1 / sqrt(3) : 1, sum = 0,
		       square = 0;

		for (int i = 0; i < DISTRIBUTION_POINTS; i++) {
			double v = (double)table[i] / DISTRIBUTION_SCALE;

			sum += v / DISTRIBUTION_POINTS;
			square += v * v / DISTRIBUTION_POINTS;
			assert_true(!i || table[i - 1] <= table[i]);
		}
		assert_true(fabs(sum) < 1e-3);
		assert_true(fabs(sqrt(square) - wanted) < 1e-3);
	}
}

static void a_pareto_tail_is_longer_on_the_right(void **state)
{
	const int16_t *table = distribution_table(DISTRIBUTION_PARETO);

	(void)state;
	assert_true(table[DISTRIBUTION_POINTS - 1] > 3 * DISTRIBUTION_SCALE);
	assert_true(table[0] > -DISTRIBUTION_SCALE);
}

static void delays_are_never_negative(void **state)
{
	struct fate_link link = link_with(3,
		(struct impairment){
			.delay_ns = 10, .jitter_ns = 1000, .distribution = DISTRIBUTION_NORMAL});

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_true(fate_next(&link).delay_ns < 10 + 4 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_neutral_link_loses_and_delays_nothing),
		cmocka_unit_test(a_cut_link_loses_everything),
		cmocka_unit_test(the_same_seed_tells_the_same_fates_and_another_does_not),
		cmocka_unit_test(links_do_not_share_their_luck),
		cmocka_unit_test(losses_have_the_stated_mean_and_burst),
		cmocka_unit_test(the_fate_of_a_packet_hangs_on_its_index_alone),
		cmocka_unit_test(shares_are_as_stated),
		cmocka_unit_test(a_gap_keeps_packets_apart_and_the_share),
		cmocka_unit_test(four_states_have_the_mean_and_burst_that_are_printed),
		cmocka_unit_test(slots_are_as_far_apart_as_stated),
		cmocka_unit_test(tables_have_mean_zero_and_deviation_one),
		cmocka_unit_test(a_pareto_tail_is_longer_on_the_right),
		cmocka_unit_test(delays_are_never_negative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
