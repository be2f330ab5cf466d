/* Measured percentiles: what is drawn has them again, mean and long tail included. */
#include "chaos/percentiles.h"
#include "chaos/engines/distribution.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* All that can be drawn, in order. */
static void draw_all(const struct impairment *imp, uint64_t out[DISTRIBUTION_POINTS])
{
	for (uint64_t i = 0; i < DISTRIBUTION_POINTS; i++)
		out[i] = distribution_draw(imp, i);
	qsort(out, DISTRIBUTION_POINTS, sizeof(*out), ascending);
}

static void draws_have_the_percentiles_that_were_measured(void **state)
{
	static const struct percentile measured[] = {{0, 38 * MS}, {50, 40 * MS}, {90, 44 * MS},
		{99, 60 * MS}, {99.9, 120 * MS}, {100, 400 * MS}};
	size_t n = sizeof(measured) / sizeof(*measured);
	struct impairment imp = {0};
	uint64_t delays[DISTRIBUTION_POINTS];
	double mean = 0;
	struct err err;

	(void)state;
	assert_int_equal(percentiles_set(measured, n, &imp, &err), 0);
	assert_int_equal(impairment_check(&imp, &err), 0);
	draw_all(&imp, delays);
	for (size_t i = 1; i + 1 < n; i++) {
		size_t at = (size_t)(measured[i].at / 100 * DISTRIBUTION_POINTS);
		double got = (double)delays[at], asked = (double)measured[i].delay_ns;

		if (fabs(got / asked - 1) > 0.02)
			fail_msg("p%g: %.2f ms where %.2f was measured", measured[i].at, got / 1e6,
				asked / 1e6);
	}
	for (size_t i = 0; i < DISTRIBUTION_POINTS; i++)
		mean += (double)delays[i] / DISTRIBUTION_POINTS;
	assert_true(fabs(mean / (double)imp.delay_ns - 1) < 0.01);
}

static void the_spread_of_a_table_is_that_of_its_middle(void **state)
{
	static const struct percentile measured[] = {
		{15, 90 * MS}, {50, 100 * MS}, {85, 110 * MS}, {99, 500 * MS}};
	struct impairment imp = {0};
	struct err err;

	(void)state;
	assert_int_equal(percentiles_set(measured, 4, &imp, &err), 0);
	assert_true(imp.jitter_ns > 50 * MS);
	assert_true(fabs(impairment_spread_ns(&imp) / (10.0 * MS) - 1) < 0.05);
	imp = (struct impairment){.jitter_ns = 7 * MS};
	assert_true(impairment_spread_ns(&imp) == 7.0 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_have_the_percentiles_that_were_measured),
		cmocka_unit_test(the_spread_of_a_table_is_that_of_its_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
