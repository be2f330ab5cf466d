/*
 * confine: give up what a process no longer needs.
 *
 * setresuid to an unmapped id is EINVAL in a user namespace, so privileges are dropped by empty
 * capability sets and no_new_privs instead. Both are properties of a thread and inherited by the
 * threads it starts: call it in the main thread before any other exists, or in each.
 */
#ifndef PROBES_CONFINE_H
#define PROBES_CONFINE_H

#include "fixtures/base/err.h"

int confine_thread(struct err *err);
/* Become nobody where that uid is mapped and we are root; else stay. Before confine_thread(), since it
 * takes a capability. */
int confine_user(struct err *err);

#endif
