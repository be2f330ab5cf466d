/*
 * Asked against measured, the same cases for every engine.
 *
 *     engine_conformance [ENGINE ...]      default: every engine that works here, but null
 *
 * Each case builds three regions, impairs 0 -> 1 and measures with numbered datagrams that carry the
 * kernel's time stamps; region 2 is the bystander. IPv4 and IPv6, always both.
 *
 * Loss: wire must lose exactly the packets that (seed, link, index) say. For netem, which draws in
 * the kernel, the share must lie within Z deviations, and the number of packets is chosen so that Z
 * deviations are the tolerance named with the case: about one false alarm in 10^6.
 *
 * runner: timeout 180, alone
 */
#include "chaos/engines/fate.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/rng.h"
#include "fixtures/net/link.h"
#include "fixtures/net/netns.h"
#include "suites/tests/helpers/engine_case.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define Z 4.9
#define MS NSEC_PER_MSEC

/* --- loss --------------------------------------------------------------------------------------- */

struct loss_case {
	uint64_t loss_ppm, burst;
	double tolerance; /* relative, of what Z deviations may be */
};

/* Variance of the mean of a two-state chain with correlation 1 - p - r from step to step. */
static double loss_variance(const struct impairment *imp)
{
	struct gilbert g = impairment_gilbert(imp);
	double mean = (double)imp->loss_ppm / 1e6, lambda = 1 - g.enter - g.leave;

	return mean * (1 - mean) * (1 + lambda) / (1 - lambda);
}

/* The fate of packets base, base + 1, ... told without the engine's own code: the chain of two states,
 * run from long before, when its state was whatever it was. */
static void predict(const struct impairment *imp, uint64_t base, size_t n, bool *lost)
{
	struct gilbert g = impairment_gilbert(imp);
	bool bad = false;

	for (uint64_t i = base - 10000; i != base + n; i++) {
		double u = rng_to_unit(rng_at(CASE_SEED, fate_stream(0, 1, FATE_DRAW_LOSS), i));

		bad = u < (bad ? 1 - g.leave : g.enter);
		if (i - base < n)
			lost[i - base] = bad;
	}
}

static void check_exact_drops(struct net_lab *lab, int family, const struct impairment *imp)
{
	struct net_stream s = case_stream(lab, family, 8000);
	bool *lost = calloc(s.n, sizeof(*lost));
	uint64_t base;

	s.burst = 16;
	net_lab_impair(lab, 0, 1, *imp);
	base = case_counters(lab, 0, 1).packets;
	predict(imp, base, s.n, lost);
	net_stream_run(&s);
	for (size_t i = 0; i < s.n; i++) {
		if (lost[i] != !s.received_ns[i])
			fail_msg("packet %zu of the link was %s, the seed says otherwise", base + i,
				s.received_ns[i] ? "passed" : "lost");
	}
	assert_true(s.received < s.n);
	assert_int_equal(case_counters(lab, 0, 1).overflow_packets, 0);
	free(lost);
	net_stream_release(&s);
}

static void check_share(
	struct net_lab *lab, int family, const struct loss_case *c, const struct impairment *imp)
{
	double mean = (double)c->loss_ppm / 1e6, deviation, measured, burst;
	size_t n = (size_t)(Z * Z * loss_variance(imp) / pow(mean * c->tolerance, 2));
	struct net_stream s = case_stream(lab, family, n);
	struct engine_counters before, after;

	net_lab_impair(lab, 0, 1, *imp);
	before = case_counters(lab, 0, 1);
	s.burst = 64;
	net_stream_run(&s);
	after = case_counters(lab, 0, 1);
	deviation = sqrt(loss_variance(imp) / (double)n);
	measured = 1 - (double)s.received / (double)n;
	burst = (double)(n - s.received) / (double)net_stream_loss_bursts(&s);
	print_message(
		"# %s: asked %.2f %% in bursts of %llu, lost %.3f %% in bursts of %.2f (%zu packets)\n",
		case_engine->name, mean * 100, (unsigned long long)c->burst, measured * 100, burst,
		n);
	assert_true(fabs(measured - mean) <= Z * deviation);
	if (c->burst > 1)
		assert_true(
			fabs(burst - (double)c->burst) <= c->tolerance * 1.5 * (double)c->burst);
	/* The engine counted what the receiver missed. */
	assert_int_equal(after.dropped_packets - before.dropped_packets, n - s.received);
	net_stream_release(&s);
}

