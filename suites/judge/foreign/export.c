/* export: events in the order of time for EDN, an object a line for JSON. */
#include "suites/judge/foreign/export.h"

#include "fixtures/base/arena.h"
#include "fixtures/json/jv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void print_edn(const struct datum *datum, const char *nil, struct buf *out);

static void print_text(const char *text, struct buf *out)
{
	static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";

	buf_addc(out, '"');
	for (; *text; text++) {
		const char *escaped = strchr(from, *text);

		if (escaped)
			buf_addc(out, '\\');
		buf_addc(out, escaped ? to[escaped - from] : *text);
	}
	buf_addc(out, '"');
}

/* The first of a micro-operation is a keyword: [:append x 1]. */
static bool is_mop(const struct datum *list)
{
	static const char *const words[] = {"r", "w", "append", "read", "write"};
	const char *f = list->n == 3 ? datum_text(&list->items[0]) : NULL;

	for (size_t i = 0; f && i < sizeof(words) / sizeof(*words); i++) {
		if (!strcmp(words[i], f))
			return true;
	}
	return false;
}

static void print_items(const struct datum *datum, size_t n, const char *nil, struct buf *out)
{
	bool mop = datum->kind == DATUM_LIST && is_mop(datum);

	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i ? " " : "");
		if (!i && mop)
			buf_printf(out, ":%s", datum->items[0].text);
		else
			print_edn(&datum->items[i], nil, out);
	}
}

static void print_edn(const struct datum *datum, const char *nil, struct buf *out)
{
	if (datum_is_nil(datum)) {
		buf_puts(out, nil);
	} else if (datum->kind == DATUM_TEXT) {
		print_text(datum->text, out);
	} else if (datum->kind == DATUM_LIST || datum->kind == DATUM_MAP) {
		bool is_map = datum->kind == DATUM_MAP;

		buf_addc(out, is_map ? '{' : '[');
		print_items(datum, is_map ? 2 * datum->n : datum->n, nil, out);
		buf_addc(out, is_map ? '}' : ']');
	} else {
		datum_print(datum, out);
	}
}

struct event {
	uint64_t at;
	uint32_t op;
	bool is_return;
};

/* At one instant calls come first: such operations are concurrent. */
static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->is_return != y->is_return)
		return x->is_return ? 1 : -1;
	return x->op < y->op ? -1 : x->op > y->op;
}

static struct event *list_events(struct arena *arena, const struct past *past, size_t *n)
{
	struct event *events = arena_array(arena, 2 * past->n + 1, sizeof(*events));

	*n = 0;
	for (uint32_t i = 0; i < past->n; i++) {
		events[(*n)++] = (struct event){past->ops[i].call, i, false};
		if (past->ops[i].ret != PAST_NEVER)
			events[(*n)++] = (struct event){past->ops[i].ret, i, true};
	}
	qsort(events, *n, sizeof(*events), by_time);
	return events;
}

/* Processes of the export, and which of ours each serves; taken while an operation is open. */
struct seats {
	struct arena *arena;
	struct names ours;
	uint32_t *seat_of; /* per process of ours: seat + 1; 0: none, or it is taken */
	size_t n_ours;
	uint32_t n_seats;
	uint32_t *by_op;
};

static uint32_t *seat_slot(struct seats *seats, int64_t process)
{
	struct datum *number = arena_alloc(seats->arena, sizeof(*number));
	uint32_t i;

	*number = (struct datum){.kind = DATUM_INT, .number = process};
	i = names_of(&seats->ours, number);
	while (seats->n_ours <= i)
		*ARENA_PUSH(seats->arena, seats->seat_of, seats->n_ours) = 0;
	return &seats->seat_of[i];
}

static uint32_t sit(struct seats *seats, const struct past *past, const struct event *event)
{
	uint32_t *slot = seat_slot(seats, past->ops[event->op].process);

	if (event->is_return) {
		*slot = seats->by_op[event->op] + 1;
		return seats->by_op[event->op];
	}
	seats->by_op[event->op] = *slot ? *slot - 1 : seats->n_seats++;
	*slot = 0;
	return seats->by_op[event->op];
}

