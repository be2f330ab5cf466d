/*
 * set: a linearizable set that only grows: add, and reads of all of it.
 *
 * Reads of such a set form a chain, each holding all of the one before; what is new in a read was
 * added between the two. That fixes the order of everything but for operations side by side:
 * groups of adds and reads in turn. So the history has an order exactly if the reads form a chain
 * and nothing of a later group returned before something of an earlier one was called. An element
 * that is added several times is in from the first of them on. O(n log n) and one pass over what
 * was read.
 */
#include "fixtures/base/arena.h"
#include "suites/judge/models/model.h"

#include <stdlib.h>
#include <string.h>

struct element {
	uint64_t call, ret;          /* of the earliest add */
	const struct past_op *first; /* with that call; NULL: never added */
	const struct past_op *done;  /* with that ret */
	size_t stamp;                /* 1 + the read that was looked at last */
	bool is_seen;
};

struct set_read {
	const struct past_op *op;
	const uint32_t *elements; /* without doubles */
	size_t n;
};

struct set {
	struct arena *arena;
	const struct past *past;
	struct judgement *out;
	struct names names;
	struct element *elements;
	struct set_read *reads;
	size_t n_reads;
	/* The latest call so far, and the first read behind its group. */
	uint64_t latest_call;
	const struct past_op *latest, *behind;
};

static void convict(struct set *set, const char *reason)
{
	set->out->finding = FINDING_VIOLATED;
	buf_clear(&set->out->reason);
	buf_puts(&set->out->reason, reason);
}

static const char *name_of(struct set *set, uint32_t element)
{
	struct buf text = {0};
	const char *name;

	datum_print(names_datum(&set->names, element), &text);
	name = arena_strdup(set->arena, buf_str(&text));
	buf_release(&text);
	return name;
}

static int take_read(struct set *set, const struct past_op *op, struct err *err)
{
	struct set_read *read;
	uint32_t *elements;

	if (op->outcome != PAST_OK || (datum_is_nil(op->got) && set->past->nil_read_says_nothing))
		return 0;
	if (!op->got || op->got->kind != DATUM_LIST)
		return op_unknown(op, "set", err);
	read = ARENA_PUSH(set->arena, set->reads, set->n_reads);
	elements = arena_array(set->arena, op->got->n + 1, sizeof(*elements));
	for (size_t i = 0; i < op->got->n; i++)
		elements[i] = names_of(&set->names, &op->got->items[i]);
	*read = (struct set_read){op, elements, op->got->n};
	set->out->n_judged++;
	return 0;
}

static void take_add(struct set *set, const struct past_op *op)
{
	struct element *element = &set->elements[names_of(&set->names, op->given)];

	if (op->outcome == PAST_FAIL)
		return;
	set->out->n_judged++;
	if (!element->first || op->call < element->call) {
		element->call = op->call;
		element->first = op;
	}
	if (!element->done || op->ret < element->ret) {
		element->ret = op->ret;
		element->done = op;
	}
}

/* Reads first, so that the number of elements is known when adds are taken. */
static int take_all(struct set *set, const struct past *past, struct err *err)
{
	for (size_t i = 0; i < past->n; i++) {
		const struct past_op *op = &past->ops[i];
		bool is_read = !strcmp(op->f, "read");

		if (!is_read && strcmp(op->f, "add"))
			return op_unknown(op, "set", err);
		if (is_read && take_read(set, op, err))
			return -1;
		if (!is_read)
			names_of(&set->names, op->given);
	}
	set->elements = arena_array(set->arena, set->names.n + 1, sizeof(*set->elements));
	for (size_t i = 0; i < past->n; i++) {
		if (*past->ops[i].f == 'a')
			take_add(set, &past->ops[i]);
	}
	return 0;
}

/* Stamps the elements of read i, drops doubles; an element that nobody added convicts. */
static bool stamp(struct set *set, size_t i)
{
	struct set_read *read = &set->reads[i];
	uint32_t *elements = (uint32_t *)read->elements;
	size_t n = 0;

	for (size_t e = 0; e < read->n; e++) {
		struct element *element = &set->elements[elements[e]];

		if (!element->first) {
			judgement_show(set->arena, set->out, read->op, "holds it");
			convict(set,
				arena_printf(set->arena, "%s was read, but never added",
					name_of(set, elements[e])));
			return false;
		}
		if (element->stamp != i + 1)
			elements[n++] = elements[e];
		element->stamp = i + 1;
	}
	read->n = n;
	return true;
}

