/* What stands between clients and data, each layer timed alone and as a part of the RTO. */
#include "probes/drivers/driver.h"
#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define DATABASE 12 /* the first session after those of the users */
#define BALANCER (DATABASE + WORLD_REGIONS)
#define RESOLVER (BALANCER + WORLD_REGIONS)
#define IN_FORCE 5000
#define GONE 25000

static struct judge_world world;
static const struct driver_ops asks;
static int phase;

static void add_layer(const char *name)
{
	struct client_group *group = jw_add_group(&world, name);

	group->layer = name;
	group->driver = &asks;
	group->write_rate_uhz = 10000000;
	group->read_from = group->write_to = TARGET_NODE;
}

/* The node of region 0 is killed. */
static int set_up(void **state)
{
	(void)state;
	jw_init(&world);
	phase = jw_death(&world, "lost", IN_FORCE, GONE);
	add_layer("database");
	add_layer("load balancer");
	jw_add_lookups(&world, "DNS", false)->layer = "DNS";
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jw_release(&world);
	return 0;
}

/* Writes every 100 ms in a region, which fail from one instant to the other. */
static void writes(uint32_t first, unsigned region, double down_ms, double up_ms)
{
	for (double t = 0; t < 30000; t += 100) {
		struct op *op = jw_write(&world, first + region, jw_register(first + region),
			1 + (uint64_t)t, t, t + 10);

		op->region = (uint8_t)region;
		op->state = t >= down_ms && t < up_ms ? OP_FAIL : OP_OK;
	}
}

/* Region 0's resolver names node 0 until the instant, then node 1. */
static void names_change(double at_ms)
{
	for (double t = 0; t < 30000; t += 100)
		jw_lookup(&world, RESOLVER, t >= at_ms, 0, t);
}

static void ticks(double up_ms)
{
	for (double t = 0; t < 30000; t += 50) {
		struct op *op = jw_op(&world, OP_WRITE, 5000, op_key(KEY_TICKER, 0),
			op_value(GROUP_TICKER_WRITER(0), 1 + (uint64_t)t), t, t + 10);

		op->flags = OP_TICKER;
		op->region = 0;
		op->state = t >= IN_FORCE && t < up_ms ? OP_FAIL : OP_OK;
	}
}

static struct measurement ask(enum metric_id metric, const char *group)
{
	struct question question = jw_question(metric);

	question.phase = phase;
	question.region = 0;
	for (size_t g = 0; group && g < world.plan.n_groups; g++) {
		if (!strcmp(world.plan.groups[g].name, group)) {
			question.filter = FILTER_GROUP;
			question.group = (int)g;
		}
	}
	return jw_ask(&world, &question);
}

static void lost_region_is_served_by_the_first_of_the_others(void **state)
{
	(void)state;
	writes(DATABASE, 0, IN_FORCE, 1e9);
	writes(DATABASE, 1, 0, 12000);
	writes(DATABASE, 2, 0, 1e9);
	assert_true(ask(METRIC_FAILOVER_LAYER, "database").value == 7010e6);
}

static void layer_that_went_on_took_no_time(void **state)
{
	(void)state;
	writes(DATABASE, 0, 1e9, 1e9);
	assert_true(ask(METRIC_FAILOVER_LAYER, "database").value == 0);
}

static void layer_that_does_not_come_back_is_censored(void **state)
{
	(void)state;
	for (unsigned r = 0; r < WORLD_REGIONS; r++)
		writes(DATABASE, r, IN_FORCE, 26000);
	assert_int_equal(ask(METRIC_FAILOVER_LAYER, "database").status, MEASURED_CENSORED);
}

static void success_that_does_not_last_is_none(void **state)
{
	(void)state;
	writes(DATABASE, 0, IN_FORCE, 12000);
	world.ops[80].state = OP_OK; /* at 8 s */
	assert_true(ask(METRIC_FAILOVER_LAYER, "database").value == 7010e6);
}

static void name_that_leads_to_the_dead_is_not_back(void **state)
{
	(void)state;
	names_change(9000);
	assert_true(ask(METRIC_FAILOVER_LAYER, "DNS").value == 4001e6);
}

static void layers_are_the_parts_of_the_rto(void **state)
{
	static const double parts[] = {3010e6, 1000e6, 3991e6, 1009e6};
	struct measurement m;
	double sum = 0;

	(void)state;
	writes(DATABASE, 1, IN_FORCE, 8000);
	writes(BALANCER, 1, IN_FORCE, 9000);
	names_change(13000);
	ticks(14000);
	m = ask(METRIC_FAILOVER_RTO, NULL);
	assert_int_equal(m.n_parts, 4);
	assert_string_equal(m.parts[0].name, "database");
	assert_string_equal(m.parts[3].name, "clients");
	for (unsigned i = 0; i < m.n_parts; i++) {
		assert_true(m.parts[i].has && m.parts[i].value_ns == parts[i]);
		sum += m.parts[i].value_ns;
	}
	assert_true(m.value == 9010e6 && sum == m.value);
}

static void layer_quicker_than_one_below_has_no_part(void **state)
{
	struct measurement m;

	(void)state;
	writes(DATABASE, 1, IN_FORCE, 13000);
	writes(BALANCER, 1, IN_FORCE, 13000);
	names_change(8000);
	ticks(13000);
	m = ask(METRIC_FAILOVER_RTO, NULL);
	assert_true(m.parts[0].value_ns == m.value);
	assert_true(m.parts[2].value_ns == 0 && m.parts[3].value_ns == 0);
	assert_non_null(strstr(m.note, "DNS 3.00 s"));
}

static void missing_layer_is_missing(void **state)
{
	struct measurement m;

	(void)state;
	writes(DATABASE, 1, IN_FORCE, 13000);
	ticks(13000);
	m = ask(METRIC_FAILOVER_RTO, NULL);
	assert_true(m.parts[0].has);
	assert_false(m.parts[1].has);
	assert_non_null(strstr(m.note, "load balancer not back"));
}

static void as_many_layers_as_a_plan_may_have_are_parts(void **state)
{
	struct measurement m;

	(void)state;
	add_layer("cache");
	add_layer("queue");
	ticks(13000);
	m = ask(METRIC_FAILOVER_RTO, NULL);
	assert_int_equal(m.n_parts, PLAN_LAYERS_MAX + 1);
	assert_string_equal(m.parts[4].name, "queue");
	assert_false(m.parts[4].has);
	assert_string_equal(m.parts[5].name, "clients");
	assert_true(m.parts[5].value_ns == m.value);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(lost_region_is_served_by_the_first_of_the_others),
		T(layer_that_went_on_took_no_time),
		T(layer_that_does_not_come_back_is_censored),
		T(success_that_does_not_last_is_none),
		T(name_that_leads_to_the_dead_is_not_back),
		T(layers_are_the_parts_of_the_rto),
		T(layer_quicker_than_one_below_has_no_part),
		T(missing_layer_is_missing),
		T(as_many_layers_as_a_plan_may_have_are_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