static const char *type_of(const struct past_op *op, bool is_return)
{
	if (!is_return)
		return "invoke";
	return op->outcome == PAST_FAIL || op->refused ? "fail" : "ok";
}

static void print_value(const struct past_op *op, bool is_return, const char *nil, struct buf *out)
{
	bool is_read = !strcmp(op->f, "read") || !strcmp(op->f, "r");
	bool is_known = is_return ? op->outcome == PAST_OK : !is_read;

	if (op->key) {
		buf_addc(out, '[');
		print_edn(op->key, "nil", out);
		buf_addc(out, ' ');
	}
	if (is_known || !is_read)
		print_edn(is_return && op->outcome == PAST_OK && !op->refused ? op->got : op->given,
			nil, out);
	else
		buf_puts(out, "nil");
	buf_puts(out, op->key ? "]" : "");
}

void export_edn(struct arena *arena, const struct past *past, struct buf *out)
{
	struct seats seats = {.arena = arena};
	const char *nil = "nil";
	size_t n;
	struct event *events = list_events(arena, past, &n);

	names_init(&seats.ours, arena);
	seats.by_op = arena_array(arena, past->n + 1, sizeof(*seats.by_op));
	for (size_t i = 0; i < past->n && !past->nil_read_says_nothing; i++) {
		if (strcmp(past->ops[i].f, "txn"))
			nil = ":absent";
	}
	if (strcmp(nil, "nil"))
		buf_puts(out, "; a register begins with :absent (judge --initial :absent)\n");
	for (size_t i = 0; i < n; i++) {
		const struct past_op *op = &past->ops[events[i].op];

		buf_printf(out,
			"{:index %zu, :time %" PRIu64 ", :process %u, :type :%s, :f :%s, :value ",
			i, events[i].at, sit(&seats, past, &events[i]),
			type_of(op, events[i].is_return), op->f);
		print_value(op, events[i].is_return, nil, out);
		buf_puts(out, "}\n");
	}
}

static struct jv *to_json(const struct datum *datum)
{
	struct buf text = {0};
	struct jv *json;

	if (datum_is_nil(datum))
		return jv_new_null();
	if (datum->kind == DATUM_INT)
		return jv_new_int(datum->number);
	if (datum->kind == DATUM_BOOL)
		return jv_new_bool(datum->number);
	if (datum->kind == DATUM_LIST) {
		json = jv_new_array();
		for (size_t i = 0; i < datum->n; i++)
			jv_add(json, to_json(&datum->items[i]));
		return json;
	}
	if (datum->kind == DATUM_MAP) {
		json = jv_new_object();
		for (size_t i = 0; i < datum->n; i++) {
			buf_clear(&text);
			datum_print(&datum->items[2 * i], &text);
			jv_set(json, buf_str(&text), to_json(&datum->items[2 * i + 1]));
		}
		buf_release(&text);
		return json;
	}
	return jv_new_string(datum->text);
}

static const char *outcome_of(const struct past_op *op)
{
	return op->refused                 ? "refused"
		: op->outcome == PAST_OK   ? "ok"
		: op->outcome == PAST_FAIL ? "fail"
					   : "unknown";
}

void export_jsonl(const struct past *past, struct buf *out)
{
	for (size_t i = 0; i < past->n; i++) {
		const struct past_op *op = &past->ops[i];
		struct jv *json = jv_new_object();

		jv_set(json, "process", jv_new_int(op->process));
		jv_set(json, "f", jv_new_string(op->f));
		if (op->key)
			jv_set(json, "key", to_json(op->key));
		jv_set(json, "value", to_json(op->given));
		jv_set(json, "result", to_json(op->got));
		jv_set(json, "outcome", jv_new_string(outcome_of(op)));
		jv_set(json, "call", jv_new_int((int64_t)op->call));
		jv_set(json, "ret",
			op->ret == PAST_NEVER ? jv_new_null() : jv_new_int((int64_t)op->ret));
		jv_print(json, 0, out);
		buf_addc(out, '\n');
		jv_free(json);
	}
}
