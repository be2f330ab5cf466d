/*
 * region-store keeps its promises: what a harness may take for granted about its reference system.
 *
 * runner: timeout 120, steady
 */
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/store_cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LEASE_NS NSEC_PER_SEC /* of store_cluster */

static void wait_ns(uint64_t ns)
{
	clock_sleep_until_ns(clock_now_ns() + ns);
}

static const char *const majority[] = {"--ack", "majority", "--ack-timeout", "400ms", NULL};

/* ---- the interface ----------------------------------------------------------------------- */

static void a_write_is_read_everywhere_with_its_version(void **state)
{
	struct store_cluster *c = *state;
	struct store_answer put, got;

	cluster_up(c, NULL);
	assert_int_equal(cluster_get(c, 1, "k").status, 404);
	assert_int_equal(cluster_get(c, 1, "k").version, 0);
	put = cluster_put(c, 0, "k", "one");
	assert_int_equal(put.status, 200);
	assert_string_equal(put.node, "r0/store");
	assert_int_equal(put.epoch, 1);
	for (unsigned i = 0; i < STORE_NODES; i++) {
		char self[16];

		snprintf(self, sizeof(self), "r%u/store", i);
		cluster_await_status(c, i, "k", 200);
		got = cluster_get(c, i, "k");
		assert_string_equal(got.body, "one");
		assert_true(got.version == put.version);
		assert_string_equal(got.writer, "r0/store");
		assert_string_equal(got.node, self);
		assert_true(got.has_age && !got.stale && !got.fallback);
	}
	assert_int_equal(cluster_get(c, 0, "k").age_ms, 0);
	assert_true(cluster_put(c, 0, "k", "two").version > put.version);
	assert_int_equal(cluster_put(c, 0, "a%20key%2fwith%25", "x").status, 200);
	assert_string_equal(cluster_get(c, 0, "a%20key%2Fwith%25").body, "x");
}

static void a_replica_refuses_writes_and_names_the_primary(void **state)
{
	struct store_cluster *c = *state;
	struct store_answer answer;

	cluster_up(c, NULL);
	answer = cluster_put(c, 1, "k", "x");
	assert_int_equal(answer.status, 421);
	assert_true(answer.not_done);
	assert_string_equal(answer.primary, "r0/store");
	assert_int_equal(cluster_delete(c, 2, "k").status, 421);
	assert_int_equal(cluster_get(c, 0, "k").version, 0);
	answer = cluster_request(c, 2, "GET", "/role", NULL, NULL);
	assert_string_equal(answer.body, "replica");
	assert_string_equal(answer.primary, "r0/store");
	assert_string_equal(answer.node, "r2/store");
}

static void a_delete_leaves_a_tombstone_that_stays(void **state)
{
	struct store_cluster *c = *state;
	struct store_answer gone, got;

	cluster_up(c, NULL);
	cluster_put(c, 0, "k", "x");
	cluster_await_status(c, 2, "k", 200);
	gone = cluster_delete(c, 0, "k");
	assert_int_equal(gone.status, 200);
	cluster_await_status(c, 2, "k", 404);
	wait_ns(1300 * NSEC_PER_MSEC); /* beyond the delay of bug resurrect-deleted */
	for (unsigned i = 0; i < STORE_NODES; i++) {
		got = cluster_get(c, i, "k");
		assert_int_equal(got.status, 404);
		assert_true(got.version == gone.version);
	}
}

static void a_demanded_version_is_served_or_fetched(void **state)
{
	struct store_cluster *c = *state;
	unsigned fetched = 0;

	/* Under majority replicas apply a write some time after it was acknowledged. */
	cluster_up(c, (const char *[]){"--ack", "majority", "--read-timeout", "300ms", NULL});
	for (int i = 0; i < 30; i++) {
		struct store_answer put, got;
		char value[16];

		snprintf(value, sizeof(value), "%d", i);
		put = cluster_put(c, 0, "k", value);
		assert_int_equal(put.status, 200);
		got = cluster_get_at_least(c, 1, "k", put.version);
		assert_int_equal(got.status, 200);
		assert_string_equal(got.body, value);
		assert_true(got.version == put.version);
		assert_string_equal(got.node, got.fallback ? "r0/store" : "r1/store");
		fetched += got.fallback;
	}
	assert_true(fetched > 0);
	cluster_kill(c, 0); /* nobody left to ask */
	assert_int_equal(cluster_get_at_least(c, 1, "k", UINT64_C(1) << 50).status, 503);
	assert_true(cluster_get_at_least(c, 1, "k", UINT64_C(1) << 50).not_done);
}

