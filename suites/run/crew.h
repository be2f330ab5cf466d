/*
 * crew: the agents, as the controller sees them.
 *
 * One process and one stream socket a region. Questions go to all at once; while answers are awaited
 * (always with a deadline), events keep flowing to the handler. Descriptors of the caller's own (signals,
 * the guardian) are watched in the same poll, so nothing is deaf while it waits.
 */
#ifndef SUITES_RUN_CREW_H
#define SUITES_RUN_CREW_H

#include "fixtures/frame.h"
#include "fixtures/process.h"

#include <stddef.h>

struct agent_start;
struct jv;

struct crew_member {
	struct process process;
	int fd; /* -1: gone */
	struct frame_reader reader;
	bool answered;
	struct jv *answer; /* of the last question; owned */
};

#define CREW_WATCH_MAX 5

enum crew_stage {
	CREW_AT_WORK, /* the loss of one ends every waiting */
	CREW_ENDING, /* a loss, or an event that would end the run, no longer keeps the others waiting */
	CREW_DOWN, /* told to go down: who has answered may close */
};

struct crew {
	struct crew_member *members;
	unsigned n;
	enum crew_stage stage;
	int64_t next_id;
	/* Borrowed message of an agent that is no answer; non-zero ends the waiting with err. */
	int (*on_event)(void *arg, unsigned region, const struct jv *event, struct err *err);
	/* Descriptor k of watch[] became readable; non-zero ends the waiting with that code in err. */
	int (*on_watch)(void *arg, unsigned k, struct err *err);
	void *arg;
	int watch[CREW_WATCH_MAX]; /* -1: none */
	uint64_t pinged_ns;
};

/* Fork the agents; region and socket of each are filled in. The caller is single-threaded. From a failure crew_release() cleans up. */
int crew_start(
	struct crew *crew, unsigned n_regions, const struct agent_start *start, struct err *err);
/* Send a copy of the message with an id to every living agent and wait until all have answered. An
 * answer "error", a death or a time-out is an error that names the region (see enum crew_stage). Takes
 * message. */
int crew_ask(struct crew *crew, struct jv *message, uint64_t deadline_ns, struct err *err);
/* Send without waiting for an answer. Takes message. */
int crew_tell(struct crew *crew, struct jv *message, struct err *err);
int crew_tell_one(struct crew *crew, unsigned region, struct jv *message, struct err *err);
/* Hand on events until the deadline or until *stop, which a handler may set. */
int crew_pump(struct crew *crew, uint64_t deadline_ns, const bool *stop, struct err *err);
/* Close the sockets (agents tear down by themselves), wait for their end until the deadline, kill the
 * rest. Returns how many had to be killed. */
unsigned crew_release(struct crew *crew, uint64_t deadline_ns);

#endif
