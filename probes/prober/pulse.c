#include "probes/prober/pulse.h"
#include "fixtures/json/jv.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* A ticker acknowledges 20 writes a second; a period has half of that, or all that hung until now. */
#define ACKED_MAX 64

struct acked {
	uint64_t sequence, ret_ns;
};

/* What a region's ticker key said to us last. */
struct seen {
	uint64_t sequence, call_ns;
	bool fresh; /* since the last message */
};

struct pulse_of_role {
	enum node_role role;
	uint32_t epoch;
	bool known;
};

struct pulse {
	pthread_mutex_t lock;
	unsigned n_regions;
	size_t n_endpoints;
	uint64_t counts[2][OP_STATES]; /* reads, writes; since the start */
	struct acked acked[ACKED_MAX];
	unsigned n_acked;
	struct seen *seen;
	struct pulse_of_role *roles;
};

struct pulse *pulse_new(unsigned n_regions, size_t n_endpoints)
{
	struct pulse *pulse = calloc(1, sizeof(*pulse));

	if (!pulse)
		abort();
	pthread_mutex_init(&pulse->lock, NULL);
	pulse->n_regions = n_regions;
	pulse->n_endpoints = n_endpoints;
	pulse->seen = calloc(n_regions + 1, sizeof(*pulse->seen));
	pulse->roles = calloc(n_endpoints + 1, sizeof(*pulse->roles));
	if (!pulse->seen || !pulse->roles)
		abort();
	return pulse;
}

void pulse_free(struct pulse *pulse)
{
	if (!pulse)
		return;
	pthread_mutex_destroy(&pulse->lock);
	free(pulse->seen);
	free(pulse->roles);
	free(pulse);
}

static void note_read(struct pulse *pulse, const struct op *op)
{
	uint32_t region = op_key_number(op->key);
	struct seen *seen = region < pulse->n_regions ? &pulse->seen[region] : NULL;

	if (seen && (!seen->fresh || op->call_ns > seen->call_ns))
		*seen = (struct seen){op_value_sequence(op->value), op->call_ns, true};
}

void pulse_note(struct pulse *pulse, const struct op *op)
{
	bool write = op->kind != OP_READ;

	pthread_mutex_lock(&pulse->lock);
	pulse->counts[write][op->state]++;
	if (op->state == OP_OK && !write)
		note_read(pulse, op);
	else if (op->state == OP_OK && pulse->n_acked < ACKED_MAX)
		pulse->acked[pulse->n_acked++] =
			(struct acked){op_value_sequence(op->value), op->ret_ns};
	pthread_mutex_unlock(&pulse->lock);
}

void pulse_role(struct pulse *pulse, size_t endpoint, const struct driver_role *role)
{
	pthread_mutex_lock(&pulse->lock);
	if (endpoint < pulse->n_endpoints)
		pulse->roles[endpoint] = (struct pulse_of_role){role->role, role->epoch, true};
	pthread_mutex_unlock(&pulse->lock);
}

static struct jv *pair(uint64_t a, uint64_t b)
{
	struct jv *list = jv_new_array();

	jv_add(list, jv_new_int((int64_t)a));
	jv_add(list, jv_new_int((int64_t)b));
	return list;
}

static struct jv *counts_out(const uint64_t counts[OP_STATES])
{
	struct jv *object = jv_new_object();

	jv_set(object, "ok", jv_new_int((int64_t)counts[OP_OK]));
	jv_set(object, "fail", jv_new_int((int64_t)counts[OP_FAIL]));
	jv_set(object, "unknown", jv_new_int((int64_t)counts[OP_UNKNOWN]));
	return object;
}

static struct jv *acked_out(struct pulse *pulse, uint64_t epoch_ns)
{
	struct jv *list = jv_new_array();

	for (unsigned i = 0; i < pulse->n_acked; i++)
		jv_add(list, pair(pulse->acked[i].sequence, epoch_ns + pulse->acked[i].ret_ns));
	pulse->n_acked = 0;
	return list;
}

static struct jv *seen_out(struct pulse *pulse, uint64_t epoch_ns)
{
	struct jv *list = jv_new_array();

	for (unsigned r = 0; r < pulse->n_regions; r++) {
		struct seen *seen = &pulse->seen[r];
		struct jv *one;

		if (!seen->fresh)
			continue;
		one = pair(seen->sequence, epoch_ns + seen->call_ns);
		jv_add(one, jv_new_int(r));
		jv_add(list, one);
		seen->fresh = false;
	}
	return list;
}

static struct jv *roles_out(const struct pulse *pulse)
{
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < pulse->n_endpoints; i++) {
		struct jv *one;

		if (!pulse->roles[i].known)
			continue;
		one = pair(i, (uint64_t)pulse->roles[i].role);
		jv_add(one, jv_new_int(pulse->roles[i].epoch));
		jv_add(list, one);
	}
	return list;
}

void pulse_put(struct pulse *pulse, uint64_t epoch_ns, struct jv *message)
{
	pthread_mutex_lock(&pulse->lock);
	jv_set(message, "tick_reads", counts_out(pulse->counts[0]));
	jv_set(message, "tick_writes", counts_out(pulse->counts[1]));
	jv_set(message, "acked", acked_out(pulse, epoch_ns));
	jv_set(message, "seen", seen_out(pulse, epoch_ns));
	jv_set(message, "roles", roles_out(pulse));
	pthread_mutex_unlock(&pulse->lock);
}
