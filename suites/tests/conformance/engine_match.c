/*
 * Rules for some packets of a link: each fires on what it means and is silent on what it does not, the
 * same cases for every engine, over IPv4 and IPv6.
 *
 *     engine_match [ENGINE ...]      default: every engine that works here, but null
 *
 * What an engine cannot do must be refused with a sentence, so that a run takes another one.
 *
 * runner: timeout 120, steady
 */
#include "chaos/engines/fate.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/netns.h"
#include "suites/tests/helpers/engine_case.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC
#define STREAM_PORT 4343 /* of net_stream */
#define OTHER_PORT 4242  /* of net_lab_udp_rtt_ns */
#define TCP_PORT 6379
#define SILENCE_MS 150 /* what has not come by then was dropped: the links have no delay */
#define ARRIVAL_MS 2000

static void lay(struct net_lab *lab, unsigned from, unsigned to, const struct engine_rule *rules,
	unsigned n)
{
	struct engine_change change = {.to = to, .rules = rules, .n_rules = n};
	struct engine_ack ack;
	struct err err;

	if (case_engine->apply(lab->engines[from], &change, 1, 0, &ack, &err))
		fail_msg("%s", err.text);
}

static void lay_one(struct net_lab *lab, struct match match, struct impairment imp)
{
	struct engine_rule rule = {match, imp};

	lay(lab, 0, 1, &rule, 1);
}

static void lay_none(struct net_lab *lab)
{
	lay(lab, 0, 1, NULL, 0);
}

static const struct impairment cut = {.cut = 1};

/* --- what passes --------------------------------------------------------------------------------- */

static size_t datagrams(struct net_lab *lab, int family, size_t payload)
{
	struct net_stream s = case_stream(lab, family, 20);
	size_t received;

	s.payload = payload;
	s.tail_ns = SILENCE_MS * MS;
	net_stream_run(&s);
	received = s.received;
	net_stream_release(&s);
	return received;
}

/* A datagram to another port than the stream's, and back. */
static bool other_port_passes(struct net_lab *lab, int family)
{
	return net_lab_udp_rtt_ns(lab, 0, 1, family, ARRIVAL_MS) >= 0;
}

static bool ping_passes(struct net_lab *lab, int family, int timeout_ms)
{
	return net_lab_ping_rtt_ns(lab, 0, 1, family, timeout_ms) >= 0;
}

