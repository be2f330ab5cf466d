#include "chaos/engines/wire_queue.h"

#include <stdlib.h>

/* What a frame costs beside its bytes: its slot, its header, what malloc adds. */
#define OVERHEAD (sizeof(struct wire_slot) + sizeof(struct wire_frame) + 16)

void wire_queue_init(struct wire_queue *queue, size_t max_bytes)
{
	*queue = (struct wire_queue){.max_bytes = max_bytes};
}

void wire_queue_release(struct wire_queue *queue)
{
	for (size_t i = 0; i < queue->n; i++)
		free(queue->slots[i].frame);
	free(queue->slots);
	*queue = (struct wire_queue){0};
}

bool wire_queue_fits(const struct wire_queue *queue, size_t len)
{
	return queue->bytes + len + OVERHEAD <= queue->max_bytes;
}

static bool before(const struct wire_slot *a, const struct wire_slot *b)
{
	return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->order < b->order);
}

void wire_queue_push(struct wire_queue *queue, uint64_t at_ns, struct wire_frame *frame)
{
	struct wire_slot slot = {at_ns, queue->order++, frame};
	size_t i = queue->n++;

	if (i == queue->cap) {
		queue->cap = queue->cap ? queue->cap * 2 : 1024;
		queue->slots = reallocarray(queue->slots, queue->cap, sizeof(*queue->slots));
		if (!queue->slots)
			abort();
	}
	for (; i && before(&slot, &queue->slots[(i - 1) / 2]); i = (i - 1) / 2)
		queue->slots[i] = queue->slots[(i - 1) / 2];
	queue->slots[i] = slot;
	queue->bytes += frame->len + OVERHEAD;
}

uint64_t wire_queue_next_ns(const struct wire_queue *queue)
{
	return queue->n ? queue->slots[0].at_ns : UINT64_MAX;
}

struct wire_frame *wire_queue_pop(struct wire_queue *queue, uint64_t now_ns)
{
	struct wire_slot *s = queue->slots, last;
	struct wire_frame *frame;
	size_t i = 0, child;

	if (wire_queue_next_ns(queue) > now_ns || !queue->n)
		return NULL;
	frame = s[0].frame;
	last = s[--queue->n];
	while ((child = 2 * i + 1) < queue->n) {
		if (child + 1 < queue->n && before(&s[child + 1], &s[child]))
			child++;
		if (!before(&s[child], &last))
			break;
		s[i] = s[child];
		i = child;
	}
	s[i] = last;
	queue->bytes -= frame->len + OVERHEAD;
	return frame;
}
