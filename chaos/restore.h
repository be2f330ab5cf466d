/*
 * restore: what a run did to running containers and their network, undone from its journal.
 *
 * Containers go back to their bridges first, each whether or not another one could; then the ports of
 * the sites leave the runtime's bridge, and the pins of the sites go. Done in the network namespace in
 * which the run was: the inode of that stands in the journal. What a fault has stopped goes on by asking
 * its runtime, as soon as nobody can stop it again. Idempotent, from every half-done state.
 */
#ifndef CHAOS_RESTORE_H
#define CHAOS_RESTORE_H

#include "chaos/journal.h"

#define RESTORE_TAG_MAX 128

/* The alias by which the moved interfaces of a run are known. */
void restore_tag(const char *run, char tag[RESTORE_TAG_MAX]);
/* The port of a site leaves the runtime's bridge: it is deleted. */
int restore_uplink(const char *d_name, int host_fd, struct err *err);
/* Each returns how many things could not be undone, the first of them in err. */
unsigned restore_network(const struct journal *journal, struct err *err);
unsigned restore_halted(const struct journal *journal, struct err *err);
/* Control groups go, when all processes of the run are dead. Returns how many are left. */
unsigned restore_groups(const struct journal *journal, struct err *err);

#endif
