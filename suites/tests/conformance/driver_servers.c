/*
 * Drivers and probers against the real thing: redis-server with replicas, a region-store trio, etcd.
 *
 * runner: timeout 120, steady
 */
#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"
#include "suites/tests/helpers/prober_rig.h"
#include "suites/tests/helpers/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SOON (8 * NSEC_PER_SEC)

struct talk {
	struct endpoint endpoints[3];
	struct driver_target target;
	struct driver *driver;
};

static void talk_begin(struct talk *talk, const char *driver, const uint16_t *ports, size_t n)
{
	static const char *const names[] = {"a/store", "b/store", "c/store"};
	struct err err;

	for (size_t i = 0; i < n; i++)
		talk->endpoints[i] = (struct endpoint){.name = names[i],
			.host = "127.0.0.1",
			.port = ports[i],
			.region = (uint8_t)i,
			.node = (uint8_t)i};
	talk->target = (struct driver_target){
		.endpoints = talk->endpoints, .n_endpoints = n, .value_size = 100};
	talk->driver = driver_find(driver)->open(&talk->target, &err);
	assert_non_null(talk->driver);
}

static struct driver_call ask(struct talk *talk, size_t at, enum op_kind kind, uint64_t value)
{
	struct driver_call call = {.kind = kind,
		.key = op_key(KEY_LEDGER, 5),
		.value = value,
		.timeout_ns = 2 * NSEC_PER_SEC};

	talk->driver->ops->invoke(talk->driver, &talk->endpoints[at], &call);
	return call;
}

static struct driver_role role(struct talk *talk, size_t at)
{
	struct driver_role r;

	talk->driver->ops->role(talk->driver, &talk->endpoints[at], NSEC_PER_SEC, &r);
	return r;
}

static void writes_can_be_read_and_deleted(struct talk *talk, size_t primary)
{
	struct driver_call call;

	assert_true(ask(talk, primary, OP_READ, 0).flags & OP_ABSENT);
	call = ask(talk, primary, OP_WRITE, op_value(3, 99));
	if (call.state != OP_OK)
		fail_msg("write: %s (%s)", op_state_name(call.state), call.text);
	assert_int_equal(call.node, primary);
	call = ask(talk, primary, OP_READ, 0);
	assert_int_equal(call.state, OP_OK);
	assert_int_equal(call.read_value, op_value(3, 99));
	assert_int_equal(call.node, primary);
	assert_int_equal(ask(talk, primary, OP_DELETE, 0).state, OP_OK);
	assert_true(ask(talk, primary, OP_READ, 0).flags & OP_ABSENT);
}

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
	writes_can_be_read_and_deleted(&talk, 0);
	call = ask(&talk, 1, OP_WRITE, 1);
	assert_int_equal(call.state, OP_FAIL);
	assert_int_equal(call.error, OP_ERROR_NOT_PRIMARY);
	assert_int_equal(role(&talk, 0).role, ROLE_PRIMARY);
	assert_int_equal(role(&talk, 1).role, ROLE_REPLICA);
	assert_int_equal(role(&talk, 1).believed_primary, 0);
	talk.driver->ops->close(talk.driver);
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
	uint64_t deadline = clock_now_ns() + SOON;
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
		r = role(&talk, 0);
	assert_int_equal(r.role, ROLE_PRIMARY);
	assert_int_equal(r.believed_primary, 0);
	assert_true(r.epoch > 0);
	first = ask(&talk, 0, OP_WRITE, op_value(3, 99));
	assert_int_equal(first.state, OP_OK);
	assert_int_equal(first.node, OP_NODE_UNKNOWN); /* who performed it is not said */
	second = ask(&talk, 0, OP_READ, 0);
	assert_int_equal(second.read_value, op_value(3, 99));
	assert_int_equal(second.version, first.version);
	assert_int_equal(second.node, 0);
	assert_true(ask(&talk, 0, OP_WRITE, op_value(3, 100)).version > first.version);
	assert_int_equal(ask(&talk, 0, OP_DELETE, 0).state, OP_OK);
	assert_true(ask(&talk, 0, OP_READ, 0).flags & OP_ABSENT);
	talk.driver->ops->close(talk.driver);
	server_stop(pid);
}

