/* Edges: windows kept and overrun, the age they claim, readers that wait, purges. */
#include "suites/judge/sensitivity.h"
#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define K jw_register(1)
#define EDGE 5 /* a session of region 1, whose edge has its origin in region 0 */

static struct judge_world world;

static int set_up(void **state)
{
	struct client_group *group;

	(void)state;
	jw_init(&world);
	group = world.plan.groups;
	group->read_from = TARGET_NODE;
	group->max_age_ns = 2000 * WORLD_MS;
	group->revalidate_ns = 2000 * WORLD_MS;
	group->if_error_ns = 6000 * WORLD_MS;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jw_release(&world);
	return 0;
}

/* v1 at 100, v2 at 1000 (returned 1010); v1 is read at the instant. */
static struct op *old_body(double at_ms)
{
	jw_write(&world, 0, K, 1, 100, 110);
	jw_write(&world, 0, K, 2, 1000, 1010);
	return jw_read(&world, EDGE, K, 0, 1, at_ms, at_ms + 5);
}

static struct measurement measured(enum metric_id id, enum metric_stat stat, double bound_ms)
{
	struct question question = jw_question(id);

	question.stat = stat;
	question.bound = bound_ms * WORLD_MS;
	return jw_ask(&world, &question);
}

/* ---- windows ------------------------------------------------------------------------------ */

static void copy_within_the_windows_is_silent(void **state)
{
	struct measurement m;

	(void)state;
	old_body(5900); /* 4.89 s old: 2 s, 2 s, and 1 s since ages are whole ones */
	m = jw_measure(&world, METRIC_EDGE_OVERRUNS);
	assert_true(m.value == 0);
	assert_int_equal(m.n, 1);
}

static void copy_beyond_the_windows_is_caught(void **state)
{
	struct measurement m;

	(void)state;
	old_body(6100);
	m = jw_measure(&world, METRIC_EDGE_OVERRUNS);
	assert_true(m.value == 1);
	assert_non_null(strstr(m.findings[0].reason, "stale-while-revalidate"));
	assert_int_equal(m.findings[0].n_ops, 3);
}

static void under_a_fault_the_longer_window_counts(void **state)
{
	struct measurement m;

	(void)state;
	jw_fault(&world, "cut", 3000, 9000);
	old_body(6100);
	jw_read(&world, 9, K, 0, 2, 2000, 2005); /* another node has it: it survived */
	assert_true(jw_measure(&world, METRIC_EDGE_OVERRUNS).value == 0);
	jw_read(&world, EDGE, K, 0, 1, 10100, 10105); /* 9.09 s old */
	m = jw_measure(&world, METRIC_EDGE_OVERRUNS);
	assert_true(m.value == 1);
	assert_non_null(strstr(m.findings[0].reason, "stale-if-error"));
}

static void who_reads_elsewhere_is_no_edge(void **state)
{
	(void)state;
	old_body(6100);
	world.plan.groups[0].read_from = TARGET_NEAREST;
	assert_int_equal(jw_measure(&world, METRIC_EDGE_OVERRUNS).status, MEASURED_NOTHING);
}

static void planted_overruns_are_found(void **state)
{
	struct question question = jw_question(METRIC_EDGE_OVERRUNS);
	struct sensitivity s = {0};

	(void)state;
	for (int i = 1; i <= 40; i++) {
		jw_write(&world, 0, K, (uint64_t)i, i * 500, i * 500 + 5);
		jw_read(&world, EDGE, K, 0, (uint64_t)i, i * 500 + 100, i * 500 + 105);
	}
	assert_true(jw_measure(&world, METRIC_EDGE_OVERRUNS).value == 0);
	sensitivity_measure(&world.evidence, &question, 20, 1, &s);
	assert_true(s.possible);
	assert_int_equal(s.planted, 20);
	assert_int_equal(s.found, 20);
}

/* ---- the age ------------------------------------------------------------------------------ */

static struct result_expect age_above(double bound_ms)
{
	struct plan_expect e = jw_expectation(METRIC_EDGE_AGE, COMPARE_GT, bound_ms * WORLD_MS);

	e.stat = STAT_MAX;
	return jw_expect(&world, &e);
}

