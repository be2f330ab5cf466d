/*
 * roles: who the region's own nodes think is primary, and how far away all nodes are.
 *
 * One thread per own node: a node that hangs delays nobody else's mark. A question that takes longer
 * than the period skips the turns that it missed.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "probes/marks.h"
#include "probes/prober/prober_inside.h"
#include "probes/prober/pulse.h"

#include <stdlib.h>
#include <unistd.h>

#define ROLE_PERIOD_NS (50 * NSEC_PER_MSEC)
#define ROLE_LIMIT_NS (1000 * NSEC_PER_MSEC)
#define RTT_LIMIT_NS (1500 * NSEC_PER_MSEC)
#define RTT_ROUNDS 5
/* Differences below this are noise of the machine: a tie, which the own region wins. */
#define RTT_TIE_NS (1 * NSEC_PER_MSEC)

struct watch {
	struct prober *prober;
	size_t endpoint;
	struct driver *driver;
	uint64_t rtt_ns; /* UINT64_MAX: no answer */
	bool running;
	pthread_t thread;
};

struct roles {
	int marks_fd;
	struct watch *watches; /* of own nodes */
	size_t n;
};

static void mark(struct watch *w, uint64_t before, uint64_t after, const struct driver_role *role)
{
	const struct prober_config *config = w->prober->config;
	struct role_mark m;
	struct err err;

	/* Watching begins before the clients do, so that they know where to go; what was seen before
	 * the run's zero has no time. */
	if (before < gate_start_ns(&w->prober->gate) || config->watch)
		return;
	m = (struct role_mark){
		.before_ns = before - config->epoch_ns,
		.after_ns = after - config->epoch_ns,
		.epoch = role->epoch,
		.observer = (uint8_t)config->region,
		.node = config->endpoints[w->endpoint].node,
		.role = (uint8_t)role->role,
		.believed_primary = role->believed_primary,
	};
	if (marks_append(w->prober->roles->marks_fd, &m)) {
		err_sys(&err, "cannot write role marks");
		prober_fail(w->prober, &err);
	}
}

static void *watch_main(void *arg)
{
	struct watch *w = arg;
	uint64_t at = clock_now_ns();

	while (gate_sleep(&w->prober->gate, at)) {
		uint64_t before = clock_now_ns(), after;
		struct driver_role role;

		w->driver->ops->role(w->driver, &w->prober->config->endpoints[w->endpoint],
			ROLE_LIMIT_NS, &role);
		after = clock_now_ns();
		mark(w, before, after, &role);
		pulse_role(w->prober->pulse, w->endpoint, &role);
		router_update(&w->prober->router, w->endpoint, &role);
		do
			at += ROLE_PERIOD_NS;
		while (at < after);
	}
	return NULL;
}

int roles_open(struct prober *prober, struct err *err)
{
	const struct prober_config *config = prober->config;
	struct roles *roles = calloc(1, sizeof(*roles));
	size_t data = group_first_of_data(config->groups, config->n_groups);
	struct buf path = {0};

	if (!roles)
		abort();
	prober->roles = roles;
	buf_printf(&path, "%s/roles" MARKS_SUFFIX, config->dir);
	roles->marks_fd = marks_create(buf_str(&path), err);
	buf_release(&path);
	if (roles->marks_fd < 0)
		return -1;
	roles->watches = calloc(config->n_endpoints + 1, sizeof(*roles->watches));
	if (!roles->watches)
		abort();
	if (data == config->n_groups || !(group_can(&config->groups[data]) & DRIVER_ROLES))
		return 0;
	for (size_t i = 0; i < config->n_endpoints; i++) {
		struct watch *w = &roles->watches[roles->n];

		if (config->endpoints[i].region != config->region)
			continue;
		*w = (struct watch){.prober = prober, .endpoint = i};
		w->driver =
			prober_driver(prober, &config->groups[data], UINT64_C(2) << 32 | i, err);
		if (!w->driver)
			return -1;
		roles->n++;
	}
	return 0;
}

int roles_start(struct prober *prober, struct err *err)
{
	for (size_t i = 0; i < prober->roles->n; i++) {
		struct watch *w = &prober->roles->watches[i];

		if (prober_thread(&w->thread, watch_main, w, err))
			return -1;
		w->running = true;
	}
	return 0;
}

