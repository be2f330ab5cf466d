/*
 * net_stream: a numbered stream of UDP datagrams over one link, and what became of each.
 */
#ifndef SUITES_TESTS_HELPERS_NET_STREAM_H
#define SUITES_TESTS_HELPERS_NET_STREAM_H

#include "suites/tests/helpers/net_lab.h"

struct net_stream {
	/* What to send. */
	unsigned from, to;
	int family;
	size_t n;
	size_t burst;         /* datagrams at once; 0: 1 */
	uint64_t interval_ns; /* between bursts */
	size_t payload;       /* bytes; at least 16 */
	uint64_t tail_ns;     /* how long after the last one to wait for more */
	/* Called before each burst with the number of the next datagram; may be NULL. */
	void (*before_burst)(struct net_stream *stream, size_t next);
	struct net_lab *lab;
	/* What came of it: n entries each, owned. Stamps are the kernel's, of one clock. */
	uint64_t *sent_ns, *received_ns; /* received 0: lost */
	size_t received, out_of_order, duplicates;
};

void net_stream_run(struct net_stream *stream);
void net_stream_release(struct net_stream *stream);
/* Quantile of the one-way delay of what arrived; q in [0, 1]. */
uint64_t net_stream_delay_ns(const struct net_stream *stream, double q);
double net_stream_delay_mean_ns(const struct net_stream *stream);
double net_stream_delay_deviation_ns(const struct net_stream *stream);
/* Runs of losses. */
size_t net_stream_loss_bursts(const struct net_stream *stream);

#endif
