/*
 * survival: can the faults of a run have dropped acknowledged writes?
 *
 * They cannot where none was in force; and where none of them touched a node, and one and the same
 * node performed every acknowledged write and was, by the marks, the only primary from the first to
 * beyond the last fault.
 */
#ifndef SUITES_JUDGE_SURVIVAL_H
#define SUITES_JUDGE_SURVIVAL_H

#include "suites/judge/evidence.h"

/* Did every acknowledged write surely survive? evidence->index is made. */
bool survival_of_all(const struct evidence *evidence);

/* Nobody is accused for what a fault may explain, whether or not it could be certified: from when to
 * when may it have been on? False: it never was. */
bool survival_fault_bounds(const struct fault_window *w, uint64_t *from_ns, uint64_t *to_ns);

#endif
