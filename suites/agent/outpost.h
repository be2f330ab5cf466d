/*
 * outpost: what a region has instead of nodes of its own when its system runs in containers.
 *
 * The address with which its clients stand in the network of the containers, and the container that
 * kill, pause and restart act on, through the runtime. What is done to it stands in the journal first,
 * since it outlives us, and is remembered, so that healing undoes it; a container that somebody else
 * stopped is not started.
 */
#ifndef SUITES_AGENT_OUTPOST_H
#define SUITES_AGENT_OUTPOST_H

#include "chaos/faults/fault.h"
#include "fixtures/base/err.h"

struct jv;
struct outpost;

/* From the controller: {runtime, socket, journal, id, name, address, prefix}. */
struct outpost *outpost_new(const struct jv *from, struct err *err);
void outpost_free(struct outpost *outpost); /* accepts NULL */
/* Give the clients' namespace its address among the containers. */
int outpost_settle(const struct outpost *outpost, int prober_netns, struct err *err);
int outpost_act(struct outpost *outpost, enum node_action action, bool undo, struct err *err);
int outpost_heal(struct outpost *outpost, struct err *err);

#endif
