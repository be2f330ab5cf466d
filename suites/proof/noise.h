/*
 * noise: what this machine adds to a delay on its own.
 *
 * Measured from the beacons of a stretch in which nothing was changed (the steady phase, or 300 ms
 * before the start): what a packet takes beyond the delay of its link. Packets that overlap a stall
 * do not count, here as in certificates. A fault smaller than five times the noise floor cannot be
 * told from the machine, and is refused.
 */
#ifndef SUITES_PROOF_NOISE_H
#define SUITES_PROOF_NOISE_H

#include "chaos/impairment.h"
#include "fixtures/base/err.h"
#include "probes/beacon.h"

#include <stddef.h>
#include <stdint.h>

struct noise {
	uint64_t delay_ns; /* the noise floor: p99 minus least one-way delay, of the worst link */
	uint64_t path_ns;  /* median beyond the link's delay: what the way itself takes */
	uint64_t late_ns;  /* p99 of how late the senders woke */
	size_t n;          /* packets behind it; 0: nothing was measured */
};

/* links: base impairment of every ordered pair, [from * n_regions + to]. Links with jitter, rate or
 * a cut say nothing about the machine; where there are no others the lateness stands in for them. */
void noise_measure(struct noise *noise, const struct beacons *beacons, const struct stalls *stalls,
	const struct impairment *links, unsigned n_regions, uint64_t from_ns, uint64_t to_ns);

/* -1 with the sentence and EXIT_MACHINE where the floor is above 20 % of what the fault changes in
 * delay or jitter. Cuts, loss and rate have no such size. what: "fault 'cut'". */
int noise_check(const struct noise *noise, const struct impairment *before,
	const struct impairment *asked, const char *what, struct err *err);

#endif