/* That copies get old may be what is asked for. */
static void age_above_a_bound_is_proven_by_one_that_was_seen(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++)
		jw_read(&world, EDGE, K, 0, 2, 1500 + i, 1505 + i);
	old_body(3000);
	assert_int_equal(age_above(1500).verdict, VERDICT_PASS);
	for (int i = 0; i < 40; i++)
		jw_read(&world, EDGE, K, 0, 1, 3100 + i * 10, 3105 + i * 10);
	assert_int_equal(age_above(1500).verdict, VERDICT_PASS);
	assert_int_equal(age_above(9000).verdict, VERDICT_FAIL);
}

static void age_of_nothing_is_above_no_bound(void **state)
{
	(void)state;
	jw_read(&world, EDGE, K, 0, 0, 1500, 1505);
	assert_int_equal(age_above(1500).verdict, VERDICT_INCONCLUSIVE);
}

/* ---- the age claimed ---------------------------------------------------------------------- */

static void age_is_held_against_the_body(void **state)
{
	struct measurement m;
	struct op *op;

	(void)state;
	op = old_body(4510); /* 3.5 s old */
	op->flags |= OP_AGE_CLAIMED;
	op->age_ms = 3000;
	m = measured(METRIC_EDGE_UNDERSTATED, STAT_MAX, 1000);
	assert_true(m.value == 500e6);
	assert_int_equal(m.total_findings, 0);
	world.ops[world.n_ops - 1].age_ms = 0;
	m = measured(METRIC_EDGE_UNDERSTATED, STAT_MAX, 1000);
	assert_true(m.value == 3500e6);
	assert_int_equal(m.total_findings, 1);
}

static void no_age_is_not_a_wrong_one(void **state)
{
	struct measurement m;

	(void)state;
	old_body(4510);
	m = measured(METRIC_EDGE_UNDERSTATED, STAT_MAX, 1000);
	assert_int_equal(m.status, MEASURED_NOTHING);
	assert_non_null(strstr(m.note, "1 answers claimed no age"));
}

/* ---- stale-if-error made use of ----------------------------------------------------------- */

/* v1 at 2000, handed out at 2500; a read at the instant in region EDGE gets no answer. */
static struct measurement unanswered(double at_ms)
{
	struct op *op;

	jw_fault(&world, "cut", 3000, 20000);
	jw_write(&world, 0, K, 1, 2000, 2010);
	jw_read(&world, EDGE, K, 0, 1, 2500, 2505);
	op = jw_read(&world, EDGE, K, 0, 0, at_ms, at_ms + 600);
	op->state = OP_UNKNOWN;
	return jw_measure(&world, METRIC_EDGE_REFUSED);
}

static void copy_that_is_not_handed_out_is_caught(void **state)
{
	struct measurement m;

	(void)state;
	m = unanswered(3500); /* at most 2.1 s old */
	assert_true(m.value == 1);
	assert_int_equal(m.findings[0].n_ops, 3);
}

static void copy_beyond_stale_if_error_binds_nobody(void **state)
{
	(void)state;
	assert_int_equal(unanswered(9000).status, MEASURED_NOTHING); /* 7.6 s, and 1 s of slack */
}

static void answers_from_copies_are_silent(void **state)
{
	struct measurement m;

	(void)state;
	unanswered(9000);
	jw_read(&world, EDGE, K, 0, 1, 4000, 4005);
	m = jw_measure(&world, METRIC_EDGE_REFUSED);
	assert_true(m.status == MEASURED_VALUE && m.value == 0);
	assert_int_equal(m.n, 1);
}

static void edge_beside_its_origin_is_not_cut_off(void **state)
{
	(void)state;
	unanswered(3500);
	for (size_t i = 0; i < world.n_ops; i++)
		world.ops[i].region = 0;
	assert_int_equal(jw_measure(&world, METRIC_EDGE_REFUSED).status, MEASURED_NOTHING);
}

static void purged_copy_need_not_be_handed_out(void **state)
{
	struct op *op;

	(void)state;
	unanswered(3500);
	op = jw_op(&world, OP_PURGE, GROUP_PURGE_SESSION(1), K, 0, 3100, 3105);
	op->region = 1;
	assert_int_equal(jw_measure(&world, METRIC_EDGE_REFUSED).status, MEASURED_NOTHING);
}

