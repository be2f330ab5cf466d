/* Engine wire as a process and as a carrier of frames; how it impairs is in the conformance suite. */
#include "fixtures/base/clock.h"
#include "fixtures/base/rng.h"
#include "fixtures/net/netns.h"
#include "suites/tests/helpers/net_lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC

static const int families[] = {AF_INET, AF_INET6};

static void up(struct net_lab *lab)
{
	const char *reason = net_lab_skip_reason();
	struct err err;

	if (reason) {
		print_message("skip: %s\n", reason);
		skip();
	}
	if (net_lab_up(lab, 2, engine_find("wire"), 1, &err))
		fail_msg("%s", err.text);
}

static int packet_socket(const struct net_lab *lab, unsigned region)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = SITE_IFINDEX_ETH0};
	int one = 1;
	struct err err;
	int fd = netns_socket(lab->leaf_fds[region], AF_PACKET, SOCK_RAW, 0, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	assert_return_code(setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)), errno);
	assert_return_code(bind(fd, (struct sockaddr *)&at, sizeof(at)), errno);
	return fd;
}

/* The tag of the next frame of our experimental type, or -1. */
static int receive_tag(int fd)
{
	uint64_t end_ns = clock_now_ns() + 2 * NSEC_PER_SEC;

	while (clock_now_ns() < end_ns &&
		poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 2000) > 0) {
		uint8_t data[256];
		char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
		struct iovec iov = {data, sizeof(data)};
		struct msghdr msg = {.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control)};
		struct tpacket_auxdata aux;

		if (recvmsg(fd, &msg, 0) < 60 || data[12] != 0x88 || data[13] != 0xb5)
			continue;
		memcpy(&aux, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(aux));
		return aux.tp_status & TP_STATUS_VLAN_VALID ? aux.tp_vlan_tci : -1;
	}
	return -1;
}

/* A frame that came in before the port was restricted has taught the bridge where its sender lives. */
static void nothing_learned_before_leads_past_the_forwarder(void **state)
{
	struct net_lab lab;
	struct engine *null, *wire;
	struct err err;

	(void)state;
	if (net_lab_skip_reason()) {
		print_message("skip: %s\n", net_lab_skip_reason());
		skip();
	}
	if (net_lab_up(&lab, 2, engine_find("null"), 1, &err))
		fail_msg("%s", err.text);
	for (int f = 0; f < 2; f++)
		assert_true(net_lab_ping_rtt_ns(&lab, 0, 1, families[f], 2000) > 0);
	null = lab.engines[0];
	wire = engine_find("wire")->open(&lab.sites[0], 1, &err);
	if (!wire)
		fail_msg("%s", err.text);
	lab.engines[0] = wire;
	net_lab_impair(&lab, 0, 1, (struct impairment){.cut = 1});
	for (int f = 0; f < 2; f++)
		assert_int_equal(net_lab_ping_rtt_ns(&lab, 0, 1, families[f], 300), -1);
	null->ops->close(null);
	net_lab_down(&lab);
}

static void vlan_tags_survive(void **state)
{
	struct addr to = addr_of(1, ADDR_HOST_NODE), from = addr_of(0, ADDR_HOST_NODE);
	uint8_t frame[64] = {[12] = 0x81, 0x00, 0x00, 0x07, 0x88, 0xb5};
	struct net_lab lab;
	int tx, rx;

	(void)state;
	up(&lab);
	/* A frame that is sent once must find ports that forward already (fixtures/net/site.h). */
	assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET, 10000) > 0);
	tx = packet_socket(&lab, 0);
	rx = packet_socket(&lab, 1);
	memcpy(frame, to.mac, 6);
	memcpy(frame + 6, from.mac, 6);
	for (int i = 0; i < 2; i++) { /* at once, and from the queue */
		assert_int_equal(send(tx, frame, sizeof(frame), 0), sizeof(frame));
		assert_int_equal(receive_tag(rx), 7);
		net_lab_impair(&lab, 0, 1, (struct impairment){.delay_ns = 5 * MS});
	}
	close(tx);
	close(rx);
	net_lab_down(&lab);
}

static uint64_t pattern(size_t at)
{
	return rng_at(99, 0, at / sizeof(uint64_t));
}

/* Sends the pattern until all of it is in the socket. */
static _Noreturn void send_pattern(int fd, size_t len)
{
	static uint64_t block[8192];

	for (size_t at = 0; at < len; at += sizeof(block)) {
		for (size_t i = 0; i < 8192; i++)
			block[i] = pattern(at + i * 8);
		for (size_t done = 0; done < sizeof(block);) {
			ssize_t n = write(fd, (char *)block + done, sizeof(block) - done);

			if (n <= 0)
				_exit(1);
			done += (size_t)n;
		}
	}
	_exit(0);
}

static void expect_pattern(int fd, size_t len)
{
	static uint8_t block[65536];
	uint64_t end_ns = clock_now_ns() + 20 * NSEC_PER_SEC;

	for (size_t at = 0; at < len;) {
		int n;

		assert_true(clock_now_ns() < end_ns);
		n = net_lab_recv(fd, block, sizeof(block), 5000);
		assert_true(n > 0);
		for (int i = 0; i < n; i++, at++) {
			uint64_t word = pattern(at);

			if (block[i] != ((uint8_t *)&word)[at % 8])
				fail_msg("byte %zu is not what was sent", at);
		}
	}
}

