#include "suites/judge/lane.h"
#include "suites/judge/sensitivity.h"
#include "suites/tests/helpers/judge_random.h"
#include "suites/tests/helpers/judge_store.h"

#include <math.h>
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

static double delta_ms(void)
{
	return jw_measure(&world, METRIC_DELTA).value / WORLD_MS;
}

static void delta_is_how_much_earlier_the_read_must_start(void **state)
{
	struct measurement m;

	(void)state;
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, K, 2, 20, 30);
	jw_read(&world, 1, K, 0, 2, 40, 50);
	assert_true(delta_ms() == 0);
	jw_read(&world, 2, K, 0, 1, 90, 95);
	m = jw_measure(&world, METRIC_DELTA);
	assert_true(m.value / WORLD_MS == 60); /* v2 had been there since 30 */
	assert_int_equal(m.total_findings, 1);
	assert_int_equal(m.n, 2);
}

static void delta_takes_the_cheaper_of_two_orders(void **state)
{
	(void)state;
	jw_write(&world, 0, K, 1, 1, 100);
	jw_write(&world, 1, K, 2, 2, 100);
	jw_read(&world, 2, K, 0, 1, 101, 110);
	jw_read(&world, 2, K, 1, 2, 120, 130);
	jw_read(&world, 2, K, 0, 1, 135, 140);
	jw_read(&world, 2, K, 1, 2, 200, 210);
	/* v1 before v2: the read at 135 comes 35 before, when v2's write returned; v2 before v1: 100 */
	assert_true(delta_ms() == 35);
}

static void delta_is_set_by_the_worst_register_and_asks_chosen_reads(void **state)
{
	struct question question = jw_question(METRIC_DELTA);

	(void)state;
	for (unsigned key = 1; key <= 3; key++) {
		jw_write(&world, 0, jw_register(key), 10 * key, 1, 10);
		jw_write(&world, 0, jw_register(key), 10 * key + 1, 20, 30);
		jw_read(&world, 1, jw_register(key), 0, 10 * key, 100 * key, 100 * key + 5);
	}
	jw_read(&world, WORLD_SESSIONS, jw_register(1), 0, 10, 5000, 5010);
	assert_true(delta_ms() == 4970);
	question.region = 0;
	assert_true(jw_ask(&world, &question).value / WORLD_MS == 270);
}

/* The read may have been called so much earlier. */
static double shifted(const struct op *op, double delta)
{
	double call = (double)op->call_ns + 1;

	return plain_is_write(op) ? call : call > delta ? call - delta : 0;
}

static bool asked(const struct op *op, uint64_t *value)
{
	if (!shows(op, value) || !is_judged(op->key))
		return false;
	return plain_is_write(op) || !op->value || plain_write(&world, op)->call_ns <= op->ret_ns;
}

/* How much earlier reads of `b` must start for none of them to come after one of `a`. */
static double cost_of(uint32_t key, uint64_t a, uint64_t b)
{
	double worst = 0;

	EACH_OP(&world, y)
	{
		uint64_t value;

		if (y->key != key || !asked(y, &value) || value != b)
			continue;
		EACH_OP(&world, x)
		{
			if (x->key != key || !asked(x, &value) || value != a || x->state != OP_OK ||
				(double)x->ret_ns + 1 >= shifted(y, worst))
				continue;
			worst = plain_is_write(y) ? INFINITY
						  : (double)y->call_ns - (double)x->ret_ns;
		}
		if (!a)
			worst = INFINITY; /* what it began with was there before everything */
	}
	return worst;
}

/* Over all pairs of values: the cheaper of the two orders. */
static double plain_delta(void)
{
	double worst = 0;

	EACH_OP(&world, a)
	{
		uint64_t x, y;

		if (!asked(a, &x))
			continue;
		EACH_OP(&world, b)
		{
			double there, back;

			if (b->key != a->key || !asked(b, &y) || x == y)
				continue;
			there = cost_of(a->key, x, y);
			back = cost_of(a->key, y, x);
			there = back < there ? back : there;
			worst = there > worst ? there : worst;
		}
	}
	return worst;
}

static void delta_of_random_histories_agrees_with_the_definition(void **state)
{
	unsigned unfit = 0, n = random_histories() / 4;

	(void)state;
	for (uint64_t seed = 1; seed <= n; seed++) {
		struct random_shape shape = random_shape_of(seed);
		double expected, got;

		shape.ops = shape.ops < 30 ? shape.ops : 30;
		jw_release(&world);
		random_world(&world, seed, &shape);
		expected = plain_delta();
		got = jw_measure(&world, METRIC_DELTA).value;
		unfit += expected > 0;
		if (expected != got)
			fail_msg("seed %llu: the definition says %.0f, it says %.0f",
				(unsigned long long)seed, expected, got);
	}
	assert_true(unfit > n / 20 && unfit < n);
}

static void assert_same(const struct measurement *one, const struct measurement *many)
{
	assert_int_equal(one->total_findings, many->total_findings);
	assert_int_equal(one->n, many->n);
	assert_int_equal(one->n_findings, many->n_findings);
	assert_true(one->value == many->value);
	for (size_t f = 0; f < one->n_findings; f++) {
		assert_memory_equal(
			one->findings[f].ops, many->findings[f].ops, sizeof(one->findings[f].ops));
		assert_string_equal(one->findings[f].reason, many->findings[f].reason);
	}
}

static void the_number_of_threads_changes_nothing(void **state)
{
	static const unsigned numbers[] = {2, 3, 7};
	static const enum metric_id asked[] = {METRIC_READ_YOUR_WRITES, METRIC_MONOTONIC_READS,
		METRIC_STALE_UNFLAGGED, METRIC_STALENESS, METRIC_STALENESS_K, METRIC_LINEARIZABLE,
		METRIC_DELTA};
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
		for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
			lane_measure(&world.arena, &world.evidence, questions, N, numbers[i], many);
			for (size_t q = 0; q < N; q++)
				assert_same(&one[q], &many[q]);
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
	question = jw_question(METRIC_DELTA);
	question.bound = 100 * WORLD_MS;
	assert_int_equal(jw_ask(&world, &question).value, 0);
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
		T(delta_is_how_much_earlier_the_read_must_start),
		T(delta_takes_the_cheaper_of_two_orders),
		T(delta_is_set_by_the_worst_register_and_asks_chosen_reads),
		T(delta_of_random_histories_agrees_with_the_definition),
		T(the_number_of_threads_changes_nothing),
		T(planted_violations_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
