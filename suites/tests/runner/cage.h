/*
 * cage: one program in namespaces of its own, with a time limit, and nothing of it left afterwards.
 *
 *   runner ── keeper (process 1 of a new pid namespace; also new mount, net and IPC namespaces)
 *               └── the test program, and whatever it starts
 *
 * The keeper mounts a /proc of its own, brings lo up, starts the program, reaps, keeps the time
 * limit, and in the end reports through a pipe how the program ended and who is still there. Then it
 * exits, and the kernel kills all that is left of the pid namespace. It dies with the runner.
 *
 * Without root the same is done inside a new user namespace. Where that is not allowed either
 * (cage_probe), the keeper is a subreaper in the namespaces of everybody and kills what is left
 * by hand.
 */
#ifndef SUITES_TESTS_RUNNER_CAGE_H
#define SUITES_TESTS_RUNNER_CAGE_H

#include "fixtures/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* CAGE_ONLINE, never probed for: as CAGE_NAMESPACES, in the network of everybody. */
enum cage_kind { CAGE_NAMESPACES, CAGE_USER_NAMESPACE, CAGE_NONE, CAGE_ONLINE };

struct cage_report {
	bool started;
	bool timed_out;
	int status;          /* of waitpid, where it ended by itself */
	unsigned left;       /* processes still there when it had ended */
	char processes[256]; /* their names; on a time-out those of all that ran */
	char problem[256];   /* the cage itself could not be built */
};

struct cage {
	pid_t keeper;
	int out_fd, err_fd; /* what the program writes */
	int report_fd;      /* one struct cage_report, or nothing where the keeper died */
};

/* The best kind that this machine allows, found by trying; why not better goes to err. */
enum cage_kind cage_probe(struct err *err);
/* Start program in dir. The caller reads the descriptors to their end, then calls cage_finish. */
int cage_start(struct cage *cage, enum cage_kind kind, const char *program, const char *dir,
	unsigned timeout_s, struct err *err);
void cage_kill(struct cage *cage);
/* Reap the keeper and close the descriptors. */
void cage_finish(struct cage *cage);

#endif
