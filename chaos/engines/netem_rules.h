/*
 * netem_rules: the rules of engine netem's links: a class and a netem leaf each, and filters to it.
 *
 *   class 1:<(slot + 1) * 1000h + region + 1>   leaf netem       the packets that a rule means
 *
 * A link has ENGINE_RULES_MAX slots. What a slot once had stays in the tree when its rule goes: only the
 * filters are taken away, so that what waits in the leaf still leaves. Each rule has a prio of its own
 * for IPv4 and one for IPv6, by which its filters go together; a link with a rule of replication has it
 * last, since the filters in front of it (netem_filter.h) must not keep packets from other rules.
 */
#ifndef CHAOS_ENGINES_NETEM_RULES_H
#define CHAOS_ENGINES_NETEM_RULES_H

#include "chaos/engines/engine.h"
#include "chaos/engines/tc.h"

struct site;
struct netlink;

struct netem_slot {
	bool used;        /* has its filters */
	bool built;       /* has its class and leaf */
	unsigned learned; /* entries of the book that its filters know */
	struct engine_rule rule;
};

struct netem_rules {
	struct netem_slot slots[ENGINE_RULES_MAX];
};

/* Prios between those of neighbour discovery and those of the links' own classes. */
#define NETEM_PRIO_RULES 0x100
#define NETEM_PRIO_RULES_END 0x2000

/* Into the batch: from what the link's slots have to what the change asks. own_minor: of the link's own
 * class. */
int netem_rules_change(struct netem_rules *rules, struct netlink *nl, const struct site *site,
	const struct engine_change *change, unsigned own_minor, struct err *err);
/* What the kernel has, and how much of it passed; -1 where it is not what was laid. */
int netem_rules_look(const struct netem_rules *rules, struct netlink *nl, const struct site *site,
	unsigned to, unsigned own_minor, struct engine_link *out, struct engine_counters *counters,
	struct err *err);

#endif
