/*
 * Objects judged on several threads: the answer is that of one thread, and the memory is that of all
 * together.
 */
#include "suites/judge/models/objects.h"
#include "suites/tests/helpers/past_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const unsigned numbers[] = {1, 2, 7};
enum { N_NUMBERS = sizeof(numbers) / sizeof(*numbers) };

/* Objects that need some memory and are then found to be what they are made. */
struct made {
	struct {
		enum finding finding;
		size_t needs;
	} objects[40];
	int broken;    /* whose operations do not fit the model; -1: none */
	size_t in_use; /* by all that are looked at */
	size_t most;
};

static void take_memory(struct made *made, size_t bytes)
{
	size_t now = __atomic_add_fetch(&made->in_use, bytes, __ATOMIC_SEQ_CST);
	size_t most = __atomic_load_n(&made->most, __ATOMIC_SEQ_CST);

	while (now > most &&
		!__atomic_compare_exchange_n(
			&made->most, &most, now, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

/* Later ones are done sooner. */
static int judge_made(void *context, unsigned thread, struct arena *arena, size_t object,
	struct object_limits *limits, struct judgement *out, struct err *err)
{
	struct made *made = context;
	size_t needs = made->objects[object].needs;

	(void)arena;
	if (thread >= 7)
		abort();
	if ((int)object == made->broken)
		return err_set(err, "object %zu does not fit", object);
	take_memory(made, limits->bytes);
	usleep(object < 10 ? 2000 : 20);
	limits->ran_short = needs > limits->bytes;
	out->finding = limits->ran_short ? FINDING_UNDECIDED : made->objects[object].finding;
	out->n_judged = 1;
	buf_printf(&out->reason, "object %zu%s", object, limits->ran_short ? " ran short" : "");
	__atomic_sub_fetch(&made->in_use, limits->bytes, __ATOMIC_SEQ_CST);
	return 0;
}

/* With any number of threads: the same finding, sentence and count. */
static void expect(struct made *made, int rc, enum finding finding, const char *reason, size_t n)
{
	for (size_t i = 0; i < N_NUMBERS; i++) {
		struct objects objects = {.n = 40,
			.threads = numbers[i],
			.limit_bytes = 7000,
			.judge = judge_made,
			.context = made};
		struct judgement out = {0};
		struct arena arena = {0};
		struct err err = {0};
		size_t n_judged;

		made->most = 0;
		assert_int_equal(objects_judge(&objects, &arena, &out, &n_judged, &err), rc);
		assert_true(made->most <= 7000);
		if (rc) {
			assert_string_equal(err.text, reason);
		} else {
			assert_int_equal(out.finding, finding);
			assert_string_equal(buf_str(&out.reason), reason);
			assert_int_equal(n_judged, n);
		}
		judgement_release(&out);
		arena_release(&arena);
	}
}

static void the_first_violated_object_is_shown(void **state)
{
	struct made made = {.broken = -1};

	(void)state;
	expect(&made, 0, FINDING_VALID, "object 39", 40);
	made.objects[35].finding = FINDING_UNDECIDED;
	made.objects[3].finding = FINDING_UNDECIDED;
	expect(&made, 0, FINDING_UNDECIDED, "object 3", 40);
	made.objects[30].finding = FINDING_VIOLATED;
	expect(&made, 0, FINDING_VIOLATED, "object 30", 31);
	made.objects[7].finding = FINDING_VIOLATED;
	expect(&made, 0, FINDING_VIOLATED, "object 7", 8);
}

static void an_error_counts_where_it_stands(void **state)
{
	struct made made = {.broken = 9};

	(void)state;
	made.objects[20].finding = FINDING_VIOLATED;
	expect(&made, -1, 0, "object 9 does not fit", 0);
	made.objects[8].finding = FINDING_VIOLATED;
	expect(&made, 0, FINDING_VIOLATED, "object 8", 9);
}

/* What a seventh of the memory does not suffice for is judged with all of it, and what all does not
 * suffice for stays undecided. */
static void threads_take_no_verdict_away(void **state)
{
	struct made made = {.broken = -1};

	(void)state;
	made.objects[5].needs = 6000;
	made.objects[5].finding = FINDING_VIOLATED;
	made.objects[2].needs = 6500;
	expect(&made, 0, FINDING_VIOLATED, "object 5", 6);
	made.objects[5].finding = FINDING_VALID;
	expect(&made, 0, FINDING_VALID, "object 39", 40);
	made.objects[4].needs = 7001;
	expect(&made, 0, FINDING_UNDECIDED, "object 4 ran short", 40);
}

#define KEYS 40
#define OPS_PER_KEY 60

/* A cas register per key, four clients each, everything taking effect at its call; in keys that are
 * spoiled one read sees what nobody wrote. */
static void make_registers(struct arena *arena, struct past *past, struct rng *rng, bool spoiled)
{
	int64_t held[KEYS] = {0};

	for (uint64_t i = 0; i < KEYS * OPS_PER_KEY; i++) {
		struct past_op *op = ARENA_PUSH(arena, past->ops, past->n);
		uint64_t key = i < KEYS ? i : rng_below(rng, KEYS);
		int64_t next = 1 + (int64_t)rng_below(rng, 5);

		*op = (struct past_op){.f = "read", .process = (int64_t)(i % 4), .call = 2 * i};
		op->key = past_int(arena, (int64_t)key);
		op->ret = op->call + 1 + 2 * rng_below(rng, 8);
		if (!held[key] || rng_below(rng, 2)) {
			op->f = held[key] ? "cas" : "write";
			op->given = op->got = held[key] ? past_pair(arena, held[key], next)
							: past_int(arena, next);
			held[key] = next;
		} else {
			op->given = op->got = past_int(arena, held[key]);
			if (spoiled && i > KEYS * OPS_PER_KEY / 2 && key % 13 == 11)
				op->given = op->got = past_int(arena, 77);
		}
	}
}

static void print(const struct judgement *judgement, const struct past *past, struct buf *out)
{
	buf_printf(out, "%s, %zu operations on %zu objects: %s\n", finding_name(judgement->finding),
		judgement->n_judged, judgement->n_objects, buf_str(&judgement->reason));
	for (size_t i = 0; i < judgement->n_exhibits; i++)
		buf_printf(out, "%td %s\n", judgement->exhibits[i].op - past->ops,
			judgement->exhibits[i].why ? judgement->exhibits[i].why : "");
}

static void registers_are_judged_alike_by_any_number(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 6; seed++) {
		struct buf text[N_NUMBERS] = {{0}};
		struct arena arena = {0};
		struct past past = {0};
		struct rng rng;

		rng_seed(&rng, seed);
		make_registers(&arena, &past, &rng, seed % 2);
		for (size_t i = 0; i < N_NUMBERS; i++) {
			struct model_options options = {.past = &past, .threads = numbers[i]};
			struct judgement judgement = {0};
			struct err err = {0};

			assert_int_equal(judge_cas_register(&arena, &options, &judgement, &err), 0);
			assert_int_equal(
				judgement.finding, seed % 2 ? FINDING_VIOLATED : FINDING_VALID);
			print(&judgement, &past, &text[i]);
			assert_string_equal(buf_str(&text[i]), buf_str(&text[0]));
			judgement_release(&judgement);
		}
		if (seed % 2)
			assert_non_null(strstr(buf_str(&text[0]), "of 11 "));
		for (size_t i = 0; i < N_NUMBERS; i++)
			buf_release(&text[i]);
		arena_release(&arena);
	}
}

/* Counters of many keys, one of which is read below what must be in. */
static void counters_are_judged_alike_by_any_number(void **state)
{
	struct arena arena = {0};
	struct past past = {0};

	(void)state;
	for (int64_t i = 0; i < 30; i++) {
		for (int n = 0; n < 3; n++) {
			struct past_op *op = ARENA_PUSH(&arena, past.ops, past.n);

			*op = (struct past_op){.f = n < 2 ? "add" : "read"};
			op->key = past_int(&arena, i);
			op->given = op->got = past_int(&arena, n < 2 ? 1 : i < 17 ? 2 : 1);
			op->call = 2 * past.n;
			op->ret = op->call + 1;
		}
	}
	for (size_t i = 0; i < N_NUMBERS; i++) {
		struct model_options options = {.past = &past, .threads = numbers[i]};
		struct judgement judgement = {0};
		struct err err = {0};

		assert_int_equal(
			model_judge(model_find("counter"), &arena, &options, &judgement, &err), 0);
		assert_int_equal(judgement.finding, FINDING_VIOLATED);
		assert_int_equal(judgement.n_judged, 18 * 3);
		assert_int_equal(judgement.exhibits[0].op->key->number, 17);
		judgement_release(&judgement);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_violated_object_is_shown),
		cmocka_unit_test(an_error_counts_where_it_stands),
		cmocka_unit_test(threads_take_no_verdict_away),
		cmocka_unit_test(registers_are_judged_alike_by_any_number),
		cmocka_unit_test(counters_are_judged_alike_by_any_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
