/*
 * secret: what a driver must know and nobody may read in a scenario, a report or a list of processes.
 *
 * A scenario holds a reference only: env:NAME (of regionproof's environment) or file:PATH (its first
 * line). Anything else is refused, so that a password typed into a scenario is noticed at once.
 */
#ifndef PROBES_DRIVERS_SECRET_H
#define PROBES_DRIVERS_SECRET_H

#include "fixtures/base/err.h"

#include <stddef.h>

/* An empty reference is an empty secret. The sentence of an error never holds the secret. */
int secret_read(const char *reference, char *out, size_t size, struct err *err);

#endif
