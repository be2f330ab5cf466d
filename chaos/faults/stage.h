/*
 * stage: a fault that changes while it lasts, as stretches at fixed times.
 *
 * The plan makes one fault of every stage, so each is armed ahead at an absolute time, is undone, and
 * has a certificate of its own: a flap of which one cut was not there is void, not "mostly proven".
 * A stage is what the words say with the impairment scaled, or with one of the subjects only.
 */
#ifndef CHAOS_FAULTS_STAGE_H
#define CHAOS_FAULTS_STAGE_H

#include "fixtures/base/err.h"
#include "fixtures/base/param.h"

#include <stddef.h>
#include <stdint.h>

#define STAGES_MAX 32

struct fault_pattern {
	uint64_t on_ns, off_ns, steps;
};

/* The rows of a pattern; fields of struct fault_pattern. */
extern const struct param fault_pattern_params[];

struct fault_stage {
	uint64_t start_ns, end_ns; /* since the start of the fault */
	uint64_t share_ppm;        /* of the impairment that was asked; 1 000 000: all of it */
	int subject;               /* the only one concerned; -1: all */
};

/* Each fills at most STAGES_MAX stages and returns their number, or -1 with a sentence. */
int stages_flap(const struct fault_pattern *pattern, size_t n_subject, uint64_t length_ns,
	struct fault_stage *out, struct err *err);
int stages_rolling(const struct fault_pattern *pattern, size_t n_subject, uint64_t length_ns,
	struct fault_stage *out, struct err *err);
int stages_ramp(const struct fault_pattern *pattern, size_t n_subject, uint64_t length_ns,
	struct fault_stage *out, struct err *err);

#endif
