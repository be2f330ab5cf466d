#include "probes/prober/router.h"

#include <stdlib.h>

void router_init(struct router *router, const struct endpoint *endpoints, size_t n, unsigned region,
	unsigned primary_hint)
{
	size_t primary = n;

	*router = (struct router){.endpoints = endpoints, .n = n, .region = region, .silent = true};
	pthread_mutex_init(&router->lock, NULL);
	router->views = calloc(n + 1, sizeof(*router->views));
	if (!router->views)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (endpoints[i].node == primary_hint)
			primary = i;
		if (!router->nearest && endpoints[i].region == region)
			router->nearest = &endpoints[i];
	}
	if (!router->nearest && n)
		router->nearest = &endpoints[0];
	router->primary = primary;
	router->primary_start = primary;
}

void router_release(struct router *router)
{
	free(router->views);
	pthread_mutex_destroy(&router->lock);
}

static size_t index_of(const struct router *router, unsigned node)
{
	size_t i = 0;

	while (i < router->n && router->endpoints[i].node != node)
		i++;
	return i;
}

/* The node that this view names; n: none. */
static size_t named_by(const struct router *router, size_t i)
{
	switch (router->views[i].role) {
	case ROLE_PRIMARY:
		return i;
	case ROLE_REPLICA:
		return index_of(router, router->views[i].believed_primary);
	case ROLE_UNKNOWN:
		break;
	}
	return router->n;
}

static bool is_better(const struct driver_role *a, const struct driver_role *b)
{
	if (a->epoch != b->epoch)
		return a->epoch > b->epoch;
	return a->role == ROLE_PRIMARY && b->role != ROLE_PRIMARY;
}

static size_t agreed_primary(const struct router *router)
{
	size_t best = router->n;

	for (size_t i = 0; i < router->n; i++) {
		if (named_by(router, i) == router->n)
			continue;
		if (best == router->n || is_better(&router->views[i], &router->views[best]))
			best = i;
	}
	return best == router->n ? best : named_by(router, best);
}

void router_update(struct router *router, size_t endpoint, const struct driver_role *role)
{
	uint64_t before;
	bool silent = true;
	size_t primary;

	pthread_mutex_lock(&router->lock);
	router->views[endpoint] = *role;
	for (size_t i = 0; i < router->n; i++)
		silent = silent && router->views[i].role == ROLE_UNKNOWN;
	__atomic_store_n(&router->silent, silent, __ATOMIC_RELAXED);
	primary = agreed_primary(router);
	before = router->primary;
	if (primary != router->n && primary != (uint32_t)before)
		__atomic_store_n(
			&router->primary, ((before >> 32) + 1) << 32 | primary, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&router->lock);
}

void router_fix_start(struct router *router)
{
	if (router->primary_start == router->n)
		router->primary_start = (uint32_t)router->primary;
}

/* Offset 0 is the primary, 1 .. the others in their order, round and round. */
static size_t index_at(const struct router *router, size_t primary, uint32_t offset)
{
	size_t i;

	if (primary == router->n)
		return offset % router->n;
	i = offset % router->n;
	if (i == 0)
		return primary;
	return i <= primary ? i - 1 : i;
}

const struct endpoint *router_pick(const struct router *router, const struct route *route,
	enum group_target target, struct route *taken)
{
	uint64_t present = __atomic_load_n(&router->primary, __ATOMIC_ACQUIRE);

	*taken = (struct route){.change = (uint32_t)(present >> 32)};
	if (!router->n)
		return NULL;
	switch (target) {
	case TARGET_NEAREST:
		return router->nearest;
	case TARGET_PRIMARY_START:
		return router->primary_start < router->n ? &router->endpoints[router->primary_start]
							 : NULL;
	case TARGET_NODE:
	case TARGET_NAME:
		return NULL;
	case TARGET_PRIMARY:
		break;
	}
	if (route->change == taken->change)
		taken->offset = route->offset;
	return &router->endpoints[index_at(router, (uint32_t)present, taken->offset)];
}

/* Whoever was sent away by the named one is trying the others: one that is silent is passed by. */
static bool is_wandering(const struct router *router, const struct route *taken)
{
	return router->n && taken->offset % router->n != 0;
}

static bool should_move_on(const struct router *router, const struct route *taken,
	enum op_state state, enum op_error error)
{
	if (state == OP_OK)
		return false;
	if (error == OP_ERROR_NOT_PRIMARY || error == OP_ERROR_REFUSED ||
		error == OP_ERROR_UNREACHABLE)
		return true;
	return error == OP_ERROR_TIMEOUT &&
		(is_wandering(router, taken) || __atomic_load_n(&router->silent, __ATOMIC_RELAXED));
}

void router_ended(const struct router *router, struct route *route, const struct route *taken,
	enum op_state state, enum op_error error)
{
	if (!should_move_on(router, taken, state, error))
		return;
	if (route->change == taken->change && route->offset != taken->offset)
		return;
	*route = (struct route){.change = taken->change, .offset = taken->offset + 1};
}
