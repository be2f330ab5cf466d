#include "suites/explore/grid.h"
#include "suites/explore/moves.h"
#include "suites/tests/helpers/scenario_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCENARIO "suites/scenarios/demo-fail.yaml"

static struct variant_source source;
static struct arena arena;
static struct buf text;

static int set_up(void **state)
{
	const char *root = getenv("REGIONPROOF_ROOT");
	struct err err = {0};
	char path[600];

	(void)state;
	snprintf(path, sizeof(path), "%s/" SCENARIO, root ? root : ".");
	assert_int_equal(variant_open(&source, arena_strdup(&arena, path), &text, &err), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	variant_close(&source);
	buf_release(&text);
	arena_release(&arena);
	return 0;
}

static void random_timelines_stay_within_the_bounds_and_are_valid(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (int i = 0; i < 200; i++) {
		unsigned most = 1 + (unsigned)i % MOVES_FAULTS_MAX;
		struct timeline t = moves_random(&arena, &source, most, &rng);
		struct plan_options options = {0};
		struct buf errors = {0};
		struct err err = {0};
		struct plan *plan;

		assert_in_range(moves_count_faults(&t), 1, most);
		buf_clear(&text);
		variant_print(&source, t.entries, t.n, 7, "test", &text);
		options.text = buf_str(&text);
		plan = plan_build(&options, false, &err, &errors);
		if (!plan)
			fail_msg("%s\n%s", buf_str(&errors), buf_str(&text));
		assert_int_equal(plan->seed, 7);
		plan_free(plan);
		buf_release(&errors);
	}
}

static void same_seed_gives_the_same_timeline(void **state)
{
	const char *texts[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct timeline t;
		struct rng rng;

		rng_seed(&rng, 5);
		t = moves_random(&arena, &source, MOVES_FAULTS_MAX, &rng);
		texts[i] = moves_text(&arena, &t);
	}
	assert_string_equal(texts[0], texts[1]);
}

static void shrinking_leaves_faults_out_and_halves_them_and_ends(void **state)
{
	struct timeline t = {source.scenario.entries, source.scenario.n_entries}, smaller;
	unsigned step = 0;

	(void)state;
	assert_true(moves_shrink(&arena, &source, &t, step++, &smaller));
	assert_int_equal(moves_count_faults(&smaller), 0);
	assert_true(moves_shrink(&arena, &source, &t, step++, &smaller));
	assert_int_equal(moves_count_faults(&smaller), 1);
	assert_true(smaller.entries[1].for_ns < t.entries[1].for_ns);
	assert_false(moves_shrink(&arena, &source, &t, step, &smaller));
}

static void expectations_on_phases_that_are_gone_become_comments(void **state)
{
	struct timeline t = {source.scenario.entries, source.scenario.n_entries}, smaller;

	(void)state;
	moves_shrink(&arena, &source, &t, 0, &smaller);
	buf_clear(&text);
	variant_print(&source, smaller.entries, smaller.n, 7, "test", &text);
	assert_non_null(strstr(buf_str(&text), "#  - failover.rto < 4s in cut"));
	assert_non_null(strstr(buf_str(&text), "\n  - writes.lost == 0"));
}

static void grid_says_where_it_begins_to_fail(void **state)
{
	struct grid grid = {.axes = {{"cut", "for", {"1s", "2s"}, 2}}};
	struct buf page = {0};

	(void)state;
	grid_set(&arena, &grid, "writes.lost == 0", 0, 0, VERDICT_PASS, "0");
	grid_set(&arena, &grid, "writes.lost == 0", 1, 0, VERDICT_FAIL, "<12>");
	buf_clear(&text);
	grid_print(&grid, &text);
	assert_non_null(strstr(buf_str(&text), "begins to fail at cut.for = 2s"));
	grid_html(&grid, "t", &page);
	assert_non_null(strstr(buf_str(&page), "&lt;12&gt;"));
	assert_null(strstr(buf_str(&page), "<12>"));
	buf_release(&page);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(random_timelines_stay_within_the_bounds_and_are_valid),
		T(same_seed_gives_the_same_timeline),
		T(shrinking_leaves_faults_out_and_halves_them_and_ends),
		T(expectations_on_phases_that_are_gone_become_comments),
		T(grid_says_where_it_begins_to_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
