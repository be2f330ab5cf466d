#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define K jw_register(1)
#define L jw_register(2)

static struct judge_world world;

static int set_up(void **state)
{
	(void)state;
	jw_init(&world);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jw_release(&world);
	return 0;
}

static void own_write_missed_is_found_with_its_witness(void **state)
{
	struct measurement m;

	(void)state;
	jw_tick(&world, 0, 1000, 40);
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, K, 2, 20, 30);
	jw_read(&world, 0, K, 0, 1, 40, 50);
	m = jw_measure(&world, METRIC_READ_YOUR_WRITES);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_int_equal(m.total_findings, 1);
	assert_int_equal(m.findings[0].n_ops, 3);
	assert_true(world.ops[m.findings[0].ops[2]].kind == OP_READ);
	assert_false(m.findings[0].tainted);
}

static void own_write_read_is_silent(void **state)
{
	struct measurement m;

	(void)state;
	jw_tick(&world, 0, 1000, 40);
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, K, 2, 20, 30);
	jw_read(&world, 0, K, 0, 2, 40, 50)->region = 1;
	m = jw_measure(&world, METRIC_READ_YOUR_WRITES);
	assert_int_equal(m.total_findings, 0);
}

static void absent_after_an_own_write_is_a_violation(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_read(&world, 0, K, 0, 0, 20, 30);
	assert_int_equal(jw_measure(&world, METRIC_READ_YOUR_WRITES).total_findings, 1);
}

static void absent_after_an_own_delete_is_none(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_op(&world, OP_DELETE, 0, K, jw_value(0, 2), 20, 30);
	jw_read(&world, 0, K, 0, 0, 40, 50);
	assert_int_equal(jw_measure(&world, METRIC_READ_YOUR_WRITES).total_findings, 0);
}

static void absent_by_an_old_delete_is_a_violation_again(void **state)
{
	(void)state;
	jw_op(&world, OP_DELETE, 0, K, jw_value(0, 1), 1, 10);
	jw_write(&world, 0, K, 2, 20, 30);
	jw_read(&world, 0, K, 0, 0, 40, 50);
	assert_int_equal(jw_measure(&world, METRIC_READ_YOUR_WRITES).total_findings, 1);
}

static void overlapping_write_of_another_convicts_nobody(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 20, 30);
	jw_write(&world, 1, K, 1, 5, 25); /* returned after the own write was called */
	jw_read(&world, 0, K, 1, 1, 40, 50);
	assert_int_equal(jw_measure(&world, METRIC_READ_YOUR_WRITES).total_findings, 0);
}

static void unknown_write_read_later_convicts_nobody(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10)->state = OP_UNKNOWN;
	jw_write(&world, 0, K, 2, 20, 30);
	jw_read(&world, 0, K, 0, 1, 40, 50); /* the unknown one took effect late */
	assert_int_equal(jw_measure(&world, METRIC_READ_YOUR_WRITES).total_findings, 0);
}

static void unknown_write_binds_nobody(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, K, 2, 20, 30)->state = OP_UNKNOWN;
	jw_read(&world, 0, K, 0, 1, 40, 50);
	assert_int_equal(jw_measure(&world, METRIC_READ_YOUR_WRITES).total_findings, 0);
}

static void obligation_outlives_an_unknown_outcome(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, K, 2, 20, 30);
	jw_read(&world, 0, L, 0, 0, 40, 2040)->state = OP_UNKNOWN;
	jw_read(&world, 0, K, 0, 1, 2050, 2060);
	assert_int_equal(jw_measure(&world, METRIC_READ_YOUR_WRITES).total_findings, 1);
}

static void roaming_and_sticky_sessions_are_told_apart(void **state)
{
	struct measurement m;

	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_read(&world, 0, K, 0, 0, 20, 30)->region = 1;
	m = jw_measure(&world, METRIC_READ_YOUR_WRITES);
	assert_non_null(strstr(m.note, "sticky 0 of 0, roaming 1 of 1"));
}

