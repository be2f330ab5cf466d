#include "suites/judge/lane.h"
#include "suites/judge/ops.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 64
/* Records are fetched so many steps before they are needed. */
#define FETCH_OPS 64
/* A thread is worth its start where it has so many operations to look at. */
#define OPS_PER_THREAD 250000

/* A range of keys and who looks at it. */
struct walk {
	const struct index *index;
	uint32_t first, end;               /* keys */
	struct walker **walkers, **wanted; /* wanted: by the present key */
	size_t n;
	uint32_t fetched;   /* so far in the order by key */
	struct arena arena; /* of this walk's walkers */
	pthread_t thread;
	bool started;
};

/*
 * Ask for the records up to the given one of the order: no further ahead than what the first cache
 * holds beside the present lane (128 and 256 were a third slower), and a part of them between one
 * walker and the next, since a processor waits with a dozen under way and would stand still for
 * the rest. The keys' operations follow one another, so what comes next is fetched across them.
 */
static void fetch(struct walk *walk, uint64_t until)
{
	const struct index *index = walk->index;
	uint32_t end = until < index->n_listed ? (uint32_t)until : index->n_listed;

	for (; walk->fetched < end; walk->fetched++)
		__builtin_prefetch(&index->ops[index->by_key[walk->fetched]]);
}

static void fill(const struct index *index, struct lane *lane, uint32_t first, uint32_t end)
{
	lane->n = end - first < LANE_OPS ? end - first : LANE_OPS;
	for (unsigned i = 0; i < lane->n; i++) {
		lane->place[i] = index->by_key[first + i];
		lane->author[i] = index->author[first + i];
		lane->op[i] = &index->ops[lane->place[i]];
		if (!op_is_ok_read(lane->op[i]))
			continue;
		lane->end[i] = index_version_end_at(index, lane->key, lane->op[i], first + i);
		lane->start[i] = index_version_start_at(index, first + i);
	}
}

static void walk_key(struct walk *walk, struct lane *lane)
{
	const struct index *index = walk->index;
	struct span span = index_key(index, lane->key);
	unsigned class_ = 1u << op_key_class(index->keys[lane->key]), wanted = 0;
	struct walker **walkers = walk->wanted;

	for (size_t w = 0; w < walk->n; w++) {
		if (!(walk->walkers[w]->ops->skips_classes & class_))
			walkers[wanted++] = walk->walkers[w];
	}
	for (size_t w = 0; w < wanted; w++)
		walkers[w]->ops->begin_key(walkers[w], lane->key);
	for (uint32_t i = span.first; wanted && i < span.end; i += lane->n) {
		fill(index, lane, i, span.end);
		for (size_t w = 0; w < wanted; w++) {
			walkers[w]->ops->take(walkers[w], lane);
			fetch(walk, i + (uint64_t)FETCH_OPS * (w + 1) / wanted + lane->n);
		}
	}
	for (size_t w = 0; w < wanted; w++) {
		if (walkers[w]->ops->end_key)
			walkers[w]->ops->end_key(walkers[w], lane->key);
	}
}

static void *walk_keys(void *context)
{
	struct walk *walk = context;
	struct lane lane;

	walk->fetched = walk->index->key_start[walk->first];
	for (uint32_t k = walk->first; k < walk->end; k++) {
		lane.key = k;
		walk_key(walk, &lane);
	}
	return NULL;
}

static struct walker *new_walker(
	struct arena *arena, const struct evidence *evidence, const struct question *question)
{
	const struct walker_ops *ops = checker_find(question->metric->checker)->walker;
	struct walker *walker = arena_alloc(arena, ops->size);

	walker->ops = ops;
	walker->arena = arena;
	walker->view = view_of(evidence, question);
	walker->out = arena_alloc(arena, sizeof(*walker->out));
	walker->out->fault = -1;
	if (ops->open)
		ops->open(walker);
	return walker;
}

static void join_findings(struct arena *arena, struct measurement *out, const struct measurement *m)
{
	for (size_t i = 0; i < m->n_findings; i++) {
		struct finding *finding = finding_add(arena, out, m->findings[i].severity);

		if (!finding)
			continue;
		*finding = m->findings[i];
		finding->reason = arena_strdup(arena, finding->reason);
	}
	out->total_findings += m->total_findings - m->n_findings;
}

static unsigned count_threads(const struct index *index, unsigned wanted)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = wanted ? wanted : index->n_listed / OPS_PER_THREAD;

	if (!wanted && processors > 0 && n > (unsigned long)processors)
		n = (unsigned)processors;
	if (n > THREADS_MAX)
		n = THREADS_MAX;
	return n ? n : 1;
}

/* Ranges of keys with about as many operations each. */
static void share_out(struct walk *walks, unsigned n, const struct index *index)
{
	uint32_t key = 0;

	for (unsigned t = 0; t < n; t++) {
		uint64_t until = (uint64_t)index->n_listed * (t + 1) / n;

		walks[t].index = index;
		walks[t].first = key;
		while (key < index->n_keys && (t + 1 == n || index->key_start[key] < until))
			key++;
		walks[t].end = key;
	}
}

static void open_walkers(struct walk *walk, const struct evidence *evidence,
	const struct question *questions, size_t n)
{
	walk->n = n;
	walk->walkers = arena_array(&walk->arena, n, sizeof(struct walker *));
	walk->wanted = arena_array(&walk->arena, n, sizeof(struct walker *));
	for (size_t q = 0; q < n; q++)
		walk->walkers[q] = new_walker(&walk->arena, evidence, &questions[q]);
}

/* The first range is looked at by the caller's own thread; one that cannot be started as well. */
static void run_walks(struct walk *walks, unsigned n)
{
	for (unsigned t = 1; t < n; t++)
		walks[t].started = !pthread_create(&walks[t].thread, NULL, walk_keys, &walks[t]);
	walk_keys(&walks[0]);
	for (unsigned t = 1; t < n; t++) {
		if (walks[t].started)
			pthread_join(walks[t].thread, NULL);
		else
			walk_keys(&walks[t]);
	}
}

static void close_walkers(struct walk *walk)
{
	for (size_t q = 0; q < walk->n; q++) {
		if (walk->walkers[q]->ops->close)
			walk->walkers[q]->ops->close(walk->walkers[q]);
	}
	arena_release(&walk->arena);
}

/* Everything joined by the first range's walker, which answers with memory of the caller. */
static void answer(
	struct arena *arena, struct walk *walks, unsigned n, size_t q, struct measurement *out)
{
	struct walker *walker = walks[0].walkers[q];
	struct measurement joined = {.fault = -1};

	for (unsigned t = 0; t < n; t++) {
		join_findings(arena, &joined, walks[t].walkers[q]->out);
		if (t)
			walker->ops->join(walker, walks[t].walkers[q]);
	}
	*out = joined;
	walker->arena = arena;
	walker->out = out;
	walker->ops->answer(walker);
}

void lane_measure(struct arena *arena, const struct evidence *evidence,
	const struct question *questions, size_t n, unsigned threads, struct measurement *out)
{
	unsigned n_walks = count_threads(evidence->index, threads);
	struct walk *walks = calloc(n_walks, sizeof(*walks));

	if (!walks)
		abort();
	share_out(walks, n_walks, evidence->index);
	for (unsigned t = 0; t < n_walks; t++)
		open_walkers(&walks[t], evidence, questions, n);
	run_walks(walks, n_walks);
	for (size_t q = 0; q < n; q++)
		answer(arena, walks, n_walks, q, &out[q]);
	for (unsigned t = 0; t < n_walks; t++)
		close_walkers(&walks[t]);
	free(walks);
}