/* The index of the primary that all three agree on. */
static size_t agreed_primary(struct talk *talk)
{
	uint64_t deadline = clock_now_ns() + SOON;

	while (clock_now_ns() < deadline) {
		unsigned named = role(talk, 0).believed_primary;

		if (named < 3 && role(talk, 1).believed_primary == named &&
			role(talk, 2).believed_primary == named &&
			role(talk, named).role == ROLE_PRIMARY)
			return named;
		clock_sleep_until_ns(clock_now_ns() + 50 * NSEC_PER_MSEC);
	}
	fail_msg("the trio does not agree on a primary");
	return 0;
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
	primary = agreed_primary(&talk);
	replica = (primary + 1) % 3;
	assert_true(role(&talk, primary).epoch > 0);
	writes_can_be_read_and_deleted(&talk, primary);
	call = ask(&talk, primary, OP_WRITE, op_value(3, 100));
	assert_true(call.flags & OP_HAS_VERSION);
	assert_true(call.flags & OP_HAS_EPOCH);
	call = (struct driver_call){.kind = OP_READ,
		.key = op_key(KEY_LEDGER, 5),
		.min_version = call.version,
		.timeout_ns = 2 * NSEC_PER_SEC};
	talk.driver->ops->invoke(talk.driver, &talk.endpoints[replica], &call);
	assert_int_equal(call.state, OP_OK);
	assert_int_equal(call.read_value, op_value(3, 100));
	call = ask(&talk, replica, OP_WRITE, op_value(3, 101));
	assert_int_equal(call.state, OP_FAIL);
	assert_int_equal(call.error, OP_ERROR_NOT_PRIMARY);
	talk.driver->ops->close(talk.driver);
	store_trio_stop(&trio);
}

/* ---- the prober over a real system ------------------------------------------------------ */

static struct client_group a_group(const struct driver_ops *driver, void *options)
{
	static const uint8_t regions[] = {0, 1, 2};
	struct client_group group = {0};

	param_set_defaults(group_params, &group);
	param_set_defaults(driver->params, options);
	group.driver = driver;
	group.driver_options = options;
	group.regions = regions;
	group.n_regions = 3;
	group.sessions_per_region = 2;
	group.read_rate_uhz = 150 * 1000000ull;
	group.write_rate_uhz = 60 * 1000000ull;
	group.delete_ppm = 100000;
	return group;
}

static struct jv *merged_ledger(struct prober_rig *rigs)
{
	struct jv *list = jv_new_array();

	for (unsigned r = 0; r < 3; r++) {
		struct jv *ledger = prober_rig_await(&rigs[r], "ledger", SOON);
		const struct jv *sessions = jv_get(ledger, "sessions");

		assert_non_null(ledger);
		for (size_t i = 0; i < jv_count(sessions); i++) {
			struct jv *pair = jv_new_array();

			jv_add(pair, jv_new_int(jv_int(jv_at(jv_at(sessions, i), 0), 0)));
			jv_add(pair, jv_new_int(jv_int(jv_at(jv_at(sessions, i), 1), 0)));
			jv_add(list, pair);
		}
		jv_free(ledger);
	}
	return list;
}

static struct jv *copy_of(const struct jv *value)
{
	struct buf text = {0};
	struct jv *copy;
	struct err err;

	jv_print(value, 0, &text);
	copy = jv_parse(buf_str(&text), text.len, FRAME_MAX, &err);
	buf_release(&text);
	return copy;
}

/* One sweep in each region; whether all keys were read and are equal. */
static bool sweep_all(struct prober_rig *rigs, const struct jv *ledger)
{
	char digests[3][20];
	bool whole = true;

	for (unsigned r = 0; r < 3; r++) {
		struct jv *message = jv_new_object();
		struct err err;

		jv_set(message, "type", jv_new_string("sweep"));
		jv_set(message, "ledger", copy_of(ledger));
		assert_int_equal(frame_send(rigs[r].fd, message, &err), 0);
	}
	for (unsigned r = 0; r < 3; r++) {
		struct jv *swept = prober_rig_await(&rigs[r], "swept", SOON);

		assert_non_null(swept);
		whole = whole &&
			jv_int(jv_get(swept, "keys"), 0) == jv_int(jv_get(swept, "answered"), 1);
		snprintf(digests[r], sizeof(digests[r]), "%s", jv_str(jv_get(swept, "digest"), ""));
		jv_free(swept);
	}
	return whole && !strcmp(digests[0], digests[1]) && !strcmp(digests[0], digests[2]);
}

static bool converges(struct prober_rig *rigs, const struct jv *ledger)
{
	uint64_t deadline = clock_now_ns() + SOON;

	while (clock_now_ns() < deadline) {
		if (sweep_all(rigs, ledger))
			return true;
	}
	return false;
}

