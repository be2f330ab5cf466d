/*
 * watch: by what a fleet notices that a container went or came back.
 *
 * One rtnetlink socket on the host and one in each site tell of interfaces that come and go (a busy host
 * may lose messages, which counts as one); a timer looks again while somebody is missing. All behind one
 * epoll descriptor, fleet->watch_fd.
 */
#ifndef SUITES_FLEET_WATCH_H
#define SUITES_FLEET_WATCH_H

#include "suites/fleet/fleet.h"

int fleet_watch_open(struct fleet *fleet, struct err *err);
int fleet_watch_site(struct fleet *fleet, unsigned region, struct err *err);
void fleet_watch_drain(struct fleet *fleet);
/* again: look once more in a moment. */
int fleet_watch_again(struct fleet *fleet, bool again, struct err *err);
void fleet_watch_close(struct fleet *fleet);

#endif
