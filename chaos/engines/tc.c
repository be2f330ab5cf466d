#include "chaos/engines/tc.h"
#include "chaos/engines/tc_netem.h"

#include <arpa/inet.h>
#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT 0x10000u /* 1: */
#define CLASS(minor) (ROOT | (minor))

/* Classes only sort. 100 Gbit/s with a burst of 1 MB: with less HTB paces packet by packet (2.5
 * instead of 3.4 Gbit/s); without a quantum the kernel warns in its log. */
#define CLASS_BYTES_PER_S UINT64_C(12500000000)
#define CLASS_BURST_TICKS 1311 /* 1 MiB at that rate in units of 64 ns */
#define CLASS_QUANTUM 60000

static struct tcmsg head_of(int ifindex, uint32_t parent, uint32_t handle)
{
	return (struct tcmsg){.tcm_family = AF_UNSPEC,
		.tcm_ifindex = ifindex,
		.tcm_parent = parent,
		.tcm_handle = handle};
}

void tc_add_htb(struct netlink *nl, int ifindex, unsigned default_minor)
{
	struct tcmsg head = head_of(ifindex, TC_H_ROOT, ROOT);
	struct tc_htb_glob glob = {.version = 3, .rate2quantum = 10, .defcls = default_minor};

	netlink_begin(
		nl, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head), "add qdisc htb");
	netlink_put_str(nl, TCA_KIND, "htb");
	netlink_nest_begin(nl, TCA_OPTIONS);
	netlink_put(nl, TCA_HTB_INIT, &glob, sizeof(glob));
	netlink_nest_end(nl);
}

void tc_add_htb_class(struct netlink *nl, int ifindex, unsigned minor)
{
	struct tcmsg head = head_of(ifindex, ROOT, CLASS(minor));
	struct tc_ratespec rate = {.linklayer = TC_LINKLAYER_ETHERNET, .rate = UINT32_MAX};
	struct tc_htb_opt opt = {.rate = rate,
		.ceil = rate,
		.buffer = CLASS_BURST_TICKS,
		.cbuffer = CLASS_BURST_TICKS,
		.quantum = CLASS_QUANTUM};

	netlink_begin(nl, RTM_NEWTCLASS, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head),
		"add htb class 1:%x", minor);
	netlink_put_str(nl, TCA_KIND, "htb");
	netlink_nest_begin(nl, TCA_OPTIONS);
	netlink_put(nl, TCA_HTB_PARMS, &opt, sizeof(opt));
	netlink_put_u64(nl, TCA_HTB_RATE64, CLASS_BYTES_PER_S);
	netlink_put_u64(nl, TCA_HTB_CEIL64, CLASS_BYTES_PER_S);
	netlink_nest_end(nl);
}

void tc_del_root(struct netlink *nl, int ifindex)
{
	struct tcmsg head = head_of(ifindex, TC_H_ROOT, 0);

	netlink_begin(nl, RTM_DELQDISC, 0, &head, sizeof(head), "delete the root qdisc");
}

void tc_add_netem(struct netlink *nl, int ifindex, unsigned minor, const struct impairment *imp)
{
	struct tcmsg head = head_of(ifindex, CLASS(minor), TC_NETEM_HANDLE(minor) << 16);

	netlink_begin(nl, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head),
		"add qdisc netem below 1:%x", minor);
	tc_netem_put(nl, imp);
}

void tc_change_netem(struct netlink *nl, int ifindex, unsigned minor, const struct impairment *imp)
{
	struct tcmsg head = head_of(ifindex, CLASS(minor), TC_NETEM_HANDLE(minor) << 16);

	netlink_begin(
		nl, RTM_NEWQDISC, 0, &head, sizeof(head), "change qdisc netem below 1:%x", minor);
	tc_netem_put(nl, imp);
}

struct selector {
	struct tc_u32_sel sel;
	struct tc_u32_key keys[TC_KEYS_MAX];
};

