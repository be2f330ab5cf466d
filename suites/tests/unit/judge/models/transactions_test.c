/*
 * runner: timeout 300
 *
 * Transactions over registers against trying every order: the weak levels against their axioms in
 * every commit order, the strong ones against every serial order, snapshot isolation against every
 * interleaving of beginnings and commits; and each anomaly by its name.
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
#define MOST 8
#define INITIAL 0 /* as value; written ones begin with 1 */

enum level { READ_COMMITTED, READ_ATOMIC, CAUSAL, SERIALIZABLE, SESSION, STRICT, SNAPSHOT };

struct world {
	const struct past *past;
	size_t n, at[MOST]; /* committed: operations */
	bool reaches[MOST][MOST], base[MOST][MOST];
	size_t order[MOST];
	bool used[MOST];
	enum level level;
};

static const struct datum *part_of(const struct world *w, size_t t, size_t i)
{
	return datum_at(w->past->ops[w->at[t]].got, i);
}

static bool is_write(const struct datum *part)
{
	return datum_is(datum_at(part, 0), "w");
}

static int64_t key_of(const struct datum *part)
{
	return datum_at(part, 1)->number;
}

static int64_t value_of(const struct datum *part)
{
	const struct datum *value = datum_at(part, 2);

	return datum_is_nil(value) ? INITIAL : value->number;
}

/* The transaction whose last write of the key has the value; -1: the beginning, -2: none. */
static int writer_of(const struct world *w, int64_t key, int64_t value)
{
	for (size_t t = 0; t < w->n; t++) {
		int64_t last = -1;

		for (size_t i = 0; part_of(w, t, i); i++) {
			if (is_write(part_of(w, t, i)) && key_of(part_of(w, t, i)) == key)
				last = value_of(part_of(w, t, i));
		}
		if (last == value)
			return (int)t;
	}
	return value == INITIAL ? -1 : -2;
}

static bool writes(const struct world *w, size_t t, int64_t key)
{
	for (size_t i = 0; part_of(w, t, i); i++) {
		if (is_write(part_of(w, t, i)) && key_of(part_of(w, t, i)) == key)
			return true;
	}
	return false;
}

static bool reads_bind(const struct world *w, size_t t)
{
	return w->past->ops[w->at[t]].outcome == PAST_OK;
}

/* The value of an own earlier write; -1: none. */
static int64_t own_before(const struct world *w, size_t t, size_t part, int64_t key)
{
	int64_t own = -1;

	for (size_t i = 0; i < part; i++) {
		if (is_write(part_of(w, t, i)) && key_of(part_of(w, t, i)) == key)
			own = value_of(part_of(w, t, i));
	}
	return own;
}

/* Sessions and reads-from; false where a read alone is wrong. */
static bool find_base(struct world *w)
{
	memset(w->base, 0, sizeof(w->base));
	for (size_t t = 0; t < w->n; t++) {
		for (size_t u = 0; u < t; u++)
			w->base[u][t] |=
				w->past->ops[w->at[u]].process == w->past->ops[w->at[t]].process;
		for (size_t i = 0; reads_bind(w, t) && part_of(w, t, i); i++) {
			const struct datum *part = part_of(w, t, i);
			int64_t own = own_before(w, t, i, key_of(part));
			int writer;

			if (is_write(part))
				continue;
			if (own >= 0 && own != value_of(part))
				return false;
			if (own >= 0)
				continue;
			writer = writer_of(w, key_of(part), value_of(part));
			if (writer == -2 || writer == (int)t)
				return false;
			if (writer >= 0)
				w->base[writer][t] = true;
		}
	}
	memcpy(w->reaches, w->base, sizeof(w->base));
	for (size_t k = 0; k < w->n; k++) {
		for (size_t i = 0; i < w->n; i++) {
			for (size_t j = 0; j < w->n; j++)
				w->reaches[i][j] |= w->reaches[i][k] && w->reaches[k][j];
		}
	}
	return true;
}

static bool knows(const struct world *w, size_t u, size_t t, size_t part)
{
	if (w->level == CAUSAL)
		return w->reaches[u][t];
	if (w->level == READ_ATOMIC)
		return w->base[u][t];
	for (size_t i = 0; i < part; i++) {
		const struct datum *earlier = part_of(w, t, i);

		if (!is_write(earlier) && own_before(w, t, i, key_of(earlier)) < 0 &&
			writer_of(w, key_of(earlier), value_of(earlier)) == (int)u)
			return true;
	}
	return false;
}

