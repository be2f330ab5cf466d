#include "probes/prober/attempt.h"
#include "fixtures/base/clock.h"

static uint32_t late_us(uint64_t call_ns, uint64_t at_ns)
{
	uint64_t us = call_ns > at_ns ? (call_ns - at_ns) / NSEC_PER_USEC : 0;

	return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static struct op *begin(const struct attempt *attempt, struct op *op, struct err *err)
{
	op->call_ns = clock_now_ns() - attempt->epoch_ns;
	op->late_us = late_us(op->call_ns, attempt->at_ns);
	op->node = OP_NODE_UNKNOWN;
	return history_begin(attempt->writer, op, err);
}

static void take_outcome(struct op *op, const struct driver_call *call)
{
	op->error = (uint16_t)call->error;
	op->flags |= call->flags;
	op->version = call->version;
	op->epoch = call->epoch;
	op->age_ms = call->age_ms;
	op->node = call->node;
	if (op->kind == OP_READ)
		op->value = call->state == OP_OK ? call->read_value : 0;
}

static void finish(
	const struct attempt *attempt, struct op *record, struct op *op, enum op_state state)
{
	op->ret_ns = state == OP_NOT_SENT ? op->call_ns : clock_now_ns() - attempt->epoch_ns;
	op->state = OP_INVOKED;
	*record = *op;
	history_finish(record, state);
	op->state = (uint8_t)state;
}

int attempt_run(
	const struct attempt *attempt, const struct endpoint *at, struct op *op, struct err *err)
{
	struct driver_call call = {.kind = (enum op_kind)op->kind,
		.key = op->key,
		.value = op->value,
		.min_version = attempt->min_version,
		.timeout_ns = attempt->timeout_ns};
	struct op *record = begin(attempt, op, err);

	if (!record)
		return -1;
	if (at) {
		attempt->driver->ops->invoke(attempt->driver, at, &call);
	} else {
		driver_call_clear(&call);
		driver_fail(&call, OP_FAIL, OP_ERROR_NO_ROUTE, "no node is known");
	}
	take_outcome(op, &call);
	finish(attempt, record, op, call.state);
	return 0;
}

int attempt_not_sent(const struct attempt *attempt, struct op *op, struct err *err)
{
	struct op *record = begin(attempt, op, err);

	if (!record)
		return -1;
	finish(attempt, record, op, OP_NOT_SENT);
	return 0;
}
