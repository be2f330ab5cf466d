/*
 * Active-active region-store: writes anywhere, the later one stays, and what the clock has to do
 * with which one that is.
 *
 * runner: timeout 120, steady
 */
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/store_cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void mesh_up(struct store_cluster *c, const char *option, const char *value)
{
	cluster_up(c, (const char *[]){"--mode", "active-active", option, value, NULL});
}

static void await_value(struct store_cluster *c, unsigned node, const char *key, const char *value)
{
	uint64_t until_ns = clock_now_ns() + 10 * NSEC_PER_SEC;

	while (strcmp(cluster_get(c, node, key).body, value)) {
		assert_true(clock_now_ns() < until_ns);
		clock_sleep_until_ns(clock_now_ns() + 5 * NSEC_PER_MSEC);
	}
}

/* Node 0 writes "old", node 1 sees it and writes "new": what stands there then, everywhere? */
static void assert_later_write(struct store_cluster *c, const char *stays)
{
	struct store_answer old = cluster_put(c, 0, "k", "old"), new;

	await_value(c, 1, "k", "old");
	new = cluster_put(c, 1, "k", "new");
	assert_int_equal(new.status, 200);
	assert_int_equal(!strcmp(stays, "new"), new.version > old.version);
	cluster_put(c, 1, "behind", "x");
	await_value(c, 0, "behind", "x"); /* "new" has arrived before it */
	for (unsigned node = 0; node < 2; node++)
		assert_string_equal(cluster_get(c, node, "k").body, stays);
}

static void every_node_accepts_writes(void **state)
{
	struct store_cluster *c = *state;
	char key[2] = "a";

	mesh_up(c, NULL, NULL);
	for (unsigned node = 0; node < STORE_NODES; node++, key[0]++)
		assert_int_equal(cluster_put(c, node, key, "x").status, 200);
	for (unsigned node = 0; node < STORE_NODES; node++) {
		for (key[0] = 'a'; key[0] < 'a' + STORE_NODES; key[0]++)
			await_value(c, node, key, "x");
	}
}

static void later_write_stays(void **state)
{
	mesh_up(*state, NULL, NULL);
	assert_later_write(*state, "new");
}

static void hybrid_clock_is_ahead_of_all_it_has_seen(void **state)
{
	mesh_up(*state, "--clock-offset", "r0=1h");
	assert_later_write(*state, "new");
}

static void wall_clock_that_is_behind_loses_later_writes(void **state)
{
	cluster_up(*state,
		(const char *[]){"--mode", "active-active", "--clock", "wall", "--clock-offset",
			"r1/store=-1h", NULL});
	assert_later_write(*state, "old");
}

static void deleted_key_stays_deleted_everywhere(void **state)
{
	struct store_cluster *c = *state;

	mesh_up(c, NULL, NULL);
	cluster_put(c, 0, "k", "x");
	cluster_await_status(c, 1, "k", 200);
	assert_int_equal(cluster_delete(c, 1, "k").status, 200);
	cluster_await_status(c, 0, "k", 404);
	cluster_await_status(c, 2, "k", 404);
}

static void killed_node_has_its_own_writes_back_from_others(void **state)
{
	struct store_cluster *c = *state;

	mesh_up(c, NULL, NULL);
	cluster_put(c, 0, "mine", "x");
	cluster_await_status(c, 1, "mine", 200);
	cluster_kill(c, 0);
	cluster_put(c, 1, "meanwhile", "y");
	cluster_start(c, 0);
	await_value(c, 0, "mine", "x");
	await_value(c, 0, "meanwhile", "y");
}

static void data_ages_while_one_peer_is_silent(void **state)
{
	struct store_cluster *c = *state;
	uint64_t until_ns;

	mesh_up(c, "--stale-after", "100ms");
	cluster_put(c, 0, "k", "x");
	cluster_await_status(c, 1, "k", 200);
	cluster_pause(c, 2);
	until_ns = clock_now_ns() + 10 * NSEC_PER_SEC;
	while (!cluster_get(c, 1, "k").stale)
		assert_true(clock_now_ns() < until_ns);
	assert_int_equal(cluster_put(c, 1, "k", "y").status, 200);
	cluster_resume(c, 2);
	until_ns = clock_now_ns() + 10 * NSEC_PER_SEC;
	while (cluster_get(c, 1, "k").stale)
		assert_true(clock_now_ns() < until_ns);
}

static void demanded_version_is_waited_for(void **state)
{
	struct store_cluster *c = *state;
	struct store_answer wrote;

	mesh_up(c, NULL, NULL);
	wrote = cluster_put(c, 0, "k", "x");
	assert_string_equal(cluster_get_at_least(c, 1, "k", wrote.version).body, "x");
}

static void lost_update_is_acknowledged_and_gone(void **state)
{
	struct store_cluster *c = *state;
	unsigned long fired = 0;

	mesh_up(c, "--bug", "lost-update");
	assert_later_write(c, "old");
	sscanf(cluster_request(c, 1, "GET", "/bugs", NULL, NULL).body, "%*s %lu", &fired);
	assert_int_equal(fired, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_node_accepts_writes, cluster_set_up, cluster_tear_down),
		cmocka_unit_test_setup_teardown(
			later_write_stays, cluster_set_up, cluster_tear_down),
		cmocka_unit_test_setup_teardown(hybrid_clock_is_ahead_of_all_it_has_seen,
			cluster_set_up, cluster_tear_down),
		cmocka_unit_test_setup_teardown(wall_clock_that_is_behind_loses_later_writes,
			cluster_set_up, cluster_tear_down),
		cmocka_unit_test_setup_teardown(
			deleted_key_stays_deleted_everywhere, cluster_set_up, cluster_tear_down),
		cmocka_unit_test_setup_teardown(killed_node_has_its_own_writes_back_from_others,
			cluster_set_up, cluster_tear_down),
		cmocka_unit_test_setup_teardown(
			data_ages_while_one_peer_is_silent, cluster_set_up, cluster_tear_down),
		cmocka_unit_test_setup_teardown(
			demanded_version_is_waited_for, cluster_set_up, cluster_tear_down),
		cmocka_unit_test_setup_teardown(
			lost_update_is_acknowledged_and_gone, cluster_set_up, cluster_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
