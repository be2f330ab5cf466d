/* Availability, failover, split brain, recovery: what is timed rather than found. */
#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

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

/* One ticker write of a region, performed by node. */
static struct op *tick(unsigned region, double at_ms, unsigned node, enum op_state outcome)
{
	static uint64_t sequence;
	struct op *op = jw_op(&world, OP_WRITE, 5000 + region, op_key(KEY_TICKER, region),
		op_value(GROUP_TICKER_WRITER(region), ++sequence), at_ms,
		at_ms + (outcome == OP_OK ? 10 : 1000));

	op->flags = OP_TICKER;
	op->region = (uint8_t)region;
	op->node = (uint8_t)(outcome == OP_OK ? node : OP_NODE_UNKNOWN);
	op->state = outcome;
	return op;
}

/* Ticks every 50 ms; outside fails between down and up, then node 1 serves. Region 0 goes on being
 * served by node 0 until `lease`, and fails until the heal. */
static void cut_world(double cut, double up, double lease, double heal, double end)
{
	jw_fault(&world, "cut", cut, heal);
	for (double t = 1; t < end; t += 50) {
		bool healed = t >= heal;

		tick(0, t, healed ? 1 : 0, t < lease || healed ? OP_OK : OP_UNKNOWN);
		for (unsigned r = 1; r < WORLD_REGIONS; r++)
			tick(r, t + r, t < cut ? 0 : 1, t < cut || t >= up ? OP_OK : OP_UNKNOWN);
	}
}

static struct measurement ask(enum metric_id metric, int region)
{
	struct question question = jw_question(metric);

	question.region = region;
	return jw_ask(&world, &question);
}

static void share_counts_unknown_as_unavailable(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		tick(0, 1 + i * 50, 0, i < 90 ? OP_OK : i < 95 ? OP_UNKNOWN : OP_FAIL);
	assert_true(ask(METRIC_AVAILABILITY, -1).value == 0.9);
	assert_int_equal(ask(METRIC_AVAILABILITY, 0).n, 100);
	assert_int_equal(ask(METRIC_AVAILABILITY, 1).status, MEASURED_NOTHING);
}

static void window_runs_from_first_failure_to_next_success(void **state)
{
	struct measurement m;

	(void)state;
	cut_world(1000, 3000, 1e9, 5000, 8000);
	m = ask(METRIC_AVAILABILITY_WINDOW, 1);
	assert_int_equal(m.status, MEASURED_VALUE);
	/* first failing call at 1002, next success called at 3002 and returned 10 ms later */
	assert_true(m.value == 2010e6);
	assert_true(ask(METRIC_AVAILABILITY_WINDOW, 0).value == 0);
}

static void single_failures_are_no_window(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		tick(0, 1 + i * 50, 0, i % 3 ? OP_UNKNOWN : OP_OK);
	assert_true(ask(METRIC_AVAILABILITY_WINDOW, 0).value == 0);
}

static void window_open_at_the_end_is_a_lower_bound(void **state)
{
	struct measurement m;

	(void)state;
	for (int i = 0; i < 100; i++)
		tick(0, 1 + i * 50, 0, i < 60 ? OP_OK : OP_UNKNOWN);
	m = ask(METRIC_AVAILABILITY_WINDOW, 0);
	assert_int_equal(m.status, MEASURED_CENSORED);
	assert_true(m.value == 39 * 50e6);
}

/* Two ticks could not be a window whatever becomes of them. */
static void fewer_ticks_than_make_a_window_say_nothing(void **state)
{
	(void)state;
	for (unsigned r = 0; r < 2; r++) {
		tick(r, 100, 0, OP_OK);
		tick(r, 150, 0, OP_UNKNOWN);
	}
	assert_int_equal(ask(METRIC_AVAILABILITY_WINDOW, -1).status, MEASURED_NOTHING);
	tick(1, 1200, 0, OP_OK);
	assert_int_equal(ask(METRIC_AVAILABILITY_WINDOW, -1).status, MEASURED_VALUE);
}

