/* zone: sorting zones, and how far their reads must be shifted for them to fit. */
#include "suites/judge/zone.h"

#include <stddef.h>
#include <stdlib.h>

/* So many steps a zone are taken before nothing is nearly sorted any more. */
#define STEPS_EACH 64

static int compare_zones(const void *a, const void *b, void *zones)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint64_t u = ((const struct zone *)zones)[x].first_return;
	uint64_t v = ((const struct zone *)zones)[y].first_return;

	return u != v ? (u < v ? -1 : 1) : x < y ? -1 : x > y;
}

void zones_sort(const struct zone *zones, uint32_t *order, uint32_t n)
{
	uint64_t steps = 0;

	for (uint32_t i = 1; i < n; i++) {
		uint32_t zone = order[i], at = i;

		for (; at > 0 && zones[order[at - 1]].first_return > zones[zone].first_return; at--)
			order[at] = order[at - 1];
		order[at] = zone;
		steps += i - at;
		if (steps > (uint64_t)STEPS_EACH * n) {
			qsort_r(order, n, sizeof(*order), compare_zones, (void *)zones);
			return;
		}
	}
}

/* The latest call when reads may have been called that much earlier. */
static uint64_t last_call(const struct zone *zone, uint64_t earlier_ns)
{
	uint64_t call = zone->last_call > earlier_ns ? zone->last_call - earlier_ns : 0;

	return call > zone->write_call ? call : zone->write_call;
}

/*
 * In the order of first returns a zone can only conflict with the forward zone before it: those before
 * that one had ended when it began, and backward zones do not conflict with one another.
 */
static bool conflict(const struct zone *zones, const uint32_t *order, uint32_t n,
	uint64_t earlier_ns, uint32_t pair[2])
{
	const struct zone *before = NULL;

	for (uint32_t i = 0; i < n; i++) {
		const struct zone *zone = &zones[order[i]];
		uint64_t call = last_call(zone, earlier_ns);

		if (before && before->first_return < call &&
			zone->first_return < last_call(before, earlier_ns)) {
			pair[0] = (uint32_t)(before - zones);
			pair[1] = order[i];
			return true;
		}
		if (zone->first_return < call)
			before = zone;
	}
	return false;
}

uint64_t zones_delta(const struct zone *zones, const uint32_t *order, uint32_t n, uint32_t pair[2])
{
	uint64_t low = 0, high = 0;

	if (!conflict(zones, order, n, 0, pair))
		return 0;
	for (uint32_t i = 0; i < n; i++)
		high = zones[order[i]].last_call > high ? zones[order[i]].last_call : high;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (conflict(zones, order, n, middle, pair))
			low = middle;
		else
			high = middle;
	}
	return high;
}