static int listen_in(struct net_lab *lab, unsigned region, int family, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(region, family, port, &addr);
	struct err err;
	int one = 1, fd = netns_socket(lab->leaf_fds[region], family, SOCK_STREAM, 0, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_return_code(bind(fd, (struct sockaddr *)&addr, len), errno);
	assert_return_code(listen(fd, 16), errno);
	return fd;
}

/* A connected socket, or minus the error; -ETIMEDOUT where nothing came within the time. */
static int connect_to(struct net_lab *lab, unsigned to, int family, uint16_t port, int timeout_ms)
{
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(to, family, port, &addr);
	struct pollfd done = {.events = POLLOUT};
	int error = 0;
	socklen_t error_len = sizeof(error);
	struct err err;
	int fd = netns_socket(lab->leaf_fds[0], family, SOCK_STREAM | SOCK_NONBLOCK, 0, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	if (connect(fd, (struct sockaddr *)&addr, len) && errno != EINPROGRESS)
		error = errno;
	done.fd = fd;
	if (!error && poll(&done, 1, timeout_ms) <= 0)
		error = ETIMEDOUT;
	if (!error)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len);
	if (!error)
		return fd;
	close(fd);
	return -error;
}

struct pair {
	int client, server;
};

static struct pair connect_pair(struct net_lab *lab, int listener, int family)
{
	struct pair pair = {.client = connect_to(lab, 1, family, TCP_PORT, ARRIVAL_MS)};

	assert_true(pair.client >= 0);
	pair.server = accept(listener, NULL, NULL);
	assert_return_code(pair.server, errno);
	return pair;
}

static void close_pair(struct pair *pair)
{
	close(pair->client);
	close(pair->server);
}

static bool byte_passes(struct pair *pair, int timeout_ms)
{
	char byte = 'x';

	assert_int_equal(send(pair->client, &byte, 1, MSG_NOSIGNAL), 1);
	return net_lab_recv(pair->server, &byte, 1, timeout_ms) == 1;
}

static bool connects(struct net_lab *lab, int listener, int family, int timeout_ms)
{
	int fd = connect_to(lab, 1, family, TCP_PORT, timeout_ms), server;

	if (fd < 0)
		return false;
	server = accept(listener, NULL, NULL);
	close(server);
	close(fd);
	return true;
}

/* --- cases --------------------------------------------------------------------------------------- */

static void a_port_means_its_packets_at_the_end_asked_for(void **state)
{
	static const struct {
		struct match match;
		bool hits;
	} cases[] = {
		{{.ports = {STREAM_PORT}}, true},
		{{.ports = {9, STREAM_PORT}, .protocol = MATCH_UDP}, true},
		{{.ports = {STREAM_PORT}, .port_of = MATCH_PORT_TARGET}, true},
		{{.ports = {STREAM_PORT}, .port_of = MATCH_PORT_SOURCE}, false},
		{{.ports = {STREAM_PORT}, .protocol = MATCH_TCP}, false},
		{{.ports = {STREAM_PORT + 1}}, false},
	};
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		lay_one(&lab, cases[c].match, cut);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(
				datagrams(&lab, case_families[i], 64), cases[c].hits ? 0 : 20);
			assert_true(other_port_passes(&lab, case_families[i]));
		}
	}
	lay_none(&lab);
	for (int i = 0; i < 2; i++)
		assert_int_equal(datagrams(&lab, case_families[i], 64), 20);
	net_lab_down(&lab);
}

static void a_protocol_means_nothing_of_the_others(void **state)
{
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	for (int i = 0; i < 2; i++) {
		int family = case_families[i], listener = listen_in(&lab, 1, family, TCP_PORT);

		lay_one(&lab, (struct match){.protocol = MATCH_UDP}, cut);
		assert_int_equal(datagrams(&lab, family, 64), 0);
		assert_true(ping_passes(&lab, family, ARRIVAL_MS));
		assert_true(connects(&lab, listener, family, ARRIVAL_MS));
		lay_one(&lab, (struct match){.protocol = MATCH_ICMP}, cut);
		assert_int_equal(datagrams(&lab, family, 64), 20);
		assert_false(ping_passes(&lab, family, SILENCE_MS));
		assert_true(connects(&lab, listener, family, ARRIVAL_MS));
		lay_one(&lab, (struct match){.protocol = MATCH_TCP}, cut);
		assert_int_equal(datagrams(&lab, family, 64), 20);
		assert_true(ping_passes(&lab, family, ARRIVAL_MS));
		assert_false(connects(&lab, listener, family, SILENCE_MS));
		close(listener);
	}
	net_lab_down(&lab);
}

/* The IP packet of a datagram is 28 bytes longer, 48 with IPv6. */
static void a_size_is_exact_to_the_byte(void **state)
{
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	for (int i = 0; i < 2; i++) {
		size_t headers = case_families[i] == AF_INET ? 28 : 48;

		lay_one(&lab, (struct match){.size_above = 777}, cut);
		assert_int_equal(datagrams(&lab, case_families[i], 777 - headers), 20);
		assert_int_equal(datagrams(&lab, case_families[i], 778 - headers), 0);
		assert_int_equal(datagrams(&lab, case_families[i], 1400), 0);
		assert_int_equal(datagrams(&lab, case_families[i], 64), 20);
		lay_one(&lab, (struct match){.size_above = 600, .size_below = 901}, cut);
		assert_int_equal(datagrams(&lab, case_families[i], 600 - headers), 20);
		assert_int_equal(datagrams(&lab, case_families[i], 601 - headers), 0);
		assert_int_equal(datagrams(&lab, case_families[i], 900 - headers), 0);
		assert_int_equal(datagrams(&lab, case_families[i], 901 - headers), 20);
	}
	net_lab_down(&lab);
}

