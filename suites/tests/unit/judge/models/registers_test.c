/*
 * runner: timeout 300
 *
 * The linearizable models against trying every order, on random small histories; and that the
 * exhibits convict on their own.
 */
#include "suites/tests/helpers/past_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NIL INT64_C(-1)
#define KEYS 2

/* What every model of these keeps: a value per key. */
struct state {
	int64_t values[KEYS];
};

static int64_t value_of(const struct datum *datum)
{
	return datum_is_nil(datum) ? NIL : datum->number;
}

static bool txn(const struct past_op *op, struct state *state)
{
	for (size_t i = 0; i < op->got->n; i++) {
		const struct datum *part = datum_at(op->got, i), *value = datum_at(part, 2);
		int64_t key = datum_at(part, 1)->number;

		if (datum_is(datum_at(part, 0), "w"))
			state->values[key] = value_of(value);
		else if (op->outcome == PAST_OK && state->values[key] != value_of(value))
			return false;
	}
	return true;
}

static bool apply(const struct past_op *op, struct state *state)
{
	int64_t *value = &state->values[op->key ? op->key->number : 0];

	if (!strcmp(op->f, "txn"))
		return txn(op, state);
	if (!strcmp(op->f, "read"))
		return op->outcome != PAST_OK || *value == value_of(op->got);
	if (!strcmp(op->f, "cas")) {
		bool holds = *value == datum_at(op->given, 0)->number;

		if (holds && !op->refused)
			*value = datum_at(op->given, 1)->number;
		return holds != op->refused;
	}
	if (!strcmp(op->f, "acquire") || !strcmp(op->f, "release")) {
		bool acquires = *op->f == 'a', is_free = *value == NIL;

		*value = acquires ? 1 : NIL;
		return acquires == is_free;
	}
	*value = value_of(op->given);
	return true;
}

struct attempt {
	const struct past *past;
	bool loose[16]; /* binds nothing */
	bool done[16];
};

static bool is_due(const struct attempt *attempt, size_t i)
{
	const struct past_op *op = &attempt->past->ops[i];

	return !attempt->done[i] && !attempt->loose[i] && op->outcome == PAST_OK;
}

static bool may_be_next(const struct attempt *attempt, size_t i)
{
	if (attempt->done[i] || attempt->past->ops[i].outcome == PAST_FAIL)
		return false;
	for (size_t j = 0; j < attempt->past->n; j++) {
		if (is_due(attempt, j) && !attempt->loose[i] &&
			past_before(&attempt->past->ops[j], &attempt->past->ops[i]))
			return false;
	}
	return true;
}

static bool observes(const struct past_op *op)
{
	if (!strcmp(op->f, "txn")) {
		for (size_t i = 0; i < op->got->n; i++) {
			if (datum_is(datum_at(datum_at(op->got, i), 0), "w"))
				return false;
		}
		return true;
	}
	return !strcmp(op->f, "read") || op->refused;
}

static bool has_order(struct attempt *attempt, struct state state)
{
	bool due = false;

	for (size_t i = 0; i < attempt->past->n; i++)
		due |= is_due(attempt, i);
	if (!due)
		return true;
	for (size_t i = 0; i < attempt->past->n; i++) {
		const struct past_op *op = &attempt->past->ops[i];
		struct state next = state;

		if (!may_be_next(attempt, i) || (attempt->loose[i] && observes(op)) ||
			!apply(op, &next))
			continue;
		attempt->done[i] = true;
		if (has_order(attempt, next))
			return true;
		attempt->done[i] = false;
	}
	return false;
}

/* What was called behind the return of the operation without explanation is no explanation. */
static bool is_too_late(const struct past_op *op, const struct judgement *exhibits)
{
	for (size_t e = 0; e < exhibits->n_exhibits; e++) {
		const struct exhibit *exhibit = &exhibits->exhibits[e];

		if (exhibit->why && strstr(exhibit->why, "no order explains") &&
			past_before(exhibit->op, op))
			return true;
	}
	return false;
}

