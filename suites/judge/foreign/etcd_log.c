/*
 * etcd_log: lines of Jepsen's test of etcd, "INFO  jepsen.util - 3\t:invoke\t:cas\t[3 0]".
 *
 * Traps: a failed cas is an observation (the state differed), unless it timed out; any outcome
 * whose value is :timed-out is unknown, whatever its type says. Other lines are noise of the log.
 */
#include "fixtures/base/arena.h"
#include "suites/judge/foreign/edn.h"
#include "suites/judge/foreign/format.h"
#include "suites/judge/foreign/pairs.h"

#include <stdlib.h>
#include <string.h>

struct line {
	const char *fields[4]; /* process, type, f, value */
	size_t lens[4];
	uint32_t number;
};

/* The four fields behind " - "; false where the line is another. */
static bool split(const char *text, size_t len, struct line *line)
{
	const char *at = memmem(text, len, "jepsen.util - ", 14), *end = text + len;

	if (!at)
		return false;
	at += 14;
	for (int i = 0; i < 4; i++) {
		const char *stop = memchr(at, '\t', (size_t)(end - at));

		if (i < 3 && !stop)
			return false;
		stop = i < 3 ? stop : end;
		line->fields[i] = at;
		line->lens[i] = (size_t)(stop - at);
		at = stop + 1;
	}
	return *line->fields[0] >= '0' && *line->fields[0] <= '9' && *line->fields[1] == ':' &&
		*line->fields[2] == ':';
}

static bool field_is(const struct line *line, int i, const char *text)
{
	size_t len = line->lens[i];

	while (len && strchr(" \r", line->fields[i][len - 1]))
		len--;
	return strlen(text) == len && !memcmp(line->fields[i], text, len);
}

static int read_field(
	struct arena *arena, const struct line *line, const struct datum **out, struct err *err)
{
	char *text = arena_strndup(arena, line->fields[3], line->lens[3]);
	struct datum *value = arena_alloc(arena, sizeof(*value));
	struct edn edn;
	int rc;

	edn_init(&edn, arena, text, line->lens[3]);
	edn.line = line->number;
	rc = edn_next(&edn, value, err);
	edn_release(&edn);
	*out = value;
	return rc < 0 ? -1 : 0;
}

static int take_line(struct pairs *pairs, const struct line *line, struct err *err)
{
	bool is_timeout = field_is(line, 3, ":timed-out"), is_cas = field_is(line, 2, ":cas");
	int64_t process = strtoll(line->fields[0], NULL, 10);
	enum past_outcome outcome = PAST_UNKNOWN;
	struct past_op *op;

	if (field_is(line, 1, ":invoke")) {
		op = pairs_call(pairs, process);
		op->line = line->number;
		op->f = arena_strndup(pairs->arena, line->fields[2] + 1, line->lens[2] - 1);
		if (read_field(pairs->arena, line, &op->given, err))
			return -1;
		op->got = op->given;
		return 0;
	}
	if (!is_timeout && field_is(line, 1, ":ok"))
		outcome = PAST_OK;
	else if (!is_timeout && field_is(line, 1, ":fail"))
		outcome = is_cas ? PAST_OK : PAST_FAIL;
	else if (!is_timeout && !field_is(line, 1, ":info"))
		return err_set(err, "line %u: %.*s is none of :invoke, :ok, :fail and :info",
			line->number, (int)(line->lens[1] < 40 ? line->lens[1] : 40),
			line->fields[1]);
	op = pairs_return(pairs, process, outcome);
	if (!op)
		return err_set(err, "line %u: process %lld returns from nothing that it called",
			line->number, (long long)process);
	op->refused = is_cas && outcome == PAST_OK && field_is(line, 1, ":fail");
	if (outcome == PAST_OK)
		return read_field(pairs->arena, line, &op->got, err);
	return 0;
}

int read_etcd_log(
	struct arena *arena, const char *text, size_t len, struct past *out, struct err *err)
{
	const char *end = text + len;
	struct pairs pairs;
	struct line line = {.number = 0};

	pairs_init(&pairs, arena, out);
	for (const char *at = text, *stop; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		line.number++;
		if (!split(at, (size_t)(stop - at), &line))
			out->n_ignored += stop > at;
		else if (take_line(&pairs, &line, err))
			return -1;
	}
	if (!out->n && out->n_ignored)
		return err_set(err,
			"line 1: no line of it is an operation, \"INFO  jepsen.util - 0 :invoke :read "
			"nil\" with tabs between the four fields");
	return 0;
}
