/*
 * fleet: running containers, adopted into the sites of their regions.
 *
 *   select ─▶ ground (a pinned site a region) ─▶ attach ─▶ follow ... ─▶ detach ─▶ release
 *
 * Selected by labels: one says the region, another one that the container may be touched at all; one
 * that carries the first and not the second is refused, and nothing is touched then. All must share one
 * network of driver bridge on this host. What is done stands in the journal of the guardian first.
 *
 * A container that is restarted comes back on the runtime's bridge with a new veth, unimpaired. Its old
 * one vanishes from the site, which rtnetlink tells; fleet_follow() asks the runtime and attaches it
 * again. What it sent to other regions in between met no fault: it is counted (stray.h).
 */
#ifndef SUITES_FLEET_FLEET_H
#define SUITES_FLEET_FLEET_H

#include "chaos/guardian.h"
#include "chaos/journal.h"
#include "fixtures/containers/container.h"
#include "fixtures/net/addr.h"
#include "fixtures/net/adopt.h"
#include "fixtures/net/book.h"
#include "fixtures/net/site.h"
#include "suites/fleet/stray.h"

#define FLEET_ALLOW "regionproof.allow=true"
#define FLEET_REGION "regionproof.region"
#define FLEET_ENDPOINT "regionproof.endpoint"

struct fleet_spec {
	const char *runtime;      /* docker, podman */
	const char *socket;       /* NULL: the usual one */
	const char *region_label; /* its value is the name of a region */
	const char *allow_label;  /* "name=value" or "name" */
	const char *project;      /* of compose; NULL: any */
	const char *service;      /* of compose; NULL: any */
	const char *name;         /* a pattern such as shop-*; NULL: any */
	const char *network;      /* NULL: the one that all share */
};

struct fleet_member {
	struct container container;
	unsigned region;
	bool attached;
	unsigned long long netns; /* inode of the namespace that was attached */
	struct adopt_port ports[VETH_ENDS_MAX];
	unsigned n_ports;
	/* Packets to other regions before it was attached again; or STRAY_UNKNOWN. */
	uint64_t stray;
};

struct fleet {
	struct fleet_spec spec;
	const char *const *regions; /* borrowed */
	unsigned n_regions;
	struct engine_api *api;
	char network[64];
	struct container_bridge bridge;
	int host_fd, bridge_ifindex;
	uint32_t mtu;
	struct fleet_member *members;
	size_t n;
	struct book *book;
	const struct guardian *guardian; /* borrowed */
	char run[160], tag[128];
	struct {
		int fd; /* the namespace; -1: none */
		struct journal_site site;
		int watch_fd; /* tells when an interface comes or goes in it */
	} sites[ADDR_REGIONS_MAX];
	int watch_fd; /* epoll: readable when fleet_follow() should be called */
	int host_watch_fd, timer_fd;
	struct stray *stray; /* while somebody is away */
};

#define FLEET_INIT                                                                                 \
	{                                                                                          \
		.host_fd = -1, .watch_fd = -1, .host_watch_fd = -1, .timer_fd = -1                 \
	}

/* Find and refuse; nothing is changed. Errors have EXIT_MACHINE. regions must outlive the fleet. */
int fleet_select(struct fleet *fleet, const struct fleet_spec *spec, const char *const *regions,
	unsigned n_regions, struct err *err);
/* Where clients reach the container of a region, and an address of the network that nobody has, from which
 * they do: taken from the upper end, where no runtime begins to give them out. */
struct fleet_way {
	char endpoint[46], client[46];
	unsigned prefix; /* of the network */
};
/* ip: 4 or 6; 0: 4 where the container has such an address, else 6. */
int fleet_find_way(
	struct fleet *fleet, unsigned region, unsigned ip, struct fleet_way *out, struct err *err);
/* The container of a region that clients talk to: the first one, or the first that says so by its label
 * FLEET_ENDPOINT. */
const struct fleet_member *fleet_endpoint(const struct fleet *fleet, unsigned region);
/* From here on the guardian knows. run: its name. */
int fleet_guard(
	struct fleet *fleet, const struct guardian *guardian, const char *run, struct err *err);
/* Make and pin the site of a region; *out for site_up_on(), its descriptor owned by the caller. */
int fleet_ground(struct fleet *fleet, unsigned region, struct site_ground *out, struct err *err);
/* Move every member whose site stands. */
int fleet_attach(struct fleet *fleet, struct err *err);
/* Call when watch_fd is readable; told() for every member that went or came back. What a member that came
 * back sent in between stands in its `stray`. */
enum fleet_change { FLEET_GONE, FLEET_BACK };
int fleet_follow(struct fleet *fleet,
	void (*told)(void *arg, const struct fleet_member *member, enum fleet_change change),
	void *arg, struct err *err);
/* All back on their bridge, verified. Returns how many are not; the links must be neutral and drained. */
unsigned fleet_detach(struct fleet *fleet, struct err *err);
/* Ports of the sites off the bridge, pins gone; after fleet_detach(). Returns what is left. */
unsigned fleet_raze(struct fleet *fleet, struct err *err);
void fleet_release(struct fleet *fleet);

#endif
