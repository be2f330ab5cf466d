#include "suites/judge/models/objects.h"

#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* What came of one object. */
struct outcome {
	struct arena arena;
	struct judgement judgement;
	int rc;
	bool ran_short;
};

struct work {
	const struct objects *objects;
	struct outcome *outcomes;
	const char *consistency;
	uint64_t deadline_ns;
	unsigned n_threads;
	pthread_mutex_t lock;
	size_t next;    /* nobody has taken it yet */
	size_t stop;    /* the first that is violated or in error: nothing behind it matters */
	struct err err; /* of that one */
};

struct worker {
	struct work *work;
	unsigned number;
	pthread_t thread;
	bool started;
};

/* As if all that are left took equally long, n at a time. */
static uint64_t share_of_time(const struct work *work, size_t left, unsigned n)
{
	uint64_t now = clock_now_ns(), rest;

	if (!work->deadline_ns)
		return 0;
	if (now >= work->deadline_ns)
		return now;
	rest = work->deadline_ns - now;
	return now + (left > n ? rest / left * n : rest) + 1;
}

static void judge_one(struct work *work, unsigned thread, size_t object,
	struct object_limits *limits, struct err *err)
{
	struct outcome *outcome = &work->outcomes[object];

	judgement_release(&outcome->judgement);
	arena_release(&outcome->arena);
	outcome->judgement = (struct judgement){.consistency = work->consistency};
	outcome->rc = work->objects->judge(work->objects->context, thread, &outcome->arena, object,
		limits, &outcome->judgement, err);
	outcome->ran_short = limits->ran_short;
}

/* Nobody will ask for the exhibits of what is valid, unless it is the last. */
static void forget(struct work *work, size_t object)
{
	struct outcome *outcome = &work->outcomes[object];

	if (outcome->rc || outcome->judgement.finding != FINDING_VALID ||
		object + 1 == work->objects->n)
		return;
	judgement_release(&outcome->judgement);
	arena_release(&outcome->arena);
	outcome->judgement = (struct judgement){.n_judged = outcome->judgement.n_judged};
}

static void stop_behind(struct work *work, size_t object, const struct err *err)
{
	const struct outcome *outcome = &work->outcomes[object];

	if ((!outcome->rc && outcome->judgement.finding != FINDING_VIOLATED) ||
		object >= work->stop)
		return;
	work->stop = object;
	work->err = *err;
}

static void *work_on(void *context)
{
	struct worker *worker = context;
	struct work *work = worker->work;
	struct err err = {{0}, 0};

	pthread_mutex_lock(&work->lock);
	while (work->next < work->stop) {
		size_t object = work->next++;
		struct object_limits limits = {
			.bytes = work->objects->limit_bytes / work->n_threads,
			.deadline_ns =
				share_of_time(work, work->objects->n - object, work->n_threads)};

		pthread_mutex_unlock(&work->lock);
		judge_one(work, worker->number, object, &limits, &err);
		forget(work, object);
		pthread_mutex_lock(&work->lock);
		stop_behind(work, object, &err);
	}
	pthread_mutex_unlock(&work->lock);
	return NULL;
}

/* The first worker is the caller's own thread, which does the work of those that could not be
 * started. */
static void work_together(struct work *work)
{
	struct worker workers[OBJECTS_THREADS];

	for (unsigned t = 0; t < work->n_threads; t++)
		workers[t] = (struct worker){.work = work, .number = t};
	for (unsigned t = 1; t < work->n_threads; t++)
		workers[t].started =
			!pthread_create(&workers[t].thread, NULL, work_on, &workers[t]);
	work_on(&workers[0]);
	for (unsigned t = 1; t < work->n_threads; t++) {
		if (workers[t].started)
			pthread_join(workers[t].thread, NULL);
	}
}

/* What a part of the memory did not suffice for. */
static void work_alone(struct work *work)
{
	struct err err = {{0}, 0};
	size_t left = 0;

	for (size_t i = 0; i < work->stop; i++)
		left += work->outcomes[i].ran_short;
	for (size_t i = 0; i < work->stop && work->n_threads > 1; i++) {
		struct object_limits limits = {.bytes = work->objects->limit_bytes};

		if (!work->outcomes[i].ran_short)
			continue;
		limits.deadline_ns = share_of_time(work, left--, 1);
		judge_one(work, 0, i, &limits, &err);
		forget(work, i);
		stop_behind(work, i, &err);
	}
}

static size_t find_worst(const struct work *work)
{
	if (work->stop < work->objects->n)
		return work->stop;
	for (size_t i = 0; i < work->objects->n; i++) {
		if (work->outcomes[i].judgement.finding == FINDING_UNDECIDED)
			return i;
	}
	return work->objects->n - 1;
}

static int answer(struct work *work, struct arena *arena, struct judgement *out, size_t *n_judged,
	struct err *err)
{
	size_t worst = find_worst(work);
	struct outcome *outcome = &work->outcomes[worst];
	int rc = outcome->rc;

	*n_judged = 0;
	for (size_t i = 0; i < work->objects->n && i <= work->stop; i++)
		*n_judged += work->outcomes[i].judgement.n_judged;
	if (rc) {
		*err = work->err;
	} else {
		*out = outcome->judgement;
		outcome->judgement = (struct judgement){.finding = FINDING_VALID};
		arena_join(arena, &outcome->arena);
	}
	for (size_t i = 0; i < work->objects->n; i++) {
		judgement_release(&work->outcomes[i].judgement);
		arena_release(&work->outcomes[i].arena);
	}
	return rc;
}

unsigned objects_threads(const struct objects *objects)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = objects->threads;

	if (!n)
		n = processors > 0 ? (unsigned)processors : 1;
	if (n > OBJECTS_THREADS)
		n = OBJECTS_THREADS;
	return n > objects->n ? (unsigned)objects->n : n;
}

int objects_judge(const struct objects *objects, struct arena *arena, struct judgement *out,
	size_t *n_judged, struct err *err)
{
	struct work work = {.objects = objects,
		.consistency = out->consistency,
		.stop = objects->n,
		.lock = PTHREAD_MUTEX_INITIALIZER};
	int rc;

	*n_judged = 0;
	if (!objects->n)
		return 0;
	work.n_threads = objects_threads(objects);
	work.outcomes = calloc(objects->n, sizeof(*work.outcomes));
	if (!work.outcomes)
		abort();
	if (objects->limit_ns)
		work.deadline_ns = clock_now_ns() + objects->limit_ns;
	work_together(&work);
	work_alone(&work);
	rc = answer(&work, arena, out, n_judged, err);
	free(work.outcomes);
	pthread_mutex_destroy(&work.lock);
	return rc;
}