static bool axiom_holds(const struct world *w, const size_t *place)
{
	for (size_t t = 0; t < w->n; t++) {
		for (size_t i = 0; reads_bind(w, t) && part_of(w, t, i); i++) {
			const struct datum *part = part_of(w, t, i);
			int writer;

			if (is_write(part) || own_before(w, t, i, key_of(part)) >= 0)
				continue;
			writer = writer_of(w, key_of(part), value_of(part));
			for (size_t u = 0; u < w->n; u++) {
				if ((int)u != writer && u != t && writes(w, u, key_of(part)) &&
					knows(w, u, t, i) &&
					(writer < 0 || place[u] > place[writer]))
					return false;
			}
		}
	}
	return true;
}

static bool weak_order_exists(struct world *w, size_t n)
{
	size_t place[MOST];

	if (n == w->n) {
		for (size_t i = 0; i < n; i++)
			place[w->order[i]] = i;
		for (size_t u = 0; u < n; u++) {
			for (size_t t = 0; t < n; t++) {
				if (w->base[u][t] && place[u] >= place[t])
					return false;
			}
		}
		return axiom_holds(w, place);
	}
	for (size_t t = 0; t < w->n; t++) {
		bool found;

		if (w->used[t])
			continue;
		w->used[t] = true;
		w->order[n] = t;
		found = weak_order_exists(w, n + 1);
		w->used[t] = false;
		if (found)
			return true;
	}
	return false;
}

static bool must_precede(const struct world *w, size_t u, size_t t)
{
	const struct past_op *a = &w->past->ops[w->at[u]], *b = &w->past->ops[w->at[t]];

	if (w->level != STRICT && w->level != SESSION)
		return false;
	if (a->process == b->process && u < t)
		return true;
	return w->level == STRICT && past_before(a, b);
}

/* What it reads from the outside, in the state given. */
static bool reads_fit(const struct world *w, size_t t, const int64_t *state)
{
	for (size_t i = 0; reads_bind(w, t) && part_of(w, t, i); i++) {
		const struct datum *part = part_of(w, t, i);
		int64_t own = own_before(w, t, i, key_of(part));

		if (!is_write(part) && value_of(part) != (own >= 0 ? own : state[key_of(part)]))
			return false;
	}
	return true;
}

static void apply(const struct world *w, size_t t, int64_t *state)
{
	for (size_t i = 0; part_of(w, t, i); i++) {
		if (is_write(part_of(w, t, i)))
			state[key_of(part_of(w, t, i))] = value_of(part_of(w, t, i));
	}
}

static bool serial_order_exists(struct world *w, const int64_t *state, size_t n)
{
	if (n == w->n)
		return true;
	for (size_t t = 0; t < w->n; t++) {
		int64_t next[KEYS];
		bool fits = !w->used[t] && reads_fit(w, t, state);

		for (size_t u = 0; u < w->n && fits; u++)
			fits = w->used[u] || u == t || !must_precede(w, u, t);
		if (!fits)
			continue;
		memcpy(next, state, sizeof(next));
		apply(w, t, next);
		w->used[t] = true;
		fits = serial_order_exists(w, next, n + 1);
		w->used[t] = false;
		if (fits)
			return true;
	}
	return false;
}

/* begun[t]: 0 not yet, 1 running, 2 done; base: what each key held when it began. */
struct interleaving {
	int begun[MOST];
	int64_t base[MOST][KEYS];
};

static bool snapshot_exists(
	struct world *w, struct interleaving *it, const int64_t *state, size_t n)
{
	if (n == w->n)
		return true;
	for (size_t t = 0; t < w->n; t++) {
		int64_t next[KEYS];
		bool fits = true;

		if (it->begun[t] == 0 && reads_fit(w, t, state)) {
			it->begun[t] = 1;
			memcpy(it->base[t], state, sizeof(it->base[t]));
			if (snapshot_exists(w, it, state, n))
				return true;
			it->begun[t] = 0;
		} else if (it->begun[t] == 1) {
			for (int64_t k = 0; k < KEYS; k++)
				fits &= !writes(w, t, k) || it->base[t][k] == state[k];
			if (!fits)
				continue;
			memcpy(next, state, sizeof(next));
			apply(w, t, next);
			it->begun[t] = 2;
			if (snapshot_exists(w, it, next, n + 1))
				return true;
			it->begun[t] = 1;
		}
	}
	return false;
}

