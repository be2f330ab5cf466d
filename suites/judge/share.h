/*
 * share: how many of a series of yes-or-no samples were yes, with its interval.
 */
#ifndef SUITES_JUDGE_SHARE_H
#define SUITES_JUDGE_SHARE_H

#include "suites/judge/checker.h"

struct share {
	bool *hit; /* in time order */
	size_t n, hits;
};

void share_add(struct arena *arena, struct share *share, bool hit);
/* STAT_COUNT: the hits. Otherwise the share, its exact interval, n and episodes. */
void share_measure(
	const struct share *share, const struct question *question, struct measurement *out);

#endif
