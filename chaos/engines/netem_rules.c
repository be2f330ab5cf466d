#include "chaos/engines/netem_rules.h"
#include "chaos/engines/netem_filter.h"
#include "chaos/engines/tc_netem.h"
#include "fixtures/net/book.h"
#include "fixtures/net/site.h"

#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	unsigned version, protocol;
} families[] = {{4, ETH_P_IP}, {6, ETH_P_IPV6}};

#define FAMILIES 2

static unsigned minor_of(unsigned to, unsigned slot)
{
	return (slot + 1) * 0x1000 + to + 1;
}

/* Unlike classes, prios are few: 2 * 2 * 4 * 250 of them. */
static unsigned prio_of(const struct netem_slot *slot, unsigned to, unsigned s, unsigned family)
{
	bool last = slot->rule.match.traffic == MATCH_TRAFFIC_REPLICATION;

	return NETEM_PRIO_RULES + (last ? FAMILIES * ENGINE_RULES_MAX * ADDR_REGIONS_MAX : 0) +
		(to * ENGINE_RULES_MAX + s) * FAMILIES + family;
}

_Static_assert(NETEM_PRIO_RULES + 2 * FAMILIES * ENGINE_RULES_MAX * ADDR_REGIONS_MAX <
		NETEM_PRIO_RULES_END,
	"room for every rule's prios");

struct place {
	struct netlink *nl;
	const struct site *site;
	unsigned to, own_minor;
};

/* The filters of a slot as the kernel shall have them; the caller frees. */
static struct tc_filter *make_filters(const struct place *place, const struct netem_slot *slot,
	unsigned s, unsigned f, struct netem_filters *made, struct err *err)
{
	struct tc_filter *out;

	if (netem_filter_make(&slot->rule.match, place->site->region, place->to, place->site->book,
		    families[f].version, made, err))
		return NULL;
	out = calloc(made->n + 1, sizeof(*out));
	if (!out)
		abort(); /* see buf.h */
	for (size_t i = 0; i < made->n; i++)
		out[i] = (struct tc_filter){.prio = prio_of(slot, place->to, s, f),
			.protocol = families[f].protocol,
			.minor =
				made->items[i].excludes ? place->own_minor : minor_of(place->to, s),
			.keys = made->items[i].keys,
			.n_keys = made->items[i].n_keys};
	return out;
}

static int add_filters(
	const struct place *place, struct netem_slot *slot, unsigned s, struct err *err)
{
	struct netem_filters made;

	for (unsigned f = 0; f < FAMILIES; f++) {
		struct tc_filter *filters = make_filters(place, slot, s, f, &made, err);

		for (size_t i = 0; filters && i < made.n; i++)
			tc_add_filter(place->nl, place->site->ifindex_c, &filters[i]);
		if (!filters)
			return -1;
		free(filters);
	}
	slot->used = true;
	slot->learned = book_count(place->site->book);
	return 0;
}

static void del_filters(const struct place *place, struct netem_slot *slot, unsigned s)
{
	for (unsigned f = 0; f < FAMILIES; f++)
		tc_del_filters(place->nl, place->site->ifindex_c, prio_of(slot, place->to, s, f),
			families[f].protocol);
	slot->used = false;
}

static const struct engine_rule *asked_rule(
	const struct engine_change *change, const struct match *match)
{
	for (unsigned i = 0; i < change->n_rules; i++) {
		if (match_equal(&change->rules[i].match, match))
			return &change->rules[i];
	}
	return NULL;
}

static bool has_slot(const struct netem_rules *rules, const struct match *match)
{
	for (unsigned s = 0; s < ENGINE_RULES_MAX; s++) {
		if (rules->slots[s].used && match_equal(&rules->slots[s].rule.match, match))
			return true;
	}
	return false;
}

/* The leaf is as it shall be before a packet is led to it. */
static void set_leaf(const struct place *place, struct netem_slot *slot, unsigned s)
{
	int c = place->site->ifindex_c;
	unsigned minor = minor_of(place->to, s);

	if (!slot->built)
		tc_add_htb_class(place->nl, c, minor);
	if (slot->built)
		tc_change_netem(place->nl, c, minor, &slot->rule.impairment);
	else
		tc_add_netem(place->nl, c, minor, &slot->rule.impairment);
	slot->built = true;
}