static void transfer(struct net_lab *lab, int family, size_t len)
{
	struct sockaddr_storage at;
	socklen_t addr_len = net_lab_addr(1, family, 5151, &at);
	struct err err;
	int listener = netns_socket(lab->leaf_fds[1], family, SOCK_STREAM, 0, &err);
	int client = netns_socket(lab->leaf_fds[0], family, SOCK_STREAM, 0, &err), server, status;
	int one = 1;
	pid_t pid;

	/* Connections of the turn before may still be in TIME_WAIT. */
	assert_return_code(
		setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), errno);
	assert_return_code(bind(listener, (struct sockaddr *)&at, addr_len), errno);
	assert_return_code(listen(listener, 1), errno);
	assert_return_code(connect(client, (struct sockaddr *)&at, addr_len), errno);
	server = accept(listener, NULL, NULL);
	pid = fork();
	if (!pid)
		send_pattern(client, len);
	expect_pattern(server, len);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(listener);
	close(client);
	close(server);
}

static void a_transfer_arrives_as_it_was_sent_in_large_and_in_single_segments(void **state)
{
	static const struct impairment impairments[] = {{0}, {.delay_ns = 2 * MS},
		{.delay_ns = MS, .jitter_ns = MS / 2, .loss_ppm = 10000}};
	struct net_lab lab;

	(void)state;
	up(&lab);
	for (int i = 0; i < 2; i++) {
		for (size_t k = 0; k < 3; k++) {
			net_lab_impair(&lab, 0, 1, impairments[k]);
			transfer(&lab, families[i], k == 2 ? 1 << 20 : 16 << 20);
		}
	}
	net_lab_down(&lab);
}

/* A child opens the engine and is killed; the forwarder must follow. */
static void the_forwarder_dies_with_its_parent(void **state)
{
	int pair[2], death_fd = -1, status;
	struct net_lab lab;
	struct err err;
	pid_t pid;

	(void)state;
	up(&lab); /* or skip */
	net_lab_down(&lab);
	assert_return_code(pipe(pair), errno);
	pid = fork();
	if (!pid) {
		if (!net_lab_up(&lab, 1, engine_find("wire"), 1, &err)) {
			int fd = lab.engines[0]->ops->death_fd(lab.engines[0]);

			if (write(pair[1], &fd, sizeof(fd)) > 0)
				pause();
		}
		_exit(1);
	}
	assert_int_equal(read(pair[0], &death_fd, sizeof(death_fd)), sizeof(death_fd));
	/* The child's pidfd of the forwarder, fetched while both live. */
	status = (int)syscall(SYS_pidfd_open, pid, 0);
	death_fd = (int)syscall(SYS_pidfd_getfd, status, death_fd, 0);
	assert_return_code(death_fd, errno);
	assert_int_equal(poll(&(struct pollfd){.fd = death_fd, .events = POLLIN}, 1, 0), 0);
	kill(pid, SIGKILL);
	assert_int_equal(poll(&(struct pollfd){.fd = death_fd, .events = POLLIN}, 1, 2000), 1);
	waitpid(pid, NULL, 0);
	close(status);
	close(death_fd);
	close(pair[0]);
	close(pair[1]);
}

/* The limit of the queue is in bytes, and what does not fit is not called loss. */
static void a_full_queue_is_overflow_and_not_loss(void **state)
{
	struct engine_counters counters;
	struct sockaddr_storage to;
	socklen_t len = net_lab_addr(1, AF_INET, 4343, &to);
	static char data[1400];
	struct net_lab lab;
	struct err err;
	int tx;

	(void)state;
	up(&lab);
	net_lab_impair(&lab, 0, 1, (struct impairment){.rate_bps = 1000000});
	assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET, 2000) > 0);
	tx = net_lab_udp(&lab, 0, AF_INET, 0);
	for (int i = 0; i < 300; i++)
		assert_int_equal(
			sendto(tx, data, sizeof(data), 0, (struct sockaddr *)&to, len), 1400);
	for (uint64_t end_ns = clock_now_ns() + 5 * NSEC_PER_SEC; clock_now_ns() < end_ns;) {
		assert_int_equal(
			lab.engines[0]->ops->counters(lab.engines[0], 1, &counters, &err), 0);
		if (counters.packets >= 301)
			break;
		usleep(1000); /* between two looks, within a deadline */
	}
	assert_int_equal(counters.packets, 301);
	assert_true(counters.overflow_known);
	assert_int_equal(counters.dropped_packets, 0);
	assert_in_range(counters.overflow_packets, 200, 290);
	close(tx);
	net_lab_down(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_learned_before_leads_past_the_forwarder),
		cmocka_unit_test(vlan_tags_survive),
		cmocka_unit_test(a_transfer_arrives_as_it_was_sent_in_large_and_in_single_segments),
		cmocka_unit_test(the_forwarder_dies_with_its_parent),
		cmocka_unit_test(a_full_queue_is_overflow_and_not_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
