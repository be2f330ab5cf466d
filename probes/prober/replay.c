#include "probes/prober/replay.h"

/* Occasions before the first lie, and between two. */
#define FIRST_LIE 3
#define LIES_APART 12

static bool was_acknowledged(const struct replay *r, uint64_t value)
{
	uint64_t sequence = op_value_sequence(value), back = r->last - sequence;

	return value && sequence <= r->last && back < 64 && r->ok_bits >> back & 1;
}

static bool has_newer(const struct replay *r, uint64_t value)
{
	uint64_t back = r->last - op_value_sequence(value);

	return r->ok_bits & ((UINT64_C(1) << back) - 1);
}

static void note_write(struct replay *r, const struct driver_call *call)
{
	uint64_t sequence = op_value_sequence(call->value), steps = sequence - r->last;

	r->ok_bits = steps < 64 ? r->ok_bits << steps : 0;
	r->ok_bits |= call->state == OP_OK;
	r->last = sequence;
}

static bool may_lie(const struct replay *r, const struct driver_call *call)
{
	return r->has_kept && r->kept.read_value != call->read_value &&
		was_acknowledged(r, r->kept.read_value) && has_newer(r, r->kept.read_value);
}

static void tell_again(struct driver_call *call, const struct driver_call *old)
{
	call->flags = old->flags | OP_LIED;
	call->read_value = old->read_value;
	call->version = old->version;
	call->epoch = old->epoch;
	call->age_ms = old->age_ms;
	call->node = old->node;
}

static void take_answer(struct replay *r, struct driver_call *call)
{
	struct driver_call honest = *call;

	if (may_lie(r, call) && !r->until--) {
		tell_again(call, &r->kept);
		r->until = LIES_APART + rng_below(&r->rng, LIES_APART);
	}
	if (was_acknowledged(r, honest.read_value)) {
		r->kept = honest;
		r->has_kept = true;
	}
}

static void invoke(struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	struct replay *r = (struct replay *)driver;

	r->inner->ops->invoke(r->inner, at, call);
	if (call->kind == OP_WRITE)
		note_write(r, call);
	else if (call->kind == OP_READ && call->state == OP_OK)
		take_answer(r, call);
}

static void close_inner(struct driver *driver)
{
	struct replay *r = (struct replay *)driver;

	if (r->inner)
		r->inner->ops->close(r->inner);
	r->inner = NULL;
}

static const struct driver_ops replay_ops = {
	.name = "replay",
	.help = "another driver, whose answers are now and then replaced by older ones",
	.invoke = invoke,
	.close = close_inner,
};

void replay_init(struct replay *replay, struct driver *inner, uint64_t seed)
{
	*replay = (struct replay){.driver.ops = &replay_ops, .inner = inner};
	rng_seed(&replay->rng, seed);
	replay->until = FIRST_LIE + rng_below(&replay->rng, FIRST_LIE);
}