/* Both kinds keep who is connected and stop who connects; `syn` one way only, which the other way
 * shows: an answer passes. */
static void syn_and_new_let_go_on_who_is_connected(void **state)
{
	static const uint64_t kinds[] = {MATCH_CONNECTIONS_SYN, MATCH_CONNECTIONS_NEW};
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	for (int i = 0; i < 4; i++) {
		int family = case_families[i % 2], listener = listen_in(&lab, 1, family, TCP_PORT);
		struct pair before = connect_pair(&lab, listener, family);

		lay_one(&lab, (struct match){.connections = kinds[i / 2]}, cut);
		assert_true(byte_passes(&before, ARRIVAL_MS));
		assert_false(connects(&lab, listener, family, SILENCE_MS));
		assert_int_equal(datagrams(&lab, family, 64), 20);
		lay_none(&lab);
		assert_true(connects(&lab, listener, family, ARRIVAL_MS));
		close_pair(&before);
		close(listener);
	}
	net_lab_down(&lab);
}

static void the_answer_to_a_syn_is_new_but_no_syn(void **state)
{
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	for (int i = 0; i < 4; i++) {
		int family = case_families[i % 2], listener = listen_in(&lab, 1, family, TCP_PORT);
		struct engine_rule rule = {
			{.connections = i < 2 ? MATCH_CONNECTIONS_SYN : MATCH_CONNECTIONS_NEW},
			cut};

		lay(&lab, 1, 0, &rule, 1); /* the way back */
		assert_int_equal(
			connects(&lab, listener, family, i < 2 ? ARRIVAL_MS : SILENCE_MS), i < 2);
		lay(&lab, 1, 0, NULL, 0);
		close(listener);
	}
	net_lab_down(&lab);
}

static bool refuses(struct engine_rule rule, const char *word)
{
	struct err err = {.text = ""};

	return case_engine->can && case_engine->can(&rule, &err) && strstr(err.text, word) &&
		strstr(err.text, "take engine wire");
}

static void established_connections_are_told_from_new_ones_or_refused(void **state)
{
	struct match match = {.connections = MATCH_CONNECTIONS_ESTABLISHED};
	struct net_lab lab;

	(void)state;
	if (!case_is_wire()) {
		assert_true(refuses((struct engine_rule){match, cut}, "memory of connections"));
		skip();
	}
	case_up(&lab);
	for (int i = 0; i < 2; i++) {
		int family = case_families[i], listener = listen_in(&lab, 1, family, TCP_PORT);
		struct pair before = connect_pair(&lab, listener, family), after;

		lay_one(&lab, match, cut);
		after = connect_pair(&lab, listener, family);
		assert_false(byte_passes(&before, SILENCE_MS));
		assert_true(byte_passes(&after, ARRIVAL_MS));
		/* Another impairment of the same rule does not forget who is new. */
		lay_one(&lab, match, (struct impairment){.loss_ppm = 999999});
		assert_true(byte_passes(&after, ARRIVAL_MS));
		lay_none(&lab);
		assert_true(byte_passes(&before, ARRIVAL_MS)); /* TCP sends it again */
		close_pair(&before);
		close_pair(&after);
		close(listener);
	}
	net_lab_down(&lab);
}

