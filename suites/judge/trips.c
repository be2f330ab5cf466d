#include "suites/judge/trips.h"

#include <string.h>

uint64_t *trips_measure(struct arena *arena, const struct view *view)
{
	const struct beacons *beacons = &view->evidence->beacons;
	size_t n = view->evidence->plan->n_regions;
	uint64_t *least = arena_array(arena, n * n, sizeof(*least));
	uint64_t *trips = arena_array(arena, n * n, sizeof(*trips));

	memset(least, 0xff, n * n * sizeof(*least));
	for (size_t i = 0; i < beacons->n; i++) {
		const struct beacon_sample *b = &beacons->samples[i];
		uint64_t *at = &least[b->from * n + b->to];

		if (b->recv_ns > b->sent_ns && view_in_phase(view, b->sent_ns) &&
			b->recv_ns - b->sent_ns < *at)
			*at = b->recv_ns - b->sent_ns;
	}
	for (size_t i = 0; i < n * n; i++) {
		size_t back = i % n * n + i / n;

		trips[i] = least[i] == TIME_NEVER || least[back] == TIME_NEVER
			? TIME_NEVER
			: least[i] + least[back];
	}
	for (size_t r = 0; r < n; r++)
		trips[r * n + r] = 0;
	return trips;
}
