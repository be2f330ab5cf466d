/*
 * beacon_world: beacons as they would come from links that change at given instants; no network, no
 * clock. For tests of what judges them.
 */
#ifndef SUITES_TESTS_HELPERS_BEACON_WORLD_H
#define SUITES_TESTS_HELPERS_BEACON_WORLD_H

#include "chaos/impairment.h"
#include "fixtures/base/rng.h"
#include "probes/beacon.h"

#define WORLD_CHANGES_MAX 64
#define WORLD_PERIOD_NS (5 * UINT64_C(1000000))

enum {
	WORLD_IP4 = 1 << BEACON_IP4,
	WORLD_IP6 = 1 << BEACON_IP6,
	WORLD_BOTH = WORLD_IP4 | WORLD_IP6
};

struct world_change {
	unsigned from, to, families;
	uint64_t at_ns;
	struct impairment impairment;
};

struct world {
	unsigned n_regions;
	uint64_t end_ns;
	uint64_t noise_ns; /* mean of what the machine adds to each packet, exponential */
	struct rng rng;
	struct world_change changes[WORLD_CHANGES_MAX]; /* in the order of time for each link */
	size_t n_changes;
};

void world_init(struct world *world, unsigned n_regions, uint64_t end_ns, uint64_t seed);
void world_change(struct world *world, unsigned from, unsigned to, unsigned families,
	uint64_t at_ns, const struct impairment *impairment);
void world_make(struct world *world, struct beacons *beacons);

/* Take samples out: what was sent in [from_ns, to_ns), by from, to any region where >= n_regions. */
void world_forget(
	struct beacons *beacons, unsigned from, unsigned to, uint64_t from_ns, uint64_t to_ns);
/* The machine stood still: nobody sent, and what was on its way arrived at the end of it. */
void world_stall(struct beacons *beacons, uint64_t at_ns, uint64_t length_ns);

#endif
