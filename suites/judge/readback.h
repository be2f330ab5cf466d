/*
 * readback: the final answers about a key, one per place where it was asked: a node, or the region
 * where answers name no node. The last ok answer counts.
 */
#ifndef SUITES_JUDGE_READBACK_H
#define SUITES_JUDGE_READBACK_H

#include "suites/judge/view.h"

#define READBACK_PLACES (256 + 256) /* nodes by number; regions behind them */

struct readback {
	const struct view *view;
	uint64_t start_ns, end_ns;
	uint32_t key; /* dense number + 1 of the key it stands on */
	uint32_t stamp[READBACK_PLACES], read[READBACK_PLACES];
	unsigned places[READBACK_PLACES], n_places; /* that ever answered */
	uint8_t region[READBACK_PLACES];
};

/* Sweeps called in [start, end). In the arena. */
struct readback *readback_new(
	struct arena *arena, const struct view *view, uint64_t start_ns, uint64_t end_ns);
bool readback_is_answer(const struct readback *rb, const struct op *op);
/* Stand on a key. */
void readback_key(struct readback *rb, uint32_t dense_key);
/* The last answer of place i (of n_places) about that key; OP_NONE: none. */
uint32_t readback_last(const struct readback *rb, unsigned i);
/*
 * What became of a write of that key, by the last answers of all nodes:
 *   lost       every region answered, none has it
 *   missing    some node has it, some node answers that it has not
 *   kept       every answer has it
 *   unread     not lost, but some region did not answer: says nothing
 */
enum fate { FATE_KEPT, FATE_LOST, FATE_MISSING, FATE_UNREAD };
enum fate readback_fate(const struct readback *rb, const struct op *write);
/* Every region of the plan answered about it. */
bool readback_everywhere(const struct readback *rb);
unsigned readback_place(const struct op *op);

#endif
