/*
 * guardian: what is undone when the controller is not there to do it.
 *
 * Everything of a lab lives in processes and in namespaces without names, so it goes when its
 * processes go. The guardian makes sure that they do: a process beside the controller that holds a
 * pidfd of it and of every agent. It is there before anything else of the run is: an agent is handed
 * to it before the agent is told anything, the working directory and the journal are made after it.
 * When the controller dies, by whatever signal, agents see the end of file and tear down by
 * themselves; the guardian waits a moment for that, kills those that did not, removes the working
 * directories and closes the journal. When the guardian dies the controller heals and stops: nobody
 * runs unguarded.
 *
 * What could outlive us stands in the journal (journal.h) before it exists. For the case that all of
 * ours die at once, `regionproof clean` reads it (clean.h).
 */
#ifndef CHAOS_GUARDIAN_H
#define CHAOS_GUARDIAN_H

#include "fixtures/base/err.h"
#include "fixtures/process.h"

#include <stddef.h>

struct guardian {
	struct process process;
	int fd;            /* readable at the guardian's death */
	int lock_fd;       /* of the journal, which the guardian holds as well */
	char journal[512]; /* path */
};

#define GUARDIAN_INIT                                                                              \
	{                                                                                          \
		.process = PROCESS_INIT, .fd = -1, .lock_fd = -1                                   \
	}

/* Lock the journal of the run, fork the guardian, then write its entry; before anything of it exists. */
int guardian_start(struct guardian *guardian, const char *run, const char *run_dir,
	const char *work, struct err *err);
/* One more agent to watch over; before it is told to do anything. */
int guardian_add(
	struct guardian *guardian, unsigned region, const struct process *agent, struct err *err);
/* For agents, which inherit guardian->fd: hold the network namespaces of a region (the site first, then
 * those of nodes and clients), to end what is orphaned in them should the agent die; and let go, before
 * it takes them down itself. */
int guardian_hold(int fd, unsigned region, const int *netns_fds, unsigned n, struct err *err);
void guardian_let_go(int fd, unsigned region);
/* Write into the journal what is about to be done to running containers: the namespace of the host, a
 * site before it is pinned, an interface before it is moved. */
int guardian_note(const struct guardian *guardian, const char *lines, struct err *err);
/* The run is over and clean: the guardian leaves, the journal entry goes. */
void guardian_done(struct guardian *guardian);
/* Where guardian_done() was not called: what is left is the guardian's to undo, and is waited for. */
void guardian_release(struct guardian *guardian);

#endif
