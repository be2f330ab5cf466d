/*
 * certify: the certificates of a run's faults, asked of suites/certificate from what the run left.
 *
 * It knows which impairments a link had before, during and after each fault (faults may overlap) and
 * which links nobody touched. A fault of nodes has no beacons to prove it: it is in force when the
 * agent had reaped, stopped or frozen the processes, which is a fact and not a measurement. One that is
 * declared is somebody else's, and is believed where clients saw something of it (certify_declared.c).
 */
#ifndef SUITES_CERTIFY_H
#define SUITES_CERTIFY_H

#include "fixtures/base/arena.h"
#include "suites/judge/evidence.h"

/* Fills certificate, in_force_ns and gone_ns of every fault, and the noise floor. */
void certify_run(struct arena *arena, struct evidence *evidence);
/* The same of one fault that somebody else made and the scenario declares. */
void certify_declared(struct arena *arena, struct evidence *evidence, size_t f);
/* What a gap means for a fault of links: a sentence in the arena, or NULL where it has no part in it. */
const char *certify_gap(
	struct arena *arena, const struct evidence *evidence, size_t f, const struct gap *gap);

#endif
