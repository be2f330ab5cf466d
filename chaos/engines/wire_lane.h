/*
 * wire_lane: the packets of a link that share one impairment, and when each of them leaves.
 *
 * Lane 0 of a link has what no rule means, the others a rule each. A lane counts its own packets, so that
 * what becomes of its i-th is told by the seed whatever the other lanes carry. A rule that is laid again
 * with the same match stays in its lane and keeps what it knows of connections.
 */
#ifndef CHAOS_ENGINES_WIRE_LANE_H
#define CHAOS_ENGINES_WIRE_LANE_H

#include "chaos/engines/engine.h"
#include "chaos/engines/fate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_LANES (1 + ENGINE_RULES_MAX)

struct connections;

struct wire_lane {
	bool used; /* lane 0 always is */
	struct match match;
	struct connections *seen; /* NULL: the match needs none */
	struct fate_link fate;
	uint64_t last_ns; /* release of the frame before, where order is kept */
	struct slot {
		uint64_t open_ns, packets, bytes; /* 0: any number */
	} slot;
	size_t waiting; /* of its frames in the queue */
	struct engine_rule_counters counters;
};

void wire_lanes_init(struct wire_lane lanes[WIRE_LANES], uint64_t seed, unsigned from, unsigned to);
/* What the link shall do from now on; rules are n at most ENGINE_RULES_MAX. */
void wire_lanes_set(struct wire_lane lanes[WIRE_LANES], const struct impairment *impairment,
	const struct engine_rule *rules, unsigned n);
void wire_lanes_read(const struct wire_lane lanes[WIRE_LANES], struct engine_link *out);
void wire_lanes_count(const struct wire_lane lanes[WIRE_LANES], struct engine_counters *out);
/* The lane of a frame between two hosts. */
unsigned wire_lanes_pick(struct wire_lane lanes[WIRE_LANES], const uint8_t *frame, size_t len,
	const unsigned hosts[2]);

/* When does a frame leave that came in at *at_ns? The order of things is netem's: the delay, its turn, a
 * slot. false: the lane's queue is full. */
bool wire_lane_schedule(
	struct wire_lane *lane, const struct fate *fate, size_t len, uint64_t *at_ns);

#endif
