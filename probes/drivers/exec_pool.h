/*
 * exec_pool: programs that speak JSON lines, as many as operations are in flight.
 *
 * All drivers of a process with the same command share one pool. A program serves one request at a
 * time. One that does not answer in time is put aside, so that its late answer is not taken for the
 * next one's; once that has come it serves again, and if it does not come for long it is killed. One
 * that breaks the protocol is killed at once.
 */
#ifndef PROBES_DRIVERS_EXEC_POOL_H
#define PROBES_DRIVERS_EXEC_POOL_H

#include "fixtures/base/err.h"
#include "probes/op.h"

#include <stdbool.h>
#include <stdint.h>

struct exec_pool;
struct jv;

/* command: words parted by blanks; script: one more argument behind them, or "". Starts one program and
 * waits for its hello. */
struct exec_pool *exec_pool_get(const char *command, const char *script, struct err *err);
void exec_pool_put(struct exec_pool *pool); /* accepts NULL */

struct exec_reply {
	struct jv *json; /* owned by the caller; NULL: *error and why say */
	bool sent;       /* something of the request may have reached the program */
	enum op_error error;
	char why[160];
};

/* One request: fields is what follows `{"id":N,` on the line, up to and with the last brace. */
struct exec_reply exec_pool_ask(struct exec_pool *pool, const char *fields, uint64_t deadline_ns);

#endif
