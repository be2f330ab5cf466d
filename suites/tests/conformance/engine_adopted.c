/*
 * The links of running containers, the same for every engine.
 *
 *     engine_adopted [ENGINE ...]      default: every engine that works here, but null
 *
 * No runtime is needed for what an engine does there: three network namespaces, each with a veth to one
 * bridge and a MAC of the kernel's choice, are made by iproute2 as a runtime makes them. They are adopted
 * as `inject` adopts containers (one TCP connection is open through all of it), impaired, and put back.
 * On kernels without sch_netem this runs over engine netem in User Mode Linux (netem_uml.sh), where no
 * Docker daemon comes up.
 *
 * runner: timeout 120, alone
 */
#include "fixtures/base/clock.h"
#include "fixtures/net/adopt.h"
#include "fixtures/net/book.h"
#include "fixtures/net/link.h"
#include "fixtures/net/netns.h"
#include "suites/tests/helpers/engine_case.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC
#define REGIONS 3
#define DELAY_NS (20 * MS)
#define TAG "regionproof test of adoption"
#define PACKETS 400

/* Leaves of the lab are the containers, its backbone is their bridge. */
static struct net_lab lab;
static struct book *book;
static struct adopt_port ports[REGIONS];
static int bridge; /* ifindex */
static int client = -1, server = -1;
static char before[REGIONS][2000];

/* --- what a runtime does -------------------------------------------------------------------------- */

/* Run iproute2 inside; what it printed goes to out (may be NULL). */
static void ip(int netns_fd, const char *arguments, char *out, size_t size)
{
	char command[1200];
	size_t n;
	FILE *f;

	snprintf(command, sizeof(command), "nsenter --net=/proc/%d/fd/%d ip %s", (int)getpid(),
		netns_fd, arguments);
	f = popen(command, "re");
	assert_non_null(f);
	n = fread(out ? out : command, 1, (out ? size : sizeof(command)) - 1, f);
	(out ? out : command)[n] = '\0';
	if (pclose(f))
		fail_msg("ip %s", arguments);
}

static int bare_netns(void)
{
	int fd;

	assert_return_code(unshare(CLONE_NEWNET), errno);
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	return fd;
}

static void run_container(unsigned r)
{
	struct addr addr = addr_of(r, ADDR_HOST_NODE);
	char line[400];

	lab.leaf_fds[r] = bare_netns();
	snprintf(line, sizeof(line),
		"link add v%u up master wan type veth peer name eth0 netns /proc/%d/fd/%d", r,
		(int)getpid(), lab.leaf_fds[r]);
	ip(lab.backbone_fd, line, NULL, 0);
	ip(lab.leaf_fds[r], "link set eth0 up", NULL, 0);
	snprintf(line, sizeof(line), "address add %s/%d dev eth0", addr.ip4_text, ADDR_IP4_PREFIX);
	ip(lab.leaf_fds[r], line, NULL, 0);
	snprintf(line, sizeof(line), "address add %s/%d dev eth0 nodad", addr.ip6_text,
		ADDR_IP6_PREFIX);
	ip(lab.leaf_fds[r], line, NULL, 0);
}

static void look_inside(unsigned r, char *out, size_t size)
{
	ip(lab.leaf_fds[r], "-o address show dev eth0 scope global", out, size / 3);
	ip(lab.leaf_fds[r], "-o link show dev eth0", out + strlen(out), size / 3);
	ip(lab.leaf_fds[r], "route", out + strlen(out), size / 3);
}

static void run_containers(void)
{
	struct link_info info;
	struct netlink *nl;
	struct err err;

	lab = (struct net_lab){.n = REGIONS, .backbone_fd = bare_netns()};
	for (unsigned r = 0; r < NET_LAB_REGIONS_MAX; r++)
		lab.sites[r].netns_fd = lab.leaf_fds[r] = -1;
	ip(lab.backbone_fd, "link add wan up type bridge", NULL, 0);
	for (unsigned r = 0; r < REGIONS; r++)
		run_container(r);
	nl = netlink_open_in(lab.backbone_fd, &err);
	assert_non_null(nl);
	assert_int_equal(link_find(nl, "wan", &info, &err), 0);
	bridge = info.ifindex;
	netlink_close(nl);
}