static int64_t round_trip_ns(struct pair *pair)
{
	uint64_t start_ns = clock_now_ns();
	char byte;

	assert_true(byte_passes(pair, ARRIVAL_MS));
	assert_int_equal(send(pair->server, "y", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(net_lab_recv(pair->client, &byte, 1, ARRIVAL_MS), 1);
	return (int64_t)(clock_now_ns() - start_ns);
}

static void new_connections_can_be_delayed_or_that_is_refused(void **state)
{
	struct match match = {.connections = MATCH_CONNECTIONS_NEW};
	struct impairment slow = {.delay_ns = 80 * MS};
	struct net_lab lab;

	(void)state;
	if (!case_is_wire()) {
		assert_true(refuses((struct engine_rule){match, slow}, "memory of connections"));
		skip();
	}
	case_up(&lab);
	for (int i = 0; i < 2; i++) {
		int family = case_families[i], listener = listen_in(&lab, 1, family, TCP_PORT);
		struct pair before = connect_pair(&lab, listener, family), after;

		lay_one(&lab, match, slow);
		after = connect_pair(&lab, listener, family);
		assert_true(round_trip_ns(&after) >= (int64_t)(80 * MS));
		assert_true(round_trip_ns(&before) < (int64_t)(80 * MS));
		lay_none(&lab);
		close_pair(&before);
		close_pair(&after);
		close(listener);
	}
	net_lab_down(&lab);
}

/* Does a datagram from one of our own hosts of region 0 reach the node of region 1? */
static bool host_passes(struct net_lab *lab, int leaf, int family, int timeout_ms)
{
	int server = net_lab_udp(lab, 1, family, OTHER_PORT);
	struct sockaddr_storage to;
	socklen_t len = net_lab_addr(1, family, OTHER_PORT, &to);
	uint64_t end_ns = clock_now_ns() + (uint64_t)timeout_ms * MS;
	struct err err;
	char data[8];
	int got = -1, fd = netns_socket(leaf, family, SOCK_DGRAM, 0, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	while (got < 0 && clock_now_ns() < end_ns) {
		sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, len);
		got = net_lab_recv(server, data, sizeof(data), 50);
	}
	close(fd);
	close(server);
	return got == 5;
}

static void traffic_is_told_by_who_speaks(void **state)
{
	struct net_lab lab;
	struct err err;
	int prober, beacon;

	(void)state;
	case_up(&lab);
	prober = site_add_leaf(&lab.sites[0], ADDR_HOST_PROBER, &err);
	beacon = site_add_leaf(&lab.sites[0], ADDR_HOST_BEACON, &err);
	assert_true(prober >= 0 && beacon >= 0);
	for (int i = 0; i < 2; i++) {
		int family = case_families[i];

		assert_true(host_passes(&lab, prober, family, ARRIVAL_MS));
		assert_true(host_passes(&lab, beacon, family, ARRIVAL_MS));
		lay_one(&lab, (struct match){.traffic = MATCH_TRAFFIC_CLIENTS}, cut);
		assert_false(host_passes(&lab, prober, family, SILENCE_MS));
		assert_true(host_passes(&lab, beacon, family, ARRIVAL_MS));
		assert_true(host_passes(&lab, lab.leaf_fds[0], family, ARRIVAL_MS));
		lay_one(&lab,
			(struct match){.traffic = MATCH_TRAFFIC_REPLICATION, .ports = {OTHER_PORT}},
			cut);
		assert_true(host_passes(&lab, prober, family, ARRIVAL_MS));
		assert_true(host_passes(&lab, beacon, family, ARRIVAL_MS));
		assert_false(host_passes(&lab, lab.leaf_fds[0], family, SILENCE_MS));
		assert_int_equal(datagrams(&lab, family, 64), 20); /* another port */
		lay_none(&lab);
	}
	close(prober);
	close(beacon);
	net_lab_down(&lab);
}

static uint64_t stream_p50_ns(struct net_lab *lab, unsigned to, int family)
{
	struct net_stream s = case_stream(lab, family, 50);
	uint64_t p50;

	s.to = to;
	net_stream_run(&s);
	assert_int_equal(s.received, s.n);
	p50 = net_stream_delay_ns(&s, 0.5);
	net_stream_release(&s);
	return p50;
}

/* Two rules and the link's own impairment, each on its own packets; neither on another link. */
static void rules_of_one_link_leave_each_other_alone(void **state)
{
	struct engine_rule rules[] = {
		{{.protocol = MATCH_UDP, .ports = {STREAM_PORT}, .port_of = MATCH_PORT_TARGET},
			{.delay_ns = 60 * MS}},
		{{.protocol = MATCH_TCP}, cut},
	};
	struct engine_change change = {
		.to = 1, .impairment = {.delay_ns = 20 * MS}, .rules = rules, .n_rules = 2};
	struct net_lab lab;
	struct engine_ack ack;
	struct engine_link is;
	struct err err;

	(void)state;
	case_up(&lab);
	assert_int_equal(case_engine->apply(lab.engines[0], &change, 1, 0, &ack, &err), 0);
	is = case_link(&lab, 0, 1);
	assert_true(engine_link_is_kept(&change, &is));
	for (int i = 0; i < 2; i++) {
		int family = case_families[i], listener = listen_in(&lab, 1, family, TCP_PORT);
		uint64_t slow = stream_p50_ns(&lab, 1, family);
		int64_t other = net_lab_udp_rtt_ns(&lab, 0, 1, family, ARRIVAL_MS);

		print_message("# %s %s: meant %.2f ms of 60, others %.2f ms of 20\n",
			case_engine->name, case_family_name(family), (double)slow / 1e6,
			(double)other / 1e6);
		assert_true(slow >= 60 * MS && slow < 80 * MS);
		assert_true(other >= (int64_t)(20 * MS) && other < (int64_t)(60 * MS));
		assert_true(stream_p50_ns(&lab, 2, family) < 20 * MS);
		assert_false(connects(&lab, listener, family, SILENCE_MS));
		close(listener);
	}
	change.n_rules = 1;
	assert_int_equal(case_engine->apply(lab.engines[0], &change, 1, 0, &ack, &err), 0);
	is = case_link(&lab, 0, 1);
	assert_int_equal(is.n_rules, 1);
	assert_true(engine_link_is_kept(&change, &is));
	net_lab_down(&lab);
}

static void rules_that_may_mean_the_same_packet_are_refused(void **state)
{
	struct engine_rule rules[] = {
		{{.protocol = MATCH_UDP}, cut}, {{.size_above = 600}, {.delay_ns = 60 * MS}}};
	struct engine_change change = {.to = 1, .rules = rules, .n_rules = 2};
	struct engine_ack ack;
	struct net_lab lab;
	struct err err;

	(void)state;
	case_up(&lab);
	assert_int_equal(case_engine->apply(lab.engines[0], &change, 1, 0, &ack, &err), -1);
	assert_non_null(strstr(err.text, "same packets"));
	assert_int_equal(case_link(&lab, 0, 1).n_rules, 0);
	net_lab_down(&lab);
}

/* What a rule took is counted as such, and the loss of its packets is theirs alone. */
static void a_rule_counts_what_it_means(void **state)
{
	struct engine_rule_counters counted;
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	lay_one(&lab, (struct match){.ports = {STREAM_PORT}}, cut);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(datagrams(&lab, case_families[i], 64), 0);
		assert_true(other_port_passes(&lab, case_families[i]));
	}
	counted = case_counters(&lab, 0, 1).rules[0];
	assert_int_equal(counted.dropped_packets, 40);
	assert_int_equal(counted.packets, 40);
	assert_int_equal(counted.passed_packets, 0);
	assert_int_equal(case_counters(&lab, 0, 1).dropped_packets, 40);
	net_lab_down(&lab);
}

/* wire: the i-th packet that the rule means, whatever passes beside it. */
static void what_a_rule_loses_is_told_by_the_seed(void **state)
{
	struct impairment imp = {.loss_ppm = 300000};
	struct fate_link told;
	struct net_lab lab;

	(void)state;
	if (!case_is_wire())
		skip(); /* the kernel draws */
	case_up(&lab);
	fate_link_init(&told, CASE_SEED, 0, fate_lane(1, 1));
	fate_link_set(&told, &imp);
	lay_one(&lab, (struct match){.ports = {STREAM_PORT}}, imp);
	for (int i = 0; i < 2; i++) {
		struct net_stream s = case_stream(&lab, case_families[i], 300);

		assert_true(other_port_passes(&lab, case_families[i]));
		net_stream_run(&s);
		for (size_t k = 0; k < s.n; k++)
			assert_int_equal(!s.received_ns[k], fate_next(&told).lost);
		net_stream_release(&s);
	}
	net_lab_down(&lab);
}

static int datagram_error(struct net_lab *lab, int family)
{
	struct sockaddr_storage to;
	socklen_t len = net_lab_addr(1, family, 7, &to);
	int fd = net_lab_udp(lab, 0, family, 0), error;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	socklen_t error_len = sizeof(error);

	assert_return_code(connect(fd, (struct sockaddr *)&to, len), errno);
	assert_return_code(send(fd, "?", 1, 0), errno);
	error = poll(&p, 1, SILENCE_MS) > 0 ? 0 : ETIMEDOUT;
	if (!error)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len);
	close(fd);
	return error;
}

