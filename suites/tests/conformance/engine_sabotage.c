/*
 * An engine that was tampered with says so, and one that was left alone does not.
 *
 *     engine_sabotage [ENGINE ...]      default: every engine that works here, but null
 */
#include "chaos/engines/netem_rules.h"
#include "chaos/engines/tc.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/link.h"
#include "suites/tests/helpers/net_lab.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC

static const struct impairment asked = {.delay_ns = 5 * MS};
static const struct engine_ops *ops;

static struct netlink *up(struct net_lab *lab)
{
	struct netlink *nl;
	struct err err;

	if (net_lab_up(lab, 3, ops, 1, &err))
		fail_msg("%s", err.text);
	net_lab_impair(lab, 0, 1, asked);
	nl = netlink_open_in(lab->sites[0].netns_fd, &err);
	assert_non_null(nl);
	return nl;
}

static void down(struct net_lab *lab, struct netlink *nl)
{
	netlink_close(nl);
	net_lab_down(lab);
}

static void commit(struct netlink *nl)
{
	struct err err;

	if (netlink_commit(nl, &err))
		fail_msg("%s", err.text);
}

static int read_back(struct net_lab *lab, struct impairment *out, struct err *err)
{
	struct engine_link link;
	int rc = ops->read_back(lab->engines[0], 1, &link, err);

	*out = link.impairment;
	return rc;
}

static void assert_link_in_order(struct net_lab *lab)
{
	struct impairment back;
	struct err err;

	if (read_back(lab, &back, &err))
		fail_msg("%s", err.text);
	assert_true(impairment_equal(&back, &asked));
}

static void assert_reported(struct net_lab *lab, const char *word)
{
	struct engine_change again = {.to = 1, .impairment = asked};
	struct impairment back;
	struct engine_ack ack;
	struct err err = {.text = ""};

	assert_int_equal(read_back(lab, &back, &err), -1);
	assert_non_null(strstr(err.text, word));
	assert_int_equal(ops->apply(lab->engines[0], &again, 1, 0, &ack, &err), -1);
}

static void netem_deleted_behind_our_back_is_reported(void **state)
{
	struct net_lab lab;
	struct netlink *nl = up(&lab);
	struct tcmsg head = {.tcm_ifindex = lab.sites[0].ifindex_c, .tcm_parent = 0x10002};

	(void)state;
	assert_link_in_order(&lab);
	netlink_begin(nl, RTM_DELQDISC, 0, &head, sizeof(head), "delete the leaf");
	commit(nl);
	assert_reported(&lab, "is gone");
	down(&lab, nl);
}

static void a_tree_deleted_behind_our_back_is_reported(void **state)
{
	struct net_lab lab;
	struct netlink *nl = up(&lab);
	struct impairment back;
	struct err err;

	(void)state;
	tc_del_root(nl, lab.sites[0].ifindex_c);
	commit(nl);
	assert_int_equal(read_back(&lab, &back, &err), -1);
	down(&lab, nl);
}

static void netem_changed_behind_our_back_is_read_back_as_it_is(void **state)
{
	struct impairment foreign = {.delay_ns = 6 * MS}, back;
	struct net_lab lab;
	struct netlink *nl = up(&lab);
	struct err err;

	(void)state;
	tc_change_netem(nl, lab.sites[0].ifindex_c, 2, &foreign);
	commit(nl);
	assert_int_equal(read_back(&lab, &back, &err), 0);
	assert_false(impairment_equal(&back, &asked));
	assert_true(impairment_equal(&back, &foreign));
	down(&lab, nl);
}

/* Frames for region 1 would go to the leaf of region 2. */
static void a_filter_that_points_elsewhere_is_reported(void **state)
{
	struct tc_key keys[] = {{-16, 0x0272, 0xffff}, {-12, 0x00010000, 0xffffff00}};
	struct tc_filter filter = {5, ETH_P_ALL, 3, keys, 2};
	struct net_lab lab;
	struct netlink *nl = up(&lab);

	(void)state;
	tc_add_filter(nl, lab.sites[0].ifindex_c, &filter);
	commit(nl);
	assert_reported(&lab, "filter");
	down(&lab, nl);
}

