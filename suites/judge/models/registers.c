/*
 * registers: the linearizable objects (register, cas-register, mutex, multi-register) as steps.
 *
 * The history is parted by key, and each object is judged on its own (linearizability is local).
 * A register whose written values are all different goes to zones, everything else to the search.
 */
#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "suites/judge/models/objects.h"
#include "suites/judge/models/search.h"
#include "suites/judge/models/shrink.h"
#include "suites/judge/models/zones.h"

#include <stdlib.h>
#include <string.h>

#define SHRINK_NS (4 * NSEC_PER_SEC)
/* Fewer operations are judged sooner than threads are started. */
#define WORTH_THREADS 2000

struct registers {
	struct arena *arena;
	const struct model_options *options;
	struct judgement *out;
	const char *model;
	struct names *values, *keys, *parts; /* parts: keys within transactions */
	uint32_t initial;
	bool has_rows, has_texts;
	uint32_t *local;              /* of a thread: scratch, per value; see renumber() */
	struct object_limits *limits; /* of the object that is judged */
	/* All objects, one after the other. */
	struct search_op *ops;
	const struct past_op **from;
	size_t *starts; /* of each object, and the end */
	size_t n_said;
};

/* 1: it says something, 0: nothing, -1: the model does not know it. */
typedef int decoder(struct registers *all, const struct past_op *op, struct step *step);

static int decode_register(struct registers *all, const struct past_op *op, struct step *step)
{
	bool is_read = !strcmp(op->f, "read") || !strcmp(op->f, "r") || !strcmp(op->f, "get");

	if (!strcmp(op->f, "append") && datum_text(op->given)) {
		*step = (struct step){.kind = STEP_APPEND, .a = names_of(all->values, op->given)};
		all->has_texts = true;
		return 1;
	}
	if (!is_read && strcmp(op->f, "write") && strcmp(op->f, "w") && strcmp(op->f, "put"))
		return -1;
	*step = (struct step){.kind = is_read ? STEP_READ : STEP_WRITE};
	if (is_read &&
		(op->outcome != PAST_OK ||
			(all->options->past->nil_read_says_nothing && datum_is_nil(op->got))))
		return 0;
	step->a = names_of(all->values, is_read ? op->got : op->given);
	return 1;
}

static int decode_cas_register(struct registers *all, const struct past_op *op, struct step *step)
{
	const struct datum *expected = datum_at(op->given, 0), *new = datum_at(op->given, 1);

	if (strcmp(op->f, "cas"))
		return decode_register(all, op, step);
	if (!expected || !new || op->given->n != 2)
		return -1;
	*step = (struct step){.kind = op->refused ? STEP_DIFFER : STEP_CAS};
	step->a = names_of(all->values, expected);
	step->b = op->refused ? 0 : names_of(all->values, new);
	return 1;
}

static const struct datum lock_free = {.kind = DATUM_TEXT, .text = "free"};
static const struct datum lock_held = {.kind = DATUM_TEXT, .text = "held"};

static int decode_mutex(struct registers *all, const struct past_op *op, struct step *step)
{
	bool acquires = !strcmp(op->f, "acquire");
	uint32_t is_free = names_of(all->values, &lock_free);
	uint32_t is_held = names_of(all->values, &lock_held);

	if (!acquires && strcmp(op->f, "release"))
		return -1;
	*step = (struct step){.kind = STEP_CAS,
		.a = acquires ? is_free : is_held,
		.b = acquires ? is_held : is_free};
	return 1;
}

static int decode_part(struct registers *all, const struct past_op *op, const struct datum *datum,
	struct step_part *out)
{
	const char *f = datum_text(datum_at(datum, 0));
	const struct datum *key = datum_at(datum, 1), *value = datum_at(datum, 2);
	bool is_write = f && (!strcmp(f, "w") || !strcmp(f, "write"));

