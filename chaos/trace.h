/*
 * trace: delays that somebody recorded, from a text.
 *
 * Either one value a line, with its unit ("81.3ms"), or what ping printed, of which the answers'
 * "time=81.3 ms" count and nothing else. Empty lines and those that begin with # are passed over. The
 * values become the quantiles that an impairment keeps (chaos/percentiles.h); their order, and so the
 * correlation of neighbours, is not kept.
 */
#ifndef CHAOS_TRACE_H
#define CHAOS_TRACE_H

#include "chaos/impairment.h"

#include <stddef.h>

/* Below it the tail would be one or two packets. */
#define TRACE_MIN 100
#define TRACE_MAX 1000000

/* round: the values are round trips, and each way gets half. -1 with a sentence that names the line.
 * n (may be NULL): how many values there were. */
int trace_set(const char *text, bool round, struct impairment *out, size_t *n, struct err *err);

#endif
