#include "suites/tests/helpers/judge_random.h"
#include "fixtures/base/rng.h"

#include <stdlib.h>

unsigned random_histories(void)
{
	const char *asked = getenv("REFERENCE_HISTORIES");

	if (asked)
		return (unsigned)strtoul(asked, NULL, 10);
	return getenv("REGIONPROOF_LONG") ? 100000 : 2000;
}

struct random_shape random_shape_of(uint64_t seed)
{
	struct rng rng;

	rng_seed(&rng, rng_derive(seed, "shape"));
	return (struct random_shape){.ops = 4 + (unsigned)rng_below(&rng, 60),
		.sessions = 1 + (unsigned)rng_below(&rng, 5),
		.keys = 1 + (unsigned)rng_below(&rng, 3),
		.ledger_keys = (unsigned)rng_below(&rng, 4),
		.deletes = rng_below(&rng, 2),
		.overlap = rng_below(&rng, 3) == 0,
		.faults = rng_below(&rng, 2),
		.sweeps = rng_below(&rng, 2)};
}

struct draw {
	struct judge_world *world;
	const struct random_shape *shape;
	struct rng rng;
	double free_ms[8]; /* when each session can begin its next operation */
	uint64_t sequence; /* one for all writers: values stay unique */
	uint64_t values[64];
	uint32_t value_keys[64];
	unsigned n_values;
};

static uint8_t draw_state(struct draw *d)
{
	uint64_t dice = rng_below(&d->rng, 10);

	return dice < 8 ? OP_OK : dice < 9 ? OP_UNKNOWN : OP_FAIL;
}

/* Mostly something that was, or will be, written to the key. */
static uint64_t draw_value(struct draw *d, uint32_t key)
{
	for (int tries = 0; d->n_values && tries < 6; tries++) {
		unsigned i = (unsigned)rng_below(&d->rng, d->n_values);

		if (d->value_keys[i] == key || rng_below(&d->rng, 40) == 0)
			return d->values[i];
	}
	return rng_below(&d->rng, 30) == 0 ? op_value(0xabc, 1) : 0;
}

static void draw_times(struct draw *d, uint32_t session, double *call, double *ret)
{
	*call = d->shape->overlap ? 1 + (double)rng_below(&d->rng, 200)
				  : d->free_ms[session] + 1 + (double)rng_below(&d->rng, 20);
	*ret = *call + 1 + (double)rng_below(&d->rng, 25);
	d->free_ms[session] = *ret;
}

static void draw_flags(struct draw *d, struct op *op)
{
	if (rng_below(&d->rng, 3) == 0) {
		op->flags |= OP_AGE_CLAIMED;
		op->age_ms = (uint32_t)rng_below(&d->rng, 120);
	}
	if (rng_below(&d->rng, 6) == 0)
		op->flags |= OP_STALE_MARK;
}

static void add_op(struct draw *d, bool write)
{
	uint32_t session = (uint32_t)rng_below(&d->rng, d->shape->sessions);
	uint32_t key = jw_register((uint32_t)rng_below(&d->rng, d->shape->keys));
	enum op_kind kind = !write                                ? OP_READ
		: d->shape->deletes && rng_below(&d->rng, 3) == 0 ? OP_DELETE
								  : OP_WRITE;
	double call, ret;
	struct op *op;

	draw_times(d, session, &call, &ret);
	op = jw_op(d->world, kind, session, key, 0, call, ret);
	op->state = draw_state(d);
	op->node = rng_below(&d->rng, 8) ? (uint8_t)(rng_below(&d->rng, 4) == 0) : OP_NODE_UNKNOWN;
	op->region = (uint8_t)rng_below(&d->rng, 3);
	if (write) {
		op->value = op_value(session + 1, ++d->sequence);
		op->epoch = 1 + (uint32_t)rng_below(&d->rng, 3);
		op->flags |= OP_HAS_EPOCH;
		if (kind == OP_WRITE && d->n_values < 64) {
			d->value_keys[d->n_values] = key;
			d->values[d->n_values++] = op->value;
		}
		return;
	}
	draw_flags(d, op);
}

