#include "suites/tests/helpers/net_stream.h"
#include "fixtures/base/clock.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define BATCH 64
#define PORT 4343

struct run {
	struct net_stream *stream;
	int tx, rx;
	size_t highest;
};

static uint64_t wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static uint64_t stamp_of(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	struct timespec ts;

	if (!c || c->cmsg_type != SO_TIMESTAMPNS)
		return wall_ns();
	memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void take(struct run *run, const uint64_t *data, unsigned len, uint64_t at_ns)
{
	struct net_stream *s = run->stream;
	uint64_t i;

	memcpy(&i, data, sizeof(i));
	assert_true(len == s->payload && i < s->n);
	if (s->received_ns[i]) {
		s->duplicates++;
		return;
	}
	s->received_ns[i] = at_ns;
	s->received++;
	if (i < run->highest)
		s->out_of_order++;
	else
		run->highest = i;
}

static bool drain(struct run *run)
{
	static uint64_t data[BATCH][256];
	static char control[BATCH][64];
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	int n;

	for (size_t i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){data[i], sizeof(data[i])};
		msgs[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i],
						   .msg_iovlen = 1,
						   .msg_control = control[i],
						   .msg_controllen = sizeof(control[i])}};
	}
	n = recvmmsg(run->rx, msgs, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take(run, data[i], msgs[i].msg_len, stamp_of(&msgs[i].msg_hdr));
	return n == BATCH;
}

static void send_burst(struct run *run, size_t first, size_t n)
{
	static uint64_t data[BATCH][256];
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		data[i][0] = first + i;
		iov[i] = (struct iovec){data[i], run->stream->payload};
		msgs[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
		run->stream->sent_ns[first + i] = wall_ns();
	}
	while (done < n) {
		int rc = sendmmsg(run->tx, msgs + done, (unsigned)(n - done), 0);

		if (rc < 0)
			fail_msg("send: %s", strerror(errno));
		done += (size_t)rc;
	}
}

static void open_pair(struct run *run)
{
	struct net_stream *s = run->stream;
	struct sockaddr_storage to;
	socklen_t len = net_lab_addr(s->to, s->family, PORT, &to);
	int one = 1;

	run->tx = net_lab_udp(s->lab, s->from, s->family, 0);
	run->rx = net_lab_udp(s->lab, s->to, s->family, PORT);
	assert_return_code(connect(run->tx, (struct sockaddr *)&to, len), errno);
	assert_return_code(
		setsockopt(run->rx, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)), errno);
}

static void wait_tail(struct run *run)
{
	uint64_t end = clock_now_ns() + run->stream->tail_ns;
	struct pollfd rx = {.fd = run->rx, .events = POLLIN};

	while (run->stream->received < run->stream->n && clock_now_ns() < end) {
		poll(&rx, 1, 1 + (int)((end - clock_now_ns()) / NSEC_PER_MSEC));
		while (drain(run))
			;
	}
}

void net_stream_run(struct net_stream *s)
{
	struct run run = {.stream = s};
	size_t burst = s->burst ? s->burst : 1;
	uint64_t next_ns;

	assert_true(burst <= BATCH && s->payload >= 16 && s->payload <= 2048);
	s->sent_ns = calloc(s->n, sizeof(*s->sent_ns));
	s->received_ns = calloc(s->n, sizeof(*s->received_ns));
	open_pair(&run);
	next_ns = clock_now_ns();
	for (size_t i = 0; i < s->n; i += burst) {
		size_t n = s->n - i < burst ? s->n - i : burst;

		if (s->before_burst)
			s->before_burst(s, i);
		clock_sleep_until_ns(next_ns);
		next_ns += s->interval_ns;
		send_burst(&run, i, n);
		while (drain(&run))
			;
	}
	wait_tail(&run);
	close(run.tx);
	close(run.rx);
}

void net_stream_release(struct net_stream *stream)
{
	free(stream->sent_ns);
	free(stream->received_ns);
	stream->sent_ns = stream->received_ns = NULL;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t net_stream_delay_ns(const struct net_stream *s, double q)
{
	uint64_t *delays = calloc(s->n, sizeof(*delays)), out;
	size_t n = 0;

	assert_true(s->received > 0);
	for (size_t i = 0; i < s->n; i++) {
		if (s->received_ns[i])
			delays[n++] = s->received_ns[i] - s->sent_ns[i];
	}
	qsort(delays, n, sizeof(*delays), ascending);
	out = delays[(size_t)(q * (double)(n - 1))];
	free(delays);
	return out;
}

double net_stream_delay_mean_ns(const struct net_stream *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->received_ns[i])
			sum += (double)(s->received_ns[i] - s->sent_ns[i]);
	}
	return sum / (double)s->received;
}

double net_stream_delay_deviation_ns(const struct net_stream *s)
{
	double mean = net_stream_delay_mean_ns(s), sum = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->received_ns[i])
			sum += pow((double)(s->received_ns[i] - s->sent_ns[i]) - mean, 2);
	}
	return sqrt(sum / (double)s->received);
}

size_t net_stream_loss_bursts(const struct net_stream *s)
{
	size_t bursts = 0;

	for (size_t i = 0; i < s->n; i++)
		bursts += !s->received_ns[i] && (!i || s->received_ns[i - 1]);
	return bursts;
}
