/* Where names lead: the switch after a fault, TTLs kept and broken, the nearest region. */
#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define AUTHORITY 12 /* the first session after those of the users */
#define RESOLVER (AUTHORITY + WORLD_REGIONS)

static struct judge_world world;

static int set_up(void **state)
{
	(void)state;
	jw_init(&world);
	jw_add_lookups(&world, "authority", true);
	jw_add_lookups(&world, "resolver", false);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jw_release(&world);
	return 0;
}

/* The authority says node 0 until the instant, then node 1; asked every 100 ms for 20 s. */
static void authority_until(double change_ms)
{
	for (int i = 0; i < 200; i++)
		jw_lookup(&world, AUTHORITY, i * 100 >= change_ms, 5, i * 100);
}

static double violations(void)
{
	return jw_measure(&world, METRIC_DNS_TTL_VIOLATIONS).value;
}

static void resolver_within_the_ttl_is_silent(void **state)
{
	(void)state;
	authority_until(8000);
	jw_lookup(&world, RESOLVER, 0, 5, 7000);
	jw_lookup(&world, RESOLVER, 0, 0, 13000);
	jw_lookup(&world, RESOLVER, 1, 5, 13900);
	jw_lookup(&world, RESOLVER, 1, 4, 14900); /* what it said at 13 s had run out */
	assert_true(violations() == 0);
	assert_int_equal(jw_measure(&world, METRIC_DNS_TTL_VIOLATIONS).n, 1);
}

static struct result_expect verdict(void)
{
	struct plan_expect e = jw_expectation(METRIC_DNS_TTL_VIOLATIONS, COMPARE_EQ, 0);

	return jw_expect(&world, &e);
}

static void authority_that_never_changes_proves_no_ttl_kept(void **state)
{
	struct result_expect out;

	(void)state;
	authority_until(1e9);
	for (int t = 0; t < 20000; t += 500)
		jw_lookup(&world, RESOLVER, 0, 3, t);
	out = verdict();
	assert_int_equal(out.verdict, VERDICT_INCONCLUSIVE);
	assert_string_equal(out.got, "-");
	assert_non_null(strstr(out.why, "had to ask again"));
}

/* The change came too late, or before the resolver had anything to keep. */
static void resolver_that_need_not_ask_again_proves_no_ttl_kept(void **state)
{
	(void)state;
	authority_until(8000);
	jw_lookup(&world, RESOLVER, 0, 5, 7000);
	jw_lookup(&world, RESOLVER, 1, 5, 13000);
	assert_int_equal(verdict().verdict, VERDICT_INCONCLUSIVE);
	jw_release(&world);
	set_up(NULL);
	authority_until(2000);
	for (int t = 9000; t < 20000; t += 500)
		jw_lookup(&world, RESOLVER, 1, 5, t);
	assert_int_equal(verdict().verdict, VERDICT_INCONCLUSIVE);
}

static void resolver_that_had_to_ask_again_gets_a_verdict(void **state)
{
	(void)state;
	authority_until(8000);
	jw_lookup(&world, RESOLVER, 0, 5, 7000);
	jw_lookup(&world, RESOLVER, 1, 5, 15000);
	assert_int_equal(verdict().verdict, VERDICT_PASS);
	jw_lookup(&world, RESOLVER, 0, 5, 16000);
	assert_int_equal(verdict().verdict, VERDICT_FAIL);
}

/* Nobody has to ask again for that to be seen. */
static void more_ttl_than_there_is_fails_without_a_change(void **state)
{
	(void)state;
	authority_until(1e9);
	jw_lookup(&world, RESOLVER, 0, 30, 9000);
	assert_int_equal(verdict().verdict, VERDICT_FAIL);
}

static void answer_kept_beyond_the_ttl_is_caught(void **state)
{
	struct measurement m;

	(void)state;
	authority_until(8000);
	jw_lookup(&world, RESOLVER, 0, 1, 14500); /* 6.5 s after the change */
	m = jw_measure(&world, METRIC_DNS_TTL_VIOLATIONS);
	assert_true(m.value == 1);
	assert_non_null(strstr(m.findings[0].reason, "had not named us-east/store"));
	assert_int_equal(m.findings[0].n_ops, 2);
}

static void more_ttl_than_there_is_is_caught(void **state)
{
	(void)state;
	authority_until(8000);
	jw_lookup(&world, RESOLVER, 0, 30, 3000);
	assert_true(violations() == 1);
}

static void authority_that_was_not_heard_convicts_nobody(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		jw_lookup(&world, AUTHORITY, 1, 5, i * 100);
	for (int i = 80; i < 200; i++) /* three seconds are missing */
		jw_lookup(&world, AUTHORITY, 1, 5, i * 100);
	jw_lookup(&world, RESOLVER, 0, 1, 9000);
	assert_true(violations() == 0);
	jw_lookup(&world, RESOLVER, 0, 1, 19000);
	assert_true(violations() == 1);
}

static void without_an_authority_nothing_is_known(void **state)
{
	(void)state;
	jw_lookup(&world, RESOLVER, 0, 30, 3000);
	assert_int_equal(jw_measure(&world, METRIC_DNS_TTL_VIOLATIONS).status, MEASURED_NOTHING);
}

