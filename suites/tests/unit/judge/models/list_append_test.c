/*
 * runner: timeout 300
 *
 * list-append: serializable and strict-serializable against trying every order; each anomaly at the
 * level that forbids it, and its silence at the level below.
 */
#include "suites/judge/foreign/format.h"
#include "suites/tests/helpers/past_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEYS 2
#define MOST 16

struct lists {
	int64_t items[KEYS][MOST];
	size_t n[KEYS];
};

struct attempt {
	const struct past *past;
	bool done[MOST];
	bool keep_time;
};

static bool same(const struct datum *list, const int64_t *items, size_t n)
{
	if (datum_is_nil(list))
		return n == 0;
	for (size_t i = 0; i < list->n && i < n; i++) {
		if (list->items[i].number != items[i])
			return false;
	}
	return list->n == n;
}

/* False where a read of an ok transaction differs. */
static bool apply(const struct past_op *op, struct lists *lists)
{
	for (size_t i = 0; i < op->given->n; i++) {
		const struct datum *part = datum_at(op->got, i);
		int64_t key = datum_at(part, 1)->number;

		if (datum_is(datum_at(part, 0), "append"))
			lists->items[key][lists->n[key]++] = datum_at(part, 2)->number;
		else if (op->outcome == PAST_OK &&
			!same(datum_at(part, 2), lists->items[key], lists->n[key]))
			return false;
	}
	return true;
}

static bool may_be_next(const struct attempt *attempt, size_t i)
{
	const struct past *past = attempt->past;

	for (size_t j = 0; j < past->n && attempt->keep_time; j++) {
		if (!attempt->done[j] && past->ops[j].outcome == PAST_OK &&
			past_before(&past->ops[j], &past->ops[i]))
			return false;
	}
	return !attempt->done[i] && past->ops[i].outcome != PAST_FAIL;
}

static bool has_order(struct attempt *attempt, const struct lists *lists)
{
	bool due = false;

	for (size_t i = 0; i < attempt->past->n; i++)
		due |= !attempt->done[i] && attempt->past->ops[i].outcome == PAST_OK;
	if (!due)
		return true;
	for (size_t i = 0; i < attempt->past->n; i++) {
		struct lists next = *lists;

		if (!may_be_next(attempt, i) || !apply(&attempt->past->ops[i], &next))
			continue;
		attempt->done[i] = true;
		if (has_order(attempt, &next))
			return true;
		attempt->done[i] = false;
	}
	return false;
}

static bool is_serializable(const struct past *past, const struct judgement *exhibits)
{
	struct attempt attempt = {.past = past};

	return !exhibits && has_order(&attempt, &(struct lists){0});
}

static bool is_strict(const struct past *past, const struct judgement *exhibits)
{
	struct attempt attempt = {.past = past, .keep_time = true};

	return !exhibits && has_order(&attempt, &(struct lists){0});
}

/* What a read sees: the list as it is, or sometimes one element less. */
static const struct datum *seen(
	struct arena *arena, struct rng *rng, const struct lists *lists, int64_t key)
{
	const struct datum *items[MOST];
	size_t n = lists->n[key];

	if (n && rng_below(rng, 5) == 0)
		n--;
	for (size_t i = 0; i < n; i++)
		items[i] = past_int(arena, lists->items[key][i]);
	return past_list(arena, items, n);
}

static const struct datum *make_part(
	struct arena *arena, struct rng *rng, struct lists *lists, int64_t value, bool applies)
{
	int64_t key = (int64_t)rng_below(rng, KEYS);
	bool is_read = rng_below(rng, 2);
	const struct datum *part[] = {
		past_text(arena, is_read ? "r" : "append"), past_int(arena, key), NULL};

	part[2] = is_read ? seen(arena, rng, lists, key) : past_int(arena, value);
	if (!is_read && applies)
		lists->items[key][lists->n[key]++] = value;
	return past_list(arena, part, 3);
}

/* Transactions in an order of their own, which real time follows more or less. */
static void make_txns(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 2 + rng_below(rng, 4), applied;
	struct lists lists = {0};
	int64_t value = 0;

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);
		uint64_t n_parts = 1 + rng_below(rng, 3);
		const struct datum *parts[3];

		op->call = 2 * i + rng_below(rng, 6);
		op->ret = op->ret == PAST_NEVER ? op->ret : op->call + rng_below(rng, 8);
		applied = op->outcome == PAST_OK ||
			(op->outcome == PAST_UNKNOWN && rng_below(rng, 2));
		for (uint64_t p = 0; p < n_parts; p++)
			parts[p] = make_part(arena, rng, &lists, ++value, applied);
		op->f = "txn";
		op->given = op->got = past_list(arena, parts, n_parts);
	}
	past_sort(past);
}

static void serializable_agrees_with_every_order(void **state)
{
	(void)state;
	past_compare(judge_list_append, make_txns, is_serializable, "serializable");
}

