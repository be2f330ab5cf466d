/*
 * netem: the kernel impairs, at the egress of c.
 *
 *   b ── mid0 ── c   root htb 1:
 *                      class 1:<region + 1>  leaf netem     frames to that region, by destination MAC
 *                      class 1:ff0                          neutral: everything else
 *                      class 1:ff1                          exempt: neighbour discovery
 *
 * Packets that a rule means go to a class of the rule's own (netem_rules.h).
 *
 * The tree is built neutral by open() and never rebuilt: a change is one message per leaf, which
 * loses nothing that is queued (deleting and adding would). Every change carries the whole impairment
 * and is read back and compared. u32 filters, since flower and matchall are often absent; a mask over
 * the MAC makes one filter per region. The filters for neighbour discovery come first.
 *
 * Why not the correlation that netem offers: asking 1 % with 25 % delivers nothing; bursts are
 * Gilbert and Elliott's instead (impairment.h). "non-work-conserving" in the kernel's log, once a
 * leaf, is htb's harmless remark about any delaying leaf.
 *
 * Weaker than wire: what happens to a packet cannot be told from the seed; overflow under a rate or a
 * limit, and with ecn what was marked, are counted as dropped (the kernel has one counter for all
 * three); the queue in front of a rate is counted in packets; newer kernels refuse to duplicate on
 * one of several links (probe() finds out); the kernel does not tell the distribution back; bytes are
 * those that passed.
 */
#include "chaos/engines/engine.h"
#include "chaos/engines/mid.h"
#include "chaos/engines/netem_filter.h"
#include "chaos/engines/netem_rules.h"
#include "chaos/engines/segments.h"
#include "chaos/engines/tc.h"
#include "chaos/engines/tc_netem.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/addr.h"
#include "fixtures/net/book.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/site.h"

#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum minor { MINOR_NEUTRAL = 0xff0, MINOR_EXEMPT = 0xff1 };
enum prio {
	PRIO_ARP = 1,
	PRIO_DISCOVERY,
	PRIO_BOOK = NETEM_PRIO_RULES_END, /* rules come before the links' own classes */
	PRIO_REGION
};

#define ROOT_HANDLE 0x10000u

struct netem {
	struct engine base;
	struct site site; /* borrowed descriptor */
	struct netlink *nl;
	struct segments segments;
	unsigned learned; /* entries of the site's book that have a filter */
	struct impairment asked[ADDR_REGIONS_MAX]; /* of the links' own classes */
	struct netem_rules rules[ADDR_REGIONS_MAX];
};

extern const struct engine_ops engine_netem;

static unsigned minor_of(unsigned region)
{
	return region + 1;
}

/* ICMPv6 is next header 58 at offset 6, its type the first byte behind 40. */
static void add_exemptions(struct netem *netem)
{
	struct tc_key any = {0, 0, 0};
	struct tc_filter arp = {PRIO_ARP, ETH_P_ARP, MINOR_EXEMPT, &any, 1};

	tc_add_filter(netem->nl, netem->site.ifindex_c, &arp);
	for (uint32_t type = 133; type <= 137; type++) {
		struct tc_key keys[] = {{4, 58u << 8, 0xff00}, {40, type << 24, 0xff000000}};
		struct tc_filter filter = {PRIO_DISCOVERY, ETH_P_IPV6, MINOR_EXEMPT, keys, 2};

		tc_add_filter(netem->nl, netem->site.ifindex_c, &filter);
	}
}

/* The destination MAC lies 14 bytes before the network header; keys are aligned words. All but the
 * host's byte counts (fixtures/net/addr.h). */
static struct tc_filter region_filter(unsigned region, struct tc_key keys[2])
{
	struct addr addr = addr_of(region, 0);
	const uint8_t *m = addr.mac;

	keys[0] = (struct tc_key){-16, (uint32_t)m[0] << 8 | m[1], 0xffff};
	keys[1] = (struct tc_key){-12, (uint32_t)m[2] << 24 | (uint32_t)m[3] << 16, 0xffffff00};
	return (struct tc_filter){PRIO_REGION, ETH_P_ALL, minor_of(region), keys, 2};
}

/* A MAC of the book has a filter of its own: what it leads to is looked at before the lab's masks. */
static void learn(struct netem *netem)
{
	unsigned n = book_count(netem->site.book);

	for (; netem->learned < n; netem->learned++) {
		uint8_t m[6];
		unsigned region = book_at(netem->site.book, netem->learned, m);
		struct tc_key keys[] = {{-16, (uint32_t)m[0] << 8 | m[1], 0xffff},
			{-12,
				(uint32_t)m[2] << 24 | (uint32_t)m[3] << 16 | (uint32_t)m[4] << 8 |
					m[5],
				0xffffffff}};
		struct tc_filter filter = {PRIO_BOOK, ETH_P_ALL, minor_of(region), keys, 2};

		if (region != netem->site.region && region < netem->site.n_regions)
			tc_add_filter(netem->nl, netem->site.ifindex_c, &filter);
	}
}

