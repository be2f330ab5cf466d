/*
 * TCP over an impaired link, the same cases for every engine: what segmentation offload would spoil.
 *
 *     engine_tcp [ENGINE ...]      default: every engine that works here, but null
 *
 * With offload one decision of a link would cover up to 45 segments, and a flipped bit would fall into the
 * headers, or into data that nobody checks any more.
 *
 * runner: timeout 150, alone
 */
#include "fixtures/base/clock.h"
#include "fixtures/net/link.h"
#include "fixtures/net/netns.h"
#include "suites/tests/helpers/engine_case.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC
#define PORT 5001
#define FLOWS_MAX 8
#define CHUNK 65536
#define SEGMENT 1400 /* bytes of data in one packet, at least about this */

struct flow {
	int tx, rx;
	uint64_t sent, received;
};

static int tcp_socket(struct net_lab *lab, unsigned region, int family)
{
	struct err err;
	int fd = netns_socket(lab->leaf_fds[region], family, SOCK_STREAM, 0, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	return fd;
}

static void open_flows(struct net_lab *lab, int family, struct flow *flows, unsigned n)
{
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(1, family, PORT, &addr);
	int one = 1, listener = tcp_socket(lab, 1, family);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_return_code(bind(listener, (struct sockaddr *)&addr, len), errno);
	assert_return_code(listen(listener, FLOWS_MAX), errno);
	for (unsigned i = 0; i < n; i++) {
		flows[i] = (struct flow){.tx = tcp_socket(lab, 0, family)};
		/* One that every kernel has, and that a loss tells to slow down, unlike BBR. */
		assert_return_code(
			setsockopt(flows[i].tx, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), errno);
		assert_return_code(connect(flows[i].tx, (struct sockaddr *)&addr, len), errno);
		flows[i].rx = accept(listener, NULL, NULL);
		assert_return_code(flows[i].rx, errno);
		fcntl(flows[i].tx, F_SETFL, O_NONBLOCK);
		fcntl(flows[i].rx, F_SETFL, O_NONBLOCK);
	}
	close(listener);
}

static void close_flows(struct flow *flows, unsigned n)
{
	struct linger now = {.l_onoff = 1}; /* nothing is left to be sent into the next case */

	for (unsigned i = 0; i < n; i++) {
		setsockopt(flows[i].tx, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(flows[i].tx);
		close(flows[i].rx);
	}
}

static uint8_t pattern(uint64_t at)
{
	return (uint8_t)(at * 31 + (at >> 11));
}

static void send_some(struct flow *flow, uint64_t limit)
{
	static uint8_t data[CHUNK];
	uint64_t n = limit - flow->sent < CHUNK ? limit - flow->sent : CHUNK;
	ssize_t rc;

	for (uint64_t i = 0; i < n; i++)
		data[i] = pattern(flow->sent + i);
	rc = n ? send(flow->tx, data, n, MSG_NOSIGNAL) : 0;
	flow->sent += rc > 0 ? (uint64_t)rc : 0;
}

static void receive_some(struct flow *flow)
{
	static uint8_t data[CHUNK];
	ssize_t rc = recv(flow->rx, data, sizeof(data), 0);

	for (ssize_t i = 0; i < rc; i++) {
		if (data[i] != pattern(flow->received + (uint64_t)i))
			fail_msg("byte %llu is not the one that was sent",
				(unsigned long long)flow->received + (unsigned long long)i);
	}
	flow->received += rc > 0 ? (uint64_t)rc : 0;
}

/* Until each flow has carried `limit` bytes or the time is over; the bytes that arrived. */
static uint64_t carry(struct flow *flows, unsigned n, uint64_t limit, uint64_t length_ns)
{
	uint64_t end_ns = clock_now_ns() + length_ns, sum = 0;
	bool done = false;

	while (!done && clock_now_ns() < end_ns) {
		struct pollfd p[2 * FLOWS_MAX];

		for (unsigned i = 0; i < n; i++) {
			bool more = flows[i].sent < limit;

			p[2 * i] = (struct pollfd){flows[i].tx, more ? POLLOUT : 0, 0};
			p[2 * i + 1] = (struct pollfd){flows[i].rx, POLLIN, 0};
		}
		poll(p, 2 * n, 20);
		done = true;
		for (unsigned i = 0; i < n; i++) {
			if (p[2 * i + 1].revents)
				receive_some(&flows[i]);
			if (p[2 * i].revents & POLLOUT)
				send_some(&flows[i], limit);
			done &= flows[i].received >= limit;
		}
	}
	for (unsigned i = 0; i < n; i++)
		sum += flows[i].received;
	return sum;
}

/* --- goodput ------------------------------------------------------------------------------------- */

static void offload(struct net_lab *lab, bool on)
{
	struct err err;
	struct netlink *nl = netlink_open_in(lab->leaf_fds[0], &err);
	struct link_info info;

	if (!nl || link_find(nl, "eth0", &info, &err))
		fail_msg("%s", err.text);
	link_set_gso_max_segs(nl, info.ifindex, on ? 65535 : 1);
	if (netlink_commit(nl, &err))
		fail_msg("%s", err.text);
	netlink_close(nl);
}

static double goodput_mbit(struct net_lab *lab, int family, bool offloads, uint64_t length_ns)
{
	struct flow flow;
	uint64_t bytes;

	offload(lab, offloads);
	open_flows(lab, family, &flow, 1);
	bytes = carry(&flow, 1, UINT64_MAX, length_ns);
	close_flows(&flow, 1);
	return (double)bytes * 8e3 / (double)length_ns;
}

/* The losses of some seconds of TCP are not many, and no two seconds are alike: within 30 % in the best
 * of some attempts. With offload at work it would be ten times more. */
static void goodput_under_loss_is_the_same_with_and_without_offload(void **state)
{
	struct impairment lossy = {.delay_ns = 10 * MS, .loss_ppm = 10000};
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, lossy);
	for (int i = 0; i < 2; i++) {
		double ratio = 0;

		for (int attempt = 0; attempt < 4 && (ratio < 0.7 || ratio > 1 / 0.7); attempt++) {
			double with = goodput_mbit(&lab, case_families[i], true, 2500 * MS);
			double without = goodput_mbit(&lab, case_families[i], false, 2500 * MS);

			ratio = with / without;
			print_message("# %s %s: 1 %% loss, 10 ms: %.1f Mbit/s from a sender that "
				      "offloads, %.1f from one that does not\n",
				case_engine->name, case_family_name(case_families[i]), with,
				without);
			assert_true(ratio < 3);
		}
		assert_true(ratio >= 0.7 && ratio <= 1 / 0.7);
	}
	net_lab_down(&lab);
}

/* --- corruption ---------------------------------------------------------------------------------- */

struct counters {
	uint64_t segments, checksum_errors;
};

/* The lines "Tcp: name name ..." and "Tcp: value value ...". */
static int read_counters(void *arg, struct err *err)
{
	struct counters *out = arg;
	char names[1024], values[1024], *n = names, *v = values;
	FILE *f = fopen("/proc/thread-self/net/snmp", "re");

	if (!f)
		return err_sys(err, "cannot open the counters of a namespace");
	while (fgets(names, sizeof(names), f) && strncmp(names, "Tcp:", 4))
		;
	if (!fgets(values, sizeof(values), f))
		values[0] = '\0';
	fclose(f);
	for (;;) {
		char *name = strsep(&n, " \n"), *value = strsep(&v, " \n");

		if (!name || !value)
			return 0;
		if (!strcmp(name, "InSegs"))
			out->segments = strtoull(value, NULL, 10);
		if (!strcmp(name, "InCsumErrors"))
			out->checksum_errors = strtoull(value, NULL, 10);
	}
}

static struct counters counters_of(const struct net_lab *lab, unsigned region)
{
	struct counters out = {0};
	struct err err;

	if (netns_run(lab->leaf_fds[region], read_counters, &out, &err))
		fail_msg("%s", err.text);
	return out;
}

/* One bit of 5 % of the packets; of a full one 97 % of the bits are the checksum's, the rest is in MACs
 * and the IP header. Were only the headers hit, it would be half of that. */
static void corrupt_segments_are_found_and_none_is_delivered(void **state)
{
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	for (int i = 0; i < 2; i++) {
		struct flow flows[FLOWS_MAX];
		struct counters before, after;
		uint64_t limit = 1200 * 1024;
		double share;

		net_lab_impair(&lab, 0, 1, (struct impairment){0});
		open_flows(&lab, case_families[i], flows, FLOWS_MAX);
		net_lab_impair(&lab, 0, 1, (struct impairment){.corrupt_ppm = 50000});
		before = counters_of(&lab, 1);
		assert_int_equal(
			carry(flows, FLOWS_MAX, limit, 30 * NSEC_PER_SEC), FLOWS_MAX * limit);
		after = counters_of(&lab, 1);
		close_flows(flows, FLOWS_MAX);
		share = (double)(after.checksum_errors - before.checksum_errors) /
			(double)(after.segments - before.segments);
		print_message("# %s %s: corrupt 5 %%, InCsumErrors of %.2f %% of %llu segments\n",
			case_engine->name, case_family_name(case_families[i]), share * 100,
			(unsigned long long)(after.segments - before.segments));
		assert_true(
			after.segments - before.segments >= FLOWS_MAX * limit / (SEGMENT + 100));
		assert_true(share >= 0.035 && share < 0.065);
	}
	net_lab_down(&lab);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(goodput_under_loss_is_the_same_with_and_without_offload),
		cmocka_unit_test(corrupt_segments_are_found_and_none_is_delivered),
	};

	return case_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
