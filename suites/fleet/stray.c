#include "suites/fleet/stray.h"
#include "fixtures/net/book.h"
#include "fixtures/net/link.h"
#include "fixtures/net/netns.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS_MAX 512
#define BUFFER_BYTES (8 << 20)
#define SNAP 16 /* both MACs and the type */

struct pair {
	uint8_t to[6], from[6];
	uint64_t n;
};

struct stray {
	int fd;
	bool lost; /* more than could be kept */
	int newest; /* the highest index of an interface when it began: the kernel gives no lower one */
	struct pair pairs[PAIRS_MAX];
	unsigned n;
};

/* Everything but ARP and ICMPv6 types 133 to 137. */
static const struct sock_filter program[] = {
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 6, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 4),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 2),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 133, 2, 0),
	BPF_STMT(BPF_RET | BPF_K, SNAP),
	BPF_STMT(BPF_RET | BPF_K, 0),
	BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 137, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SNAP),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

static int set_up(int fd, struct err *err)
{
	struct sock_fprog filter = {
		.len = sizeof(program) / sizeof(*program), .filter = (struct sock_filter *)program};
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int bytes = BUFFER_BYTES, on = 1;

	/* Without the first the bridge's forwarding would show a frame a second time. */
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)))
		return err_sys(err, "cannot set up a packet socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	/* Nothing arrives before it is told the protocol. */
	return bind(fd, (struct sockaddr *)&to, sizeof(to))
		? err_sys(err, "cannot bind a packet socket")
		: 0;
}

static int take_index(const struct netlink_reply *reply, void *arg)
{
	struct stray *stray = arg;
	struct link_info info;

	if (!link_take(reply, &info) && info.ifindex > stray->newest)
		stray->newest = info.ifindex;
	return 0;
}

/* After the socket listens: what is made from now on is seen from its first packet on. */
static int find_newest(struct stray *stray, int host_fd, struct err *err)
{
	struct netlink *nl = netlink_open_in(host_fd, err);
	struct ifinfomsg head = {0};
	int rc = -1;

	if (nl) {
		netlink_begin(nl, RTM_GETLINK, NLM_F_DUMP, &head, sizeof(head), "list interfaces");
		rc = netlink_query(nl, take_index, stray, err);
	}
	netlink_close(nl);
	return rc;
}

bool stray_missed(const struct stray *stray, int ifindex)
{
	return ifindex <= stray->newest;
}

struct stray *stray_open(int host_fd, struct err *err)
{
	struct stray *stray = calloc(1, sizeof(*stray));

	if (!stray)
		abort();
	stray->fd = netns_socket(host_fd, AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0, err);
	if (stray->fd >= 0 && !set_up(stray->fd, err) && !find_newest(stray, host_fd, err))
		return stray;
	stray_close(stray);
	return NULL;
}

void stray_close(struct stray *stray)
{
	if (!stray)
		return;
	if (stray->fd >= 0)
		close(stray->fd);
	free(stray);
}

static void keep(struct stray *stray, const uint8_t *frame)
{
	unsigned i = 0;

	while (i < stray->n &&
		(memcmp(stray->pairs[i].to, frame, 6) ||
			memcmp(stray->pairs[i].from, frame + 6, 6)))
		i++;
	if (i == PAIRS_MAX) {
		stray->lost = true;
		return;
	}
	if (i == stray->n) {
		memcpy(stray->pairs[i].to, frame, 6);
		memcpy(stray->pairs[i].from, frame + 6, 6);
		stray->pairs[i].n = 0;
		stray->n++;
	}
	stray->pairs[i].n++;
}

void stray_read(struct stray *stray)
{
	struct tpacket_stats stats = {0};
	socklen_t len = sizeof(stats);
	uint8_t frame[SNAP];
	ssize_t got;

	while ((got = recv(stray->fd, frame, sizeof(frame), 0)) >= 0) {
		if (got >= 14)
			keep(stray, frame);
	}
	if (getsockopt(stray->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) || stats.tp_drops)
		stray->lost = true;
}

uint64_t stray_count(
	struct stray *stray, const uint8_t mac[6], unsigned region, const struct book *book)
{
	uint64_t n = 0;

	stray_read(stray);
	for (unsigned i = 0; i < stray->n; i++) {
		const struct pair *pair = &stray->pairs[i];
		unsigned to, host;

		if (!memcmp(pair->from, mac, 6) && book_find(book, pair->to, &to, &host) &&
			to != region)
			n += pair->n;
	}
	return stray->lost ? STRAY_UNKNOWN : n;
}
