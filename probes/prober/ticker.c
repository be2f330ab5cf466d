/*
 * ticker: the clock that measures availability.
 *
 * 21 ticks lie between two turns of a slot, 1050 ms: the limit of 1 s and the driver's 50 ms have
 * passed by then, so a slot is never late because its own last operation hangs. A tick has one
 * write and one or two reads, each on a slot and a connection of its own.
 *
 * The writes share one route: the first slot that learns of a new primary tells the others.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "probes/prober/attempt.h"
#include "probes/prober/prober_inside.h"
#include "probes/prober/pulse.h"
#include "probes/prober/way.h"

#include <stdlib.h>

#define TURNS 21
#define READS_MAX 2

struct slot {
	struct ticker *ticker;
	unsigned turn; /* ticks turn, turn + TURNS, .. */
	int read;      /* -1: the write; else number of the read within the tick */
	struct driver *driver;
	bool running;
	pthread_t thread;
};

struct ticker {
	struct prober *prober;
	const struct client_group *group; /* the first of data: its driver and targets */
	struct history_writer *writer;
	unsigned n_reads;
	struct slot *slots;
	size_t n_slots;

	pthread_mutex_t lock; /* of all below */
	struct route write_route;
	uint8_t primary;     /* node that acknowledged last; OP_NODE_UNKNOWN: none yet */
	uint64_t primary_ns; /* return of its first acknowledgement */
};

static uint64_t tick_at(const struct ticker *t, uint64_t start_ns, uint64_t tick)
{
	const struct prober_config *config = t->prober->config;

	/* Regions tick one after the other within a period. */
	return start_ns + tick * PROBER_TICK_NS +
		PROBER_TICK_NS * config->region / config->n_regions;
}

/* Round and round, the own region among them: how long a region's own writes take to come back to it
 * is the lag that a session's reads of its own writes meet. */
static unsigned region_read(const struct slot *slot, uint64_t tick)
{
	unsigned n_regions = slot->ticker->prober->config->n_regions;

	return (unsigned)((tick * slot->ticker->n_reads + (unsigned)slot->read) % n_regions);
}

static struct op op_of(const struct slot *slot, uint64_t tick)
{
	unsigned region = slot->ticker->prober->config->region;
	bool write = slot->read < 0;

	return (struct op){
		.kind = write ? OP_WRITE : OP_READ,
		.key = op_key(KEY_TICKER, write ? region : region_read(slot, tick)),
		.value = write ? op_value(GROUP_TICKER_WRITER(region), tick + 1) : 0,
		.session = GROUP_TICKER_SESSION(region),
		.region = (uint8_t)region,
		.flags = OP_TICKER,
	};
}

static void tell_primary(struct ticker *t, uint8_t node, uint64_t ret_ns)
{
	struct jv *message = jv_new_object();

	jv_set(message, "type", jv_new_string("primary"));
	jv_set(message, "node", jv_new_int(node));
	jv_set(message, "at_ns", jv_new_int((int64_t)(ret_ns + t->prober->config->epoch_ns)));
	prober_send(t->prober, message);
}

/* An answer of the old primary that comes after the new one's first changes nothing: it was called
 * before. */
static void note_write(struct ticker *t, const struct op *op, const struct route *taken)
{
	bool is_new = false;

	pthread_mutex_lock(&t->lock);
	router_ended(&t->prober->router, &t->write_route, taken, (enum op_state)op->state,
		(enum op_error)op->error);
	if (op->state == OP_OK && op->node != OP_NODE_UNKNOWN && op->node != t->primary &&
		op->call_ns >= t->primary_ns) {
		t->primary = op->node;
		t->primary_ns = op->ret_ns;
		is_new = true;
	}
	pthread_mutex_unlock(&t->lock);
	if (is_new)
		tell_primary(t, op->node, op->ret_ns);
}

static const struct endpoint *pick(struct ticker *t, bool write, struct route *taken)
{
	const struct endpoint *at;

	pthread_mutex_lock(&t->lock);
	at = way_pick(t->prober, t->group, &t->write_route,
		(enum group_target)(write ? t->group->write_to : t->group->read_from), taken);
	pthread_mutex_unlock(&t->lock);
	return at;
}

