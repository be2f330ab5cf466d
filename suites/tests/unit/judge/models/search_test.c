/* runner: timeout 300 */
/*
 * The general search against trying every order, made to keep a single configuration at first: so it
 * runs into dead ends all the time, goes back, and proves from a stretch what has no order.
 */
#include "fixtures/base/arena.h"
#include "fixtures/base/rng.h"
#include "suites/judge/models/search.h"
#include "suites/tests/helpers/past_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MOST 14
#define VALUES 6

static bool may_be_next(const struct search_op *ops, size_t n, unsigned done, size_t i)
{
	for (size_t j = 0; j < n; j++) {
		if (!(done >> j & 1) && ops[j].ret < ops[i].call)
			return false;
	}
	return true;
}

static bool has_order(
	const struct search_op *ops, size_t n, unsigned done, uint32_t state, bool *dead)
{
	bool due = false;

	if (dead[done * VALUES + state])
		return false;
	for (size_t i = 0; i < n; i++)
		due |= !(done >> i & 1) && ops[i].ret != SEARCH_NEVER;
	for (size_t i = 0; i < n && due; i++) {
		uint32_t next;

		if (!(done >> i & 1) && may_be_next(ops, n, done, i) &&
			step_apply(&ops[i].step, NULL, state, &next) &&
			has_order(ops, n, done | 1u << i, next, dead))
			return true;
	}
	dead[done * VALUES + state] = due;
	return !due;
}

static struct step random_step(struct rng *rng, uint64_t n_values)
{
	struct step step = {
		.a = (uint32_t)rng_below(rng, n_values), .b = (uint32_t)rng_below(rng, n_values)};

	switch (rng_below(rng, 6)) {
	case 0:
	case 1:
		step.kind = STEP_READ;
		break;
	case 2:
	case 3:
		step.kind = STEP_WRITE;
		break;
	case 4:
		step.kind = STEP_CAS;
		break;
	default:
		step.kind = STEP_DIFFER;
	}
	return step;
}

static size_t random_ops(struct search_op *ops, struct rng *rng)
{
	size_t n = 3 + rng_below(rng, MOST - 2);
	uint64_t longest = 1 + rng_below(rng, 12), n_values = 2 + rng_below(rng, VALUES - 1);

	for (size_t i = 0; i < n; i++) {
		ops[i] = (struct search_op){
			.step = random_step(rng, n_values), .call = rng_below(rng, 24)};
		ops[i].ret =
			rng_below(rng, 8) ? ops[i].call + rng_below(rng, longest) : SEARCH_NEVER;
	}
	return n;
}

/* Operations of a stretch that has no order still have none when only they are looked at. */
static void assert_window_convicts(const struct search *search, unsigned seed)
{
	const struct search_window *window = &search->window;
	struct search alone = {.ops = window->ops,
		.n = window->n,
		.initials = window->states,
		.n_initials = window->n_states};

	if (window->n && search_run(&alone) != SEARCH_NONE)
		fail_msg("seed %u: the stretch alone has an order", seed);
}

static void search_agrees_with_every_order(size_t few)
{
	unsigned rounds = past_rounds(), n_found = 0, n_none = 0, n_windows = 0;
	static bool dead[VALUES << MOST];

	for (unsigned seed = 0; seed < rounds; seed++) {
		struct arena arena = {0};
		struct search_op ops[MOST];
		struct search search = {.ops = ops, .few = few, .arena = &arena};
		enum search_end wanted, got;
		struct rng rng;

		rng_seed(&rng, seed);
		search.n = random_ops(ops, &rng);
		memset(dead, 0, ((size_t)VALUES << search.n) * sizeof(*dead));
		wanted = has_order(ops, search.n, 0, 0, dead) ? SEARCH_FOUND : SEARCH_NONE;
		got = search_run(&search);
		if (got != wanted)
			fail_msg("seed %u: %d, not %d", seed, (int)got, (int)wanted);
		n_found += got == SEARCH_FOUND;
		n_none += got == SEARCH_NONE;
		n_windows += search.window.ops != NULL;
		assert_window_convicts(&search, seed);
		arena_release(&arena);
	}
	print_message("%u have an order, %u have none (%u shown by a stretch)\n", n_found, n_none,
		n_windows);
	assert_true(n_found > rounds / 50 && n_none > rounds / 50);
	assert_true(few != 1 || n_windows > rounds / 100);
}

static void with_few_configurations(void **state)
{
	(void)state;
	search_agrees_with_every_order(1);
}

static void with_as_many_as_is_good(void **state)
{
	(void)state;
	search_agrees_with_every_order(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_few_configurations),
		cmocka_unit_test(with_as_many_as_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
