/*
 * wire_socket: a packet socket on one hop, in batches.
 *
 * Frames come and go with their virtio_net_hdr (PACKET_VNET_HDR): without it frames with a partial
 * checksum or of more than one segment could not be passed on as they are, and nothing at all
 * arrives from a veth that offloads. The kernel strips VLAN tags into auxiliary data; they are put
 * back into the frame. PACKET_IGNORE_OUTGOING: what we send on a hop must not come back to us.
 */
#ifndef CHAOS_ENGINES_WIRE_SOCKET_H
#define CHAOS_ENGINES_WIRE_SOCKET_H

#include "chaos/engines/wire_queue.h"
#include "fixtures/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_BATCH 32
#define WIRE_HEADER 10 /* sizeof(struct virtio_net_hdr) */

/* Returns a non-blocking descriptor. The calling thread must be in the interface's namespace.
 * receive: false for a socket that only sends, which the kernel then hands no frames. */
int wire_socket_open(int ifindex, bool receive, struct err *err);

/* Room for one batch of frames of any size. */
struct wire_inbox;
struct wire_inbox *wire_inbox_new(void);
void wire_inbox_free(struct wire_inbox *inbox);
/* Receive what is there, at most WIRE_BATCH frames; returns their number. A frame the kernel could
 * not hand over (EINVAL) is counted in *bad. Of large frames it takes fewer, which a processor's own
 * cache still holds when they are sent. */
size_t wire_inbox_receive(struct wire_inbox *inbox, int fd, uint64_t *bad);
/* The last time it got as many as it would take: more may wait. */
bool wire_inbox_was_full(const struct wire_inbox *inbox);
/* When frame i came in, on CLOCK_MONOTONIC: now_ns at most. */
uint64_t wire_inbox_arrival_ns(const struct wire_inbox *inbox, size_t i, uint64_t now_ns);
/* Valid until the next receive. */
struct wire_frame *wire_inbox_frame(struct wire_inbox *inbox, size_t i);
/* The frame as memory of its own; the caller frees. */
struct wire_frame *wire_inbox_take(struct wire_inbox *inbox, size_t i);

/* The Ethernet frame behind the header. */
static inline const uint8_t *wire_frame_data(const struct wire_frame *frame)
{
	return frame->data + frame->start + WIRE_HEADER;
}

static inline size_t wire_frame_len(const struct wire_frame *frame)
{
	return frame->len - WIRE_HEADER;
}

/* Send up to WIRE_BATCH frames in order; sent[i] tells whether frame i left. */
void wire_socket_send(int fd, struct wire_frame *const *frames, size_t n, bool *sent);
/* Frames that found the receive buffer full since the last call. */
uint64_t wire_socket_lost(int fd);

#endif
