/*
 * stray: packets of a container that came back and was not adopted again yet.
 *
 * Between its start and the moment its interface is moved into the site, a container stands on the
 * runtime's bridge and no fault lies on its links. How long that is says little; what counts is whether
 * anything passed. While somebody is away, a packet socket on the host keeps the addresses of every frame
 * that enters it by an interface, neighbour discovery left out, which no fault touches anyway. Once the
 * container is adopted its MAC is known, and what it sent to members of other regions is counted.
 */
#ifndef SUITES_FLEET_STRAY_H
#define SUITES_FLEET_STRAY_H

#include "fixtures/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct book;
struct stray;

#define STRAY_UNKNOWN UINT64_MAX

/* From now on. host_fd: the namespace of the runtime's bridge. */
struct stray *stray_open(int host_fd, struct err *err);
void stray_close(struct stray *stray); /* accepts NULL */
/* Take in what has come; often enough that nothing is lost. */
void stray_read(struct stray *stray);
/* Was an interface of that index there before? Then so may have been packets of it. */
bool stray_missed(const struct stray *stray, int ifindex);
/* Frames from that MAC to another region than this one so far; STRAY_UNKNOWN where some were lost. */
uint64_t stray_count(
	struct stray *stray, const uint8_t mac[6], unsigned region, const struct book *book);

#endif
