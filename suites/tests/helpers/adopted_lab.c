#include "suites/tests/helpers/adopted_lab.h"
#include "fixtures/net/book.h"
#include "fixtures/net/link.h"
#include "fixtures/net/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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

static void run_container(struct adopted_lab *adopted, unsigned r)
{
	struct net_lab *lab = &adopted->lab;
	struct addr addr = addr_of(r, ADDR_HOST_NODE);
	char line[400];

	lab->leaf_fds[r] = bare_netns();
	snprintf(line, sizeof(line),
		"link add v%u mtu %u up master wan type veth peer name eth0 mtu %u netns /proc/%d/fd/%d",
		r, adopted->mtu, adopted->mtu, (int)getpid(), lab->leaf_fds[r]);
	ip(lab->backbone_fd, line, NULL, 0);
	ip(lab->leaf_fds[r], "link set eth0 up", NULL, 0);
	snprintf(line, sizeof(line), "address add %s/%d dev eth0", addr.ip4_text, ADDR_IP4_PREFIX);
	ip(lab->leaf_fds[r], line, NULL, 0);
	snprintf(line, sizeof(line), "address add %s/%d dev eth0 nodad", addr.ip6_text,
		ADDR_IP6_PREFIX);
	ip(lab->leaf_fds[r], line, NULL, 0);
}

void adopted_lab_look_inside(
	const struct adopted_lab *adopted, unsigned region, char *out, size_t size)
{
	int fd = adopted->lab.leaf_fds[region];

	ip(fd, "-o address show dev eth0 scope global", out, size / 3);
	ip(fd, "-o link show dev eth0", out + strlen(out), size / 3);
	ip(fd, "route", out + strlen(out), size / 3);
}

void adopted_lab_run(struct adopted_lab *adopted, unsigned mtu)
{
	struct net_lab *lab = &adopted->lab;
	struct link_info info;
	struct netlink *nl;
	struct err err;

	*adopted = (struct adopted_lab){
		.lab = {.n = ADOPTED_REGIONS, .backbone_fd = bare_netns()}, .mtu = mtu};
	for (unsigned r = 0; r < NET_LAB_REGIONS_MAX; r++)
		lab->sites[r].netns_fd = lab->leaf_fds[r] = -1;
	ip(lab->backbone_fd, "link add wan up type bridge", NULL, 0);
	for (unsigned r = 0; r < ADOPTED_REGIONS; r++)
		run_container(adopted, r);
	nl = netlink_open_in(lab->backbone_fd, &err);
	assert_non_null(nl);
	assert_int_equal(link_find(nl, "wan", &info, &err), 0);
	assert_int_equal(info.mtu, mtu);
	adopted->bridge = info.ifindex;
	netlink_close(nl);
}

/* --- what we do ------------------------------------------------------------------------------------- */

static void lay_site(
	struct adopted_lab *adopted, unsigned r, const struct engine_ops *ops, uint64_t seed)
{
	struct net_lab *lab = &adopted->lab;
	struct site_ground ground = {.backbone_fd = lab->backbone_fd,
		.bridge = adopted->bridge,
		.mtu = adopted->mtu,
		.book = adopted->book};
	struct err err;

	snprintf(ground.d_name, sizeof(ground.d_name), "rptestd%u", r);
	ground.site_fd = site_new_netns(&err);
	if (ground.site_fd < 0 || site_up_on(&lab->sites[r], r, ADOPTED_REGIONS, &ground, &err))
		fail_msg("%s", err.text);
	lab->engines[r] = ops->open(&lab->sites[r], seed, &err);
	if (!lab->engines[r])
		fail_msg("%s", err.text);
}

static void adopt(struct adopted_lab *adopted, unsigned r)
{
	struct net_lab *lab = &adopted->lab;
	struct veth_end ends[VETH_ENDS_MAX];
	struct err err;

	if (veth_find(lab->leaf_fds[r], lab->backbone_fd, adopted->bridge, ends, &err) != 1 ||
		adopt_look(lab->backbone_fd, &ends[0], &adopted->ports[r], &err) ||
		book_add(adopted->book, ends[0].mac, r, &err) ||
		adopt_attach(&adopted->ports[r], lab->backbone_fd, lab->sites[r].netns_fd,
			ADOPTED_TAG, &err))
		fail_msg("%s", err.text);
}

void adopted_lab_adopt(struct adopted_lab *adopted, const struct engine_ops *ops, uint64_t seed)
{
	struct err err;

	adopted->book = book_new(&err);
	assert_non_null(adopted->book);
	for (unsigned r = 0; r < ADOPTED_REGIONS; r++)
		lay_site(adopted, r, ops, seed);
	for (unsigned r = 0; r < ADOPTED_REGIONS; r++)
		adopt(adopted, r);
}

void adopted_lab_put_back(struct adopted_lab *adopted)
{
	struct err err;

	for (unsigned r = 0; r < ADOPTED_REGIONS; r++) {
		if (adopt_detach(&adopted->ports[r], adopted->lab.sites[r].netns_fd,
			    adopted->lab.backbone_fd, ADOPTED_TAG, &err))
			fail_msg("%s", err.text);
	}
}

void adopted_lab_down(struct adopted_lab *adopted)
{
	net_lab_down(&adopted->lab);
	book_free(adopted->book);
}
