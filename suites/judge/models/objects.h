/*
 * objects: judging the objects of a history one by one, on all processors.
 *
 * Linearizability is local, so the keys of a history are judged apart; so are sets, counters and
 * banks where keys are given. Threads take the next object when they are done with one, since one key may
 * cost as much as all others.
 *
 * The answer is that of one thread, whatever their number: the first violated object, in the order
 * of the history, is shown, so what stands behind one that was found is let go and what stands before
 * it is finished. Caps hold for all together: each thread has its part of the memory, and an object that
 * found this too little is judged again, alone and with all of it. Of the time an object gets its
 * share of what is left.
 */
#ifndef SUITES_JUDGE_MODELS_OBJECTS_H
#define SUITES_JUDGE_MODELS_OBJECTS_H

#include "suites/judge/models/model.h"

/* What one object may cost. */
struct object_limits {
	uint64_t deadline_ns; /* of clock_now_ns(); 0: none */
	size_t bytes;         /* 0: none */
	bool ran_short;       /* set by the judge: it was undecided for want of memory */
};

struct objects {
	size_t n;
	unsigned threads; /* 0: as many as there are processors */
	uint64_t limit_ns;
	size_t limit_bytes;
	/* Called by any thread, with an arena of the object's own; threads are numbered from 0. -1
	 * where the operations do not fit the model. */
	int (*judge)(void *context, unsigned thread, struct arena *arena, size_t object,
		struct object_limits *limits, struct judgement *out, struct err *err);
	void *context;
};

#define OBJECTS_THREADS 64

/* How many it will be. */
unsigned objects_threads(const struct objects *objects);

/* The worst: the first violated one, else the first undecided, else the last. *n_judged sums up the
 * operations of all objects but those behind a violated one. */
int objects_judge(const struct objects *objects, struct arena *arena, struct judgement *out,
	size_t *n_judged, struct err *err);

#endif