static bool is_seen(const struct past *past, size_t i)
{
	for (size_t p = 0; p < past->ops[i].given->n; p++) {
		const struct datum *write = datum_at(past->ops[i].given, p);

		for (size_t j = 0; is_write(write) && j < past->n; j++) {
			for (size_t q = 0; j != i && past->ops[j].outcome == PAST_OK &&
				q < past->ops[j].got->n;
				q++) {
				const struct datum *read = datum_at(past->ops[j].got, q);

				if (!is_write(read) && key_of(read) == key_of(write) &&
					value_of(read) == value_of(write))
					return true;
			}
		}
	}
	return false;
}

static bool keeps(const struct past *past, enum level level)
{
	struct world w = {.past = past, .level = level};
	int64_t state[KEYS] = {INITIAL};
	struct interleaving interleaving = {{0}, {{0}}};

	for (size_t i = 0; i < past->n; i++) {
		if (past->ops[i].outcome == PAST_OK ||
			(past->ops[i].outcome == PAST_UNKNOWN && is_seen(past, i)))
			w.at[w.n++] = i;
	}
	if (!find_base(&w))
		return false;
	if (level <= CAUSAL)
		return weak_order_exists(&w, 0);
	if (level == SNAPSHOT)
		return snapshot_exists(&w, &interleaving, state, 0);
	return serial_order_exists(&w, state, 0);
}

#define REFERENCE(name, level)                                                                     \
	static bool name(const struct past *past, const struct judgement *exhibits)                \
	{                                                                                          \
		return !exhibits && keeps(past, level);                                            \
	}

REFERENCE(is_read_committed, READ_COMMITTED)
REFERENCE(is_read_atomic, READ_ATOMIC)
REFERENCE(is_causal, CAUSAL)
REFERENCE(is_serializable, SERIALIZABLE)
REFERENCE(is_sequential, SESSION)
REFERENCE(is_strict, STRICT)

/* Reads see the present, or one time in four any value that some key ever had. */
static void make_txns(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 2 + rng_below(rng, 4), clock[3] = {0};
	int64_t state[KEYS] = {INITIAL}, last = 0, written[MOST * 3][2];

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);
		uint64_t n_parts = 1 + rng_below(rng, 3), p = rng_below(rng, 3);
		const struct datum *parts[3];

		op->process = (int64_t)p;
		op->call = clock[p] + 1 + rng_below(rng, 3);
		clock[p] = op->call + 1 + rng_below(rng, 4);
		op->ret = op->outcome == PAST_UNKNOWN ? PAST_NEVER : clock[p];
		for (uint64_t q = 0; q < n_parts; q++) {
			int64_t key = (int64_t)rng_below(rng, KEYS), value;
			bool writing = rng_below(rng, 2);
			const struct datum *part[] = {
				past_text(arena, writing ? "w" : "r"), past_int(arena, key), NULL};

			if (writing) {
				written[last][0] = key;
				value = ++last;
				if (op->outcome != PAST_FAIL)
					state[key] = value;
			} else {
				value = state[key];
				if (last && rng_below(rng, 4) == 0) {
					uint64_t old = rng_below(rng, (uint64_t)last + 1);

					value = old && written[old - 1][0] == key ? (int64_t)old
										  : INITIAL;
				}
			}
			part[2] = value ? past_int(arena, value) : NULL;
			parts[q] = past_list(arena, part, 3);
		}
		op->f = "txn";
		op->given = op->got = past_list(arena, parts, n_parts);
	}
	past_sort(past);
	for (size_t i = 0; i < past->n; i++)
		past->ops[i].line = (uint32_t)i + 1;
}

#define AGREES(test, reference, level)                                                             \
	static void test(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		past_compare(judge_rw_register, make_txns, reference, level);                      \
	}

