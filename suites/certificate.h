/*
 * certificate: was the fault that was asked for the fault that was delivered?
 *
 * A pure function of what was asked, what the engine acknowledged and reads back, and what beacons
 * and captures saw. Read-back and counters decide what was set; beacons judge what it did, with a
 * family-wise error of 10^-6 over all links and phases, so that no certificate cries wolf.
 */
#ifndef SUITES_CERTIFICATE_H
#define SUITES_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

enum certificate_status {
	CERTIFIED,
	CERTIFICATE_NOT_IN_FORCE,
	CERTIFICATE_PARTIAL,      /* lifted half-way, one family open, one link open */
	CERTIFICATE_NO_DATA,      /* no beacons there, or the receiver was dead */
	CERTIFICATE_NOT_EXERCISED /* the system sent nothing over the pair: nothing was tested */
};

struct certificate_link;

struct certificate {
	enum certificate_status status;
	uint64_t in_force_ns, gone_ns; /* 0: never */
	uint64_t resolution_ns, drain_ns, skew_ns;
	const char *why; /* a sentence; NULL where certified */
	struct certificate_link *links;
	size_t n_links;
};

#endif
