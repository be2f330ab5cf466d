#include "suites/judge/sensitivity.h"
#include "suites/tests/helpers/judge_store.h"
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

/* v1 at 100, v2 at 1000 (returned 1010), v3 at 2000; session 5 reads v1 at the given instant. */
static struct op *old_read(double at_ms)
{
	jw_write(&world, 0, K, 1, 100, 110);
	jw_write(&world, 0, K, 2, 1000, 1010);
	jw_write(&world, 0, K, 3, 2000, 2010);
	return jw_read(&world, 5, K, 0, 1, at_ms, at_ms + 10);
}

static double staleness(enum metric_stat stat, double bound_ms)
{
	struct question question = jw_question(METRIC_STALENESS);

	question.stat = stat;
	question.bound = bound_ms * WORLD_MS;
	return jw_ask(&world, &question).value / WORLD_MS;
}

static void age_counts_from_the_first_successor(void **state)
{
	(void)state;
	old_read(3010);
	assert_true(staleness(STAT_MAX, 0) == 2000);
}

static double behind(enum metric_stat stat)
{
	struct question question = jw_question(METRIC_STALENESS_K);

	question.stat = stat;
	return jw_ask(&world, &question).value;
}

static void successors_that_were_acknowledged_are_counted(void **state)
{
	(void)state;
	old_read(2500);
	assert_true(behind(STAT_MAX) == 2);
	jw_read(&world, 5, K, 0, 2, 2600, 2610);
	jw_read(&world, 5, K, 0, 3, 2700, 2710);
	jw_read(&world, 6, K, 0, 1, 1005, 1015); /* v2 had not returned */
	assert_true(behind(STAT_MEAN) == 0.75);
	assert_true(behind(STAT_COUNT) == 4);
}

static void writes_beside_the_one_read_are_no_successors(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 100, 200);
	jw_write(&world, 1, K, 2, 150, 250);
	jw_write(&world, 2, K, 3, 201, 300)->state = OP_UNKNOWN;
	jw_read(&world, 5, K, 0, 1, 400, 410);
	assert_true(behind(STAT_MAX) == 0);
}

static void planted_versions_behind_are_found(void **state)
{
	struct store_shape shape = STORE_SHAPE;
	struct question question = jw_question(METRIC_STALENESS_K);
	struct sensitivity s;

	(void)state;
	shape.ops = 6000;
	store_run(&world, 1, &shape);
	assert_true(behind(STAT_MAX) == 0);
	question.bound = 2;
	sensitivity_measure(&world.evidence, &question, 50, 1, &s);
	assert_true(s.possible && s.planted > 25);
	assert_int_equal(s.found, s.planted);
}

static void fresh_reads_are_of_age_zero(void **state)
{
	(void)state;
	old_read(500);
	assert_true(staleness(STAT_MAX, 0) == 0);
	assert_true(staleness(STAT_COUNT, 0) * WORLD_MS == 1);
}

static void reads_long_after_the_last_write_dilute_nothing(void **state)
{
	(void)state;
	old_read(1500);                          /* stale by 490 ms */
	jw_read(&world, 5, K, 0, 3, 2100, 2110); /* could have missed v3 */
	for (int i = 0; i < 50; i++)
		jw_read(&world, 5, K, 0, 3, 5000 + i * 20, 5010 + i * 20);
	assert_true(staleness(STAT_COUNT, 1000) * WORLD_MS == 2);
	assert_true(staleness(STAT_P99, 1000) == 490);
}

static void unflagged_beyond_the_bound_is_found(void **state)
{
	struct measurement m;

	(void)state;
	old_read(2500);
	m = jw_measure(&world, METRIC_STALE_UNFLAGGED);
	assert_int_equal(m.total_findings, 1);
	assert_int_equal(m.findings[0].n_ops, 3);
	assert_non_null(strstr(m.findings[0].reason, "1490 ms"));
}

static void no_age_at_all_can_be_asked_for(void **state)
{
	struct plan_expect e = jw_expectation(METRIC_STALENESS, COMPARE_EQ, 0);

	(void)state;
	e.stat = STAT_MAX;
	for (unsigned i = 1; i <= 40; i++) {
		jw_write(&world, 0, K, i, 100 * i, 100 * i + 10);
		jw_read(&world, 5, K, 0, i, 100 * i + 20, 100 * i + 30);
	}
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_PASS);
	jw_read(&world, 5, K, 0, 39, 4050, 4060);
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_FAIL);
}

static void honest_flags_are_silent(void **state)
{
	struct op *op;

	(void)state;
	op = old_read(2500);
	op->flags |= OP_AGE_CLAIMED;
	op->age_ms = 1490;
	assert_int_equal(jw_measure(&world, METRIC_STALE_UNFLAGGED).total_findings, 0);
	assert_int_equal(jw_measure(&world, METRIC_STALE_FALSE).total_findings, 0);
	assert_int_equal(jw_measure(&world, METRIC_STALE_FALSE).n, 1);
}

