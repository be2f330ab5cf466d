/*
 * privilege: may this process make network namespaces, and if not, a way to it.
 *
 * As root (or with the capabilities) nothing happens. Otherwise the process moves into a user
 * namespace of its own in which the caller's uid is mapped to 0: all of the lab and the wire engine
 * work there. Must be called while single-threaded and before anything else of a run.
 */
#ifndef SUITES_RUN_PRIVILEGE_H
#define SUITES_RUN_PRIVILEGE_H

#include "fixtures/base/err.h"

/* Returns "root" or "user namespace"; NULL with a sentence and EXIT_MACHINE. */
const char *privilege_enter(struct err *err);

#endif
