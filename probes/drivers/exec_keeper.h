/*
 * exec_keeper: the process that starts programs for the driver exec.
 *
 * A prober gives up the right to start anything before it speaks with the system under test; its
 * keeper, forked before, keeps that right and speaks with nobody but the prober: "start number n, here
 * are its pipes", "kill number n". It is nobody and has no capabilities, and so are its programs. When the
 * prober goes away, however that happens, the keeper kills them all and ends. Where it may, it is the first of
 * a pid namespace, so that nothing at all that they started outlives it; else their process groups do not.
 */
#ifndef PROBES_DRIVERS_EXEC_KEEPER_H
#define PROBES_DRIVERS_EXEC_KEEPER_H

#include "fixtures/base/err.h"
#include "fixtures/process.h"

#include <stdint.h>

#define EXEC_PROGRAMS_MAX 512

struct exec_keeper {
	struct process process;
	int fd; /* owned; -1: none */
};

/* argv[0] is looked up in PATH at each start. Call while the process has one thread. */
int exec_keeper_open(struct exec_keeper *keeper, const char *const *argv, struct err *err);
/* Kills all programs. Accepts one that is not open. */
void exec_keeper_close(struct exec_keeper *keeper);
/* Number below EXEC_PROGRAMS_MAX; one of that number that still runs is killed. in and out are the
 * program's ends of its pipes and stay the caller's. */
int exec_keeper_start(
	struct exec_keeper *keeper, uint32_t number, int in, int out, struct err *err);
void exec_keeper_kill(struct exec_keeper *keeper, uint32_t number);

#endif
