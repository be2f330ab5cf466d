/*
 * fate: what happens to packet number i of a link, as a pure function of the seed.
 *
 * Every decision is rng_at(seed, stream, i), where the stream names the directed link and the kind
 * of decision, and i counts the packets of that link since the engine was opened (exempt frames do
 * not count). So a drop can be told in advance, and again afterwards.
 *
 *   independent loss   packet i is lost if u(i) < enter
 *   bursts             in the good state packet i passes, and u(i) < enter makes the state bad for
 *                      i + 1; in the bad state packet i is lost, and u(i) < leave makes it good
 *
 * The second is netem's order of things (loss_gilb_ell in sch_netem.c). Every fate_link_set() starts
 * the chain in the good state, as a change of netem does.
 */
#ifndef CHAOS_ENGINES_FATE_H
#define CHAOS_ENGINES_FATE_H

#include "chaos/impairment.h"

#include <stdbool.h>
#include <stdint.h>

enum fate_draw { FATE_DRAW_LOSS, FATE_DRAW_JITTER };

struct fate_link {
	uint64_t seed;
	unsigned from, to;
	uint64_t index;               /* of the next packet */
	struct impairment impairment; /* canonical */
	struct gilbert chain;
	bool bad;
};

struct fate {
	bool lost;
	uint64_t delay_ns; /* 0 where lost */
};

/* The stream of a link for rng_at(). */
uint64_t fate_stream(unsigned from, unsigned to, enum fate_draw draw);
void fate_link_init(struct fate_link *link, uint64_t seed, unsigned from, unsigned to);
/* The packet count goes on. */
void fate_link_set(struct fate_link *link, const struct impairment *imp);
struct fate fate_next(struct fate_link *link);

#endif