static void expect_mostly_ok(struct prober_rig *rig, unsigned region)
{
	unsigned ok = 0, ticks = 0;
	struct history h;

	assert_int_equal(prober_rig_history(rig, &h), 0);
	for (size_t i = 0; i < h.n; i++) {
		ok += h.ops[i].state == OP_OK;
		ticks += (h.ops[i].flags & OP_TICKER) && h.ops[i].kind == OP_WRITE;
		assert_int_equal(h.ops[i].region, region);
	}
	assert_true(ok >= h.n * 9 / 10);
	assert_in_range(ticks, 15, 22); /* of 20; a busy machine starts late */
	history_release(&h);
}

static void three_probers_work_and_agree(
	const char *driver, const uint16_t *ports, unsigned primary_hint)
{
	static uint64_t options[64];
	struct client_group group = a_group(driver_find(driver), options);
	struct prober_rig rigs[3];
	struct jv *ledger;
	struct talk talk;
	uint64_t start;

	talk_begin(&talk, driver, ports, 3);
	if (primary_hint > 2)
		agreed_primary(&talk);
	for (unsigned r = 0; r < 3; r++) {
		struct prober_config config = {.region = r,
			.n_regions = 3,
			.endpoints = talk.endpoints,
			.n_endpoints = 3,
			.groups = &group,
			.n_groups = 1,
			.primary_hint = primary_hint,
			.seed = 5,
			.ticker = 1};

		prober_rig_start(&rigs[r], &config);
	}
	for (unsigned r = 0; r < 3; r++) {
		struct jv *ready = prober_rig_await(&rigs[r], "ready", SOON);

		assert_non_null(ready);
		assert_int_equal(jv_count(jv_get(ready, "nearest")), 3);
		jv_free(ready);
	}
	start = clock_now_ns() + 20 * NSEC_PER_MSEC;
	for (unsigned r = 0; r < 3; r++) {
		prober_rig_say(&rigs[r], "start", start);
		prober_rig_say(&rigs[r], "quiet", start + NSEC_PER_SEC);
	}
	ledger = merged_ledger(rigs);
	assert_true(converges(rigs, ledger));
	jv_free(ledger);
	for (unsigned r = 0; r < 3; r++) {
		prober_rig_say(&rigs[r], "stop", 0);
		jv_free(prober_rig_await(&rigs[r], "done", SOON));
		assert_int_equal(prober_rig_end(&rigs[r], false), 0);
		expect_mostly_ok(&rigs[r], r);
		prober_rig_clean(&rigs[r]);
	}
	talk.driver->ops->close(talk.driver);
}

static void probers_work_on_region_store(void **state)
{
	struct store_trio trio;

	(void)state;
	if (!store_trio_start(&trio)) {
		print_message("region-store is not built\n");
		skip();
	}
	three_probers_work_and_agree("http-kv", trio.ports, OP_NODE_UNKNOWN);
	store_trio_stop(&trio);
}

static size_t index_of_primary(const uint16_t *ports)
{
	struct talk talk;
	size_t primary;

	talk_begin(&talk, "http-kv", ports, 3);
	primary = agreed_primary(&talk);
	talk.driver->ops->close(talk.driver);
	return primary;
}

static int64_t next_primary(struct prober_rig *rig)
{
	struct jv *message = prober_rig_await(rig, "primary", SOON);
	int64_t node = jv_int(jv_get(message, "node"), -1);

	assert_non_null(message);
	jv_free(message);
	return node;
}

/* The region of a survivor; its clients must find the new primary by themselves. */
static void writes_go_on_after_the_primary_was_killed(void **state)
{
	static uint64_t options[64];
	struct client_group group = a_group(driver_find("http-kv"), options);
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
	jv_free(prober_rig_await(&rig, "ready", SOON));
	prober_rig_say(&rig, "start", clock_now_ns());
	assert_int_equal(next_primary(&rig), primary);
	server_stop(trio.pids[primary]);
	trio.pids[primary] = -1;
	next = next_primary(&rig);
	assert_int_not_equal(next, primary);
	clock_sleep_until_ns(clock_now_ns() + 500 * NSEC_PER_MSEC);
	prober_rig_say(&rig, "stop", 0);
	jv_free(prober_rig_await(&rig, "done", SOON));
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
	talk.driver->ops->close(talk.driver);
	store_trio_stop(&trio);
}

static void wait_for_replicas(const uint16_t *ports)
{
	uint64_t deadline = clock_now_ns() + SOON;
	struct talk talk;

	talk_begin(&talk, "redis", ports, 3);
	assert_int_equal(ask(&talk, 0, OP_WRITE, 77).state, OP_OK);
	for (size_t i = 1; i < 3; i++) {
		while (ask(&talk, i, OP_READ, 0).read_value != 77)
			assert_true(clock_now_ns() < deadline);
	}
	talk.driver->ops->close(talk.driver);
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
	three_probers_work_and_agree("redis", ports, 0);
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
