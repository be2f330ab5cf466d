/*
 * bench_packets: packets of 64 bytes from region to region, and who loses them.
 *
 *     bench_packets [pairs] [engine]     default 3 pairs; engine: only this one, for a profiler
 *
 * Kernel forwarding (engine null) and wire, with and without a delay, carry the same load, in turns: the
 * same sender, the same receiver, the same machine a second earlier. Sender, receiver and forwarder are
 * three threads of control; what two processors cannot carry, kernel forwarding cannot either, and only a
 * ratio says what wire is worth.
 *
 * A packet that does not arrive is found in one of four places: the socket of the forwarder
 * (PACKET_STATISTICS) or its queue, the backlog of a processor, where every hop of a veth goes through
 * (/proc/net/softnet_stat), the socket of the receiver (SO_MEMINFO). The rest is "elsewhere", and should
 * be none. The sender pays for all the kernel does up to the forwarder, or with engine null up to the
 * receiver's socket; the forwarder for all behind it.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/netns.h"
#include "suites/tests/helpers/forwarder_time.h"
#include "suites/tests/helpers/median.h"
#include "suites/tests/helpers/net_lab.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MS NSEC_PER_MSEC
#define PORT 4343
#define PAYLOAD 22 /* of a frame of 64 bytes */
#define BATCH 64
#define RECEIVE_BUFFER (256 << 20)
#define LENGTH_NS NSEC_PER_SEC
#define PAIRS_MAX 32

/* The flows that take turns. */
static const struct way {
	const char *name, *engine;
	struct impairment imp;
} ways[] = {
	{"kernel", "null", {0}},
	{"wire", "wire", {0}},
	{"wire, 20 ms", "wire", {.delay_ns = 20 * MS}},
};

#define WAYS (sizeof(ways) / sizeof(*ways))

struct outcome {
	uint64_t sent, received;
	uint64_t sending_ns, took_ns; /* took: from the first one sent to the last one received */
	uint64_t lost_socket, lost_queue, lost_backlog, lost_receiver;
	uint64_t sender_ns, receiver_ns, forwarder_ns; /* of processor time */
};

static void die(const struct err *err)
{
	fprintf(stderr, "bench_packets: %s\n", err->text);
	exit(EXIT_MACHINE);
}

/* The second column, of all processors. */
static uint64_t backlog_drops(void)
{
	uint64_t sum = 0;
	struct buf text = {0};
	struct err err;

	if (buf_read_file(&text, "/proc/net/softnet_stat", 1 << 20, &err))
		die(&err);
	for (const char *line = buf_str(&text); *line; line = strchr(line, '\n') + 1) {
		unsigned dropped = 0;

		sscanf(line, "%*x %x", &dropped);
		sum += dropped;
	}
	buf_release(&text);
	return sum;
}

static uint64_t socket_drops(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(info);

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len);
	return info[SK_MEMINFO_DROPS];
}

static uint64_t thread_time_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* --- the two ends --------------------------------------------------------------------------------- */

struct receiver {
	int fd;
	atomic_bool sent_all;
	uint64_t received, last_ns, cpu_ns;
};

