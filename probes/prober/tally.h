/*
 * tally: counts of one session's outcomes and latencies, for the progress line.
 *
 * Written by its session only, read by the main thread at any time; verdicts come from the history.
 * Latency is counted from the intended start, in buckets an eighth of an octave wide.
 */
#ifndef PROBES_PROBER_TALLY_H
#define PROBES_PROBER_TALLY_H

#include "probes/op.h"

#include <stdint.h>

#define TALLY_BUCKETS 320

struct tally_class {
	uint64_t states[OP_STATES];
	uint64_t latency[TALLY_BUCKETS];
};

struct tally {
	struct tally_class reads, writes;
};

void tally_note(struct tally *tally, enum op_kind kind, enum op_state state, uint64_t latency_ns);
/* into += from */
void tally_add(struct tally *into, const struct tally *from);
/* The p99 of what `now` has beyond `before`, as the upper edge of its bucket; 0: nothing there. */
uint64_t tally_p99_ns(const struct tally_class *now, const struct tally_class *before);

#endif
