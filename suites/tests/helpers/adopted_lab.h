/*
 * adopted_lab: three regions of running "containers" for tests, without any runtime.
 *
 * Network namespaces, each with a veth to one bridge and a MAC of the kernel's choice, are made by
 * iproute2 as a runtime makes them, and adopted as `inject` adopts containers. Region r has the address of
 * its node in a lab, so that net_lab.h and net_stream.h work on them. Fails the calling test on error.
 */
#ifndef SUITES_TESTS_HELPERS_ADOPTED_LAB_H
#define SUITES_TESTS_HELPERS_ADOPTED_LAB_H

#include "fixtures/net/adopt.h"
#include "suites/tests/helpers/net_lab.h"

#include <stddef.h>

#define ADOPTED_REGIONS 3
#define ADOPTED_TAG "regionproof test of adoption"

struct book;

/* Leaves of the lab are the containers, its backbone is the namespace of their bridge. */
struct adopted_lab {
	struct net_lab lab;
	struct book *book;
	struct adopt_port ports[ADOPTED_REGIONS];
	int bridge; /* ifindex */
	unsigned mtu;
};

/* The containers run, and nothing of ours is there. */
void adopted_lab_run(struct adopted_lab *adopted, unsigned mtu);
/* Each region with a site and an engine, each container adopted. */
void adopted_lab_adopt(struct adopted_lab *adopted, const struct engine_ops *ops, uint64_t seed);
void adopted_lab_put_back(struct adopted_lab *adopted);
void adopted_lab_down(struct adopted_lab *adopted);
/* What `ip` shows of a container's interface. */
void adopted_lab_look_inside(
	const struct adopted_lab *adopted, unsigned region, char *out, size_t size);

#endif
