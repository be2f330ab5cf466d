#include "suites/judge/lane.h"
#include "suites/judge/sensitivity.h"
#include "suites/tests/helpers/judge_random.h"
#include "suites/tests/helpers/judge_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define K jw_register(1)

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

static void value_that_comes_back_is_found(void **state)
{
	struct measurement m;

	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, K, 2, 20, 30);
	jw_read(&world, 1, K, 0, 2, 40, 50);
	jw_read(&world, 2, K, 0, 1, 60, 70);
	m = jw_measure(&world, METRIC_LINEARIZABLE);
	assert_int_equal(m.total_findings, 1);
	assert_true(m.findings[0].n_ops >= 3);
}

static void absent_after_an_acknowledged_write_is_found(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_read(&world, 1, K, 0, 0, 20, 30);
	assert_int_equal(jw_measure(&world, METRIC_LINEARIZABLE).total_findings, 1);
}

static void overlapping_writes_may_be_read_in_either_order(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 30);
	jw_write(&world, 1, K, 2, 2, 30);
	jw_read(&world, 2, K, 1, 2, 31, 40);
	jw_read(&world, 3, K, 1, 2, 41, 50);
	assert_int_equal(jw_measure(&world, METRIC_LINEARIZABLE).total_findings, 0);
}

static void unknown_write_that_nobody_read_says_nothing(void **state)
{
	struct op *op;

	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	op = jw_write(&world, 1, K, 2, 20, 30);
	op->state = OP_UNKNOWN;
	op->ret_ns = 0;
	jw_read(&world, 2, K, 0, 1, 40, 50);
	assert_int_equal(jw_measure(&world, METRIC_LINEARIZABLE).total_findings, 0);
}

/* Which value of the key the operation shows to be there; false: it says nothing. */
static bool shows(const struct op *op, uint64_t *value)
{
	*value = op->value;
	if (op_key_class(op->key) != KEY_REGISTER)
		return false;
	if (plain_is_write(op))
		return op->state == OP_OK || op->state == OP_UNKNOWN;
	return plain_is_ok_read(op) && plain_is_session(op) &&
		(!op->value || plain_write(&world, op));
}

static bool returned_before(const struct op *a, const struct op *b)
{
	return a->state == OP_OK && a->ret_ns < b->call_ns;
}

/* Does one of value a certainly come before one of value b? 0: what the register began with. */
static bool comes_before(uint32_t key, uint64_t a, uint64_t b)
{
	EACH_OP(&world, y)
	{
		uint64_t value;

		if (y->key != key || !shows(y, &value) || value != b)
			continue;
		if (!a)
			return true;
		EACH_OP(&world, x)
		{
			if (x->key == key && shows(x, &value) && value == a &&
				returned_before(x, y))
				return true;
		}
	}
	return false;
}

static bool is_judged(uint32_t key)
{
	EACH_OP(&world, op)
	{
		if (op->key == key && plain_is_write(op) && op->state != OP_FAIL &&
			(op->kind == OP_DELETE || op->flags & OP_DUPLICABLE))
			return false;
	}
	return true;
}

static bool plain_violated(void)
{
	EACH_OP(&world, a)
	{
		uint64_t x, y;

		if (!shows(a, &x) || !is_judged(a->key))
			continue;
		EACH_OP(&world, b)
		{
			if (b->key == a->key && shows(b, &y) && x != y &&
				comes_before(a->key, x, y) && comes_before(a->key, y, x))
				return true;
		}
	}
	return false;
}

static void random_histories_agree_with_the_definition(void **state)
{
	unsigned violated = 0, n = random_histories();

	(void)state;
	for (uint64_t seed = 1; seed <= n; seed++) {
		struct random_shape shape = random_shape_of(seed);
		bool expected;

		shape.ops = shape.ops < 40 ? shape.ops : 40;
		jw_release(&world);
		random_world(&world, seed, &shape);
		expected = plain_violated();
		violated += expected;
		if (expected != (jw_measure(&world, METRIC_LINEARIZABLE).total_findings > 0))
			fail_msg("seed %llu: the definition says %d", (unsigned long long)seed,
				expected);
	}
	assert_true(violated > n / 20 && violated < n);
}

static void the_number_of_threads_changes_nothing(void **state)
{
	static const enum metric_id asked[] = {METRIC_READ_YOUR_WRITES, METRIC_MONOTONIC_READS,
		METRIC_STALE_UNFLAGGED, METRIC_STALENESS, METRIC_LINEARIZABLE};
	enum { N = sizeof(asked) / sizeof(*asked) };

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct random_shape shape = random_shape_of(seed);
		struct measurement one[N], many[N];
		struct question questions[N];

		jw_release(&world);
		random_world(&world, seed, &shape);
		for (size_t q = 0; q < N; q++)
			questions[q] = jw_question(asked[q]);
		lane_measure(&world.arena, &world.evidence, questions, N, 1, one);
		lane_measure(&world.arena, &world.evidence, questions, N, 3, many);
		for (size_t q = 0; q < N; q++) {
			assert_int_equal(one[q].total_findings, many[q].total_findings);
			assert_int_equal(one[q].n, many[q].n);
			assert_int_equal(one[q].n_findings, many[q].n_findings);
			assert_true(one[q].value == many[q].value);
			for (size_t f = 0; f < one[q].n_findings; f++)
				assert_memory_equal(one[q].findings[f].ops, many[q].findings[f].ops,
					sizeof(one[q].findings[f].ops));
		}
	}
}

static void planted_violations_are_found(void **state)
{
	struct store_shape shape = STORE_SHAPE;
	struct question question = jw_question(METRIC_LINEARIZABLE);
	struct sensitivity s;

	(void)state;
	shape.ops = 6000;
	shape.delete_pct = 0;
	store_run(&world, 1, &shape);
	sensitivity_measure(&world.evidence, &question, 50, 1, &s);
	assert_true(s.possible);
	assert_int_equal(s.found, s.planted);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(value_that_comes_back_is_found),
		T(absent_after_an_acknowledged_write_is_found),
		T(overlapping_writes_may_be_read_in_either_order),
		T(unknown_write_that_nobody_read_says_nothing),
		T(random_histories_agree_with_the_definition),
		T(the_number_of_threads_changes_nothing),
		T(planted_violations_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
