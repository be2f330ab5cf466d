/*
 * tc: messages about qdiscs, classes and filters, for a batch of netlink.h.
 *
 * What libnl has for netem lacks rates, Gilbert-Elliott and 64-bit times, so the attributes are
 * written here as the kernel's headers define them.
 */
#ifndef CHAOS_ENGINES_TC_H
#define CHAOS_ENGINES_TC_H

#include "chaos/impairment.h"
#include "fixtures/net/netlink.h"

#include <stdbool.h>
#include <stdint.h>

/* "htb" as root 1:, with classes that never limit: packets without a filter go to 1:default. */
void tc_add_htb(struct netlink *nl, int ifindex, unsigned default_minor);
void tc_add_htb_class(struct netlink *nl, int ifindex, unsigned minor);
void tc_del_root(struct netlink *nl, int ifindex);

/* One netem leaf below class 1:minor with handle NETEM_HANDLE(minor):, complete: every attribute is
 * sent, since what a change leaves out stays as it was. */
#define TC_NETEM_HANDLE(minor) (0x1000 + (minor))
void tc_add_netem(struct netlink *nl, int ifindex, unsigned minor, const struct impairment *imp);
void tc_change_netem(struct netlink *nl, int ifindex, unsigned minor, const struct impairment *imp);

/* Filters at the root, in the order of prio. */
struct tc_key {
	int offset;           /* from the network header; of a 32-bit word */
	uint32_t value, mask; /* host byte order */
};
#define TC_KEYS_MAX 16
struct tc_filter {
	unsigned prio, protocol; /* ETH_P_* */
	unsigned minor;          /* class the packet goes to */
	const struct tc_key *keys;
	unsigned n_keys; /* at most TC_KEYS_MAX */
};
void tc_add_filter(struct netlink *nl, int ifindex, const struct tc_filter *filter);

/* All of one prio, which has one protocol. */
void tc_del_filters(struct netlink *nl, int ifindex, unsigned prio, unsigned protocol);

/* What the kernel has below 1:minor. */
struct tc_leaf {
	bool found, is_netem;
	struct impairment impairment; /* without the distribution, which the kernel does not tell */
	uint64_t passed_packets, passed_bytes, waiting_packets, waiting_bytes, dropped_packets;
};
int tc_get_leaf(
	struct netlink *nl, int ifindex, unsigned minor, struct tc_leaf *out, struct err *err);
/* Packets that went through a class. */
int tc_get_class_packets(
	struct netlink *nl, int ifindex, unsigned minor, uint64_t *out, struct err *err);
/* The kind and handle of the root: "noqueue" and 0 on a veth that nobody touched. */
int tc_get_root(struct netlink *nl, int ifindex, char kind[16], uint32_t *handle, struct err *err);
/* Is each of these filters there, once, and none with the same keys to another class? */
int tc_has_filters(struct netlink *nl, int ifindex, const struct tc_filter *filters, size_t n,
	bool *out, struct err *err);

#endif
