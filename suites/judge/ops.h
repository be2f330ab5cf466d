/*
 * ops: small questions about one operation, as the checkers ask them.
 */
#ifndef SUITES_JUDGE_OPS_H
#define SUITES_JUDGE_OPS_H

#include "probes/op.h"
#include "suites/plan.h"

#include <stdbool.h>

static inline bool op_is_write(const struct op *op)
{
	return op->kind == OP_WRITE || op->kind == OP_DELETE || op->kind == OP_CAS;
}

/* Of a client session: no ticker, no sweep, no purge, no answer that passed through our own liar. */
static inline bool op_is_session(const struct op *op)
{
	return op->kind != OP_PURGE && !(op->flags & (OP_TICKER | OP_READBACK | OP_VIA_PROXY));
}

static inline bool op_is_ok_read(const struct op *op)
{
	return op->kind == OP_READ && op->state == OP_OK;
}

static inline uint64_t op_intended(const struct op *op)
{
	uint64_t late_ns = (uint64_t)op->late_us * 1000;

	return op->call_ns > late_ns ? op->call_ns - late_ns : 0;
}

/* When we were done with it, whatever came of it. */
static inline uint64_t op_end(const struct op *op)
{
	return op->ret_ns > op->call_ns ? op->ret_ns : op->call_ns;
}

/* The region in which a read was served, where the answer names the node; else the client's. */
static inline unsigned op_served_in(const struct plan *plan, const struct op *op)
{
	if (op->node != OP_NODE_UNKNOWN && op->node < plan->n_endpoints)
		return plan->endpoints[op->node].region;
	return op->region;
}

#endif
