/*
 * armed: changes of a region's links and nodes that are to happen at instants to come.
 *
 * The controller sends them a little ahead, {type:"arm", id, at_ns, faults_on, nodes:[[node, action,
 * undo, fault], ..]}, the nodes of all regions; what is kept is the region's own part.
 */
#ifndef SUITES_AGENT_ARMED_H
#define SUITES_AGENT_ARMED_H

#include "suites/agent/region.h"

struct jv;

#define ARMED_MAX 64

struct armed_change {
	int64_t id;
	struct region_change change;
};

struct armed {
	struct armed_change changes[ARMED_MAX]; /* in no order */
	unsigned n;
};

/* plan may be NULL: then no node is the region's own. */
int armed_add(struct armed *armed, const struct plan *plan, unsigned region,
	const struct jv *message, struct err *err);
/* The earliest one, if it is to happen by then; it is armed no more. */
bool armed_take(struct armed *armed, uint64_t by_ns, struct armed_change *out);
/* When the earliest one is to happen; UINT64_MAX: there is none. */
uint64_t armed_next_ns(const struct armed *armed);

#endif