static void check_loss(struct loss_case c)
{
	struct impairment imp = {.loss_ppm = c.loss_ppm, .loss_burst = c.burst};
	struct net_lab lab;

	case_up(&lab);
	if (case_is_wire()) {
		for (int i = 0; i < 2; i++)
			check_exact_drops(&lab, case_families[i], &imp);
	} else {
		check_share(&lab, case_families[c.burst % 2], &c, &imp);
	}
	net_lab_down(&lab);
}

static void loss_of_1_percent_is_1_percent(void **state)
{
	(void)state;
	check_loss((struct loss_case){10000, 1, 0.1});
}

static void loss_of_10_percent_is_10_percent(void **state)
{
	(void)state;
	check_loss((struct loss_case){100000, 1, 0.1});
}

static void loss_of_1_percent_comes_in_bursts_of_4(void **state)
{
	(void)state;
	check_loss((struct loss_case){10000, 4, 0.2}); /* 10 % would take 1.6 million packets */
}

static void loss_of_10_percent_comes_in_bursts_of_4(void **state)
{
	(void)state;
	check_loss((struct loss_case){100000, 4, 0.1});
}

static void loss_makes_every_segment_a_packet_until_it_is_healed(void **state)
{
	struct net_lab lab;
	struct link_info info;
	struct netlink *nl;
	struct err err;

	(void)state;
	case_up(&lab);
	nl = netlink_open_in(lab.sites[0].netns_fd, &err);
	net_lab_impair(&lab, 0, 1, (struct impairment){.delay_ns = MS});
	assert_int_equal(link_get(nl, lab.sites[0].ifindex_a, &info, &err), 0);
	assert_int_equal(info.gso_max_segs, 65535);
	net_lab_impair(&lab, 0, 1, (struct impairment){.loss_ppm = 10});
	assert_int_equal(link_get(nl, lab.sites[0].ifindex_a, &info, &err), 0);
	assert_int_equal(info.gso_max_segs, 1);
	net_lab_impair(&lab, 0, 1, (struct impairment){0});
	assert_int_equal(link_get(nl, lab.sites[0].ifindex_a, &info, &err), 0);
	assert_int_equal(info.gso_max_segs, 65535);
	netlink_close(nl);
	net_lab_down(&lab);
}

/* --- rate --------------------------------------------------------------------------------------- */

/* Bits per second between the first and the last of a train that is sent at once: the link is never
 * idle, and the queue of 200 ms holds all of it. */
static double train_bps(struct net_lab *lab, int family)
{
	struct net_stream s = case_stream(lab, family, 120);
	size_t frame = 1000 + 14 + 8 + (family == AF_INET ? 20 : 40);
	double seconds;

	s.payload = 1000;
	s.burst = 60;
	net_stream_run(&s);
	assert_int_equal(s.received, s.n);
	seconds = (double)(s.received_ns[s.n - 1] - s.received_ns[0]) / 1e9;
	net_stream_release(&s);
	return (double)(s.n - 1) * (double)frame * 8 / seconds;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The median of several trains: a machine that stops for some milliseconds spoils one or two. */
static void rate_of_10_mbit_is_10_mbit(void **state)
{
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, (struct impairment){.rate_bps = 10000000});
	for (int i = 0; i < 2; i++) {
		double bps[7];

		for (int k = 0; k < 7; k++)
			bps[k] = train_bps(&lab, case_families[i]);
		qsort(bps, 7, sizeof(*bps), ascending);
		print_message("# %s %s: asked 10 Mbit/s, measured %.3f\n", case_engine->name,
			case_family_name(case_families[i]), bps[3] / 1e6);
		assert_true(fabs(bps[3] / 10e6 - 1) < 0.03);
	}
	net_lab_down(&lab);
}

