/*
 * exercise: did the system under test use the link, and did its own packets meet the fault?
 *
 * Beacons prove the link, not that anything depends on it: the system may have a second network, or
 * never speak between these two regions. So captures must show packets of the system between the two
 * before the fault, and attempts in its direction while it was in force. And where a cut let packets
 * of the system through that no beacon could show (a filter that matches only ours), this does.
 */
#ifndef SUITES_PROOF_EXERCISE_H
#define SUITES_PROOF_EXERCISE_H

#include "suites/proof/link.h"

/* Fills the counts, exercise and bursts of *link, whose families are judged; may make it partial. */
void exercise_judge(const struct proof *proof, const struct certificate_asked *asked,
	struct certificate_link *link);

/* Did the capture of a region watch all the time? */
bool exercise_is_covered(
	const struct captures *captures, unsigned region, uint64_t from_ns, uint64_t to_ns);

#endif