static void stale_within_the_bound_needs_no_flag(void **state)
{
	(void)state;
	old_read(1900);
	assert_int_equal(jw_measure(&world, METRIC_STALE_UNFLAGGED).total_findings, 0);
}

static void age_claimed_too_small_is_unflagged_and_false(void **state)
{
	struct op *op;

	(void)state;
	op = old_read(2500);
	op->flags |= OP_AGE_CLAIMED;
	op->age_ms = 149;
	assert_int_equal(jw_measure(&world, METRIC_STALE_UNFLAGGED).total_findings, 1);
	assert_int_equal(jw_measure(&world, METRIC_STALE_FALSE).total_findings, 1);
}

static void flag_on_data_younger_than_it_claims_is_false(void **state)
{
	struct op *op;

	(void)state;
	op = old_read(500);
	op->flags |= OP_AGE_CLAIMED | OP_STALE_MARK;
	op->age_ms = 1001;
	assert_int_equal(jw_measure(&world, METRIC_STALE_FALSE).total_findings, 1);
}

static void generous_bound_on_old_data_is_no_lie(void **state)
{
	struct op *op;

	(void)state;
	jw_write(&world, 0, K, 1, 100, 110);
	op = jw_read(&world, 5, K, 0, 1, 9000, 9010);
	op->flags |= OP_AGE_CLAIMED | OP_STALE_MARK;
	op->age_ms = 3000;
	assert_int_equal(jw_measure(&world, METRIC_STALE_FALSE).total_findings, 0);
}

static void replica_that_catches_up_may_be_cautious(void **state)
{
	struct op *op;

	(void)state;
	jw_fault(&world, "cut", 50, 300);
	op = old_read(500);
	op->flags |= OP_AGE_CLAIMED;
	op->age_ms = 5000;
	assert_int_equal(jw_measure(&world, METRIC_STALE_FALSE).total_findings, 0);
}

/* Stalls took the beacons, so nobody knows when the cut was in force; it was asked for all the same. */
static void fault_that_nobody_could_certify_excuses_as_well(void **state)
{
	struct fault_window *w;
	struct op *op;

	(void)state;
	jw_fault(&world, "cut", 0, 0);
	w = &world.evidence.faults[0];
	w->certificate.status = CERTIFICATE_NO_DATA;
	w->sent_ns = w->acked_ns = 50 * WORLD_MS;
	w->undo_sent_ns = w->undo_acked_ns = 300 * WORLD_MS;
	op = old_read(500);
	op->flags |= OP_AGE_CLAIMED;
	op->age_ms = 5000;
	assert_int_equal(jw_measure(&world, METRIC_STALE_FALSE).total_findings, 0);
	op = old_read(2500); /* v3 may have been lost */
	assert_int_equal(jw_measure(&world, METRIC_STALE_UNFLAGGED).total_findings, 0);
}

static void lost_successor_convicts_nobody(void **state)
{
	(void)state;
	jw_fault(&world, "cut", 900, 4000);
	old_read(2500); /* nobody else ever saw v2 or v3 */
	assert_true(staleness(STAT_MAX, 0) == 0);
	jw_read(&world, 9, K, 0, 3, 5000, 5010); /* v3 survived */
	assert_true(staleness(STAT_MAX, 0) == 490);
}

/* What node 0 and another say of themselves, at an instant beyond the fault. */
static void mark(enum node_role first, enum node_role other)
{
	static struct role_mark marks[2];

	for (uint8_t i = 0; i < 2; i++)
		marks[i] = (struct role_mark){.node = i,
			.role = (uint8_t)(i ? other : first),
			.before_ns = 6000 * WORLD_MS,
			.after_ns = 6001 * WORLD_MS};
	world.evidence.marks = (struct marks){.marks = marks, .n = 2};
}

static void successors_at_the_only_primary_survive(void **state)
{
	(void)state;
	jw_fault(&world, "cut", 900, 4000);
	old_read(2500);
	mark(ROLE_PRIMARY, ROLE_REPLICA);
	assert_true(staleness(STAT_MAX, 0) == 1490);
}

static void successors_do_not_survive_where_another_was_primary(void **state)
{
	(void)state;
	jw_fault(&world, "cut", 900, 4000);
	old_read(2500);
	mark(ROLE_PRIMARY, ROLE_PRIMARY);
	assert_true(staleness(STAT_MAX, 0) == 0);
	mark(ROLE_REPLICA, ROLE_UNKNOWN);
	assert_true(staleness(STAT_MAX, 0) == 0);
}

static void successors_do_not_survive_where_a_node_was_killed(void **state)
{
	(void)state;
	jw_death(&world, "death", 900, 4000);
	old_read(2500);
	mark(ROLE_PRIMARY, ROLE_REPLICA);
	assert_true(staleness(STAT_MAX, 0) == 0);
}

