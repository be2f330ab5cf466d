/*
 * replay: a driver in front of another that now and then answers with an old answer.
 *
 * Every call goes to the system through the driver behind; what comes back is passed on, or replaced
 * by what the system had answered about the key before: value, version, age, marks and node, as a
 * cache would that missed an update. It lies only where the lie is certain: the old answer's write
 * was acknowledged, and a newer one as well, before the read was called. Such an answer is marked
 * OP_LIED; the record says so to the sensitivity check and to nobody else.
 *
 * Why here and not in the bytes of the connection: an old answer must be a well-formed one of the
 * protocol, with its framing, checksums and session state, and each protocol would need a proxy of
 * its own. At this boundary one serves them all. Between the connection and here lies what a driver
 * makes of bytes, which the conformance test tries with a server that lies.
 *
 * For one key, one operation at a time, the values of its one writer.
 */
#ifndef PROBES_PROBER_REPLAY_H
#define PROBES_PROBER_REPLAY_H

#include "fixtures/base/rng.h"
#include "probes/drivers/driver.h"

struct replay {
	struct driver driver; /* what the caller invokes */
	struct driver *inner;
	struct rng rng;
	struct driver_call kept; /* an answer that may be told again */
	bool has_kept;
	uint64_t last;    /* sequence of the last write */
	uint64_t ok_bits; /* bit i: the write of sequence last - i was acknowledged */
	uint64_t until;   /* occasions that pass before the next lie */
};

/* Takes the inner driver: closing this one closes it, and frees neither struct nor caller. */
void replay_init(struct replay *replay, struct driver *inner, uint64_t seed);

#endif