static void an_active_passive_replica_leaves_reads_to_the_primary(void **state)
{
	struct store_cluster *c = *state;
	struct store_answer put;

	cluster_up(c, (const char *[]){"--mode", "active-passive", NULL});
	put = cluster_put(c, 0, "k", "x");
	assert_int_equal(cluster_get(c, 0, "k").status, 200);
	assert_int_equal(cluster_get(c, 1, "k").status, 421);
	assert_string_equal(cluster_get(c, 1, "k").primary, "r0/store");
	assert_int_equal(cluster_get_at_least(c, 1, "k", put.version).status, 200);
}

static void the_age_grows_while_the_primary_is_silent_and_is_marked(void **state)
{
	struct store_cluster *c = *state;
	struct store_answer got;
	uint64_t cut_ns, age_ns;

	cluster_up(c, (const char *[]){"--stale-after", "400ms", "--failover", "manual", NULL});
	cluster_put(c, 0, "k", "x");
	cluster_await_status(c, 1, "k", 200);
	got = cluster_get(c, 1, "k");
	assert_false(got.stale);
	cluster_pause(c, 0);
	cut_ns = clock_now_ns();
	wait_ns(600 * NSEC_PER_MSEC);
	age_ns = clock_now_ns() - cut_ns;
	got = cluster_get(c, 1, "k");
	assert_int_equal(got.status, 200);
	assert_true(got.stale);
	/* Never claims less than it is; nor more than by a heartbeat and this machine's moods. */
	assert_true(got.age_ms * NSEC_PER_MSEC >= age_ns);
	assert_true(got.age_ms * NSEC_PER_MSEC < age_ns + 500 * NSEC_PER_MSEC);
	cluster_resume(c, 0);
}

/* ---- failover ---------------------------------------------------------------------------- */