/* The header Age of HTTP: cut off to seconds. */
static void age_in_whole_seconds_may_be_cut_off(void **state)
{
	struct op *op;

	(void)state;
	op = old_read(3910); /* 2.9 s old */
	op->flags |= OP_AGE_CLAIMED;
	op->age_ms = 2000;
	assert_int_equal(jw_measure(&world, METRIC_STALE_FALSE).total_findings, 0);
	assert_int_equal(jw_measure(&world, METRIC_STALE_UNFLAGGED).total_findings, 0);
	op = &world.ops[world.n_ops - 1];
	op->age_ms = 1000;
	world.evidence.index = NULL;
	assert_int_equal(jw_measure(&world, METRIC_STALE_FALSE).total_findings, 1);
	assert_int_equal(jw_measure(&world, METRIC_STALE_UNFLAGGED).total_findings, 1);
}

static void edges_have_an_age_and_others_none(void **state)
{
	struct question question = jw_question(METRIC_EDGE_AGE);

	(void)state;
	question.stat = STAT_MAX;
	old_read(3010);
	assert_int_equal(jw_ask(&world, &question).status, MEASURED_NOTHING);
	world.plan.groups[0].read_from = TARGET_NODE;
	assert_true(jw_ask(&world, &question).value == 2000e6);
}

static void value_of_an_unknown_write_has_no_age(void **state)
{
	(void)state;
	old_read(2500);
	world.ops[0].state = OP_UNKNOWN;
	assert_int_equal(jw_measure(&world, METRIC_STALE_UNFLAGGED).total_findings, 0);
}

/* Visibility: the write at 1000..1010 seen by session 5, which looks every 40 ms. */
static struct measurement visibility(double seen_ms)
{
	struct question question = jw_question(METRIC_VISIBILITY);

	jw_write(&world, 0, K, 1, 1000, 1010);
	for (int at = 1000; at < 1400; at += 40)
		jw_read(&world, 5, K, 0, at >= seen_ms, at, at + 5);
	question.from = 0;
	question.to = 1;
	question.stat = STAT_MAX;
	return jw_ask(&world, &question);
}

static void visibility_lies_between_two_looks(void **state)
{
	struct measurement m;

	(void)state;
	m = visibility(1150);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_true(m.value == 155e6);     /* returned at 1165 */
	assert_true(m.value_low == 110e6); /* called at 1120 */
	assert_int_equal(m.n, 1);
}

static void write_never_seen_is_censored(void **state)
{
	struct measurement m;

	(void)state;
	m = visibility(9999);
	assert_int_equal(m.status, MEASURED_CENSORED);
	assert_true(m.value == 350e6);
}

static void nobody_looking_says_nothing(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1000, 1010);
	assert_int_equal(jw_measure(&world, METRIC_VISIBILITY).status, MEASURED_NOTHING);
}

static void ticker_tells_the_lag_of_a_pair(void **state)
{
	struct question question = jw_question(METRIC_VISIBILITY);
	struct measurement m;

	(void)state;
	jw_tick(&world, 1, 5000, 90);
	question.from = 0;
	question.to = 2;
	question.stat = STAT_P50;
	m = jw_ask(&world, &question);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_true(m.value_low <= 90e6 && m.value >= 90e6);
	assert_true(m.value - m.value_low <= 60e6);
	assert_true(m.n > 90);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(age_counts_from_the_first_successor),
		T(successors_that_were_acknowledged_are_counted),
		T(writes_beside_the_one_read_are_no_successors),
		T(planted_versions_behind_are_found),
		T(fresh_reads_are_of_age_zero),
		T(reads_long_after_the_last_write_dilute_nothing),
		T(unflagged_beyond_the_bound_is_found),
		T(no_age_at_all_can_be_asked_for),
		T(honest_flags_are_silent),
		T(stale_within_the_bound_needs_no_flag),
		T(age_claimed_too_small_is_unflagged_and_false),
		T(flag_on_data_younger_than_it_claims_is_false),
		T(generous_bound_on_old_data_is_no_lie),
		T(replica_that_catches_up_may_be_cautious),
		T(fault_that_nobody_could_certify_excuses_as_well),
		T(lost_successor_convicts_nobody),
		T(successors_at_the_only_primary_survive),
		T(successors_do_not_survive_where_another_was_primary),
		T(successors_do_not_survive_where_a_node_was_killed),
		T(age_in_whole_seconds_may_be_cut_off),
		T(edges_have_an_age_and_others_none),
		T(value_of_an_unknown_write_has_no_age),
		T(visibility_lies_between_two_looks),
		T(write_never_seen_is_censored),
		T(nobody_looking_says_nothing),
		T(ticker_tells_the_lag_of_a_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
