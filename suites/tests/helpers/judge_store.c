#include "suites/tests/helpers/judge_store.h"

#include <stdlib.h>

#define SESSIONS (WORLD_REGIONS * WORLD_SESSIONS)

/* A write that takes effect, at an instant. */
struct effect {
	double at_ms;
	uint32_t key;
	uint64_t value; /* 0: deleted */
};

struct store {
	struct judge_world *world;
	const struct store_shape *shape;
	struct rng rng;
	double free_ms[SESSIONS], end_ms;
	uint64_t sequence[SESSIONS];
	uint32_t ledger[SESSIONS];
	struct effect *effects;
	size_t n_effects;
};

static unsigned dice(struct store *s, unsigned sides)
{
	return (unsigned)rng_below(&s->rng, sides);
}

static uint32_t own_register(struct store *s, uint32_t session)
{
	return jw_register(session * s->shape->registers + dice(s, s->shape->registers));
}

static void add_write(struct store *s, uint32_t session, double call, double ret, double at)
{
	bool ledger = dice(s, 100) < s->shape->ledger_pct;
	bool delete = !ledger && dice(s, 100) < s->shape->delete_pct;
	uint32_t key = ledger ? jw_ledger(session, s->ledger[session]++) : own_register(s, session);
	uint64_t value = jw_value(session, ++s->sequence[session]);
	struct op *op =
		jw_op(s->world, delete ? OP_DELETE : OP_WRITE, session, key, value, call, ret);
	bool happens = true;

	op->node = 0;
	op->epoch = 1;
	op->flags |= OP_HAS_EPOCH;
	if (dice(s, 100) < s->shape->unknown_pct) {
		op->state = OP_UNKNOWN;
		happens = dice(s, 2);
	}
	if (happens)
		s->effects[s->n_effects++] =
			(struct effect){.at_ms = at, .key = key, .value = delete ? 0 : value};
}

static void add_op(struct store *s, unsigned i)
{
	uint32_t session = i % SESSIONS;
	double call = s->free_ms[session] + 1 + dice(s, 100), ret = call + 1 + dice(s, 40);
	double at = call + (ret - call) * rng_unit(&s->rng);

	s->free_ms[session] = ret;
	s->end_ms = ret > s->end_ms ? ret : s->end_ms;
	if (dice(s, 3) == 0) {
		add_write(s, session, call, ret, at);
	} else {
		uint32_t owner = dice(s, 2) ? session : dice(s, SESSIONS);
		struct op *op =
			jw_op(s->world, OP_READ, session, own_register(s, owner), 0, call, ret);

		op->version = (uint64_t)(at * 1000); /* kept for fill_reads */
	}
}

static int compare_effects(const void *a, const void *b)
{
	const struct effect *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

/* What the store holds under the key at an instant. */
static uint64_t value_at(const struct store *s, uint32_t key, double at_ms)
{
	size_t low = 0, high = s->n_effects;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct effect *e = &s->effects[middle];

		if (e->key < key || (e->key == key && e->at_ms <= at_ms))
			low = middle + 1;
		else
			high = middle;
	}
	return low && s->effects[low - 1].key == key ? s->effects[low - 1].value : 0;
}

static void fill_reads(struct store *s)
{
	for (size_t i = 0; i < s->world->n_ops; i++) {
		struct op *op = &s->world->ops[i];

		if (op->kind != OP_READ)
			continue;
		op->value = value_at(s, op->key, (double)op->version / 1000);
		op->flags |= OP_AGE_CLAIMED | (op->value ? 0 : OP_ABSENT);
		op->version = 0;
	}
}

static void sweep(struct store *s, double at_ms)
{
	for (uint32_t session = 0; session < SESSIONS; session++) {
		for (uint32_t i = 0; i < s->ledger[session]; i++)
			jw_read_back(s->world, jw_ledger(session, i),
				value_at(s, jw_ledger(session, i), 1e9), at_ms);
		for (uint32_t r = 0; r < s->shape->registers; r++) {
			uint32_t key = jw_register(session * s->shape->registers + r);

			jw_read_back(s->world, key, value_at(s, key, 1e9), at_ms);
		}
	}
}

void store_run(struct judge_world *world, uint64_t seed, const struct store_shape *shape)
{
	struct store s = {.world = world, .shape = shape};

	rng_seed(&s.rng, seed);
	s.effects = calloc(shape->ops + 1, sizeof(*s.effects));
	if (!s.effects)
		abort();
	for (unsigned i = 0; i < shape->ops; i++)
		add_op(&s, i);
	qsort(s.effects, s.n_effects, sizeof(*s.effects), compare_effects);
	fill_reads(&s);
	world->evidence.quiet_ns = (uint64_t)((s.end_ms + 100) * WORLD_MS);
	sweep(&s, s.end_ms + 200);
	sweep(&s, s.end_ms + 700);
	jw_tick(world, 1, s.end_ms, 60);
	free(s.effects);
	jw_seal(world);
}
