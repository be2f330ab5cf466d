/*
 * region-store's pages: what they cost, and what is on them.
 *
 * runner: timeout 120, steady
 */
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/store_cluster.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct visit {
	const struct store_cluster *cluster;
	pthread_t thread;
	struct store_answer answer;
};

static void *visit(void *arg)
{
	struct visit *v = arg;

	v->answer = cluster_request(v->cluster, 0, "GET", "/page/k", NULL, NULL);
	return NULL;
}

/* How long four who come at once wait for their page. */
static uint64_t four_visits_ns(const struct store_cluster *c)
{
	struct visit visits[4];
	uint64_t began_ns = clock_now_ns();

	for (unsigned i = 0; i < 4; i++) {
		visits[i] = (struct visit){.cluster = c};
		pthread_create(&visits[i].thread, NULL, visit, &visits[i]);
	}
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(visits[i].thread, NULL);
		assert_int_equal(visits[i].answer.status, 200);
	}
	return clock_now_ns() - began_ns;
}

static void pages_wait_for_whoever_renders_them(void **state)
{
	static const char *const options[] = {"--render", "100ms", "--renderers", "2", NULL};

	cluster_up(*state, options);
	assert_in_range(four_visits_ns(*state), 200 * NSEC_PER_MSEC, 5 * NSEC_PER_SEC);
}

static void pages_that_cost_nothing_come_at_once(void **state)
{
	static const char *const options[] = {"--renderers", "1", NULL};

	cluster_up(*state, options);
	assert_in_range(four_visits_ns(*state), 0, NSEC_PER_SEC);
}

static void a_page_is_there_and_says_the_value_where_there_is_one(void **state)
{
	struct store_cluster *c = *state;
	struct store_answer page;

	cluster_up(c, NULL);
	page = cluster_request(c, 1, "GET", "/page/k", NULL, NULL);
	assert_int_equal(page.status, 200);
	assert_string_equal(page.body, "k\n");
	assert_string_equal(page.value, "");
	cluster_put(c, 0, "k", "one");
	cluster_await_status(c, 1, "k", 200);
	page = cluster_request(c, 1, "GET", "/page/k", NULL, NULL);
	assert_string_equal(page.body, "k\none");
	assert_string_equal(page.value, "one");
	assert_int_equal(cluster_request(c, 1, "PUT", "/page/k", "two", NULL).status, 405);
	assert_int_equal(cluster_request(c, 1, "GET", "/page/", NULL, NULL).status, 400);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, cluster_set_up, cluster_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(pages_wait_for_whoever_renders_them),
		TEST(pages_that_cost_nothing_come_at_once),
		TEST(a_page_is_there_and_says_the_value_where_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
