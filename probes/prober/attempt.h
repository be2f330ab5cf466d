/* attempt: one operation, recorded before it leaves and after it ended. */
#ifndef PROBES_PROBER_ATTEMPT_H
#define PROBES_PROBER_ATTEMPT_H

#include "fixtures/base/err.h"
#include "probes/drivers/driver.h"
#include "probes/history.h"

#include <stdint.h>

struct attempt {
	struct history_writer *writer;
	struct driver *driver;
	uint64_t epoch_ns; /* of the run */
	uint64_t timeout_ns;
	uint64_t min_version;
	uint64_t at_ns; /* intended start, since the epoch */
};

/* op: kind, key, value, session, region and flags are set. `at` NULL: no node is known. Fills *op with
 * what was recorded. -1: it could not be recorded and was not sent. */
int attempt_run(
	const struct attempt *attempt, const struct endpoint *at, struct op *op, struct err *err);
/* A slot that was let go. */
int attempt_not_sent(const struct attempt *attempt, struct op *op, struct err *err);

#endif
