/*
 * isolation: give up all that is not needed to talk to the system under test.
 *
 * The prober parses what a foreign server sends, so it has the least of all our processes: no
 * capabilities, no way to get new ones, nobody's uid where that is mapped, and an allow-list of system
 * calls: sockets, memory, threads, clocks, and writing to files that are open already. Opening a file
 * fails with EACCES (the C library tries some and does without); any other call ends the process.
 * Where names are looked up and certificates are verified, files may be opened to read, not to write.
 */
#ifndef PROBES_PROBER_ISOLATION_H
#define PROBES_PROBER_ISOLATION_H

#include "fixtures/base/err.h"

#include <stdbool.h>

/* For the whole process, for good; called while it has one thread. */
int isolation_apply(bool reads_files, struct err *err);

#endif
