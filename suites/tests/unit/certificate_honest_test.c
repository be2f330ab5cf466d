/* Honest faults drawn at random: the certificate never cries wolf. */
#include "fixtures/base/rng.h"
#include "suites/tests/helpers/certificate_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct impairment random_impairment(struct rng *rng, unsigned kind)
{
	struct impairment imp = bench_base;

	switch (kind) {
	case 0:
		imp.cut = 1;
		break;
	case 1:
		imp.delay_ns = (1 + rng_below(rng, 200)) * MS;
		break;
	case 2:
		imp.delay_ns = (50 + rng_below(rng, 100)) * MS;
		imp.jitter_ns = (1 + rng_below(rng, 10)) * MS;
		imp.distribution = rng_below(rng, 2);
		imp.reorder = rng_below(rng, 2);
		break;
	default:
		imp.loss_ppm = 1000 + rng_below(rng, 300000);
		imp.loss_burst = 1 + rng_below(rng, 8);
	}
	return imp;
}

/* One link, 600 ms before, 1 s of fault, 600 ms after. */
static enum certificate_status try_honest(unsigned i, struct arena *arena, const char **why)
{
	struct stalls stalls = {0};
	struct noise noise = {.delay_ns = 150000, .path_ns = 22000, .n = 1000};
	struct certificate_asked asked = {
		.to = 1,
		.before = bench_base,
		.after = bench_base,
		.read_back_equal = true,
		.sent_ns = 600 * MS,
		.acked_ns = 601 * MS,
		.undo_sent_ns = 1600 * MS,
		.undo_acked_ns = 1601 * MS,
		.after_to_ns = 2200 * MS,
	};
	struct certificate out;
	struct beacons beacons;
	struct world world;
	struct certificate_input input = {
		.regions = bench_regions,
		.links = &asked,
		.n_links = 1,
		.beacons = &beacons,
		.stalls = &stalls,
		.noise = &noise,
		.n_faults = 1,
	};

	world_init(&world, 2, 2200 * MS, 1000 + i);
	asked.asked = random_impairment(&world.rng, i % 4);
	world_change(&world, 0, 1, WORLD_BOTH, 0, &bench_base);
	world_change(&world, 0, 1, WORLD_BOTH, 600 * MS + rng_below(&world.rng, MS), &asked.asked);
	world_change(&world, 0, 1, WORLD_BOTH, 1600 * MS + rng_below(&world.rng, MS), &bench_base);
	world_make(&world, &beacons);
	certificate_make(arena, &input, &out);
	beacons_release(&beacons);
	*why = out.why;
	return out.status;
}

static void ten_thousand_honest_faults_never_make_it_cry_wolf(void **state)
{
	unsigned certified[4] = {0}, n = 10000;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		struct arena arena = {0};
		const char *why;
		enum certificate_status status = try_honest(i, &arena, &why);

		if (status == CERTIFIED)
			certified[i % 4]++;
		else if (status != CERTIFICATE_NO_DATA)
			fail_msg(
				"honest fault %u: %s: %s", i, certificate_status_name(status), why);
		arena_release(&arena);
	}
	print_message("certified of %u each: cut %u, delay %u, jitter %u, loss %u\n", n / 4,
		certified[0], certified[1], certified[2], certified[3]);
	assert_int_equal(certified[0], n / 4);
	assert_true(certified[1] >= n / 4 * 98 / 100); /* 40 ms itself is no change */
	assert_int_equal(certified[2], n / 4);
	assert_true(certified[3] >= n / 4 * 70 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_honest_faults_never_make_it_cry_wolf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