static void a_failover_keeps_what_a_majority_acknowledged(void **state)
{
	struct store_cluster *c = *state;
	char acked[400][16];
	unsigned n = 0, primary;

	cluster_up(c, majority);
	for (unsigned i = 0; i < 400; i++) {
		char key[16];

		if (i == 300)
			cluster_kill(c, 0);
		snprintf(key, sizeof(key), "k%u", i);
		if (cluster_put(c, 0, key, "x").status == 200)
			memcpy(acked[n++], key, sizeof(key));
		else
			break;
	}
	assert_int_equal(n, 300);
	primary = cluster_await_other_primary(c, 0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(cluster_get(c, primary, acked[i]).status, 200);
	assert_int_equal(cluster_put(c, primary, "after", "x").status, 200);
	assert_true(cluster_get(c, primary, "after").epoch > 1);
	/* The killed one comes back without a memory and gets everything. */
	cluster_start(c, 0);
	cluster_await_ready(c, 0);
	cluster_await_status(c, 0, "after", 200);
	assert_int_equal(cluster_get(c, 0, "k0").status, 200);
	assert_string_equal(cluster_request(c, 0, "GET", "/role", NULL, NULL).body, "replica");
}

static void async_loses_at_failover_what_had_not_left_the_primary(void **state)
{
	struct store_cluster *c = *state;
	unsigned primary;

	cluster_up_journal(c, NULL);
	cluster_put(c, 0, "kept", "x");
	cluster_await_caught_up(c, 1, 0);
	cluster_await_caught_up(c, 2, 0);
	cluster_kill(c, 1);
	cluster_kill(c, 2);
	assert_int_equal(cluster_put(c, 0, "lost", "x").status, 200); /* its lease still holds */
	cluster_kill(c, 0);
	cluster_start(c, 1);
	cluster_start(c, 2);
	primary = cluster_await_other_primary(c, 0);
	assert_int_equal(cluster_get(c, primary, "kept").status, 200);
	assert_int_equal(cluster_get(c, primary, "lost").status, 404);
	/* The old primary takes its own writes back and follows. */
	cluster_start(c, 0);
	cluster_await_ready(c, 0);
	cluster_await_status(c, 0, "lost", 404);
	assert_int_equal(cluster_get(c, 0, "kept").status, 200);
}

struct late_put {
	struct store_cluster *cluster;
	struct store_answer answer;
	pthread_t thread;
};

static void *put_late(void *arg)
{
	struct late_put *late = arg;

	late->answer = cluster_put(late->cluster, 0, "late", "x");
	return NULL;
}

/* A request waits in the socket of the paused primary and is read the moment it wakes. */
static void check_no_dual_acknowledgement(struct store_cluster *c)
{
	struct late_put late = {.cluster = c};
	unsigned primary;

	cluster_put(c, 0, "k", "x");
	cluster_pause(c, 0);
	primary = cluster_await_other_primary(c, 0);
	assert_int_equal(cluster_put(c, primary, "k", "y").status, 200);
	pthread_create(&late.thread, NULL, put_late, &late);
	wait_ns(50 * NSEC_PER_MSEC); /* it only makes the test sharper */
	cluster_resume(c, 0);
	pthread_join(late.thread, NULL);
	assert_int_not_equal(late.answer.status, 200);
	cluster_await_role(c, 0, "replica");
	cluster_await_caught_up(c, 0, primary);
	assert_int_equal(cluster_get(c, 0, "late").status, 404);
	assert_string_equal(cluster_get(c, 0, "k").body, "y");
}

static void a_paused_primary_acknowledges_nothing_when_it_wakes(void **state)
{
	cluster_up(*state, NULL);
	check_no_dual_acknowledgement(*state);
}

static void nor_does_it_where_a_majority_has_to_agree(void **state)
{
	cluster_up(*state, majority);
	check_no_dual_acknowledgement(*state);
}

static void a_primary_alone_stops_before_its_lease_is_over(void **state)
{
	struct store_cluster *c = *state;
	struct store_answer answer;
	uint64_t cut_ns;

	cluster_up(c, NULL);
	cluster_pause(c, 1);
	cluster_pause(c, 2);
	cut_ns = clock_now_ns();
	/* one that the end of the lease overtakes has no known outcome: 504 */
	while ((answer = cluster_put(c, 0, "k", "x")).status == 200 || answer.status == 504)
		assert_true(clock_now_ns() < cut_ns + LEASE_NS);
	assert_int_equal(answer.status, 503);
	assert_true(answer.not_done);
	assert_string_equal(cluster_request(c, 0, "GET", "/role", NULL, NULL).body, "replica");
	cluster_resume(c, 1);
	cluster_resume(c, 2);
	cluster_await_other_primary(c, STORE_NODES); /* any */
}

static void a_majority_that_cannot_be_had_is_an_unknown_outcome(void **state)
{
	struct store_cluster *c = *state;
	struct store_answer answer;

	cluster_up(c, majority);
	cluster_pause(c, 1);
	cluster_pause(c, 2);
	answer = cluster_put(c, 0, "k", "x");
	assert_int_equal(answer.status, 504);
	assert_false(answer.not_done);
	assert_int_equal(
		cluster_get(c, 0, "k").status, 404); /* and is not shown before it is sure */
	cluster_resume(c, 1);
	cluster_resume(c, 2);
}

static void a_manual_failover_waits_for_the_operator(void **state)
{
	struct store_cluster *c = *state;
	uint64_t until_ns;

	cluster_up(c, (const char *[]){"--failover", "manual", NULL});
	cluster_put(c, 0, "k", "x");
	cluster_await_status(c, 2, "k", 200);
	cluster_kill(c, 0);
	wait_ns(LEASE_NS + 600 * NSEC_PER_MSEC);
	for (unsigned i = 1; i < STORE_NODES; i++)
		assert_string_equal(
			cluster_request(c, i, "GET", "/role", NULL, NULL).body, "replica");
	/* refused while the other one's promise lasts, which began with its last heartbeat */
	until_ns = clock_now_ns() + LEASE_NS;
	while (cluster_request(c, 2, "POST", "/promote", "", NULL).status != 200)
		assert_true(clock_now_ns() < until_ns);
	assert_int_equal(cluster_put(c, 2, "k", "y").status, 200);
}

/* ---- coming and going -------------------------------------------------------------------- */

static void damage_journal(struct store_cluster *c, unsigned node)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/r%u/journal", c->dir, node);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "\x40\0\0\0torn", 8), 8);
	close(fd);
}

static void a_journal_survives_the_kill_of_all_and_a_torn_tail(void **state)
{
	struct store_cluster *c = *state;
	unsigned primary;

	cluster_up_journal(c, majority);
	assert_int_equal(cluster_put(c, 0, "k", "x").status, 200);
	assert_int_equal(cluster_delete(c, 0, "gone").status, 200);
	for (unsigned i = 0; i < STORE_NODES; i++)
		cluster_kill(c, i);
	damage_journal(c, 1);
	for (unsigned i = 0; i < STORE_NODES; i++)
		cluster_start(c, i);
	primary = cluster_await_other_primary(c, STORE_NODES);
	assert_string_equal(cluster_get(c, primary, "k").body, "x");
	assert_true(cluster_get(c, primary, "gone").version > 0);
	cluster_await_ready(c, 1);
	assert_string_equal(cluster_get(c, 1, "k").body, "x");
	assert_int_equal(cluster_put(c, primary, "k", "y").status, 200);
}

static void a_replica_catches_up_after_an_outage(void **state)
{
	struct store_cluster *c = *state;
	char key[16];

	cluster_up(c, NULL);
	cluster_pause(c, 2);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		assert_int_equal(cluster_put(c, 0, key, "x").status, 200);
	}
	cluster_resume(c, 2);
	cluster_await_caught_up(c, 2, 0);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		assert_int_equal(cluster_get(c, 2, key).status, 200);
	}
}

