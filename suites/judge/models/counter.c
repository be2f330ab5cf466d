/*
 * counter: reads lie between what must have been added and what may have been.
 *
 * A read has at least what had returned when it was called, and at most what had been called when it
 * returned; an add whose outcome is unknown is never due, but may have happened. Each read is held
 * to its own bounds, so this is necessary for linearizability, not sufficient. O(n log n).
 */
#include "fixtures/base/arena.h"
#include "suites/judge/models/model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Of the adds up to an instant: the positive and the negative ones. */
struct sum {
	uint64_t at;
	int64_t more, less;
};

struct sums {
	struct sum *items;
	size_t n;
};

static int add_to(struct arena *arena, struct sums *sums, uint64_t at, int64_t value)
{
	struct sum *sum = ARENA_PUSH(arena, sums->items, sums->n);

	*sum = (struct sum){at, value > 0 ? value : 0, value < 0 ? value : 0};
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Sorted, each with all before it. Bounded values keep sums far from overflow. */
static void accumulate(struct sums *sums)
{
	if (sums->n)
		qsort(sums->items, sums->n, sizeof(*sums->items), by_time);
	for (size_t i = 1; i < sums->n; i++) {
		sums->items[i].more += sums->items[i - 1].more;
		sums->items[i].less += sums->items[i - 1].less;
	}
}

static struct sum before(const struct sums *sums, uint64_t at, bool at_itself)
{
	size_t low = 0, high = sums->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sums->items[middle].at < at || (at_itself && sums->items[middle].at == at))
			low = middle + 1;
		else
			high = middle;
	}
	return low ? sums->items[low - 1] : (struct sum){0};
}

/* add 5, or inc and dec, by 1 where they do not say; false: none of them. */
static bool change_of(const struct past_op *op, int64_t *change)
{
	const int64_t most = INT64_C(1) << 32;
	bool is_down = !strcmp(op->f, "dec") || !strcmp(op->f, "decrement");
	bool is_step = is_down || !strcmp(op->f, "inc") || !strcmp(op->f, "increment");

	if (is_step && datum_is_nil(op->given)) {
		*change = is_down ? -1 : 1;
		return true;
	}
	if ((!is_step && strcmp(op->f, "add")) || !op->given || op->given->kind != DATUM_INT ||
		op->given->number > most || op->given->number < -most)
		return false;
	*change = is_down ? -op->given->number : op->given->number;
	return true;
}

static int take_adds(struct arena *arena, const struct past *past, struct sums *called,
	struct sums *returned, struct judgement *out, struct err *err)
{
	for (size_t i = 0; i < past->n; i++) {
		const struct past_op *op = &past->ops[i];
		int64_t change;

		if (!strcmp(op->f, "read"))
			continue;
		if (!change_of(op, &change))
			return op_unknown(op, "counter", err);
		if (op->outcome == PAST_FAIL)
			continue;
		out->n_judged++;
		add_to(arena, called, op->call, change);
		if (op->outcome == PAST_OK)
			add_to(arena, returned, op->ret, change);
	}
	accumulate(called);
	accumulate(returned);
	return 0;
}

static bool judge_read(struct arena *arena, const struct past_op *op, int64_t initial,
	const struct sums *called, const struct sums *returned, struct judgement *out)
{
	struct sum may = before(called, op->ret, true), must = before(returned, op->call, false);
	int64_t low = initial + must.more + may.less, high = initial + may.more + must.less;

	if (op->got->number >= low && op->got->number <= high)
		return true;
	out->finding = FINDING_VIOLATED;
	buf_printf(&out->reason,
		"%s is not between %" PRId64 " and %" PRId64
		": what had returned before it was called "
		"must be in, and nothing called after it returned can be",
		op_phrase(arena, op), low, high);
	judgement_show(arena, out, op,
		arena_printf(arena, "%" PRId64 " to %" PRId64 " were possible", low, high));
	return false;
}

int judge_counter(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err)
{
	const struct past *past = options->past;
	struct sums called = {0}, returned = {0};
	const struct datum *initial;
	size_t n_reads = 0;
	int64_t from;

	if (model_initial(arena, options, &initial, err) ||
		take_adds(arena, past, &called, &returned, out, err))
		return -1;
	from = initial->kind == DATUM_INT ? initial->number : 0;
	if (from > INT64_C(1) << 62 || from < -(INT64_C(1) << 62))
		return err_exit(err, EXIT_USAGE, "--initial is too large for a counter");
	out->finding = FINDING_VALID;
	out->n_objects = 1;
	for (size_t i = 0; i < past->n; i++) {
		const struct past_op *op = &past->ops[i];

		if (strcmp(op->f, "read") || op->outcome != PAST_OK ||
			(datum_is_nil(op->got) && past->nil_read_says_nothing))
			continue;
		n_reads++;
		if (!op->got || op->got->kind != DATUM_INT)
			return op_unknown(op, "counter", err);
		out->n_judged++;
		if (!judge_read(arena, op, from, &called, &returned, out))
			break;
	}
	if (!n_reads)
		out->n_judged = 0; /* without a read nothing of it is evidence */
	return 0;
}
