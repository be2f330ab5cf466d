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

static void a_change_goes_on_counting_and_starts_in_the_good_state(void **state)
{
	struct impairment imp = {.loss_ppm = 900000, .loss_burst = 1000};
	struct fate_link link = link_with(3, imp);

	(void)state;
	for (int i = 0; i < 5000; i++)
		fate_next(&link);
	assert_true(link.bad);
	fate_link_set(&link, &imp);
	assert_int_equal(link.index, 5000);
	assert_false(fate_next(&link).lost);
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
		cmocka_unit_test(a_change_goes_on_counting_and_starts_in_the_good_state),
		cmocka_unit_test(tables_have_mean_zero_and_deviation_one),
		cmocka_unit_test(a_pareto_tail_is_longer_on_the_right),
		cmocka_unit_test(delays_are_never_negative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
