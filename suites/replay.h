/*
 * replay: did two runs of one scenario decide the same for every packet?
 *
 * Engine wire decides by seed, link and packet index alone. So a packet with the same index on the same
 * link, under the same change of that link (the normal world, the first fault ...), must have had the
 * same fate in both runs: loss, copy, overtaking, corruption and delay. Where a change came some
 * packets earlier in one run than in the other, those between had different impairments and are
 * not compared; nor are those that only the longer run had. Both are counted.
 */
#ifndef SUITES_REPLAY_H
#define SUITES_REPLAY_H

#include "fixtures/base/arena.h"
#include "fixtures/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan;

/* Changes of one link that are counted each by itself; those after it with the last. */
#define REPLAY_CHANGES 132

struct replay_count {
	uint64_t common, equal; /* packets */
};

struct replay {
	struct replay_count all;
	const struct replay_count *changes; /* [(from * regions + to) * REPLAY_CHANGES + change] */
	uint64_t dropped;                   /* of those that are equal: lost in both */
	uint64_t apart;                     /* the same index under different changes */
	uint64_t alone;                     /* in one run only */
	uint64_t left_out;                  /* of the logs, for want of room */
	char first[160];                    /* where they differ first; "": nowhere */
};

/* The directories of two runs of that plan. */
int replay_compare(struct arena *arena, const struct plan *plan, const char *before,
	const char *after, struct replay *out, struct err *err);
/* What was compared while a fault was on, on the links that it changes. steps: the faults that were on
 * after each change of the run, in its order. */
struct replay_count replay_of_fault(const struct replay *replay, const struct plan *plan,
	unsigned fault, const uint64_t *steps, size_t n_steps);
/* Was there something to compare, and all of it equal? */
bool replay_holds(const struct replay *replay);
/* "replayed: 4711 of 4711 decisions equal over the common packet indices ..." */
void replay_print(const struct replay *replay, char *text, unsigned long size);

#endif
