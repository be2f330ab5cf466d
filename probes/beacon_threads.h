/*
 * beacon_threads: the threads of a beacon process and what they share. Only for beacon*.c, stall.c
 * and pressure.c.
 *
 * Each thread writes a tape of its own, so they share nothing but the flags that end them. A thread
 * that cannot go on leaves its sentence and sets `failed`; the main thread sees it within 200 ms.
 */
#ifndef PROBES_BEACON_THREADS_H
#define PROBES_BEACON_THREADS_H

#include "fixtures/base/err.h"
#include "probes/beacon.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct tape;
struct beacon_seconds;

struct beacon_thread {
	const struct beacon_config *config;
	const int *sockets;             /* by enum beacon_family; borrowed */
	struct tape *tape;              /* owned by the thread's starter */
	struct beacon_seconds *seconds; /* sender and receiver; borrowed */
	uint64_t start_ns;              /* sender: CLOCK_MONOTONIC of its first slot */
	int pressure_fd;                /* pressure watch: probes/pressure.h; -1: none */
	atomic_bool stop, failed;
	struct err err;    /* valid once failed */
	uint64_t packets;  /* sent or received; valid after the join */
	uint64_t not_sent; /* refused by the kernel, counted by nobody else */
	uint64_t foreign;  /* arrived on our port, but not a beacon of this run */
	atomic_uint_fast64_t last_arrival_ns, longest_delay_ns; /* receiver */
	pthread_t id;
	bool running;
};

int beacon_thread_start(struct beacon_thread *thread, void *(*run)(void *), struct err *err);
void beacon_thread_end(struct beacon_thread *thread);
/* For run(): leave with the sentence in thread->err. */
void *beacon_thread_fail(struct beacon_thread *thread);

void *beacon_send_run(void *thread);
void *beacon_receive_run(void *thread);
void *stall_watch_run(void *thread);
void *pressure_watch_run(void *thread);

#endif