/* --- cut ---------------------------------------------------------------------------------------- */

struct tcp_pair {
	int client, server, listener;
};

static struct tcp_pair tcp_open(struct net_lab *lab, int family)
{
	struct sockaddr_storage at;
	socklen_t len = net_lab_addr(1, family, 5151, &at);
	struct tcp_pair pair;
	struct err err;

	pair.listener = netns_socket(lab->leaf_fds[1], family, SOCK_STREAM, 0, &err);
	pair.client = netns_socket(lab->leaf_fds[0], family, SOCK_STREAM, 0, &err);
	assert_return_code(bind(pair.listener, (struct sockaddr *)&at, len), errno);
	assert_return_code(listen(pair.listener, 8), errno);
	assert_return_code(connect(pair.client, (struct sockaddr *)&at, len), errno);
	pair.server = accept(pair.listener, NULL, NULL);
	assert_return_code(pair.server, errno);
	return pair;
}

static void tcp_close(struct tcp_pair *pair)
{
	close(pair->client);
	close(pair->server);
	close(pair->listener);
}

static void assert_silent(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);
	char byte;

	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	assert_return_code(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), errno);
	assert_int_equal(error, 0);
}

static void partition_is_silent_and_over_when_healed(void **state)
{
	struct impairment cut = {.cut = 1}, neutral = {0};
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	for (int i = 0; i < 2; i++) {
		struct tcp_pair tcp = tcp_open(&lab, case_families[i]);
		int udp = net_lab_udp(&lab, 0, case_families[i], 0), knock;
		struct sockaddr_storage to;
		socklen_t len = net_lab_addr(1, case_families[i], 9, &to);
		struct err err;
		char byte;

		net_lab_impair(&lab, 0, 1, cut);
		net_lab_impair(&lab, 1, 0, cut);
		assert_true(case_read_back(&lab, 0, 1).cut);
		/* Port 9 is closed: a packet that got through would come back as ECONNREFUSED. */
		assert_return_code(connect(udp, (struct sockaddr *)&to, len), errno);
		knock = netns_socket(
			lab.leaf_fds[0], case_families[i], SOCK_STREAM | SOCK_NONBLOCK, 0, &err);
		assert_int_equal(connect(knock, (struct sockaddr *)&to, len), -1);
		assert_int_equal(errno, EINPROGRESS);
		assert_int_equal(send(udp, "x", 1, 0), 1);
		assert_int_equal(send(tcp.client, "x", 1, 0), 1);
		assert_int_equal(net_lab_recv(tcp.server, &byte, 1, 300), -1);
		assert_silent(udp);
		assert_silent(tcp.client);
		assert_int_equal(net_lab_udp_rtt_ns(&lab, 0, 2, case_families[i], 2000) > 0, 1);
		net_lab_impair(&lab, 0, 1, neutral);
		net_lab_impair(&lab, 1, 0, neutral);
		assert_int_equal(net_lab_recv(tcp.server, &byte, 1, 5000), 1);
		close(udp);
		close(knock);
		tcp_close(&tcp);
	}
	net_lab_down(&lab);
}

static void neighbours_are_found_during_a_partition(void **state)
{
	struct impairment cut = {.cut = 1};
	struct net_lab lab;
	struct err err;
	int stranger;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, cut);
	net_lab_impair(&lab, 1, 0, cut);
	stranger = site_add_leaf(&lab.sites[1], ADDR_HOST_NODE + 1, &err);
	assert_return_code(stranger, errno);
	for (int i = 0; i < 2; i++) {
		uint64_t end = clock_now_ns() + 3 * NSEC_PER_SEC;
		bool found = false;

		net_lab_knock(&lab, 0, 1, ADDR_HOST_NODE + 1, case_families[i]);
		while (!found && clock_now_ns() < end) {
			found = net_lab_knows_neighbour(
				&lab, 0, 1, ADDR_HOST_NODE + 1, case_families[i]);
			usleep(2000); /* between two looks, within a deadline */
		}
		assert_true(found);
		assert_int_equal(net_lab_udp_rtt_ns(&lab, 0, 1, case_families[i], 50), -1);
	}
	assert_true(case_counters(&lab, 1, 0).exempt_packets > 0 || !case_is_wire());
	close(stranger);
	net_lab_down(&lab);
}

