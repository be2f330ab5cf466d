/*
 * run_dir: a run of ours as a recorded history: every key a register with unique written values.
 *
 * A delete is a write of nothing. A write that may have taken effect twice is two, of which the
 * second never returned. The answers of the liar session lied on purpose; they are left out, and so
 * is what was never sent. A cas is not recorded with what it expected: such a run is refused.
 */
#include "fixtures/base/arena.h"
#include "fixtures/base/memory.h"
#include "probes/history.h"
#include "suites/judge/foreign/format.h"

/* Memory that an operation takes as one of a foreign history, with its names. */
#define BYTES_EACH 450

static const struct datum *text(struct arena *arena, const char *chars)
{
	struct datum *datum = arena_alloc(arena, sizeof(*datum));

	datum->kind = DATUM_TEXT;
	datum->text = chars;
	return datum;
}

/* As on the wire: "r:5". */
static const struct datum *name_of_key(struct arena *arena, uint32_t key)
{
	return text(
		arena, arena_printf(arena, "%c:%u", "rlto"[op_key_class(key)], op_key_number(key)));
}

static const struct datum *name_of_value(struct arena *arena, uint64_t value)
{
	return text(arena,
		arena_printf(arena, "writer-%u-%llu", op_value_writer(value),
			(unsigned long long)op_value_sequence(value)));
}

static bool is_evidence(const struct op *op)
{
	if (op->flags & OP_VIA_PROXY || op->state == OP_NOT_SENT || op->state == OP_EMPTY)
		return false;
	return op->kind == OP_READ || op->kind == OP_DELETE || (op->kind == OP_WRITE && op->value);
}

static void add(
	struct arena *arena, const struct op *op, enum past_outcome outcome, struct past *out)
{
	struct past_op *to = ARENA_PUSH(arena, out->ops, out->n);
	bool is_absent = op->kind == OP_DELETE || !op->value ||
		(op->kind == OP_READ && op->flags & OP_ABSENT);

	to->f = op->kind == OP_READ ? "read" : "write";
	to->key = name_of_key(arena, op->key);
	to->given = to->got = is_absent ? NULL : name_of_value(arena, op->value);
	to->process = op->session;
	to->call = op->call_ns;
	to->outcome = outcome;
	to->ret = outcome == PAST_UNKNOWN ? PAST_NEVER : op->ret_ns;
}

static void take_op(struct arena *arena, const struct op *op, struct past *out)
{
	enum past_outcome outcome = op->state == OP_OK ? PAST_OK
		: op->state == OP_FAIL                 ? PAST_FAIL
						       : PAST_UNKNOWN;

	add(arena, op, outcome, out);
	if (op->kind != OP_READ && op->flags & OP_DUPLICABLE)
		add(arena, op, PAST_UNKNOWN, out);
}

int read_run(struct arena *arena, const char *path, struct past *out, struct err *err)
{
	struct history history = {0};

	if (history_check_room(path, BYTES_EACH, memory_available(), err) ||
		history_load_dir(&history, path, err))
		return -1;
	for (size_t i = 0; i < history.n; i++) {
		if (history.ops[i].kind == OP_CAS) {
			history_release(&history);
			return err_set(err, "%s: a run with cas cannot be judged here", path);
		}
		if (is_evidence(&history.ops[i]))
			take_op(arena, &history.ops[i], out);
		else
			out->n_ignored++;
	}
	history_release(&history);
	return 0;
}
