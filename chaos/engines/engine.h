/*
 * engine: the contract of what carries impairments out on the links of one region's uplink.
 *
 * One instance per agent. It owns the space between the hops `b` and `c` of its site (see
 * fixtures/net/site.h) and impairs what leaves the region, by destination region. Everything whose
 * destination MAC belongs to no known region is neutral. ARP and ICMPv6 types 133-137 are never
 * impaired: neighbour discovery is local to a region in a real WAN (network plan, part 1).
 *
 * Every hook returns 0 or -1 with a sentence. apply, close and read_back are idempotent and work
 * from any half-built state. To add an engine: copy null.c, add a row to engines.c, and run the
 * conformance tests over it.
 */
#ifndef CHAOS_ENGINES_ENGINE_H
#define CHAOS_ENGINES_ENGINE_H

#include "chaos/impairment.h"
#include "chaos/match.h"
#include "fixtures/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct site;
struct engine;

/* Packets that are meant suffer this, and nothing of what the link has for the others. */
struct engine_rule {
	struct match match;
	struct impairment impairment;
};

/* Rules of one link are disjoint (match_are_disjoint), so their order means nothing. */
#define ENGINE_RULES_MAX 4

/* What packets to region `to` shall suffer from now on: the whole impairment, not a difference, and all
 * rules. A rule that the link has already, with the same match, keeps what it has seen of
 * connections. */
struct engine_change {
	unsigned to;                  /* index of the destination region */
	struct impairment impairment; /* of packets that no rule means */
	const struct engine_rule *rules;
	unsigned n_rules;
};

/* What a link has: the same, as values. */
struct engine_link {
	struct impairment impairment;
	struct engine_rule rules[ENGINE_RULES_MAX];
	unsigned n_rules;
};

/* What a link must be able to do: everything of one impairment, and each of these rules. */
struct engine_needs {
	struct impairment impairment;
	const struct engine_rule *rules;
	size_t n_rules;
};

/* When a batch was carried out, on CLOCK_MONOTONIC: the request left, the kernel or the forwarder
 * had accepted it. It acts on packets sent after some instant between the two. */
struct engine_ack {
	uint64_t sent_ns, acked_ns;
};

/* Totals since open, per destination region. dropped counts injected loss and cut; overflow what
 * found the queue full, which is never loss. Where the engine cannot tell them apart (netem) it sets
 * overflow_known to 0 and dropped counts both; without a rate or a limit that was asked for its
 * queue is so long that there is no overflow. */
struct engine_counters {
	uint64_t packets, bytes; /* handed to the engine for that region */
	uint64_t passed_packets;
	uint64_t dropped_packets;
	uint64_t overflow_packets;
	uint64_t refused_packets; /* of those dropped: answered with a RST or an ICMP error */
	/* Of those that passed; only where the engine can tell (wire). netem counts what it marked as
	 * dropped, and copies as packets. */
	uint64_t marked_packets, duplicated_packets, corrupted_packets, overtaken_packets;
	uint64_t exempt_packets; /* neighbour discovery let through; netem: in the own row */
	uint64_t
		neutral_packets; /* only in the row of the region itself: unknown MACs, broadcast */
	int overflow_known;
	/* The same of each rule, in the order of read_back; they are contained in the above. */
	struct engine_rule_counters {
		uint64_t packets, passed_packets, dropped_packets, refused_packets;
	} rules[ENGINE_RULES_MAX];
};

struct engine_ops {
	const char *name;
	const char *help; /* one line */

	/* Can this machine do it? Decided by trying in a throw-away network namespace, never by
	 * version. needs: an impairment that must be possible on a link beside others; NULL: any
	 * will do. -1 with the reason where not. */
	int (*probe)(const struct impairment *needs, struct err *err);
	/* Pure: can it do this on any machine? -1 with a sentence that says what it cannot. NULL: all. */
	int (*can)(const struct engine_rule *rule, struct err *err);
	/* Take over the site's hop, all links neutral. seed: every random decision comes from it.
	 * The site outlives the engine. */
	struct engine *(*open)(const struct site *site, uint64_t seed, struct err *err);
	/* Make the changes at at_ns (CLOCK_MONOTONIC; 0: now). Blocks until done. All or nothing as
	 * far as the kernel allows; after an error the state is what read_back says. Sets the site's
	 * segmentation as the links need it (impairment_needs_segments), before and after. */
	int (*apply)(struct engine *engine, const struct engine_change *changes, size_t n,
		uint64_t at_ns, struct engine_ack *ack, struct err *err);
	/* What is set now for region `to`, asked from where it acts (the kernel, the forwarder). Values
	 * that were rounded by the kernel come back rounded. */
	int (*read_back)(
		struct engine *engine, unsigned to, struct engine_link *out, struct err *err);
	int (*counters)(
		struct engine *engine, unsigned to, struct engine_counters *out, struct err *err);
	/* Optional: keep what is decided for every packet from now on in a new file of that path, of
	 * at most so many bytes (chaos/engines/decisions.h). NULL: the decisions are not ours. */
	int (*keep_decisions)(
		struct engine *engine, const char *path, uint64_t limit_bytes, struct err *err);
	/* A descriptor that becomes readable when the engine has died on its own, or -1: cannot. */
	int (*death_fd)(struct engine *engine);
	/* Heal all and let go. Accepts NULL. */
	void (*close)(struct engine *engine);
};

/* Every engine starts with this, so that callers need only the pointer. */
struct engine {
	const struct engine_ops *ops;
};

/* The table, NULL-terminated, in order of preference: netem, wire, null. */
extern const struct engine_ops *const engines[];
const struct engine_ops *engine_find(const char *name);
/* -1 with the reason where it cannot do this, or not here. */
int engine_can(const struct engine_ops *ops, const struct engine_needs *needs, struct err *err);
/* The first that can, never null (which impairs nothing and must be forced by name). why (may be NULL)
 * receives a sentence for each one passed over. */
const struct engine_ops *engine_choose(
	const struct engine_needs *needs, struct buf *why, struct err *err);

/* For apply: rules that are too many, or not disjoint, are nothing an engine could carry out. */
int engine_check_rules(const struct engine_change *change, struct err *err);
bool engine_links_equal(const struct engine_link *a, const struct engine_link *b);
/* Has the link what was asked for, but for what a kernel rounds? */
bool engine_link_is_kept(const struct engine_change *asked, const struct engine_link *has);

#endif
