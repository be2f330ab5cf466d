/*
 * The session guarantees against their definitions, on random small histories.
 *
 * runner: timeout 900
 */
#include "suites/tests/helpers/judge_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool misses_own(const struct judge_world *w, const struct op *r)
{
	EACH_OP(w, o)
	{
		if (plain_is_session(o) && plain_is_write(o) && o->state == OP_OK &&
			o->session == r->session && o->key == r->key && o->ret_ns < r->call_ns &&
			plain_older(w, r, o))
			return true;
	}
	return false;
}

static bool misses_seen(const struct judge_world *w, const struct op *r)
{
	EACH_OP(w, o)
	{
		const struct op *v = plain_write(w, o);

		if (plain_is_session(o) && plain_is_ok_read(o) && o->session == r->session &&
			o->key == r->key && o->ret_ns < r->call_ns && v && plain_older(w, r, v))
			return true;
	}
	return false;
}

/* Session t did something to the key of r, returned before w2 was called, that r misses. */
static bool misses_before(
	const struct judge_world *w, const struct op *r, const struct op *w2, bool follow_reads)
{
	EACH_OP(w, o)
	{
		const struct op *v = follow_reads ? plain_write(w, o) : o;

		if (plain_is_session(o) && o->session == w2->session && o->key == r->key &&
			o->state == OP_OK &&
			(follow_reads ? o->kind == OP_READ : plain_is_write(o)) &&
			o->ret_ns < w2->call_ns && v && plain_older(w, r, v))
			return true;
	}
	return false;
}

static bool misses_observed(const struct judge_world *w, const struct op *r, bool follow_reads)
{
	if (r->node == OP_NODE_UNKNOWN)
		return false;
	EACH_OP(w, a)
	{
		const struct op *w2 = plain_write(w, a);

		if (plain_is_session(a) && plain_is_ok_read(a) && a->session == r->session &&
			a->node == r->node && a->key != r->key && a->ret_ns < r->call_ns && w2 &&
			plain_is_session(w2) && misses_before(w, r, w2, follow_reads))
			return true;
	}
	return false;
}

static bool violates(const struct judge_world *w, const struct op *r, enum metric_id metric)
{
	switch (metric) {
	case METRIC_READ_YOUR_WRITES:
		return misses_own(w, r);
	case METRIC_MONOTONIC_READS:
		return misses_seen(w, r);
	case METRIC_MONOTONIC_WRITES:
		return misses_observed(w, r, false);
	default:
		return misses_observed(w, r, true);
	}
}

static void compare(enum metric_id metric)
{
	unsigned fired = 0;

	for (uint64_t seed = 1; seed <= random_histories(); seed++) {
		struct random_shape shape = random_shape_of(seed);
		struct judge_world world;
		uint64_t expected = 0, got;

		random_world(&world, seed, &shape);
		EACH_OP(&world, r)
		expected +=
			plain_is_session(r) && plain_is_ok_read(r) && violates(&world, r, metric);
		got = jw_measure(&world, metric).total_findings;
		if (got != expected)
			fail_msg("seed %llu: %llu violations of %s, the definition has %llu",
				(unsigned long long)seed, (unsigned long long)got,
				metrics[metric].name, (unsigned long long)expected);
		fired += expected > 0;
		jw_release(&world);
	}
	print_message("%s: %u of %u histories have one\n", metrics[metric].name, fired,
		random_histories());
	assert_true(fired > random_histories() / 50);
	assert_true(fired < random_histories());
}

static void read_your_writes_is_its_definition(void **state)
{
	(void)state;
	compare(METRIC_READ_YOUR_WRITES);
}

static void monotonic_reads_is_its_definition(void **state)
{
	(void)state;
	compare(METRIC_MONOTONIC_READS);
}

static void monotonic_writes_is_its_definition(void **state)
{
	(void)state;
	compare(METRIC_MONOTONIC_WRITES);
}

static void writes_follow_reads_is_its_definition(void **state)
{
	(void)state;
	compare(METRIC_WRITES_FOLLOW_READS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_your_writes_is_its_definition),
		cmocka_unit_test(monotonic_reads_is_its_definition),
		cmocka_unit_test(monotonic_writes_is_its_definition),
		cmocka_unit_test(writes_follow_reads_is_its_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
