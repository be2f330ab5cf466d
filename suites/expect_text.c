#include "suites/expect_text.h"
#include "suites/judge/ops.h"
#include "suites/judge/view.h"

#include <math.h>

/* Three digits that count, and no more than the resolution of the clock. */
static const char *duration_text(struct arena *arena, double ns)
{
	static const struct {
		double factor;
		const char *unit;
	} units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
	size_t i = 0;
	double scaled;

	if (ns == 0)
		return "0 s";
	while (i < 3 && fabs(ns) < units[i].factor * 0.9995)
		i++;
	scaled = ns / units[i].factor;
	return arena_printf(arena, "%.*f %s",
		fabs(scaled) >= 99.95           ? 0
			: fabs(scaled) >= 9.995 ? 1
						: 2,
		scaled, units[i].unit);
}

const char *expect_text_value(struct arena *arena, enum param_type unit, double value)
{
	switch (unit) {
	case PARAM_DURATION:
		return duration_text(arena, value);
	case PARAM_SHARE:
		return arena_printf(
			arena, "%.*f %%", value > 0.9 && value < 1 ? 3 : 2, value * 100);
	case PARAM_RATE:
		return arena_printf(arena, "%.1f /s", value);
	default:
		return arena_printf(arena, "%.0f", value);
	}
}

const char *expect_text_wanted(
	struct arena *arena, enum param_type unit, enum compare compare, double value)
{
	static const char *const words[] = {[COMPARE_LT] = "<",
		[COMPARE_LE] = "<=",
		[COMPARE_EQ] = "==",
		[COMPARE_NE] = "!=",
		[COMPARE_GE] = ">=",
		[COMPARE_GT] = ">"};

	return arena_printf(arena, "%s %s", words[compare], expect_text_value(arena, unit, value));
}

const char *expect_text_unit(enum param_type unit)
{
	switch (unit) {
	case PARAM_DURATION:
		return "ns";
	case PARAM_SHARE:
		return "share";
	case PARAM_RATE:
		return "per second";
	default:
		return "count";
	}
}

static const char *key_text(struct arena *arena, uint32_t key)
{
	static const char *const classes[] = {[KEY_REGISTER] = "register",
		[KEY_LEDGER] = "ledger",
		[KEY_TICKER] = "ticker",
		[KEY_OTHER] = "key"};

	return arena_printf(arena, "%s:%u", classes[op_key_class(key)], op_key_number(key));
}

static const char *value_text(struct arena *arena, const struct op *op)
{
	return arena_printf(arena, "v%llu", (unsigned long long)op_value_sequence(op->value));
}

/* ", acknowledged by us-east/store"; nothing where the answer names no node. */
static const char *node_text(
	struct arena *arena, const struct evidence *evidence, const struct op *op, const char *verb)
{
	if (op->node == OP_NODE_UNKNOWN)
		return arena_printf(arena, ", %s", verb);
	return arena_printf(arena, ", %s by %s", verb, view_node_name(evidence->plan, op->node));
}

static const char *write_text(
	struct arena *arena, const struct evidence *evidence, const struct op *op, const char *key)
{
	const char *what = op->kind == OP_DELETE
		? arena_printf(arena, "deleted %s", key)
		: arena_printf(arena, "wrote %s = %s", key, value_text(arena, op));

	if (op->state == OP_OK)
		return arena_printf(
			arena, "%s%s", what, node_text(arena, evidence, op, "acknowledged"));
	if (op->state == OP_FAIL)
		return arena_printf(arena, "%s%s (%s)", what,
			node_text(arena, evidence, op, "refused"),
			op_error_name((enum op_error)op->error));
	return arena_printf(
		arena, "%s, outcome unknown (%s)", what, op_error_name((enum op_error)op->error));
}

static const char *claim_text(struct arena *arena, const struct op *op)
{
	if (op->flags & OP_AGE_CLAIMED)
		return arena_printf(arena, ", claiming an age of %u ms%s", op->age_ms,
			op->flags & OP_STALE_MARK ? " and marked stale" : "");
	return op->flags & OP_STALE_MARK ? ", marked stale" : "";
}

