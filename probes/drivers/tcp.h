/*
 * tcp: a connection with a deadline, for drivers that speak a protocol over plain sockets.
 *
 * The socket blocks, bounded by SO_RCVTIMEO and SO_SNDTIMEO, which the caller renews as its deadline
 * comes nearer: in the common case one send and one receive are the only system calls.
 */
#ifndef PROBES_DRIVERS_TCP_H
#define PROBES_DRIVERS_TCP_H

#include "probes/drivers/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The connected socket, or -1 with why: then nothing was sent. */
int tcp_connect(const struct endpoint *at, uint64_t deadline_ns, enum op_error *error);
/* Nothing arrived on an idle connection and it was not closed: it may carry another request. */
bool tcp_is_idle(int fd);
void tcp_set_timeout(int fd, uint64_t timeout_ns);
/* Wait until the descriptor, of whatever kind, is ready for one of the events (poll.h): those that came,
 * POLLERR and POLLHUP among them. 0: the deadline has come. */
short tcp_wait(int fd, short events, uint64_t deadline_ns);
/* What errno of a failed connect, send or receive means. */
enum op_error tcp_error(int code);

#endif
