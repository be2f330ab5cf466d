/*
 * relay: a port of 127.0.0.1 that misbehaves as it is told, alone or in front of a real server.
 *
 * What a driver says of a server that hangs, dies or talks nonsense needs no knowledge of its protocol;
 * what it says of an answer that was lost, cut or late needs a server that really answers, and a way
 * between that loses, cuts and delays. The relay is a child process; its orders and its counts lie in
 * shared memory.
 */
#ifndef SUITES_DRIVERCHECK_RELAY_H
#define SUITES_DRIVERCHECK_RELAY_H

#include "fixtures/base/err.h"
#include "fixtures/process.h"

#include <stdint.h>

enum relay_mode {
	RELAY_PASS,    /* to the server and back */
	RELAY_HANG,    /* takes the request and says nothing */
	RELAY_CLOSE,   /* takes the request and closes */
	RELAY_RESET,   /* takes the request and resets */
	RELAY_GARBAGE, /* answers what no protocol says, and closes */
	RELAY_FLOOD,   /* answers without end */
	RELAY_LOSE, /* the request reaches the server; its answer does not come, the connection ends */
	RELAY_CUT,  /* half of the answer comes, then the connection ends */
	RELAY_LATE, /* answers come RELAY_LATE_MS later */
	RELAY_MODES
};
#define RELAY_LATE_MS 700

struct relay_orders; /* in shared memory */

struct relay {
	struct process process;
	struct relay_orders *orders;
	uint16_t port;
};

/* host NULL: no server behind it. */
int relay_open(struct relay *relay, const char *host, uint16_t port, struct err *err);
void relay_close(struct relay *relay);
/* From now on, on open connections too. Forgets what was counted. */
void relay_set(struct relay *relay, enum relay_mode mode);
/* Connections on which something was said since then. */
unsigned relay_talkers(const struct relay *relay);

#endif
