/*
 * weak: read committed, read atomic and causal consistency of transactions over registers.
 *
 * After Biswas and Enea (2019), decided as AWDIT does (arXiv 2504.06975): a history keeps a level
 * exactly if some commit order contains session order and reads-from and obeys the level's rule:
 * where t3 read x from t1, and t2 also wrote x and is one that t3 knew of, t2 comes before t1. What t3
 * knows of:
 *
 *   read committed   what it read from earlier, within itself
 *   read atomic      what it read from anywhere, and all before it in its session
 *   causal           everything that leads to it by sessions and reads
 *
 * None of that depends on the commit order, so the edges that it forces are added once, and the
 * level is kept exactly if there is no cycle. Of the writers of a key in one session only the
 * latest that t3 knew of is needed. Cost: O(n k) for causal with k sessions, otherwise less than
 * the square root of n for each read.
 */
#ifndef SUITES_JUDGE_MODELS_WEAK_H
#define SUITES_JUDGE_MODELS_WEAK_H

#include "suites/judge/models/txns.h"

enum weak_level { WEAK_READ_COMMITTED, WEAK_READ_ATOMIC, WEAK_CAUSAL };

/* Into all->out; UNDECIDED where memory does not suffice. */
void weak_judge(struct txns *all, enum weak_level level, size_t limit_bytes);

#endif
