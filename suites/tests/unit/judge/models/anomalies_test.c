/* runner: timeout 60 */
/*
 * Truth by construction: histories with a known number of anomalies of one kind among transactions that
 * some serial order explains. The judge must convict each of them, by its name and with operations of
 * that one alone, and nothing else; one level below it must stay silent. Long forks and session
 * guarantees are also compared with their definitions on random histories.
 */
#include "suites/judge/foreign/format.h"
#include "suites/tests/helpers/past_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define KEYS_EACH 10     /* keys of one anomaly */
#define SOUND_KEY 100000 /* and up: of transactions without anomalies */
#define MOST 8           /* operations of a small random history */

struct anomaly {
	const char *text, *level, *name, *silent; /* silent: the level that allows it; NULL: none */
	judge_fn *judge;                          /* NULL: rw-register's */
};

static const struct anomaly anomalies[] = {
	{"r 1 1\n-----\nw 0 0\n=====\nr 0 0\n-----\nw 1 1\n", "read-committed", "G1c", NULL, NULL},
	{"w 0 0\n=====\nr 0 5\n", "read-committed", "thin-air read", NULL, NULL},
	{"w 0 1\nw 0 2\n=====\nr 0 1\n", "read-committed", "G1b", NULL, NULL},
	{"w 0 1\nr 0 2\n=====\nw 0 2\n", "read-committed", "internal", NULL, NULL},
	{"w 0 0\nw 1 0\n-----\nw 0 1\nw 1 1\n=====\nr 0 1\nr 1 0\n", "read-committed",
		"not read-committed", NULL, NULL},
	{"w 0 0\nw 1 0\n-----\nw 0 1\nw 1 1\n=====\nr 1 0\nr 0 1\n", "read-atomic",
		"not read-atomic", "read-committed", NULL},
	{"w 0 0\n-----\nw 0 1\n=====\nr 0 1\n-----\nw 1 1\n=====\nr 1 1\n-----\nr 0 0\n", "causal",
		"not causal", "read-atomic", NULL},
	{"w 0 0\nw 1 0\n=====\nw 0 1\n-----\nr 0 1\nr 1 0\n=====\nw 1 1\n-----\nr 1 1\nr 0 0\n",
		"snapshot-isolation", "G-nonadjacent", "causal", NULL},
	{"w 0 0\n=====\nr 0 0\nw 0 1\n=====\nr 0 0\nw 0 2\n", "snapshot-isolation",
		"G-single (lost update)", "causal", NULL},
	{"w 0 0\nw 1 0\n=====\nr 0 0\nr 1 0\nw 0 1\n=====\nr 0 0\nr 1 0\nw 1 1\n", "serializable",
		"G2-item", "causal", NULL},
	{"w 0 1\n-----\nw 0 2\n-----\nr 0 1\n", NULL, "read your writes", NULL, judge_sessions},
	{"w 0 1\n-----\nw 0 2\n=====\nr 0 2\n-----\nr 0 1\n", NULL, "monotonic reads", NULL,
		judge_sessions},
};

/* Its keys become its own. */
static void print_anomaly(struct buf *out, const char *text, unsigned number)
{
	char kind;
	int key, value, length;

	buf_puts(out, out->len ? "=====\n" : "");
	while (*text) {
		if (sscanf(text, "%c %d %d\n%n", &kind, &key, &value, &length) == 3)
			buf_printf(out, "%c %d %d\n", kind, (int)number * KEYS_EACH + key, value);
		else
			buf_puts(out, "-----\n");
		text = strchr(text, '\n') + 1;
		if (!strncmp(text, "=====", 5)) {
			buf_puts(out, "=====\n");
			text += 6;
		}
	}
}

/* Transactions one after the other, each in a random session: reads see the present. */
static void print_sound(struct buf *out, struct rng *rng, unsigned n)
{
	struct buf sessions[4] = {{0}, {0}, {0}, {0}};
	int state[5] = {0}, last = 0;

	for (unsigned i = 0; i < n; i++) {
		struct buf *to = &sessions[rng_below(rng, 4)];
		bool written[5] = {false};

		buf_puts(to, to->len ? "-----\n" : "=====\n");
		for (unsigned p = 0; p < 3; p++) {
			unsigned key = (unsigned)rng_below(rng, 5);

			if (state[key] && !written[key] && rng_below(rng, 8))
				buf_printf(to, "r %u %d\n", SOUND_KEY + key, state[key]);
			if (written[key])
				continue;
			buf_printf(to, "w %u %d\n", SOUND_KEY + key, ++last);
			state[key] = last;
			written[key] = true;
		}
	}
	for (int s = 0; s < 4; s++) {
		buf_puts(out, out->len ? buf_str(&sessions[s]) : buf_str(&sessions[s]) + 6);
		buf_release(&sessions[s]);
	}
}

