/*
 * beacon_lab: a net_lab with a beacon process in every region, for tests.
 */
#ifndef SUITES_TESTS_HELPERS_BEACON_LAB_H
#define SUITES_TESTS_HELPERS_BEACON_LAB_H

#include "fixtures/frame.h"
#include "fixtures/process.h"
#include "probes/beacon.h"
#include "suites/tests/helpers/net_lab.h"

struct beacon_lab {
	struct net_lab net;
	int leaf_fds[NET_LAB_REGIONS_MAX];
	struct process processes[NET_LAB_REGIONS_MAX];
	int sockets[NET_LAB_REGIONS_MAX];
	struct frame_reader readers[NET_LAB_REGIONS_MAX];
	struct beacon_config configs[NET_LAB_REGIONS_MAX];
	char dir[64];
	uint64_t epoch_ns;
};

/* All beacons sending on return. Skips the test where it cannot be, fails it on an error. */
void beacon_lab_up(struct beacon_lab *lab, unsigned n, const struct engine_ops *ops);
/* The same, so long before the run's zero. */
void beacon_lab_up_early(
	struct beacon_lab *lab, unsigned n, const struct engine_ops *ops, unsigned zero_in_ms);
/* Orderly end of all that still live; those that were killed are passed over. */
void beacon_lab_stop(struct beacon_lab *lab);
void beacon_lab_load(const struct beacon_lab *lab, struct beacons *beacons);
/* Namespaces, processes and files go. */
void beacon_lab_down(struct beacon_lab *lab);
/* Since the lab's epoch. */
uint64_t beacon_lab_now_ns(const struct beacon_lab *lab);
void beacon_lab_run_for_ms(unsigned ms);
/* Uplink of a region (device c): both families, both ways. */
void beacon_lab_set_uplink(const struct beacon_lab *lab, unsigned region, bool up);
/* IPv6 of a beacon's leaf away; IPv4 stays. */
void beacon_lab_drop_ip6(const struct beacon_lab *lab, unsigned region);

#endif
