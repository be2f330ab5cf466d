/*
 * The receiver: one thread, both sockets.
 *
 * It sleeps 20 ms and takes what has come: the kernel stamps each packet on arrival (SO_TIMESTAMPNS,
 * see stamp.h), so it need not be prompt, and 50 wake-ups a second are cheaper than one a packet. A
 * packet without a stamp gets the time of reading.
 *
 * Every 100 ms it writes that it lives, and how many packets the sockets had to drop because their
 * queue was full: those are nobody's loss, and the loader takes the interval out. The queue of 8 MB
 * (SO_RCVBUFFORCE; without privilege what rmem_max allows) holds 2.5 s of 4000 packets a second.
 */
#include "fixtures/base/clock.h"
#include "probes/beacon_packet.h"
#include "probes/beacon_seconds.h"
#include "probes/beacon_threads.h"
#include "probes/stamp.h"
#include "probes/tape.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define LOOK_NS (20 * NSEC_PER_MSEC)
#define ALIVE_NS (100 * NSEC_PER_MSEC)

struct batch {
	struct mmsghdr headers[BATCH];
	struct iovec iovecs[BATCH];
	struct beacon_packet packets[BATCH];
	_Alignas(struct cmsghdr) char controls[BATCH][CMSG_SPACE(sizeof(struct timespec))];
};

struct receiver {
	struct beacon_thread *thread;
	struct stamp stamp;
	struct batch batch;
};

static void batch_reset(struct batch *batch)
{
	for (int i = 0; i < BATCH; i++) {
		struct msghdr *header = &batch->headers[i].msg_hdr;

		batch->iovecs[i] = (struct iovec){&batch->packets[i], sizeof(batch->packets[i])};
		*header = (struct msghdr){
			.msg_iov = &batch->iovecs[i],
			.msg_iovlen = 1,
			.msg_control = batch->controls[i],
			.msg_controllen = sizeof(batch->controls[i]),
		};
	}
}

static uint64_t arrival_ns(const struct receiver *receiver, struct msghdr *header)
{
	struct timespec ts;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return stamp_convert(&receiver->stamp,
			(uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec);
	}
	return receiver->stamp.now_ns;
}

static bool is_ours(const struct beacon_config *config, const struct beacon_packet *packet,
	size_t len, int family)
{
	return len == sizeof(*packet) && packet->magic == BEACON_PACKET_MAGIC &&
		packet->epoch_ns == config->epoch_ns && packet->to == config->region &&
		packet->from < config->n_regions && packet->from != config->region &&
		packet->family == family && packet->sent_ns >= config->epoch_ns;
}

static int keep(struct receiver *receiver, const struct beacon_packet *packet, uint64_t at_ns,
	struct err *err)
{
	struct beacon_thread *thread = receiver->thread;
	uint64_t epoch_ns = thread->config->epoch_ns;
	/* Stamp and sending time come from two clocks, so the last microsecond is not certain. */
	uint64_t recv_ns = at_ns > packet->sent_ns ? at_ns : packet->sent_ns + 1;
	struct beacon_received record = {
		.sent_ns = packet->sent_ns - epoch_ns,
		.recv_ns = recv_ns - epoch_ns,
		.seq = packet->seq,
		.from = packet->from,
		.family = packet->family,
		.kind = BEACON_ARRIVED,
	};

	thread->packets++;
	beacon_seconds_arrived(
		thread->seconds, record.from, record.sent_ns, record.recv_ns - record.sent_ns);
	atomic_store(&thread->last_arrival_ns, at_ns);
	if (recv_ns - packet->sent_ns > atomic_load(&thread->longest_delay_ns))
		atomic_store(&thread->longest_delay_ns, recv_ns - packet->sent_ns);
	return tape_add(thread->tape, &record, err);
}

static int take_batch(struct receiver *receiver, int family, int n, struct err *err)
{
	struct beacon_thread *thread = receiver->thread;
	struct batch *batch = &receiver->batch;

	for (int i = 0; i < n; i++) {
		struct mmsghdr *m = &batch->headers[i];

		if (!is_ours(thread->config, &batch->packets[i], m->msg_len, family))
			thread->foreign++;
		else if (keep(receiver, &batch->packets[i], arrival_ns(receiver, &m->msg_hdr),
				 err) < 0)
			return -1;
	}
	return 0;
}

static int empty_socket(struct receiver *receiver, int family, struct err *err)
{
	int fd = receiver->thread->sockets[family], n;

	do {
		batch_reset(&receiver->batch);
		n = recvmmsg(fd, receiver->batch.headers, BATCH, MSG_DONTWAIT, NULL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR
				? 0
				: err_sys(err, "cannot receive beacons");
		if (take_batch(receiver, family, n, err) < 0)
			return -1;
	} while (n == BATCH);
	return 0;
}

static uint64_t dropped_by_sockets(const int *sockets)
{
	uint32_t info[SK_MEMINFO_VARS];
	uint64_t sum = 0;

	for (int family = 0; family < BEACON_FAMILIES; family++) {
		socklen_t len = sizeof(info);

		if (getsockopt(sockets[family], SOL_SOCKET, SO_MEMINFO, info, &len) == 0 &&
			len > SK_MEMINFO_DROPS * sizeof(info[0]))
			sum += info[SK_MEMINFO_DROPS];
	}
	return sum;
}

static int write_alive(struct tape *tape, uint64_t at_ns, uint64_t dropped, struct err *err)
{
	struct beacon_received record = {
		.sent_ns = dropped, .recv_ns = at_ns, .kind = BEACON_ALIVE};

	if (tape_add(tape, &record, err) < 0)
		return -1;
	return tape_flush(tape, err);
}

static int look(struct receiver *receiver, struct err *err)
{
	stamp_measure(&receiver->stamp);
	for (int family = 0; family < BEACON_FAMILIES; family++)
		if (empty_socket(receiver, family, err) < 0)
			return -1;
	return 0;
}

/* Time and drops are read before the sockets are emptied: whatever had arrived or been dropped by
 * then stands on the tape before the record that says so. */
static int receive_until_stopped(struct receiver *receiver, struct err *err)
{
	struct beacon_thread *thread = receiver->thread;
	uint64_t alive_ns = 0;
	bool stopping;

	do {
		uint64_t now, dropped;

		stopping = atomic_load(&thread->stop);
		now = clock_now_ns();
		dropped = dropped_by_sockets(thread->sockets);
		if (look(receiver, err) < 0)
			return -1;
		if (stopping || now >= alive_ns + ALIVE_NS) {
			if (write_alive(thread->tape, clock_since_ns(thread->config->epoch_ns, now),
				    dropped, err) < 0)
				return -1;
			alive_ns = now;
		}
		if (!stopping)
			clock_sleep_until_ns(now + LOOK_NS);
	} while (!stopping);
	return 0;
}

void *beacon_receive_run(void *arg)
{
	struct beacon_thread *thread = arg;
	struct receiver receiver = {.thread = thread};

	stamp_init(&receiver.stamp, LOOK_NS);
	if (receive_until_stopped(&receiver, &thread->err) < 0)
		return beacon_thread_fail(thread);
	return NULL;
}
