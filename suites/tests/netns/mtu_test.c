/*
 * Links of a lab with an MTU of their own, as sockets in its leaves find them: what fits passes, what does
 * not is refused where it is sent, and TCP announces a segment that fits. Over null and wire.
 *
 * runner: timeout 120
 */
#include "fixtures/base/clock.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/site_mtu.h"
#include "suites/tests/helpers/net_lab.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define REGIONS 3
#define TUNNEL 1400
#define TIMESTAMPS 12 /* of each TCP segment */

static const int families[] = {AF_INET, AF_INET6};
static const char *const engine_names[] = {"null", "wire"};

/* Two regions of jumbo frames with a tunnel between them, and one of the smallest packets there are. */
static const uint32_t own[REGIONS] = {9000, 9000, 1280};
static const uint32_t ways[REGIONS][REGIONS] = {
	{9000, TUNNEL, 1280}, {TUNNEL, 9000, 1280}, {1280, 1280, 1280}};

static void up(struct net_lab *lab, const char *engine)
{
	const char *reason = net_lab_skip_reason();
	struct err err;

	if (reason) {
		print_message("skip: %s\n", reason);
		skip();
	}
	if (net_lab_up(lab, REGIONS, engine_find(engine), 1, &err))
		fail_msg("%s", err.text);
}

static void set(
	struct net_lab *lab, const uint32_t mtus[REGIONS], const uint32_t to[REGIONS][REGIONS])
{
	struct err err;

	for (unsigned r = 0; r < REGIONS; r++) {
		if (site_mtu_set_hops(&lab->sites[r], lab->backbone_fd, mtus[r], &err) ||
			site_mtu_set_leaf(&lab->sites[r], ADDR_HOST_NODE, lab->leaf_fds[r], mtus[r],
				to[r], &err))
			fail_msg("%s", err.text);
	}
	for (unsigned a = 0; a < REGIONS; a++) {
		for (unsigned b = 0; b < REGIONS; b++) {
			for (int f = 0; f < 2 && a != b; f++)
				assert_true(net_lab_udp_rtt_ns(lab, a, b, families[f], 10000) > 0);
		}
	}
}

/* Of a datagram that must not be fragmented, IP header included: what arrives, or minus an errno. */
static int carry(const struct net_lab *lab, unsigned a, unsigned b, int family, size_t bytes)
{
	static uint8_t data[SITE_MTU_MOST + 100];
	size_t headers = (family == AF_INET ? 20 : 40) + 8;
	int from = net_lab_udp(lab, a, family, 0), to = net_lab_udp(lab, b, family, 4646);
	int never = family == AF_INET ? IP_PMTUDISC_DO : IPV6_PMTUDISC_DO, got;
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(b, family, 4646, &addr);

	assert_return_code(family == AF_INET
			? setsockopt(from, IPPROTO_IP, IP_MTU_DISCOVER, &never, sizeof(never))
			: setsockopt(from, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &never, sizeof(never)),
		errno);
	if (sendto(from, data, bytes - headers, 0, (struct sockaddr *)&addr, len) < 0)
		got = -errno;
	else
		got = net_lab_recv(to, data, sizeof(data), 2000) + (int)headers;
	close(from);
	close(to);
	return got;
}

static void expect_way(const struct net_lab *lab, unsigned a, unsigned b, uint32_t mtu)
{
	for (int f = 0; f < 2; f++) {
		assert_int_equal(carry(lab, a, b, families[f], mtu), mtu);
		assert_int_equal(carry(lab, a, b, families[f], mtu + 1), -EMSGSIZE);
	}
}

static void packets_pass_up_to_the_mtu_of_their_way(void **state)
{
	(void)state;
	for (int e = 0; e < 2; e++) {
		struct net_lab lab;

		up(&lab, engine_names[e]);
		set(&lab, own, ways);
		for (unsigned a = 0; a < REGIONS; a++) {
			for (unsigned b = 0; b < REGIONS; b++) {
				if (a != b)
					expect_way(&lab, a, b, ways[a][b]);
			}
		}
		net_lab_down(&lab);
	}
}