	if (!f || !key || (!is_write && strcmp(f, "r") && strcmp(f, "read")))
		return -1;
	*out = (struct step_part){.is_write = is_write, .key = names_of(all->parts, key)};
	if (!is_write &&
		(op->outcome != PAST_OK ||
			(all->options->past->nil_read_says_nothing && datum_is_nil(value))))
		out->value = VALUE_ANY;
	else
		out->value = names_of(all->values, value);
	return 0;
}

static int decode_multi_register(struct registers *all, const struct past_op *op, struct step *step)
{
	const struct datum *parts = op->outcome == PAST_OK ? op->got : op->given;
	struct step_part *out;

	if (!parts || parts->kind != DATUM_LIST)
		return -1;
	out = arena_array(all->arena, parts->n + 1, sizeof(*out));
	for (size_t i = 0; i < parts->n; i++) {
		if (decode_part(all, op, &parts->items[i], &out[i]))
			return -1;
	}
	*step = (struct step){.kind = STEP_TXN, .parts = out, .n_parts = parts->n};
	return 1;
}

static void print_value(struct registers *all, uint32_t value, struct buf *out)
{
	if (value == SEARCH_OTHER) {
		buf_puts(out, "something that nobody here asks about");
		return;
	}
	datum_print(names_datum(all->values, value), out);
}

static void print_states(struct registers *all, const struct search *search, struct buf *out)
{
	size_t n = search->n_states < SEARCH_STATES ? search->n_states : SEARCH_STATES;

	for (size_t i = 0; i < n; i++) {
		const uint32_t *row = &search->states[i];
		size_t width = 1;

		if (i)
			buf_puts(out, i + 1 == search->n_states ? " or " : ", ");
		if (all->has_rows) {
			width = search->rows->width;
			row = search->rows->cells + search->states[i] * width;
			buf_addc(out, '{');
		}
		for (size_t k = 0; k < width; k++) {
			if (all->has_rows) {
				buf_puts(out, k ? " " : "");
				datum_print(names_datum(all->parts, (uint32_t)k), out);
				buf_addc(out, ' ');
			}
			print_value(all, row[k], out);
		}
		buf_puts(out, all->has_rows ? "}" : "");
	}
	if (search->n_states > n)
		buf_printf(out, " or one of %zu others", search->n_states - n);
}

static const char *why_there(const struct search_op *op)
{
	if (op->is_optional)
		return "was under way when the stretch began: it may have taken effect before, or not";
	return op->ret == SEARCH_NEVER ? "never returned: it may take effect at any time after its "
					 "call, or not"
				       : NULL;
}

/* What is left of the search, or of the stretch of it that has no explanation on its own. */
static void show_needed(struct registers *all, size_t first, const struct search *search,
	const uint32_t *from, const bool *needed, const char *states)
{
	for (size_t i = 0; i < search->n; i++) {
		const struct past_op *op = all->from[first + (from ? from[i] : i)];
		const char *why = why_there(&search->ops[i]);

		if (op->ret != PAST_NEVER && search->ops[i].ret == SEARCH_NEVER)
			why = NULL; /* it was only not awaited here */
		if (i == search->failed)
			why = arena_printf(all->arena,
				"no order explains it: the state can only be %s", states);
		if (needed[i])
			judgement_show(all->arena, all->out, op, why);
	}
}

static void convict_by_search(struct registers *all, size_t first, struct search *search)
{
	const struct search_window *window = &search->window;
	struct search stretch = *search;
	struct buf *reason = &all->out->reason;
	struct buf states = {0};
	size_t failed = search->failed;
	bool *needed;

	if (window->ops) {
		stretch.ops = window->ops;
		stretch.n = window->n;
		stretch.initials = window->states;
		stretch.n_initials = window->n_states;
		for (stretch.failed = 0; window->from[stretch.failed] != failed;)
			stretch.failed++;
	}
	needed = arena_array(all->arena, stretch.n, sizeof(*needed));
	search_shrink(&stretch, SHRINK_NS, needed);
	needed[stretch.failed] = true;
	print_states(all, &stretch, &states);
	show_needed(
		all, first, &stretch, window->ops ? window->from : NULL, needed, buf_str(&states));
	failed = window->ops ? window->from[stretch.failed] : stretch.failed;
	buf_printf(reason,
		"no order explains %s: whatever all others called before its return did, the state until "
		"then can only have been %s",
		op_phrase(all->arena, all->from[first + failed]), buf_str(&states));
	if (window->ops)
		buf_printf(reason,
			", even if what had returned before %s was called could be anything",
			op_phrase(all->arena, all->from[first + window->first]));
	buf_release(&states);
}

