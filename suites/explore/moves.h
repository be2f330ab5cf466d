/*
 * moves: random timelines within a scenario's bounds, and smaller ones. Pure.
 *
 * Bounds: the kinds of fault that the scenario has (and partitions of any regions, which every
 * system must bear), the stretch from its first fault to the end of its last, no fault longer than
 * its longest, one at a time. What the scenario watches before the first fault stays; what comes
 * after the last follows the new last one.
 */
#ifndef SUITES_EXPLORE_MOVES_H
#define SUITES_EXPLORE_MOVES_H

#include "fixtures/base/rng.h"
#include "suites/explore/variant.h"

#define MOVES_FAULTS_MAX 4

struct timeline {
	struct scenario_entry *entries; /* by time */
	size_t n;
};

/* At most so many faults. One in three is as the scenario has it: what its author cuts off is what
 * matters there, and for how long. */
struct timeline moves_random(
	struct arena *arena, const struct variant_source *source, unsigned most, struct rng *rng);
unsigned moves_count_faults(const struct timeline *timeline);
/*
 * The step-th smaller timeline: each fault left out, then each fault half as long (not below half a
 * second). False: there is no such step.
 */
bool moves_shrink(struct arena *arena, const struct variant_source *source,
	const struct timeline *timeline, unsigned step, struct timeline *out);
/* The faults as one line for people. */
const char *moves_text(struct arena *arena, const struct timeline *timeline);

#endif