/* Which of the planted ones the operation belongs to. */
static unsigned number_of(const struct past_op *op)
{
	const struct datum *first = datum_at(op->got, 0);

	return (unsigned)(datum_at(first, 1)->number / KEYS_EACH);
}

/* All of one anomaly goes; what is convicted must be of one alone. */
static void take_out(struct past *past, const struct judgement *judgement, const char *name)
{
	unsigned number = number_of(judgement->exhibits[0].op);
	size_t n = 0;

	for (size_t i = 0; i < judgement->n_exhibits; i++) {
		if (number_of(judgement->exhibits[i].op) != number ||
			number >= SOUND_KEY / KEYS_EACH)
			fail_msg("%s: convicted with what has nothing to do with it", name);
	}
	for (size_t i = 0; i < past->n; i++) {
		if (number_of(&past->ops[i]) != number)
			past->ops[n++] = past->ops[i];
	}
	past->n = n;
}

/* How many it convicts, one after the other. */
static unsigned convictions(const struct anomaly *kind, const char *level, struct past *past)
{
	struct model_options options = {.past = past, .consistency = level};
	judge_fn *judge = kind->judge ? kind->judge : judge_rw_register;
	bool is_violated = true;
	unsigned n = 0;

	for (; is_violated; n += is_violated) {
		struct arena arena = {0};
		struct judgement judgement = {0};
		struct err err = {0};

		assert_int_equal(judge(&arena, &options, &judgement, &err), 0);
		is_violated = judgement.finding == FINDING_VIOLATED;
		if (is_violated &&
			strncmp(buf_str(&judgement.reason), kind->name, strlen(kind->name)))
			fail_msg("\"%s\", not %s", buf_str(&judgement.reason), kind->name);
		if (judgement.finding == FINDING_UNDECIDED)
			fail_msg("%s: undecided, %s", kind->name, buf_str(&judgement.reason));
		if (is_violated)
			take_out(past, &judgement, kind->name);
		judgement_release(&judgement);
		arena_release(&arena);
	}
	return n;
}

static unsigned count(
	const struct anomaly *kind, const char *level, unsigned planted, uint64_t seed)
{
	struct arena arena = {0};
	struct past past = {0};
	struct buf text = {0};
	struct err err = {0};
	struct rng rng;
	unsigned n;

	rng_seed(&rng, seed);
	print_sound(&text, &rng, (unsigned)rng_below(&rng, 60));
	for (unsigned i = 0; i < planted; i++)
		print_anomaly(&text, kind->text, i + 1);
	if (read_awdit(&arena, buf_str(&text), text.len, &past, &err))
		fail_msg("%s\n%s", err.text, buf_str(&text));
	n = convictions(kind, level, &past);
	buf_release(&text);
	arena_release(&arena);
	return n;
}

static void every_planted_anomaly_is_convicted_and_nothing_else(void **state)
{
	unsigned rounds = past_rounds() / 40;

	(void)state;
	for (size_t i = 0; i < sizeof(anomalies) / sizeof(*anomalies); i++) {
		for (unsigned round = 0; round < rounds; round++) {
			const struct anomaly *kind = &anomalies[i];
			unsigned planted = round % 6, found;

			found = count(kind, kind->level, planted, 100 * i + round);
			if (found != planted)
				fail_msg("%s: %u planted, %u found", kind->name, planted, found);
			if (kind->silent)
				assert_int_equal(
					count(kind, kind->silent, planted, 100 * i + round), 0);
		}
	}
}

static bool binds(const struct past_op *op, const struct judgement *exhibits)
{
	for (size_t i = 0; exhibits && i < exhibits->n_exhibits; i++) {
		if (exhibits->exhibits[i].op == op || (exhibits->exhibits[i].op->line == op->line))
			return true;
	}
	return !exhibits;
}

/* Values of the key that a read of the small histories returned; -1: it did not read it. */
static int64_t value_read(const struct past_op *op, int64_t key)
{
	for (size_t i = 0; op->outcome == PAST_OK && i < op->got->n; i++) {
		const struct datum *part = datum_at(op->got, i);

		if (*datum_at(part, 0)->text == 'r' && datum_at(part, 1)->number == key)
			return datum_at(part, 2)->kind == DATUM_INT ? datum_at(part, 2)->number : 0;
	}
	return -1;
}

