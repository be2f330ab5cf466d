/*
 * The sender: one thread, one slot a period, in it one packet to every other region in both
 * families.
 *
 * Slots are absolute. A thread that wakes late by more than a period leaves the missed slots out: a
 * burst after a pause would measure the burst. Sequence numbers count packets handed to the kernel,
 * not slots, so a pause is a hole in the times and never a gap in the numbers, which would be loss.
 * The same holds for a packet that the kernel refuses (a link that is down: ENETUNREACH).
 *
 * The clock is read for every packet right before its sendto: on veth the whole way to the engine
 * runs inside that call, 10-15 us a packet, and one reading for the slot would put that on the last
 * packet's delay. Regions start their slots at different parts of the period, so that their
 * packets do not meet.
 */
#include "fixtures/base/clock.h"
#include "fixtures/net/addr.h"
#include "probes/beacon_packet.h"
#include "probes/beacon_seconds.h"
#include "probes/beacon_threads.h"
#include "probes/tape.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define FLUSH_NS (100 * NSEC_PER_MSEC)

struct target {
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
	uint32_t seq[BEACON_FAMILIES];
	uint8_t region;
};

struct sender {
	struct beacon_thread *thread;
	struct target *targets;
	size_t n;
};

static void fill_targets(struct sender *sender)
{
	const struct beacon_config *config = sender->thread->config;

	for (unsigned r = 0; r < config->n_regions; r++) {
		struct addr addr = addr_of(r, ADDR_HOST_BEACON);
		struct target *target = &sender->targets[sender->n];

		if (r == config->region)
			continue;
		target->region = (uint8_t)r;
		target->ip4.sin_family = AF_INET;
		target->ip4.sin_port = htons(BEACON_PORT);
		memcpy(&target->ip4.sin_addr, addr.ip4, sizeof(addr.ip4));
		target->ip6.sin6_family = AF_INET6;
		target->ip6.sin6_port = htons(BEACON_PORT);
		memcpy(&target->ip6.sin6_addr, addr.ip6, sizeof(addr.ip6));
		sender->n++;
	}
}

static ssize_t hand_to_kernel(int fd, const struct target *target, enum beacon_family family,
	const struct beacon_packet *packet)
{
	const struct sockaddr *to = family == BEACON_IP4 ? (const struct sockaddr *)&target->ip4
							 : (const struct sockaddr *)&target->ip6;
	socklen_t len = family == BEACON_IP4 ? sizeof(target->ip4) : sizeof(target->ip6);

	return sendto(fd, packet, sizeof(*packet), MSG_DONTWAIT | MSG_NOSIGNAL, to, len);
}

static int send_one(
	struct sender *sender, struct target *target, enum beacon_family family, struct err *err)
{
	struct beacon_thread *thread = sender->thread;
	const struct beacon_config *config = thread->config;
	struct beacon_packet packet = {
		.magic = BEACON_PACKET_MAGIC,
		.seq = target->seq[family],
		.epoch_ns = config->epoch_ns,
		.from = (uint8_t)config->region,
		.to = target->region,
		.family = family,
	};
	struct beacon_sent sent = {.seq = packet.seq, .to = target->region, .family = family};

	packet.sent_ns = clock_now_ns();
	sent.sent_ns = clock_since_ns(config->epoch_ns, packet.sent_ns);
	if (hand_to_kernel(thread->sockets[family], target, family, &packet) < 0) {
		thread->not_sent++;
		return 0;
	}
	target->seq[family]++;
	beacon_seconds_sent(thread->seconds, target->region, sent.sent_ns);
	thread->packets++;
	return tape_add(thread->tape, &sent, err);
}

static int send_slot(struct sender *sender, struct err *err)
{
	for (size_t i = 0; i < sender->n; i++)
		for (int family = 0; family < BEACON_FAMILIES; family++)
			if (send_one(sender, &sender->targets[i], family, err) < 0)
				return -1;
	return 0;
}

/* The first slot after now on the grid of slot. */
static uint64_t next_slot(uint64_t slot, uint64_t period_ns)
{
	uint64_t now = clock_now_ns();

	if (now > slot + period_ns)
		slot += (now - slot) / period_ns * period_ns;
	return slot + period_ns;
}

/* False: we are to stop. The first slot may be seconds away, at the run's zero. */
static bool sleep_until(struct beacon_thread *thread, uint64_t at_ns)
{
	uint64_t now = clock_now_ns();

	while (now < at_ns && !atomic_load(&thread->stop)) {
		clock_sleep_until_ns(at_ns - now > FLUSH_NS ? now + FLUSH_NS : at_ns);
		now = clock_now_ns();
	}
	return !atomic_load(&thread->stop);
}

static int send_until_stopped(struct sender *sender, struct err *err)
{
	struct beacon_thread *thread = sender->thread;
	const struct beacon_config *config = thread->config;
	uint64_t period_ns = config->period_ns, flushed_ns = 0;
	uint64_t slot = thread->start_ns + config->region * period_ns / config->n_regions;

	for (;; slot = next_slot(slot, period_ns)) {
		if (!sleep_until(thread, slot))
			return 0;
		if (send_slot(sender, err) < 0)
			return -1;
		if (slot < flushed_ns + FLUSH_NS)
			continue;
		if (tape_flush(thread->tape, err) < 0)
			return -1;
		flushed_ns = slot;
	}
}

void *beacon_send_run(void *arg)
{
	struct beacon_thread *thread = arg;
	struct sender sender = {.thread = thread};
	int rc;

	prctl(PR_SET_TIMERSLACK, 1);
	sender.targets = calloc(thread->config->n_regions, sizeof(*sender.targets));
	if (!sender.targets) {
		err_set(&thread->err, "no memory for the beacons");
		return beacon_thread_fail(thread);
	}
	fill_targets(&sender);
	rc = send_until_stopped(&sender, &thread->err);
	free(sender.targets);
	return rc < 0 ? beacon_thread_fail(thread) : NULL;
}
