/* past_random: values, operations, and the loop that compares. */
#include "suites/tests/helpers/past_random.h"

#include "suites/judge/foreign/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

unsigned past_rounds(void)
{
	const char *rounds = getenv("REGIONPROOF_ROUNDS");

	return rounds ? (unsigned)strtoul(rounds, NULL, 10) : 2000;
}

const struct datum *past_int(struct arena *arena, int64_t value)
{
	struct datum *datum = arena_alloc(arena, sizeof(*datum));

	*datum = (struct datum){.kind = DATUM_INT, .number = value};
	return datum;
}

const struct datum *past_text(struct arena *arena, const char *text)
{
	struct datum *datum = arena_alloc(arena, sizeof(*datum));

	*datum = (struct datum){.kind = DATUM_TEXT, .text = text};
	return datum;
}

const struct datum *past_list(struct arena *arena, const struct datum *const *items, size_t n)
{
	struct datum *datum = arena_alloc(arena, sizeof(*datum));
	struct datum *copies = arena_array(arena, n + 1, sizeof(*copies));

	for (size_t i = 0; i < n; i++) {
		if (items[i])
			copies[i] = *items[i];
	}
	*datum = (struct datum){.kind = DATUM_LIST, .items = copies, .n = n};
	return datum;
}

const struct datum *past_pair(struct arena *arena, int64_t a, int64_t b)
{
	const struct datum *items[] = {past_int(arena, a), past_int(arena, b)};

	return past_list(arena, items, 2);
}

struct past_op *past_add(struct arena *arena, struct past *past, struct rng *rng)
{
	struct past_op *op = ARENA_PUSH(arena, past->ops, past->n);
	uint64_t luck = rng_below(rng, 100);

	op->process = (int64_t)past->n;
	op->line = (uint32_t)past->n;
	op->call = rng_below(rng, 16);
	op->outcome = luck < 75 ? PAST_OK : luck < 90 ? PAST_UNKNOWN : PAST_FAIL;
	op->ret = op->outcome == PAST_UNKNOWN ? PAST_NEVER : op->call + rng_below(rng, 6);
	return op;
}

static int by_call(const void *a, const void *b)
{
	const struct past_op *x = a, *y = b;

	if (x->call != y->call)
		return x->call < y->call ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

void past_sort(struct past *past)
{
	qsort(past->ops, past->n, sizeof(*past->ops), by_call);
}

bool past_before(const struct past_op *a, const struct past_op *b)
{
	return a->ret < b->call;
}

struct comparison {
	judge_fn *judge;
	past_reference *is_sound;
	const char *consistency;
};

/* What is wrong with the judgement of this history; false: nothing. */
static bool differs(const struct comparison *it, const struct past *past, enum finding *finding,
	struct buf *what)
{
	struct arena arena = {0};
	struct model_options options = {.past = past, .consistency = it->consistency};
	struct judgement judgement = {0};
	struct err err = {0};
	enum finding wanted = it->is_sound(past, NULL) ? FINDING_VALID : FINDING_VIOLATED;

	buf_clear(what);
	if (it->judge(&arena, &options, &judgement, &err))
		buf_puts(what, err.text);
	else if (judgement.finding != wanted)
		buf_printf(what, "judged %s, but is %s: %s", finding_name(judgement.finding),
			finding_name(wanted), buf_str(&judgement.reason));
	else if (wanted == FINDING_VIOLATED && it->is_sound(past, &judgement))
		buf_puts(what, "the exhibits alone do not convict");
	*finding = judgement.finding;
	judgement_release(&judgement);
	arena_release(&arena);
	return what->len > 0;
}

/* Operations are left out for as long as it still differs. */
static void shrink(const struct comparison *it, struct past *past, struct buf *what)
{
	struct buf less = {0};
	enum finding finding;

	for (size_t i = 0; i < past->n;) {
		struct past_op op = past->ops[i];
		size_t behind = past->n - i - 1;

		memmove(&past->ops[i], &past->ops[i + 1], behind * sizeof(op));
		past->n--;
		if (differs(it, past, &finding, &less)) {
			buf_clear(what);
			buf_puts(what, buf_str(&less));
			i = 0;
			continue;
		}
		memmove(&past->ops[i + 1], &past->ops[i], behind * sizeof(op));
		past->ops[i++] = op;
		past->n++;
	}
	buf_release(&less);
}

bool past_reduce(judge_fn *judge, past_reference *is_sound, const char *consistency,
	struct past *past, struct buf *what)
{
	const struct comparison it = {judge, is_sound, consistency};
	enum finding finding;

	if (!differs(&it, past, &finding, what))
		return false;
	shrink(&it, past, what);
	return true;
}

static enum finding compare_once(const struct comparison *it, past_maker *make, uint64_t seed)
{
	struct buf what = {0}, history = {0};
	struct arena arena = {0};
	struct past past = {0};
	enum finding finding;
	struct rng rng;

	rng_seed(&rng, seed);
	make(&arena, &rng, &past);
	if (differs(it, &past, &finding, &what)) {
		shrink(it, &past, &what);
		export_jsonl(&past, &history);
		fail_msg("seed %llu: %s\n%s", (unsigned long long)seed, buf_str(&what),
			buf_str(&history));
	}
	buf_release(&what);
	arena_release(&arena);
	return finding;
}

void past_compare(
	judge_fn *judge, past_maker *make, past_reference *is_sound, const char *consistency)
{
	const struct comparison it = {judge, is_sound, consistency};
	unsigned counts[FINDINGS] = {0}, rounds = past_rounds();

	for (unsigned round = 0; round < rounds; round++)
		counts[compare_once(&it, make, 1000 + round)]++;
	print_message("%u histories: %u valid, %u violated\n", rounds, counts[FINDING_VALID],
		counts[FINDING_VIOLATED]);
	assert_true(counts[FINDING_VALID] > rounds / 50);
	assert_true(counts[FINDING_VIOLATED] > rounds / 50);
}