static bool does_not_fork(const struct past *past, const struct judgement *exhibits)
{
	for (size_t i = 0; i < past->n; i++) {
		for (size_t j = 0; j < past->n; j++) {
			bool ahead = false, behind = false;

			for (int64_t k = 0; k < 3; k++) {
				int64_t a = value_read(&past->ops[i], k);
				int64_t b = value_read(&past->ops[j], k);

				ahead |= a > 0 && b == 0;
				behind |= a == 0 && b > 0;
			}
			if (ahead && behind && binds(&past->ops[i], exhibits) &&
				binds(&past->ops[j], exhibits))
				return false;
		}
	}
	return true;
}

static const struct datum *make_part(struct arena *arena, const char *f, int64_t key, int64_t value)
{
	const struct datum *part[] = {
		past_text(arena, f), past_int(arena, key), value ? past_int(arena, value) : NULL};

	return past_list(arena, part, 3);
}

/* Reads of some of three keys, each there or not. */
static void make_reads(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 2 + rng_below(rng, 4);

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);
		const struct datum *parts[3];
		size_t n_parts = 0;

		for (int64_t k = 0; k < 3; k++) {
			if (rng_below(rng, 3))
				parts[n_parts++] =
					make_part(arena, "r", k, rng_below(rng, 3) ? 0 : k + 1);
		}
		if (!n_parts)
			parts[n_parts++] = make_part(arena, "r", 0, 0);
		op->f = "txn";
		op->given = op->got = past_list(arena, parts, n_parts);
	}
	past_sort(past);
	for (size_t i = 0; i < past->n; i++)
		past->ops[i].line = (uint32_t)i + 1;
}

/* One write or read each of two keys, by three sessions. */
static void make_sessions(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 2 + rng_below(rng, MOST - 2), clock[3] = {0};
	int64_t written[MOST][2], last = 0;

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);
		uint64_t p = rng_below(rng, 3);
		int64_t key = (int64_t)rng_below(rng, 2), value = 0;
		bool is_write = rng_below(rng, 2);

		op->process = (int64_t)p;
		op->call = clock[p] + 1 + rng_below(rng, 3);
		clock[p] = op->call + 1 + rng_below(rng, 4);
		op->ret = op->outcome == PAST_UNKNOWN ? PAST_NEVER : clock[p];
		if (is_write && op->outcome != PAST_FAIL) {
			written[last][0] = key;
			written[last][1] = ++value + last;
			value = written[last++][1];
		} else if (last && rng_below(rng, 4)) {
			uint64_t at = rng_below(rng, (uint64_t)last);

			is_write = false;
			value = written[at][0] == key ? written[at][1] : 0;
		} else {
			is_write = false;
		}
		op->f = "txn";
		op->given = op->got = past_list(arena,
			(const struct datum *[]){
				make_part(arena, is_write ? "w" : "r", key, value)},
			1);
	}
	past_sort(past);
	for (size_t i = 0; i < past->n; i++)
		past->ops[i].line = (uint32_t)i + 1;
}

static bool is_write(const struct past_op *op)
{
	return *datum_at(datum_at(op->got, 0), 0)->text == 'w';
}

static int64_t key_of(const struct past_op *op)
{
	return datum_at(datum_at(op->got, 0), 1)->number;
}

/* Who wrote what the operation read or wrote; NULL: it was there at first. */
static const struct past_op *author(const struct past *past, const struct past_op *op)
{
	const struct datum *value = datum_at(datum_at(op->got, 0), 2);

	for (size_t i = 0; i < past->n && value->kind == DATUM_INT; i++) {
		if (is_write(&past->ops[i]) &&
			datum_at(datum_at(past->ops[i].got, 0), 2)->number == value->number)
			return &past->ops[i];
	}
	return NULL;
}

static bool is_older(const struct past_op *a, const struct past_op *b)
{
	if (!b || a == b)
		return false;
	return !a || (a->process == b->process ? a < b : a->ret < b->call);
}

/* A value that nobody wrote. */
static bool is_thin_air(const struct past *past, const struct past_op *read)
{
	return !is_write(read) && read->outcome == PAST_OK && !author(past, read) &&
		datum_at(datum_at(read->got, 0), 2)->kind == DATUM_INT;
}