static void planted_refusals_are_found(void **state)
{
	struct question question = jw_question(METRIC_EDGE_REFUSED);
	struct sensitivity s = {0};

	(void)state;
	unanswered(9000);
	for (int i = 0; i < 20; i++)
		jw_read(&world, EDGE, K, 0, 1, 3100 + i * 100, 3105 + i * 100);
	assert_true(jw_measure(&world, METRIC_EDGE_REFUSED).value == 0);
	sensitivity_measure(&world.evidence, &question, 20, 1, &s);
	assert_true(s.possible);
	assert_int_equal(s.planted, 20);
	assert_int_equal(s.found, 20);
}

/* ---- stale-while-revalidate --------------------------------------------------------------- */

/* The beacons take 20 ms each way between regions 0 and 1; a body is handed out, and again a second
 * later in so much. */
static struct measurement waits(double took_ms, double later_ms)
{
	static struct beacon_sample samples[2];

	for (unsigned i = 0; i < 2; i++)
		samples[i] = (struct beacon_sample){.from = (uint8_t)i,
			.to = (uint8_t)!i,
			.sent_ns = 500 * WORLD_MS,
			.recv_ns = 520 * WORLD_MS};
	world.evidence.beacons.samples = samples;
	world.evidence.beacons.n = 2;
	jw_write(&world, 0, K, 1, 100, 110);
	jw_read(&world, EDGE, K, 0, 1, 1000, 1060);
	jw_read(&world, EDGE, K, 0, 1, 1000 + later_ms, 1000 + later_ms + took_ms);
	return jw_measure(&world, METRIC_EDGE_WAITS);
}

static void reader_that_waits_for_the_origin_is_counted(void **state)
{
	struct measurement m;

	(void)state;
	m = waits(42, 1000);
	assert_true(m.value == 1);
	assert_int_equal(m.n, 1);
}

static void reader_served_by_the_copy_did_not_wait(void **state)
{
	(void)state;
	assert_true(waits(3, 1000).value == 0);
}

static void beyond_the_window_anybody_may_wait(void **state)
{
	(void)state;
	assert_int_equal(waits(42, 2500).status, MEASURED_NOTHING);
}

/* ---- misses ------------------------------------------------------------------------------- */

static void what_an_edge_says_it_had_no_copy_of_is_a_miss(void **state)
{
	struct measurement m;

	(void)state;
	for (int i = 0; i < 10; i++)
		jw_read(&world, EDGE, K, 0, 0, i * 10 + 1, i * 10 + 5)->flags |=
			i < 3 ? OP_MISS : OP_HIT;
	m = jw_measure(&world, METRIC_EDGE_MISSES);
	assert_true(m.value == 0.3);
	assert_int_equal(m.n, 10);
	assert_true(measured(METRIC_EDGE_MISSES, STAT_COUNT, 0).value == 3);
}

static void an_edge_that_says_nothing_is_not_taken_to_hit(void **state)
{
	(void)state;
	jw_read(&world, EDGE, K, 0, 0, 1, 5);
	assert_int_equal(jw_measure(&world, METRIC_EDGE_MISSES).status, MEASURED_NOTHING);
	jw_read(&world, EDGE, K, 0, 0, 11, 15)->flags |= OP_MISS;
	assert_true(jw_measure(&world, METRIC_EDGE_MISSES).value == 1);
}

/* ---- purges ------------------------------------------------------------------------------- */

static struct op *purge(double at_ms, enum op_state outcome)
{
	struct op *op = jw_op(&world, OP_PURGE, GROUP_PURGE_SESSION(1), K, 0, at_ms, at_ms + 5);

	op->region = 1;
	op->state = (uint8_t)outcome;
	return op;
}

static void lag_lies_between_the_last_stale_and_the_first_fresh_body(void **state)
{
	struct measurement m;

	(void)state;
	old_body(1500);
	purge(2000, OP_OK);
	jw_read(&world, EDGE, K, 0, 1, 2105, 2110);
	jw_read(&world, EDGE, K, 0, 2, 2300, 2305);
	m = measured(METRIC_EDGE_PURGE_LAG, STAT_MAX, 0);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_true(m.value == 300e6);
	assert_true(m.has_value_low && m.value_low == 100e6);
	assert_int_equal(m.n, 1);
}

