/*
 * window: the beacons of one direction and family in one stretch of time, and whether they can have
 * come from a link with a given impairment.
 *
 * Packets that overlap a stall of any region's process do not count: the machine is one, and what
 * was held there was not held by the link. Stretches without packets (a sender that paused, a
 * receiver that died) count as not covered.
 */
#ifndef SUITES_PROOF_WINDOW_H
#define SUITES_PROOF_WINDOW_H

#include "chaos/impairment.h"
#include "probes/beacon.h"
#include "suites/certificate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All beacons of one direction and family. */
struct stream {
	const struct beacon_sample *samples;
	size_t n;
	uint64_t period_ns;
	const struct stalls *stalls;
};

/* Index of the first sample sent at or after an instant; n where there is none. */
size_t stream_first_sent(const struct stream *stream, uint64_t at_ns);

struct window {
	uint64_t from_ns, to_ns;
	uint64_t sent, lost, tainted, arrived;
	uint64_t p16_ns, p50_ns, p84_ns, p95_ns, sd_ns; /* of those that arrived */
	uint64_t covered_ns;
};

/* What the judge allows for, and the chance of a false accusation that one question may have. */
struct yardstick {
	double alpha, z;   /* z: alpha as distance of a normal variable */
	uint64_t floor_ns; /* noise of the delay */
	uint64_t path_ns;  /* what the way takes on its own */
	double noise_loss; /* share that the machine may drop */
};

/* Packets sent in [from_ns, to_ns). reach_ns: the longest that one can be on its way. */
void window_measure(struct window *window, const struct stream *stream, uint64_t from_ns,
	uint64_t to_ns, uint64_t reach_ns);

/* Share of the window in which beacons were sent and their fate is known. */
double window_coverage(const struct window *window);

/*
 * True where the data of the window contradict the impairment. False means either that they fit or
 * that they are too few to tell: ask also about what it should not be.
 *   loss    number of losses too high or too low for the chain (chance.h)
 *   delay   median off by more than 2 % or the noise floor, and what jitter explains
 *   jitter  spread (half of p84 - p16) far from the stated one
 * what (may be NULL) receives "loss", "delay" or "jitter".
 */
bool window_contradicts(const struct window *window, const struct impairment *imp,
	const struct yardstick *yardstick, const char **what);

/* How far a median may be from the stated delay, jitter apart. */
uint64_t window_delay_tolerance_ns(const struct impairment *imp, const struct yardstick *yardstick);

struct certificate_measure window_report(const struct window *window, const struct impairment *imp);

/* Was the packet handed to the link, or due to come out of it, while any process was held (or just
 * before and after)? A stall in the middle of its way does not touch it. A lost one is taken to be
 * due after reach_ns. */
bool stalls_taint(
	const struct stalls *stalls, const struct beacon_sample *sample, uint64_t reach_ns);
/* Was a stall anywhere between these instants? Length of the overlap. */
uint64_t stalls_overlap_ns(const struct stalls *stalls, uint64_t from_ns, uint64_t to_ns);

#endif