static bool is_linearizable(const struct past *past, const struct judgement *exhibits)
{
	struct attempt attempt = {.past = past};

	for (size_t i = 0; exhibits && i < past->n; i++) {
		attempt.loose[i] = true;
		for (size_t e = 0; e < exhibits->n_exhibits; e++)
			attempt.loose[i] &= exhibits->exhibits[e].op != &past->ops[i];
		attempt.done[i] = is_too_late(&past->ops[i], exhibits);
	}
	return has_order(&attempt, (struct state){{NIL, NIL}});
}

static const struct datum *random_value(struct arena *arena, struct rng *rng)
{
	uint64_t value = rng_below(rng, 4);

	return value ? past_int(arena, (int64_t)value) : NULL;
}

static void make_read_or_write(struct arena *arena, struct rng *rng, struct past_op *op)
{
	op->f = rng_below(rng, 2) ? "read" : "write";
	op->given = op->got = random_value(arena, rng);
}

static void make_register(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 2 + rng_below(rng, 6), keys = 1 + rng_below(rng, KEYS);

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);

		make_read_or_write(arena, rng, op);
		op->key = keys > 1 ? past_int(arena, (int64_t)rng_below(rng, keys)) : NULL;
	}
	past_sort(past);
}

static void make_unique_register(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 2 + rng_below(rng, 6), keys = 1 + rng_below(rng, KEYS);
	int64_t written = 0;

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);

		make_read_or_write(arena, rng, op);
		if (*op->f == 'w')
			op->given = op->got = past_int(arena, ++written);
		op->key = keys > 1 ? past_int(arena, (int64_t)rng_below(rng, keys)) : NULL;
	}
	past_sort(past);
}

static void make_cas_register(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 2 + rng_below(rng, 6);

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);

		make_read_or_write(arena, rng, op);
		if (rng_below(rng, 3))
			continue;
		op->f = "cas";
		op->given = op->got = past_pair(
			arena, 1 + (int64_t)rng_below(rng, 3), 1 + (int64_t)rng_below(rng, 3));
		op->refused = op->outcome == PAST_OK && rng_below(rng, 3) == 0;
	}
	past_sort(past);
}

static const struct datum *make_text(struct arena *arena, struct rng *rng, size_t most)
{
	size_t n = rng_below(rng, most + 1);
	char text[8] = "";

	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + rng_below(rng, 2));
	return past_text(arena, arena_strdup(arena, text));
}

/* get, put and append of text: what is got is often what somebody might have made. */
static void make_texts(struct arena *arena, struct rng *rng, struct past *past)
{
	static const char *const words[] = {"get", "put", "append"};
	uint64_t n = 2 + rng_below(rng, 6);

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);

		op->f = i ? words[rng_below(rng, 3)] : "append";
		op->given = op->got = make_text(arena, rng, *op->f == 'g' ? 3 : 1);
	}
	past_sort(past);
}

struct text_attempt {
	const struct past *past;
	bool done[8];
};

static bool has_text_order(struct text_attempt *attempt, const char *state)
{
	const struct past *past = attempt->past;
	bool due = false;

	for (size_t i = 0; i < past->n; i++)
		due |= !attempt->done[i] && past->ops[i].outcome == PAST_OK;
	for (size_t i = 0; i < past->n && due; i++) {
		const struct past_op *op = &past->ops[i];
		const char *text = datum_text(op->given);
		bool may = !attempt->done[i] && op->outcome != PAST_FAIL;
		char next[32];

		for (size_t j = 0; j < past->n && may; j++)
			may = attempt->done[j] || past->ops[j].outcome != PAST_OK ||
				!past_before(&past->ops[j], op);
		if (!may || (*op->f == 'g' && op->outcome == PAST_OK && strcmp(state, text)))
			continue;
		snprintf(next, sizeof(next), "%s%s", *op->f == 'p' ? "" : state,
			*op->f == 'g' ? "" : text);
		attempt->done[i] = true;
		if (has_text_order(attempt, next))
			return true;
		attempt->done[i] = false;
	}
	return !due;
}

