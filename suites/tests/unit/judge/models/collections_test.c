/*
 * runner: timeout 300
 *
 * Set against trying every order, counter against its definition, bank by example.
 */
#include "suites/tests/helpers/past_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ELEMENTS 3

struct attempt {
	const struct past *past;
	bool loose[16], done[16];
};

static unsigned bits_of(const struct datum *list)
{
	unsigned bits = 0;

	for (size_t i = 0; i < list->n; i++)
		bits |= 1u << list->items[i].number;
	return bits;
}

static bool is_due(const struct attempt *attempt, size_t i)
{
	return !attempt->done[i] && !attempt->loose[i] && attempt->past->ops[i].outcome == PAST_OK;
}

static bool may_be_next(const struct attempt *attempt, size_t i)
{
	for (size_t j = 0; j < attempt->past->n; j++) {
		if (is_due(attempt, j) && !attempt->loose[i] &&
			past_before(&attempt->past->ops[j], &attempt->past->ops[i]))
			return false;
	}
	return !attempt->done[i] && attempt->past->ops[i].outcome != PAST_FAIL;
}

static bool has_order(struct attempt *attempt, unsigned set)
{
	bool due = false;

	for (size_t i = 0; i < attempt->past->n; i++)
		due |= is_due(attempt, i);
	if (!due)
		return true;
	for (size_t i = 0; i < attempt->past->n; i++) {
		const struct past_op *op = &attempt->past->ops[i];
		bool is_read = *op->f == 'r';

		if (!may_be_next(attempt, i) || (is_read && !is_due(attempt, i)) ||
			(is_read && bits_of(op->got) != set))
			continue;
		attempt->done[i] = true;
		if (has_order(attempt, is_read ? set : set | 1u << op->given->number))
			return true;
		attempt->done[i] = false;
	}
	return false;
}

static bool set_is_linearizable(const struct past *past, const struct judgement *exhibits)
{
	struct attempt attempt = {.past = past};

	for (size_t i = 0; exhibits && i < past->n; i++) {
		attempt.loose[i] = true;
		for (size_t e = 0; e < exhibits->n_exhibits; e++)
			attempt.loose[i] &= exhibits->exhibits[e].op != &past->ops[i];
	}
	return has_order(&attempt, 0);
}

static void make_set(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 2 + rng_below(rng, 6);

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);
		const struct datum *items[ELEMENTS];
		size_t n_items = 0;

		op->f = rng_below(rng, 2) ? "read" : "add";
		op->given = past_int(arena, (int64_t)rng_below(rng, ELEMENTS));
		for (int e = 0; e < ELEMENTS; e++) {
			if (rng_below(rng, 2))
				items[n_items++] = past_int(arena, e);
		}
		op->got = *op->f == 'r' ? past_list(arena, items, n_items) : op->given;
	}
	past_sort(past);
}

static void set_agrees_with_every_order(void **state)
{
	(void)state;
	past_compare(judge_set, make_set, set_is_linearizable, NULL);
}

static bool counter_is_in_bounds(const struct past *past, const struct judgement *exhibits)
{
	for (size_t i = 0; i < past->n; i++) {
		const struct past_op *read = &past->ops[i];
		int64_t low = 0, high = 0;

		if (*read->f != 'r' || read->outcome != PAST_OK)
			continue;
		for (size_t j = 0; j < past->n; j++) {
			const struct past_op *add = &past->ops[j];
			int64_t value = add->given ? add->given->number : 0;
			bool must = add->outcome == PAST_OK && past_before(add, read);

			if (*add->f != 'a' || add->outcome == PAST_FAIL || add->call > read->ret)
				continue;
			low += must || value < 0 ? value : 0;
			high += must || value > 0 ? value : 0;
		}
		if (read->got->number < low || read->got->number > high)
			return false;
	}
	return !exhibits;
}

static void make_counter(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 1 + rng_below(rng, 8);

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);

		op->f = rng_below(rng, 3) ? "add" : "read";
		op->given = op->got = past_int(arena, (int64_t)rng_below(rng, 5) - 1);
	}
	past_sort(past);
}

static void counter_agrees_with_its_definition(void **state)
{
	(void)state;
	past_compare(judge_counter, make_counter, counter_is_in_bounds, NULL);
}

static enum finding judge_balances(const char *initial, int64_t a, int64_t b, int64_t c, int64_t d)
{
	struct datum first[] = {{.kind = DATUM_INT}, {.kind = DATUM_INT, .number = a},
		{.kind = DATUM_INT, .number = 1}, {.kind = DATUM_INT, .number = b}};
	struct datum second[] = {{.kind = DATUM_INT}, {.kind = DATUM_INT, .number = c},
		{.kind = DATUM_INT, .number = 1}, {.kind = DATUM_INT, .number = d}};
	struct datum maps[] = {{.kind = DATUM_MAP, .items = first, .n = 2},
		{.kind = DATUM_MAP, .items = second, .n = 2}};
	struct past_op ops[] = {{.f = "read", .got = &maps[0], .ret = 1},
		{.f = "read", .got = &maps[1], .call = 2, .ret = 3}};
	struct past past = {.ops = ops, .n = 2};
	struct model_options options = {.past = &past, .initial = initial};
	struct judgement judgement = {0};
	struct arena arena = {0};
	struct err err;
	enum finding finding;

	assert_int_equal(judge_bank(&arena, &options, &judgement, &err), 0);
	finding = judgement.finding;
	assert_true((finding == FINDING_VIOLATED) == (judgement.n_exhibits > 0));
	judgement_release(&judgement);
	arena_release(&arena);
	return finding;
}

static void bank_keeps_its_total(void **state)
{
	(void)state;
	assert_int_equal(judge_balances(NULL, 60, 40, 100, 0), FINDING_VALID);
	assert_int_equal(judge_balances("100", 60, 40, 100, 0), FINDING_VALID);
	assert_int_equal(judge_balances("90", 60, 40, 100, 0), FINDING_VIOLATED);
	assert_int_equal(judge_balances(NULL, 60, 40, 90, 20), FINDING_VIOLATED);
	assert_int_equal(judge_balances(NULL, 60, 40, 101, -1), FINDING_VIOLATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_agrees_with_every_order),
		cmocka_unit_test(counter_agrees_with_its_definition),
		cmocka_unit_test(bank_keeps_its_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