static void connect_by_tcp(void)
{
	struct sockaddr_storage to;
	socklen_t len = net_lab_addr(1, AF_INET, 4545, &to);
	struct err err;
	int listener = netns_socket(lab.leaf_fds[1], AF_INET, SOCK_STREAM, 0, &err);

	client = netns_socket(lab.leaf_fds[0], AF_INET, SOCK_STREAM, 0, &err);
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

/* --- what we do ------------------------------------------------------------------------------------- */

static void lay_site(unsigned r)
{
	struct site_ground ground = {
		.backbone_fd = lab.backbone_fd, .bridge = bridge, .mtu = 1500, .book = book};
	struct err err;

	snprintf(ground.d_name, sizeof(ground.d_name), "rptestd%u", r);
	ground.site_fd = site_new_netns(&err);
	if (ground.site_fd < 0 || site_up_on(&lab.sites[r], r, REGIONS, &ground, &err))
		fail_msg("%s", err.text);
	lab.engines[r] = case_engine->open(&lab.sites[r], CASE_SEED, &err);
	if (!lab.engines[r])
		fail_msg("%s", err.text);
}

static void adopt(unsigned r)
{
	struct veth_end ends[VETH_ENDS_MAX];
	struct err err;

	if (veth_find(lab.leaf_fds[r], lab.backbone_fd, bridge, ends, &err) != 1 ||
		adopt_look(lab.backbone_fd, &ends[0], &ports[r], &err) ||
		book_add(book, ends[0].mac, r, &err) ||
		adopt_attach(&ports[r], lab.backbone_fd, lab.sites[r].netns_fd, TAG, &err))
		fail_msg("%s", err.text);
}

static void put_back(unsigned r)
{
	struct err err;

	if (adopt_detach(&ports[r], lab.sites[r].netns_fd, lab.backbone_fd, TAG, &err))
		fail_msg("%s", err.text);
}

/* --- cases ------------------------------------------------------------------------------------------------ */

/* First: the others need it. */
static void adopted_they_reach_each_other_and_a_connection_lives(void **state)
{
	struct err err;

	(void)state;
	book = book_new(&err);
	assert_non_null(book);
	run_containers();
	for (unsigned r = 0; r < REGIONS; r++)
		look_inside(r, before[r], sizeof(before[r]));
	assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET, 10000) > 0);
	connect_by_tcp();
	for (unsigned r = 0; r < REGIONS; r++)
		lay_site(r);
	for (unsigned r = 0; r < REGIONS; r++)
		adopt(r);
	for (int i = 0; i < 2; i++) {
		assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, case_families[i], 10000) > 0);
		assert_true(net_lab_udp_rtt_ns(&lab, 0, 2, case_families[i], 10000) > 0);
	}
	connection_lives();
}

static struct net_stream stream_to(unsigned to, int family, struct impairment imp)
{
	struct net_stream s = case_stream(&lab, family, PACKETS);

	net_lab_impair(&lab, 0, 1, imp);
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
	assert_int_equal(case_read_back(&lab, 0, 1).delay_ns, DELAY_NS);
	assert_int_equal(case_read_back(&lab, 0, 2).delay_ns, 0);
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
	net_lab_impair(&lab, 0, 1, (struct impairment){0});
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
	net_lab_impair(&lab, 0, 1, (struct impairment){.delay_ns = DELAY_NS});
	for (unsigned r = 0; r < REGIONS; r++)
		put_back(r);
	nl = netlink_open_in(lab.backbone_fd, &err);
	assert_non_null(nl);
	for (unsigned r = 0; r < REGIONS; r++) {
		look_inside(r, after, sizeof(after));
		assert_string_equal(after, before[r]);
		assert_int_equal(link_find(nl, ports[r].name, &info, &err), 0);
		assert_int_equal(info.master, bridge);
		assert_string_equal(info.alias, "");
	}
	netlink_close(nl);
	connection_lives();
	assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET6, 10000) < (int64_t)DELAY_NS);
	close(client);
	close(server);
	net_lab_down(&lab);
	book_free(book);
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
