/*
 * shrink: the few operations that a violation hangs on.
 *
 * An operation is weakened where that leaves the rest without explanation still: an observation is
 * taken out, anything else may then take effect at any time or never. Both only ever allow more, so
 * what remains convicts on its own: "even if all others called in time did what suits best, these have no
 * order". What was called after the failed operation returned is left out altogether.
 */
#ifndef SUITES_JUDGE_MODELS_SHRINK_H
#define SUITES_JUDGE_MODELS_SHRINK_H

#include "suites/judge/models/search.h"

/*
 * After search_run() has said SEARCH_NONE: needed[i] for each operation; failed and states of
 * the search are then those of the smaller history. Takes at most limit_ns; what time did not
 * suffice for stays needed.
 */
void search_shrink(struct search *search, uint64_t limit_ns, bool *needed);

#endif
