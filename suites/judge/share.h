/*
 * share: how many of a series of yes-or-no samples were yes, with its interval.
 */
#ifndef SUITES_JUDGE_SHARE_H
#define SUITES_JUDGE_SHARE_H

#include "suites/judge/view.h"

struct share {
	bool *hit; /* in time order */
	size_t n, hits;
};

void share_add(struct arena *arena, struct share *share, bool hit);
/* STAT_COUNT: the hits. Otherwise the share, its exact interval, n and episodes. */
void share_measure(
	const struct share *share, const struct question *question, struct measurement *out);
/* Of the operations that count, those with the flag. */
typedef bool share_counts(const struct view *view, uint32_t op);
void share_of_flag(const struct evidence *evidence, const struct question *question,
	share_counts *counts, uint16_t flag, struct measurement *out);

#endif
