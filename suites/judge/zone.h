/*
 * zone: the stretch in which a register held a value, told by the operations on it.
 *
 * From the earliest return to the latest call among the value's write and its reads, shifted by one:
 * 0 is the beginning of everything, before any call at 0. Where the return comes first (a forward
 * zone) the register held the value all that time; where not (backward), at some instant in between.
 * Two zones conflict where each has an operation that returned before one of the other was called.
 */
#ifndef SUITES_JUDGE_ZONE_H
#define SUITES_JUDGE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

struct zone {
	uint64_t first_return, last_call; /* TIME_NEVER: it never returned, and nobody read it */
	uint32_t returned, called;        /* whose they are */
	uint64_t write_call;
};

static inline bool zone_is_forward(const struct zone *zone)
{
	return zone->first_return < zone->last_call;
}

/* By first return, then number; quick where they are nearly sorted, as zones by the calls of their writes are. */
void zones_sort(const struct zone *zones, uint32_t *order, uint32_t n);

/*
 * Delta (Golab, Li and Shah 2011): the smallest D such that no two zones conflict once every read may
 * have been called D earlier; 0 where none do as it is. order holds the zones that ever returned,
 * sorted; pair becomes two that conflict with anything less. Found by bisection: a later D never
 * brings a conflict back. No read may have returned before its write was called.
 */
uint64_t zones_delta(const struct zone *zones, const uint32_t *order, uint32_t n, uint32_t pair[2]);

#endif
