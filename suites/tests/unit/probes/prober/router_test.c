#include "probes/prober/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* Two nodes in region 0, one in each of 1 and 2; global node numbers differ from indices. */
static const struct endpoint endpoints[] = {
	{.name = "a/1", .host = "h", .port = 1, .region = 0, .node = 10},
	{.name = "a/2", .host = "h", .port = 2, .region = 0, .node = 11},
	{.name = "b/1", .host = "h", .port = 3, .region = 1, .node = 12},
	{.name = "c/1", .host = "h", .port = 4, .region = 2, .node = 13}};

static void says(struct router *router, size_t endpoint, enum node_role role, uint32_t epoch,
	uint8_t believed)
{
	struct driver_role r = {.role = role, .epoch = epoch, .believed_primary = believed};

	router_update(router, endpoint, &r);
}

static unsigned picked(const struct router *router, struct route *route, enum group_target target,
	struct route *taken)
{
	const struct endpoint *at = router_pick(router, route, target, taken);

	return at ? at->node : OP_NODE_UNKNOWN;
}

static void ended(const struct router *router, struct route *route, enum op_error error)
{
	struct route taken;

	router_pick(router, route, TARGET_PRIMARY, &taken);
	router_ended(
		router, route, &taken, error == OP_ERROR_TIMEOUT ? OP_UNKNOWN : OP_FAIL, error);
}

static void the_highest_epoch_names_the_primary(void **state)
{
	struct route route = {0}, taken;
	struct router router;

	(void)state;
	router_init(&router, endpoints, 4, 0, 12);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 12); /* the hint */
	says(&router, 0, ROLE_REPLICA, 4, 13);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 13);
	says(&router, 1, ROLE_PRIMARY, 3, 11);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 13);
	says(&router, 1, ROLE_PRIMARY, 5, 11);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 11);
	says(&router, 0, ROLE_UNKNOWN, 0, OP_NODE_UNKNOWN);
	says(&router, 1, ROLE_UNKNOWN, 0, OP_NODE_UNKNOWN);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 11); /* the last name */
	router_release(&router);
}

static void primary_at_start_stays(void **state)
{
	struct route route = {0}, taken;
	struct router router;

	(void)state;
	router_init(&router, endpoints, 4, 0, OP_NODE_UNKNOWN);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY_START, &taken), OP_NODE_UNKNOWN);
	says(&router, 0, ROLE_PRIMARY, 1, 10);
	router_fix_start(&router);
	says(&router, 0, ROLE_REPLICA, 2, 12);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY_START, &taken), 10);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 12);
	router_release(&router);
}

static void a_refused_client_tries_all_nodes_until_the_view_changes(void **state)
{
	static const unsigned round[] = {12, 10, 11, 13, 12};
	struct route route = {0}, taken;
	struct router router;

	(void)state;
	router_init(&router, endpoints, 4, 0, 12);
	says(&router, 0, ROLE_REPLICA, 1, 12);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), round[i]);
		ended(&router, &route, i % 2 ? OP_ERROR_NOT_PRIMARY : OP_ERROR_REFUSED);
	}
	says(&router, 0, ROLE_REPLICA, 2, 13);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 13);
	router_release(&router);
}

static void a_time_out_moves_on_only_when_the_own_nodes_are_silent(void **state)
{
	struct route route = {0}, taken;
	struct router router;

	(void)state;
	router_init(&router, endpoints, 4, 0, 12);
	says(&router, 0, ROLE_REPLICA, 1, 12);
	ended(&router, &route, OP_ERROR_TIMEOUT);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 12);
	says(&router, 0, ROLE_UNKNOWN, 0, OP_NODE_UNKNOWN);
	ended(&router, &route, OP_ERROR_TIMEOUT);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 10);
	router_release(&router);
}

/* The new primary was asked before it took writes, and the next one in turn is cut off. */
static void a_time_out_while_wandering_leads_back_to_the_primary(void **state)
{
	struct route route = {0}, taken;
	struct router router;

	(void)state;
	router_init(&router, endpoints, 4, 0, 12);
	says(&router, 0, ROLE_REPLICA, 1, 12);
	ended(&router, &route, OP_ERROR_NOT_PRIMARY);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_not_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 12);
		ended(&router, &route, OP_ERROR_TIMEOUT);
	}
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 12);
	ended(&router, &route, OP_ERROR_TIMEOUT);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 12);
	router_release(&router);
}

static void operations_that_fail_together_move_on_once(void **state)
{
	struct route route = {0}, first, second, taken;
	struct router router;

	(void)state;
	router_init(&router, endpoints, 4, 0, 12);
	router_pick(&router, &route, TARGET_PRIMARY, &first);
	router_pick(&router, &route, TARGET_PRIMARY, &second);
	router_ended(&router, &route, &first, OP_FAIL, OP_ERROR_REFUSED);
	router_ended(&router, &route, &second, OP_FAIL, OP_ERROR_REFUSED);
	assert_int_equal(picked(&router, &route, TARGET_PRIMARY, &taken), 10);
	router_release(&router);
}

static void without_nodes_there_is_no_route(void **state)
{
	struct route route = {0}, taken;
	struct router router;

	(void)state;
	router_init(&router, NULL, 0, 0, OP_NODE_UNKNOWN);
	assert_null(router_pick(&router, &route, TARGET_PRIMARY, &taken));
	assert_null(router_pick(&router, &route, TARGET_NEAREST, &taken));
	router_release(&router);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_highest_epoch_names_the_primary),
		cmocka_unit_test(primary_at_start_stays),
		cmocka_unit_test(a_refused_client_tries_all_nodes_until_the_view_changes),
		cmocka_unit_test(a_time_out_moves_on_only_when_the_own_nodes_are_silent),
		cmocka_unit_test(a_time_out_while_wandering_leads_back_to_the_primary),
		cmocka_unit_test(operations_that_fail_together_move_on_once),
		cmocka_unit_test(without_nodes_there_is_no_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
