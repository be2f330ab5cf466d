/*
 * wire_edit: what wire does to a frame itself: copy it, mark it, corrupt it.
 *
 * A frame from a veth usually has a partial checksum, which the last one to touch it completes. It
 * must be completed before a bit is flipped: passed on as it was, the kernel would have computed it
 * over the flipped bit, or never looked (51 of 51 corrupt UDP payloads were accepted).
 */
#ifndef CHAOS_ENGINES_WIRE_EDIT_H
#define CHAOS_ENGINES_WIRE_EDIT_H

#include "chaos/engines/wire_queue.h"

/* The caller frees. */
struct wire_frame *wire_frame_copy(const struct wire_frame *frame);
/* Set "congestion experienced" where sender and receiver can use it: true if it is set now. */
bool wire_frame_mark(struct wire_frame *frame);
/* Flip one bit behind the Ethernet header, checksums as before. False for a frame of more than one
 * segment, whose checksums would be made anew, or one without a bit to flip. */
bool wire_frame_corrupt(struct wire_frame *frame, uint64_t bit);

#endif