/* It is no failure either that there was no success after it. */
static void without_an_outage_there_is_no_first_success(void **state)
{
	struct plan_expect e = jw_expectation(METRIC_FAILOVER_FIRST_SUCCESS, COMPARE_LT, 1e9);
	struct result_expect out;

	(void)state;
	cut_world(1000, 1000, 1e9, 5000, 9000);
	out = jw_expect(&world, &e);
	assert_int_equal(out.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(out.why, "nothing failed"));
}

static void recovery_is_timed_from_in_force_to_lasting_success(void **state)
{
	struct measurement m;

	(void)state;
	cut_world(10000, 14000, 12000, 30000, 40000);
	m = ask(METRIC_FAILOVER_RTO, -1);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_int_equal(m.fault, 0);
	assert_true(m.value == 4012e6); /* called at 14002 by region 1 */
	m = ask(METRIC_FAILOVER_PROMOTE, -1);
	assert_true(m.value == 4012e6);
}

static void success_that_does_not_last_is_only_the_first(void **state)
{
	(void)state;
	cut_world(10000, 14000, 12000, 30000, 40000);
	tick(1, 11003, 1, OP_OK); /* a lone success */
	assert_true(ask(METRIC_FAILOVER_FIRST_SUCCESS, -1).value == 1013e6);
	assert_true(ask(METRIC_FAILOVER_RTO, -1).value == 4012e6);
}

static void clients_inside_the_cut_do_not_count(void **state)
{
	struct measurement m;

	(void)state;
	cut_world(10000, 10000, 12000, 30000, 40000); /* outside never fails */
	m = ask(METRIC_FAILOVER_RTO, -1);
	assert_true(m.value < 50e6);
	assert_int_equal(ask(METRIC_FAILOVER_RTO, 0).status, MEASURED_CENSORED);
}

static void healed_before_recovery_is_censored_at_the_length(void **state)
{
	struct measurement m;

	(void)state;
	cut_world(10000, 30000, 12000, 30000, 40000);
	m = ask(METRIC_FAILOVER_RTO, -1);
	assert_int_equal(m.status, MEASURED_CENSORED);
	assert_true(m.value == 20000e6);
}

static void censored_rto_fails_only_where_the_fault_outlasted_the_bound(void **state)
{
	struct plan_expect short_bound = jw_expectation(METRIC_FAILOVER_RTO, COMPARE_LT, 15e9);
	struct plan_expect long_bound = jw_expectation(METRIC_FAILOVER_RTO, COMPARE_LT, 60e9);

	(void)state;
	cut_world(10000, 30000, 12000, 30000, 40000);
	assert_int_equal(jw_expect(&world, &short_bound).verdict, VERDICT_FAIL);
	assert_string_equal(jw_expect(&world, &short_bound).got, "> 20.0 s");
	assert_int_equal(jw_expect(&world, &long_bound).verdict, VERDICT_INCONCLUSIVE);
	world.evidence.faults[0].certificate.status = CERTIFICATE_NOT_IN_FORCE;
	assert_int_equal(jw_expect(&world, &short_bound).verdict, VERDICT_VOID);
}

static void success_too_late_to_be_seen_to_last_is_undecided(void **state)
{
	(void)state;
	cut_world(10000, 14000, 12000, 30000, 15000);
	assert_int_equal(ask(METRIC_FAILOVER_RTO, -1).status, MEASURED_UNDECIDED);
}