static void only_reads_below_the_lag_are_trials(void **state)
{
	struct measurement m;
	struct op *op;

	(void)state;
	jw_tick(&world, 0, 2000, 100);
	jw_write(&world, 0, K, 1, 500, 510);
	op = jw_read(&world, 0, K, 0, 1, 550, 560);
	op->node = 1;
	op = jw_read(&world, 0, K, 0, 1, 1500, 1510);
	op->node = 1;
	m = jw_measure(&world, METRIC_READ_YOUR_WRITES);
	assert_int_equal(m.n, 1);
	assert_non_null(strstr(m.note, "would have caught a lag of 40 ms or more"));
}

static void reads_that_could_not_miss_are_no_data(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 500, 510);
	jw_read(&world, 0, K, 0, 1, 1500, 1510);
	assert_int_equal(jw_measure(&world, METRIC_READ_YOUR_WRITES).status, MEASURED_NOTHING);
}

/* Beacons of all pairs, ten milliseconds on the way. */
static void beacons_of_all(struct beacon_sample *samples)
{
	size_t n = 0;

	for (uint8_t from = 0; from < WORLD_REGIONS; from++) {
		for (uint8_t to = 0; to < WORLD_REGIONS; to++)
			samples[n++] = (struct beacon_sample){.sent_ns = 500 * WORLD_MS,
				.recv_ns = 510 * WORLD_MS,
				.from = from,
				.to = to};
	}
	world.evidence.beacons.samples = samples;
	world.evidence.beacons.n = n;
}

/* Of a session far from the primary; nearby it is read 40 ms after the acknowledgement, when what has
 * next to no lag has long been there. */
static size_t trials_after_a_write_of(double length_ms)
{
	struct measurement m;

	jw_tick(&world, 0, 2000, 1);
	jw_write(&world, WORLD_SESSIONS, K, 1, 500, 500 + length_ms);
	jw_read(&world, WORLD_SESSIONS, K, WORLD_SESSIONS, 1, 540 + length_ms, 550 + length_ms);
	m = jw_measure(&world, METRIC_READ_YOUR_WRITES);
	assert_int_equal(m.total_findings, 0);
	return m.n;
}

static void a_read_within_what_the_writer_waited_is_a_trial(void **state)
{
	struct beacon_sample samples[WORLD_REGIONS * WORLD_REGIONS];

	(void)state;
	beacons_of_all(samples);
	assert_int_equal(trials_after_a_write_of(20 + 60), 1);
}

static void an_acknowledgement_that_waited_for_nobody_makes_no_trial(void **state)
{
	struct beacon_sample samples[WORLD_REGIONS * WORLD_REGIONS];

	(void)state;
	beacons_of_all(samples);
	assert_int_equal(trials_after_a_write_of(20 + 30), 0);
}

static void a_wait_says_nothing_where_the_way_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(trials_after_a_write_of(20 + 60), 0);
}

static void falling_back_is_a_monotonic_read_failure(void **state)
{
	struct measurement m;

	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, K, 2, 20, 30);
	jw_read(&world, 5, K, 0, 2, 40, 50);
	jw_read(&world, 5, K, 0, 1, 60, 70);
	m = jw_measure(&world, METRIC_MONOTONIC_READS);
	assert_int_equal(m.total_findings, 1);
	assert_int_equal(m.findings[0].n_ops, 4);
}

static void going_forward_is_silent(void **state)
{
	struct measurement m;

	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, K, 2, 20, 30);
	jw_read(&world, 5, K, 0, 1, 40, 50);
	jw_read(&world, 5, K, 0, 2, 60, 70);
	m = jw_measure(&world, METRIC_MONOTONIC_READS);
	assert_int_equal(m.total_findings, 0);
	assert_int_equal(m.n, 1);
}

static void another_session_that_falls_back_is_nobodys_failure(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, K, 2, 20, 30);
	jw_read(&world, 5, K, 0, 2, 40, 50);
	jw_read(&world, 6, K, 0, 1, 60, 70);
	assert_int_equal(jw_measure(&world, METRIC_MONOTONIC_READS).total_findings, 0);
}

static void later_write_without_the_earlier_is_a_monotonic_write_failure(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, L, 2, 20, 30);
	jw_read(&world, 5, L, 0, 2, 40, 50);
	jw_read(&world, 5, K, 0, 0, 60, 70);
	assert_int_equal(jw_measure(&world, METRIC_MONOTONIC_WRITES).total_findings, 1);
}