static void strict_serializable_agrees_with_every_order(void **state)
{
	(void)state;
	past_compare(judge_list_append, make_txns, is_strict, "strict-serializable");
}

static const char *reason_at(const char *text, const char *consistency)
{
	static char reason[2048];
	struct arena arena = {0};
	struct past past = {0};
	struct model_options options = {.past = &past, .consistency = consistency};
	struct judgement judgement = {0};
	struct err err = {0};

	if (read_elle(&arena, text, strlen(text), &past, &err) ||
		judge_list_append(&arena, &options, &judgement, &err))
		fail_msg("%s", err.text);
	snprintf(reason, sizeof(reason), "%s", buf_str(&judgement.reason));
	assert_true((judgement.finding == FINDING_VIOLATED) == (judgement.n_exhibits > 0));
	judgement_release(&judgement);
	arena_release(&arena);
	return reason;
}

#define CALL(p, v) "{:process " #p " :type :invoke :f :txn :value " v "}"
#define OK(p, v) "{:process " #p " :type :ok :f :txn :value " v "}"
#define FAIL(p, v) "{:process " #p " :type :fail :f :txn :value " v "}"

static void each_anomaly_shows_at_its_level_only(void **state)
{
	static const struct {
		const char *text, *level, *name, *silent;
	} rows[] = {
		{/* each one's append is behind the other's */
			CALL(0, "[[:append x 1] [:append y 1]]")
				CALL(1, "[[:append x 2] [:append y 2]]")
					OK(0, "[[:append x 1] [:append y 1]]")
						OK(1, "[[:append x 2] [:append y 2]]")
							CALL(2, "[[:r x nil] [:r y nil]]") OK(
								2, "[[:r x [1 2]] [:r y [2 1]]]"),
			"read-uncommitted", "G0", NULL},
		{CALL(0, "[[:append x 1]]") FAIL(0, "[[:append x 1]]") CALL(1, "[[:r x nil]]")
				OK(1, "[[:r x [1]]]"),
			"read-committed", "G1a", "read-uncommitted"},
		{CALL(0, "[[:append x 1] [:append x 2]]") OK(0, "[[:append x 1] [:append x 2]]")
				CALL(1, "[[:r x nil]]") OK(1, "[[:r x [1]]]"),
			"read-committed", "G1b", "read-uncommitted"},
		{CALL(0, "[[:append x 1] [:r y nil]]") CALL(1, "[[:append y 2] [:r x nil]]") OK(
			 0, "[[:append x 1] [:r y [2]]]") OK(1, "[[:append y 2] [:r x [1]]]"),
			"read-committed", "G1c", "read-uncommitted"},
		{/* saw one append of a transaction and missed the other */
			CALL(0, "[[:append x 1] [:append y 2]]") OK(
				0, "[[:append x 1] [:append y 2]]")
				CALL(1, "[[:r x nil] [:r y nil]]") OK(1, "[[:r x [1]] [:r y nil]]"),
			"snapshot-isolation", "G-single", "read-committed"},
		{CALL(0, "[[:r x nil] [:append x 1]]") CALL(1, "[[:r x nil] [:append x 2]]") OK(
			 0, "[[:r x nil] [:append x 1]]") OK(1, "[[:r x nil] [:append x 2]]"),
			"snapshot-isolation", "G-single (lost update)", "read-committed"},
		{CALL(0, "[[:r x nil] [:append x 1] [:r x nil]]")
				OK(0, "[[:r x nil] [:append x 1] [:r x [7 1]]]")
					CALL(1, "[[:append x 7]]") OK(1, "[[:append x 7]]"),
			"snapshot-isolation", "internal", "read-committed"},
		{/* write skew */
			CALL(0, "[[:r x nil] [:append y 1]]") CALL(1, "[[:r y nil] [:append x 2]]")
				OK(0, "[[:r x nil] [:append y 1]]")
					OK(1, "[[:r y nil] [:append x 2]]"),
			"serializable", "G2-item", "snapshot-isolation"},
		{/* a read that misses what had returned */
			CALL(0, "[[:append x 1]]") OK(0, "[[:append x 1]]") CALL(1, "[[:r x nil]]")
				OK(1, "[[:r x nil]]"),
			"strict-serializable", "G-single", "strong-session-serializable"},
		{CALL(0, "[[:append x 1]]") OK(0, "[[:append x 1]]") CALL(0, "[[:r x nil]]")
				OK(0, "[[:r x nil]]"),
			"strong-session-serializable", "G-single", "serializable"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *reason = reason_at(rows[i].text, rows[i].level);

		if (strncmp(reason, rows[i].name, strlen(rows[i].name)))
			fail_msg("%s: %s, not %s", rows[i].level, reason, rows[i].name);
		if (rows[i].silent)
			assert_string_equal(reason_at(rows[i].text, rows[i].silent), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serializable_agrees_with_every_order),
		cmocka_unit_test(strict_serializable_agrees_with_every_order),
		cmocka_unit_test(each_anomaly_shows_at_its_level_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
