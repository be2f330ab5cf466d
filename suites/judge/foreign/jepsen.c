/*
 * jepsen: operations as knossos and elle keep them, maps of :process, :type, :f and :value.
 *
 * Either one list of maps or maps one after the other; EDN or JSON. What a nemesis does (any
 * process that is no number) is noise. An :info that ends an operation is the unknown outcome; elle's
 * transactions may have no :f. The value of the return is what came back; where it is nil the
 * operation still has what it was given. Keys of jepsen.independent, [key value], part the history,
 * and so does a :key of its own.
 *
 * Where :process is missing all are of one process, but for what is called while that has an operation
 * open: such a return belongs to the operation of the same :f.
 */
#include "fixtures/base/arena.h"
#include "suites/judge/foreign/edn.h"
#include "suites/judge/foreign/format.h"
#include "suites/judge/foreign/pairs.h"

#include <stdlib.h>
#include <string.h>

static int take_return(struct pairs *pairs, const struct datum *event, int64_t process,
	enum past_outcome outcome, struct err *err)
{
	struct past_op *op = pairs_return(pairs, process, outcome);
	const struct datum *value = datum_get(event, "value");
	const char *f = datum_text(datum_get(event, "f"));

	if (!op && outcome == PAST_UNKNOWN) { /* what a client says outside operations */
		pairs->past->n_ignored++;
		return 0;
	}
	if (!op)
		return err_set(err, "line %u: process %lld returns from nothing that it called",
			event->line, (long long)process);
	if (f && strcmp(f, op->f))
		return err_set(err, "line %u: process %lld returns from %.40s, but called %.40s",
			event->line, (long long)process, f, op->f);
	if (value)
		op->got = value;
	if (outcome == PAST_OK && datum_is_nil(op->given) && strcmp(op->f, "read"))
		op->given = op->got; /* chosen only while it ran */
	return 0;
}

/* Those without are all of one process; false: it is no client's (a nemesis). JSON may quote it. */
static bool find_process(const struct datum *process, int64_t *number)
{
	const char *text = datum_text(process);
	char *stop;

	if (datum_is_nil(process))
		return true;
	*number = text ? strtoll(text, &stop, 10) : process->number;
	return process->kind == DATUM_INT || (text && *text && !*stop);
}

/* Without :process: 0, or the next below it that has (is to have) such an operation open. */
static int64_t lane_of(struct pairs *pairs, const struct datum *event, bool is_call)
{
	const char *f = datum_text(datum_get(event, "f"));
	const struct datum *value = datum_get(event, "value");
	int64_t lane = 0, found = 1;

	for (const struct past_op *op; (op = pairs_open(pairs, lane)) != NULL; lane--) {
		if (found <= 0 && datum_equal(pairs_open(pairs, found)->given, value))
			break;
		if (!f || !strcmp(op->f, f))
			found = found > 0 || datum_equal(op->given, value) ? lane : found;
	}
	return is_call ? lane : found > 0 ? 0 : found;
}

static int take_event(struct pairs *pairs, const struct datum *event, struct err *err)
{
	const struct datum *process = datum_get(event, "process"), *f = datum_get(event, "f");
	const char *type = datum_text(datum_get(event, "type"));
	struct past_op *op;
	int64_t number = 0;

	if (event->kind != DATUM_MAP || !type)
		return err_set(
			err, "line %u: an operation is a map with :process and :type", event->line);
	if (!find_process(process, &number)) {
		pairs->past->n_ignored++;
		return 0;
	}
	if (datum_is_nil(process))
		number = lane_of(pairs, event, !strcmp(type, "invoke"));
	if (!strcmp(type, "ok"))
		return take_return(pairs, event, number, PAST_OK, err);
	if (!strcmp(type, "fail"))
		return take_return(pairs, event, number, PAST_FAIL, err);
	if (!strcmp(type, "info"))
		return take_return(pairs, event, number, PAST_UNKNOWN, err);
	if (strcmp(type, "invoke"))
		return err_set(err, "line %u: :type is invoke, ok, fail or info, not %.40s",
			event->line, type);
	if (f && !datum_text(f))
		return err_set(err, "line %u: :f is no word", event->line);
	op = pairs_call(pairs, number);
	op->f = f ? datum_text(f) : "txn";
	op->line = event->line;
	op->given = op->got = datum_get(event, "value");
	op->key = datum_get(event, "key");
	if (datum_is_nil(op->key))
		op->key = NULL;
	return 0;
}

struct events {
	const struct datum **items;
	size_t n;
};

static void list_top(struct arena *arena, const struct datum *value, struct events *events)
{
	if (value->kind != DATUM_LIST) {
		struct datum *copy = arena_alloc(arena, sizeof(*copy));

		*copy = *value;
		*ARENA_PUSH(arena, events->items, events->n) = copy;
		return;
	}
	for (size_t i = 0; i < value->n; i++)
		*ARENA_PUSH(arena, events->items, events->n) = &value->items[i];
}

static int64_t index_of(const struct datum *event)
{
	const struct datum *index = datum_get(event, "index");

	return index && index->kind == DATUM_INT ? index->number : INT64_MIN;
}

static int by_index(const void *a, const void *b)
{
	int64_t x = index_of(*(const struct datum *const *)a);
	int64_t y = index_of(*(const struct datum *const *)b);

	return x < y ? -1 : x > y;
}

/*
 * The order of the file is the order of events, unless each has an :index of its own that says
 * otherwise. (:time does not count: clients take it before the log does.)
 */
static void put_in_order(struct arena *arena, struct events *events)
{
	const struct datum **sorted = arena_array(arena, events->n + 1, sizeof(*sorted));
	bool is_sorted = true;

	for (size_t i = 0; i < events->n; i++) {
		if (index_of(events->items[i]) == INT64_MIN)
			return;
		sorted[i] = events->items[i];
		is_sorted &= !i || by_index(&sorted[i - 1], &sorted[i]) < 0;
	}
	if (is_sorted)
		return;
	qsort(sorted, events->n, sizeof(*sorted), by_index);
	for (size_t i = 1; i < events->n; i++) {
		if (!by_index(&sorted[i - 1], &sorted[i]))
			return; /* counted per process, or twice: says nothing */
	}
	events->items = sorted;
}

static int read_events(
	struct arena *arena, const char *text, size_t len, struct events *events, struct err *err)
{
	struct datum value;
	struct edn edn;
	int rc;

	edn_init(&edn, arena, text, len);
	while ((rc = edn_next(&edn, &value, err)) > 0)
		list_top(arena, &value, events);
	edn_release(&edn);
	return rc;
}

int read_knossos(
	struct arena *arena, const char *text, size_t len, struct past *out, struct err *err)
{
	struct events events = {0};
	struct pairs pairs;

	out->initial = "0";
	out->nil_read_says_nothing = true;
	pairs_init(&pairs, arena, out);
	if (read_events(arena, text, len, &events, err))
		return -1;
	put_in_order(arena, &events);
	for (size_t i = 0; i < events.n; i++) {
		if (take_event(&pairs, events.items[i], err))
			return -1;
	}
	past_part_by_key(out);
	return 0;
}

int read_elle(struct arena *arena, const char *text, size_t len, struct past *out, struct err *err)
{
	int rc = read_knossos(arena, text, len, out, err);

	out->initial = NULL;
	out->nil_is_initial = true;
	return rc;
}
