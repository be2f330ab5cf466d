#include "probes/workload/workload.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/rng.h"

#include <math.h>
#include <stdlib.h>

#define ALL 1000000 /* ppm */
#define AFTER_MIN_NS (1 * NSEC_PER_MSEC)
#define AFTER_MAX_NS (400 * NSEC_PER_MSEC)

/* 128 bits: a slot number times 10^15 leaves 64 within hours. */
typedef unsigned __int128 wide;

/* One independent draw per slot and purpose. */
enum draw {
	DRAW_LEDGER,
	DRAW_REGISTER,
	DRAW_DELETE,
	DRAW_AFTER,
	DRAW_OFFSET,
	DRAW_OWN,
	DRAW_OTHER,
	DRAWS
};

static uint64_t draw(const struct workload *w, enum draw what)
{
	return rng_at(w->seed, w->slot, what);
}

static bool chance(const struct workload *w, enum draw what, uint64_t ppm)
{
	return draw(w, what) % ALL < ppm;
}

void workload_init(
	struct workload *w, const struct client_group *group, uint32_t i, uint64_t run_seed)
{
	*w = (struct workload){.group = group, .i = i, .session = group->first_session + i};
	w->seed = rng_at(rng_derive(run_seed, "workload"), w->session, 0);
	w->versions = calloc(group->registers, sizeof(*w->versions));
	if (!w->versions)
		abort();
}

void workload_release(struct workload *w)
{
	free(w->versions);
	w->versions = NULL;
}

static uint64_t rate(const struct client_group *group)
{
	return group->read_rate_uhz + group->write_rate_uhz;
}

static uint64_t slot_at(const struct workload *w, uint64_t slot)
{
	wide n = group_sessions(w->group);
	wide index = w->i + n * slot;

	return w->start_ns + (uint64_t)(index * 1000000 * NSEC_PER_SEC / rate(w->group));
}

static uint64_t slot_when(const struct workload *w)
{
	if (w->group->closed)
		return w->free_ns ? w->free_ns + w->group->think_ns : w->start_ns;
	return rate(w->group) ? slot_at(w, w->slot) : UINT64_MAX;
}

bool workload_is_after(const struct workload *w)
{
	return w->after_at_ns && w->after_at_ns <= slot_when(w);
}

uint64_t workload_when(const struct workload *w)
{
	return workload_is_after(w) ? w->after_at_ns : slot_when(w);
}

uint64_t workload_period_ns(const struct workload *w)
{
	if (w->group->closed || !rate(w->group))
		return 0;
	return (uint64_t)((wide)group_sessions(w->group) * 1000000 * NSEC_PER_SEC / rate(w->group));
}

/* Bresenham's line with a phase of the session's own. */
static bool slot_writes(const struct workload *w)
{
	wide all = rate(w->group), writes = w->group->write_rate_uhz;
	wide phase;

	if (!all)
		return w->slot & 1; /* a closed loop without rates */
	phase = rng_at(w->seed, UINT64_MAX, 0) % (uint64_t)all;
	return ((w->slot + 1) * writes + phase) / all > (w->slot * writes + phase) / all;
}

static uint64_t after_offset(const struct workload *w)
{
	double u = rng_to_unit(draw(w, DRAW_OFFSET)) * 3;

	if (u < 1)
		return 0;
	return (uint64_t)(AFTER_MIN_NS * pow((double)AFTER_MAX_NS / AFTER_MIN_NS, (u - 1) / 2));
}

static void take_write(struct workload *w, bool send, struct workload_op *op)
{
	const struct client_group *group = w->group;

	op->kind = OP_WRITE;
	op->target = (enum group_target)group->write_to;
	op->value = send ? op_value(w->session + 1, ++w->sequence) : 0;
	if (chance(w, DRAW_LEDGER, group->ledger_ppm) && w->ledger_n < 1u << GROUP_LEDGER_BITS) {
		op->key = group_ledger_key(w->session, w->ledger_n);
		if (send)
			w->ledger_n++;
		return;
	}
	op->key = group_register_key(
		group, w->session, (uint32_t)(draw(w, DRAW_REGISTER) % group->registers));
	if (chance(w, DRAW_DELETE, group->delete_ppm)) {
		op->kind = OP_DELETE;
	} else if (chance(w, DRAW_AFTER, group->after_write_ppm)) {
		op->then_read = true;
		op->then_after_ns = after_offset(w);
	}
	if (w->after_at_ns && w->after_key == op->key)
		w->after_at_ns = 0;
}

/* A session of another region; where there is only one region, any other; else the session itself. */
static uint32_t other_session(const struct workload *w)
{
	const struct client_group *group = w->group;
	uint32_t per = group->sessions_per_region, n = group_sessions(group), x;

	if (n == 1)
		return w->i;
	if (group->n_regions == 1) {
		x = (uint32_t)(draw(w, DRAW_OTHER) % (n - 1));
		return x + (x >= w->i);
	}
	x = (uint32_t)(draw(w, DRAW_OTHER) % (n - per));
	return x >= w->i / per * per ? x + per : x;
}

static uint64_t demanded(const struct workload *w, uint32_t key)
{
	uint32_t first = group_register_key(w->group, w->session, 0);

	if (!w->group->demand_version || key < first || key - first >= w->group->registers)
		return 0;
	return w->versions[key - first];
}

static void take_read(struct workload *w, uint32_t key, struct workload_op *op)
{
	op->kind = OP_READ;
	op->target = (enum group_target)w->group->read_from;
	op->key = key;
	op->min_version = demanded(w, key);
}

void workload_take(struct workload *w, bool send, struct workload_op *op)
{
	uint32_t i, number;

	*op = (struct workload_op){.at_ns = workload_when(w)};
	if (workload_is_after(w)) {
		take_read(w, w->after_key, op);
		op->flags = OP_AFTER_WRITE;
		w->after_at_ns = 0;
		return;
	}
	if (slot_writes(w)) {
		take_write(w, send, op);
	} else {
		i = chance(w, DRAW_OWN, w->group->own_read_ppm) ? w->i : other_session(w);
		number = (uint32_t)(draw(w, DRAW_REGISTER) % w->group->registers);
		take_read(w, group_register_key(w->group, w->group->first_session + i, number), op);
	}
	w->slot++;
}

void workload_ended(struct workload *w, const struct workload_op *op, enum op_state state,
	uint64_t version, uint64_t ret_ns)
{
	uint32_t first = group_register_key(w->group, w->session, 0);

	w->free_ns = ret_ns;
	if (state != OP_OK || op->kind == OP_READ || op_key_class(op->key) != KEY_REGISTER)
		return;
	if (version)
		w->versions[op->key - first] = version;
	if (op->then_read) {
		w->after_key = op->key;
		w->after_at_ns = ret_ns + op->then_after_ns;
	}
}

void workload_resume(struct workload *w, uint64_t at_ns)
{
	wide n = group_sessions(w->group), index;

	w->after_at_ns = 0;
	w->free_ns = w->free_ns && w->free_ns < at_ns ? at_ns : w->free_ns;
	if (w->group->closed || !rate(w->group) || slot_when(w) >= at_ns)
		return;
	index = (wide)(at_ns - w->start_ns) * rate(w->group) / (1000000 * NSEC_PER_SEC);
	w->slot = index > w->i ? (uint64_t)((index - w->i) / n) : 0;
	while (slot_when(w) < at_ns)
		w->slot++;
}
