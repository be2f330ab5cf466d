/*
 * traffic: what the system's own packets went through on a directed link before, during and after a
 * fault: the proof that does not come from beacons.
 *
 * Counted over all packets of the system between the two regions (captures at both uplinks, before
 * the engine where they leave and behind it where they arrive). A stage is bounded by what the engine
 * acknowledged; `before` and `after` are as long as the fault at most, so that their numbers can be
 * compared. Packets under way at a boundary are counted where they were sent and where they arrived,
 * each by its own instant.
 */
#ifndef SUITES_PROOF_TRAFFIC_H
#define SUITES_PROOF_TRAFFIC_H

#include "suites/certificate.h"

enum traffic_stage { TRAFFIC_BEFORE, TRAFFIC_DURING, TRAFFIC_AFTER, TRAFFIC_STAGES };

struct traffic {
	unsigned from, to;
	enum traffic_stage stage;
	uint64_t from_ns, to_ns; /* of the stage; equal: there was none */
	uint64_t sent, crossed,
		bytes; /* packets handed to the link, that arrived; bytes of those sent */
	uint64_t first_ns, last_ns; /* bucket of the first and last that arrived; 0: none did */
	uint64_t opened;            /* connections asked for from `from`, */
	uint64_t answered;          /* and those that were answered; */
	uint64_t handshake_ns;      /* the median RTT of these; 0: none */
	uint64_t retransmissions, resets; /* sent by `from` */
};

const char *traffic_stage_name(enum traffic_stage stage);

/* Three rows a link, in the arena; *n of them. captures may have nothing. */
struct traffic *traffic_measure(struct arena *arena, const struct captures *captures,
	const struct certificate_asked *links, size_t n_links, size_t *n);

#endif