#ifdef __SANITIZE_THREAD__
#define END_NS (5 * NSEC_PER_SEC) /* its run-time library sleeps before it exits */
#else
#define END_NS (100 * NSEC_PER_MSEC)
#endif

static void sigterm_ends_it_at_once(void **state)
{
	struct store_cluster *c = *state;
	int status;

	cluster_up(c, NULL);
	cluster_put(c, 0, "k", "x");
	cluster_pause(c, 1); /* a peer that does not answer delays nothing */
	assert_true(cluster_terminate(c, 0, &status) < END_NS);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- bad input --------------------------------------------------------------------------- */

static int dial(const struct store_cluster *c)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
		.sin_port = htons(c->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {5, 0};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void send_raw(const struct store_cluster *c, const void *data, size_t len)
{
	int fd = dial(c);

	if (send(fd, data, len, MSG_NOSIGNAL) < 0)
		print_message("refused while sending\n");
	close(fd);
}

static void garbage_is_refused_and_does_no_harm(void **state)
{
	struct store_cluster *c = *state;
	unsigned char noise[4096];
	char *huge = malloc(70001);

	cluster_up(c, NULL);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (unsigned char)(i * 2654435761u >> 13);
	send_raw(c, noise, sizeof(noise));
	send_raw(c, "PUT /kv/k HTTP/1.1\r\nContent-Length: 9999\r\n\r\nx", 46);
	memset(huge, 'x', 70000);
	huge[70000] = '\0';
	assert_int_equal(cluster_put(c, 0, "huge", huge).status, 413);
	assert_true(cluster_put(c, 0, "huge", huge).not_done);
	assert_int_equal(cluster_put(c, 0, "", "x").status, 400);
	assert_int_equal(cluster_put(c, 0, "bad%2", "x").status, 400);
	huge[600] = '\0';
	assert_int_equal(cluster_put(c, 0, huge, "x").status, 400);
	assert_int_equal(cluster_request(c, 0, "PATCH", "/kv/k", "x", NULL).status, 405);
	assert_int_equal(cluster_request(c, 0, "GET", "/none", NULL, NULL).status, 404);
	assert_int_equal(
		cluster_request(c, 0, "GET", "/kv/k", NULL, "X-Min-Version: -1").status, 400);
	assert_int_equal(
		cluster_request(c, 0, "POST", "/peer/append", "RSP1junk", NULL).status, 400);
	assert_int_equal(cluster_request(c, 0, "POST", "/peer/vote", huge, NULL).status, 400);
	assert_int_equal(cluster_put(c, 0, "k", "x").status, 200);
	assert_int_equal(cluster_get(c, 0, "huge").status, 404);
	free(huge);
}

#define MANY 200

static void many_connections_are_served_at_once(void **state)
{
	static const char request[] = "GET /kv/k HTTP/1.1\r\nHost: x\r\n\r\n";
	struct store_cluster *c = *state;
	char answer[1024];
	int fds[MANY];

	cluster_up(c, NULL);
	cluster_put(c, 0, "k", "x");
	for (int i = 0; i < MANY; i++)
		fds[i] = dial(c);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++)
			assert_int_equal(
				send(fds[i], request, sizeof(request) - 1, 0), sizeof(request) - 1);
		for (int i = 0; i < MANY; i++) {
			assert_true(recv(fds[i], answer, sizeof(answer), 0) > 12);
			assert_memory_equal(answer, "HTTP/1.1 200", 12);
		}
	}
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cluster_set_up, cluster_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_write_is_read_everywhere_with_its_version),
		TEST(a_replica_refuses_writes_and_names_the_primary),
		TEST(a_delete_leaves_a_tombstone_that_stays),
		TEST(a_demanded_version_is_served_or_fetched),
		TEST(an_active_passive_replica_leaves_reads_to_the_primary),
		TEST(the_age_grows_while_the_primary_is_silent_and_is_marked),
		TEST(a_failover_keeps_what_a_majority_acknowledged),
		TEST(async_loses_at_failover_what_had_not_left_the_primary),
		TEST(a_paused_primary_acknowledges_nothing_when_it_wakes),
		TEST(nor_does_it_where_a_majority_has_to_agree),
		TEST(a_primary_alone_stops_before_its_lease_is_over),
		TEST(a_majority_that_cannot_be_had_is_an_unknown_outcome),
		TEST(a_manual_failover_waits_for_the_operator),
		TEST(a_journal_survives_the_kill_of_all_and_a_torn_tail),
		TEST(a_replica_catches_up_after_an_outage),
		TEST(sigterm_ends_it_at_once),
		TEST(garbage_is_refused_and_does_no_harm),
		TEST(many_connections_are_served_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
