/*
 * names: clients that follow a DNS name.
 *
 * For each group that goes where a name leads one thread asks the own region's resolver and keeps the
 * answer for as long as its TTL says, as a stub resolver with a cache does; then it asks again. The
 * age that the resolver's copy has already is part of that: an honest resolver hands out what is left of the
 * TTL. An answer that has run out and could not be renewed leads nowhere, and operations fail for
 * want of a route. Connections are the driver's and are kept per node, so a client that comes back to
 * a node may find a connection from before.
 *
 * A TTL of zero is asked for again after 50 ms and not for every operation.
 */
#include "fixtures/base/clock.h"
#include "probes/prober/way.h"

#include <stdlib.h>

#define KEPT_LEAST_NS (50 * NSEC_PER_MSEC)
#define RETRY_NS (100 * NSEC_PER_MSEC)
#define ASK_LIMIT_NS (1 * NSEC_PER_SEC)

struct name {
	struct prober *prober;
	const struct client_group *group;
	struct driver *driver;
	uint32_t
		present; /* endpoint's index + 1; 0: none. Read without a lock by every operation. */
	bool running;
	pthread_t thread;
};

struct names {
	struct name *all;
	size_t n;
};

const struct endpoint *names_pick(const struct names *names, const struct client_group *group)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct name *name = &names->all[i];
		uint32_t present = __atomic_load_n(&name->present, __ATOMIC_RELAXED);

		if (name->group == group)
			return present ? &name->prober->config->endpoints[present - 1] : NULL;
	}
	return NULL;
}

static void point_to(struct name *name, uint32_t present)
{
	__atomic_store_n(&name->present, present, __ATOMIC_RELAXED);
}

/* Ask once; when to ask again. *until_ns: how long the present answer may be used. */
static uint64_t follow(struct name *name, uint64_t *until_ns)
{
	const struct prober_config *config = name->prober->config;
	struct driver_call call = {.kind = OP_READ, .timeout_ns = ASK_LIMIT_NS};
	uint64_t now, kept_ns;

	name->driver->ops->invoke(name->driver, &name->group->resolvers[config->region], &call);
	now = clock_now_ns();
	if (call.state == OP_OK) {
		kept_ns = call.age_ms * NSEC_PER_MSEC;
		point_to(name, call.node < config->n_endpoints ? call.node + 1u : 0);
		*until_ns = now + (kept_ns > KEPT_LEAST_NS ? kept_ns : KEPT_LEAST_NS);
		return *until_ns;
	}
	if (now >= *until_ns)
		point_to(name, 0);
	return now + RETRY_NS;
}

static void *name_main(void *arg)
{
	struct name *name = arg;
	uint64_t until_ns = 0;

	while (gate_sleep(&name->prober->gate, follow(name, &until_ns)))
		;
	return NULL;
}

int names_open(struct prober *prober, struct err *err)
{
	const struct prober_config *config = prober->config;
	const struct driver_ops *dns = driver_find("dns");
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		abort();
	prober->names = names;
	names->all = calloc(config->n_groups + 1, sizeof(*names->all));
	if (!names->all)
		abort();
	for (size_t g = 0; g < config->n_groups; g++) {
		const struct client_group *group = &config->groups[g];
		struct name *name = &names->all[names->n];
		struct driver_target target = {.endpoints = config->endpoints,
			.n_endpoints = config->n_endpoints,
			.seed = config->seed,
			.lookup = group->lookup};

		if (group->read_from != TARGET_NAME && group->write_to != TARGET_NAME)
			continue;
		if (!dns)
			return err_set(err, "built without c-ares: names cannot be followed");
		*name = (struct name){.prober = prober, .group = group};
		name->driver = dns->open(&target, err);
		if (!name->driver)
			return -1;
		names->n++;
	}
	return 0;
}

int names_start(struct prober *prober, struct err *err)
{
	for (size_t i = 0; i < prober->names->n; i++) {
		struct name *name = &prober->names->all[i];

		if (prober_thread(&name->thread, name_main, name, err))
			return -1;
		name->running = true;
	}
	return 0;
}

void names_join(struct prober *prober)
{
	for (size_t i = 0; i < prober->names->n; i++) {
		if (prober->names->all[i].running)
			pthread_join(prober->names->all[i].thread, NULL);
		prober->names->all[i].running = false;
	}
}

void names_close(struct prober *prober)
{
	struct names *names = prober->names;

	if (!names)
		return;
	for (size_t i = 0; i < names->n; i++)
		names->all[i].driver->ops->close(names->all[i].driver);
	free(names->all);
	free(names);
	prober->names = NULL;
}