static int tick_once(struct slot *slot, uint64_t tick, uint64_t at_ns)
{
	struct ticker *t = slot->ticker;
	struct attempt attempt = {.writer = t->writer,
		.driver = slot->driver,
		.epoch_ns = t->prober->config->epoch_ns,
		.timeout_ns = PROBER_TICK_LIMIT_NS,
		.at_ns = prober_since_epoch(t->prober, at_ns)};
	struct op op = op_of(slot, tick);
	const struct endpoint *at;
	struct route taken;
	struct err err;
	int rc;

	if (clock_now_ns() > at_ns + PROBER_TICK_LIMIT_NS) {
		op.value = 0;
		rc = attempt_not_sent(&attempt, &op, &err);
	} else {
		at = pick(t, slot->read < 0, &taken);
		rc = attempt_run(&attempt, at, &op, &err);
		if (!rc && slot->read < 0)
			note_write(t, &op, &taken);
		if (!rc)
			pulse_note(t->prober->pulse, &op);
	}
	if (rc)
		prober_fail(t->prober, &err);
	return rc;
}

static void *slot_main(void *arg)
{
	struct slot *slot = arg;
	struct ticker *t = slot->ticker;
	struct gate *gate = &t->prober->gate;
	uint64_t start, resume, tick = slot->turn;

	if (!gate_wait_start(gate, &start))
		return NULL;
	for (;;) {
		uint64_t at = tick_at(t, start, tick);
		int rc;

		switch (gate_enter(gate, at)) {
		case GATE_GO:
			rc = tick_once(slot, tick, at);
			gate_leave(gate);
			if (rc)
				return NULL;
			tick += TURNS;
			break;
		case GATE_QUIET:
			if (!gate_wait_resume(gate, &resume))
				return NULL;
			while (tick_at(t, start, tick) < resume)
				tick += TURNS;
			break;
		case GATE_STOP:
			return NULL;
		}
	}
}

static int open_slots(struct ticker *t, struct err *err)
{
	size_t per_turn = 1 + t->n_reads;

	t->slots = calloc(TURNS * per_turn, sizeof(*t->slots));
	if (!t->slots)
		abort();
	for (size_t i = 0; i < TURNS * per_turn; i++) {
		struct slot *slot = &t->slots[i];

		slot->ticker = t;
		slot->turn = (unsigned)(i / per_turn);
		slot->read = (int)(i % per_turn) - 1;
		slot->driver = prober_driver(t->prober, t->group, UINT64_C(1) << 32 | i, err);
		if (!slot->driver)
			return -1;
		t->n_slots++;
	}
	return 0;
}

int ticker_open(struct prober *prober, struct err *err)
{
	const struct prober_config *config = prober->config;
	size_t data = group_first_of_data(config->groups, config->n_groups);
	struct buf path = {0};
	struct ticker *t;

	if (!config->ticker || data == config->n_groups)
		return 0;
	t = calloc(1, sizeof(*t));
	if (!t)
		abort();
	prober->ticker = t;
	t->prober = prober;
	t->group = &config->groups[data];
	t->primary = OP_NODE_UNKNOWN;
	t->n_reads = config->n_regions < READS_MAX ? config->n_regions : READS_MAX;
	pthread_mutex_init(&t->lock, NULL);
	buf_printf(&path, "%s/ticker" HISTORY_SUFFIX, config->dir);
	t->writer = history_writer_open_shared(buf_str(&path), err);
	buf_release(&path);
	if (t->writer && config->watch)
		history_writer_forget(t->writer);
	return t->writer ? open_slots(t, err) : -1;
}

int ticker_start(struct prober *prober, struct err *err)
{
	struct ticker *t = prober->ticker;

	for (size_t i = 0; t && i < t->n_slots; i++) {
		if (prober_thread(&t->slots[i].thread, slot_main, &t->slots[i], err))
			return -1;
		t->slots[i].running = true;
	}
	return 0;
}

void ticker_join(struct prober *prober)
{
	struct ticker *t = prober->ticker;

	for (size_t i = 0; t && i < t->n_slots; i++) {
		if (t->slots[i].running)
			pthread_join(t->slots[i].thread, NULL);
		t->slots[i].running = false;
	}
}

void ticker_close(struct prober *prober)
{
	struct ticker *t = prober->ticker;

	if (!t)
		return;
	for (size_t i = 0; i < t->n_slots; i++)
		t->slots[i].driver->ops->close(t->slots[i].driver);
	history_writer_close(t->writer);
	pthread_mutex_destroy(&t->lock);
	free(t->slots);
	free(t);
	prober->ticker = NULL;
}
