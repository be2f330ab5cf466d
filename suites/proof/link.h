/*
 * link: the judgement of one directed link of a fault, family by family.
 *
 * Two questions are asked of the packets sent while the fault was on: do they contradict what was
 * asked, and do they contradict what was there before?
 *
 *   asked   before
 *   fits    contradicted   in force
 *   contr.  fits           not in force
 *   contr.  contradicted   partial: something happened, but not this
 *   fits    fits           too few packets to tell: the engine's counters may decide, else no data
 *
 * Then the same stretch is cut into blocks, for a fault that was lifted half-way; packets that
 * arrive through a cut say so at once. After the undo the packets must not contradict what the link
 * shall be then. A rate cannot be seen by small packets; where nothing else was asked, read-back
 * decides.
 */
#ifndef SUITES_PROOF_LINK_H
#define SUITES_PROOF_LINK_H

#include "suites/certificate.h"
#include "suites/proof/window.h"

struct proof {
	struct arena *arena;
	const struct certificate_input *input;
	struct yardstick yardstick;
};

/* The longest that a packet may take to the engine without the machine being stalled, so that it is
 * uncertain on which side of an engine's change it was. */
uint64_t proof_margin_ns(const struct proof *proof);
struct stream proof_stream(
	const struct proof *proof, unsigned from, unsigned to, enum beacon_family family);
/* Packets that were already waiting when the link changed hold later ones back for so long. */
uint64_t proof_settle_ns(const struct impairment *old, const struct impairment *new);
/* Small packets cannot see a rate. */
bool proof_sees_only_rate(const struct impairment *a, const struct impairment *b);
/* The longest a packet can be on its way. */
uint64_t proof_reach_ns(const struct impairment *imp);

void proof_link(const struct proof *proof, const struct certificate_asked *asked,
	struct certificate_link *out);

/* What two parts of one thing make together. */
enum certificate_status proof_fold(enum certificate_status a, enum certificate_status b);

#endif
