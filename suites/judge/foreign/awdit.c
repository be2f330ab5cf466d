/*
 * awdit: transactions of sessions without times, as AWDIT and its relatives write them.
 *
 *   w 3 7        wrote 7 to key 3          a line of dashes ends a transaction,
 *   r 3 7        read 7 from key 3         a line of equals signs a session
 *
 * with blanks or commas between the three ("w,3,7").
 * The form of Plume is read too, "w(3,7,session,transaction)", transaction -1: aborted; there a key
 * that nobody wrote yet holds 0. The order of lines is the order within a transaction and of the
 * transactions of a session; between sessions nothing is known, so no level with real time can be
 * judged. A value is written once per key.
 */
#include "fixtures/base/arena.h"
#include "suites/judge/foreign/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FIELD 40

struct awdit {
	struct arena *arena;
	struct past *out;
	struct names ids; /* [session transaction] of Plume */
	size_t *txns;     /* by id: the operation */
	size_t n_txns;
	int64_t session;
	struct datum *parts; /* of the plain transaction that is open: the last operation */
	size_t n_parts;
	uint32_t line;
};

static int refuse(const struct awdit *it, struct err *err, const char *what)
{
	return err_exit(err, EXIT_SCENARIO, "line %u: %s", it->line, what);
}

static struct datum number(const struct awdit *it, int64_t value)
{
	return (struct datum){.kind = DATUM_INT, .line = it->line, .number = value};
}

static void add_part(struct awdit *it, struct datum **parts, size_t *n, bool is_write,
	const struct datum *key, const struct datum *value)
{
	struct datum *items = arena_array(it->arena, 3, sizeof(*items));
	struct datum *part = ARENA_PUSH(it->arena, *parts, *n);

	items[0] =
		(struct datum){.kind = DATUM_TEXT, .line = it->line, .text = is_write ? "w" : "r"};
	items[1] = *key;
	items[2] = *value;
	*part = (struct datum){.kind = DATUM_LIST, .line = it->line, .items = items, .n = 3};
}

static struct past_op *new_txn(struct awdit *it, int64_t session)
{
	struct past_op *op = ARENA_PUSH(it->arena, it->out->ops, it->out->n);

	*op = (struct past_op){.f = "txn",
		.process = session,
		.line = it->line,
		.call = 2 * (it->out->n - 1),
		.ret = 2 * (it->out->n - 1) + 1};
	return op;
}

static void close_txn(struct awdit *it)
{
	struct datum *list;

	if (!it->n_parts)
		return;
	list = arena_alloc(it->arena, sizeof(*list));
	*list = (struct datum){.kind = DATUM_LIST,
		.line = it->out->ops[it->out->n - 1].line,
		.items = it->parts,
		.n = it->n_parts};
	it->out->ops[it->out->n - 1].given = it->out->ops[it->out->n - 1].got = list;
	it->parts = NULL;
	it->n_parts = 0;
}

/* A whole number up to 64 bits, or what else stands there as text (larger numbers). */
static int read_field(
	struct awdit *it, const char **at, const char *end, struct datum *out, struct err *err)
{
	char text[MOST_FIELD + 1], *stop;
	size_t n = 0;

	while (*at < end && strchr(" \t", **at) && **at)
		++*at;
	while (*at + n < end && n < MOST_FIELD && (*at)[n] && !strchr(" \t\r,)", (*at)[n]))
		n++;
	memcpy(text, *at, n);
	text[n] = '\0';
	*at += n;
	errno = 0;
	*out = number(it, strtoll(text, &stop, 10));
	if (!n || *stop || strspn(text, "-0123456789") != n)
		return refuse(it, err,
			"\"r\" or \"w\", a key and a value were expected, both whole "
			"numbers");
	if (errno) {
		out->kind = DATUM_NUMBER;
		out->text = arena_strdup(it->arena, text);
	}
	return 0;
}

static bool is_rest_blank(const char *at, const char *end)
{
	while (at < end && strchr(" \t\r", *at) && *at)
		at++;
	return at == end;
}

static const char *behind_separators(const char *at, const char *end)
{
	while (at < end && *at && strchr(" \t,", *at))
		at++;
	return at;
}