static void add_region(struct netem *netem, unsigned region)
{
	static const struct impairment neutral;
	struct tc_key keys[2];
	struct tc_filter filter = region_filter(region, keys);
	int c = netem->site.ifindex_c;

	tc_add_htb_class(netem->nl, c, minor_of(region));
	tc_add_netem(netem->nl, c, minor_of(region), &neutral);
	tc_add_filter(netem->nl, c, &filter);
}

/* Ours from a run that did not come to its end is replaced, anyone else's is refused. */
static int clear_root(struct netem *netem, struct err *err)
{
	uint32_t handle;
	char kind[16];

	if (tc_get_root(netem->nl, netem->site.ifindex_c, kind, &handle, err))
		return -1;
	if (!strcmp(kind, "noqueue") && !handle)
		return 0;
	if (strcmp(kind, "htb") || handle != ROOT_HANDLE)
		return err_set(err, "c has a root qdisc '%s' that is not ours", kind);
	tc_del_root(netem->nl, netem->site.ifindex_c);
	return netlink_commit(netem->nl, err);
}

static int build_tree(struct netem *netem, struct err *err)
{
	int c = netem->site.ifindex_c;

	if (clear_root(netem, err))
		return -1;
	tc_add_htb(netem->nl, c, MINOR_NEUTRAL);
	tc_add_htb_class(netem->nl, c, MINOR_NEUTRAL);
	tc_add_htb_class(netem->nl, c, MINOR_EXEMPT);
	add_exemptions(netem);
	for (unsigned i = 0; i < netem->site.n_regions; i++) {
		if (i != netem->site.region)
			add_region(netem, i);
	}
	learn(netem);
	return netlink_commit(netem->nl, err);
}

static void netem_close(struct engine *engine)
{
	struct netem *netem = (struct netem *)engine;
	struct err ignored; /* what cannot be undone goes with the site */

	if (!netem)
		return;
	if (netem->nl && !clear_root(netem, &ignored))
		mid_down(&netem->site, &ignored);
	segments_undo(&netem->segments, &netem->site);
	netlink_close(netem->nl);
	free(netem);
}

/* The bridge last: nothing passes before the tree stands. */
static struct engine *netem_open(const struct site *site, uint64_t seed, struct err *err)
{
	struct netem *netem = calloc(1, sizeof(*netem));

	(void)seed; /* the kernel draws */
	if (!netem) {
		err_set(err, "open engine netem: out of memory");
		return NULL;
	}
	netem->base.ops = &engine_netem;
	netem->site = *site;
	netem->segments.corrupts_first_piece = true;
	if (!site_verify(site, err) && (netem->nl = netlink_open_in(site->netns_fd, err)) &&
		!build_tree(netem, err) && !mid_up(site, err))
		return &netem->base;
	err_prefix(err, "open engine netem");
	netem_close(&netem->base);
	return NULL;
}

static int check_region(const struct netem *netem, unsigned to, struct err *err)
{
	if (to >= netem->site.n_regions)
		return err_set(err, "engine netem: there is no region %u", to);
	if (to == netem->site.region)
		return err_set(err, "engine netem: region %u has no link to itself", to);
	return 0;
}

static int prepare(
	struct netem *netem, const struct engine_change *changes, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (check_region(netem, changes[i].to, err) || engine_check_rules(&changes[i], err))
			return -1;
	}
	if (segments_before(&netem->segments, &netem->site, changes, n, err))
		return -1;
	learn(netem);
	for (size_t i = 0; i < n; i++) {
		unsigned to = changes[i].to;

		tc_change_netem(
			netem->nl, netem->site.ifindex_c, minor_of(to), &changes[i].impairment);
		if (netem_rules_change(&netem->rules[to], netem->nl, &netem->site, &changes[i],
			    minor_of(to), err)) {
			netlink_discard(netem->nl);
			return -1;
		}
		netem->asked[to] = changes[i].impairment;
	}
	return 0;
}

/* The link's own class and its rules, as the kernel has them. */
static int look(struct netem *netem, unsigned to, struct engine_link *out,
	struct engine_counters *counters, struct err *err)
{
	struct tc_leaf own, *leaf = &own;
	struct tc_key keys[2];
	struct tc_filter filter = region_filter(to, keys);
	bool sorted = false;

