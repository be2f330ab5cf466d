/* Two regions in private namespaces: they are joined by an engine, and all goes when released. */
#include "fixtures/base/clock.h"
#include "fixtures/net/link.h"
#include "fixtures/net/netns.h"
#include "suites/tests/helpers/net_lab.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const int families[] = {AF_INET, AF_INET6};

static void up(struct net_lab *lab, unsigned n, const char *engine)
{
	const struct engine_ops *ops = engine ? engine_find(engine) : NULL;
	struct err err;

	if (net_lab_skip_reason()) {
		print_message("skip: %s\n", net_lab_skip_reason());
		skip();
	}
	if (net_lab_up(lab, n, ops, 1, &err))
		fail_msg("%s", err.text);
}

static void null_engine_joins_two_regions_over_both_families(void **state)
{
	struct net_lab lab;

	(void)state;
	up(&lab, 2, "null");
	for (int i = 0; i < 2; i++) {
		assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, families[i], 10000) > 0);
		assert_true(net_lab_udp_rtt_ns(&lab, 1, 0, families[i], 10000) > 0);
		assert_true(net_lab_ping_rtt_ns(&lab, 0, 1, families[i], 10000) > 0);
	}
	net_lab_down(&lab);
}

static void without_an_engine_nothing_passes(void **state)
{
	struct net_lab lab;

	(void)state;
	up(&lab, 2, NULL);
	assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET, 50) < 0);
	assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET6, 50) < 0);
	net_lab_down(&lab);
}

static void segmentation_is_set_and_read_back(void **state)
{
	struct link_info info;
	struct net_lab lab;
	struct netlink *nl;
	struct err err;

	(void)state;
	up(&lab, 1, NULL);
	nl = netlink_open_in(lab.sites[0].netns_fd, &err);
	assert_non_null(nl);
	assert_int_equal(site_set_segmentation(&lab.sites[0], true, &err), 0);
	assert_int_equal(link_get(nl, lab.sites[0].ifindex_a, &info, &err), 0);
	assert_int_equal(info.gso_max_segs, 1);
	assert_int_equal(site_set_segmentation(&lab.sites[0], false, &err), 0);
	assert_int_equal(link_get(nl, lab.sites[0].ifindex_a, &info, &err), 0);
	assert_int_equal(info.gso_max_segs, 65535);
	netlink_close(nl);
	net_lab_down(&lab);
}

static void a_foreign_interface_is_refused(void **state)
{
	struct net_lab lab;
	struct netlink *nl;
	struct err err;

	(void)state;
	up(&lab, 1, NULL);
	nl = netlink_open_in(lab.sites[0].netns_fd, &err);
	assert_int_equal(site_verify(&lab.sites[0], &err), 0);
	link_del(nl, lab.sites[0].ifindex_b);
	link_add_bridge(nl, "b", lab.sites[0].ifindex_b);
	link_add_bridge(nl, "a", lab.sites[0].ifindex_a);
	assert_int_equal(netlink_commit(nl, &err), 0);
	assert_int_equal(site_verify(&lab.sites[0], &err), -1);
	assert_non_null(strstr(err.text, "not our veth"));
	assert_null(engine_find("null")->open(&lab.sites[0], 1, &err));
	netlink_close(nl);
	net_lab_down(&lab);
}

static void a_refusal_carries_what_the_kernel_says(void **state)
{
	struct net_lab lab;
	struct netlink *nl;
	struct err err;

	(void)state;
	up(&lab, 1, NULL);
	nl = netlink_open_in(lab.sites[0].netns_fd, &err);
	link_set_master(nl, lab.sites[0].ifindex_b, lab.sites[0].ifindex_c);
	assert_int_equal(netlink_commit(nl, &err), -1);
	assert_non_null(strstr(err.text, "set the bridge of interface"));
	assert_int_equal(netlink_commit(nl, &err), 0); /* nothing is left in the batch */
	netlink_close(nl);
	net_lab_down(&lab);
}

/* A veth between a namespace of our own and the one watched vanishes with the latter. */
static void put_witness(struct netlink *nl, int index, int netns_fd)
{
	char near_name[16], far_name[16];
	struct link_end near = {.name = near_name, .ifindex = 100 + index};
	struct link_end far = {.name = far_name, .ifindex = 9000 + index, .netns_fd = netns_fd};

	snprintf(near_name, sizeof(near_name), "w%d", index);
	snprintf(far_name, sizeof(far_name), "v%d", index);
	link_add_veth(nl, &near, 0, &far);
}

static bool witnesses_gone(struct netlink *nl, int n, uint64_t within_ns)
{
	uint64_t end = clock_now_ns() + within_ns;
	struct link_info info;
	struct err err;
	int left;

	do {
		left = 0;
		for (int i = 0; i < n; i++)
			left += !link_get(nl, 100 + i, &info, &err);
		usleep(1000); /* between two looks, within a deadline */
	} while (left && clock_now_ns() < end);
	return !left;
}

static void all_namespaces_are_gone_after_release(void **state)
{
	struct net_lab lab;
	struct netlink *nl;
	struct err err;
	int here;

	(void)state;
	up(&lab, 2, "null");
	here = netns_new(&err);
	nl = netlink_open_in(here, &err);
	assert_non_null(nl);
	put_witness(nl, 0, lab.backbone_fd);
	put_witness(nl, 1, lab.sites[0].netns_fd);
	put_witness(nl, 2, lab.leaf_fds[1]);
	assert_int_equal(netlink_commit(nl, &err), 0);
	assert_false(witnesses_gone(nl, 3, 0));
	net_lab_down(&lab);
	assert_true(witnesses_gone(nl, 3, 5 * NSEC_PER_SEC));
	netlink_close(nl);
	close(here);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

/* As an unprivileged user in a user namespace, with the machine's own network namespace around it.
 * Exit status: 0 fine, 77 not allowed here, else what failed. */
static int rootless_child(const char *engine)
{
	struct net_lab lab;
	char map[64];
	struct err err;

	if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
		return 77;
	snprintf(map, sizeof(map), "0 %u 1", geteuid());
	prctl(PR_SET_DUMPABLE, 1); /* else /proc/self still belongs to root */
	if (unshare(CLONE_NEWUSER))
		return 77;
	if (write_file("/proc/self/setgroups", "deny") || write_file("/proc/self/uid_map", map) ||
		write_file("/proc/self/gid_map", map))
		return 77;
	if (net_lab_up(&lab, 2, engine_find(engine), 1, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	if (net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET, 10000) < 0 ||
		net_lab_udp_rtt_ns(&lab, 0, 1, AF_INET6, 10000) < 0)
		return 2;
	net_lab_down(&lab);
	return 0;
}

static void works_rootless(const char *engine)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(rootless_child(engine));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("skip: no unprivileged user namespaces here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void the_lab_works_in_an_unprivileged_user_namespace(void **state)
{
	(void)state;
	works_rootless("null");
}

static void wire_works_in_an_unprivileged_user_namespace(void **state)
{
	(void)state;
	works_rootless("wire");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_engine_joins_two_regions_over_both_families),
		cmocka_unit_test(without_an_engine_nothing_passes),
		cmocka_unit_test(segmentation_is_set_and_read_back),
		cmocka_unit_test(a_foreign_interface_is_refused),
		cmocka_unit_test(a_refusal_carries_what_the_kernel_says),
		cmocka_unit_test(all_namespaces_are_gone_after_release),
		cmocka_unit_test(the_lab_works_in_an_unprivileged_user_namespace),
		cmocka_unit_test(wire_works_in_an_unprivileged_user_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
