/*
 * The capture on a real uplink: the system's packets are told from ours, and from nobody's.
 *
 * runner: timeout 60
 */
#include "fixtures/base/clock.h"
#include "fixtures/net/netns.h"
#include "probes/capture.h"
#include "suites/tests/helpers/beacon_lab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#define N_DATAGRAMS 50

static const int families[] = {AF_INET, AF_INET6};

/* From the node of region 0 to that of region 1. */
static void send_as_the_system(const struct beacon_lab *lab, int family, unsigned n)
{
	int from = net_lab_udp(&lab->net, 0, family, 0),
	    to = net_lab_udp(&lab->net, 1, family, 4000);
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(1, family, 4000, &addr);
	char byte;

	for (unsigned i = 0; i < n; i++)
		assert_return_code(sendto(from, "x", 1, 0, (struct sockaddr *)&addr, len), errno);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(net_lab_recv(to, &byte, 1, 2000), 1);
	close(from);
	close(to);
}

static uint64_t packets(const struct captures *captures, unsigned region, unsigned peer,
	enum capture_way way, enum capture_owner owner)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < captures->n; i++) {
		const struct capture_count *c = &captures->counts[i];

		if (c->region == region && c->peer == peer && c->way == way && c->owner == owner)
			sum += c->packets;
	}
	return sum;
}