AGREES(read_committed_agrees_with_every_commit_order, is_read_committed, "read-committed")
AGREES(read_atomic_agrees_with_every_commit_order, is_read_atomic, "read-atomic")
AGREES(causal_agrees_with_every_commit_order, is_causal, "causal")
AGREES(serializable_agrees_with_every_order, is_serializable, "serializable")
AGREES(sequential_agrees_with_every_order_of_sessions, is_sequential, "sequential")
AGREES(strict_serializable_agrees_with_every_order_in_time, is_strict, "strict-serializable")

/* It may be undecided there, but never wrong. */
static void snapshot_isolation_is_never_wrong(void **state)
{
	unsigned counts[FINDINGS] = {0}, rounds = past_rounds();

	(void)state;
	for (unsigned round = 0; round < rounds; round++) {
		struct arena arena = {0};
		struct past past = {0};
		struct model_options options = {.past = &past, .consistency = "snapshot-isolation"};
		struct judgement judgement = {0};
		struct err err = {0};
		struct rng rng;

		rng_seed(&rng, 5000 + round);
		make_txns(&arena, &rng, &past);
		assert_int_equal(judge_rw_register(&arena, &options, &judgement, &err), 0);
		counts[judgement.finding]++;
		if (judgement.finding != FINDING_UNDECIDED &&
			(judgement.finding == FINDING_VALID) != keeps(&past, SNAPSHOT))
			fail_msg("seed %u: judged %s: %s", 5000 + round,
				finding_name(judgement.finding), buf_str(&judgement.reason));
		judgement_release(&judgement);
		arena_release(&arena);
	}
	print_message("%u valid, %u violated, %u undecided\n", counts[FINDING_VALID],
		counts[FINDING_VIOLATED], counts[FINDING_UNDECIDED]);
	assert_true(counts[FINDING_UNDECIDED] < rounds / 20);
}

static const char *reason_at(
	int (*read)(struct arena *, const char *, size_t, struct past *, struct err *),
	judge_fn *judge, const char *text, const char *consistency)
{
	static char reason[2048];
	struct arena arena = {0};
	struct past past = {0};
	struct model_options options = {.past = &past, .consistency = consistency};
	struct judgement judgement = {0};
	struct err err = {0};

	if (read(&arena, text, strlen(text), &past, &err) ||
		judge(&arena, &options, &judgement, &err))
		fail_msg("%s", err.text);
	snprintf(reason, sizeof(reason), "%s", buf_str(&judgement.reason));
	assert_true((judgement.finding == FINDING_VIOLATED) == (judgement.n_exhibits > 0));
	judgement_release(&judgement);
	arena_release(&arena);
	return reason;
}

