/* Sorting zones: nearly sorted, turned round, and random; with as many ties. */
#include "suites/judge/zone.h"
#include "fixtures/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define N 300000 /* one by one they would take half a minute */

enum shape { NEARLY, TURNED, RANDOM };

static void expect_sorted(enum shape shape)
{
	struct zone *zones = calloc(N, sizeof(*zones));
	uint32_t *order = calloc(N, sizeof(*order));
	struct rng rng;

	assert_true(zones && order);
	rng_seed(&rng, shape);
	for (uint32_t i = 0; i < N; i++) {
		order[i] = i;
		zones[i].first_return = shape == NEARLY ? i + rng_below(&rng, 20)
			: shape == TURNED               ? (N - i) / 2
							: rng_below(&rng, N);
	}
	zones_sort(zones, order, N);
	for (uint32_t i = 1; i < N; i++) {
		uint64_t before = zones[order[i - 1]].first_return;
		uint64_t after = zones[order[i]].first_return;

		assert_true(before < after || (before == after && order[i - 1] < order[i]));
	}
	free(order);
	free(zones);
}

static void zones_of_any_order_are_sorted(void **state)
{
	(void)state;
	expect_sorted(NEARLY);
	expect_sorted(TURNED);
	expect_sorted(RANDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(zones_of_any_order_are_sorted)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