static bool texts_are_linearizable(const struct past *past, const struct judgement *exhibits)
{
	struct text_attempt attempt = {.past = past};

	return !exhibits && has_text_order(&attempt, "");
}

static void make_mutex(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 1 + rng_below(rng, 6);

	for (uint64_t i = 0; i < n; i++)
		past_add(arena, past, rng)->f = rng_below(rng, 2) ? "acquire" : "release";
	past_sort(past);
}

static void make_multi_register(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 2 + rng_below(rng, 5);

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);
		uint64_t n_parts = 1 + rng_below(rng, 2);
		const struct datum *parts[2];

		for (uint64_t p = 0; p < n_parts; p++) {
			const struct datum *part[] = {
				past_text(arena, rng_below(rng, 2) ? "r" : "w"),
				past_int(arena, (int64_t)rng_below(rng, KEYS)),
				random_value(arena, rng)};

			parts[p] = past_list(arena, part, 3);
		}
		op->f = "txn";
		op->given = op->got = past_list(arena, parts, n_parts);
	}
	past_sort(past);
}

static void register_agrees_with_every_order(void **state)
{
	(void)state;
	past_compare(judge_register, make_register, is_linearizable, NULL);
}

static void zones_agree_with_every_order(void **state)
{
	(void)state;
	past_compare(judge_register, make_unique_register, is_linearizable, NULL);
}

static void cas_register_agrees_with_every_order(void **state)
{
	(void)state;
	past_compare(judge_cas_register, make_cas_register, is_linearizable, NULL);
}

static void texts_agree_with_every_order(void **state)
{
	(void)state;
	past_compare(judge_register, make_texts, texts_are_linearizable, NULL);
}

static void mutex_agrees_with_every_order(void **state)
{
	(void)state;
	past_compare(judge_mutex, make_mutex, is_linearizable, NULL);
}

static void multi_register_agrees_with_every_order(void **state)
{
	(void)state;
	past_compare(judge_multi_register, make_multi_register, is_linearizable, NULL);
}

/* Twenty writers at once, each to a key of its own, and a read of what nobody wrote: no search has room
 * for all that the keys may hold in a megabyte. */
static void the_limits_end_in_undecided(void **state)
{
	struct arena arena = {0};
	struct past past = {0};
	struct model_options options = {.past = &past, .limit_bytes = 1 << 20};
	struct judgement judgement = {0};
	struct err err = {0};

	(void)state;
	for (int i = 0; i <= 20; i++) {
		struct past_op *op = ARENA_PUSH(&arena, past.ops, past.n);
		const struct datum *part[] = {past_text(&arena, i < 20 ? "w" : "r"),
			past_int(&arena, i % 20), past_int(&arena, i + 1)};
		const struct datum *parts[] = {past_list(&arena, part, 3)};

		*op = (struct past_op){.f = "txn", .process = i, .call = 1, .ret = 1000 + i};
		op->given = op->got = past_list(&arena, parts, 1);
	}
	assert_int_equal(judge_multi_register(&arena, &options, &judgement, &err), 0);
	assert_int_equal(judgement.finding, FINDING_UNDECIDED);
	assert_non_null(strstr(buf_str(&judgement.reason), "ran out of memory"));
	judgement_release(&judgement);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(register_agrees_with_every_order),
		cmocka_unit_test(zones_agree_with_every_order),
		cmocka_unit_test(cas_register_agrees_with_every_order),
		cmocka_unit_test(texts_agree_with_every_order),
		cmocka_unit_test(mutex_agrees_with_every_order),
		cmocka_unit_test(multi_register_agrees_with_every_order),
		cmocka_unit_test(the_limits_end_in_undecided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
