/*
 * wire_queue: the frames under way, of all links, in the order of their release.
 *
 * One binary heap; frames for the same instant leave in the order in which they came. The memory is
 * bounded in bytes, not frames, so that neither a thousand-packet default nor a flood of small ones
 * decides what a link can hold.
 */
#ifndef CHAOS_ENGINES_WIRE_QUEUE_H
#define CHAOS_ENGINES_WIRE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A frame as the packet socket gives and takes it. */
struct wire_frame {
	uint32_t start;    /* of the virtio_net_hdr in data */
	uint32_t len;      /* from there, header included */
	unsigned to, lane; /* the link and its lane; counters need them */
	uint8_t data[];
};

struct wire_slot {
	uint64_t at_ns, order;
	struct wire_frame *frame;
};

struct wire_queue {
	struct wire_slot *slots;
	size_t n, cap;
	uint64_t order;
	size_t bytes, max_bytes;
};

void wire_queue_init(struct wire_queue *queue, size_t max_bytes);
void wire_queue_release(struct wire_queue *queue);
/* Is there room for a frame of this length? */
bool wire_queue_fits(const struct wire_queue *queue, size_t len);
/* Takes the frame; room must have been asked for. */
void wire_queue_push(struct wire_queue *queue, uint64_t at_ns, struct wire_frame *frame);
/* The earliest release, or UINT64_MAX. */
uint64_t wire_queue_next_ns(const struct wire_queue *queue);
/* The earliest frame if it is due, else NULL. Caller frees. */
struct wire_frame *wire_queue_pop(struct wire_queue *queue, uint64_t now_ns);

#endif
