/*
 * Links whose MTU is not 1500, the same for every engine: what fits passes, what is segmented is as long as
 * the MTU allows, and a black hole for large packets means these.
 *
 *     engine_mtu [ENGINE ...]      default: every engine that works here, but null
 *
 * Such an MTU comes from the bridge of a container runtime, which every hop of a site must follow: a smaller
 * one would drop without a word (helpers/adopted_lab.h).
 *
 * runner: timeout 120
 */
#include "fixtures/base/clock.h"
#include "fixtures/net/netns.h"
#include "suites/tests/helpers/adopted_lab.h"
#include "suites/tests/helpers/engine_case.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC
#define ETHERNET 14
#define BULK (4 << 20)
#define JUMBO 9000
#define SMALL 1280 /* the least that IPv6 allows */

static struct adopted_lab adopted;
static struct net_lab *const lab = &adopted.lab;

static void up(unsigned mtu)
{
	adopted_lab_run(&adopted, mtu);
	adopted_lab_adopt(&adopted, case_engine, CASE_SEED);
	for (int i = 0; i < 2; i++)
		assert_true(net_lab_udp_rtt_ns(lab, 0, 1, case_families[i], 10000) > 0);
}

/* Does a packet of so many bytes, IP header included, arrive? */
static bool passes(int family, size_t bytes)
{
	size_t payload = bytes - (family == AF_INET ? 20 : 40) - 8;
	int from = net_lab_udp(lab, 0, family, 0), to = net_lab_udp(lab, 1, family, 4646);
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(1, family, 4646, &addr);
	static char data[JUMBO];
	int got;

	assert_int_equal(sendto(from, data, payload, 0, (struct sockaddr *)&addr, len), payload);
	got = net_lab_recv(to, data, sizeof(data), 100);
	assert_true(got < 0 || (size_t)got == payload);
	close(from);
	close(to);
	return got > 0;
}

static void open_stream(int family, int ends[2])
{
	struct sockaddr_storage to;
	socklen_t len = net_lab_addr(1, family, 4747, &to);
	struct err err;
	int one = 1, listener = netns_socket(lab->leaf_fds[1], family, SOCK_STREAM, 0, &err);

	ends[0] = netns_socket(lab->leaf_fds[0], family, SOCK_STREAM, 0, &err);
	assert_true(listener >= 0 && ends[0] >= 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_return_code(bind(listener, (struct sockaddr *)&to, len), errno);
	assert_return_code(listen(listener, 1), errno);
	assert_return_code(connect(ends[0], (struct sockaddr *)&to, len), errno);
	ends[1] = accept(listener, NULL, NULL);
	assert_return_code(ends[1], errno);
	close(listener);
}

static void carry(const int ends[2], size_t bytes)
{
	static char data[1 << 16];
	uint64_t end = clock_now_ns() + 30 * NSEC_PER_SEC;
	size_t sent = 0, received = 0;

	while (received < bytes && clock_now_ns() < end) {
		struct pollfd p[] = {
			{ends[0], sent < bytes ? POLLOUT : 0, 0}, {ends[1], POLLIN, 0}};
		ssize_t n;

		poll(p, 2, 100);
		n = sent < bytes ? send(ends[0], data, sizeof(data), MSG_DONTWAIT) : 0;
		sent += n > 0 ? (size_t)n : 0;
		n = recv(ends[1], data, sizeof(data), MSG_DONTWAIT);
		received += n > 0 ? (size_t)n : 0;
	}
	assert_true(received >= bytes);
}

/* Bytes of a frame on the way from 0 to 1, in the mean over a bulk of data. */
static double frame_bytes(int family, struct impairment imp)
{
	struct engine_counters before, after;
	int ends[2];

	net_lab_impair(lab, 0, 1, imp);
	open_stream(family, ends);
	before = case_counters(lab, 0, 1);
	carry(ends, BULK);
	after = case_counters(lab, 0, 1);
	close(ends[0]);
	close(ends[1]);
	return (double)(after.bytes - before.bytes) / (double)(after.packets - before.packets);
}

static void check_segments(unsigned mtu)
{
	for (int i = 0; i < 2; i++) {
		double whole = frame_bytes(case_families[i], (struct impairment){.delay_ns = MS});
		double segments = frame_bytes(case_families[i], (struct impairment){.loss_ppm = 1});

		print_message(
			"# %s %s, MTU %u: frames of %.0f bytes, of %.0f where each is lost or not\n",
			case_engine->name, case_family_name(case_families[i]), mtu, whole,
			segments);
		/* netem counts the segments of what is offloaded. */
		assert_true(!case_is_wire() || whole > mtu + ETHERNET);
		assert_true(segments <= mtu + ETHERNET && segments > 0.8 * (mtu + ETHERNET));
	}
}

static void check_black_hole(unsigned mtu)
{
	struct engine_rule rule = {.match = {.size_above = mtu - 100}, .impairment = {.cut = 1}};
	struct engine_change change = {.to = 1, .rules = &rule, .n_rules = 1};
	struct engine_ack ack;
	struct err err;

	if (lab->engines[0]->ops->apply(lab->engines[0], &change, 1, 0, &ack, &err))
		fail_msg("%s", err.text);
	for (int i = 0; i < 2; i++) {
		assert_false(passes(case_families[i], mtu));
		assert_false(passes(case_families[i], mtu - 99));
		assert_true(passes(case_families[i], mtu - 100));
	}
	net_lab_impair(lab, 0, 1, (struct impairment){0});
	for (int i = 0; i < 2; i++)
		assert_true(passes(case_families[i], mtu));
}

static void check(unsigned mtu)
{
	up(mtu);
	for (int i = 0; i < 2; i++)
		assert_true(passes(case_families[i], mtu));
	check_segments(mtu);
	check_black_hole(mtu);
	adopted_lab_put_back(&adopted);
	adopted_lab_down(&adopted);
}

static void jumbo_frames_are_carried_and_segmented_at_their_mtu(void **state)
{
	(void)state;
	check(JUMBO);
}

static void a_small_mtu_is_respected(void **state)
{
	(void)state;
	check(SMALL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(jumbo_frames_are_carried_and_segmented_at_their_mtu),
		cmocka_unit_test(a_small_mtu_is_respected),
	};

	return case_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
