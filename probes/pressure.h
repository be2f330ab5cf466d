/*
 * pressure: how short this machine was of processors, by its kernel's own account.
 *
 * A timer that wakes late (stall.h) tells when everything stood still. A machine with too much to do
 * is another matter: sleepers still wake in time, and whoever has work to do waits for its turn. The
 * kernel counts for how long at least one task was waiting for a processor ("some" of
 * /proc/pressure/cpu, Documentation/accounting/psi.rst). A quiet run of three regions on two cores
 * has 20 to 50 % of it, three runs at once 80 %. Where nearly all the time somebody waits, what
 * clients saw of times and outages may be the machine's doing, and no failure can be hung on it.
 *
 * One file a region, N.pressure; every region of one host reads the same. A kernel without the
 * accounting leaves the files empty, which is told apart from no pressure.
 */
#ifndef PROBES_PRESSURE_H
#define PROBES_PRESSURE_H

#include "fixtures/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define PRESSURE_SUFFIX ".pressure"
#define PRESSURE_PERIOD_NS (250 * UINT64_C(1000000))

struct tape;

/* Somebody waited for some_ns of the length_ns that began at at_ns (since the run's epoch). */
struct pressure {
	uint64_t at_ns, length_ns, some_ns;
	uint32_t region, reserved;
};

struct pressures {
	struct pressure *items; /* in the order of their regions, then of time */
	size_t n;
};

struct tape *pressure_tape_create(
	const char *dir, unsigned region, unsigned n_regions, uint64_t epoch_ns, struct err *err);
/* The kernel's account, to be read by pressure_read(); -1 where there is none. */
int pressure_open(void);
/* Nanoseconds since the boot in which somebody waited; UINT64_MAX where it cannot be read. */
uint64_t pressure_read(int fd);

int pressures_load_dir(struct pressures *pressures, const char *dir, struct err *err);
void pressures_release(struct pressures *pressures);
/* The share of the time between two instants in which somebody waited, 0..1; negative: unknown. */
double pressures_share(const struct pressures *pressures, uint64_t from_ns, uint64_t to_ns);

#endif
