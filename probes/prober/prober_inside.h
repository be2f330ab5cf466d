/*
 * prober_inside: what the parts of a prober share. Of probes/prober/ only.
 *
 * One process: the main thread speaks with the agent; sessions, ticker slots, role watchers and
 * sweeps are threads. They share the gate, the router and the socket, nothing else. Whatever opens
 * a file does so before the process gives up its right to (isolation.h).
 */
#ifndef PROBES_PROBER_PROBER_INSIDE_H
#define PROBES_PROBER_PROBER_INSIDE_H

#include "probes/prober.h"
#include "probes/prober/gate.h"
#include "probes/prober/router.h"
#include "probes/prober/tally.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct jv;
struct sessions;
struct ticker;
struct roles;
struct sweeps;
struct purges;
struct names;
struct held;
struct liar;
struct pulse;

struct prober {
	struct prober_config *config; /* a copy: "start" may fix its epoch */
	struct gate gate;
	struct router router;
	int socket_fd;
	pthread_mutex_t send_lock;
	bool failed; /* an "error" was sent */
	struct sessions *sessions;
	struct ticker *ticker; /* NULL: none wanted */
	struct roles *roles;
	struct sweeps *sweeps;
	struct purges *purges; /* NULL: none in the timeline */
	struct names *names;
	struct held *held;
	struct liar *liar; /* NULL: none here */
	struct pulse *pulse;
};

/* Takes message. A failure to send stops the prober: the agent is gone. */
void prober_send(struct prober *prober, struct jv *message);
/* Say so to the agent and stop. */
void prober_fail(struct prober *prober, const struct err *err);
/* A thread with a small stack and a precise timer. */
int prober_thread(pthread_t *thread, void *(*fn)(void *), void *arg, struct err *err);
struct driver *prober_driver(const struct prober *prober, const struct client_group *group,
	uint64_t stream, struct err *err);
static inline uint64_t prober_since_epoch(const struct prober *prober, uint64_t at_ns)
{
	uint64_t epoch = prober->config->epoch_ns;

	return at_ns > epoch ? at_ns - epoch : 0;
}

/*
 * Each part: _open before the isolation, then _start its threads; _join after the gate was stopped.
 * _close accepts NULL and what is half open.
 */
int sessions_open(struct prober *prober, struct err *err);
int sessions_start(struct prober *prober, struct err *err);
void sessions_join(struct prober *prober);
void sessions_close(struct prober *prober);
int sessions_adopt(struct prober *prober, const struct jv *message, struct err *err);
void sessions_tally(const struct prober *prober, struct tally *sum);
/* [[session, ledger keys used], ..], owned by the caller. */
struct jv *sessions_ledger(const struct prober *prober);

int ticker_open(struct prober *prober, struct err *err);
int ticker_start(struct prober *prober, struct err *err);
void ticker_join(struct prober *prober);
void ticker_close(struct prober *prober);

int roles_open(struct prober *prober, struct err *err);
int roles_start(struct prober *prober, struct err *err);
void roles_join(struct prober *prober);
void roles_close(struct prober *prober);

/* Measure the RTT to every node, fix the nearest; [{node, rtt_ns}], owned by the caller. */
struct jv *nearest_measure(struct prober *prober, struct err *err);

int names_open(struct prober *prober, struct err *err);
int names_start(struct prober *prober, struct err *err);
void names_join(struct prober *prober);
void names_close(struct prober *prober);

int held_open(struct prober *prober, struct err *err);
int held_start(struct prober *prober, struct err *err);
void held_join(struct prober *prober);
void held_close(struct prober *prober);

int liar_open(struct prober *prober, struct err *err);
int liar_start(struct prober *prober, struct err *err);
void liar_join(struct prober *prober);
void liar_close(struct prober *prober);

int sweeps_open(struct prober *prober, struct err *err);
/* Begin one; it answers by "swept". One at a time: waits for the one before. */
int sweeps_begin(struct prober *prober, const struct jv *message, struct err *err);
void sweeps_join(struct prober *prober);
void sweeps_close(struct prober *prober);

int purges_open(struct prober *prober, struct err *err);
/* Begin those of one group. One at a time: waits for the one before. */
int purges_begin(struct prober *prober, const struct jv *message, struct err *err);
void purges_join(struct prober *prober);
void purges_close(struct prober *prober);

#endif
