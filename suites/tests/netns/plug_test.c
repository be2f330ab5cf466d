/* A plug that is pulled gives errors at once, and put back everything is as it was. */
#include "fixtures/net/plug.h"
#include "fixtures/net/netns.h"
#include "suites/tests/helpers/net_lab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static const int families[] = {AF_INET, AF_INET6};
static struct net_lab lab;

static int up(void **state)
{
	struct err err;

	(void)state;
	if (net_lab_skip_reason())
		return 0;
	return net_lab_up(&lab, 3, engine_find("null"), 1, &err);
}

static int down(void **state)
{
	(void)state;
	if (!net_lab_skip_reason())
		net_lab_down(&lab);
	return 0;
}

static void need_lab(void)
{
	if (!net_lab_skip_reason())
		return;
	print_message("skip: %s\n", net_lab_skip_reason());
	skip();
}

/* What a sender in region 0 is told of region 1: 0 or an error number. */
static int told(int fd, int family)
{
	struct sockaddr_storage to;
	socklen_t len = net_lab_addr(1, family, 4000, &to);

	return sendto(fd, "x", 1, 0, (struct sockaddr *)&to, len) == 1 ? 0 : errno;
}

static void pull(void)
{
	struct addr other = addr_of(1, ADDR_HOST_PROBER);
	struct err err;

	if (plug_pull(lab.leaf_fds[0], &other, &err))
		fail_msg("%s", err.text);
}

static void put_back(void)
{
	struct addr other = addr_of(1, ADDR_HOST_PROBER);
	struct err err;

	if (plug_put_back(lab.leaf_fds[0], &other, &err))
		fail_msg("%s", err.text);
}

static void pulled_it_gives_an_error_at_once_and_put_back_all_is_well(void **state)
{
	(void)state;
	need_lab();
	for (int i = 0; i < 2; i++) {
		int fd = net_lab_udp(&lab, 0, families[i], (uint16_t)(5000 + i));

		assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, families[i], 10000) > 0);
		pull();
		assert_int_equal(told(fd, families[i]), ENETUNREACH);
		put_back();
		assert_int_equal(told(fd, families[i]), 0); /* the socket bound before goes on */
		assert_true(net_lab_udp_rtt_ns(&lab, 0, 1, families[i], 10000) > 0);
		close(fd);
	}
}

static void other_regions_keep_their_network(void **state)
{
	(void)state;
	need_lab();
	pull();
	for (int i = 0; i < 2; i++)
		assert_true(net_lab_udp_rtt_ns(&lab, 1, 2, families[i], 10000) > 0);
	put_back();
}

static void pulling_and_putting_back_twice_is_as_once(void **state)
{
	(void)state;
	need_lab();
	pull();
	pull();
	put_back();
	put_back();
	assert_true(net_lab_udp_rtt_ns(&lab, 1, 0, AF_INET6, 10000) > 0);
}

static void a_leaf_without_an_interface_is_an_error(void **state)
{
	struct addr other = addr_of(1, ADDR_HOST_PROBER);
	struct err err;
	int bare;

	(void)state;
	need_lab();
	bare = netns_new(&err);
	assert_true(bare >= 0);
	assert_int_equal(plug_pull(bare, &other, &err), -1);
	close(bare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pulled_it_gives_an_error_at_once_and_put_back_all_is_well),
		cmocka_unit_test(other_regions_keep_their_network),
		cmocka_unit_test(pulling_and_putting_back_twice_is_as_once),
		cmocka_unit_test(a_leaf_without_an_interface_is_an_error),
	};

	return cmocka_run_group_tests(tests, up, down);
}