static void packets_of_the_system_are_counted_at_both_ends(void **state)
{
	struct beacon_lab lab;
	struct captures captures;
	struct err err;
	uint64_t sent_ns, n;

	(void)state;
	beacon_lab_up(&lab, 2, engine_find("null"));
	beacon_lab_run_for_ms(300);
	sent_ns = beacon_lab_now_ns(&lab);
	for (int i = 0; i < 2; i++)
		send_as_the_system(&lab, families[i], N_DATAGRAMS);
	beacon_lab_run_for_ms(300);
	beacon_lab_stop(&lab);
	if (captures_load_dir(&captures, lab.dir, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(packets(&captures, 0, 1, CAPTURE_OUT, CAPTURE_SYSTEM), 2 * N_DATAGRAMS);
	assert_int_equal(packets(&captures, 1, 0, CAPTURE_IN, CAPTURE_SYSTEM), 2 * N_DATAGRAMS);
	/* Neighbour discovery of the nodes is nobody's traffic. */
	assert_int_equal(packets(&captures, 0, 1, CAPTURE_IN, CAPTURE_SYSTEM), 0);
	assert_int_equal(packets(&captures, 1, 0, CAPTURE_OUT, CAPTURE_SYSTEM), 0);
	n = packets(&captures, 0, 1, CAPTURE_OUT, CAPTURE_BEACON);
	assert_in_range(n, 150, 1000);
	assert_int_equal(packets(&captures, 1, 0, CAPTURE_IN, CAPTURE_BEACON), n);
	assert_int_equal(captures.n_covers, 2);
	for (size_t i = 0; i < captures.n_covers; i++) {
		assert_int_equal(captures.covers[i].dropped, 0);
		assert_true(captures.covers[i].to_ns > sent_ns);
	}
	for (size_t i = 0; i < captures.n; i++)
		if (captures.counts[i].owner == CAPTURE_SYSTEM)
			assert_in_range(captures.counts[i].at_ns, sent_ns - CAPTURE_BUCKET_NS,
				sent_ns + 300 * NSEC_PER_MSEC);
	captures_release(&captures);
	beacon_lab_down(&lab);
}

/* From the node of region 0 to that of region 1; the connection is there on return. */
static void connect_as_the_system(const struct beacon_lab *lab, int family)
{
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(1, family, 5000, &addr);
	struct err err;
	int listener = netns_socket(lab->net.leaf_fds[1], family, SOCK_STREAM, 0, &err);
	int client = netns_socket(lab->net.leaf_fds[0], family, SOCK_STREAM, 0, &err);

	assert_true(listener >= 0 && client >= 0);
	assert_return_code(bind(listener, (struct sockaddr *)&addr, len), errno);
	assert_return_code(listen(listener, 1), errno);
	assert_return_code(connect(client, (struct sockaddr *)&addr, len), errno);
	close(client);
	close(listener);
}

/* Datagrams from the node of region 0 to that of region 1, of which none arrives. */
static void send_in_vain(const struct beacon_lab *lab, int family, unsigned n)
{
	int fd = net_lab_udp(&lab->net, 0, family, 0);
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(1, family, 4000, &addr);

	for (unsigned i = 0; i < n; i++)
		assert_return_code(sendto(fd, "x", 1, 0, (struct sockaddr *)&addr, len), errno);
	close(fd);
}

static void try_to_connect(const struct beacon_lab *lab, int family)
{
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(1, family, 5000, &addr);
	struct err err;
	int fd = netns_socket(lab->net.leaf_fds[0], family, SOCK_STREAM, 0, &err);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, len), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
}

static void refuse(struct captures *captures, uint64_t reject)
{
	struct beacon_lab lab;
	struct err err;

	beacon_lab_up(&lab, 2, engine_find("wire"));
	net_lab_impair(&lab.net, 0, 1, (struct impairment){.cut = 1, .reject = reject});
	beacon_lab_run_for_ms(300);
	for (int i = 0; i < 2; i++) {
		if (reject == REJECT_RST)
			try_to_connect(&lab, families[i]);
		send_in_vain(&lab, families[i], N_DATAGRAMS);
	}
	beacon_lab_run_for_ms(300);
	beacon_lab_stop(&lab);
	if (captures_load_dir(captures, lab.dir, &err) < 0)
		fail_msg("%s", err.text);
	beacon_lab_down(&lab);
}

/* Beacons are refused as well, and not counted; and no answer counts as something that crossed. */
static void answers_of_a_cut_that_refuses_are_counted_and_have_not_crossed(void **state)
{
	struct captures captures;

	(void)state;
	refuse(&captures, REJECT_RST);
	assert_int_equal(packets(&captures, 0, 1, CAPTURE_IN, CAPTURE_REFUSAL_RST), 2);
	assert_int_equal(
		packets(&captures, 0, 1, CAPTURE_IN, CAPTURE_REFUSAL_ICMP), 2 * N_DATAGRAMS);
	assert_int_equal(packets(&captures, 0, 1, CAPTURE_IN, CAPTURE_SYSTEM), 0);
	assert_int_equal(packets(&captures, 1, 0, CAPTURE_IN, CAPTURE_REFUSAL_ICMP), 0);
	captures_release(&captures);
}

static void silent_cuts_have_no_answers(void **state)
{
	struct captures captures;

	(void)state;
	refuse(&captures, REJECT_NONE);
	assert_int_equal(packets(&captures, 0, 1, CAPTURE_OUT, CAPTURE_SYSTEM), 2 * N_DATAGRAMS);
	assert_int_equal(packets(&captures, 0, 1, CAPTURE_IN, CAPTURE_REFUSAL_RST), 0);
	assert_int_equal(packets(&captures, 0, 1, CAPTURE_IN, CAPTURE_REFUSAL_ICMP), 0);
	captures_release(&captures);
}

static unsigned events(const struct captures *captures, unsigned region, enum capture_way way,
	enum flow_event_kind kind, uint64_t *value_ns)
{
	unsigned n = 0;

	for (size_t i = 0; i < captures->n_tcp; i++) {
		const struct capture_tcp *e = &captures->tcp[i];

		if (e->region != region || e->way != way || e->kind != kind ||
			e->owner != CAPTURE_SYSTEM)
			continue;
		*value_ns = e->value_ns;
		n++;
	}
	return n;
}

static void handshakes_of_the_system_have_the_rtt_of_the_link(void **state)
{
	struct beacon_lab lab;
	struct captures captures;
	uint64_t rtt_ns = 0, unused;
	struct err err;

	(void)state;
	beacon_lab_up(&lab, 2, engine_find("wire"));
	net_lab_impair(&lab.net, 0, 1, (struct impairment){.delay_ns = 20 * NSEC_PER_MSEC});
	net_lab_impair(&lab.net, 1, 0, (struct impairment){.delay_ns = 20 * NSEC_PER_MSEC});
	for (int i = 0; i < 2; i++)
		connect_as_the_system(&lab, families[i]);
	beacon_lab_run_for_ms(300);
	beacon_lab_stop(&lab);
	if (captures_load_dir(&captures, lab.dir, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(events(&captures, 0, CAPTURE_OUT, FLOW_SYN, &unused), 2);
	assert_int_equal(events(&captures, 0, CAPTURE_IN, FLOW_HANDSHAKE, &rtt_ns), 2);
	assert_in_range(rtt_ns, 40 * NSEC_PER_MSEC, 400 * NSEC_PER_MSEC);
	assert_int_equal(events(&captures, 1, CAPTURE_OUT, FLOW_SYN, &unused), 0);
	assert_int_equal(events(&captures, 0, CAPTURE_OUT, FLOW_RETRANSMIT, &unused), 0);
	captures_release(&captures);
	beacon_lab_down(&lab);
}

static void uplink_that_is_not_there_gives_a_sentence(void **state)
{
	struct capture_start start;
	struct beacon_lab lab;
	struct err err = {.text = ""};

	(void)state;
	beacon_lab_up(&lab, 2, engine_find("null"));
	start = (struct capture_start){.site_netns_fd = lab.net.sites[0].netns_fd,
		.uplink = "nosuch",
		.n_regions = 2,
		.epoch_ns = lab.epoch_ns,
		.dir = lab.dir,
		.wish = {.keep = PCAP_KEEP_NONE}};
	assert_null(capture_open(&start, &err));
	print_message("%s\n", err.text);
	assert_true(err.text[0]);
	beacon_lab_stop(&lab);
	beacon_lab_down(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_the_system_are_counted_at_both_ends),
		cmocka_unit_test(answers_of_a_cut_that_refuses_are_counted_and_have_not_crossed),
		cmocka_unit_test(silent_cuts_have_no_answers),
		cmocka_unit_test(handshakes_of_the_system_have_the_rtt_of_the_link),
		cmocka_unit_test(uplink_that_is_not_there_gives_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
