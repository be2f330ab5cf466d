/* A checker that finds nothing, whatever is there, does not let its expectations pass. */
#include "suites/tests/helpers/deaf_checkers.h"
#include "suites/tests/helpers/judge_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS 1e6

static struct judge_world world;

/* One of every kind that a history without a fault shows. */
static const struct {
	enum metric_id metric;
	enum compare compare;
	double value;
} expectations[] = {
	{METRIC_READ_YOUR_WRITES, COMPARE_EQ, 0},
	{METRIC_MONOTONIC_READS, COMPARE_EQ, 0},
	{METRIC_MONOTONIC_WRITES, COMPARE_EQ, 0},
	{METRIC_WRITES_FOLLOW_READS, COMPARE_EQ, 0},
	{METRIC_STALE_UNFLAGGED, COMPARE_EQ, 0},
	{METRIC_STALE_FALSE, COMPARE_EQ, 0},
	{METRIC_STALENESS, COMPARE_LT, 3000 * MS},
	{METRIC_WRITES_LOST, COMPARE_EQ, 0},
	{METRIC_WRITES_MISSING, COMPARE_EQ, 0},
	{METRIC_RESURRECTIONS, COMPARE_EQ, 0},
	{METRIC_DIRTY_READS, COMPARE_EQ, 0},
	{METRIC_THIN_AIR_READS, COMPARE_EQ, 0},
	{METRIC_SPLIT_BRAIN_WINDOW, COMPARE_EQ, 0},
	{METRIC_DIVERGENCE_KEYS, COMPARE_EQ, 0},
	{METRIC_LATENCY, COMPARE_LT, 10000 * MS},
	{METRIC_GOODPUT, COMPARE_GT, 1},
	{METRIC_ERRORS, COMPARE_LT, 0.5},
	{METRIC_AVAILABILITY, COMPARE_GT, 0.9},
	{METRIC_AVAILABILITY_WINDOW, COMPARE_LT, 1000 * MS},
	{METRIC_FALLBACK_SHARE, COMPARE_LT, 0.5},
	{METRIC_VISIBILITY, COMPARE_LT, 1000 * MS},
};
#define N (sizeof(expectations) / sizeof(*expectations))

/* A session that reads elsewhere what it has just written, sooner than it gets there by itself; its first
 * write fails. */
static void read_elsewhere_at_once(int n)
{
	jw_write(&world, 0, jw_register(500), 1000000, 10, 20)->state = OP_FAIL;
	for (int i = 1; i <= n; i++) {
		uint64_t sequence = 1000000 + (uint64_t)i;

		jw_write(&world, 0, jw_register(500), sequence, i * 100, i * 100 + 10)->node = 0;
		jw_read(&world, 0, jw_register(500), 0, sequence, i * 100 + 20, i * 100 + 25)
			->node = 1;
	}
	jw_seal(&world);
}

static int set_up(void **state)
{
	struct store_shape shape = STORE_SHAPE;

	(void)state;
	jw_init(&world);
	shape.ops = 6000;
	store_run(&world, 1, &shape);
	read_elsewhere_at_once(100);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	deaf_sabotage(NULL);
	jw_release(&world);
	return 0;
}

static struct result_expect judge(size_t i)
{
	struct plan_expect e = jw_expectation(
		expectations[i].metric, expectations[i].compare, expectations[i].value);

	if (e.metric->stats & 1u << STAT_P90)
		e.stat = STAT_P90;
	return jw_expect(&world, &e);
}

static void with_its_ears_each_passes_and_says_what_it_would_have_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct result_expect out = judge(i);
		const char *name = metrics[expectations[i].metric].name;

		if (out.verdict != VERDICT_PASS)
			fail_msg("%s: %s, %s", name, out.got, out.why);
		if (!out.note || (!strstr(out.note, "planted") && !strstr(out.note, "spoiled")))
			fail_msg("%s: %s", name, out.note ? out.note : "no note");
	}
}

static void without_them_none_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		const struct metric *metric = &metrics[expectations[i].metric];
		struct result_expect out;

		deaf_sabotage(metric->checker);
		out = judge(i);
		if (out.verdict != VERDICT_INCONCLUSIVE)
			fail_msg("%s passes though %s is deaf", metric->name, metric->checker);
		if (!strstr(out.why, "planted violations were found") &&
			!strstr(out.why, "operations spoiled"))
			fail_msg("%s: %s", metric->name, out.why);
	}
}

/* Staleness beyond 20 s would be a violation, and what we plant is 10 s old at most. */
static void one_that_could_not_be_tried_says_so(void **state)
{
	struct plan_expect e = jw_expectation(METRIC_STALENESS, COMPARE_LT, 20000 * MS);
	struct result_expect out = jw_expect(&world, &e);

	(void)state;
	if (out.verdict != VERDICT_PASS)
		fail_msg("%s, %s", out.got, out.why);
	assert_non_null(out.note);
	assert_non_null(strstr(out.note, "the checker was not tried"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(with_its_ears_each_passes_and_says_what_it_would_have_found),
		T(one_that_could_not_be_tried_says_so),
		T(without_them_none_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
