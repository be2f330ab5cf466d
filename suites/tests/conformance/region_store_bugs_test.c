/*
 * Each planted bug of region-store shows at full dose, and what it breaks is whole without it.
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

static void wait_ns(uint64_t ns)
{
	clock_sleep_until_ns(clock_now_ns() + ns);
}

static void restart_all(struct store_cluster *c, const char *const *options)
{
	cluster_down(c);
	cluster_up(c, options);
}

/* "NAME fired opportunities" of the one planted bug at a node. */
static unsigned long fired(const struct store_cluster *c, unsigned node)
{
	struct store_answer answer = cluster_request(c, node, "GET", "/bugs", NULL, NULL);
	unsigned long n = 0;

	sscanf(answer.body, "%*s %lu", &n);
	return n;
}

/* A replica whose primary has been silent for 300 ms; data older than 100 ms is stale. */
static struct store_answer read_of_the_left_alone(struct store_cluster *c, const char *bug)
{
	struct store_answer got;

	cluster_up(c,
		(const char *[]){
			"--stale-after", "100ms", "--failover", "manual", "--bug", bug, NULL});
	cluster_put(c, 0, "k", "x");
	cluster_await_status(c, 1, "k", 200);
	cluster_pause(c, 0);
	wait_ns(300 * NSEC_PER_MSEC);
	got = cluster_get(c, 1, "k");
	assert_int_equal(got.status, 200);
	cluster_down(c);
	return got;
}

static void stale_unflagged_says_nothing_of_its_age(void **state)
{
	struct store_answer got = read_of_the_left_alone(*state, "stale-unflagged");

	assert_false(got.stale);
	assert_int_equal(got.age_ms, 0);
	got = read_of_the_left_alone(*state, "");
	assert_true(got.stale);
	assert_true(got.age_ms >= 300);
}

static void stale_flag_lies_claims_too_small_an_age(void **state)
{
	struct store_answer got = read_of_the_left_alone(*state, "stale-flag-lies");

	assert_false(got.stale);
	assert_in_range(got.age_ms, 30, 100);
}

static void fresh_flagged_marks_fresh_data(void **state)
{
	struct store_cluster *c = *state;
	struct store_answer got;

	cluster_up(c, (const char *[]){"--bug", "fresh-flagged", NULL});
	cluster_put(c, 0, "k", "x");
	cluster_await_status(c, 1, "k", 200);
	got = cluster_get(c, 1, "k");
	assert_true(got.stale);
	assert_true(got.age_ms > 1000);
	assert_false(cluster_get(c, 0, "k").stale); /* the primary never is */
}

static void ack_before_replication_does_not_wait(void **state)
{
	const char *options[] = {"--ack", "majority", "--ack-timeout", "300ms", "--bug", "", NULL};
	struct store_cluster *c = *state;

	cluster_up(c, options);
	cluster_pause(c, 1);
	cluster_pause(c, 2);
	assert_int_equal(cluster_put(c, 0, "k", "x").status, 504);
	options[5] = "ack-before-replication=1/1";
	restart_all(c, options);
	cluster_pause(c, 1);
	cluster_pause(c, 2);
	assert_int_equal(cluster_put(c, 0, "k", "x").status, 200);
	assert_int_equal(fired(c, 0), 1);
}

static void forget_at_failover_drops_replicated_writes(void **state)
{
	struct store_cluster *c = *state;
	unsigned primary;

	cluster_up(c, (const char *[]){"--ack", "majority", "--bug", "forget-at-failover", NULL});
	assert_int_equal(cluster_put(c, 0, "k", "x").status, 200);
	cluster_await_status(c, 1, "k", 200);
	cluster_await_status(c, 2, "k", 200);
	cluster_kill(c, 0);
	primary = cluster_await_other_primary(c, 0);
	cluster_await_status(c, primary, "k", 404);
	cluster_await_status(c, 3 - primary, "k", 404);
	assert_int_equal(cluster_put(c, primary, "k", "y").status, 200);
	assert_int_equal(cluster_get(c, primary, "k").status, 200);
}

