/* Bounds against exact distributions, computed the slow way. */
#include "suites/proof/chance.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* P(N = k) for k = 0 .. n by adding one packet after the other. Caller frees. */
static double *exact(const struct gilbert *chain, unsigned n)
{
	double *good = calloc(n + 2, sizeof(double)), *bad = calloc(n + 2, sizeof(double));

	good[0] = 1 - chance_mean(chain);
	bad[0] = chance_mean(chain);
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = n + 1; k-- > 0;) {
			double g = good[k] * (1 - chain->enter) + bad[k] * chain->leave;
			double b = k ? good[k - 1] * chain->enter + bad[k - 1] * (1 - chain->leave)
				     : 0;

			good[k] = g;
			bad[k] = b;
		}
	}
	for (unsigned k = 0; k <= n; k++)
		good[k] += bad[k];
	free(bad);
	return good;
}

static const struct impairment losses[] = {
	{.loss_ppm = 1000},
	{.loss_ppm = 10000},
	{.loss_ppm = 100000},
	{.loss_ppm = 500000},
	{.loss_ppm = 10000, .loss_burst = 4},
	{.loss_ppm = 100000, .loss_burst = 4},
	{.loss_ppm = 300000, .loss_burst = 20},
};
#define N_LOSSES (sizeof(losses) / sizeof(losses[0]))

static void bounds_are_never_below_the_exact_tails_and_not_far_above(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_LOSSES; i++) {
		struct gilbert chain = chance_chain(&losses[i]);

		for (unsigned n = 20; n <= 500; n *= 5) {
			double *p = exact(&chain, n), upper = 0, lower = 0;

			for (unsigned k = n + 1; k-- > 0;) {
				upper += p[k];
				assert_true(chance_at_least(&chain, n, k) >=
					upper * (1 - 1e-6) - 1e-14);
			}
			for (unsigned k = 0; k <= n; k++) {
				double bound = chance_at_most(&chain, n, k);

				lower += p[k];
				assert_true(bound >= lower * (1 - 1e-6) - 1e-14);
				if (lower > 1e-12 && lower < 1e-3)
					assert_true(bound < 200 * lower);
			}
			free(p);
		}
	}
}

static void certain_cases_are_certain(void **state)
{
	struct impairment none = {0}, cut = {.cut = 1};
	struct gilbert clean = chance_chain(&none), closed = chance_chain(&cut);

	(void)state;
	assert_true(chance_at_least(&clean, 1000, 0) == 1);
	assert_true(chance_at_least(&clean, 1000, 1) == 0);
	assert_true(chance_at_most(&closed, 1000, 1000) == 1);
	assert_true(chance_at_most(&closed, 1000, 999) == 0);
}

static void variance_factor_is_that_of_the_exact_distribution(void **state)
{
	struct impairment four = {.loss_ppm = 10000, .loss_burst = 4};
	struct gilbert chain = chance_chain(&four);

	(void)state;
	assert_true(fabs(chance_variance_factor(&chain, 1000000) - 6.92) < 0.01);
	for (size_t i = 0; i < N_LOSSES; i++) {
		unsigned n = 200;
		double *p, mean = 0, square = 0, share;

		chain = chance_chain(&losses[i]);
		p = exact(&chain, n);
		for (unsigned k = 0; k <= n; k++) {
			mean += p[k] * k;
			square += p[k] * k * k;
		}
		share = chance_mean(&chain);
		assert_true(fabs(mean - share * n) < 1e-6);
		assert_true(fabs((square - mean * mean) / (n * share * (1 - share)) -
				    chance_variance_factor(&chain, n)) < 1e-6);
		free(p);
	}
}

static void wilson_interval_has_its_textbook_values(void **state)
{
	struct chance_interval i = chance_share(100, 10, 1);

	(void)state;
	assert_true(fabs(i.low - 0.0552) < 1e-3 && fabs(i.high - 0.1744) < 1e-3);
	i = chance_share(700, 70, 7);
	assert_true(fabs(i.low - 0.0552) < 1e-3 && fabs(i.high - 0.1744) < 1e-3);
	i = chance_share(100, 0, 1);
	assert_true(i.low == 0 && fabs(i.high - 0.037) < 1e-3);
	assert_true(chance_share(0, 0, 1).high == 1);
}

static void z_has_its_textbook_values(void **state)
{
	(void)state;
	assert_true(fabs(chance_z(0.05) - 1.95996) < 1e-4);
	assert_true(fabs(chance_z(1e-8) - 5.7307) < 1e-3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_are_never_below_the_exact_tails_and_not_far_above),
		cmocka_unit_test(certain_cases_are_certain),
		cmocka_unit_test(variance_factor_is_that_of_the_exact_distribution),
		cmocka_unit_test(wilson_interval_has_its_textbook_values),
		cmocka_unit_test(z_has_its_textbook_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
