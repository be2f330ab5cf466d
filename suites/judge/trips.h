/* trips: how far apart regions are, by the beacons. */
#ifndef SUITES_JUDGE_TRIPS_H
#define SUITES_JUDGE_TRIPS_H

#include "suites/judge/view.h"

/* Least round trip between two regions in the phase, [from * n_regions + to]; 0: the same, TIME_NEVER:
 * none came back. In the arena. */
uint64_t *trips_measure(struct arena *arena, const struct view *view);

#endif
