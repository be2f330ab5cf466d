/*
 * Drivers and probers against the real thing: redis-server with replicas, a region-store trio, etcd.
 *
 * runner: timeout 120, steady
 */
#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"
#include "suites/tests/helpers/prober_trio.h"
#include "suites/tests/helpers/server.h"
#include "suites/tests/helpers/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static pid_t start_redis(uint16_t port, uint16_t primary_port)
{
	char port_text[8], primary_text[8];
	const char *argv[] = {"redis-server", "--port", port_text, "--bind", "127.0.0.1", "--save",
		"", "--appendonly", "no", "--repl-diskless-sync-delay", "0", "--repl-diskless-load",
		"swapdb", primary_port ? "--replicaof" : NULL, "127.0.0.1", primary_text, NULL};
	pid_t pid;

	snprintf(port_text, sizeof(port_text), "%u", port);
	snprintf(primary_text, sizeof(primary_text), "%u", primary_port);
	pid = server_spawn(argv);
	return pid > 0 && server_wait_port(port) ? pid : -1;
}

static void redis_answers_its_driver(void **state)
{
	uint16_t ports[2] = {server_free_port(), server_free_port()};
	pid_t primary = start_redis(ports[0], 0), replica;
	struct driver_call call;
	struct talk talk;

	(void)state;
	if (primary < 0) {
		print_message("redis-server is not installed\n");
		skip();
	}
	replica = start_redis(ports[1], ports[0]);
	assert_true(replica > 0);
	talk_begin(&talk, "redis", ports, 2);
	talk_writes_can_be_read_and_deleted(&talk, 0);
	call = talk_ask(&talk, 1, OP_WRITE, 1);
	assert_int_equal(call.state, OP_FAIL);
	assert_int_equal(call.error, OP_ERROR_NOT_PRIMARY);
	assert_int_equal(talk_role(&talk, 0).role, ROLE_PRIMARY);
	assert_int_equal(talk_role(&talk, 1).role, ROLE_REPLICA);
	assert_int_equal(talk_role(&talk, 1).believed_primary, 0);
	talk_end(&talk);
	server_stop(replica);
	server_stop(primary);
}

static pid_t start_etcd(uint16_t port, uint16_t peer_port, const char *dir)
{
	char client[48], peer[48], cluster[64];
	const char *argv[] = {"etcd", "--data-dir", dir, "--name", "a", "--listen-client-urls",
		client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
		"--initial-advertise-peer-urls", peer, "--initial-cluster", cluster, NULL};
	pid_t pid;

	snprintf(client, sizeof(client), "http://127.0.0.1:%u", port);
	snprintf(peer, sizeof(peer), "http://127.0.0.1:%u", peer_port);
	snprintf(cluster, sizeof(cluster), "a=%s", peer);
	pid = server_spawn(argv);
	return pid > 0 && server_wait_port(port) ? pid : -1;
}

/* A cluster of one, which the list of members leads to at once. */
static void etcd_answers_its_driver(void **state)
{
	char dir[] = "etcd-XXXXXX";
	uint16_t ports[1] = {server_free_port()};
	struct driver_call first, second;
	struct driver_role r = {0};
	uint64_t deadline = clock_now_ns() + TALK_SOON_NS;
	struct talk talk;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	pid = start_etcd(ports[0], server_free_port(), dir);
	if (pid < 0) {
		print_message("etcd is not installed\n");
		skip();
	}
	talk_begin(&talk, "etcd", ports, 1);
	while (r.role != ROLE_PRIMARY && clock_now_ns() < deadline)
		r = talk_role(&talk, 0);
	assert_int_equal(r.role, ROLE_PRIMARY);
	assert_int_equal(r.believed_primary, 0);
	assert_true(r.epoch > 0);
	first = talk_ask(&talk, 0, OP_WRITE, op_value(3, 99));
	assert_int_equal(first.state, OP_OK);
	assert_int_equal(first.node, OP_NODE_UNKNOWN); /* who performed it is not said */
	second = talk_ask(&talk, 0, OP_READ, 0);
	assert_int_equal(second.read_value, op_value(3, 99));
	assert_int_equal(second.version, first.version);
	assert_int_equal(second.node, 0);
	assert_true(talk_ask(&talk, 0, OP_WRITE, op_value(3, 100)).version > first.version);
	assert_int_equal(talk_ask(&talk, 0, OP_DELETE, 0).state, OP_OK);
	assert_true(talk_ask(&talk, 0, OP_READ, 0).flags & OP_ABSENT);
	talk_end(&talk);
	server_stop(pid);
}

static void region_store_answers_its_driver(void **state)
{
	struct store_trio trio;
	struct driver_call call;
	struct talk talk;
	size_t primary, replica;

	(void)state;
	if (!store_trio_start(&trio)) {
		print_message("region-store is not built\n");
		skip();
	}
	talk_begin(&talk, "http-kv", trio.ports, 3);
	primary = talk_agreed_primary(&talk);
	replica = (primary + 1) % 3;
	assert_true(talk_role(&talk, primary).epoch > 0);
	talk_writes_can_be_read_and_deleted(&talk, primary);
	call = talk_ask(&talk, primary, OP_WRITE, op_value(3, 100));
	assert_true(call.flags & OP_HAS_VERSION);
	assert_true(call.flags & OP_HAS_EPOCH);
	call = (struct driver_call){.kind = OP_READ,
		.key = op_key(KEY_LEDGER, 5),
		.min_version = call.version,
		.timeout_ns = 2 * NSEC_PER_SEC};
	talk.driver->ops->invoke(talk.driver, &talk.endpoints[replica], &call);
	assert_int_equal(call.state, OP_OK);
	assert_int_equal(call.read_value, op_value(3, 100));
	call = talk_ask(&talk, replica, OP_WRITE, op_value(3, 101));
	assert_int_equal(call.state, OP_FAIL);
	assert_int_equal(call.error, OP_ERROR_NOT_PRIMARY);
	talk_end(&talk);
	store_trio_stop(&trio);
}

