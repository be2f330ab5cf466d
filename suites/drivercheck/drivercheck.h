/*
 * drivercheck: what a driver says of servers that behave badly, and of one that behaves well.
 *
 * The rows of `regionproof doctor --driver`. Half of them need no server and no knowledge of the
 * protocol: a port that nobody listens on, a server that hangs, closes, resets, talks nonsense. The other
 * half needs a server that really answers; between it and the driver stands a relay (relay.h) that loses,
 * cuts and delays answers. A driver is wrong where it says ok or surely not done of what it cannot know,
 * where it takes longer than it was given, asks twice, or takes a late answer for another's.
 */
#ifndef SUITES_DRIVERCHECK_DRIVERCHECK_H
#define SUITES_DRIVERCHECK_DRIVERCHECK_H

#include "fixtures/base/err.h"
#include "probes/drivers/driver.h"

#include <stddef.h>
#include <stdint.h>

enum drivercheck_result { CHECK_GOOD, CHECK_WEAK, CHECK_WRONG, CHECK_SKIPPED };

struct drivercheck_finding {
	const char *check; /* what was tried */
	const char *must;  /* what a driver must say of that */
	enum drivercheck_result result;
	char said[200];
};

struct drivercheck_subject {
	const struct driver_ops *ops;
	const void *options;
	uint64_t value_size;
	const char *host; /* of a server that answers; NULL: none */
	uint16_t port;
};

#define DRIVERCHECK_MAX 32

/* Writes a few keys (l:NUMBER, random) to the server, where there is one. -1: the driver could not be
 * opened, or we could not do our part. */
int drivercheck_run(const struct drivercheck_subject *subject,
	struct drivercheck_finding out[DRIVERCHECK_MAX], size_t *n, struct err *err);
const char *drivercheck_word(enum drivercheck_result result);

#endif
