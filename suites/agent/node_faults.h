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

/* Before the node's first start. groups: beginning of the names of control groups, "" where the plan
 * needs none; index: the node's, in the plan. */
int node_faults_prepare(struct node *node, const struct plan_node *plan_node, unsigned index,
	const char *groups, struct err *err);
/* SLOW, FILL, CLOCK and LIE: done, and proven where the fault acts. */
int node_faults_apply(const struct plan *plan, const struct node *node,
	const struct region_node_change *change, struct err *err);
int node_faults_undo(
	const struct plan *plan, const struct node *node, enum node_action action, struct err *err);
/* All that may have been done to a node that runs. */
int node_faults_heal(const struct node *node, struct err *err);

#endif
