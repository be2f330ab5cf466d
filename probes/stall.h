/*
 * stall: when a process of ours was held, by its own account.
 *
 * A beacon process watches for all of its region (beacon.h); a prober watches for itself as well,
 * since what holds only the clients (SIGSTOP, a cgroup that is throttled) looks like a slow system.
 * What a prober lived through says nothing about beacons, so it is kept under a suffix of its own.
 */
#ifndef PROBES_STALL_H
#define PROBES_STALL_H

#include "fixtures/base/err.h"
#include "probes/beacon.h"

#include <stdatomic.h>
#include <stdint.h>

#define PROBER_STALLS_SUFFIX ".held"

struct tape;

/* The tape for stall_watch(), named after the region. */
struct tape *stall_tape_create(const char *dir, const char *suffix, unsigned region,
	unsigned n_regions, uint64_t epoch_ns, struct err *err);
/* Look at the clock until *stop; stalls since the epoch go to the tape, each at once. */
int stall_watch(struct tape *tape, uint64_t epoch_ns, const atomic_bool *stop, struct err *err);
/* As stalls_load_dir(), of the files with that suffix. */
int stalls_load_suffix(struct stalls *stalls, const char *dir, const char *suffix, struct err *err);

#endif
