/* primary: which node performs the writes, as its clients see it. */
#ifndef SUITES_JUDGE_PRIMARY_H
#define SUITES_JUDGE_PRIMARY_H

#include "suites/judge/view.h"

/* Who performed the last write that was acknowledged before the instant; else who last called itself
 * primary; else OP_NODE_UNKNOWN. */
unsigned primary_before(const struct view *view, uint64_t at_ns);
/* The fault that a question about failing over is about: of its phase, else the first that was in force;
 * -1: the plan has none. */
int primary_fault(const struct view *view);

#endif
