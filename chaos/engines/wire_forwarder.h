/*
 * wire_forwarder: the process of engine wire.
 *
 * One thread, two packet sockets, one command socket:
 *
 *   b ──receive──▶ class, fate ──▶ queue by release time ──▶ c     what leaves the region
 *   c ──────────────── mid0, in the kernel ────────────────▶ b     what arrives, untouched
 *
 * The way in needs no decision, so the kernel's bridge takes it (chaos/engines/mid.h), and a packet
 * from region to region passes one process, not two. A frame's delay counts from the kernel's stamp
 * of its arrival, not from when the process got to it.
 *
 * It sleeps in ppoll until a frame, a command or the next release; with a timer slack of 1 ns a
 * release is 26-64 us late (SCHED_FIFO does not help, spinning starves the endpoints on two cores).
 * A change is one step between two frames: all links of a batch change at the same instant, frames
 * already under way keep their release. Frames that wait in the receive buffer at that instant get
 * the new impairment; the acknowledgement carries the clock before and after the step.
 *
 * Packets of a link that a rule means go by lanes of their own (wire_lane.h). A cut that refuses answers
 * over b, where the sender is (wire_refuse.h).
 *
 * Memory is bounded by WIRE_QUEUE_BYTES; what does not fit is overflow, never loss. When the process
 * dies nothing leaves the region any more, neighbour discovery included: the region is off, which is
 * no partition, and the engine's death descriptor says so.
 */
#ifndef CHAOS_ENGINES_WIRE_FORWARDER_H
#define CHAOS_ENGINES_WIRE_FORWARDER_H

#include "chaos/engines/engine.h"

#include <stdint.h>
#include <sys/types.h>

#define WIRE_QUEUE_BYTES (128u << 20)

/* Of all changes of a batch: more do not fit a packet of the command socket. */
#define WIRE_RULES_MAX 256

enum wire_op { WIRE_OP_APPLY, WIRE_OP_READ_BACK, WIRE_OP_COUNTERS, WIRE_OP_DECISIONS };

/* One packet on the command socket; both ends are the same binary. */
struct wire_request {
	uint32_t op, n; /* n changes follow, then all their rules in their order */
	uint64_t at_ns;
	uint64_t limit_bytes; /* DECISIONS: with the file's descriptor as ancillary data */
	unsigned to;
	struct engine_change changes[];
};

struct wire_reply {
	int failed; /* errno; DECISIONS */
	struct engine_ack ack;
	struct engine_link link;
	struct engine_counters counters;
};

struct wire_config {
	int b_fd, c_fd, command_fd;
	unsigned own, n_regions;
	const struct book *book; /* shared with whoever adds to it; NULL: none */
	uint64_t seed;
	pid_t parent; /* as the child sees it; it ends when that process is gone */
};

/* Runs until the command socket ends; for a fresh child. */
_Noreturn void wire_forwarder_run(const struct wire_config *config);

#endif