static void join(struct watch *watches, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (watches[i].running)
			pthread_join(watches[i].thread, NULL);
		watches[i].running = false;
	}
}

void roles_join(struct prober *prober)
{
	join(prober->roles->watches, prober->roles->n);
}

void roles_close(struct prober *prober)
{
	struct roles *roles = prober->roles;

	if (!roles)
		return;
	for (size_t i = 0; i < roles->n; i++)
		roles->watches[i].driver->ops->close(roles->watches[i].driver);
	if (roles->marks_fd >= 0)
		close(roles->marks_fd);
	free(roles->watches);
	free(roles);
	prober->roles = NULL;
}

/* The least of a few questions; the first one also connects. */
static void *rtt_main(void *arg)
{
	struct watch *w = arg;
	const struct endpoint *at = &w->prober->config->endpoints[w->endpoint];
	uint64_t deadline = clock_now_ns() + RTT_LIMIT_NS;

	for (int round = 0; round < RTT_ROUNDS; round++) {
		uint64_t before = clock_now_ns();
		struct driver_role role;

		if (before >= deadline)
			break;
		w->driver->ops->role(w->driver, at, deadline - before, &role);
		if (role.role == ROLE_UNKNOWN)
			continue;
		if (clock_now_ns() - before < w->rtt_ns)
			w->rtt_ns = clock_now_ns() - before;
		if (at->region == w->prober->config->region)
			router_update(&w->prober->router, w->endpoint, &role);
	}
	return NULL;
}

static int by_rtt(const void *a, const void *b)
{
	const struct watch *x = a, *y = b;

	return x->rtt_ns < y->rtt_ns ? -1 : x->rtt_ns > y->rtt_ns;
}

/* Sorted by RTT; the first own node that ties with the least is moved to the front. */
static void choose(struct prober *prober, struct watch *all, size_t n)
{
	const struct endpoint *endpoints = prober->config->endpoints;
	size_t best = 0;

	qsort(all, n, sizeof(*all), by_rtt);
	if (!n || all[0].rtt_ns == UINT64_MAX)
		return;
	while (best < n && endpoints[all[best].endpoint].region != prober->config->region)
		best++;
	if (best < n && all[best].rtt_ns <= all[0].rtt_ns + RTT_TIE_NS) {
		struct watch own = all[best];

		for (; best > 0; best--)
			all[best] = all[best - 1];
		all[0] = own;
	}
	prober->router.nearest = &endpoints[all[0].endpoint];
}

static struct jv *describe(const struct prober *prober, const struct watch *all, size_t n)
{
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < n; i++) {
		struct jv *entry = jv_new_object();

		jv_set(entry, "node", jv_new_int(prober->config->endpoints[all[i].endpoint].node));
		jv_set(entry, "rtt_ns",
			jv_new_int(all[i].rtt_ns == UINT64_MAX ? -1 : (int64_t)all[i].rtt_ns));
		jv_add(list, entry);
	}
	return list;
}

struct jv *nearest_measure(struct prober *prober, struct err *err)
{
	const struct prober_config *config = prober->config;
	struct watch *all = calloc(config->n_endpoints + 1, sizeof(*all));
	size_t data = group_first_of_data(config->groups, config->n_groups), n = 0;
	bool none = data == config->n_groups;
	struct jv *list = NULL;

	if (!all)
		abort();
	for (; !none && n < config->n_endpoints; n++) {
		all[n] = (struct watch){.prober = prober, .endpoint = n, .rtt_ns = UINT64_MAX};
		all[n].driver =
			prober_driver(prober, &config->groups[data], UINT64_C(3) << 32 | n, err);
		if (!all[n].driver || prober_thread(&all[n].thread, rtt_main, &all[n], err))
			break;
		all[n].running = true;
	}
	join(all, n);
	for (size_t i = 0; i <= n; i++) {
		if (all[i].driver)
			all[i].driver->ops->close(all[i].driver);
	}
	if (none || n == config->n_endpoints) {
		choose(prober, all, n);
		list = describe(prober, all, n);
	}
	free(all);
	return list;
}
