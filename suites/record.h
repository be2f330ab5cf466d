/*
 * record: what of a run's evidence lies in no other file, kept as record.json beside the histories,
 * so that a run can be judged again years later without a lab.
 *
 * It holds when faults were asked for, sent and acknowledged, what ended by itself, the sweeps of the
 * quiet phase, and how the run ended; instants are nanoseconds since the run's zero. Certificates and
 * bounds of phases are not in it: they are computed from the beacons each time.
 */
#ifndef SUITES_RECORD_H
#define SUITES_RECORD_H

#include "fixtures/base/arena.h"
#include "suites/judge/evidence.h"

int record_save(const struct evidence *evidence, const char *run_dir, struct err *err);
/* Fill *evidence (histories, marks, ... and record.json) for the given plan. Arrays live in the
 * arena; release the rest with record_release(). */
int record_load(struct arena *arena, struct evidence *evidence, struct plan *plan,
	const char *run_dir, struct err *err);
void record_release(struct evidence *evidence);

/* Only the histories, marks, beacons, captures and stalls below run_dir/record. */
int record_load_files(struct evidence *evidence, const char *run_dir, struct err *err);
/* Bounds of the phases as they really were: a fault's from in force to gone, others as planned. Needs
 * the certificates. */
void record_bound_phases(struct evidence *evidence);

#endif
