#include "suites/judge/readback.h"
#include "suites/judge/ops.h"

unsigned readback_place(const struct op *op)
{
	return op->node == OP_NODE_UNKNOWN ? 256u + op->region : op->node;
}

bool readback_is_answer(const struct readback *rb, const struct op *op)
{
	return op->flags & OP_READBACK && op_is_ok_read(op) && op->call_ns >= rb->start_ns &&
		op->call_ns < rb->end_ns;
}

struct readback *readback_new(
	struct arena *arena, const struct view *view, uint64_t start_ns, uint64_t end_ns)
{
	struct readback *rb = arena_alloc(arena, sizeof(*rb));
	bool known[READBACK_PLACES] = {false};

	*rb = (struct readback){.view = view, .start_ns = start_ns, .end_ns = end_ns};
	for (uint32_t i = 0; i < view->index->n; i++) {
		const struct op *op = &view->index->ops[i];
		unsigned place = readback_place(op);

		if (!readback_is_answer(rb, op) || known[place])
			continue;
		known[place] = true;
		rb->region[place] = op->region;
		rb->places[rb->n_places++] = place;
	}
	return rb;
}

void readback_key(struct readback *rb, uint32_t dense_key)
{
	const struct index *index = rb->view->index;
	struct span span = index_key(index, dense_key);

	rb->key = dense_key + 1;
	for (uint32_t i = span.first; i < span.end; i++) {
		const struct op *op = &index->ops[index->by_key[i]];

		if (!readback_is_answer(rb, op))
			continue;
		rb->stamp[readback_place(op)] = rb->key;
		rb->read[readback_place(op)] = index->by_key[i];
	}
}

uint32_t readback_last(const struct readback *rb, unsigned i)
{
	unsigned place = rb->places[i];

	return rb->stamp[place] == rb->key ? rb->read[place] : OP_NONE;
}

bool readback_everywhere(const struct readback *rb)
{
	bool answered[256] = {false};
	size_t regions = 0;

	for (unsigned i = 0; i < rb->n_places; i++) {
		unsigned region = rb->region[rb->places[i]];

		if (readback_last(rb, i) == OP_NONE || answered[region])
			continue;
		answered[region] = true;
		regions++;
	}
	return regions >= rb->view->evidence->plan->n_regions;
}

enum fate readback_fate(const struct readback *rb, const struct op *write)
{
	unsigned has = 0, lacks = 0;

	for (unsigned i = 0; i < rb->n_places; i++) {
		uint32_t read = readback_last(rb, i);

		if (read == OP_NONE)
			continue;
		if (rb->view->index->ops[read].value == write->value)
			has++;
		else
			lacks++;
	}
	if (has && lacks)
		return FATE_MISSING;
	if (!readback_everywhere(rb))
		return FATE_UNREAD;
	return has ? FATE_KEPT : FATE_LOST;
}