static const char *phrase_at(struct registers *all, size_t first, size_t op)
{
	return op == ZONES_NO_OP ? "the beginning" : op_phrase(all->arena, all->from[first + op]);
}

static void convict_by_conflict(struct registers *all, size_t first, const struct zones_finding *f)
{
	struct buf *out = &all->out->reason, names[2] = {{0}, {0}};

	for (int i = 0; i < 2; i++) {
		print_value(all, f->values[i], &names[i]);
		if (f->returned[i] != ZONES_NO_OP)
			judgement_show(
				all->arena, all->out, all->from[first + f->returned[i]], NULL);
		judgement_show(all->arena, all->out, all->from[first + f->called[i]], NULL);
	}
	buf_printf(out, "%s was held both before and after %s, but is written once: %s ",
		buf_str(&names[0]), buf_str(&names[1]), phrase_at(all, first, f->returned[0]));
	buf_printf(out, "came before %s was called, and ", phrase_at(all, first, f->called[1]));
	buf_printf(out, "%s before %s", phrase_at(all, first, f->returned[1]),
		phrase_at(all, first, f->called[0]));
	buf_release(&names[0]);
	buf_release(&names[1]);
}

static void convict_by_zones(struct registers *all, size_t first, enum zones_end end,
	const struct zones_finding *finding)
{
	struct buf *out = &all->out->reason;

	if (end == ZONES_CONFLICT) {
		convict_by_conflict(all, first, finding);
		return;
	}
	judgement_show(all->arena, all->out, all->from[first + finding->ops[0]],
		"no write before its return has this value");
	if (end == ZONES_FUTURE)
		judgement_show(all->arena, all->out, all->from[first + finding->ops[1]],
			"called only then");
	buf_puts(out, phrase_at(all, first, finding->ops[0]));
	if (end == ZONES_UNWRITTEN)
		buf_puts(out, " returned a value that nobody wrote");
	else
		buf_printf(out, " returned before %s, the only one of that value, was called",
			phrase_at(all, first, finding->ops[1]));
}

static void give_up(
	struct registers *all, size_t n, const struct search *search, enum search_end end)
{
	struct judgement *out = all->out;

	all->limits->ran_short = end == SEARCH_OUT_OF_MEMORY;
	out->finding = FINDING_UNDECIDED;
	buf_printf(&out->reason,
		"the search ran out of %s behind %zu of %zu operations of one object: up to %zu "
		"possible situations at a time, %zu MB",
		end == SEARCH_OUT_OF_TIME ? "time" : "memory", search->reached, n,
		search->peak_configs, search->peak_bytes >> 20);
}

