/*
 * serial: is there one order of all transactions in which every read sees the last write?
 *
 * The orders are known in part: reads come behind their writes, and the level adds sessions or real
 * time. From that more follows, until nothing does: where t3 read x from t1 and t2 also wrote x, then
 * t2 before t3 puts it before t1 (ww), and t1 before t2 puts t3 before t2 (rw). A cycle convicts, and
 * names itself by its edges. Without one an order is looked for, reads first, and what it finds is
 * checked as it is built, so "valid" is proven too. The problem is NP-complete: between the two
 * lies "undecided", within limits of time and memory.
 *
 * Snapshot isolation is judged with the same facts: a cycle without two rw edges in a row convicts,
 * two that read one version and both replaced it convict (lost update), and a serial order proves
 * it. Where only non-serial executions would explain a history, it is undecided.
 */
#ifndef SUITES_JUDGE_MODELS_SERIAL_H
#define SUITES_JUDGE_MODELS_SERIAL_H

#include "suites/judge/models/depend.h"
#include "suites/judge/models/txns.h"

struct serial_level {
	const char *name;
	unsigned order; /* EDGE() bits: PROCESS, REALTIME */
	bool is_snapshot;
};

void serial_judge(
	struct txns *all, const struct serial_level *level, const struct model_options *options);
/*
 * An order of the nodes that obeys the sealed graph and all reads? In steps, up to the deadline.
 * wish: the transactions in the order in which they are best tried, n - 1 of them.
 */
bool serial_find_order(const struct txns *all, const struct depend *graph, const uint32_t *wish,
	uint64_t deadline_ns);

#endif
