#include "suites/tests/helpers/net_lab.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/netlink.h"
#include "fixtures/net/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const char *net_lab_skip_reason(void)
{
	static struct err err;
	int fd = netns_new(&err);

	if (fd < 0)
		return err.text;
	close(fd);
	return NULL;
}

static int region_up(struct net_lab *lab, unsigned i, const struct engine_ops *ops, uint64_t seed,
	struct err *err)
{
	if (site_up(&lab->sites[i], i, lab->n, lab->backbone_fd, err))
		return -1;
	lab->leaf_fds[i] = site_add_leaf(&lab->sites[i], ADDR_HOST_NODE, err);
	if (lab->leaf_fds[i] < 0)
		return -1;
	if (ops && !(lab->engines[i] = ops->open(&lab->sites[i], seed, err)))
		return -1;
	return 0;
}

int net_lab_up(struct net_lab *lab, unsigned n, const struct engine_ops *ops, uint64_t seed,
	struct err *err)
{
	*lab = (struct net_lab){.n = n};
	for (unsigned i = 0; i < NET_LAB_REGIONS_MAX; i++) {
		lab->sites[i].netns_fd = -1;
		lab->leaf_fds[i] = -1;
	}
	lab->backbone_fd = backbone_up(err);
	if (lab->backbone_fd < 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		if (region_up(lab, i, ops, seed, err)) {
			net_lab_down(lab);
			return -1;
		}
	}
	return 0;
}

void net_lab_down(struct net_lab *lab)
{
	for (unsigned i = 0; i < lab->n; i++) {
		if (lab->engines[i])
			lab->engines[i]->ops->close(lab->engines[i]);
		lab->engines[i] = NULL;
		if (lab->leaf_fds[i] >= 0)
			close(lab->leaf_fds[i]);
		lab->leaf_fds[i] = -1;
		site_release(&lab->sites[i]);
	}
	if (lab->backbone_fd >= 0)
		close(lab->backbone_fd);
	lab->backbone_fd = -1;
}

void net_lab_impair(struct net_lab *lab, unsigned from, unsigned to, struct impairment imp)
{
	struct engine_change change = {.to = to, .impairment = imp};
	struct engine *engine = lab->engines[from];
	struct engine_ack ack;
	struct err err;

	if (engine->ops->apply(engine, &change, 1, 0, &ack, &err))
		fail_msg("%s", err.text);
	assert_true(ack.sent_ns && ack.sent_ns <= ack.acked_ns);
}

static socklen_t host_addr(
	struct addr addr, int family, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (family == AF_INET) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(port);
		memcpy(&in4->sin_addr, addr.ip4, sizeof(addr.ip4));
		return sizeof(*in4);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, addr.ip6, sizeof(addr.ip6));
	return sizeof(*in6);
}

socklen_t net_lab_addr(unsigned region, int family, uint16_t port, struct sockaddr_storage *out)
{
	return host_addr(addr_of(region, ADDR_HOST_NODE), family, port, out);
}

int net_lab_udp(const struct net_lab *lab, unsigned region, int family, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(region, family, port, &addr);
	int bytes = 8 << 20;
	struct err err;
	int fd = netns_socket(lab->leaf_fds[region], family, SOCK_DGRAM, 0, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	assert_return_code(bind(fd, (struct sockaddr *)&addr, len), errno);
	return fd;
}

int net_lab_recv(int fd, void *data, size_t len, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	if (poll(&poll_fd, 1, timeout_ms) <= 0)
		return -1;
	return (int)recv(fd, data, len, MSG_DONTWAIT);
}

/* One try; -1 when it is not back within timeout_ms. */
static int64_t udp_round(
	int client, int server, const struct sockaddr_storage *to, socklen_t len, int timeout_ms)
{
	struct sockaddr_storage back;
	socklen_t back_len = sizeof(back);
	uint64_t start_ns = clock_now_ns();
	char data[16] = "there";

	assert_return_code(sendto(client, data, 6, 0, (const struct sockaddr *)to, len), errno);
	if (poll(&(struct pollfd){.fd = server, .events = POLLIN}, 1, timeout_ms) <= 0 ||
		recvfrom(server, data, 16, 0, (struct sockaddr *)&back, &back_len) != 6)
		return -1;
	sendto(server, "back", 5, 0, (struct sockaddr *)&back, back_len);
	if (net_lab_recv(client, data, sizeof(data), timeout_ms) != 5)
		return -1;
	return (int64_t)(clock_now_ns() - start_ns);
}

int64_t net_lab_udp_rtt_ns(
	const struct net_lab *lab, unsigned from, unsigned to, int family, int timeout_ms)
{
	int client = net_lab_udp(lab, from, family, 0), server = net_lab_udp(lab, to, family, 4242);
	uint64_t end_ns = clock_now_ns() + (uint64_t)timeout_ms * NSEC_PER_MSEC;
	int each_ms = timeout_ms < 300 ? timeout_ms : 300;
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(to, family, 4242, &addr);
	int64_t rtt;

	do
		rtt = udp_round(client, server, &addr, len, each_ms);
	while (rtt < 0 && clock_now_ns() < end_ns);
	close(client);
	close(server);
	return rtt;
}

static uint16_t checksum(const void *data, size_t len)
{
	const uint16_t *words = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < len / 2; i++)
		sum += words[i];
	return (uint16_t) ~(sum + (sum >> 16));
}