static int take_plain(struct awdit *it, const char *at, const char *end, struct err *err)
{
	bool is_write = *at++ == 'w';
	struct datum key, value;

	at = behind_separators(at, end);
	if (read_field(it, &at, end, &key, err))
		return -1;
	at = behind_separators(at, end);
	if (read_field(it, &at, end, &value, err))
		return -1;
	if (!is_rest_blank(at, end))
		return refuse(it, err, "nothing was expected behind key and value");
	if (!it->n_parts)
		new_txn(it, it->session);
	add_part(it, &it->parts, &it->n_parts, is_write, &key, &value);
	return 0;
}

/* The parts of a Plume transaction grow wherever its lines stand: its list is made anew. */
static void grow(struct awdit *it, struct past_op *op, bool is_write, const struct datum *key,
	const struct datum *value)
{
	struct datum *list = (struct datum *)op->given;
	struct datum *parts;

	if (!list) {
		list = arena_alloc(it->arena, sizeof(*list));
		*list = (struct datum){.kind = DATUM_LIST, .line = it->line};
		op->given = op->got = list;
	}
	parts = (struct datum *)list->items;
	add_part(it, &parts, &list->n, is_write, key, value);
	list->items = parts;
}

/* The transaction of [session transaction]; ids are numbered in the order in which they come. */
static struct past_op *plume_txn(struct awdit *it, const struct datum *session_and_txn)
{
	struct datum *items = arena_array(it->arena, 2, sizeof(*items));
	struct datum *pair = arena_alloc(it->arena, sizeof(*pair));
	uint32_t id;

	memcpy(items, session_and_txn, 2 * sizeof(*items));
	*pair = (struct datum){.kind = DATUM_LIST, .items = items, .n = 2};
	id = names_of(&it->ids, pair);
	if (id == it->n_txns) {
		new_txn(it, session_and_txn->number);
		*ARENA_PUSH(it->arena, it->txns, it->n_txns) = it->out->n - 1;
	}
	return &it->out->ops[it->txns[id]];
}

static int take_plume(struct awdit *it, const char *at, const char *end, struct err *err)
{
	bool is_write = *at == 'w';
	struct datum fields[4];
	struct past_op *op;

	at += 2;
	for (int i = 0; i < 4; i++) {
		if (read_field(it, &at, end, &fields[i], err))
			return -1;
		if (at == end || *at++ != (i < 3 ? ',' : ')') || fields[i].kind != DATUM_INT)
			return refuse(it, err, "\"w(key,value,session,transaction)\" was expected");
	}
	if (!is_rest_blank(at, end))
		return refuse(it, err, "nothing was expected behind \")\"");
	it->out->initial = "0";
	if (fields[3].number == -1 && !is_write)
		return 0;
	if (fields[3].number == -1) { /* each write of what was aborted stands alone */
		op = new_txn(it, fields[2].number);
		op->outcome = PAST_FAIL;
	} else {
		op = plume_txn(it, &fields[2]);
	}
	grow(it, op, is_write, &fields[0], &fields[1]);
	return 0;
}

static bool is_rule(const char *at, const char *end, char c)
{
	while (end > at && strchr(" \t\r", end[-1]) && end[-1])
		end--;
	if (end - at < 1)
		return false;
	for (; at < end; at++) {
		if (*at != c)
			return false;
	}
	return true;
}

static int take_line(struct awdit *it, const char *at, const char *end, struct err *err)
{
	while (at < end && strchr(" \t", *at) && *at)
		at++;
	if (is_rest_blank(at, end))
		return 0;
	if (is_rule(at, end, '-') || is_rule(at, end, '=')) {
		close_txn(it);
		it->session += *at == '=';
		return 0;
	}
	if (*at != 'r' && *at != 'w')
		return refuse(it, err,
			"\"r\" or \"w\" with key and value, \"-----\" or \"=====\" was "
			"expected");
	if (at + 1 < end && at[1] == '(')
		return take_plume(it, at, end, err);
	if (behind_separators(at + 1, end) == at + 1)
		return refuse(it, err,
			"\"r\" or \"w\", a key and a value were expected, with blanks or "
			"commas between them");
	return take_plain(it, at, end, err);
}

int read_awdit(struct arena *arena, const char *text, size_t len, struct past *out, struct err *err)
{
	struct awdit it = {.arena = arena, .out = out};
	const char *end = text + len;

	out->is_timeless = true;
	names_init(&it.ids, arena);
	for (const char *at = text, *stop; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		it.line++;
		if (take_line(&it, at, stop, err))
			return -1;
	}
	close_txn(&it);
	return 0;
}
