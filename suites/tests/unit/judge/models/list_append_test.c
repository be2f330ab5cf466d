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

/* u appended what t, which is ok, read. */
static bool has_read(const struct past *past, size_t t, size_t u)
{
	for (size_t i = 0; past->ops[t].outcome == PAST_OK && i < past->ops[t].got->n; i++) {
		const struct datum *read = datum_at(past->ops[t].got, i), *list = datum_at(read, 2);

		for (size_t e = 0; datum_is(datum_at(read, 0), "r") && datum_at(list, e); e++) {
			for (size_t a = 0; a < past->ops[u].given->n; a++) {
				const struct datum *append = datum_at(past->ops[u].given, a);

				if (datum_is(datum_at(append, 0), "append") &&
					datum_equal(datum_at(append, 1), datum_at(read, 1)) &&
					datum_equal(datum_at(append, 2), datum_at(list, e)))
					return true;
			}
		}
	}
	return false;
}

struct views {
	const struct past *past;
	size_t n, at[MOST];
	bool base[MOST][MOST], sees[MOST][MOST];
	size_t order[MOST], place[MOST];
	bool used[MOST];
};

/* Committed: ok, or seen. What was seen and what came before in the process. */
static void find_views(struct views *v, const struct past *past, bool is_causal)
{
	*v = (struct views){.past = past};
	for (size_t i = 0; i < past->n; i++) {
		bool is_seen = past->ops[i].outcome == PAST_OK;

		for (size_t t = 0; t < past->n; t++)
			is_seen |= t != i && has_read(past, t, i);
		if (is_seen)
			v->at[v->n++] = i;
	}
	for (size_t t = 0; t < v->n; t++) {
		for (size_t u = 0; u < v->n; u++) {
			const struct past_op *x = &past->ops[v->at[u]], *y = &past->ops[v->at[t]];

			v->base[u][t] = u != t &&
				(has_read(past, v->at[t], v->at[u]) ||
					(x->process == y->process && x->ret < y->call));
		}
	}
	memcpy(v->sees, v->base, sizeof(v->sees));
	for (size_t k = 0; k < v->n && is_causal; k++) {
		for (size_t i = 0; i < v->n; i++) {
			for (size_t j = 0; j < v->n; j++)
				v->sees[i][j] |= v->sees[i][k] && v->sees[k][j];
		}
	}
}

/* Each read holds the appends of all that its transaction sees, in the order, and then its own. */
static bool reads_follow(const struct views *v, size_t t)
{
	const struct past_op *op = &v->past->ops[v->at[t]];
	struct lists lists = {0};

	for (size_t i = 0; i < v->n; i++) {
		size_t u = v->order[i];
		struct past_op writer = v->past->ops[v->at[u]];

		writer.outcome = PAST_UNKNOWN; /* its reads do not count here */
		writer.got = writer.given;
		if (u != t && v->sees[u][t])
			apply(&writer, &lists);
	}
	return apply(op, &lists);
}

static bool view_order_exists(struct views *v, size_t n)
{
	bool found = n == v->n;

	for (size_t t = 0; t < v->n && n == v->n && found; t++) {
		for (size_t u = 0; u < v->n; u++)
			found &= !v->base[u][t] || v->place[u] < v->place[t];
		found = found && reads_follow(v, t);
	}
	for (size_t t = 0; t < v->n && n < v->n && !found; t++) {
		if (v->used[t])
			continue;
		v->used[t] = true;
		v->order[n] = t;
		v->place[t] = n;
		found = view_order_exists(v, n + 1);
		v->used[t] = false;
	}
	return found;
}

static bool has_no_aborted_read(const struct past *past)
{
	for (size_t i = 0; i < past->n; i++) {
		for (size_t t = 0; past->ops[i].outcome == PAST_FAIL && t < past->n; t++) {
			if (has_read(past, t, i))
				return false;
		}
	}
	return true;
}

static bool is_causal(const struct past *past, const struct judgement *exhibits)
{
	struct views v;

	find_views(&v, past, true);
	return !exhibits && has_no_aborted_read(past) && view_order_exists(&v, 0);
}

static bool is_atomic(const struct past *past, const struct judgement *exhibits)
{
	struct views v;

	find_views(&v, past, false);
	return !exhibits && has_no_aborted_read(past) && view_order_exists(&v, 0);
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

/* The same in few processes, one after the other in each. */
static void make_sessions(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t free_at[2] = {0, 0};

	make_txns(arena, rng, past);
	for (size_t i = 0; i < past->n; i++) {
		struct past_op *op = &past->ops[i];
		size_t p = rng_below(rng, 2);

		op->process = (int64_t)p;
		op->call = op->call > free_at[p] ? op->call : free_at[p];
		if (op->ret != PAST_NEVER) {
			op->ret = op->call + 1 + rng_below(rng, 4);
			free_at[p] = op->ret + 1;
		} else {
			op->process = 10 + (int64_t)i;
		}
	}
	past_sort(past);
}

static void causal_agrees_with_every_order(void **state)
{
	(void)state;
	past_compare(judge_list_append, make_sessions, is_causal, "causal");
}

static void read_atomic_agrees_with_every_order(void **state)
{
	(void)state;
	past_compare(judge_list_append, make_sessions, is_atomic, "read-atomic");
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
		{/* saw one append of a transaction and missed the other */
			CALL(0, "[[:append x 1] [:append y 2]]") OK(
				0, "[[:append x 1] [:append y 2]]")
				CALL(1, "[[:r x nil] [:r y nil]]") OK(1, "[[:r x [1]] [:r y nil]]"),
			"read-atomic", "not read-atomic (fractured read)", "read-committed"},
		{CALL(0, "[[:append x 1]]") OK(0, "[[:append x 1]]") CALL(1, "[[:r x nil]]") OK(
			 1, "[[:r x [1]]]") CALL(1, "[[:append y 2]]") OK(1, "[[:append y 2]]")
				CALL(2, "[[:r y nil] [:r x nil]]") OK(2, "[[:r y [2]] [:r x nil]]"),
			"causal", "not causal", "read-atomic"},
		{CALL(0, "[[:r x nil] [:append x 1]]") OK(0, "[[:r x [1]] [:append x 1]]"),
			"read-committed", "future read", "read-uncommitted"},
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
		cmocka_unit_test(causal_agrees_with_every_order),
		cmocka_unit_test(read_atomic_agrees_with_every_order),
		cmocka_unit_test(each_anomaly_shows_at_its_level_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