static int send_echo(int fd, int family, const struct sockaddr_storage *to, socklen_t len)
{
	struct icmphdr echo4 = {.type = ICMP_ECHO, .un.echo.id = 0x7272};
	struct icmp6_hdr echo6 = {.icmp6_type = ICMP6_ECHO_REQUEST};

	echo4.checksum = checksum(&echo4, sizeof(echo4));
	if (family == AF_INET)
		return (int)sendto(fd, &echo4, sizeof(echo4), 0, (const struct sockaddr *)to, len);
	return (int)sendto(fd, &echo6, sizeof(echo6), 0, (const struct sockaddr *)to, len);
}

/* A raw IPv4 socket gives the IP header too, a raw ICMPv6 socket does not. */
static bool is_reply(const uint8_t *data, int n, int family)
{
	if (family == AF_INET)
		return n >= 28 && data[20] == ICMP_ECHOREPLY;
	return n >= 8 && data[0] == ICMP6_ECHO_REPLY;
}

int64_t net_lab_ping_rtt_ns(
	const struct net_lab *lab, unsigned from, unsigned to, int family, int timeout_ms)
{
	struct sockaddr_storage addr;
	socklen_t len = net_lab_addr(to, family, 0, &addr);
	uint64_t start = clock_now_ns(), end = start + (uint64_t)timeout_ms * NSEC_PER_MSEC;
	uint8_t data[256];
	struct err err;
	int64_t rtt = -1;
	int fd = netns_socket(lab->leaf_fds[from], family, SOCK_RAW,
		family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	assert_return_code(send_echo(fd, family, &addr, len), errno);
	while (rtt < 0 && clock_now_ns() < end) {
		int n = net_lab_recv(fd, data, sizeof(data), timeout_ms);

		if (n > 0 && is_reply(data, n, family))
			rtt = (int64_t)(clock_now_ns() - start);
	}
	close(fd);
	return rtt;
}

void net_lab_knock(
	const struct net_lab *lab, unsigned from, unsigned region, unsigned host, int family)
{
	struct sockaddr_storage to;
	socklen_t len = host_addr(addr_of(region, host), family, 9, &to);
	int fd = net_lab_udp(lab, from, family, 0);

	assert_return_code(sendto(fd, "knock", 5, 0, (struct sockaddr *)&to, len), errno);
	close(fd);
}

struct neighbour {
	struct addr addr;
	int family;
	bool found;
};

static int take_neighbour(const struct netlink_reply *reply, void *arg)
{
	struct neighbour *wanted = arg;
	const struct ndmsg *head = reply->data;
	struct netlink_attr dst = netlink_reply_find(reply, sizeof(*head), NDA_DST);
	struct netlink_attr mac = netlink_reply_find(reply, sizeof(*head), NDA_LLADDR);
	const void *ip = wanted->family == AF_INET ? wanted->addr.ip4 : wanted->addr.ip6;

	if (reply->type == RTM_NEWNEIGH && dst.data && !memcmp(dst.data, ip, dst.len) && mac.data &&
		!memcmp(mac.data, wanted->addr.mac, 6) &&
		!(head->ndm_state & (NUD_FAILED | NUD_INCOMPLETE)))
		wanted->found = true;
	return 0;
}

bool net_lab_knows_neighbour(
	const struct net_lab *lab, unsigned from, unsigned region, unsigned host, int family)
{
	struct neighbour wanted = {.addr = addr_of(region, host), .family = family};
	struct ndmsg head = {.ndm_family = (uint8_t)family};
	struct err err;
	struct netlink *nl = netlink_open_in(lab->leaf_fds[from], &err);

	netlink_begin(nl, RTM_GETNEIGH, NLM_F_DUMP, &head, sizeof(head), "list neighbours");
	if (netlink_query(nl, take_neighbour, &wanted, &err))
		fail_msg("%s", err.text);
	netlink_close(nl);
	return wanted.found;
}