static void deaf_edge_is_caught_with_its_stale_body(void **state)
{
	struct measurement m;

	(void)state;
	old_body(1500);
	purge(2000, OP_OK);
	jw_read(&world, EDGE, K, 0, 1, 3605, 3610);
	m = measured(METRIC_EDGE_PURGE_LAG, STAT_MAX, 1000);
	assert_int_equal(m.status, MEASURED_CENSORED);
	assert_true(m.value == 1600e6);
	assert_int_equal(m.total_findings, 1);
	assert_int_equal(m.findings[0].n_ops, 3);
}

static void refused_purge_counts_and_unanswered_one_does_not(void **state)
{
	struct measurement m;

	(void)state;
	old_body(1500);
	purge(2000, OP_FAIL);
	jw_read(&world, EDGE, K, 0, 2, 4000, 4005);
	m = measured(METRIC_EDGE_PURGE_LAG, STAT_MAX, 0);
	assert_true(m.value == 2000e6);
	assert_non_null(strstr(m.note, "1 were refused"));
	for (size_t i = 0; i < world.n_ops; i++) {
		if (world.ops[i].kind == OP_PURGE)
			world.ops[i].state = OP_UNKNOWN;
	}
	m = measured(METRIC_EDGE_PURGE_LAG, STAT_MAX, 0);
	assert_int_equal(m.status, MEASURED_NOTHING);
	assert_non_null(strstr(m.why, "no purge was answered"));
}

static void purge_of_a_fresh_copy_shows_nothing(void **state)
{
	(void)state;
	old_body(1020);
	jw_read(&world, EDGE, K, 0, 2, 1500, 1505);
	purge(2000, OP_OK);
	jw_read(&world, EDGE, K, 0, 2, 2300, 2305);
	assert_int_equal(measured(METRIC_EDGE_PURGE_LAG, STAT_MAX, 0).status, MEASURED_NOTHING);
}

static void other_regions_edge_is_another_edge(void **state)
{
	(void)state;
	old_body(1500);
	purge(2000, OP_OK)->region = 2;
	jw_read(&world, EDGE, K, 0, 1, 2305, 2310);
	assert_int_equal(measured(METRIC_EDGE_PURGE_LAG, STAT_MAX, 0).status, MEASURED_NOTHING);
}

static void purges_are_no_operations_of_clients(void **state)
{
	struct measurement m;

	(void)state;
	old_body(1500);
	purge(2000, OP_FAIL);
	m = measured(METRIC_ERRORS, STAT_VALUE, 0);
	assert_true(m.value == 0);
	assert_int_equal(m.n, 3);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(copy_within_the_windows_is_silent),
		TEST(copy_beyond_the_windows_is_caught),
		TEST(under_a_fault_the_longer_window_counts),
		TEST(who_reads_elsewhere_is_no_edge),
		TEST(planted_overruns_are_found),
		TEST(age_above_a_bound_is_proven_by_one_that_was_seen),
		TEST(age_of_nothing_is_above_no_bound),
		TEST(age_is_held_against_the_body),
		TEST(no_age_is_not_a_wrong_one),
		TEST(copy_that_is_not_handed_out_is_caught),
		TEST(copy_beyond_stale_if_error_binds_nobody),
		TEST(answers_from_copies_are_silent),
		TEST(edge_beside_its_origin_is_not_cut_off),
		TEST(purged_copy_need_not_be_handed_out),
		TEST(planted_refusals_are_found),
		TEST(reader_that_waits_for_the_origin_is_counted),
		TEST(reader_served_by_the_copy_did_not_wait),
		TEST(beyond_the_window_anybody_may_wait),
		TEST(what_an_edge_says_it_had_no_copy_of_is_a_miss),
		TEST(an_edge_that_says_nothing_is_not_taken_to_hit),
		TEST(lag_lies_between_the_last_stale_and_the_first_fresh_body),
		TEST(deaf_edge_is_caught_with_its_stale_body),
		TEST(refused_purge_counts_and_unanswered_one_does_not),
		TEST(purge_of_a_fresh_copy_shows_nothing),
		TEST(other_regions_edge_is_another_edge),
		TEST(purges_are_no_operations_of_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
