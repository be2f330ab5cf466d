/*
 * fate: what happens to packet number i of a link, as a pure function of the seed.
 *
 * Every decision is rng_at(seed, stream, i), where the stream names the directed link and the kind
 * of decision, and i counts the packets of that link since the engine was opened (exempt frames do
 * not count). So a drop can be told in advance, and again afterwards: nothing of what happened to
 * earlier packets is needed, only their draws (chaos/loss.h says how bursts are found again).
 *
 *   loss        one step of the chain; lost if the state it brings is a lost one. With `ecn` the
 *               forwarder marks the packet instead, where it can be marked
 *   duplicate   a copy with a delay of its own, never lost; lost packets have none
 *   corrupt     one bit; which, is drawn as well
 *   overtake    sent at once. With a gap g only every g-th packet can, with g times the chance, so
 *               the share is as stated
 *   slot        how long after the slot before the next one opens, drawn at its first packet's index
 */
#ifndef CHAOS_ENGINES_FATE_H
#define CHAOS_ENGINES_FATE_H

#include "chaos/loss.h"

#include <stdbool.h>
#include <stdint.h>

enum fate_draw {
	FATE_DRAW_LOSS,
	FATE_DRAW_JITTER,
	FATE_DRAW_DUPLICATE,
	FATE_DRAW_COPY_JITTER,
	FATE_DRAW_CORRUPT,
	FATE_DRAW_BIT,
	FATE_DRAW_OVERTAKE,
	FATE_DRAW_SLOT
};

struct fate_link {
	uint64_t seed;
	unsigned from, to;
	uint64_t index;               /* of the next packet */
	struct impairment impairment; /* canonical */
	struct loss_chain chain;
	unsigned state; /* of the chain */
};

struct fate {
	uint64_t index;
	bool lost;
	bool overtakes, duplicated, corrupt;
	uint64_t delay_ns, copy_delay_ns; /* 0 where lost or not there */
	uint64_t bit;                     /* of the flip, to be taken modulo the bits there are */
};

/* Packets of a link that a rule means are counted apart: lane 1 .. of it, lane 0 is all else. In place of
 * `to`, at most 2^16 regions. */
static inline unsigned fate_lane(unsigned to, unsigned lane)
{
	return to | lane << 16;
}

/* The stream of a link for rng_at(). */
uint64_t fate_stream(unsigned from, unsigned to, enum fate_draw draw);
void fate_link_init(struct fate_link *link, uint64_t seed, unsigned from, unsigned to);
/* The packet count goes on. */
void fate_link_set(struct fate_link *link, const struct impairment *imp);
struct fate fate_next(struct fate_link *link);
/* From the opening of one slot to that of the next, whose first packet has that index. */
uint64_t fate_slot_ns(const struct fate_link *link, uint64_t index);

#endif