static uint64_t drain(int fd)
{
	static char data[BATCH][BATCH];
	static struct iovec vectors[BATCH];
	struct mmsghdr messages[BATCH];
	uint64_t received = 0;
	int n;

	do {
		for (int i = 0; i < BATCH; i++) {
			vectors[i] = (struct iovec){data[i], sizeof(data[i])};
			messages[i] = (struct mmsghdr){
				.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
		}
		n = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			received += messages[i].msg_len == PAYLOAD;
	} while (n == BATCH);
	return received;
}

/* Looks every few milliseconds: to be woken by each packet would cost more than the packet. Ends when
 * nothing has come for a while after the last was sent. */
static void *receive(void *arg)
{
	struct receiver *r = arg;
	uint64_t now_ns = clock_now_ns(), last_ns = now_ns;

	while (!atomic_load(&r->sent_all) || now_ns - last_ns < 300 * MS) {
		uint64_t n = drain(r->fd);

		r->received += n;
		now_ns = clock_now_ns();
		r->last_ns = n ? now_ns : r->last_ns;
		if (n || !atomic_load(&r->sent_all))
			last_ns = now_ns;
		clock_sleep_until_ns(now_ns + 4 * MS);
	}
	r->cpu_ns = thread_time_ns();
	return NULL;
}

/* per_s 0: all it can, for as long. */
static void flood(int fd, unsigned per_s, struct outcome *out)
{
	char payload[PAYLOAD] = {0};
	struct iovec iov = {payload, sizeof(payload)};
	struct mmsghdr messages[BATCH];
	uint64_t start_ns = clock_now_ns(), cpu_ns = thread_time_ns();

	for (int i = 0; i < BATCH; i++)
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
	while (per_s ? out->sent < per_s : clock_now_ns() - start_ns < LENGTH_NS) {
		int n = sendmmsg(fd, messages, BATCH, 0);

		out->sent += n > 0 ? (uint64_t)n : 0;
		if (per_s)
			clock_sleep_until_ns(start_ns + out->sent * NSEC_PER_SEC / per_s);
	}
	out->sending_ns = clock_now_ns() - start_ns;
	out->sender_ns = thread_time_ns() - cpu_ns;
}

/* --- one flow ------------------------------------------------------------------------------------- */

static void up(struct net_lab *lab, const struct way *way)
{
	struct err err;

	if (net_lab_up(lab, 2, engine_find(way->engine), 1, &err))
		die(&err);
	if (net_lab_udp_rtt_ns(lab, 0, 1, AF_INET, 5000) < 0) {
		err_set(&err, "nothing passes engine %s", way->engine);
		die(&err);
	}
	net_lab_impair(lab, 0, 1, way->imp);
}

/* Of the forwarder that sends: all that was lost so far. */
static void count_forwarder(struct net_lab *lab, struct outcome *out)
{
	struct engine *engine = lab->engines[0];
	struct engine_counters link, own;
	struct err err;

	if (engine->ops->counters(engine, 0, &own, &err) ||
		engine->ops->counters(engine, 1, &link, &err))
		die(&err);
	out->lost_socket = own.overflow_packets;
	out->lost_queue = link.overflow_packets;
	out->forwarder_ns = forwarder_time_ns(engine);
}

static struct outcome carry(const struct way *way, unsigned per_s)
{
	struct sockaddr_storage to;
	socklen_t len = net_lab_addr(1, AF_INET, PORT, &to);
	int bytes = RECEIVE_BUFFER;
	struct outcome out = {0}, before = {0};
	struct receiver receiver = {0};
	struct net_lab lab;
	pthread_t thread;
	uint64_t start_ns;
	int tx;

	up(&lab, way);
	tx = net_lab_udp(&lab, 0, AF_INET, 0);
	receiver.fd = net_lab_udp(&lab, 1, AF_INET, PORT);
	setsockopt(receiver.fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (connect(tx, (struct sockaddr *)&to, len) ||
		pthread_create(&thread, NULL, receive, &receiver))
		exit(EXIT_INTERNAL);
	count_forwarder(&lab, &before);
	before.lost_backlog = backlog_drops();
	start_ns = clock_now_ns();
	flood(tx, per_s, &out);
	atomic_store(&receiver.sent_all, true);
	pthread_join(thread, NULL);
	count_forwarder(&lab, &out);
	out.lost_socket -= before.lost_socket;
	out.lost_queue -= before.lost_queue;
	out.forwarder_ns -= before.forwarder_ns;
	out.lost_backlog = backlog_drops() - before.lost_backlog;
	out.lost_receiver = socket_drops(receiver.fd);
	out.received = receiver.received;
	out.took_ns = receiver.last_ns - start_ns;
	out.receiver_ns = receiver.cpu_ns;
	close(tx);
	close(receiver.fd);
	net_lab_down(&lab);
	return out;
}

/* --- what is told --------------------------------------------------------------------------------- */

static double per_packet_us(uint64_t ns, uint64_t packets)
{
	return packets ? (double)ns / 1e3 / (double)packets : 0;
}

static void tell(const struct way *way, const struct outcome *o)
{
	uint64_t found = o->lost_socket + o->lost_queue + o->lost_backlog + o->lost_receiver;
	uint64_t lost = o->sent - o->received;

	printf("  %-11s sent %llu at %.0f k/s, received %llu at %.0f k/s; lost: forwarder's socket "
	       "%llu, its queue %llu, backlog %llu, receiver's socket %llu, elsewhere %lld; us of "
	       "processor a packet: sender %.2f, forwarder %.2f, receiver %.2f\n",
		way->name, (unsigned long long)o->sent,
		(double)o->sent * 1e6 / (double)o->sending_ns, (unsigned long long)o->received,
		(double)o->received * 1e6 / (double)o->took_ns, (unsigned long long)o->lost_socket,
		(unsigned long long)o->lost_queue, (unsigned long long)o->lost_backlog,
		(unsigned long long)o->lost_receiver, (long long)(lost - found),
		per_packet_us(o->sender_ns, o->sent), per_packet_us(o->forwarder_ns, o->sent),
		per_packet_us(o->receiver_ns, o->sent));
}

/* Received a second, of one way over that of the kernel in the same turn. */
static void compare(int pairs, unsigned per_s, const char *only)
{
	double ratios[WAYS][PAIRS_MAX], cpu_us[WAYS][PAIRS_MAX];

	if (per_s)
		printf("64-byte packets, %u k/s asked\n", per_s / 1000);
	else
		printf("64-byte packets, as many as the sender can\n");
	for (int i = 0; i < pairs; i++) {
		double kernel = 0;

		for (size_t w = 0; w < WAYS; w++) {
			struct outcome o;
			double rate;

			if (only && strcmp(only, ways[w].engine))
				continue;
			o = carry(&ways[w], per_s);
			rate = (double)o.received / (double)o.took_ns;
			kernel = w ? kernel : rate;
			ratios[w][i] = rate / kernel;
			cpu_us[w][i] = per_packet_us(o.forwarder_ns, o.received);
			tell(&ways[w], &o);
		}
	}
	for (size_t w = 1; w < WAYS && !only; w++)
		printf("  %s / kernel: %.2f of the packets a second, forwarder %.2f us a packet received "
		       "(medians of %d)\n",
			ways[w].name, median(ratios[w], pairs), median(cpu_us[w], pairs), pairs);
}

int main(int argc, char **argv)
{
	int pairs = argc > 1 ? atoi(argv[1]) : 3;
	const char *only = argc > 2 ? argv[2] : NULL;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (pairs < 1 || pairs > PAIRS_MAX)
		return EXIT_USAGE;
	compare(pairs, 100000, only);
	compare(pairs, 200000, only);
	compare(pairs, 300000, only);
	compare(pairs, 0, only);
	return 0;
}
