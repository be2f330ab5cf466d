/*
 * liar: a session of ours whose answers are now and then false, to see whether anybody notices.
 *
 * It lives in the first region of the first group that works with data, goes where that group goes,
 * with that group's driver behind a replay, and writes and reads one key of its own in turn. All it
 * does is marked OP_VIA_PROXY and counts in no metric; the judge must convict every read that is
 * marked OP_LIED (suites/judge/liar.h).
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "probes/prober/attempt.h"
#include "probes/prober/prober_inside.h"
#include "probes/prober/replay.h"
#include "probes/prober/way.h"

#include <stdlib.h>

/* Twenty operations a second: noise beside the tickers, and a lie every few seconds. */
#define LIAR_PERIOD_NS (50 * NSEC_PER_MSEC)

struct liar {
	struct prober *prober;
	const struct client_group *group;
	struct history_writer *writer;
	struct replay replay;
	struct route write_route;
	uint64_t slot; /* odd ones read */
	bool running;
	pthread_t thread;
};

static struct op op_of(const struct liar *liar)
{
	unsigned region = liar->prober->config->region;
	bool write = liar->slot % 2 == 0;

	return (struct op){
		.kind = write ? OP_WRITE : OP_READ,
		.key = op_key(KEY_OTHER, region),
		.value = write ? op_value(GROUP_LIAR_SESSION(region), liar->slot / 2 + 1) : 0,
		.session = GROUP_LIAR_SESSION(region),
		.region = (uint8_t)region,
		.flags = OP_VIA_PROXY,
	};
}

static int operate(struct liar *liar, uint64_t at_ns)
{
	struct attempt attempt = {.writer = liar->writer,
		.driver = &liar->replay.driver,
		.epoch_ns = liar->prober->config->epoch_ns,
		.timeout_ns = PROBER_TICK_LIMIT_NS,
		.at_ns = prober_since_epoch(liar->prober, at_ns)};
	struct op op = op_of(liar);
	struct route taken, *route = &liar->write_route;
	bool write = op.kind == OP_WRITE;
	const struct endpoint *at = way_pick(liar->prober, liar->group, route,
		(enum group_target)(write ? liar->group->write_to : liar->group->read_from),
		&taken);
	struct err err;

	if (attempt_run(&attempt, at, &op, &err)) {
		prober_fail(liar->prober, &err);
		return -1;
	}
	if (write)
		router_ended(&liar->prober->router, route, &taken, (enum op_state)op.state,
			(enum op_error)op.error);
	return 0;
}

/* Slots that passed while an operation hung are left out, two by two: a read follows its write. */
static void *liar_main(void *arg)
{
	struct liar *liar = arg;
	struct gate *gate = &liar->prober->gate;
	uint64_t at, resume;
	int rc = 0;

	if (!gate_wait_start(gate, &at))
		return NULL;
	while (!rc) {
		switch (gate_enter(gate, at)) {
		case GATE_GO:
			rc = operate(liar, at);
			gate_leave(gate);
			liar->slot++;
			at += LIAR_PERIOD_NS;
			while (at + 2 * LIAR_PERIOD_NS < clock_now_ns())
				at += LIAR_PERIOD_NS;
			break;
		case GATE_QUIET:
			if (!gate_wait_resume(gate, &resume))
				return NULL;
			at = resume;
			break;
		case GATE_STOP:
			return NULL;
		}
	}
	return NULL;
}

int liar_open(struct prober *prober, struct err *err)
{
	const struct prober_config *config = prober->config;
	size_t data = group_first_of_data(config->groups, config->n_groups);
	struct driver *inner;
	struct buf path = {0};
	struct liar *liar;

	if (!config->liar || data == config->n_groups ||
		config->groups[data].regions[0] != config->region)
		return 0;
	liar = calloc(1, sizeof(*liar));
	if (!liar)
		abort();
	prober->liar = liar;
	liar->prober = prober;
	liar->group = &config->groups[data];
	inner = prober_driver(prober, liar->group, UINT64_C(4) << 32, err);
	if (!inner)
		return -1;
	replay_init(&liar->replay, inner, rng_derive(config->seed, "liar"));
	buf_printf(&path, "%s/liar" HISTORY_SUFFIX, config->dir);
	liar->writer = history_writer_open(buf_str(&path), err);
	buf_release(&path);
	return liar->writer ? 0 : -1;
}

int liar_start(struct prober *prober, struct err *err)
{
	struct liar *liar = prober->liar;

	if (!liar)
		return 0;
	if (prober_thread(&liar->thread, liar_main, liar, err))
		return -1;
	liar->running = true;
	return 0;
}

void liar_join(struct prober *prober)
{
	if (prober->liar && prober->liar->running) {
		pthread_join(prober->liar->thread, NULL);
		prober->liar->running = false;
	}
}

void liar_close(struct prober *prober)
{
	struct liar *liar = prober->liar;

	if (!liar)
		return;
	if (liar->replay.inner)
		liar->replay.driver.ops->close(&liar->replay.driver);
	history_writer_close(liar->writer);
	free(liar);
	prober->liar = NULL;
}