static void jumbo_frames_pass_where_nothing_is_smaller(void **state)
{
	static const uint32_t all[REGIONS] = {9000, 9000, 9000};
	static const uint32_t to[REGIONS][REGIONS] = {
		{9000, 9000, 9000}, {9000, 9000, 9000}, {9000, 9000, 9000}};

	(void)state;
	for (int e = 0; e < 2; e++) {
		struct net_lab lab;

		up(&lab, engine_names[e]);
		set(&lab, all, to);
		expect_way(&lab, 0, 1, 9000);
		expect_way(&lab, 2, 0, 9000);
		net_lab_down(&lab);
	}
}

/* Silence where nobody asked: the usual MTU, and no route but that of the network. */
static void a_lab_without_a_word_about_it_has_1500(void **state)
{
	struct net_lab lab;

	(void)state;
	up(&lab, "wire");
	for (int f = 0; f < 2; f++)
		assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, families[f], 10000) > 0);
	expect_way(&lab, 0, 1, SITE_MTU_USUAL);
	net_lab_down(&lab);
}

static int open_stream(const struct net_lab *lab, unsigned a, unsigned b, int family, int *server)
{
	struct sockaddr_storage to;
	socklen_t len = net_lab_addr(b, family, 4747, &to);
	struct err err;
	int one = 1, listener = netns_socket(lab->leaf_fds[b], family, SOCK_STREAM, 0, &err);
	int client = netns_socket(lab->leaf_fds[a], family, SOCK_STREAM, 0, &err);

	assert_true(listener >= 0 && client >= 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_return_code(bind(listener, (struct sockaddr *)&to, len), errno);
	assert_return_code(listen(listener, 1), errno);
	assert_return_code(connect(client, (struct sockaddr *)&to, len), errno);
	*server = accept(listener, NULL, NULL);
	assert_return_code(*server, errno);
	close(listener);
	return client;
}

static int segment_of(int fd)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	assert_return_code(getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &bytes, &len), errno);
	return bytes;
}

static void tcp_announces_what_fits(void **state)
{
	struct net_lab lab;

	(void)state;
	up(&lab, "wire");
	set(&lab, own, ways);
	for (unsigned b = 1; b < REGIONS; b++) {
		for (int f = 0; f < 2; f++) {
			int headers = (families[f] == AF_INET ? 20 : 40) + 20 + TIMESTAMPS, server;
			int client = open_stream(&lab, 0, b, families[f], &server);

			print_message("# to region %u, MTU %u: segments of %d and %d bytes\n", b,
				ways[0][b], segment_of(client), segment_of(server));
			assert_int_equal(segment_of(client), (int)ways[0][b] - headers);
			assert_int_equal(segment_of(server), (int)ways[b][0] - headers);
			close(client);
			close(server);
		}
	}
	net_lab_down(&lab);
}

/* Asked for more than the device has, or for a way that sockets do not take: another route is there. */
static void what_the_kernel_refuses_is_said(void **state)
{
	static const uint32_t usual[REGIONS] = {1500, 1500, 1500},
			      less[REGIONS] = {1500, TUNNEL, 1500};
	struct net_lab lab;
	struct err err;

	(void)state;
	up(&lab, "wire");
	assert_int_equal(site_mtu_set_hops(&lab.sites[0], lab.backbone_fd, 1 << 20, &err), -1);
	print_message("# %s\n", err.text);
	assert_non_null(strstr(err.text, "hops of region 0: set the MTU of interface"));
	assert_int_equal(site_mtu_set_leaf(&lab.sites[0], ADDR_HOST_NODE, lab.leaf_fds[0], 1 << 20,
				 usual, &err),
		-1);
	assert_non_null(strstr(err.text, "host 10 of region 0: set the MTU of interface"));
	assert_int_equal(
		site_mtu_set_leaf(&lab.sites[0], ADDR_HOST_NODE, lab.leaf_fds[0], 1500, less, &err),
		0);
	assert_int_equal(site_mtu_set_leaf(
				 &lab.sites[0], ADDR_HOST_NODE, lab.leaf_fds[0], 1500, usual, &err),
		-1);
	print_message("# %s\n", err.text);
	assert_non_null(strstr(err.text, "asked for an MTU of 1500 towards region 1"));
	net_lab_down(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_pass_up_to_the_mtu_of_their_way),
		cmocka_unit_test(jumbo_frames_pass_where_nothing_is_smaller),
		cmocka_unit_test(a_lab_without_a_word_about_it_has_1500),
		cmocka_unit_test(tcp_announces_what_fits),
		cmocka_unit_test(what_the_kernel_refuses_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
