#include "suites/judge/stat.h"
#include "fixtures/base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void samples_needed_are_those_of_the_published_table(void **state)
{
	static const struct {
		double quantile;
		uint64_t needed[5];
	} rows[] = {
		{0.95, {59, 93, 124, 153, 181}},
		{0.99, {299, 473, 628, 773, 913}},
		{0.999, {2995, 4742, 6294, 7752, 9151}},
	};

	(void)state;
	for (size_t r = 0; r < 3; r++) {
		for (uint64_t k = 0; k < 5; k++)
			assert_int_equal(
				stat_samples_needed(rows[r].quantile, k, 0.95), rows[r].needed[k]);
	}
}

static double summed_cdf(int k, int n, double p)
{
	double sum = 0;

	for (int i = 0; i <= k; i++)
		sum += exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * log(p) +
			(n - i) * log(1 - p));
	return sum;
}

static void binomial_cdf_equals_the_plain_sum(void **state)
{
	(void)state;
	for (int n = 1; n < 60; n += 7) {
		for (int k = 0; k < n; k++) {
			for (double p = 0.01; p < 1; p += 0.07)
				assert_true(fabs(stat_binomial_cdf(k, n, p) - summed_cdf(k, n, p)) <
					1e-9);
		}
	}
}

static void zero_hits_give_the_rule_of_three(void **state)
{
	(void)state;
	for (int n = 10; n < 5000; n *= 2) {
		double upper = stat_share_upper(0, n, 0.95);

		assert_true(fabs(upper - (1 - pow(0.05, 1.0 / n))) < 1e-9);
		assert_true(upper <= 3.0 / n);
	}
	assert_true(fabs(stat_share_upper(0, 10, 0.95) - 0.2589) < 1e-4);
	assert_true(fabs(stat_share_upper(0, 59, 0.95) - 0.0495) < 1e-4);
}

static void share_bounds_have_the_known_values(void **state)
{
	/* Clopper-Pearson, 95 % two-sided, 3 of 20: 0.0321 .. 0.3789. */
	(void)state;
	assert_true(fabs(stat_share_lower(3, 20, 0.975) - 0.0321) < 1e-4);
	assert_true(fabs(stat_share_upper(3, 20, 0.975) - 0.3789) < 1e-4);
	assert_true(stat_share_upper(20, 20, 0.95) == 1);
	assert_true(stat_share_lower(0, 20, 0.95) == 0);
}

static void quantile_ranks_cover_as_often_as_they_say(void **state)
{
	const int trials = 4000, n = 300;
	struct rng rng;
	uint64_t low, high;
	int covered = 0;

	(void)state;
	rng_seed(&rng, 7);
	stat_quantile_ranks(n, 0.95, 0.95, &low, &high);
	assert_true(low >= 1 && high <= (uint64_t)n);
	for (int t = 0; t < trials; t++) {
		uint64_t below = 0; /* uniform samples at or below the true quantile 0.95 */

		for (int i = 0; i < n; i++)
			below += rng_unit(&rng) <= 0.95;
		covered += below >= low && below < high;
	}
	assert_true(covered > trials * 94 / 100);
}

static void few_samples_enclose_no_extreme_quantile(void **state)
{
	uint64_t low, high;

	(void)state;
	stat_quantile_ranks(50, 0.99, 0.95, &low, &high);
	assert_int_equal(high, 51);
	assert_int_equal(stat_quantile_rank(100, 0.99), 99);
	assert_int_equal(stat_quantile_rank(1, 0.5), 1);
	assert_int_equal(stat_quantile_rank(0, 0.5), 0);
}

static void independent_samples_keep_their_number_and_bursts_lose_it(void **state)
{
	enum { N = 20000 };
	bool *hit = calloc(N, sizeof(*hit));
	size_t blocks;
	struct rng rng;
	double plain, burst;

	(void)state;
	rng_seed(&rng, 3);
	for (int i = 0; i < N; i++)
		hit[i] = rng_unit(&rng) < 0.1;
	plain = stat_effective_n(hit, N, &blocks);
	assert_true(plain > N * 0.7);
	assert_true(blocks >= STAT_BLOCKS_MIN);
	for (int i = 0; i < N; i += 50) {
		bool on = rng_unit(&rng) < 0.1;

		for (int j = 0; j < 50; j++)
			hit[i + j] = on;
	}
	burst = stat_effective_n(hit, N, &blocks);
	assert_true(burst < N / 25.0);
	free(hit);
}

static void one_long_outage_carries_no_claim(void **state)
{
	bool hit[1000] = {false};
	size_t blocks;

	(void)state;
	for (int i = 500; i < 1000; i++)
		hit[i] = true;
	stat_effective_n(hit, 1000, &blocks);
	assert_true(blocks < STAT_BLOCKS_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_needed_are_those_of_the_published_table),
		cmocka_unit_test(binomial_cdf_equals_the_plain_sum),
		cmocka_unit_test(zero_hits_give_the_rule_of_three),
		cmocka_unit_test(share_bounds_have_the_known_values),
		cmocka_unit_test(quantile_ranks_cover_as_often_as_they_say),
		cmocka_unit_test(few_samples_enclose_no_extreme_quantile),
		cmocka_unit_test(independent_samples_keep_their_number_and_bursts_lose_it),
		cmocka_unit_test(one_long_outage_carries_no_claim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
