/*
 * window: the proof that a stretch of the history has no explanation, from the stretch alone.
 *
 * To show that no order exists, a search has to go through all configurations from the beginning on.
 * Mostly that is not needed: what happened long before does not matter. So the stretch is judged with
 * any state to begin with; what had returned before it is left out; what was open when it began may
 * have taken effect before, and need not at all; what was open when it ended need not either. That
 * allows all that the whole history does, and more. Where even that has no order, the whole has none.
 */
#ifndef SUITES_JUDGE_MODELS_WINDOW_H
#define SUITES_JUDGE_MODELS_WINDOW_H

#include "suites/judge/models/walk.h"

/* The events [from, end) of a walk, the last one a return; true: proven, then search->failed, states and
 * window are set. In a share of the time that is left, and in limit_bytes. */
bool window_proves(const struct walk *walk, uint32_t from, uint32_t end, size_t limit_bytes);

#endif
