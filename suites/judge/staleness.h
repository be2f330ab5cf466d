/*
 * staleness: the definite age of every read, as the checker of staleness sees it, for pictures.
 */
#ifndef SUITES_JUDGE_STALENESS_H
#define SUITES_JUDGE_STALENESS_H

#include "fixtures/base/arena.h"
#include "suites/judge/evidence.h"

enum read_age {
	AGE_UNKNOWN,         /* no read that was ok, or nobody can say which version it returned */
	AGE_WITHIN,          /* not older than its group's stale-after */
	AGE_STALE_FLAGGED,   /* older, and the answer said so */
	AGE_STALE_UNFLAGGED, /* older, and it did not */
};

/* By place in the history; age_ns holds where the kind is not AGE_UNKNOWN. */
struct read_ages {
	uint64_t *age_ns;
	uint8_t *kind; /* enum read_age */
};

/* evidence->index must be there. In the arena. */
struct read_ages staleness_of_reads(struct arena *arena, const struct evidence *evidence);

#endif
