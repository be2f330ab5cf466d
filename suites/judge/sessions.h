/*
 * sessions: the four guarantees of a session (Terry et al. 1994).
 *
 * Read your writes and monotonic reads follow what one session did with one key. Monotonic writes
 * and writes follow reads are defined per server: they are judged from two reads of one observer
 * that the same node answered, on different keys; on one key what was seen is a failure of
 * monotonic reads and counted there.
 */
#ifndef SUITES_JUDGE_SESSIONS_H
#define SUITES_JUDGE_SESSIONS_H

#include "suites/judge/view.h"

/* Violations and trials of sessions that stay in a region, and of those that roam. */
struct session_tally {
	uint64_t trials[2], violations[2];
	const bool *roams; /* by session */
};

static inline void tally_trial(struct session_tally *tally, uint32_t session)
{
	tally->trials[tally->roams[session]]++;
}

/* Monotonic writes (false) or writes follow reads (true). */
void sessions_observe(struct arena *arena, const struct view *view, bool follow_reads,
	struct session_tally *tally, struct measurement *out);

/* Plants of all four (sessions_plant.c). */
bool sessions_plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns);

#endif
