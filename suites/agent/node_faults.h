/*
 * node_faults: what a fault does to a node of our own, and what undoes it.
 *
 * Some faults need the node to be ready for them from its first start: a disk of its own, a control
 * group, a preloaded library. The plan says which nodes these are.
 */
#ifndef SUITES_AGENT_NODE_FAULTS_H
#define SUITES_AGENT_NODE_FAULTS_H

#include "fixtures/node.h"
#include "suites/plan.h"

struct region_node_change;

/* Of one change: what was measured, and that the fault had ended before its undo. */
struct node_seen {
	char text[240];
	struct err lapsed;
};

/* Before the node's first start. groups: beginning of the names of control groups, "" where the plan
 * needs none; index: the node's, in the plan. */
int node_faults_prepare(struct node *node, const struct plan_node *plan_node, unsigned index,
	const char *groups, struct err *err);
/* SLOW, FILL, DRAG, CLOCK and LIE: done, and proven where the fault acts; seen: by what, in figures,
 * where there are some. */
int node_faults_apply(const struct plan *plan, struct node *node,
	const struct region_node_change *change, struct node_seen *seen, struct err *err);
int node_faults_undo(const struct plan *plan, struct node *node, enum node_action action,
	struct node_seen *seen, struct err *err);
/* All that may have been done to a node that runs. */
int node_faults_heal(struct node *node, struct err *err);
/* Nothing that ends has to wait for a slow disk. */
void node_faults_hasten(const struct node *node);
/* What it was ready with goes; after the end of all nodes of the region. */
void node_faults_release(struct node *node);

#endif
