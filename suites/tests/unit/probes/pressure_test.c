#include "probes/pressure.h"
#include "fixtures/base/clock.h"
#include "probes/tape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC

static void share_is_that_of_the_time_asked_for(void **state)
{
	struct pressure items[] = {{.at_ns = 0, .length_ns = 250 * MS, .some_ns = 25 * MS},
		{.at_ns = 250 * MS, .length_ns = 250 * MS, .some_ns = 225 * MS}};
	struct pressures pressures = {items, 2};

	(void)state;
	assert_float_equal(pressures_share(&pressures, 0, 250 * MS), 0.1, 1e-9);
	assert_float_equal(pressures_share(&pressures, 250 * MS, 500 * MS), 0.9, 1e-9);
	assert_float_equal(pressures_share(&pressures, 0, 500 * MS), 0.5, 1e-9);
}

static void what_was_not_watched_is_unknown(void **state)
{
	struct pressure item = {.at_ns = 0, .length_ns = 250 * MS, .some_ns = 250 * MS};
	struct pressures none = {0}, early = {&item, 1};

	(void)state;
	assert_true(pressures_share(&none, 0, 1000 * MS) < 0);
	assert_true(pressures_share(&early, 250 * MS, 1000 * MS) < 0);
}

static void account_is_that_of_the_kernel(void **state)
{
	char path[] = "/tmp/regionproof-pressure-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	unlink(path);
	assert_true(dprintf(fd,
			    "some avg10=0.08 avg60=3.14 avg300=29.90 total=1526370393\n"
			    "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n") > 0);
	assert_true(pressure_read(fd) == UINT64_C(1526370393000));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(pressure_read(fd) == UINT64_MAX);
	close(fd);
	assert_true(pressure_read(-1) == UINT64_MAX);
}

static void records_come_back_from_the_file(void **state)
{
	struct pressure record = {
		.at_ns = 5 * MS, .length_ns = 250 * MS, .some_ns = 7 * MS, .region = 1};
	char dir[] = "/tmp/regionproof-pressure-XXXXXX", path[64];
	struct pressures pressures;
	struct tape *tape;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	tape = pressure_tape_create(dir, 1, 3, 42, &err);
	assert_non_null(tape);
	assert_int_equal(tape_add(tape, &record, &err), 0);
	assert_int_equal(tape_close(tape, &err), 0);
	assert_int_equal(pressures_load_dir(&pressures, dir, &err), 0);
	assert_int_equal(pressures.n, 1);
	assert_int_equal(pressures.items[0].region, 1);
	assert_true(pressures.items[0].some_ns == 7 * MS);
	pressures_release(&pressures);
	snprintf(path, sizeof(path), "%s/1" PRESSURE_SUFFIX, dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(share_is_that_of_the_time_asked_for),
		cmocka_unit_test(what_was_not_watched_is_unknown),
		cmocka_unit_test(account_is_that_of_the_kernel),
		cmocka_unit_test(records_come_back_from_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