static bool keeps_guarantees(const struct past *past, const struct judgement *exhibits)
{
	for (const struct past_op *read = past->ops; read < past->ops + past->n; read++) {
		if (is_thin_air(past, read) && binds(read, exhibits))
			return false;
		for (const struct past_op *op = past->ops; op < read; op++) {
			const struct past_op *newer = author(past, op);

			if (is_write(read) || read->outcome != PAST_OK || op->outcome != PAST_OK ||
				op->process != read->process || key_of(op) != key_of(read))
				continue;
			if (is_older(author(past, read), newer) && binds(read, exhibits) &&
				binds(op, exhibits) && binds(newer, exhibits))
				return false;
		}
	}
	return true;
}

static void long_forks_agree_with_every_pair_of_reads(void **state)
{
	(void)state;
	past_compare(judge_long_fork, make_reads, does_not_fork, NULL);
}

static void sessions_agree_with_what_each_of_them_knew(void **state)
{
	(void)state;
	past_compare(judge_sessions, make_sessions, keeps_guarantees, NULL);
}

/* Wrong on purpose: it has never heard of monotonic reads. */
static int judge_carelessly(struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err)
{
	int rc = judge_sessions(arena, options, out, err);

	if (!strncmp(buf_str(&out->reason), "monotonic reads", 15))
		*out = (struct judgement){.finding = FINDING_VALID};
	return rc;
}

/* What is left of a history on which the careless judge was caught; 0: it was right. */
static size_t reduce(uint64_t seed)
{
	struct arena arena = {0};
	struct past past = {0};
	struct buf what = {0}, unused = {0};
	struct rng rng;
	size_t n = 0;

	rng_seed(&rng, seed);
	make_sessions(&arena, &rng, &past);
	if (past_reduce(judge_carelessly, keeps_guarantees, NULL, &past, &what)) {
		assert_non_null(strstr(buf_str(&what), "judged valid, but is violated"));
		n = past.n;
		for (size_t i = 0; i < n; i++) { /* nothing can be spared */
			struct past less = past;

			less.ops = arena_array(&arena, n, sizeof(*less.ops));
			less.n = n - 1;
			memcpy(less.ops, past.ops, i * sizeof(*less.ops));
			memcpy(less.ops + i, past.ops + i + 1, (n - i - 1) * sizeof(*less.ops));
			assert_false(past_reduce(
				judge_carelessly, keeps_guarantees, NULL, &less, &unused));
		}
	}
	buf_release(&what);
	buf_release(&unused);
	arena_release(&arena);
	return n;
}

static void wrong_judge_is_caught_with_the_least_history(void **state)
{
	unsigned caught = 0, of_three = 0, larger = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 4000; seed++) {
		size_t n = reduce(seed);

		caught += n > 0;
		of_three += n == 3; /* a write, the read of it, and one of what was there before */
		larger += n > 4;    /* four: what was there before was written too */
	}
	print_message("caught %u times, %u histories of three\n", caught, of_three);
	assert_true(caught > 10 && of_three > 5);
	assert_int_equal(larger, 0);
}

static void keyed_operations_are_convicted_by_their_key(void **state)
{
	struct arena arena = {0};
	struct past past = {0};
	struct judgement judgement = {0};
	struct err err = {0};
	const char *text = "[{:type :invoke, :process 0, :f :add, :value [:x 1]}"
			   "{:type :ok, :process 0, :f :add, :value [:x 1]}"
			   "{:type :invoke, :process 0, :f :add, :value [:y 1]}"
			   "{:type :ok, :process 0, :f :add, :value [:y 1]}"
			   "{:type :invoke, :process 1, :f :read, :value [:x nil]}"
			   "{:type :ok, :process 1, :f :read, :value [:x [1]]}"
			   "{:type :invoke, :process 1, :f :read, :value [:y nil]}"
			   "{:type :ok, :process 1, :f :read, :value [:y []]}]";
	struct model_options options = {.past = &past};

	(void)state;
	assert_int_equal(read_knossos(&arena, text, strlen(text), &past, &err), 0);
	assert_int_equal(model_judge(model_find("set"), &arena, &options, &judgement, &err), 0);
	assert_int_equal(judgement.finding, FINDING_VIOLATED);
	assert_non_null(strstr(buf_str(&judgement.reason), "read of y"));
	for (size_t i = 0; i < judgement.n_exhibits; i++)
		assert_string_equal(judgement.exhibits[i].op->key->text, "y");
	judgement_release(&judgement);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_planted_anomaly_is_convicted_and_nothing_else),
		cmocka_unit_test(long_forks_agree_with_every_pair_of_reads),
		cmocka_unit_test(sessions_agree_with_what_each_of_them_knew),
		cmocka_unit_test(wrong_judge_is_caught_with_the_least_history),
		cmocka_unit_test(keyed_operations_are_convicted_by_their_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