static int add_rule(const struct place *place, struct netem_rules *rules,
	const struct engine_rule *rule, struct err *err)
{
	unsigned s = 0;

	while (s < ENGINE_RULES_MAX && rules->slots[s].used)
		s++;
	if (s == ENGINE_RULES_MAX || netem_filter_can(rule, err))
		return s == ENGINE_RULES_MAX ? err_set(err, "engine netem: too many rules") : -1;
	rules->slots[s].rule = *rule;
	set_leaf(place, &rules->slots[s], s);
	return add_filters(place, &rules->slots[s], s, err);
}

static int keep_rule(const struct place *place, struct netem_slot *slot, unsigned s,
	const struct engine_rule *rule, struct err *err)
{
	if (netem_filter_can(rule, err))
		return -1;
	slot->rule = *rule;
	set_leaf(place, slot, s);
	if (slot->learned == book_count(place->site->book))
		return 0;
	del_filters(place, slot, s);
	return add_filters(place, slot, s, err);
}

int netem_rules_change(struct netem_rules *rules, struct netlink *nl, const struct site *site,
	const struct engine_change *change, unsigned own_minor, struct err *err)
{
	struct place place = {nl, site, change->to, own_minor};

	for (unsigned s = 0; s < ENGINE_RULES_MAX; s++) {
		struct netem_slot *slot = &rules->slots[s];
		const struct engine_rule *rule = asked_rule(change, &slot->rule.match);

		if (!slot->used)
			continue;
		if (!rule)
			del_filters(&place, slot, s);
		else if (keep_rule(&place, slot, s, rule, err))
			return -1;
	}
	for (unsigned i = 0; i < change->n_rules; i++) {
		if (!has_slot(rules, &change->rules[i].match) &&
			add_rule(&place, rules, &change->rules[i], err))
			return -1;
	}
	return 0;
}

/* --- reading back -------------------------------------------------------------------------------- */

static int check_filters(
	const struct place *place, const struct netem_slot *slot, unsigned s, struct err *err)
{
	struct netem_filters made;

	for (unsigned f = 0; f < FAMILIES; f++) {
		struct tc_filter *filters = make_filters(place, slot, s, f, &made, err);
		bool all = false;
		int rc = filters ? tc_has_filters(place->nl, place->site->ifindex_c, filters,
					   made.n, &all, err)
				 : -1;

		free(filters);
		if (rc)
			return -1;
		if (!all)
			return err_set(err,
				"a filter of a rule of the link to region %u is gone or changed",
				place->to);
	}
	return 0;
}

/* What was passed before a rule was laid in the slot is in the leaf's counters as well: they are the
 * slot's. */
static void count_leaf(const struct tc_leaf *leaf, struct engine_rule_counters *out)
{
	*out = (struct engine_rule_counters){
		.packets = leaf->passed_packets + leaf->dropped_packets + leaf->waiting_packets,
		.passed_packets = leaf->passed_packets,
		.dropped_packets = leaf->dropped_packets};
}

static void add_leaf(const struct tc_leaf *leaf, struct engine_counters *sum)
{
	sum->packets += leaf->passed_packets + leaf->dropped_packets + leaf->waiting_packets;
	sum->passed_packets += leaf->passed_packets;
	sum->dropped_packets += leaf->dropped_packets;
	sum->bytes += leaf->passed_bytes + leaf->waiting_bytes;
}

int netem_rules_look(const struct netem_rules *rules, struct netlink *nl, const struct site *site,
	unsigned to, unsigned own_minor, struct engine_link *out, struct engine_counters *counters,
	struct err *err)
{
	struct place place = {nl, site, to, own_minor};

	for (unsigned s = 0; s < ENGINE_RULES_MAX; s++) {
		const struct netem_slot *slot = &rules->slots[s];
		struct engine_rule *rule = &out->rules[out->n_rules];
		struct tc_leaf leaf;

		if (!slot->built)
			continue;
		if (tc_get_leaf(nl, site->ifindex_c, minor_of(to, s), &leaf, err))
			return -1;
		if (!leaf.found || !leaf.is_netem)
			return err_set(err, "the netem leaf of a rule for region %u is gone", to);
		add_leaf(&leaf, counters);
		if (!slot->used)
			continue;
		if (check_filters(&place, slot, s, err))
			return -1;
		*rule = (struct engine_rule){slot->rule.match, leaf.impairment};
		tc_netem_complete(&rule->impairment, &slot->rule.impairment);
		count_leaf(&leaf, &counters->rules[out->n_rules++]);
	}
	return 0;
}