/* The node of region 0 is struck from 5 s to 15 s. */
static struct measurement about_death(enum metric_id metric)
{
	struct question question = jw_question(metric);

	question.phase = jw_death(&world, "death", 5000, 15000);
	return jw_ask(&world, &question);
}

static struct measurement switch_time(void)
{
	return about_death(METRIC_DNS_SWITCH_TIME);
}

static void switch_counts_from_the_fault_to_the_slowest_change(void **state)
{
	struct measurement m;

	(void)state;
	authority_until(8000);
	jw_lookup(&world, RESOLVER, 0, 3, 4900);
	jw_lookup(&world, RESOLVER, 0, 1, 8900);
	jw_lookup(&world, RESOLVER, 1, 5, 10000);
	m = switch_time();
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_int_equal(m.n, 2);
	assert_true(m.value == 5001e6);
}

static void name_that_stays_is_a_lower_bound(void **state)
{
	(void)state;
	jw_lookup(&world, RESOLVER, 0, 3, 4900);
	jw_lookup(&world, RESOLVER, 0, 3, 14900);
	jw_lookup(&world, RESOLVER, 1, 3, 15500);
	assert_int_equal(switch_time().status, MEASURED_CENSORED);
}

static void name_that_led_elsewhere_says_nothing(void **state)
{
	(void)state;
	jw_lookup(&world, RESOLVER, 1, 3, 4900);
	jw_lookup(&world, RESOLVER, 2, 3, 9000);
	assert_int_equal(switch_time().status, MEASURED_NOTHING);
}

static void return_counts_from_the_heal_to_the_node_of_before(void **state)
{
	struct measurement m;

	(void)state;
	jw_lookup(&world, RESOLVER, 0, 3, 4900);
	jw_lookup(&world, RESOLVER, 1, 3, 9000);
	jw_lookup(&world, RESOLVER, 1, 3, 16000);
	jw_lookup(&world, RESOLVER, 0, 3, 18000);
	m = about_death(METRIC_DNS_RETURN_TIME);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_true(m.value == 3001e6);
}

static void name_that_does_not_come_back_is_a_lower_bound(void **state)
{
	struct measurement m;

	(void)state;
	jw_lookup(&world, RESOLVER, 0, 3, 4900);
	jw_lookup(&world, RESOLVER, 1, 3, 9000);
	jw_lookup(&world, RESOLVER, 2, 3, 19000);
	m = about_death(METRIC_DNS_RETURN_TIME);
	assert_int_equal(m.status, MEASURED_CENSORED);
	assert_true(m.value == 4001e6);
}

static void name_that_never_left_does_not_come_back(void **state)
{
	(void)state;
	jw_lookup(&world, RESOLVER, 0, 3, 4900);
	jw_lookup(&world, RESOLVER, 0, 3, 16000);
	assert_int_equal(about_death(METRIC_DNS_RETURN_TIME).status, MEASURED_NOTHING);
}

/* Region 1 is 20 ms from region 0, region 2 is 60 ms. */
static void beacons(void)
{
	static struct beacon_sample samples[4];
	static const unsigned other[] = {1, 2};

	for (unsigned i = 0; i < 4; i++)
		samples[i] = (struct beacon_sample){.from = i < 2 ? 0 : other[i % 2],
			.to = i < 2 ? other[i % 2] : 0,
			.sent_ns = 10 * WORLD_MS,
			.recv_ns = (i % 2 ? 40 : 20) * WORLD_MS};
	world.evidence.beacons.samples = samples;
	world.evidence.beacons.n = 4;
}

static void nearest_is_by_measured_round_trip(void **state)
{
	struct measurement m;

	(void)state;
	beacons();
	jw_lookup(&world, RESOLVER, 0, 5, 100);
	jw_lookup(&world, RESOLVER, 1, 5, 200);
	jw_lookup(&world, RESOLVER, 2, 5, 300);
	m = jw_measure(&world, METRIC_NEAREST_SHARE);
	assert_int_equal(m.n, 3);
	assert_true(m.value > 0.33 && m.value < 0.34); /* the own one only */
}

static void lookups_are_no_reads_of_data(void **state)
{
	(void)state;
	jw_lookup(&world, RESOLVER, 0, 5, 100);
	assert_int_equal(jw_measure(&world, METRIC_LATENCY).n, 0);
	jw_read(&world, 0, jw_register(0), 0, 0, 200, 201);
	assert_int_equal(jw_measure(&world, METRIC_LATENCY).n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			resolver_within_the_ttl_is_silent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			authority_that_never_changes_proves_no_ttl_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			resolver_that_need_not_ask_again_proves_no_ttl_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			resolver_that_had_to_ask_again_gets_a_verdict, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			more_ttl_than_there_is_fails_without_a_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			answer_kept_beyond_the_ttl_is_caught, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			more_ttl_than_there_is_is_caught, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			authority_that_was_not_heard_convicts_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			without_an_authority_nothing_is_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			switch_counts_from_the_fault_to_the_slowest_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			name_that_stays_is_a_lower_bound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			name_that_led_elsewhere_says_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			return_counts_from_the_heal_to_the_node_of_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			name_that_does_not_come_back_is_a_lower_bound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			name_that_never_left_does_not_come_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			nearest_is_by_measured_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lookups_are_no_reads_of_data, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
