/*
 * way: where an operation of a group goes: by the router, to a node that the group names, or where a
 * DNS name leads (names.c).
 */
#ifndef PROBES_PROBER_WAY_H
#define PROBES_PROBER_WAY_H

#include "probes/prober/prober_inside.h"

/* NULL: no node is known. *taken is for router_ended. */
const struct endpoint *way_pick(const struct prober *prober, const struct client_group *group,
	const struct route *route, enum group_target target, struct route *taken);
/* Where the group's name leads now; NULL: nowhere. */
const struct endpoint *names_pick(const struct names *names, const struct client_group *group);

#endif