/* The primary loses its majority, and is still written to. */
static int write_without_lease(struct store_cluster *c, const char *bug)
{
	struct store_answer answer;

	cluster_up(c,
		(const char *[]){
			"--ack", "majority", "--ack-timeout", "300ms", "--bug", bug, NULL});
	cluster_pause(c, 1);
	cluster_pause(c, 2);
	cluster_await_role(c, 0, "replica");
	answer = cluster_put(c, 0, "k", "x");
	if (answer.status == 200)
		cluster_await_role(c, 0, "primary");
	cluster_down(c);
	return answer.status;
}

static void two_primaries_acknowledges_without_a_lease(void **state)
{
	assert_int_equal(write_without_lease(*state, ""), 503);
	assert_int_equal(write_without_lease(*state, "two-primaries"), 200);
}

static void resurrect_deleted_brings_a_key_back(void **state)
{
	struct store_cluster *c = *state;
	uint64_t version;

	cluster_up(c, (const char *[]){"--bug", "resurrect-deleted", NULL});
	version = cluster_put(c, 0, "k", "x").version;
	assert_int_equal(cluster_delete(c, 0, "k").status, 200);
	cluster_await_status(c, 2, "k", 404);
	cluster_await_status(c, 2, "k", 200);
	assert_string_equal(cluster_get(c, 0, "k").body, "x");
	assert_true(cluster_get(c, 0, "k").version == version);
}

static void outage_of_a_replica(struct store_cluster *c, const char *bug)
{
	cluster_up(c, (const char *[]){"--bug", bug, NULL});
	cluster_kill(c, 2);
	cluster_put(c, 0, "missed", "x");
	cluster_start(c, 2);
	cluster_await_ready(c, 2);
	cluster_await_caught_up(c, 2, 0);
	cluster_put(c, 0, "new", "x");
	cluster_await_status(c, 2, "new", 200);
}

static void no_catch_up_lacks_what_was_missed(void **state)
{
	struct store_cluster *c = *state;

	outage_of_a_replica(c, "");
	assert_int_equal(cluster_get(c, 2, "missed").status, 200);
	cluster_down(c);
	outage_of_a_replica(c, "no-catch-up");
	assert_int_equal(cluster_get(c, 2, "missed").status, 404);
	assert_int_equal(cluster_get(c, 1, "missed").status, 200);
}

static void ignore_min_version_serves_what_it_has(void **state)
{
	struct store_cluster *c = *state;
	uint64_t version;

	cluster_up(c, (const char *[]){"--bug", "ignore-min-version", NULL});
	version = cluster_put(c, 0, "k", "x").version;
	cluster_await_status(c, 1, "k", 200);
	assert_int_equal(cluster_get_at_least(c, 1, "k", version + 1000).status, 200);
}

static void a_dose_fires_at_its_share_of_the_opportunities(void **state)
{
	struct store_cluster *c = *state;
	unsigned stale = 0;

	cluster_up(c, (const char *[]){"--bug", "fresh-flagged=1/4", "--seed", "7", NULL});
	for (int i = 0; i < 200; i++)
		stale += cluster_get(c, 1, "k").stale;
	/* Binomial(200, 1/4): 20 .. 80 misses once in a million; the seed makes it one draw anyway. */
	assert_in_range(stale, 20, 80);
	assert_int_equal(fired(c, 1), stale);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cluster_set_up, cluster_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stale_unflagged_says_nothing_of_its_age),
		TEST(stale_flag_lies_claims_too_small_an_age),
		TEST(fresh_flagged_marks_fresh_data),
		TEST(ack_before_replication_does_not_wait),
		TEST(forget_at_failover_drops_replicated_writes),
		TEST(two_primaries_acknowledges_without_a_lease),
		TEST(resurrect_deleted_brings_a_key_back),
		TEST(no_catch_up_lacks_what_was_missed),
		TEST(ignore_min_version_serves_what_it_has),
		TEST(a_dose_fires_at_its_share_of_the_opportunities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