static void parts_add_up_and_missing_marks_stay_missing(void **state)
{
	static struct role_mark marks[] = {
		{.before_ns = 9000 * WORLD_MS,
			.after_ns = 9001 * WORLD_MS,
			.node = 1,
			.observer = 1,
			.role = ROLE_REPLICA,
			.believed_primary = 0,
			.epoch = 1},
		{.before_ns = 12000 * WORLD_MS,
			.after_ns = 12001 * WORLD_MS,
			.node = 1,
			.observer = 1,
			.role = ROLE_REPLICA,
			.believed_primary = 255,
			.epoch = 1},
		{.before_ns = 13500 * WORLD_MS,
			.after_ns = 13501 * WORLD_MS,
			.node = 1,
			.observer = 1,
			.role = ROLE_PRIMARY,
			.believed_primary = 1,
			.epoch = 2},
	};
	struct measurement m;
	double sum = 0;

	(void)state;
	cut_world(10000, 14000, 12000, 30000, 40000);
	m = ask(METRIC_FAILOVER_RTO, -1);
	assert_int_equal(m.n_parts, 3);
	assert_false(m.parts[0].has || m.parts[1].has);
	assert_int_equal(ask(METRIC_FAILOVER_DETECT, -1).status, MEASURED_CENSORED);
	world.evidence.marks = (struct marks){.marks = marks, .n = 3};
	m = ask(METRIC_FAILOVER_RTO, -1);
	assert_string_equal(m.parts[0].name, "detect");
	assert_true(m.parts[0].has && m.parts[0].value_ns == 2001e6);
	for (unsigned i = 0; i < m.n_parts; i++)
		sum += m.parts[i].value_ns;
	assert_true(sum == m.value);
	assert_true(ask(METRIC_FAILOVER_DETECT, -1).value == 2001e6);
}

static void redirect_is_the_first_session_write_at_the_new_primary(void **state)
{
	(void)state;
	cut_world(10000, 14000, 12000, 30000, 40000);
	jw_write(&world, 4, jw_register(0), 1, 14500, 14600)->node = 1;
	assert_true(ask(METRIC_FAILOVER_REDIRECT, -1).value == 588e6);
}

static void acknowledgements_after_the_other_sides_first_are_split_brain(void **state)
{
	struct measurement m;

	(void)state;
	cut_world(10000, 14000, 16000, 30000, 40000); /* node 0 goes on for two seconds */
	m = jw_measure(&world, METRIC_SPLIT_BRAIN_WINDOW);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_true(m.total_findings >= 38 && m.total_findings <= 40);
	assert_true(m.value > 1900e6 && m.value < 2000e6);
	assert_int_equal(m.findings[0].n_ops, 2);
}

static void orderly_failover_and_fail_back_are_no_split_brain(void **state)
{
	(void)state;
	cut_world(10000, 14000, 12000, 30000, 40000);
	for (double t = 41000; t < 45000; t += 50)
		tick(0, t, 0, OP_OK); /* back on node 0 */
	assert_true(jw_measure(&world, METRIC_SPLIT_BRAIN_WINDOW).value == 0);
}

static void terms_tell_even_where_turns_do_not(void **state)
{
	struct measurement m;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct op *op = tick(0, 1 + i * 50, i < 50 ? 0 : i < 60 ? 1 : 0, OP_OK);

		op->flags |= OP_HAS_EPOCH;
		op->epoch = i < 50 ? 1 : i < 60 ? 2 : 1; /* node 0 comes back in its old term */
	}
	m = jw_measure(&world, METRIC_SPLIT_BRAIN_WINDOW);
	assert_int_equal(m.total_findings, 40);
	jw_release(&world);
	jw_init(&world);
	for (int i = 0; i < 100; i++) {
		struct op *op = tick(0, 1 + i * 50, i < 50 ? 0 : i < 60 ? 1 : 0, OP_OK);

		op->flags |= OP_HAS_EPOCH;
		op->epoch = i < 50 ? 1 : i < 60 ? 2 : 3;
	}
	assert_int_equal(jw_measure(&world, METRIC_SPLIT_BRAIN_WINDOW).total_findings, 0);
}

