/*
 * child: a helper process of an agent that speaks frames (the prober, the beacon).
 */
#ifndef SUITES_AGENT_CHILD_H
#define SUITES_AGENT_CHILD_H

#include "fixtures/frame.h"
#include "fixtures/process.h"

struct jv;

struct child {
	const char *name;
	struct process process;
	int fd; /* -1: none */
	struct frame_reader reader;
	bool leaving; /* told to stop: its end is no death */
};

#define CHILD_INIT                                                                                 \
	{                                                                                          \
		.process = PROCESS_INIT, .fd = -1                                                  \
	}

/* What the child does: runs in the namespace netns_fd (-1: the parent's), keeps only fd and the
 * descriptors in keep. */
struct child_start {
	const char *name;
	int netns_fd;
	int keep[2]; /* -1: none */
	int (*entry)(const void *config, int fd);
	const void *config;
};

int child_start(struct child *child, const struct child_start *start, struct err *err);
/* The next message as frame_recv; the end of file of a child that was told to stop is 0. */
int child_recv(struct child *child, uint64_t deadline_ns, struct jv **message, struct err *err);
/* Wait for a message of that type; anything else goes to on_other (may be NULL), which takes it. */
int child_expect(struct child *child, const char *type, uint64_t deadline_ns, struct jv **message,
	void (*on_other)(void *arg, struct jv *message), void *arg, struct err *err);
void child_release(struct child *child);

#endif