static void a_cut_that_refuses_says_so_at_once(void **state)
{
	struct match match = {.connections = MATCH_CONNECTIONS_ANY};
	struct net_lab lab;
	char byte;

	(void)state;
	if (!case_is_wire()) {
		assert_true(refuses((struct engine_rule){match, {.cut = 1, .reject = REJECT_RST}},
			"cannot answer"));
		skip();
	}
	case_up(&lab);
	for (int i = 0; i < 2; i++) {
		int family = case_families[i], listener = listen_in(&lab, 1, family, TCP_PORT);
		int prohibited = family == AF_INET ? EHOSTUNREACH : EACCES;
		struct pair before = connect_pair(&lab, listener, family);

		net_lab_impair(&lab, 0, 1, cut);
		assert_int_equal(connect_to(&lab, 1, family, TCP_PORT, SILENCE_MS), -ETIMEDOUT);
		assert_int_equal(datagram_error(&lab, family), ETIMEDOUT);
		net_lab_impair(&lab, 0, 1, (struct impairment){.cut = 1, .reject = REJECT_ICMP});
		assert_int_equal(connect_to(&lab, 1, family, TCP_PORT, ARRIVAL_MS), -prohibited);
		assert_int_equal(datagram_error(&lab, family), prohibited);
		net_lab_impair(&lab, 0, 1, (struct impairment){.cut = 1, .reject = REJECT_RST});
		assert_int_equal(connect_to(&lab, 1, family, TCP_PORT, ARRIVAL_MS), -ECONNREFUSED);
		assert_int_equal(datagram_error(&lab, family), prohibited);
		assert_int_equal(send(before.client, "x", 1, MSG_NOSIGNAL), 1);
		assert_int_equal(net_lab_recv(before.client, &byte, 1, ARRIVAL_MS), -1);
		assert_int_equal(errno, ECONNRESET);
		assert_true(case_counters(&lab, 0, 1).refused_packets >= 4);
		net_lab_impair(&lab, 0, 1, (struct impairment){.cut = 0});
		assert_true(connects(&lab, listener, family, ARRIVAL_MS));
		close_pair(&before);
		close(listener);
	}
	net_lab_down(&lab);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(a_port_means_its_packets_at_the_end_asked_for),
		cmocka_unit_test(a_protocol_means_nothing_of_the_others),
		cmocka_unit_test(a_size_is_exact_to_the_byte),
		cmocka_unit_test(syn_and_new_let_go_on_who_is_connected),
		cmocka_unit_test(the_answer_to_a_syn_is_new_but_no_syn),
		cmocka_unit_test(established_connections_are_told_from_new_ones_or_refused),
		cmocka_unit_test(new_connections_can_be_delayed_or_that_is_refused),
		cmocka_unit_test(traffic_is_told_by_who_speaks),
		cmocka_unit_test(rules_of_one_link_leave_each_other_alone),
		cmocka_unit_test(rules_that_may_mean_the_same_packet_are_refused),
		cmocka_unit_test(a_rule_counts_what_it_means),
		cmocka_unit_test(what_a_rule_loses_is_told_by_the_seed),
		cmocka_unit_test(a_cut_that_refuses_says_so_at_once),
	};

	return case_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
