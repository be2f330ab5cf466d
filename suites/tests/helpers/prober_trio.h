/* prober_trio: probers of three regions over a real system of three nodes on 127.0.0.1. */
#ifndef TESTS_HELPERS_PROBER_TRIO_H
#define TESTS_HELPERS_PROBER_TRIO_H

#include "suites/tests/helpers/prober_rig.h"

#include <stdint.h>

/* Clients of the three regions; `options` is filled with the driver's defaults. */
struct client_group prober_trio_group(const struct driver_ops *driver, void *options);
/* They work for a second, converge, and nearly all that they did has succeeded. primary_hint: a node, or
 * OP_NODE_UNKNOWN, where the nodes themselves agree on one. */
void prober_trio_works_and_agrees(const char *driver, const uint16_t *ports, unsigned primary_hint);

#endif
