/*
 * distribution: shapes of jitter as tables, the same for every engine.
 *
 * A table holds DISTRIBUTION_POINTS equally likely values in units of 1/DISTRIBUTION_SCALE standard
 * deviations, mean zero, which is what netem takes as TCA_NETEM_DELAY_DIST. They are computed here
 * (iproute2's .dist files are not needed), and mean and deviation are exact after the tails are cut
 * at 4 deviations, where the 16 bits of a value end.
 */
#ifndef CHAOS_ENGINES_DISTRIBUTION_H
#define CHAOS_ENGINES_DISTRIBUTION_H

#include "chaos/impairment.h"

#include <stdint.h>

#define DISTRIBUTION_POINTS 4096
#define DISTRIBUTION_SCALE IMPAIRMENT_QUANTILE_SCALE

/* Of the computed shapes, not of DISTRIBUTION_TABLE. Ascending. Uniform is two jitters wide around the delay, as netem's own is, so its deviation is
 * not 1. Computed at the first call, kept for ever; not for concurrent first calls. */
const int16_t *distribution_table(enum distribution shape);
/* The table of any jitter. */
void distribution_fill(const struct impairment *imp, int16_t table[DISTRIBUTION_POINTS]);
/* A delay drawn with a uniform 64-bit value; never negative. */
uint64_t distribution_draw(const struct impairment *imp, uint64_t random);

#endif