/* As of a store whose answers name no term: what is planted must go by turns. */
static void one_primary_without_terms_passes_and_would_have_been_found(void **state)
{
	struct plan_expect e = jw_expectation(METRIC_SPLIT_BRAIN_WINDOW, COMPARE_EQ, 0);
	struct result_expect out;

	(void)state;
	for (unsigned i = 1; i <= 40; i++)
		jw_write(&world, 0, jw_register(0), i, i * 100, i * 100 + 10);
	out = jw_expect(&world, &e);
	assert_int_equal(out.verdict, VERDICT_PASS);
	assert_non_null(strstr(out.note, "20 of 20"));
}

static void forwarding_is_no_second_primary(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		tick(i % 3, 1 + i * 50, 0, OP_OK);
	assert_true(jw_measure(&world, METRIC_SPLIT_BRAIN_WINDOW).value == 0);
}

static void failback_is_timed_from_the_heal_to_what_lasts(void **state)
{
	struct measurement m;

	(void)state;
	cut_world(10000, 14000, 12000, 30000, 32000);
	for (double t = 32001; t < 40000; t += 50)
		tick(0, t, 0, OP_OK);
	m = ask(METRIC_FAILBACK_TIME, -1);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_int_equal(m.fault, 0);
	assert_true(m.value == 2011e6);
	assert_int_equal(m.total_findings, 1);
}

static void failback_that_did_not_happen_is_censored(void **state)
{
	struct measurement m;

	(void)state;
	cut_world(10000, 14000, 12000, 30000, 40000);
	m = ask(METRIC_FAILBACK_TIME, -1);
	assert_int_equal(m.status, MEASURED_CENSORED);
	assert_true(m.value > 9900e6 && m.value <= 10000e6);
	tick(0, 31005, 0, OP_OK); /* for a moment both think so */
	assert_int_equal(ask(METRIC_FAILBACK_TIME, -1).status, MEASURED_CENSORED);
}

static void failback_needs_a_failover_and_time_to_last(void **state)
{
	(void)state;
	cut_world(10000, 14000, 12000, 30000, 32000);
	for (double t = 32001; t < 34000; t += 50)
		tick(0, t, 0, OP_OK);
	assert_int_equal(ask(METRIC_FAILBACK_TIME, -1).status, MEASURED_UNDECIDED);
	jw_release(&world);
	jw_init(&world);
	jw_fault(&world, "cut", 10000, 30000);
	for (double t = 1; t < 40000; t += 50)
		tick(0, t, 0, OP_OK);
	assert_int_equal(ask(METRIC_FAILBACK_TIME, -1).status, MEASURED_NOTHING);
}

/* Reads of 10 ms at 100 /s until the cut, none in it, then slow ones until `well`. */
static void slow_world(double well_ms)
{
	jw_fault(&world, "cut", 5000, 8000);
	for (double t = 1; t < 20000; t += 10) {
		struct op *op = jw_read(&world, 0, jw_register(0), 0, 0, t,
			t + (t < 5000 || t >= well_ms ? 10 : 60));

		if (t >= 5000 && t < 8000)
			op->state = OP_UNKNOWN;
	}
}

static void recovery_ends_when_it_is_as_fast_as_before(void **state)
{
	struct measurement m;

	(void)state;
	slow_world(10000);
	m = jw_measure(&world, METRIC_RECOVERY_TIME);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_true(m.value >= 1900e6 && m.value <= 2100e6);
}

static void instant_recovery_takes_no_time(void **state)
{
	(void)state;
	slow_world(8000);
	assert_true(jw_measure(&world, METRIC_RECOVERY_TIME).value <= 100e6);
}

static void staying_slow_is_censored(void **state)
{
	(void)state;
	slow_world(1e9);
	assert_int_equal(jw_measure(&world, METRIC_RECOVERY_TIME).status, MEASURED_CENSORED);
}

static struct measurement takeover(void)
{
	struct question question = jw_question(METRIC_TAKEOVER_TIME);

	question.phase = world.plan.n_phases ? 0 : -1;
	return jw_ask(&world, &question);
}

