/* Changes that are armed come in the order of their instants, with the region's own nodes, all of them. */
#include "suites/agent/armed.h"
#include "fixtures/json/jv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NODES 80 /* even ones in region 0, odd ones in region 1 */

static struct plan_node nodes[NODES];
static struct plan_fault plan_faults[1] = {{.name = "cut"}};
static struct plan plan = {
	.nodes = nodes, .n_nodes = NODES, .faults = plan_faults, .n_faults = 1, .n_regions = 2};

/* A message as the controller sends it, about the first so many nodes of all regions. */
static struct jv *message(int64_t id, uint64_t at_ns, unsigned n_nodes)
{
	struct jv *m = jv_new_object(), *list = jv_new_array();

	jv_set(m, "id", jv_new_int(id));
	jv_set(m, "at_ns", jv_new_int((int64_t)at_ns));
	jv_set(m, "faults_on", jv_new_int(1));
	for (unsigned i = 0; i < n_nodes; i++) {
		struct jv *node = jv_new_array();

		jv_add(node, jv_new_int(i));
		jv_add(node, jv_new_int(NODE_KILL));
		jv_add(node, jv_new_bool(false));
		jv_add(node, jv_new_int(0));
		jv_add(list, node);
	}
	jv_set(m, "nodes", list);
	return m;
}

static int add(struct armed *armed, int64_t id, uint64_t at_ns, unsigned n_nodes, struct err *err)
{
	struct jv *m = message(id, at_ns, n_nodes);
	int rc;

	for (unsigned i = 0; i < NODES; i++)
		nodes[i].region = i % 2;
	rc = armed_add(armed, &plan, 1, m, err);
	jv_free(m);
	return rc;
}

static void the_earliest_comes_first_and_none_before_its_time(void **state)
{
	struct armed armed = {0};
	struct armed_change change;
	struct err err;

	(void)state;
	assert_true(armed_next_ns(&armed) == UINT64_MAX);
	assert_int_equal(add(&armed, 7, 300, 0, &err), 0);
	assert_int_equal(add(&armed, 8, 100, 0, &err), 0);
	assert_int_equal(add(&armed, 9, 200, 0, &err), 0);
	assert_true(armed_next_ns(&armed) == 100);
	assert_false(armed_take(&armed, 99, &change));
	assert_true(armed_take(&armed, 250, &change));
	assert_int_equal(change.id, 8);
	assert_true(armed_take(&armed, 250, &change));
	assert_int_equal(change.id, 9);
	assert_false(armed_take(&armed, 250, &change));
	assert_true(armed_next_ns(&armed) == 300);
}

static void nodes_of_other_regions_are_left_to_them(void **state)
{
	struct armed armed = {0};
	struct armed_change change;
	struct err err;

	(void)state;
	assert_int_equal(add(&armed, 1, 1, 2 * REGION_NODES_MAX, &err), 0);
	assert_true(armed_take(&armed, 1, &change));
	assert_int_equal(change.change.n_nodes, REGION_NODES_MAX);
	for (unsigned i = 0; i < change.change.n_nodes; i++)
		assert_int_equal(change.change.nodes[i].node, 2 * i + 1);
}

static void more_than_can_be_changed_are_refused_not_left_out(void **state)
{
	struct armed armed = {0};
	struct err err;

	(void)state;
	assert_int_equal(add(&armed, 1, 1, 2 * REGION_NODES_MAX + 2, &err), -1);
	assert_non_null(strstr(err.text, "more than 32 nodes"));
	assert_int_equal(armed.n, 0);
	for (unsigned i = 0; i < ARMED_MAX; i++)
		assert_int_equal(add(&armed, i, i, 0, &err), 0);
	assert_int_equal(add(&armed, 1, 1, 0, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_earliest_comes_first_and_none_before_its_time),
		cmocka_unit_test(nodes_of_other_regions_are_left_to_them),
		cmocka_unit_test(more_than_can_be_changed_are_refused_not_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
