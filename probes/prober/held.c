/*
 * held: whether this process was kept from running (probes/stall.h). Operations that overlap such a
 * time look slow, late or lost without the system's doing.
 */
#include "fixtures/base/log.h"
#include "probes/prober/prober_inside.h"
#include "probes/stall.h"
#include "probes/tape.h"

#include <stdlib.h>

struct held {
	struct prober *prober;
	struct tape *tape;
	atomic_bool stop;
	bool running;
	pthread_t thread;
};

static void *watch_main(void *arg)
{
	struct held *h = arg;
	uint64_t start;
	struct err err;

	if (!gate_wait_start(&h->prober->gate, &start))
		return NULL;
	if (tape_set_epoch(h->tape, h->prober->config->epoch_ns, &err) ||
		stall_watch(h->tape, h->prober->config->epoch_ns, &h->stop, &err))
		prober_fail(h->prober, &err);
	return NULL;
}

int held_open(struct prober *prober, struct err *err)
{
	const struct prober_config *config = prober->config;
	struct held *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	prober->held = h;
	h->prober = prober;
	h->tape = stall_tape_create(config->dir, PROBER_STALLS_SUFFIX, config->region,
		config->n_regions, config->epoch_ns, err);
	return h->tape ? 0 : -1;
}

int held_start(struct prober *prober, struct err *err)
{
	struct held *h = prober->held;

	if (prober_thread(&h->thread, watch_main, h, err))
		return -1;
	h->running = true;
	return 0;
}

void held_join(struct prober *prober)
{
	struct held *h = prober->held;

	atomic_store(&h->stop, true);
	if (h->running)
		pthread_join(h->thread, NULL);
	h->running = false;
}

void held_close(struct prober *prober)
{
	struct held *h = prober->held;
	struct err err;

	if (!h)
		return;
	if (h->tape && tape_close(h->tape, &err))
		log_debug("%s", err.text);
	free(h);
	prober->held = NULL;
}