static void probers_work_on_region_store(void **state)
{
	struct store_trio trio;

	(void)state;
	if (!store_trio_start(&trio)) {
		print_message("region-store is not built\n");
		skip();
	}
	prober_trio_works_and_agrees("http-kv", trio.ports, OP_NODE_UNKNOWN);
	store_trio_stop(&trio);
}

static size_t index_of_primary(const uint16_t *ports)
{
	struct talk talk;
	size_t primary;

	talk_begin(&talk, "http-kv", ports, 3);
	primary = talk_agreed_primary(&talk);
	talk_end(&talk);
	return primary;
}

static int64_t next_primary(struct prober_rig *rig)
{
	struct jv *message = prober_rig_await(rig, "primary", TALK_SOON_NS);
	int64_t node = jv_int(jv_get(message, "node"), -1);

	assert_non_null(message);
	jv_free(message);
	return node;
}

/* The region of a survivor; its clients must find the new primary by themselves. */
static void writes_go_on_after_the_primary_was_killed(void **state)
{
	static uint64_t options[64];
	struct client_group group = prober_trio_group(driver_find("http-kv"), options);
	struct prober_config config = {.n_regions = 3,
		.n_endpoints = 3,
		.groups = &group,
		.n_groups = 1,
		.primary_hint = OP_NODE_UNKNOWN,
		.seed = 5,
		.ticker = 1};
	unsigned after = 0, refused = 0;
	struct store_trio trio;
	struct prober_rig rig;
	struct talk talk;
	struct history h;
	size_t primary;
	int64_t next;

	(void)state;
	if (!store_trio_start(&trio)) {
		print_message("region-store is not built\n");
		skip();
	}
	primary = index_of_primary(trio.ports);
	talk_begin(&talk, "http-kv", trio.ports, 3);
	config.endpoints = talk.endpoints;
	config.region = (unsigned)(primary + 1) % 3;
	prober_rig_start(&rig, &config);
	jv_free(prober_rig_await(&rig, "ready", TALK_SOON_NS));
	prober_rig_say(&rig, "start", clock_now_ns());
	assert_int_equal(next_primary(&rig), primary);
	server_stop(trio.pids[primary]);
	trio.pids[primary] = -1;
	next = next_primary(&rig);
	assert_int_not_equal(next, primary);
	clock_sleep_until_ns(clock_now_ns() + 500 * NSEC_PER_MSEC);
	prober_rig_say(&rig, "stop", 0);
	jv_free(prober_rig_await(&rig, "done", TALK_SOON_NS));
	assert_int_equal(prober_rig_end(&rig, false), 0);
	assert_int_equal(prober_rig_history(&rig, &h), 0);
	for (size_t i = 0; i < h.n; i++) {
		const struct op *op = &h.ops[i];

		refused += op->kind != OP_READ && op->error == OP_ERROR_REFUSED;
		after += op->kind != OP_READ && op->state == OP_OK && op->node == next &&
			!(op->flags & OP_TICKER);
	}
	assert_true(refused > 5);
	assert_true(after > 5); /* of 10: a third of 60/s for half a second */
	history_release(&h);
	prober_rig_clean(&rig);
	talk_end(&talk);
	store_trio_stop(&trio);
}

static void wait_for_replicas(const uint16_t *ports)
{
	uint64_t deadline = clock_now_ns() + TALK_SOON_NS;
	struct talk talk;

	talk_begin(&talk, "redis", ports, 3);
	assert_int_equal(talk_ask(&talk, 0, OP_WRITE, 77).state, OP_OK);
	for (size_t i = 1; i < 3; i++) {
		while (talk_ask(&talk, i, OP_READ, 0).read_value != 77)
			assert_true(clock_now_ns() < deadline);
	}
	talk_end(&talk);
}

static void probers_work_on_redis(void **state)
{
	uint16_t ports[3];
	pid_t pids[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		ports[i] = server_free_port();
		pids[i] = start_redis(ports[i], i ? ports[0] : 0);
		if (pids[i] < 0) {
			print_message("redis-server is not installed\n");
			skip();
		}
	}
	wait_for_replicas(ports);
	prober_trio_works_and_agrees("redis", ports, 0);
	for (int i = 0; i < 3; i++)
		server_stop(pids[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redis_answers_its_driver),
		cmocka_unit_test(etcd_answers_its_driver),
		cmocka_unit_test(region_store_answers_its_driver),
		cmocka_unit_test(probers_work_on_region_store),
		cmocka_unit_test(writes_go_on_after_the_primary_was_killed),
		cmocka_unit_test(probers_work_on_redis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
