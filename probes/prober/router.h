/*
 * router: which node an operation goes to.
 *
 * The primary is the one that the own region's nodes name: of their newest answers that with the
 * highest epoch, a node that says that it is primary itself before one that names another. While
 * none of them answers, the last name stands.
 *
 * A client that is told "not the primary", or cannot connect, tries the other nodes one attempt
 * after the other (each attempt is an operation of its own) until one accepts or the region's view
 * changes. Time-outs do not make it wander: the connection may be cut, and no other node would
 * accept anyway; unless the own region's nodes are silent too, or it wanders already: then they do. So
 * a client that asks a new primary too early passes the old one, which is cut off, and comes back.
 */
#ifndef PROBES_PROBER_ROUTER_H
#define PROBES_PROBER_ROUTER_H

#include "probes/drivers/driver.h"
#include "probes/group.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct router {
	pthread_mutex_t lock;
	const struct endpoint *endpoints;
	size_t n;
	unsigned region;
	struct driver_role *views;      /* [n]; of own nodes only */
	const struct endpoint *nearest; /* fixed before sessions start */
	/* The present primary's index (n: not known) in the low half, the number of its changes in
	 * the high one: read together, without the lock, by every operation. */
	uint64_t primary;
	size_t primary_start; /* n: not known */
	bool silent;          /* no own node answered its last question */
};

/* One client's way: which of the nodes it has arrived at. All zeros at first. */
struct route {
	uint32_t change; /* of the primary, for which offset holds */
	uint32_t offset; /* 0: the primary itself */
};

void router_init(struct router *router, const struct endpoint *endpoints, size_t n, unsigned region,
	unsigned primary_hint);
void router_release(struct router *router);
/* What the node said now. */
void router_update(struct router *router, size_t endpoint, const struct driver_role *role);
/* Fix what primary@start means. */
void router_fix_start(struct router *router);
/* NULL: no node is known, or the target is none of the router's (way.h). *taken is for router_ended. */
const struct endpoint *router_pick(const struct router *router, const struct route *route,
	enum group_target target, struct route *taken);
/* How the attempt that took `taken` ended; moves the route on where it should. A route that has moved
 * on since then stays. */
void router_ended(const struct router *router, struct route *route, const struct route *taken,
	enum op_state state, enum op_error error);

#endif