static uint32_t author_of(const struct index *index, const struct op *op)
{
	if (op >= index->ops && op < index->ops + index->n &&
		index->write_of[op - index->ops] != OP_NONE)
		return index->write_of[op - index->ops];
	return index_find_value(index, op->value);
}

static const char *read_text(
	struct arena *arena, const struct evidence *evidence, const struct op *op, const char *key)
{
	const char *verb = op->flags & OP_READBACK ? "read back" : "read";
	const struct index *index = evidence->index;
	uint32_t write;
	const char *author = "";

	if (op->state != OP_OK)
		return arena_printf(arena, "%s %s: no answer (%s)", verb, key,
			op_error_name((enum op_error)op->error));
	if (!op->value)
		return arena_printf(arena, "%s %s: absent%s%s", verb, key,
			node_text(arena, evidence, op, "answered"), claim_text(arena, op));
	write = index ? author_of(index, op) : OP_NONE;
	if (write == OP_NONE)
		author = ", which nobody wrote";
	else if (index->ops[write].session != op->session || !op_is_session(op))
		author = arena_printf(arena, " of %s",
			view_session_name(arena, evidence->plan, &index->ops[write]));
	return arena_printf(arena, "%s %s = %s%s%s%s", verb, key, value_text(arena, op), author,
		node_text(arena, evidence, op, "answered"), claim_text(arena, op));
}

static const char *lookup_text(struct arena *arena, const struct evidence *evidence,
	const struct op *op, const struct client_group *group)
{
	const char *asked = arena_printf(arena, "asked %s for %s",
		group->node ? group->node : "a server", group->lookup ? group->lookup : "a name");

	if (op->state != OP_OK)
		return arena_printf(arena, "%s: no answer (%s)", asked,
			op_error_name((enum op_error)op->error));
	if (op->node == OP_NODE_UNKNOWN)
		return arena_printf(arena, "%s: no address of the system", asked);
	return arena_printf(arena, "%s: %s, good for %u s", asked,
		view_node_name(evidence->plan, op->node), op->age_ms / 1000);
}

static const char *purge_text(struct arena *arena, const struct op *op, const char *key)
{
	return arena_printf(arena, "asked the edge to drop %s: %s", key,
		op->state == OP_OK ? "done" : op_error_name((enum op_error)op->error));
}

const char *expect_text_op(
	struct arena *arena, const struct evidence *evidence, const struct op *op)
{
	const struct client_group *group = view_group(evidence->plan, op->session);
	const char *key = key_text(arena, op->key);

	if (group && group_looks_up(group))
		return lookup_text(arena, evidence, op, group);
	if (op->kind == OP_PURGE)
		return purge_text(arena, op, key);
	return op_is_write(op) ? write_text(arena, evidence, op, key)
			       : read_text(arena, evidence, op, key);
}

void expect_text_witness(struct arena *arena, const struct evidence *evidence,
	const struct finding *finding, struct result_witness *out)
{
	struct result_op *ops = arena_array(arena, finding->n_ops, sizeof(*ops));

	for (unsigned i = 0; i < finding->n_ops; i++) {
		const struct op *op = &evidence->history.ops[finding->ops[i]];

		ops[i] = (struct result_op){.index = finding->ops[i],
			.call_ns = op->call_ns,
			.ret_ns = op->ret_ns,
			.session = view_session_name(arena, evidence->plan, op),
			.region = view_region_name(evidence->plan, op->region),
			.node = op->node == OP_NODE_UNKNOWN
				? ""
				: view_node_name(evidence->plan, op->node),
			.server = op->node < evidence->plan->n_endpoints
				? view_region_name(evidence->plan,
					  evidence->plan->endpoints[op->node].region)
				: "",
			.outcome = op_state_name((enum op_state)op->state),
			.writes = op_is_write(op),
			.text = expect_text_op(arena, evidence, op)};
	}
	*out = (struct result_witness){
		.ops = ops, .n_ops = finding->n_ops, .reason = finding->reason};
}
