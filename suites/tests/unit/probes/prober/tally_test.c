#include "probes/prober/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void the_p99_is_within_an_eighth_of_an_octave(void **state)
{
	static struct tally tally, before;

	(void)state;
	for (uint64_t i = 1; i <= 100000; i++)
		tally_note(&tally, OP_READ, OP_OK, i * 1000);
	assert_in_range(tally_p99_ns(&tally.reads, &before.reads), 99000000, 99000000 * 9 / 8);
	assert_int_equal(tally_p99_ns(&tally.writes, &before.writes), 0);
	assert_int_equal(tally_p99_ns(&tally.reads, &tally.reads), 0);
}

static void reads_and_all_else_are_counted_apart(void **state)
{
	static struct tally tally, sum;

	(void)state;
	tally_note(&tally, OP_READ, OP_FAIL, 1);
	tally_note(&tally, OP_WRITE, OP_OK, 1);
	tally_note(&tally, OP_DELETE, OP_NOT_SENT, 0);
	tally_add(&sum, &tally);
	tally_add(&sum, &tally);
	assert_int_equal(sum.reads.states[OP_FAIL], 2);
	assert_int_equal(sum.writes.states[OP_OK], 2);
	assert_int_equal(sum.writes.states[OP_NOT_SENT], 2);
	assert_int_equal(sum.reads.states[OP_OK], 0);
}

static void a_slot_that_was_not_sent_has_no_latency(void **state)
{
	static struct tally tally, before;

	(void)state;
	tally_note(&tally, OP_READ, OP_NOT_SENT, 0);
	assert_int_equal(tally_p99_ns(&tally.reads, &before.reads), 0);
	tally_note(&tally, OP_READ, OP_UNKNOWN, UINT64_MAX);
	assert_true(tally_p99_ns(&tally.reads, &before.reads) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_p99_is_within_an_eighth_of_an_octave),
		cmocka_unit_test(reads_and_all_else_are_counted_apart),
		cmocka_unit_test(a_slot_that_was_not_sent_has_no_latency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
