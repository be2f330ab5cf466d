/*
 * pulse: how the region does right now, for whoever watches a run while it goes on.
 *
 * Told by the ticker's slots and the watchers of roles, read by the main thread for "progress". Nothing is
 * judged by it: verdicts come from the history. A few numbers under one lock, a hundred times a second.
 */
#ifndef PROBES_PROBER_PULSE_H
#define PROBES_PROBER_PULSE_H

#include "probes/drivers/driver.h"
#include "probes/op.h"

#include <stddef.h>
#include <stdint.h>

struct jv;
struct pulse;

struct pulse *pulse_new(unsigned n_regions, size_t n_endpoints);
void pulse_free(struct pulse *pulse);
/* An operation of the ticker has ended. */
void pulse_note(struct pulse *pulse, const struct op *op);
/* endpoint: its index; epoch as the node names it. */
void pulse_role(struct pulse *pulse, size_t endpoint, const struct driver_role *role);
/* Into a "progress" message (probes/prober.h); what is of one period begins anew. */
void pulse_put(struct pulse *pulse, uint64_t epoch_ns, struct jv *message);

#endif
