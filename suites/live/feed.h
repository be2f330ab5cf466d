/*
 * feed: what browsers are told, in order, for as many as there are.
 *
 * Events are kept for those who come later (the last FEED_EVENTS of them), of the state only the newest. The
 * main thread puts in; each connection's thread takes out at its own speed.
 */
#ifndef SUITES_LIVE_FEED_H
#define SUITES_LIVE_FEED_H

#include "fixtures/base/buf.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define FEED_EVENTS 500

struct feed {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *head, *state, *end, *metrics; /* NULL: none yet */
	uint64_t n_states;
	char *events[FEED_EVENTS]; /* a ring */
	uint64_t n_events;
	bool closed;
};

/* Where a reader is. All zeros: at the beginning. */
struct feed_reader {
	struct feed *feed;
	uint64_t states, events;
	bool began, ended;
	struct buf out; /* to be sent */
	size_t sent;
};

void feed_init(struct feed *feed);
void feed_release(struct feed *feed);
/* type: of page.h; text: one line of JSON, or the metrics. */
void feed_put(struct feed *feed, const char *type, const char *text);
/* No more will come. */
void feed_close(struct feed *feed);
/* Fill reader->out with what is new, as server-sent events; waits for it at most 5 s, then sends a comment, by
 * which a reader that has gone is noticed. False: it is over. */
bool feed_read(struct feed_reader *reader);
/* Append the metrics; false: none yet. */
bool feed_metrics(struct feed *feed, struct buf *out);

#endif
