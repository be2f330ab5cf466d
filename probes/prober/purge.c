/*
 * purge: the own region's edge is asked to drop its copies of a group's keys, one after the other.
 *
 * What is asked, and what the edge answered, stands in the history; how soon fresh bodies come is seen
 * by the group's reads. An edge that leaves some requests unanswered is given up: the rest would only
 * come later and later after the instant that was meant.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "probes/prober/attempt.h"
#include "probes/prober/prober_inside.h"

#include <stdlib.h>

#define GIVE_UP_AFTER 3 /* requests in a row without an answer */

struct purges {
	struct prober *prober;
	struct history_writer *writer;
	struct driver **drivers; /* one per group; NULL where it has no edge */
	bool running;
	pthread_t thread;
	size_t group; /* the present one */
};

static bool has_edge(const struct client_group *group)
{
	return group->read_from == TARGET_NODE && group_can(group) & DRIVER_PURGES;
}

/* 0: answered; 1: not; -1: it could not be recorded. */
static int purge_one(struct purges *p, uint32_t key, struct err *err)
{
	const struct prober_config *config = p->prober->config;
	const struct client_group *group = &config->groups[p->group];
	struct attempt attempt = {.writer = p->writer,
		.driver = p->drivers[p->group],
		.epoch_ns = config->epoch_ns,
		.timeout_ns = group->timeout_ns,
		.at_ns = prober_since_epoch(p->prober, clock_now_ns())};
	struct op op = {.kind = OP_PURGE,
		.key = key,
		.session = GROUP_PURGE_SESSION(config->region),
		.region = (uint8_t)config->region};

	if (attempt_run(&attempt, &group->nodes[config->region], &op, err))
		return -1;
	return op.state == OP_UNKNOWN;
}

static void *purge_main(void *arg)
{
	struct purges *p = arg;
	const struct client_group *group = &p->prober->config->groups[p->group];
	uint32_t first = group_register_key(group, group->first_session, 0);
	uint32_t n = (uint32_t)(group_writers(group) * group->registers);
	unsigned silent = 0;
	struct err err;

	for (uint32_t i = 0; i < n && silent < GIVE_UP_AFTER; i++) {
		int rc = gate_is_stopped(&p->prober->gate) ? 1 : purge_one(p, first + i, &err);

		if (rc < 0) {
			prober_fail(p->prober, &err);
			break;
		}
		silent = rc ? silent + 1 : 0;
	}
	return NULL;
}

int purges_open(struct prober *prober, struct err *err)
{
	const struct prober_config *config = prober->config;
	struct purges *p;
	struct buf path = {0};

	if (!config->purges)
		return 0;
	p = calloc(1, sizeof(*p));
	if (!p)
		abort();
	prober->purges = p;
	p->prober = prober;
	p->drivers = calloc(config->n_groups + 1, sizeof(struct driver *));
	if (!p->drivers)
		abort();
	buf_printf(&path, "%s/purge" HISTORY_SUFFIX, config->dir);
	p->writer = history_writer_open_shared(buf_str(&path), err);
	buf_release(&path);
	if (!p->writer)
		return -1;
	for (size_t g = 0; g < config->n_groups; g++) {
		if (!has_edge(&config->groups[g]))
			continue;
		p->drivers[g] =
			prober_driver(prober, &config->groups[g], UINT64_C(5) << 32 | g, err);
		if (!p->drivers[g])
			return -1;
	}
	return 0;
}

int purges_begin(struct prober *prober, const struct jv *message, struct err *err)
{
	struct purges *p = prober->purges;
	int64_t group = jv_int(jv_get(message, "group"), -1);

	if (!p || group < 0 || group >= (int64_t)prober->config->n_groups || !p->drivers[group])
		return err_set(err, "a purge is asked of clients without an edge");
	purges_join(prober);
	p->group = (size_t)group;
	if (prober_thread(&p->thread, purge_main, p, err))
		return -1;
	p->running = true;
	return 0;
}

void purges_join(struct prober *prober)
{
	struct purges *p = prober->purges;

	if (p && p->running)
		pthread_join(p->thread, NULL);
	if (p)
		p->running = false;
}

void purges_close(struct prober *prober)
{
	struct purges *p = prober->purges;

	if (!p)
		return;
	for (size_t g = 0; p->drivers && g < prober->config->n_groups; g++) {
		if (p->drivers[g])
			p->drivers[g]->ops->close(p->drivers[g]);
	}
	history_writer_close(p->writer);
	free(p->drivers);
	free(p);
	prober->purges = NULL;
}
