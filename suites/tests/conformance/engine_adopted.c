/*
 * The links of running containers, the same for every engine.
 *
 *     engine_adopted [ENGINE ...]      default: every engine that works here, but null
 *
 * No runtime is needed for what an engine does there (helpers/adopted_lab.h): three containers are adopted,
 * impaired and put back, and one TCP connection is open through all of it.
 * On kernels without sch_netem this runs over engine netem in User Mode Linux (netem_uml.sh), where no
 * Docker daemon comes up.
 *
 * runner: timeout 120, steady
 */
#include "fixtures/base/clock.h"
#include "fixtures/net/link.h"
#include "fixtures/net/netns.h"
#include "suites/tests/helpers/adopted_lab.h"
#include "suites/tests/helpers/engine_case.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC
#define DELAY_NS (20 * MS)
#define PACKETS 400

static struct adopted_lab adopted;
static struct net_lab *const lab = &adopted.lab;
static int client = -1, server = -1;
static char before[ADOPTED_REGIONS][2000];

static void connect_by_tcp(void)
{
	struct sockaddr_storage to;
	socklen_t len = net_lab_addr(1, AF_INET, 4545, &to);
	struct err err;
	int listener = netns_socket(lab->leaf_fds[1], AF_INET, SOCK_STREAM, 0, &err);

	client = netns_socket(lab->leaf_fds[0], AF_INET, SOCK_STREAM, 0, &err);
	assert_true(listener >= 0 && client >= 0);
	assert_return_code(bind(listener, (struct sockaddr *)&to, len), errno);
	assert_return_code(listen(listener, 1), errno);
	assert_return_code(connect(client, (struct sockaddr *)&to, len), errno);
	server = accept(listener, NULL, NULL);
	assert_return_code(server, errno);
	close(listener);
}

static void connection_lives(void)
{
	char data[8];

	assert_int_equal(send(client, "ask", 4, MSG_NOSIGNAL), 4);
	assert_int_equal(net_lab_recv(server, data, sizeof(data), 20000), 4);
	assert_int_equal(send(server, "answer", 7, MSG_NOSIGNAL), 7);
	assert_int_equal(net_lab_recv(client, data, sizeof(data), 20000), 7);
}

/* --- cases ------------------------------------------------------------------------------------------------ */

/* First: the others need it. */
static void adopted_they_reach_each_other_and_a_connection_lives(void **state)
{
	(void)state;
	adopted_lab_run(&adopted, 1500);
	for (unsigned r = 0; r < ADOPTED_REGIONS; r++)
		adopted_lab_look_inside(&adopted, r, before[r], sizeof(before[r]));
	assert_true(net_lab_udp_rtt_ns(lab, 0, 1, AF_INET, 10000) > 0);
	connect_by_tcp();
	adopted_lab_adopt(&adopted, case_engine, CASE_SEED);
	for (int i = 0; i < 2; i++) {
		assert_true(net_lab_udp_rtt_ns(lab, 0, 1, case_families[i], 10000) > 0);
		assert_true(net_lab_udp_rtt_ns(lab, 0, 2, case_families[i], 10000) > 0);
	}
	connection_lives();
}

static struct net_stream stream_to(unsigned to, int family, struct impairment imp)
{
	struct net_stream s = case_stream(lab, family, PACKETS);

	net_lab_impair(lab, 0, 1, imp);
	s.to = to;
	s.interval_ns = MS / 4;
	s.tail_ns = 100 * MS;
	net_stream_run(&s);
	return s;
}

static uint64_t delay_of(unsigned to, int family, struct impairment imp)
{
	struct net_stream s = stream_to(to, family, imp);
	uint64_t p50 = net_stream_delay_ns(&s, 0.5);

	assert_int_equal(s.received, s.n);
	net_stream_release(&s);
	return p50;
}

/* A busy machine only ever adds delay: the best of some attempts counts, as in engine_conformance. */
static void a_delay_is_what_was_asked_and_the_bystander_keeps_its_own(void **state)
{
	struct impairment imp = {.delay_ns = DELAY_NS};

	(void)state;
	for (int i = 0; i < 2; i++) {
		uint64_t p50 = UINT64_MAX, other = UINT64_MAX;

		for (int k = 0; k < 8 && (p50 > DELAY_NS + MS / 2 || other > MS); k++) {
			p50 = delay_of(1, case_families[i], imp);
			other = delay_of(2, case_families[i], imp);
		}
		print_message(
			"# %s %s on an adopted veth: asked 20 ms, p50 %.3f ms, bystander %.3f ms\n",
			case_engine->name, case_family_name(case_families[i]), (double)p50 / 1e6,
			(double)other / 1e6);
		assert_in_range(p50, DELAY_NS, DELAY_NS + MS / 2);
		assert_in_range(other, 0, MS);
	}
	assert_int_equal(case_read_back(lab, 0, 1).delay_ns, DELAY_NS);
	assert_int_equal(case_read_back(lab, 0, 2).delay_ns, 0);
	connection_lives();
}

static void loss_is_what_was_asked(void **state)
{
	static const double asked = 0.2;
	double slack = 4.9 * sqrt(asked * (1 - asked) / PACKETS);

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct net_stream s =
			stream_to(1, case_families[i], (struct impairment){.loss_ppm = 200000});
		double lost = 1 - (double)s.received / (double)s.n;

		print_message("# %s %s on an adopted veth: loss asked 20 %%, %.1f %%\n",
			case_engine->name, case_family_name(case_families[i]), 100 * lost);
		assert_true(fabs(lost - asked) < slack);
		net_stream_release(&s);
	}
}

static void a_cut_lets_nothing_pass_and_heals(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct net_stream s =
			stream_to(1, case_families[i], (struct impairment){.cut = true});

		assert_int_equal(s.received, 0);
		net_stream_release(&s);
	}
	assert_true(delay_of(2, AF_INET, (struct impairment){.cut = true}) > 0);
	net_lab_impair(lab, 0, 1, (struct impairment){0});
	connection_lives();
}

/* Last: nothing is adopted any more afterwards. */
static void put_back_it_is_what_it_was(void **state)
{
	char after[2000];
	struct link_info info;
	struct netlink *nl;
	struct err err;

	(void)state;
	net_lab_impair(lab, 0, 1, (struct impairment){.delay_ns = DELAY_NS});
	adopted_lab_put_back(&adopted);
	nl = netlink_open_in(lab->backbone_fd, &err);
	assert_non_null(nl);
	for (unsigned r = 0; r < ADOPTED_REGIONS; r++) {
		adopted_lab_look_inside(&adopted, r, after, sizeof(after));
		assert_string_equal(after, before[r]);
		assert_int_equal(link_find(nl, adopted.ports[r].name, &info, &err), 0);
		assert_int_equal(info.master, adopted.bridge);
		assert_string_equal(info.alias, "");
	}
	netlink_close(nl);
	connection_lives();
	assert_true(net_lab_udp_rtt_ns(lab, 0, 1, AF_INET6, 10000) < (int64_t)DELAY_NS);
	close(client);
	close(server);
	adopted_lab_down(&adopted);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(adopted_they_reach_each_other_and_a_connection_lives),
		cmocka_unit_test(a_delay_is_what_was_asked_and_the_bystander_keeps_its_own),
		cmocka_unit_test(loss_is_what_was_asked),
		cmocka_unit_test(a_cut_lets_nothing_pass_and_heals),
		cmocka_unit_test(put_back_it_is_what_it_was),
	};

	return case_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
