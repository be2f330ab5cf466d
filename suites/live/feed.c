#include "suites/live/feed.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_S 5

void feed_init(struct feed *feed)
{
	*feed = (struct feed){0};
	pthread_mutex_init(&feed->lock, NULL);
	pthread_cond_init(&feed->changed, NULL);
}

void feed_release(struct feed *feed)
{
	free(feed->head);
	free(feed->state);
	free(feed->end);
	free(feed->metrics);
	for (int i = 0; i < FEED_EVENTS; i++)
		free(feed->events[i]);
	pthread_cond_destroy(&feed->changed);
	pthread_mutex_destroy(&feed->lock);
}

static void keep(char **where, const char *text)
{
	free(*where);
	*where = strdup(text);
	if (!*where)
		abort();
}

void feed_put(struct feed *feed, const char *type, const char *text)
{
	pthread_mutex_lock(&feed->lock);
	if (!strcmp(type, "head")) {
		keep(&feed->head, text);
	} else if (!strcmp(type, "state")) {
		keep(&feed->state, text);
		feed->n_states++;
	} else if (!strcmp(type, "event")) {
		keep(&feed->events[feed->n_events++ % FEED_EVENTS], text);
	} else if (!strcmp(type, "end")) {
		keep(&feed->end, text);
	} else if (!strcmp(type, "metrics")) {
		keep(&feed->metrics, text);
	}
	pthread_cond_broadcast(&feed->changed);
	pthread_mutex_unlock(&feed->lock);
}

void feed_close(struct feed *feed)
{
	pthread_mutex_lock(&feed->lock);
	feed->closed = true;
	pthread_cond_broadcast(&feed->changed);
	pthread_mutex_unlock(&feed->lock);
}

static void say(struct buf *out, const char *type, const char *text)
{
	buf_printf(out, "event: %s\ndata: %s\n\n", type, text);
}

/* With the lock held: what is new. */
static void collect(struct feed_reader *reader)
{
	struct feed *feed = reader->feed;

	if (!reader->began && feed->head) {
		say(&reader->out, "head", feed->head);
		reader->began = true;
	}
	if (reader->events + FEED_EVENTS < feed->n_events)
		reader->events = feed->n_events - FEED_EVENTS;
	for (; reader->began && reader->events < feed->n_events; reader->events++)
		say(&reader->out, "event", feed->events[reader->events % FEED_EVENTS]);
	if (reader->began && reader->states < feed->n_states) {
		say(&reader->out, "state", feed->state);
		reader->states = feed->n_states;
	}
	if (feed->end && !reader->ended) {
		say(&reader->out, "end", feed->end);
		reader->ended = true;
	}
}

bool feed_read(struct feed_reader *reader)
{
	struct feed *feed = reader->feed;
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	buf_clear(&reader->out);
	reader->sent = 0;
	pthread_mutex_lock(&feed->lock);
	collect(reader);
	while (!reader->out.len && !feed->closed && !rc) {
		rc = pthread_cond_timedwait(&feed->changed, &feed->lock, &until);
		collect(reader);
	}
	if (!reader->out.len && !feed->closed)
		buf_puts(&reader->out, ": still here\n\n");
	pthread_mutex_unlock(&feed->lock);
	return reader->out.len != 0;
}

bool feed_metrics(struct feed *feed, struct buf *out)
{
	bool has;

	pthread_mutex_lock(&feed->lock);
	has = feed->metrics != NULL;
	if (has)
		buf_puts(out, feed->metrics);
	pthread_mutex_unlock(&feed->lock);
	return has;
}