static void add_ledger(struct draw *d)
{
	for (uint32_t i = 0; i < d->shape->ledger_keys; i++) {
		uint32_t key = jw_ledger(0, i);
		double call = 1 + (double)rng_below(&d->rng, 200);
		struct op *op = jw_op(d->world, OP_WRITE, 0, key, op_value(1, ++d->sequence), call,
			call + 1 + (double)rng_below(&d->rng, 20));
		uint64_t value = op->value;

		op->state = draw_state(d);
		for (unsigned sweep = 0; sweep < 2; sweep++) {
			for (unsigned r = 0; r < WORLD_REGIONS; r++) {
				if (rng_below(&d->rng, 10) == 0)
					continue;
				op = jw_read_back_in(d->world, r, key,
					rng_below(&d->rng, 3) ? value : 0, 300 + sweep * 50.0 + r);
				if (rng_below(&d->rng, 12) == 0)
					op->state = OP_UNKNOWN;
			}
		}
	}
}

static void add_sweeps(struct draw *d)
{
	for (uint32_t k = 0; k < d->shape->keys; k++) {
		uint64_t value = draw_value(d, jw_register(k));

		for (unsigned sweep = 0; sweep < 3; sweep++) {
			for (unsigned r = 0; r < WORLD_REGIONS; r++)
				jw_read_back_in(d->world, r, jw_register(k),
					rng_below(&d->rng, 4) ? value
							      : draw_value(d, jw_register(k)),
					300 + sweep * 50.0 + k * 3.0 + r);
		}
	}
}

void random_world(struct judge_world *world, uint64_t seed, const struct random_shape *shape)
{
	struct draw d = {.world = world, .shape = shape};

	jw_init(world);
	rng_seed(&d.rng, seed);
	world->plan.groups[0].stale_after_ns = 30 * WORLD_MS;
	world->evidence.quiet_ns = 290 * WORLD_MS;
	for (unsigned i = 0; i < shape->ops; i++)
		add_op(&d, rng_below(&d.rng, 5) < 2);
	for (size_t i = 0; i < world->n_ops; i++) { /* any value may be read at any time */
		if (world->ops[i].kind == OP_READ && world->ops[i].state == OP_OK)
			world->ops[i].value = draw_value(&d, world->ops[i].key);
	}
	add_ledger(&d);
	if (shape->sweeps)
		add_sweeps(&d);
	if (shape->faults)
		jw_fault(world, "cut", 60, 120);
	jw_seal(world);
}

bool plain_is_session(const struct op *op)
{
	return !(op->flags & (OP_TICKER | OP_READBACK | OP_VIA_PROXY));
}

bool plain_is_write(const struct op *op)
{
	return op->kind != OP_READ;
}

bool plain_is_ok_read(const struct op *op)
{
	return op->kind == OP_READ && op->state == OP_OK;
}

const struct op *plain_write(const struct judge_world *world, const struct op *read)
{
	EACH_OP(world, op)
	{
		if (read->value && plain_is_write(op) && op->value == read->value)
			return op->state == OP_FAIL || op->key != read->key ||
					op->call_ns >= read->ret_ns
				? NULL
				: op;
	}
	return NULL;
}

uint64_t plain_end(const struct judge_world *world, const struct op *read)
{
	const struct op *write = plain_write(world, read);
	uint64_t end = 0;

	if (read->value)
		return write && write->state == OP_OK ? write->ret_ns : UINT64_MAX;
	EACH_OP(world, op)
	{
		if (op->kind != OP_DELETE || op->key != read->key || op->state == OP_FAIL ||
			op->call_ns >= read->ret_ns)
			continue;
		if (op->state != OP_OK)
			return UINT64_MAX;
		if (op->ret_ns > end)
			end = op->ret_ns;
	}
	return end;
}

bool plain_older(const struct judge_world *world, const struct op *read, const struct op *write)
{
	return plain_end(world, read) < write->call_ns;
}