/* --- changes ------------------------------------------------------------------------------------ */

static void change_now_and_then(struct net_stream *s, size_t next)
{
	static const uint64_t delays_ns[] = {20 * MS, 40 * MS, 10 * MS, 0, 30 * MS};

	if (next % 50 == 0)
		net_lab_impair(
			s->lab, 0, 1, (struct impairment){.delay_ns = delays_ns[next / 50 % 5]});
}

static void changes_in_place_lose_nothing(void **state)
{
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	for (int i = 0; i < 2; i++) {
		struct net_stream s = case_stream(&lab, case_families[i], 1000);

		s.before_burst = change_now_and_then;
		s.interval_ns = MS / 2;
		net_stream_run(&s);
		assert_int_equal(s.received, 1000);
		assert_int_equal(s.duplicates, 0);
		net_stream_release(&s);
	}
	net_lab_down(&lab);
}

static void a_bystander_region_is_untouched(void **state)
{
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1,
		(struct impairment){.delay_ns = 100 * MS, .loss_ppm = 500000, .rate_bps = 1000000});
	for (int i = 0; i < 2; i++) {
		struct net_stream s = case_stream(&lab, case_families[i], 500);

		s.to = 2;
		net_stream_run(&s);
		assert_int_equal(s.received, s.n);
		assert_true(net_stream_delay_ns(&s, 0.5) < MS);
		net_stream_release(&s);
		s = case_stream(&lab, case_families[i], 100); /* and so is the way back */
		s.from = 1;
		s.to = 0;
		net_stream_run(&s);
		assert_int_equal(s.received, s.n);
		assert_true(net_stream_delay_ns(&s, 0.5) < MS);
		net_stream_release(&s);
	}
	net_lab_down(&lab);
}

static void heal_restores_neutral_link(void **state)
{
	struct impairment back;
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1,
		(struct impairment){.delay_ns = 80 * MS,
			.jitter_ns = 10 * MS,
			.distribution = DISTRIBUTION_NORMAL,
			.loss_ppm = 300000,
			.loss_burst = 5,
			.rate_bps = 5000000});
	net_lab_impair(&lab, 0, 1, (struct impairment){0});
	back = case_read_back(&lab, 0, 1);
	assert_true(impairment_is_neutral(&back));
	for (int i = 0; i < 2; i++) {
		struct net_stream s = case_stream(&lab, case_families[i], 500);

		net_stream_run(&s);
		assert_int_equal(s.received, s.n);
		assert_true(net_stream_delay_ns(&s, 0.5) < MS);
		net_stream_release(&s);
	}
	net_lab_down(&lab);
}