/* An --initial that is a map says it key by key. */
static void set_initial(struct registers *all, struct rows *rows)
{
	const struct datum *initial = names_datum(all->values, all->initial);

	for (uint32_t k = 0; initial && initial->kind == DATUM_MAP && k < all->parts->n; k++) {
		rows->cells[k] = names_of(all->values, NULL);
		for (size_t i = 0; i < initial->n; i++) {
			if (datum_equal(&initial->items[2 * i], names_datum(all->parts, k)))
				rows->cells[k] = names_of(all->values, &initial->items[2 * i + 1]);
		}
	}
	rows_rehash(rows);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What was read; a put of what nobody read the beginning of leads to the one state for all such. */
static void list_texts(struct registers *all, struct search_op *ops, size_t n, struct rows *rows)
{
	rows->seen = arena_array(all->arena, n + 1, sizeof(*rows->seen));
	for (size_t i = 0; i < n; i++) {
		const char *text = datum_text(names_datum(all->values, ops[i].step.a));

		if (ops[i].step.kind == STEP_READ)
			rows->seen[rows->n_seen++] = text ? text : "";
	}
	if (rows->n_seen)
		qsort(rows->seen, rows->n_seen, sizeof(*rows->seen), by_text);
	for (size_t i = 0; i < n; i++) {
		const char *text = datum_text(names_datum(all->values, ops[i].step.a));

		if (ops[i].step.kind == STEP_WRITE && text && !rows_may_be_seen(rows, text))
			ops[i].step.a = SEARCH_OTHER;
	}
}

static void judge_by_search(struct registers *all, size_t first, size_t n)
{
	struct rows rows;
	struct search search = {.ops = all->ops + first,
		.n = n,
		.arena = all->arena,
		.initial = all->initial,
		.deadline_ns = all->limits->deadline_ns,
		.limit_bytes = all->limits->bytes};
	enum search_end end;

	if (all->has_rows) {
		rows_init(&rows, all->parts->n, all->initial);
		set_initial(all, &rows);
		search.rows = &rows;
		search.initial = 0;
	}
	if (all->has_texts) {
		rows = (struct rows){.texts = all->values};
		list_texts(all, all->ops + first, n, &rows);
		search.rows = &rows;
	}
	end = search_run(&search);
	if (end == SEARCH_NONE) {
		buf_clear(&all->out->reason);
		all->out->finding = FINDING_VIOLATED;
		convict_by_search(all, first, &search);
	} else if (end != SEARCH_FOUND) {
		give_up(all, n, &search, end);
	}
	if (all->has_rows)
		rows_release(&rows);
}

/* The object's operations with its own values numbered from 0; values[] leads back. */
static struct search_op *renumber(
	struct registers *all, size_t first, size_t n, uint32_t *values, uint32_t *n_values)
{
	struct search_op *ops = arena_array(all->arena, n, sizeof(*ops));

	all->local[all->initial] = 1;
	values[0] = all->initial;
	*n_values = 1;
	for (size_t i = 0; i < n; i++) {
		ops[i] = all->ops[first + i];
		if (!all->local[ops[i].step.a]) {
			values[*n_values] = ops[i].step.a;
			all->local[ops[i].step.a] = ++*n_values;
		}
		ops[i].step.a = all->local[ops[i].step.a] - 1;
	}
	for (uint32_t v = 0; v < *n_values; v++)
		all->local[values[v]] = 0;
	return ops;
}

/* False where the values are not all different. */
static bool judge_by_zones(struct registers *all, size_t first, size_t n)
{
	uint32_t *values = arena_array(all->arena, n + 1, sizeof(*values)), n_values;
	struct search_op *ops = renumber(all, first, n, values, &n_values);
	struct zones_finding finding = {{0}, {0}, {0}, {0}};
	enum zones_end end;

	if (!zones_fit(ops, n, 0, n_values))
		return false;
	end = zones_judge(ops, n, 0, n_values, &finding);
	if (end == ZONES_VALID)
		return true;
	finding.values[0] = values[finding.values[0]];
	finding.values[1] = values[finding.values[1]];
	buf_clear(&all->out->reason);
	all->out->finding = FINDING_VIOLATED;
	convict_by_zones(all, first, end, &finding);
	return true;
}

static int judge_object(void *context, unsigned thread, struct arena *arena, size_t object,
	struct object_limits *limits, struct judgement *out, struct err *err)
{
	struct registers one = *(struct registers *)context;
	size_t first = one.starts[object], n = one.starts[object + 1] - first;

	(void)err;
	one.arena = arena;
	one.out = out;
	one.local += thread * one.values->n;
	one.limits = limits;
	if (one.has_rows || !judge_by_zones(&one, first, n))
		judge_by_search(&one, first, n);
	return 0;
}

/* Operations that say something, sorted by object. */
static int part_by_key(struct registers *all, decoder *decode, struct err *err)
{
	const struct past *past = all->options->past;
	struct step *steps = arena_array(all->arena, past->n, sizeof(*steps));
	uint32_t *keys = arena_array(all->arena, past->n, sizeof(*keys));
	size_t *at;

	for (size_t i = 0; i < past->n; i++) {
		int says = decode(all, &past->ops[i], &steps[i]);

		if (says < 0)
			return op_unknown(&past->ops[i], all->model, err);
		says = says && past->ops[i].outcome != PAST_FAIL;
		keys[i] = says ? names_of(all->keys, past->ops[i].key) : UINT32_MAX;
		all->n_said += (size_t)says;
	}
	at = all->starts = arena_array(all->arena, all->keys->n + 2, sizeof(*at));
	for (size_t i = 0; i < past->n; i++)
		at[keys[i] == UINT32_MAX ? 0 : keys[i] + 2] += keys[i] != UINT32_MAX;
	for (size_t k = 2; k < all->keys->n + 2; k++)
		at[k] += at[k - 1];
	all->ops = arena_array(all->arena, past->n, sizeof(*all->ops));
	all->from = arena_array(all->arena, past->n, sizeof(*all->from));
	for (size_t i = 0; i < past->n; i++) {
		if (keys[i] == UINT32_MAX)
			continue;
		all->from[at[keys[i] + 1]] = &past->ops[i];
		all->ops[at[keys[i] + 1]++] =
			(struct search_op){steps[i], past->ops[i].call, past->ops[i].ret, false};
	}
	return 0;
}

static int judge_objects(struct registers *all, struct err *err)
{
	struct objects objects = {.n = all->keys->n,
		.threads = all->options->threads,
		.limit_ns = all->options->limit_ns,
		.limit_bytes = all->options->limit_bytes,
		.judge = judge_object,
		.context = all};
	size_t n_judged;

	/* Rows and texts become new names while they are searched. */
	if (all->has_rows || all->has_texts || all->n_said < WORTH_THREADS)
		objects.threads = 1;
	all->local = arena_array(
		all->arena, objects_threads(&objects) * all->values->n, sizeof(*all->local));
	return objects_judge(&objects, all->arena, all->out, &n_judged, err);
}

static int judge(
	struct registers *all, decoder *decode, const struct datum *initial, struct err *err)
{
	struct names values, keys, parts;

	all->values = &values;
	all->keys = &keys;
	all->parts = &parts;
	names_init(&values, all->arena);
	names_init(&keys, all->arena);
	names_init(&parts, all->arena);
	all->initial = names_of(&values, initial);
	if (part_by_key(all, decode, err) || judge_objects(all, err))
		return -1;
	all->out->n_judged = all->n_said;
	all->out->n_objects = keys.n;
	judgement_sort(all->out);
	return 0;
}

static int judge_with_initial(struct registers *all, decoder *decode, struct err *err)
{
	static const struct datum empty = {.kind = DATUM_TEXT, .text = ""};
	const struct past *past = all->options->past;
	const struct datum *initial;
	bool is_text = false;

	if (model_initial(all->arena, all->options, &initial, err))
		return -1;
	for (size_t i = 0; i < past->n && !all->options->initial && !is_text; i++)
		is_text = !strcmp(past->ops[i].f, "append");
	return judge(all, decode, is_text ? &empty : initial, err);
}

int judge_register(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err)
{
	if (options->consistency && strcmp(options->consistency, "linearizable"))
		return judge_rw_register(arena, options, out, err);
	struct registers all = {
		.arena = arena, .options = options, .out = out, .model = "register"};

	return judge_with_initial(&all, decode_register, err);
}

int judge_cas_register(struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err)
{
	struct registers all = {
		.arena = arena, .options = options, .out = out, .model = "cas-register"};

	return judge_with_initial(&all, decode_cas_register, err);
}

int judge_mutex(struct arena *arena, const struct model_options *options, struct judgement *out,
	struct err *err)
{
	struct registers all = {.arena = arena, .options = options, .out = out, .model = "mutex"};

	return judge(&all, decode_mutex, &lock_free, err);
}

int judge_multi_register(struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err)
{
	struct registers all = {.arena = arena,
		.options = options,
		.out = out,
		.model = "multi-register",
		.has_rows = true};

	return judge_with_initial(&all, decode_multi_register, err);
}
