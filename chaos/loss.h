/*
 * loss: the chains that decide which packets are lost.
 *
 * Every chain makes one step per packet, and a packet is lost if the state that it brings is a lost
 * one. Two shapes, the ones that netem has:
 *
 *   two states (Gilbert and Elliott)   good -enter-> bad -leave-> good, everything in "bad" is lost.
 *       Mean loss m and mean burst L are compiled to leave = 1/L, enter = m * leave / (1 - m), so
 *       both figures are exact.
 *   four states (Salsano et al.)       1 gap, passes; 2 burst, passes; 3 burst, lost; 4 gap, lost
 *       (always back to 1). p13 p31 p32 p23 p14 are the probabilities of the arrows.
 *
 * The step is written so that two chains in different states that draw the same number tend to meet.
 * So the state at packet i follows from the draws before i alone, whatever the state was long ago:
 * loss_state_at() finds it by looking back until all starting states have met (coupling from the
 * past, Propp and Wilson 1996). A replay that reaches packet i by another way loses the same packets.
 */
#ifndef CHAOS_LOSS_H
#define CHAOS_LOSS_H

#include "chaos/impairment.h"

/* The chain of Gilbert and Elliott for the stated loss: probability of entering and of leaving the
 * state in which every packet is lost. burst 1 means independent loss: p = mean, r = 1 - mean. So
 * high a mean that it needs longer bursts than stated (mean > burst / (burst + 1)) gets them. Of a
 * four-state loss: the chain with its mean and mean burst. */
struct gilbert {
	double enter, leave;
};
struct gilbert impairment_gilbert(const struct impairment *imp);

bool loss_has_four_states(const struct impairment *imp);
/* Mean share lost and mean burst length, of either shape. */
double loss_mean(const struct impairment *imp);
double loss_mean_burst(const struct impairment *imp);

#define LOSS_STATES 4

struct loss_chain {
	bool four;
	struct gilbert two;
	double p13, p31, p32, p23, p14;
};

struct loss_chain loss_chain_of(const struct impairment *imp);
/* The state after a step with u in [0, 1). */
unsigned loss_step(const struct loss_chain *chain, unsigned state, double u);
bool loss_is_lost(const struct loss_chain *chain, unsigned state);
/* The state before the step of packet `index`, where packet i draws rng_at(seed, stream, i). */
unsigned loss_state_at(
	const struct loss_chain *chain, uint64_t seed, uint64_t stream, uint64_t index);

#endif
