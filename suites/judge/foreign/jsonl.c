/*
 * jsonl: our own plain form, for histories from anywhere: one operation a line.
 *
 *   {"process": 3, "f": "cas", "key": "x", "value": [1, 2], "result": 7, "outcome": "ok",
 *    "call": 120, "ret": 190}
 *
 * process  a whole number; each has one operation open at a time
 * f        read write cas acquire release add transfer txn ... what the model knows
 * key      optional: the object; objects are judged one by one
 * value    what was asked for: written value, [expected, new], element, transaction
 * result   what came back (a read's value); left out: the same as value
 * outcome  ok, fail (it surely did not happen), unknown (also without ret),
 *          refused (ok, and the condition of a cas did not hold)
 * call, ret  whole numbers of one clock, any unit; equal instants count as concurrent
 */
#include "fixtures/base/arena.h"
#include "suites/judge/foreign/edn.h"
#include "suites/judge/foreign/format.h"

#include <stdlib.h>
#include <string.h>

static int take_times(
	const struct datum *call, const struct datum *ret, struct past_op *op, struct err *err)
{
	if (!call || call->kind != DATUM_INT || call->number < 0)
		return err_set(err, "line %u: \"call\" is missing or no whole number", op->line);
	op->call = (uint64_t)call->number;
	op->ret = PAST_NEVER;
	if (datum_is_nil(ret) && op->outcome == PAST_OK)
		return err_set(err, "line %u: what was ok has a \"ret\"", op->line);
	if (datum_is_nil(ret) || op->outcome == PAST_UNKNOWN)
		return 0;
	if (ret->kind != DATUM_INT || ret->number < call->number)
		return err_set(
			err, "line %u: \"ret\" is no whole number from \"call\" on", op->line);
	op->ret = (uint64_t)ret->number;
	return 0;
}

static int take_outcome(const struct datum *outcome, struct past_op *op, struct err *err)
{
	if (datum_is(outcome, "ok") || datum_is(outcome, "refused"))
		op->outcome = PAST_OK;
	else if (datum_is(outcome, "fail"))
		op->outcome = PAST_FAIL;
	else if (datum_is(outcome, "unknown"))
		op->outcome = PAST_UNKNOWN;
	else
		return err_set(
			err, "line %u: \"outcome\" is ok, fail, unknown or refused", op->line);
	op->refused = datum_is(outcome, "refused");
	return 0;
}

static int take_op(struct arena *arena, const struct datum *line, struct past *out, struct err *err)
{
	const struct datum *process = datum_get(line, "process");
	struct past_op *op = ARENA_PUSH(arena, out->ops, out->n);

	op->line = line->line;
	op->f = datum_text(datum_get(line, "f"));
	if (line->kind != DATUM_MAP || !op->f || !process || process->kind != DATUM_INT)
		return err_set(err,
			"line %u: an operation is an object with \"process\", \"f\", \"outcome\", "
			"\"call\"",
			line->line);
	op->process = process->number;
	op->key = datum_get(line, "key");
	op->given = datum_get(line, "value");
	op->got = datum_get(line, "result");
	op->got = op->got ? op->got : op->given;
	if (take_outcome(datum_get(line, "outcome"), op, err))
		return -1;
	return take_times(datum_get(line, "call"), datum_get(line, "ret"), op, err);
}

static int by_call(const void *a, const void *b)
{
	const struct past_op *x = a, *y = b;

	if (x->call != y->call)
		return x->call < y->call ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

int read_jsonl(struct arena *arena, const char *text, size_t len, struct past *out, struct err *err)
{
	struct datum line;
	struct edn edn;
	int rc;

	edn_init(&edn, arena, text, len);
	edn.notation = NOTATION_JSON;
	while ((rc = edn_next(&edn, &line, err)) > 0) {
		rc = take_op(arena, &line, out, err);
		if (rc)
			break;
	}
	edn_release(&edn);
	if (!rc && out->n)
		qsort(out->ops, out->n, sizeof(*out->ops), by_call);
	return rc;
}
