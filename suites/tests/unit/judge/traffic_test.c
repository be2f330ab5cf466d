/* Which regions perform what clients ask, and clients that stay where the name no longer leads. */
#include "probes/drivers/driver.h"
#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define RESOLVER 12 /* the first session after those of the users */

static struct judge_world world;
static const struct driver_ops asks;

/* The users follow a name, which a second group looks up. */
static int set_up(void **state)
{
	struct client_group *users;

	(void)state;
	jw_init(&world);
	users = world.plan.groups;
	users->driver = &asks;
	users->read_from = TARGET_NAME;
	users->lookup = jw_add_lookups(&world, "unbound", false)->lookup;
	users->resolver = "unbound";
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jw_release(&world);
	return 0;
}

/* Every 100 ms for 20 s: node 0 for a TTL of 2 s until the instant, then node 1. */
static void names_change(double at_ms)
{
	for (double t = 0; t < 20000; t += 100)
		jw_lookup(&world, RESOLVER, t >= at_ms, 2, t);
}

/* A user's read, from `region`. */
static struct op *served(unsigned region, unsigned node, double at_ms)
{
	struct op *op =
		jw_read(&world, region * WORLD_SESSIONS, jw_register(1), 0, 0, at_ms, at_ms + 5);

	op->node = (uint8_t)node;
	return op;
}

static void client_that_follows_within_the_ttl_is_silent(void **state)
{
	struct measurement m;

	(void)state;
	names_change(5000);
	served(0, 0, 4000);
	served(0, 0, 6800); /* its answer was good until 6.9 s */
	served(0, 1, 7000);
	served(0, 1, 8000); /* who had still gone to node 0 would have overstayed */
	m = jw_measure(&world, METRIC_DNS_OVERSTAY);
	assert_int_equal(m.status, MEASURED_VALUE);
	assert_int_equal(m.n, 1);
	assert_true(m.value == 0 && m.total_findings == 0);
}

static struct result_expect verdict(void)
{
	struct plan_expect e = jw_expectation(METRIC_DNS_OVERSTAY, COMPARE_LT, 1e9);

	return jw_expect(&world, &e);
}

static void name_that_leads_nowhere_else_proves_nothing(void **state)
{
	struct result_expect out;

	(void)state;
	names_change(1e9);
	for (double t = 1000; t < 20000; t += 500)
		served(0, 0, t);
	out = verdict();
	assert_int_equal(out.verdict, VERDICT_INCONCLUSIVE);
	assert_string_equal(out.got, "-");
	assert_non_null(strstr(out.why, "never led away"));
}

/* Nobody had a connection there, so none could be kept. */
static void node_that_never_served_proves_nothing(void **state)
{
	(void)state;
	names_change(5000);
	for (double t = 6000; t < 20000; t += 500)
		served(0, 1, t);
	assert_int_equal(verdict().verdict, VERDICT_INCONCLUSIVE);
}

static void node_that_cannot_serve_on_proves_nothing(void **state)
{
	(void)state;
	jw_death(&world, "death", 4500, 15000);
	names_change(5000);
	served(0, 0, 4000);
	for (double t = 8000; t < 15000; t += 500)
		served(0, 1, t);
	assert_int_equal(verdict().verdict, VERDICT_INCONCLUSIVE);
	served(0, 1, 16000); /* it is back, and the name still leads elsewhere */
	assert_int_equal(verdict().verdict, VERDICT_PASS);
}

static void name_that_led_elsewhere_gives_a_verdict(void **state)
{
	(void)state;
	names_change(5000);
	served(0, 0, 4000);
	served(0, 1, 8000);
	assert_int_equal(verdict().verdict, VERDICT_PASS);
	served(0, 0, 9000);
	assert_int_equal(verdict().verdict, VERDICT_FAIL);
}

static void connection_that_outlives_the_name_is_caught(void **state)
{
	struct measurement m;

	(void)state;
	names_change(5000);
	served(0, 0, 4000);
	served(0, 0, 10000);
	m = jw_measure(&world, METRIC_DNS_OVERSTAY);
	assert_true(m.value == 2099e6); /* told at 4.901 s, good for 2 s and 1 s of slack */
	assert_int_equal(m.total_findings, 1);
	assert_int_equal(m.findings[0].n_ops, 2);
	assert_non_null(strstr(m.findings[0].reason, "us-east/store"));
}

static void change_that_is_heard_of_first_is_no_overstay(void **state)
{
	(void)state;
	names_change(9000);
	served(0, 1, 8950); /* the lookup at 9.0 s names it */
	assert_true(jw_measure(&world, METRIC_DNS_OVERSTAY).value == 0);
	served(0, 1, 8850); /* that at 8.9 s does not */
	assert_int_equal(jw_measure(&world, METRIC_DNS_OVERSTAY).total_findings, 1);
}

static void node_that_was_never_named_is_caught(void **state)
{
	(void)state;
	names_change(5000);
	served(0, 2, 9000);
	assert_true(jw_measure(&world, METRIC_DNS_OVERSTAY).value == 7999e6);
}

static void what_failed_or_was_fetched_stays_nowhere(void **state)
{
	(void)state;
	names_change(5000);
	served(0, 1, 9000);
	served(0, 0, 10000)->state = OP_UNKNOWN;
	served(0, 0, 10000)->flags |= OP_FALLBACK;
	served(0, OP_NODE_UNKNOWN, 10000);
	assert_true(jw_measure(&world, METRIC_DNS_OVERSTAY).value == 0);
}

static void without_lookups_nothing_is_known(void **state)
{
	(void)state;
	served(0, 0, 10000);
	assert_int_equal(jw_measure(&world, METRIC_DNS_OVERSTAY).status, MEASURED_NOTHING);
	names_change(5000);
	served(1, 0, 10000); /* nobody looks it up in region 1 */
	assert_int_equal(jw_measure(&world, METRIC_DNS_OVERSTAY).n, 1);
}

static struct measurement share(int from, int to)
{
	struct question question = jw_question(METRIC_ROUTING_SHARE);

	question.from = from;
	question.to = to;
	return jw_ask(&world, &question);
}

static void share_is_by_who_performed(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		served(1, i == 0 ? 1 : 2, 1000 + i * 10);
	served(1, 2, 2000)->state = OP_FAIL;
	served(1, OP_NODE_UNKNOWN, 2010);
	served(0, 0, 2020);
	assert_true(share(1, 2).value == 0.75);
	assert_int_equal(share(1, 2).n, 4);
	assert_true(share(1, 0).value == 0);
	assert_int_equal(share(2, 0).status, MEASURED_NOTHING);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(client_that_follows_within_the_ttl_is_silent),
		T(name_that_leads_nowhere_else_proves_nothing),
		T(node_that_never_served_proves_nothing),
		T(node_that_cannot_serve_on_proves_nothing),
		T(name_that_led_elsewhere_gives_a_verdict),
		T(connection_that_outlives_the_name_is_caught),
		T(change_that_is_heard_of_first_is_no_overstay),
		T(node_that_was_never_named_is_caught),
		T(what_failed_or_was_fetched_stays_nowhere),
		T(without_lookups_nothing_is_known),
		T(share_is_by_who_performed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