static size_t fill_selector(struct selector *out, const struct tc_filter *filter)
{
	*out = (struct selector){
		.sel = {.flags = TC_U32_TERMINAL, .nkeys = (uint8_t)filter->n_keys}};
	for (unsigned i = 0; i < filter->n_keys; i++) {
		out->keys[i].off = filter->keys[i].offset;
		out->keys[i].val = htonl(filter->keys[i].value);
		out->keys[i].mask = htonl(filter->keys[i].mask);
	}
	return sizeof(out->sel) + filter->n_keys * sizeof(*out->keys);
}

void tc_add_filter(struct netlink *nl, int ifindex, const struct tc_filter *filter)
{
	struct tcmsg head = head_of(ifindex, ROOT, 0);
	struct selector selector;
	size_t len = fill_selector(&selector, filter);

	head.tcm_info = TC_H_MAKE(filter->prio << 16, htons((uint16_t)filter->protocol));
	netlink_begin(nl, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head),
		"add u32 filter to class 1:%x", filter->minor);
	netlink_put_str(nl, TCA_KIND, "u32");
	netlink_nest_begin(nl, TCA_OPTIONS);
	netlink_put_u32(nl, TCA_U32_CLASSID, CLASS(filter->minor));
	netlink_put(nl, TCA_U32_SEL, &selector, len);
	netlink_nest_end(nl);
}

void tc_del_filters(struct netlink *nl, int ifindex, unsigned prio, unsigned protocol)
{
	struct tcmsg head = head_of(ifindex, ROOT, 0);

	head.tcm_info = TC_H_MAKE(prio << 16, htons((uint16_t)protocol));
	netlink_begin(
		nl, RTM_DELTFILTER, 0, &head, sizeof(head), "delete filters of prio %u", prio);
}

/* --- reading back ------------------------------------------------------------------------------- */

/* The answer to a get of a qdisc or class is a notification: older kernels (6.1 does) send it to the
 * one who asked only with NLM_F_ECHO. */

static struct netlink_attr attr_of(const struct netlink_reply *reply, int attr)
{
	return netlink_reply_find(reply, sizeof(struct tcmsg), attr);
}

static void read_stats(const struct netlink_reply *reply, struct tc_leaf *out)
{
	struct netlink_attr stats = attr_of(reply, TCA_STATS2);
	struct netlink_attr packets64 = netlink_find(stats, 0, TCA_STATS_PKT64);
	struct gnet_stats_basic basic;
	struct gnet_stats_queue queue;

	tc_netem_copy(&basic, sizeof(basic), netlink_find(stats, 0, TCA_STATS_BASIC));
	tc_netem_copy(&queue, sizeof(queue), netlink_find(stats, 0, TCA_STATS_QUEUE));
	out->passed_packets = packets64.data ? netlink_attr_u64(packets64) : basic.packets;
	out->passed_bytes = basic.bytes;
	out->waiting_packets = queue.qlen;
	out->waiting_bytes = queue.backlog;
	out->dropped_packets = queue.drops;
}

static int take_leaf(const struct netlink_reply *reply, void *arg)
{
	struct tc_leaf *out = arg;

	if (reply->type != RTM_NEWQDISC)
		return 0;
	out->found = true;
	read_stats(reply, out);
	if (!strcmp(netlink_attr_str(attr_of(reply, TCA_KIND)), "netem"))
		out->is_netem = tc_netem_read(attr_of(reply, TCA_OPTIONS), &out->impairment);
	return 0;
}

int tc_get_leaf(
	struct netlink *nl, int ifindex, unsigned minor, struct tc_leaf *out, struct err *err)
{
	struct tcmsg head = head_of(ifindex, CLASS(minor), 0);

	*out = (struct tc_leaf){0};
	netlink_begin(nl, RTM_GETQDISC, NLM_F_ECHO, &head, sizeof(head),
		"look at the qdisc below 1:%x", minor);
	return netlink_query(nl, take_leaf, out, err);
}

static int take_class(const struct netlink_reply *reply, void *arg)
{
	if (reply->type == RTM_NEWTCLASS)
		read_stats(reply, arg);
	return 0;
}

