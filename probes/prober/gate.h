/*
 * gate: when operations may begin.
 *
 * Every thread that operates on the system under test passes the gate before each operation and
 * leaves it after. The gate opens at the start, is shut from "quiet" to "resume", and shuts for good
 * on stop. The number inside tells when the last operation has ended: a thread counts itself in
 * before it looks whether the gate is shut, so once the gate is shut and the count is zero nothing
 * can begin any more.
 */
#ifndef PROBES_PROBER_GATE_H
#define PROBES_PROBER_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t start_ns;  /* CLOCK_MONOTONIC, as all here; UINT64_MAX: not known yet */
	uint64_t quiet_ns;  /* UINT64_MAX: none */
	uint64_t resume_ns; /* end of the quiet phase; UINT64_MAX: not known yet */
	bool stopped;
	int inside;
};

enum gate_answer { GATE_GO, GATE_QUIET, GATE_STOP };

void gate_init(struct gate *gate);
void gate_release(struct gate *gate);

/* Sleep until at_ns, then try to begin. GO: the caller is inside and must leave. */
enum gate_answer gate_enter(struct gate *gate, uint64_t at_ns);
void gate_leave(struct gate *gate);
/* Sleep until the start; false: stopped before. *start_ns is then set. */
bool gate_wait_start(struct gate *gate, uint64_t *start_ns);
/* UINT64_MAX while it is not known. */
uint64_t gate_start_ns(const struct gate *gate);
/* Sleep through the quiet phase; false: stopped. *resume_ns is its end. */
bool gate_wait_resume(struct gate *gate, uint64_t *resume_ns);
/* Sleep until *flag is set (by gate_signal); false: stopped. */
bool gate_wait_flag(struct gate *gate, const bool *flag);
/* Sleep until at_ns; false: stopped. Neither the start nor a quiet phase matters. */
bool gate_sleep(struct gate *gate, uint64_t at_ns);

void gate_start(struct gate *gate, uint64_t at_ns);
void gate_quiet(struct gate *gate, uint64_t at_ns);
void gate_resume(struct gate *gate, uint64_t at_ns);
void gate_stop(struct gate *gate);
/* Set a flag that a thread waits for. */
void gate_signal(struct gate *gate, bool *flag);
bool gate_is_stopped(const struct gate *gate);
/* In a quiet phase and nothing going on. */
bool gate_is_calm(const struct gate *gate);

#endif
