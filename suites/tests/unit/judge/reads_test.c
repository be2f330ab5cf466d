/* Dirty, thin-air and resurrected values; convergence; fallback; links. */
#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define K jw_register(1)

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

static void value_of_a_failed_write_is_dirty(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10)->state = OP_FAIL;
	jw_read(&world, 5, K, 0, 1, 20, 30);
	assert_int_equal(jw_measure(&world, METRIC_DIRTY_READS).total_findings, 1);
	assert_int_equal(jw_measure(&world, METRIC_THIN_AIR_READS).total_findings, 0);
}

static void value_of_an_unknown_write_may_be_read(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10)->state = OP_UNKNOWN;
	jw_write(&world, 0, K, 2, 11, 12)->state = OP_FAIL;
	jw_read(&world, 5, K, 0, 1, 20, 30);
	assert_int_equal(jw_measure(&world, METRIC_DIRTY_READS).total_findings, 0);
	assert_int_equal(jw_measure(&world, METRIC_DIRTY_READS).n, 1);
}

static void without_a_failed_write_nothing_dirty_can_be_read(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, jw_register(2), 2, 11, 12)->state = OP_FAIL; /* of another key */
	jw_write(&world, 0, K, 3, 40, 50)->state = OP_FAIL;              /* too late */
	jw_read(&world, 5, K, 0, 1, 20, 30);
	assert_int_equal(jw_measure(&world, METRIC_DIRTY_READS).status, MEASURED_NOTHING);
	jw_read(&world, 5, K, 0, 1, 45, 55);
	assert_int_equal(jw_measure(&world, METRIC_DIRTY_READS).n, 1);
}

static void value_nobody_wrote_is_thin_air(void **state)
{
	struct measurement m;

	(void)state;
	jw_write(&world, 0, K, 1, 100, 110);
	jw_write(&world, 0, jw_register(2), 2, 200, 210);
	jw_read(&world, 5, K, 3, 77, 220, 230);
	jw_read(&world, 5, K, 0, 1, 50, 60);   /* before it was written */
	jw_read(&world, 5, K, 0, 2, 240, 250); /* of another key */
	jw_read(&world, 5, K, 0, 1, 260, 270);
	m = jw_measure(&world, METRIC_THIN_AIR_READS);
	assert_int_equal(m.total_findings, 3);
	assert_string_equal(
		m.findings[0].reason, "the read returned before this value was written");
	assert_string_equal(m.findings[1].reason, "nobody wrote this value");
	assert_string_equal(m.findings[2].reason, "this value was written to another key");
}

/* v1, deleted; node 1 shows v1, then nothing, then what is asked for. */
static void delete_and_read(uint64_t then)
{
	jw_write(&world, 0, K, 1, 1, 10);
	jw_read(&world, 5, K, 0, 1, 20, 30);
	jw_op(&world, OP_DELETE, 0, K, jw_value(0, 2), 40, 50);
	jw_read(&world, 6, K, 0, 0, 60, 70);
	jw_read(&world, 7, K, 0, then, 80, 90);
}

static void deleted_value_that_comes_back_is_resurrected(void **state)
{
	struct measurement m;

	(void)state;
	delete_and_read(1);
	m = jw_measure(&world, METRIC_RESURRECTIONS);
	assert_int_equal(m.total_findings, 1);
	assert_int_equal(m.findings[0].n_ops, 4);
}

static void deleted_value_that_stays_away_is_silent(void **state)
{
	(void)state;
	delete_and_read(0);
	assert_int_equal(jw_measure(&world, METRIC_RESURRECTIONS).total_findings, 0);
	assert_int_equal(jw_measure(&world, METRIC_RESURRECTIONS).n, 1);
}

static void value_written_again_is_no_resurrection(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 3, 72, 78);
	delete_and_read(3);
	assert_int_equal(jw_measure(&world, METRIC_RESURRECTIONS).total_findings, 0);
}

static void copy_that_lags_is_no_resurrection(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_op(&world, OP_DELETE, 0, K, jw_value(0, 2), 40, 50);
	jw_read(&world, 0, K, 0, 0, 60, 70); /* the primary: gone */
	jw_read(&world, 5, K, 0, 1, 80, 90); /* a replica: not yet */
	assert_int_equal(jw_measure(&world, METRIC_RESURRECTIONS).total_findings, 0);
}

static void without_deletes_nothing_can_come_back(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_read(&world, 5, K, 0, 1, 20, 30);
	assert_int_equal(jw_measure(&world, METRIC_RESURRECTIONS).status, MEASURED_NOTHING);
}

