/*
 * net_lab: regions of one leaf each, joined by engines, for tests and benches.
 */
#ifndef SUITES_TESTS_HELPERS_NET_LAB_H
#define SUITES_TESTS_HELPERS_NET_LAB_H

#include "chaos/engines/engine.h"
#include "fixtures/net/site.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define NET_LAB_REGIONS_MAX 4

struct net_lab {
	int backbone_fd;
	unsigned n;
	struct site sites[NET_LAB_REGIONS_MAX];
	int leaf_fds[NET_LAB_REGIONS_MAX];
	struct engine *engines[NET_LAB_REGIONS_MAX];
};

/* The reason why network namespaces cannot be made here, or NULL. */
const char *net_lab_skip_reason(void);
/* ops NULL: no engine. Every engine gets the same seed. */
int net_lab_up(struct net_lab *lab, unsigned n, const struct engine_ops *ops, uint64_t seed,
	struct err *err);
void net_lab_down(struct net_lab *lab);
/* Impair one link, now; fails the calling test on error. */
void net_lab_impair(struct net_lab *lab, unsigned from, unsigned to, struct impairment imp);

/* The address of a region's leaf. family AF_INET or AF_INET6. */
socklen_t net_lab_addr(unsigned region, int family, uint16_t port, struct sockaddr_storage *out);
/* A UDP socket in the leaf of a region, bound to its address. */
int net_lab_udp(const struct net_lab *lab, unsigned region, int family, uint16_t port);
/* Wait for a datagram; its length, or -1 when the deadline passes first. */
int net_lab_recv(int fd, void *data, size_t len, int timeout_ms);
/* Round trip of a datagram from a region to another and back; ns, or -1. Tried again until timeout_ms
 * are over: right after bring-up a port may not forward yet (fixtures/net/site.h). */
int64_t net_lab_udp_rtt_ns(
	const struct net_lab *lab, unsigned from, unsigned to, int family, int timeout_ms);
/* The same with an ICMP echo that the kernel answers. */
int64_t net_lab_ping_rtt_ns(
	const struct net_lab *lab, unsigned from, unsigned to, int family, int timeout_ms);
/* Make the leaf of a region look for a host by sending it a datagram, and ask whether it found it
 * (a neighbour entry with a confirmed MAC). */
void net_lab_knock(
	const struct net_lab *lab, unsigned from, unsigned region, unsigned host, int family);
bool net_lab_knows_neighbour(
	const struct net_lab *lab, unsigned from, unsigned region, unsigned host, int family);

#endif
