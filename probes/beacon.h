/*
 * beacon: small sequence-numbered UDP packets between all ordered pairs of regions, the whole run.
 *
 * They prove what the links do: one-way delay (one clock on one host, so it is exact), loss, burst
 * length, reachability, per direction, family and phase; and the instants at which a fault came
 * into force and was gone, to within one period. They are judged by asked against measured in
 * suites/certificate.
 *
 * A process of its own in a leaf namespace; frames on its socket: {type:"start"}, {type:"stop"} in,
 * {type:"ready"}, {type:"done"}, {type:"error"} out. Sent and received packets go to *.beacons in
 * its directory. The same process watches for stalls (a 1 ms timer that wakes late: the machine, the
 * hypervisor or a SIGSTOP held us) and writes them to *.stalls.
 */
#ifndef PROBES_BEACON_H
#define PROBES_BEACON_H

#include "fixtures/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct beacon_config {
	unsigned region, n_regions;
	uint64_t period_ns; /* between two packets of one ordered pair and family */
	uint64_t epoch_ns;
	const char *dir;
	/* Capture counts packets on this interface of the site's namespace (see capture.h). */
	int site_netns_fd;
	const char *uplink; /* "a" */
};

/* 5 ms for few regions, longer so that one region sends at most 4000 packets a second. */
uint64_t beacon_period_ns(unsigned n_regions);
int beacon_main(const struct beacon_config *config, int socket_fd);

enum beacon_family { BEACON_IP4, BEACON_IP6, BEACON_FAMILIES };

/* One beacon packet, sent and received joined. recv_ns 0: never arrived. Since the run's epoch. */
struct beacon_sample {
	uint64_t sent_ns, recv_ns;
	uint32_t seq;
	uint8_t from, to, family;
	uint8_t copies; /* 2 or more: duplicated on the way */
};

struct beacons {
	struct beacon_sample *samples; /* sorted by from, to, family, seq */
	size_t n;
};
int beacons_load_dir(struct beacons *beacons, const char *dir, struct err *err);
void beacons_release(struct beacons *beacons);

/* The process of `region` was held from at_ns to at_ns + length_ns (only above 20 ms). */
struct stall {
	uint64_t at_ns, length_ns;
	uint32_t region;
};
struct stalls {
	struct stall *stalls;
	size_t n;
};
int stalls_load_dir(struct stalls *stalls, const char *dir, struct err *err);
void stalls_release(struct stalls *stalls);

#endif
