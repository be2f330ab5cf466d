/* The machine's own noise, and what it forbids. */
#include "suites/proof/noise.h"
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/beacon_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC

static void measure(struct noise *noise, uint64_t machine_ns, const struct impairment *imp)
{
	struct impairment links[4] = {{0}, *imp, *imp, {0}};
	struct stalls stalls = {0};
	struct beacons beacons;
	struct world world;

	world_init(&world, 2, 2 * NSEC_PER_SEC, 3);
	world.noise_ns = machine_ns;
	world_change(&world, 0, 1, WORLD_BOTH, 0, imp);
	world_change(&world, 1, 0, WORLD_BOTH, 0, imp);
	world_make(&world, &beacons);
	noise_measure(noise, &beacons, &stalls, links, 2, 0, 2 * NSEC_PER_SEC);
	beacons_release(&beacons);
}

static void noise_is_what_the_machine_adds_beyond_the_links_delay(void **state)
{
	struct impairment link = {.delay_ns = 80 * MS};
	struct noise noise;

	(void)state;
	measure(&noise, 100000, &link);
	/* Exponential with mean 0.1 ms: p99 at 4.6 means, median at 0.7, 8 us of path, and IPv6 15 us
	 * behind IPv4, which it may not overtake. */
	assert_in_range(noise.delay_ns, 350000, 700000);
	assert_in_range(noise.path_ns, 60000, 150000);
	assert_int_equal(noise.n, 1600);
}

static void links_with_jitter_say_nothing_and_lateness_stands_in(void **state)
{
	struct impairment link = {.delay_ns = 80 * MS, .jitter_ns = 5 * MS};
	struct noise noise;

	(void)state;
	measure(&noise, 100000, &link);
	assert_int_equal(noise.n, 0);
	assert_int_equal(noise.delay_ns, noise.late_ns);
}

static void fault_below_five_times_the_noise_is_refused_with_exit_4(void **state)
{
	struct impairment none = {0}, small = {.delay_ns = 2 * MS}, large = {.delay_ns = 3 * MS},
			  lossy = {.loss_ppm = 1000}, cut = {.cut = 1};
	struct noise noise = {.delay_ns = 500000, .n = 100};
	struct err err = {.text = ""};

	(void)state;
	assert_int_equal(noise_check(&noise, &none, &large, "fault 'slow'", &err), 0);
	assert_int_equal(noise_check(&noise, &none, &lossy, "fault 'slow'", &err), 0);
	assert_int_equal(noise_check(&noise, &none, &cut, "fault 'slow'", &err), 0);
	assert_int_equal(noise_check(&noise, &none, &small, "fault 'slow'", &err), -1);
	print_message("%s\n", err.text);
	assert_int_equal(err.code, EXIT_MACHINE);
	assert_non_null(strstr(err.text, "fault 'slow' changes 2ms"));
	/* What counts is the change, not the delay itself. */
	assert_int_equal(noise_check(&noise, &large, &small, "fault 'slow'", &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise_is_what_the_machine_adds_beyond_the_links_delay),
		cmocka_unit_test(links_with_jitter_say_nothing_and_lateness_stands_in),
		cmocka_unit_test(fault_below_five_times_the_noise_is_refused_with_exit_4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
