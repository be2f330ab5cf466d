/*
 * reach: the earliest instant at which one region can know what was done in another.
 *
 * Nothing gets from one region to another faster than the links between them let it. Their shortest
 * delay is measured, packet by packet, by the beacons (one clock, so it is exact), and while a
 * certified fault cuts a link nothing passes it at all; a third region may be the shorter way. Two
 * writes of which neither could know are concurrent, whatever the system does and whatever it says:
 * the light cones of physics, drawn with WAN delays.
 *
 * It errs to one side: without beacons the delay counts as none, a fault that could not be
 * certified as no cut, so less is called concurrent, never more.
 */
#ifndef SUITES_JUDGE_REACH_H
#define SUITES_JUDGE_REACH_H

#include "suites/judge/evidence.h"

struct reach;

/* In the arena. */
struct reach *reach_new(struct arena *arena, const struct evidence *evidence);
/* Grows with at_ns. UINT64_MAX: never. */
uint64_t reach_at(const struct reach *reach, unsigned from, unsigned to, uint64_t at_ns);

#endif