int tc_get_class_packets(
	struct netlink *nl, int ifindex, unsigned minor, uint64_t *out, struct err *err)
{
	struct tcmsg head = head_of(ifindex, 0, CLASS(minor));
	struct tc_leaf stats = {0};

	netlink_begin(
		nl, RTM_GETTCLASS, NLM_F_ECHO, &head, sizeof(head), "look at class 1:%x", minor);
	if (netlink_query(nl, take_class, &stats, err))
		return -1;
	*out = stats.passed_packets;
	return 0;
}

struct root {
	char kind[16];
	uint32_t handle;
	int ifindex;
};

static int take_root(const struct netlink_reply *reply, void *arg)
{
	const struct tcmsg *head = reply->data;
	struct root *root = arg;

	if (reply->type != RTM_NEWQDISC || head->tcm_ifindex != root->ifindex ||
		head->tcm_parent != TC_H_ROOT)
		return 0;
	snprintf(root->kind, sizeof(root->kind), "%s", netlink_attr_str(attr_of(reply, TCA_KIND)));
	root->handle = head->tcm_handle;
	return 0;
}

int tc_get_root(struct netlink *nl, int ifindex, char kind[16], uint32_t *handle, struct err *err)
{
	struct tcmsg head = head_of(ifindex, TC_H_ROOT, 0);
	struct root root = {.kind = "noqueue", .ifindex = ifindex};

	netlink_begin(nl, RTM_GETQDISC, NLM_F_DUMP, &head, sizeof(head), "list qdiscs");
	if (netlink_query(nl, take_root, &root, err))
		return -1;
	memcpy(kind, root.kind, sizeof(root.kind));
	*handle = root.handle;
	return 0;
}

struct search {
	const struct tc_filter *filters;
	size_t n;
	unsigned *same; /* of each: how many there are */
	bool other;     /* with the keys of one, elsewhere */
};

static bool has_keys(const struct selector *has, size_t len, const struct tc_filter *filter)
{
	struct selector wanted;
	size_t wanted_len = fill_selector(&wanted, filter);

	return len >= wanted_len && has->sel.nkeys == filter->n_keys &&
		!memcmp(has->keys, wanted.keys, filter->n_keys * sizeof(*has->keys));
}

static int take_filter(const struct netlink_reply *reply, void *arg)
{
	const struct tcmsg *head = reply->data;
	struct search *search = arg;
	struct netlink_attr options = attr_of(reply, TCA_OPTIONS);
	struct netlink_attr sel = netlink_find(options, 0, TCA_U32_SEL);
	uint32_t to = netlink_attr_u32(netlink_find(options, 0, TCA_U32_CLASSID));

	if (reply->type != RTM_NEWTFILTER || !sel.data || sel.len < sizeof(struct tc_u32_sel))
		return 0;
	for (size_t i = 0; i < search->n; i++) {
		const struct tc_filter *filter = &search->filters[i];

		if (TC_H_MIN(head->tcm_info) != htons((uint16_t)filter->protocol) ||
			!has_keys(sel.data, sel.len, filter))
			continue;
		if (to != CLASS(filter->minor))
			search->other = true;
		else if (TC_H_MAJ(head->tcm_info) >> 16 == filter->prio)
			search->same[i]++;
	}
	return 0;
}

int tc_has_filters(struct netlink *nl, int ifindex, const struct tc_filter *filters, size_t n,
	bool *out, struct err *err)
{
	struct tcmsg head = head_of(ifindex, ROOT, 0);
	struct search search = {
		.filters = filters, .n = n, .same = calloc(n + 1, sizeof(unsigned))};
	int rc;

	if (!search.same)
		abort(); /* see buf.h */
	netlink_begin(nl, RTM_GETTFILTER, NLM_F_DUMP, &head, sizeof(head), "list filters");
	rc = netlink_query(nl, take_filter, &search, err);
	*out = !search.other;
	for (size_t i = 0; i < n; i++)
		*out &= search.same[i] == 1;
	free(search.same);
	return rc ? -1 : 0;
}
