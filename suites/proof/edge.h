/*
 * edge: the instant at which a link changed, as the packets show it.
 *
 * A change acts on packets *sent* after its instant, so instants are those of sending. The engine's
 * acknowledgement brackets it: nothing changes before the request was sent, but a packet sent
 * shortly before may reach the engine after. `margin_ns` is the longest that a packet may take
 * to the engine without the machine being stalled; only outside of it does a packet accuse.
 *
 *   cut, heal   between the last packet of the old kind and the first of the new: one period
 *   more delay  the first packet of the new kind is one that, with most of the three after it, took
 *               longer than the middle between the two delays
 *   otherwise   the acknowledgement: with less delay packets wait behind slower ones, and loss
 *               and jitter have no edge that few packets show
 *
 * Where the acknowledgement lies between the last of the old and the first of the new kind it is
 * taken as the instant, since it is finer than a period; else the first of the new.
 */
#ifndef SUITES_PROOF_EDGE_H
#define SUITES_PROOF_EDGE_H

#include "suites/proof/window.h"

struct edge {
	uint64_t at_ns;         /* 0: not found */
	uint64_t resolution_ns; /* the change lies within this of at_ns: old to new packet */
	uint64_t drain_ns;      /* packets sent before at_ns arrived until at_ns + drain_ns */
	uint64_t leak_ns;       /* cut: the first packet sent well inside that arrived; 0: none */
};

struct edge_question {
	const struct impairment *before, *after;
	uint64_t sent_ns, acked_ns; /* the engine's */
	uint64_t until_ns;          /* the next change, or the end */
	uint64_t margin_ns;
	uint64_t floor_ns; /* noise of the delay */
};

struct edge edge_find(const struct stream *stream, const struct edge_question *question);

#endif
