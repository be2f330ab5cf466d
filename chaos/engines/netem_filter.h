/*
 * netem_filter: a match as u32 filters: keys over the words of a packet, of which all must agree. Pure.
 *
 * u32 knows masks, not ranges, not alternatives, not "not", and nothing of the past:
 *
 *   a range of sizes    becomes the prefixes that make it up, at most 30 of them
 *   alternatives        (TCP or UDP, a port at either end, several ports) become one filter each
 *   replication         "neither a prober nor a beacon": filters in front of the others lead what those
 *                       say to the link's own class
 *   new connections     are those whose SYN passed; where everything of them is dropped, that is where
 *                       the SYN (or its answer) is, and no more is needed. Any other impairment of them,
 *                       and established connections, need memory: refused by netem_filter_can()
 *
 * Weaker than wire: ports and flags are looked for behind an IPv4 header without options only. A
 * fragment after the first is told, as there.
 */
#ifndef CHAOS_ENGINES_NETEM_FILTER_H
#define CHAOS_ENGINES_NETEM_FILTER_H

#include "chaos/engines/engine.h"
#include "chaos/engines/tc.h"

#include <stddef.h>

struct book;

#define NETEM_FILTERS_MAX 256 /* of one rule and family */

struct netem_filter {
	struct tc_key keys[TC_KEYS_MAX];
	unsigned n_keys;
	bool excludes; /* leads to the link's own class */
};

struct netem_filters {
	struct netem_filter items[NETEM_FILTERS_MAX];
	size_t n;
};

int netem_filter_can(const struct engine_rule *rule, struct err *err);
/* The filters for frames from region `own` to `to`, in their order. version: 4 or 6. -1: too many. */
int netem_filter_make(const struct match *match, unsigned own, unsigned to, const struct book *book,
	unsigned version, struct netem_filters *out, struct err *err);

#endif