/* The histories that tell the levels apart; each is silent one level below. */
static void each_level_forbids_its_anomaly(void **state)
{
	static const struct {
		const char *text, *level, *name, *silent;
	} rows[] = {
		{"r 1 1\n-----\nw 0 0\n=====\nr 0 0\n-----\nw 1 1\n", "read-committed", "G1c",
			NULL},
		{"w 0 0\n=====\nr 0 5\n", "read-committed", "thin-air read", NULL},
		{"w 0 1\nw 0 2\n=====\nr 0 1\n", "read-committed", "G1b", NULL},
		{"w 0 1\nr 0 2\n=====\nw 0 2\n", "read-committed", "internal", NULL},
		{"r 0 1\nw 0 1\n", "read-committed", "future read", NULL},
		{/* two reads of one key that differ */
			"w 0 0\n=====\nw 0 1\n=====\nr 0 0\nr 0 1\n", "read-atomic",
			"not read-atomic", "read-committed"},
		{/* half of a transaction */
			"w 0 0\nw 1 0\n-----\nw 0 1\nw 1 1\n=====\nr 0 1\nr 1 0\n",
			"read-committed", "not read-committed", NULL},
		{/* the same, but the old half is read first */
			"w 0 0\nw 1 0\n-----\nw 0 1\nw 1 1\n=====\nr 1 0\nr 0 1\n", "read-atomic",
			"not read-atomic", "read-committed"},
		{/* an answer without the question */
			"w 0 0\n-----\nw 0 1\n=====\nr 0 1\n-----\nw 1 1\n=====\nr 1 1\n-----\nr 0 0\n",
			"causal", "not causal", "read-atomic"},
		{/* long fork */
			"w 0 0\nw 1 0\n=====\nw 0 1\n-----\nr 0 1\nr 1 0\n=====\nw 1 1\n-----\nr 1 1\n"
			"r 0 0\n",
			"snapshot-isolation", "G-nonadjacent", "causal"},
		{/* lost update */
			"w 0 0\n=====\nr 0 0\nw 0 1\n=====\nr 0 0\nw 0 2\n", "snapshot-isolation",
			"G-single (lost update)", "causal"},
		{/* write skew, from what was there at first */
			"w(7,0,9,9)\nr(0,0,1,1)\nw(1,2,1,1)\nr(1,0,2,2)\nw(0,1,2,2)\n",
			"serializable", "G2-item", "causal"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *reason =
			reason_at(read_awdit, judge_rw_register, rows[i].text, rows[i].level);

		if (strncmp(reason, rows[i].name, strlen(rows[i].name)))
			fail_msg("row %zu, %s: \"%s\", not %s", i, rows[i].level, reason,
				rows[i].name);
		if (rows[i].silent)
			assert_string_equal(reason_at(read_awdit, judge_rw_register, rows[i].text,
						    rows[i].silent),
				"");
	}
}

static void a_fork_of_reads_is_found_without_their_writes(void **state)
{
	static const char fork[] = "[{:type :invoke, :f :read, :value [[:r 0 nil] [:r 1 nil]]}"
				   "{:type :ok, :f :read, :value [[:r 0 1] [:r 1 nil]]}"
				   "{:type :invoke, :f :read, :value [[:r 1 nil] [:r 0 nil]]}"
				   "{:type :ok, :f :read, :value [[:r 1 1] [:r 0 nil]]}]";
	static const char line[] =
		"[{:process 0 :type :invoke, :f :read, :value [[:r 0 nil] [:r 1 nil]]}"
		"{:process 0 :type :ok, :f :read, :value [[:r 0 1] [:r 1 nil]]}"
		"{:process 1 :type :invoke, :f :read, :value [[:r 1 nil] [:r 0 nil]]}"
		"{:process 1 :type :ok, :f :read, :value [[:r 1 1] [:r 0 1]]}]";

	(void)state;
	assert_non_null(strstr(reason_at(read_elle, judge_long_fork, fork, NULL), "long fork"));
	assert_string_equal(reason_at(read_elle, judge_long_fork, line, NULL), "");
}

static void sessions_convict_by_what_they_knew(void **state)
{
	(void)state;
	assert_non_null(strstr(
		reason_at(read_awdit, judge_sessions, "w 0 1\n-----\nw 0 2\n-----\nr 0 1\n", NULL),
		"read your writes"));
	assert_non_null(strstr(reason_at(read_awdit, judge_sessions,
				       "w 0 1\n-----\nw 0 2\n=====\nr 0 2\n-----\nr 0 1\n", NULL),
		"monotonic reads"));
	assert_string_equal(reason_at(read_awdit, judge_sessions,
				    "w 0 1\n=====\nw 0 2\n=====\nr 0 2\n-----\nr 0 1\n", NULL),
		"");
}

static void what_needs_times_or_unique_values_is_not_decided_without(void **state)
{
	struct arena arena = {0};
	struct past past = {.is_timeless = true};
	struct model_options options = {.past = &past, .consistency = "strict-serializable"};
	struct judgement judgement = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(judge_rw_register(&arena, &options, &judgement, &err), -1);
	assert_int_equal(err.code, EXIT_USAGE);
	assert_non_null(strstr(err.text, "has no times"));
	assert_non_null(strstr(reason_at(read_awdit, judge_causal, "w 0 1\n=====\nw 0 1\n", NULL),
		"write the same value"));
	judgement_release(&judgement);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_level_forbids_its_anomaly),
		cmocka_unit_test(a_fork_of_reads_is_found_without_their_writes),
		cmocka_unit_test(sessions_convict_by_what_they_knew),
		cmocka_unit_test(what_needs_times_or_unique_values_is_not_decided_without),
		cmocka_unit_test(read_committed_agrees_with_every_commit_order),
		cmocka_unit_test(read_atomic_agrees_with_every_commit_order),
		cmocka_unit_test(causal_agrees_with_every_commit_order),
		cmocka_unit_test(serializable_agrees_with_every_order),
		cmocka_unit_test(sequential_agrees_with_every_order_of_sessions),
		cmocka_unit_test(strict_serializable_agrees_with_every_order_in_time),
		cmocka_unit_test(snapshot_isolation_is_never_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