	if (check_region(netem, to, err) ||
		tc_get_leaf(netem->nl, netem->site.ifindex_c, minor_of(to), leaf, err))
		return -1;
	if (!leaf->found || !leaf->is_netem)
		return err_set(
			err, "the netem leaf for region %u is gone or not ours any more", to);
	if (tc_has_filters(netem->nl, netem->site.ifindex_c, &filter, 1, &sorted, err))
		return -1;
	if (!sorted)
		return err_set(
			err, "the filter that sorts frames for region %u is gone or changed", to);
	tc_netem_complete(&leaf->impairment, &netem->asked[to]);
	*out = (struct engine_link){.impairment = impairment_canonical(&leaf->impairment)};
	*counters = (struct engine_counters){.passed_packets = leaf->passed_packets,
		.dropped_packets = leaf->dropped_packets,
		.packets = leaf->passed_packets + leaf->dropped_packets + leaf->waiting_packets,
		.bytes = leaf->passed_bytes + leaf->waiting_bytes};
	return netem_rules_look(
		&netem->rules[to], netem->nl, &netem->site, to, minor_of(to), out, counters, err);
}

static void print_link(
	struct buf *out, const struct impairment *own, const struct engine_rule *rules, unsigned n)
{
	impairment_print(out, own);
	for (unsigned i = 0; i < n; i++) {
		buf_puts(out, "; of ");
		match_print(out, &rules[i].match);
		buf_puts(out, ": ");
		impairment_print(out, &rules[i].impairment);
	}
}

static int compare(struct netem *netem, const struct engine_change *change, struct err *err)
{
	struct buf asked = {0}, has = {0};
	struct engine_counters unused;
	struct engine_link link;
	int rc = 0;

	if (look(netem, change->to, &link, &unused, err))
		return -1;
	if (engine_link_is_kept(change, &link))
		return 0;
	print_link(&asked, &change->impairment, change->rules, change->n_rules);
	print_link(&has, &link.impairment, link.rules, link.n_rules);
	rc = err_set(err, "link %u -> %u: asked '%s', the kernel has '%s'", netem->site.region,
		change->to, buf_str(&asked), buf_str(&has));
	buf_release(&asked);
	buf_release(&has);
	return rc;
}

static int netem_apply(struct engine *engine, const struct engine_change *changes, size_t n,
	uint64_t at_ns, struct engine_ack *ack, struct err *err)
{
	struct netem *netem = (struct netem *)engine;

	if (prepare(netem, changes, n, err))
		return -1;
	clock_sleep_until_ns(at_ns);
	ack->sent_ns = clock_now_ns();
	if (netlink_commit(netem->nl, err))
		return -1;
	ack->acked_ns = clock_now_ns();
	if (segments_after(&netem->segments, &netem->site, changes, n, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (compare(netem, &changes[i], err))
			return -1;
	}
	return 0;
}

/* Newer kernels refuse a leaf that duplicates beside other leaves, older ones send the copies through
 * the tree again: so there is a leaf beside it here as well. */
static int netem_probe(const struct impairment *needs, struct err *err)
{
	struct engine_change change = {.to = 1};
	struct site site = SITE_INIT;
	struct engine *engine = NULL;
	struct engine_ack ack;
	int backbone = backbone_up(err), rc = -1;

	if (backbone < 0)
		return -1;
	if (!site_up(&site, 0, 3, backbone, err))
		engine = netem_open(&site, 0, err);
	if (engine && needs)
		change.impairment = *needs;
	if (engine)
		rc = netem_apply(engine, &change, 1, 0, &ack, err);
	netem_close(engine);
	site_release(&site);
	close(backbone);
	return rc;
}

static int netem_read_back(
	struct engine *engine, unsigned to, struct engine_link *out, struct err *err)
{
	struct netem *netem = (struct netem *)engine;
	struct engine_counters unused;

	*out = (struct engine_link){.n_rules = 0};
	return to == netem->site.region ? 0 : look(netem, to, out, &unused, err);
}

/* Exempt packets are not told apart by region: they stand in the region's own row with the neutral. */
static int netem_counters(
	struct engine *engine, unsigned to, struct engine_counters *out, struct err *err)
{
	struct netem *netem = (struct netem *)engine;
	int c = netem->site.ifindex_c;
	struct engine_link unused;

	*out = (struct engine_counters){0};
	if (to == netem->site.region)
		return tc_get_class_packets(
			       netem->nl, c, MINOR_NEUTRAL, &out->neutral_packets, err) ||
				tc_get_class_packets(
					netem->nl, c, MINOR_EXEMPT, &out->exempt_packets, err)
			? -1
			: 0;
	return look(netem, to, &unused, out, err);
}

/* The tree lives in the kernel as long as the site does. */
static int netem_death_fd(struct engine *engine)
{
	(void)engine;
	return -1;
}

const struct engine_ops engine_netem = {
	.name = "netem",
	.help = "the kernel's own network emulator; fastest, where the kernel has it",
	.probe = netem_probe,
	.can = netem_filter_can,
	.open = netem_open,
	.apply = netem_apply,
	.read_back = netem_read_back,
	.counters = netem_counters,
	.death_fd = netem_death_fd,
	.close = netem_close,
};