static void a_deleted_filter_is_reported(void **state)
{
	struct net_lab lab;
	struct netlink *nl = up(&lab);

	(void)state;
	/* of the links' own classes: behind the rules' and the book's */
	tc_del_filters(nl, lab.sites[0].ifindex_c, NETEM_PRIO_RULES_END + 1, ETH_P_ALL);
	commit(nl);
	assert_reported(&lab, "filter");
	down(&lab, nl);
}

static void a_foreign_root_qdisc_is_refused(void **state)
{
	struct tcmsg head = {.tcm_parent = TC_H_ROOT, .tcm_handle = 0x990000};
	struct net_lab lab;
	struct netlink *nl;
	struct err err;

	(void)state;
	assert_int_equal(net_lab_up(&lab, 2, NULL, 1, &err), 0);
	nl = netlink_open_in(lab.sites[0].netns_fd, &err);
	head.tcm_ifindex = lab.sites[0].ifindex_c;
	netlink_begin(nl, RTM_NEWQDISC, NLM_F_CREATE, &head, sizeof(head), "add a foreign qdisc");
	netlink_put_str(nl, TCA_KIND, "pfifo");
	commit(nl);
	assert_null(ops->open(&lab.sites[0], 1, &err));
	assert_non_null(strstr(err.text, "not ours"));
	down(&lab, nl);
}

static bool readable(int fd, int timeout_ms)
{
	return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, timeout_ms) == 1;
}

static void a_dead_forwarder_is_reported_and_its_region_is_off(void **state)
{
	struct net_lab lab;
	struct netlink *nl = up(&lab);
	int death_fd = ops->death_fd(lab.engines[0]);

	(void)state;
	assert_link_in_order(&lab);
	assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET, 2000) > 0);
	assert_false(readable(death_fd, 0));
	assert_return_code(syscall(SYS_pidfd_send_signal, death_fd, SIGKILL, NULL, 0), errno);
	assert_true(readable(death_fd, 2000));
	assert_int_equal(net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET, 50), -1);
	assert_int_equal(net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET6, 50), -1);
	assert_reported(&lab, "died");
	down(&lab, nl);
}

static const struct CMUnitTest netem_cases[] = {
	cmocka_unit_test(netem_deleted_behind_our_back_is_reported),
	cmocka_unit_test(a_tree_deleted_behind_our_back_is_reported),
	cmocka_unit_test(netem_changed_behind_our_back_is_read_back_as_it_is),
	cmocka_unit_test(a_filter_that_points_elsewhere_is_reported),
	cmocka_unit_test(a_deleted_filter_is_reported),
	cmocka_unit_test(a_foreign_root_qdisc_is_refused),
};

static const struct CMUnitTest wire_cases[] = {
	cmocka_unit_test(a_dead_forwarder_is_reported_and_its_region_is_off),
};

static int run_cases(const struct engine_ops *engine)
{
	struct err err;

	if (engine->probe(NULL, &err)) {
		print_message("# skip: engine %s: %s\n", engine->name, err.text);
		return 0;
	}
	ops = engine;
	if (!strcmp(engine->name, "netem"))
		return cmocka_run_group_tests_name("netem", netem_cases, NULL, NULL);
	return cmocka_run_group_tests_name("wire", wire_cases, NULL, NULL);
}

int main(int argc, char **argv)
{
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		const struct engine_ops *engine = engine_find(argv[i]);

		if (!engine) {
			fprintf(stderr, "there is no engine '%s'\n", argv[i]);
			return EXIT_USAGE;
		}
		failed += run_cases(engine);
	}
	for (size_t i = 0; argc == 1 && engines[i]; i++) {
		if (strcmp(engines[i]->name, "null"))
			failed += run_cases(engines[i]);
	}
	return failed ? 1 : 0;
}