static int by_size(const void *a, const void *b)
{
	const struct set_read *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return x->op < y->op ? -1 : x->op > y->op;
}

/* Has read i, just stamped, all of the one before it. */
static bool follows(struct set *set, size_t i)
{
	const struct set_read *before = i ? &set->reads[i - 1] : NULL;

	for (size_t e = 0; before && e < before->n; e++) {
		if (set->elements[before->elements[e]].stamp == i + 1)
			continue;
		judgement_show(set->arena, set->out, before->op, "holds it, but lacks another");
		judgement_show(
			set->arena, set->out, set->reads[i].op, "holds that, but lacks the first");
		convict(set,
			arena_printf(set->arena,
				"two reads each miss what the other holds (%s and another): "
				"neither can come first",
				name_of(set, before->elements[e])));
		return false;
	}
	return true;
}

/* With the other adds of the element: any of them might have been the one that put it in. */
static void show(struct set *set, const struct past_op *op, const char *why)
{
	judgement_show(set->arena, set->out, op, why);
	for (size_t i = 0; *op->f == 'a' && i < set->past->n; i++) {
		const struct past_op *other = &set->past->ops[i];

		if (*other->f == 'a' && other != op && other->outcome != PAST_FAIL &&
			names_of(&set->names, other->given) == names_of(&set->names, op->given))
			judgement_show(set->arena, set->out, other, "of the same element");
	}
}

/* Something of a later group: did it return before something of an earlier one was called? */
static bool fits(struct set *set, const struct past_op *op, uint64_t ret, bool is_new_group)
{
	if (set->latest && ret < set->latest_call) {
		show(set, op, "must come last, but returned first");
		show(set, set->latest, "called later");
		if (is_new_group && set->behind)
			judgement_show(set->arena, set->out, set->behind,
				"holds nothing of the first of these");
		convict(set,
			arena_printf(set->arena,
				"what was read puts %s behind %s, but it returned before that was "
				"called",
				op_phrase(set->arena, op), op_phrase(set->arena, set->latest)));
		return false;
	}
	return true;
}

static void pass(struct set *set, const struct past_op *op, uint64_t call)
{
	if (!set->latest || call > set->latest_call) {
		set->latest_call = call;
		set->latest = op;
	}
}

/* The adds that are new in read i, then the read itself. */
static bool place(struct set *set, size_t i)
{
	struct set_read *read = &set->reads[i];

	for (size_t e = 0; e < read->n; e++) {
		struct element *element = &set->elements[read->elements[e]];

		if (!element->is_seen && !fits(set, element->done, element->ret, true))
			return false;
	}
	for (size_t e = 0; e < read->n; e++) {
		struct element *element = &set->elements[read->elements[e]];

		if (!element->is_seen)
			pass(set, element->first, element->call);
		element->is_seen = true;
	}
	return fits(set, read->op, read->op->ret, false);
}

/* Reads of one size are side by side: all are placed before one of them has passed. */
static void place_all(struct set *set)
{
	for (size_t i = 0, next; i < set->n_reads; i = next) {
		for (next = i; next < set->n_reads && set->reads[next].n == set->reads[i].n;
			next++) {
			if (!stamp(set, next) || !follows(set, next) || !place(set, next))
				return;
		}
		for (size_t same = i; same < next; same++)
			pass(set, set->reads[same].op, set->reads[same].op->call);
		set->behind = set->reads[i].op;
	}
	for (size_t e = 0; e < set->names.n; e++) {
		struct element *element = &set->elements[e];

		if (element->first && !element->is_seen &&
			!fits(set, element->done, element->ret, true))
			return;
	}
}

int judge_set(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err)
{
	struct set set = {.arena = arena, .past = options->past, .out = out};

	names_init(&set.names, arena);
	if (take_all(&set, options->past, err))
		return -1;
	out->finding = FINDING_VALID;
	out->n_objects = 1;
	for (size_t i = 0; i < set.n_reads; i++) {
		if (!stamp(&set, i))
			return 0;
	}
	for (size_t e = 0; e < set.names.n; e++)
		set.elements[e].stamp = 0;
	if (!set.n_reads)
		out->n_judged = 0; /* without a read nothing of it is evidence */
	if (set.n_reads)
		qsort(set.reads, set.n_reads, sizeof(*set.reads), by_size);
	place_all(&set);
	judgement_sort(out);
	return 0;
}