static void converged_is_the_first_right_answer_after_the_last_wrong_one(void **state)
{
	struct measurement m;

	(void)state;
	world.evidence.quiet_ns = 1000 * WORLD_MS;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_read_back_in(&world, 0, K, jw_value(0, 1), 1100);
	jw_read_back_in(&world, 1, K, jw_value(0, 1), 1110);
	jw_read_back_in(&world, 2, K, 0, 1120);
	jw_read_back(&world, K, jw_value(0, 1), 1500);
	jw_read_back(&world, K, jw_value(0, 1), 2000);
	m = jw_measure(&world, METRIC_CONVERGENCE_TIME);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_true(m.value == 501e6);
	assert_true(m.value_low == 120e6);
	assert_int_equal((int)jw_measure(&world, METRIC_DIVERGENCE_KEYS).value, 0);
}

static void keys_that_differ_at_the_end_have_diverged(void **state)
{
	struct measurement m;

	(void)state;
	world.evidence.quiet_ns = 1000 * WORLD_MS;
	world.evidence.converged = false;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_read_back_in(&world, 0, K, jw_value(0, 1), 2100);
	jw_read_back_in(&world, 1, K, jw_value(0, 1), 2110);
	jw_read_back_in(&world, 2, K, 0, 2120);
	m = jw_measure(&world, METRIC_DIVERGENCE_KEYS);
	assert_int_equal(m.total_findings, 1);
	assert_int_equal(m.n, 1);
	m = jw_measure(&world, METRIC_CONVERGENCE_TIME);
	assert_int_equal(m.status, MEASURED_CENSORED);
	assert_true(m.value == 1121e6);
}

static void key_without_an_answer_somewhere_is_not_judged(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_read_back_in(&world, 0, K, jw_value(0, 1), 2100);
	jw_read_back_in(&world, 1, K, 0, 2110);
	assert_int_equal(jw_measure(&world, METRIC_DIVERGENCE_KEYS).status, MEASURED_NOTHING);
}

static void fallback_counts_reads_outside_the_primary(void **state)
{
	struct measurement m;

	(void)state;
	for (int i = 0; i < 10; i++) {
		jw_read(&world, 0, K, 0, 0, i * 10 + 1, i * 10 + 5); /* at the primary's region */
		jw_read(&world, 5, K, 0, 0, i * 10 + 2, i * 10 + 5)->flags |=
			i < 3 ? OP_FALLBACK : 0;
	}
	m = jw_measure(&world, METRIC_FALLBACK_SHARE);
	assert_true(m.value == 0.3);
	assert_int_equal(m.n, 10);
}

static void links_are_measured_from_beacons(void **state)
{
	static struct beacon_sample samples[400];
	struct question rtt = jw_question(METRIC_RTT), loss = jw_question(METRIC_LOSS);

	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		bool back = i >= 200;
		uint64_t sent = (i % 200) * 5 * WORLD_MS + WORLD_MS;

		samples[i] = (struct beacon_sample){.sent_ns = sent,
			.seq = i % 200,
			.from = back,
			.to = !back,
			.recv_ns = sent + (back ? 60 : 40) * WORLD_MS};
		if (!back && i % 10 == 0)
			samples[i].recv_ns = 0;
	}
	world.evidence.beacons = (struct beacons){.samples = samples, .n = 400};
	rtt.from = loss.from = 0;
	rtt.to = loss.to = 1;
	rtt.stat = STAT_P50;
	assert_true(jw_ask(&world, &rtt).value == 100e6);
	assert_true(jw_ask(&world, &loss).value == 0.1);
	assert_int_equal(jw_ask(&world, &loss).n, 200);
	rtt.to = 2;
	assert_int_equal(jw_ask(&world, &rtt).status, MEASURED_NOTHING);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(value_of_a_failed_write_is_dirty),
		T(value_of_an_unknown_write_may_be_read),
		T(without_a_failed_write_nothing_dirty_can_be_read),
		T(value_nobody_wrote_is_thin_air),
		T(deleted_value_that_comes_back_is_resurrected),
		T(deleted_value_that_stays_away_is_silent),
		T(value_written_again_is_no_resurrection),
		T(copy_that_lags_is_no_resurrection),
		T(without_deletes_nothing_can_come_back),
		T(converged_is_the_first_right_answer_after_the_last_wrong_one),
		T(keys_that_differ_at_the_end_have_diverged),
		T(key_without_an_answer_somewhere_is_not_judged),
		T(fallback_counts_reads_outside_the_primary),
		T(links_are_measured_from_beacons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