/* Reads of 10 ms at 100 /s; while the fault lasts, from 5 s to 15 s, of `slow` ms until `well`. */
static void takeover_world(double slow_ms, double well_ms)
{
	jw_fault(&world, "death", 5000, 15000);
	for (double t = 1; t < 20000; t += 10) {
		bool slow = t >= 5000 && t < well_ms;

		jw_read(&world, 0, jw_register(0), 0, 0, t, t + (slow ? slow_ms : 10));
	}
}

static void takeover_ends_when_it_is_as_fast_as_before(void **state)
{
	struct measurement m;

	(void)state;
	takeover_world(60, 8000);
	m = takeover();
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_int_equal(m.fault, 0);
	assert_true(m.value >= 2900e6 && m.value <= 3100e6);
}

static void takeover_within_a_tenth_takes_no_time(void **state)
{
	(void)state;
	takeover_world(10.5, 1e9);
	assert_true(takeover().value == 0);
}

static void takeover_that_stays_slow_is_censored_at_the_fault(void **state)
{
	struct measurement m;

	(void)state;
	takeover_world(60, 15000);
	m = takeover();
	assert_int_equal(m.status, MEASURED_CENSORED);
	assert_true(m.value == 10000e6);
}

/* Clients are led here 5 s after the fault. */
static void takeover_counts_from_behind_what_is_bad_later(void **state)
{
	struct measurement m;

	(void)state;
	jw_fault(&world, "death", 5000, 25000);
	for (double t = 1; t < 30000; t += 10)
		jw_read(&world, 0, jw_register(0), 0, 0, t,
			t + (t >= 10000 && t < 16000 ? 60 : 10));
	m = takeover();
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_true(m.value >= 10900e6 && m.value <= 11100e6);
}

static void takeover_that_loses_operations_is_none(void **state)
{
	(void)state;
	takeover_world(10, 1e9);
	for (size_t i = 0; i < world.n_ops; i += 5) {
		if (world.ops[i].call_ns >= 5000 * WORLD_MS)
			world.ops[i].state = OP_FAIL;
	}
	assert_int_equal(takeover().status, MEASURED_CENSORED);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(share_counts_unknown_as_unavailable),
		T(window_runs_from_first_failure_to_next_success),
		T(single_failures_are_no_window),
		T(window_open_at_the_end_is_a_lower_bound),
		T(fewer_ticks_than_make_a_window_say_nothing),
		T(without_an_outage_there_is_no_first_success),
		T(recovery_is_timed_from_in_force_to_lasting_success),
		T(success_that_does_not_last_is_only_the_first),
		T(clients_inside_the_cut_do_not_count),
		T(healed_before_recovery_is_censored_at_the_length),
		T(censored_rto_fails_only_where_the_fault_outlasted_the_bound),
		T(success_too_late_to_be_seen_to_last_is_undecided),
		T(parts_add_up_and_missing_marks_stay_missing),
		T(redirect_is_the_first_session_write_at_the_new_primary),
		T(acknowledgements_after_the_other_sides_first_are_split_brain),
		T(orderly_failover_and_fail_back_are_no_split_brain),
		T(terms_tell_even_where_turns_do_not),
		T(one_primary_without_terms_passes_and_would_have_been_found),
		T(forwarding_is_no_second_primary),
		T(failback_is_timed_from_the_heal_to_what_lasts),
		T(failback_that_did_not_happen_is_censored),
		T(failback_needs_a_failover_and_time_to_last),
		T(recovery_ends_when_it_is_as_fast_as_before),
		T(instant_recovery_takes_no_time),
		T(staying_slow_is_censored),
		T(takeover_ends_when_it_is_as_fast_as_before),
		T(takeover_within_a_tenth_takes_no_time),
		T(takeover_that_stays_slow_is_censored_at_the_fault),
		T(takeover_counts_from_behind_what_is_bad_later),
		T(takeover_that_loses_operations_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
