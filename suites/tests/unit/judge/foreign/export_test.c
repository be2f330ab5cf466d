/* What is exported and read back is judged as before: unknown outcomes, keys, absent values. */
#include "suites/judge/foreign/export.h"
#include "suites/judge/foreign/format.h"
#include "suites/tests/helpers/past_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct datum *value_of(struct arena *arena, struct rng *rng)
{
	uint64_t luck = rng_below(rng, 4);

	if (luck == 3) /* with all that has to be escaped */
		return past_text(arena, "a \"b\" \\ r\n\t:c");
	return luck ? past_int(arena, (int64_t)luck) : NULL;
}

static void make(struct arena *arena, struct rng *rng, struct past *past)
{
	uint64_t n = 2 + rng_below(rng, 6);

	for (uint64_t i = 0; i < n; i++) {
		struct past_op *op = past_add(arena, past, rng);

		op->process = (int64_t)rng_below(rng, 3);
		op->f = rng_below(rng, 2) ? "read" : "write";
		op->key = past_text(arena, rng_below(rng, 2) ? "r:1" : "r:2");
		op->given = op->got = value_of(arena, rng);
	}
	past_sort(past);
}

static enum finding judge(struct arena *arena, const struct past *past, const char *initial)
{
	struct model_options options = {.past = past, .initial = initial};
	struct judgement judgement = {0};
	struct err err = {0};

	if (judge_register(arena, &options, &judgement, &err))
		fail_msg("%s", err.text);
	judgement_release(&judgement);
	return judgement.finding;
}

static enum finding read_back(struct arena *arena,
	int (*read)(struct arena *, const char *, size_t, struct past *, struct err *),
	const struct buf *text, const char *initial)
{
	struct past past = {0};
	struct err err = {0};

	if (read(arena, buf_str(text), text->len, &past, &err))
		fail_msg("%s\n%s", err.text, buf_str(text));
	return judge(arena, &past, initial);
}

static void what_is_read_back_is_judged_alike(void **state)
{
	unsigned counts[FINDINGS] = {0};

	(void)state;
	for (uint64_t seed = 0; seed < past_rounds() / 2; seed++) {
		struct arena arena = {0};
		struct past past = {0};
		struct buf edn = {0}, json = {0};
		enum finding wanted;
		struct rng rng;

		rng_seed(&rng, seed);
		make(&arena, &rng, &past);
		wanted = judge(&arena, &past, NULL);
		counts[wanted]++;
		export_edn(&arena, &past, &edn);
		export_jsonl(&past, &json);
		if (read_back(&arena, read_elle, &edn, ":absent") != wanted ||
			read_back(&arena, read_jsonl, &json, NULL) != wanted)
			fail_msg("seed %llu: %s at first\n%s%s", (unsigned long long)seed,
				finding_name(wanted), buf_str(&edn), buf_str(&json));
		buf_release(&edn);
		buf_release(&json);
		arena_release(&arena);
	}
	assert_true(counts[FINDING_VALID] && counts[FINDING_VIOLATED]);
}

static void transactions_keep_their_form(void **state)
{
	static const char text[] = "w 0 1\nr 1 2\n=====\nw 1 2\n";
	struct arena arena = {0};
	struct past past = {0};
	struct buf out = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(read_awdit(&arena, text, strlen(text), &past, &err), 0);
	export_edn(&arena, &past, &out);
	assert_non_null(strstr(
		buf_str(&out), ":process 0, :type :ok, :f :txn, :value [[:w 0 1] [:r 1 2]]}"));
	buf_release(&out);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_back_is_judged_alike),
		cmocka_unit_test(transactions_keep_their_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