static void everything_asked_is_read_back(void **state)
{
	static const struct impairment asked[] = {
		{.delay_ns = 123456789},
		{.delay_ns = 40 * MS, .jitter_ns = 3 * MS, .distribution = DISTRIBUTION_PARETO},
		{.delay_ns = 40 * MS, .jitter_ns = 3 * MS, .reorder = 1},
		{.loss_ppm = 123, .loss_burst = 1},
		{.loss_ppm = 50000, .loss_burst = 12},
		{.rate_bps = 10000000, .delay_ns = 1},
		{.rate_bps = UINT64_C(40000000000)},
		{.jitter_ns = MS,
			.distribution = DISTRIBUTION_PARETONORMAL,
			.rate_bps = 64000,
			.loss_ppm = 999999},
		{.cut = 1},
		{.delay_ns = 5 * MS, .overtake_ppm = 250000},
		{.delay_ns = 5 * MS, .overtake_ppm = 100000, .overtake_gap = 5},
		{.delay_ns = 5 * MS, .overtake_gap = 4},
		{.loss_p13_ppm = 10000,
			.loss_p31_ppm = 200000,
			.loss_p32_ppm = 300000,
			.loss_p23_ppm = 400000,
			.loss_p14_ppm = 500},
		{.loss_ppm = 20000, .ecn = 1},
		{.corrupt_ppm = 30000, .limit = 77},
		{.rate_bps = 2000000, .rate_overhead = 8, .rate_cell = 48, .rate_cell_overhead = 5},
		{.slot_min_ns = MS, .slot_max_ns = 3 * MS, .slot_packets = 4, .slot_bytes = 9000},
		{.delay_ns = 600 * NSEC_PER_SEC},
		{0},
	};
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		struct impairment back;

		net_lab_impair(&lab, 0, 2, asked[i]);
		back = case_read_back(&lab, 0, 2);
		if (!impairment_is_kept(&asked[i], &back)) {
			struct buf a = {0}, b = {0};

			impairment_print(&a, &asked[i]);
			impairment_print(&b, &back);
			fail_msg("asked '%s', read back '%s'", buf_str(&a), buf_str(&b));
		}
		back = case_read_back(&lab, 0, 1);
		assert_true(impairment_is_neutral(&back));
	}
	net_lab_down(&lab);
}

static void a_batch_acts_at_its_instant(void **state)
{
	struct engine_change changes[] = {{.to = 1, .impairment = {.delay_ns = 30 * MS}},
		{.to = 2, .impairment = {.delay_ns = 60 * MS}}};
	uint64_t at_ns;
	struct engine_ack ack;
	struct net_lab lab;
	struct err err;

	(void)state;
	case_up(&lab);
	at_ns = clock_now_ns() + 50 * MS;
	assert_int_equal(case_engine->apply(lab.engines[0], changes, 2, at_ns, &ack, &err), 0);
	assert_true(ack.sent_ns >= at_ns && ack.sent_ns < at_ns + 20 * MS);
	assert_true(ack.acked_ns >= ack.sent_ns && ack.acked_ns < ack.sent_ns + 20 * MS);
	assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET, 1000) >= 30 * (int64_t)MS);
	assert_true(net_lab_udp_rtt_ns(&lab, 0, 2, AF_INET6, 1000) >= 60 * (int64_t)MS);
	net_lab_down(&lab);
}

static void a_region_that_does_not_exist_is_refused(void **state)
{
	struct engine_change change = {.to = 3};
	struct engine_ack ack;
	struct net_lab lab;
	struct err err;

	(void)state;
	case_up(&lab);
	assert_int_equal(case_engine->apply(lab.engines[0], &change, 1, 0, &ack, &err), -1);
	assert_non_null(strstr(err.text, "no region 3"));
	net_lab_down(&lab);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(loss_of_1_percent_is_1_percent),
		cmocka_unit_test(loss_of_10_percent_is_10_percent),
		cmocka_unit_test(loss_of_1_percent_comes_in_bursts_of_4),
		cmocka_unit_test(loss_of_10_percent_comes_in_bursts_of_4),
		cmocka_unit_test(loss_makes_every_segment_a_packet_until_it_is_healed),
		cmocka_unit_test(rate_of_10_mbit_is_10_mbit),
		cmocka_unit_test(partition_is_silent_and_over_when_healed),
		cmocka_unit_test(neighbours_are_found_during_a_partition),
		cmocka_unit_test(changes_in_place_lose_nothing),
		cmocka_unit_test(a_bystander_region_is_untouched),
		cmocka_unit_test(heal_restores_neutral_link),
		cmocka_unit_test(everything_asked_is_read_back),
		cmocka_unit_test(a_batch_acts_at_its_instant),
		cmocka_unit_test(a_region_that_does_not_exist_is_refused),
	};

	return case_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
