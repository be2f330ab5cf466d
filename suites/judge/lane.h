/*
 * lane: one walk over the keys of a history for any number of questions at once.
 *
 * The operations of a key pass by in the order of their calls, a lane of 64 at a time: their
 * records are fetched into the cache once, ahead of use, with the version that each read returned,
 * and then every walker looks at the lane. A walker is a question of a checker that judges key by
 * key; what it remembers of a key it keeps itself, so a key may have any length.
 *
 * Keys are independent, so long histories are shared out to threads, a range of keys each with
 * walkers of its own; their answers are joined in the order of the keys, so that the result is the
 * same whatever the number of threads.
 */
#ifndef SUITES_JUDGE_LANE_H
#define SUITES_JUDGE_LANE_H

#include "suites/judge/view.h"

#define LANE_OPS 64

struct lane {
	uint32_t key; /* dense */
	unsigned n;
	uint32_t place[LANE_OPS];  /* in the history */
	uint32_t author[LANE_OPS]; /* the number of the write of its value, see index.h */
	const struct op *op[LANE_OPS];
	/* Of ok reads: index_version_end() and index_version_start(). */
	uint64_t end[LANE_OPS], start[LANE_OPS];
};

/* What all walkers have; the first member of each. */
struct walker {
	const struct walker_ops *ops;
	struct arena *arena;
	struct view view;
	struct measurement *out; /* findings of the range of keys; with them on n and value */
};

struct walker_ops {
	size_t size;            /* of the walker; comes zeroed behind its common part */
	unsigned skips_classes; /* bit per enum key_class that says nothing to it */
	void (*open)(struct walker *walker); /* NULL: nothing to do */
	void (*begin_key)(struct walker *walker, uint32_t key);
	void (*take)(struct walker *walker, const struct lane *lane);
	void (*end_key)(struct walker *walker, uint32_t key); /* NULL: nothing to do */
	/* Take over what another walker of the same question counted on later keys. Findings of both
	 * are joined by the caller. */
	void (*join)(struct walker *walker, const struct walker *later);
	/* Fill walker->out. */
	void (*answer)(struct walker *walker);
	void (*close)(struct walker *walker); /* NULL: nothing to do */
};

/* Answer the questions, whose checkers all have a walker. threads 0: as many as pay. Memory of the
 * answers from the arena. */
void lane_measure(struct arena *arena, const struct evidence *evidence,
	const struct question *questions, size_t n, unsigned threads, struct measurement *out);

#endif
