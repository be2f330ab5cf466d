/*
 * region: what an agent owns of its region: site, engine, nodes, and the state of its links.
 *
 * Coming up and going down work from every half-built state.
 */
#ifndef SUITES_AGENT_REGION_H
#define SUITES_AGENT_REGION_H

#include "chaos/engines/engine.h"
#include "fixtures/net/site.h"
#include "fixtures/node.h"
#include "suites/agent/node_faults.h"
#include "suites/plan.h"

struct outpost;

struct region {
	const struct plan *plan; /* borrowed */
	unsigned index;
	const char *dir; /* borrowed; nodes live in dir/nodes, records in dir/record */
	struct site site;
	int prober_netns, beacon_netns; /* -1: none */
	struct engine *engine;
	struct engine_link *links; /* n_regions: as they were asked for last; lent to the engine */
	struct node *nodes;        /* those of this region */
	unsigned *node_index;      /* global index of each */
	size_t n_nodes;
	uint64_t faults_on;      /* bit per fault of the plan */
	const char *groups;      /* beginning of the names of control groups; "" */
	struct outpost *outpost; /* of running containers; NULL: nodes of our own */
};

#define REGION_NODES_MAX 32

/* What happens to a node; `undo` turns a kill into a start and a pause into a thaw. */
struct region_node_change {
	unsigned node;
	enum node_action action;
	bool undo;
	struct node_setting setting;
};

/* An instant at which links and nodes of the region change together. */
struct region_change {
	uint64_t at_ns; /* CLOCK_MONOTONIC; 0: now */
	uint64_t faults_on;
	struct region_node_change nodes[REGION_NODES_MAX];
	unsigned n_nodes;
};

struct region_ack {
	struct engine_ack links;
	unsigned n_links;      /* how many links were changed */
	bool read_back_agrees; /* the engine has what was asked */
	uint64_t nodes_done_ns;
	struct err why; /* where it does not agree */
	struct node_seen seen;
};

/* ground: NULL: a lab on backbone_fd. */
int region_up(struct region *region, const struct plan *plan, unsigned index, const char *dir,
	int backbone_fd, const struct site_ground *ground, struct err *err);
/* The links' normal world; after region_up(). */
/* decisions_bytes: of a log of what the engine decides, in dir/record; 0: none is kept. */
int region_open_engine(
	struct region *region, const char *engine, uint64_t decisions_bytes, struct err *err);
/* Containers have come back with other MACs: the links are laid again as they are. */
int region_learn(struct region *region, struct err *err);
/* Start the nodes and wait until all are ready. */
int region_start_nodes(struct region *region, struct err *err);
/* Blocks until change->at_ns. */
int region_apply(struct region *region, const struct region_change *change, struct region_ack *ack,
	struct err *err);
/* Links to their normal world now; paused nodes go on, killed ones are started. */
int region_heal(struct region *region, struct err *err);
/* Before the end: links pass everything, nodes are frozen and every TCP connection is ended, so that no
 * orphaned socket keeps a namespace alive. The prober must not run any more. */
void region_hush(struct region *region);
/* Returns how many things are left that should be gone; what says which. */
unsigned region_down(struct region *region, struct err *what);

#endif
