/*
 * depend: which transaction must come before which, and cycles in that.
 *
 * Edges are those of Adya: ww (its write was overwritten by), wr (its write was read by), rw (it
 * missed the write of), and the order of a session or of real time. A cycle of some kinds of edges
 * is the proof that an isolation level was not kept. Strong components by Tarjan, without
 * recursion; in one of them the shortest cycle by breadth-first search from several of its nodes,
 * within a budget of steps. "No two rw edges in a row" (snapshot isolation forbids such cycles) is
 * a search in the graph of pairs: a node, and whether the way came by rw.
 */
#ifndef SUITES_JUDGE_MODELS_DEPEND_H
#define SUITES_JUDGE_MODELS_DEPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct past_op;

enum edge_kind { EDGE_WW, EDGE_WR, EDGE_RW, EDGE_PROCESS, EDGE_REALTIME, EDGE_BEGINNING };

#define EDGE_KINDS 6

#define EDGE(kind) (1u << EDGE_##kind)

struct edge {
	uint32_t from, to;
	enum edge_kind kind;
	uint32_t element; /* WW: the later one, WR: the one read, RW: the one missed */
};

struct depend {
	struct arena *arena;
	uint32_t n_nodes;
	struct edge *edges;
	size_t n_edges;
	uint32_t *starts; /* after depend_seal(): edges of node v are starts[v] .. starts[v + 1] */
};

void depend_add(struct depend *graph, struct edge edge); /* a loop is left out */
/*
 * Real time between the first n nodes, which stand in the order of their calls (NULL: left out):
 * each return is a node of its own, the next after those that there are, and a transaction hangs on
 * the last one before its call. So it takes O(n) edges.
 */
void depend_add_realtime(struct depend *graph, const struct past_op *const *ops, uint32_t n);
/* To be called again where edges were added since. */
void depend_seal(struct depend *graph);

struct cycle {
	const struct edge **edges; /* each ends where the next begins */
	size_t n;
};

/* A cycle of edges of these kinds (EDGE() bits); with part_rw none has two rw edges in a row. */
bool depend_cycle(const struct depend *graph, unsigned kinds, bool part_rw, struct arena *arena,
	struct cycle *out);

#endif