static void different_nodes_convict_no_monotonic_write(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, L, 2, 20, 30);
	jw_read(&world, 5, L, 0, 2, 40, 50);
	jw_read(&world, 5, K, 0, 0, 60, 70)->node = 2;
	assert_int_equal(jw_measure(&world, METRIC_MONOTONIC_WRITES).total_findings, 0);
}

/* Nobody whose writes can be missed wrote to a second key. */
static void sessions_of_one_key_prove_no_monotonic_write(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 1, L, 1, 20, 30);
	jw_read(&world, 5, L, 1, 1, 40, 50);
	jw_read(&world, 5, K, 0, 1, 60, 70);
	assert_int_equal(jw_measure(&world, METRIC_MONOTONIC_WRITES).status, MEASURED_NOTHING);
	jw_write(&world, 1, K, 2, 80, 90);
	jw_read(&world, 5, K, 1, 2, 100, 110);
	assert_int_equal(jw_measure(&world, METRIC_MONOTONIC_WRITES).n, 1);
}

static void sessions_that_only_write_follow_no_read(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 1, L, 1, 20, 30);
	jw_read(&world, 5, L, 1, 1, 40, 50);
	jw_read(&world, 5, K, 0, 1, 60, 70);
	assert_int_equal(jw_measure(&world, METRIC_WRITES_FOLLOW_READS).status, MEASURED_NOTHING);
	jw_read(&world, 1, K, 0, 1, 12, 15);
	assert_int_equal(jw_measure(&world, METRIC_WRITES_FOLLOW_READS).n, 1);
}

static void write_seen_without_what_was_read_is_found(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_read(&world, 1, K, 0, 1, 20, 30);
	jw_write(&world, 1, L, 1, 40, 50);
	jw_read(&world, 5, L, 1, 1, 60, 70);
	jw_read(&world, 5, K, 0, 0, 80, 90);
	assert_int_equal(jw_measure(&world, METRIC_WRITES_FOLLOW_READS).total_findings, 1);
	assert_int_equal(jw_measure(&world, METRIC_MONOTONIC_WRITES).total_findings, 0);
}

static void write_seen_with_what_was_read_is_silent(void **state)
{
	struct measurement m;

	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_read(&world, 1, K, 0, 1, 20, 30);
	jw_write(&world, 1, L, 1, 40, 50);
	jw_read(&world, 5, L, 1, 1, 60, 70);
	jw_read(&world, 5, K, 0, 1, 80, 90);
	m = jw_measure(&world, METRIC_WRITES_FOLLOW_READS);
	assert_int_equal(m.total_findings, 0);
	assert_int_equal(m.n, 1);
}

static void answers_through_our_liar_are_left_out(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_read(&world, 0, K, 0, 0, 20, 30)->flags |= OP_VIA_PROXY;
	assert_int_equal(jw_measure(&world, METRIC_READ_YOUR_WRITES).total_findings, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(own_write_missed_is_found_with_its_witness),
		T(own_write_read_is_silent),
		T(absent_after_an_own_write_is_a_violation),
		T(absent_after_an_own_delete_is_none),
		T(absent_by_an_old_delete_is_a_violation_again),
		T(overlapping_write_of_another_convicts_nobody),
		T(unknown_write_read_later_convicts_nobody),
		T(unknown_write_binds_nobody),
		T(obligation_outlives_an_unknown_outcome),
		T(roaming_and_sticky_sessions_are_told_apart),
		T(only_reads_below_the_lag_are_trials),
		T(reads_that_could_not_miss_are_no_data),
		T(a_read_within_what_the_writer_waited_is_a_trial),
		T(an_acknowledgement_that_waited_for_nobody_makes_no_trial),
		T(a_wait_says_nothing_where_the_way_is_not_known),
		T(falling_back_is_a_monotonic_read_failure),
		T(going_forward_is_silent),
		T(another_session_that_falls_back_is_nobodys_failure),
		T(later_write_without_the_earlier_is_a_monotonic_write_failure),
		T(different_nodes_convict_no_monotonic_write),
		T(sessions_of_one_key_prove_no_monotonic_write),
		T(sessions_that_only_write_follow_no_read),
		T(write_seen_without_what_was_read_is_found),
		T(write_seen_with_what_was_read_is_silent),
		T(answers_through_our_liar_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
