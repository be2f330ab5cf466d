#include "suites/judge/sensitivity.h"
#include "suites/judge/checkers.h"
#include "suites/tests/helpers/judge_store.h"
#include "fixtures/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PLANTS 50

static struct judge_world world;

static int set_up(void **state)
{
	(void)state;
	jw_init(&world);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jw_release(&world);
	return 0;
}

static void every_checker_finds_what_is_planted(void **state)
{
	static const enum metric_id planted[] = {METRIC_READ_YOUR_WRITES, METRIC_MONOTONIC_READS,
		METRIC_MONOTONIC_WRITES, METRIC_WRITES_FOLLOW_READS, METRIC_STALE_UNFLAGGED,
		METRIC_STALE_FALSE, METRIC_WRITES_LOST, METRIC_WRITES_MISSING, METRIC_RESURRECTIONS,
		METRIC_DIRTY_READS, METRIC_THIN_AIR_READS, METRIC_SPLIT_BRAIN_WINDOW,
		METRIC_DIVERGENCE_KEYS};
	struct store_shape shape = STORE_SHAPE;
	struct sensitivity s;

	(void)state;
	shape.ops = 6000;
	store_run(&world, 1, &shape);
	for (size_t i = 0; i < sizeof(planted) / sizeof(*planted); i++) {
		struct question question = jw_question(planted[i]);

		sensitivity_measure(&world.evidence, &question, PLANTS, 1, &s);
		if (!s.possible || s.found != s.planted || s.planted < PLANTS / 2)
			fail_msg("%s: %u planted, %u found", metrics[planted[i]].name, s.planted,
				s.found);
	}
}

static void the_recorded_history_stays_as_it_was(void **state)
{
	struct question question = jw_question(METRIC_READ_YOUR_WRITES);
	struct sensitivity s;

	(void)state;
	store_run(&world, 2, &STORE_SHAPE);
	sensitivity_measure(&world.evidence, &question, PLANTS, 1, &s);
	assert_true(s.found > 0);
	assert_int_equal(jw_ask(&world, &question).total_findings, 0);
}

static void smallest_size_found_is_told(void **state)
{
	struct question question = jw_question(METRIC_STALE_UNFLAGGED);
	struct sensitivity s;

	(void)state;
	store_run(&world, 3, &STORE_SHAPE);
	sensitivity_measure(&world.evidence, &question, PLANTS, 1, &s);
	assert_true(s.smallest_ns == 1280 * WORLD_MS); /* the first above stale-after */
}

static void history_without_a_place_offers_none(void **state)
{
	struct question question = jw_question(METRIC_RESURRECTIONS);
	struct sensitivity s;

	(void)state;
	jw_write(&world, 0, jw_register(1), 1, 1, 10);
	jw_seal(&world);
	sensitivity_measure(&world.evidence, &question, PLANTS, 1, &s);
	assert_false(s.possible);
	assert_int_equal(s.planted, 0);
}

/* Not a benchmark, only a fence: planting must not judge the whole history again each time. */
static void planting_costs_little_in_a_long_history(void **state)
{
	struct store_shape shape = STORE_SHAPE;
	struct question question = jw_question(METRIC_READ_YOUR_WRITES);
	struct sensitivity s;
	uint64_t start_ns;

	(void)state;
	shape.ops = 50000;
	store_run(&world, 4, &shape);
	start_ns = clock_now_ns();
	sensitivity_measure(&world.evidence, &question, 20, 1, &s);
	print_message("20 plants in %zu operations: %.1f ms\n", world.n_ops,
		(double)(clock_now_ns() - start_ns) / 1e6);
	assert_int_equal(s.found, 20);
	assert_true(clock_now_ns() - start_ns < 2000 * WORLD_MS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_checker_finds_what_is_planted),
		T(the_recorded_history_stays_as_it_was),
		T(smallest_size_found_is_told),
		T(history_without_a_place_offers_none),
		T(planting_costs_little_in_a_long_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
