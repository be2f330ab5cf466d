/*
 * judge_search: what it costs to judge a recorded history of one register, by the general search
 * (cas, values that repeat) and by zones (values that are all different).
 *
 * Histories are valid, or but for one stale read: operations take effect at a random instant between
 * call and return. Each client has one operation open nearly all the time, which is the hardest that a
 * number of clients can be. Printed: time, what the search held at its peak, and the verdict; "undecided" is
 * the answer beyond 60 s or 2 GB.
 */
#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/rng.h"
#include "suites/judge/models/search.h"
#include "suites/judge/models/zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define VALUES 5
#define LIMIT_NS (60 * NSEC_PER_SEC)
#define LIMIT_BYTES ((size_t)2 << 30)

/* Of the processor: other load on the machine shall not count. */
static double spent_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)(now.tv_sec - since->tv_sec) * 1e3 +
		(double)(now.tv_nsec - since->tv_nsec) / 1e6;
}

struct effect {
	uint64_t at;
	size_t op;
};

static int by_time(const void *a, const void *b)
{
	const struct effect *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* What each does, in the order of effects, so that what it saw is true. */
static void play(struct search_op *ops, const struct effect *effects, size_t n, bool is_unique,
	struct rng *rng)
{
	uint32_t state = 0;

	for (size_t i = 0; i < n; i++) {
		struct step *step = &ops[effects[i].op].step;
		uint64_t luck = rng_below(rng, is_unique ? 2 : 3);

		if (luck == 0) {
			*step = (struct step){.kind = STEP_READ, .a = state};
		} else if (luck == 1) {
			state = is_unique ? (uint32_t)i + 1 : (uint32_t)rng_below(rng, VALUES);
			*step = (struct step){.kind = STEP_WRITE, .a = state};
		} else if (rng_below(rng, 2)) {
			*step = (struct step){.kind = STEP_CAS, .a = state};
			step->b = state = (uint32_t)rng_below(rng, VALUES);
		} else {
			*step = (struct step){.kind = STEP_DIFFER, .a = (state + 1) % VALUES};
		}
	}
}

static struct search_op *make(
	struct arena *arena, size_t n, size_t clients, bool is_unique, struct rng *rng)
{
	struct search_op *ops = arena_array(arena, n, sizeof(*ops));
	struct effect *effects = arena_array(arena, n, sizeof(*effects));
	uint64_t *free_at = arena_array(arena, clients, sizeof(*free_at));

	for (size_t i = 0; i < n; i++) {
		uint64_t *at = &free_at[i % clients];

		ops[i].call = *at + 1 + rng_below(rng, 100);
		ops[i].ret = ops[i].call + 1 + rng_below(rng, 1000);
		effects[i] = (struct effect){
			ops[i].call + rng_below(rng, ops[i].ret - ops[i].call + 1), i};
		*at = ops[i].ret;
	}
	qsort(effects, n, sizeof(*effects), by_time);
	play(ops, effects, n, is_unique, rng);
	return ops;
}

/* The first read in the second half sees what was overwritten long before. */
static void break_it(struct search_op *ops, size_t n)
{
	size_t i = n / 2;

	while (ops[i].step.kind != STEP_READ)
		i++;
	ops[0].step = (struct step){.kind = STEP_WRITE, .a = VALUES};
	ops[i].step.a = VALUES;
}

static void bench_search(size_t n, size_t clients, bool is_broken)
{
	static const char *const ends[] = {"valid", "violated", "undecided", "undecided"};
	struct arena arena = {0};
	struct rng rng;
	struct search search = {.n = n, .limit_bytes = LIMIT_BYTES};
	struct search_op *ops;
	struct timespec start;
	enum search_end end;

	rng_seed(&rng, n + clients);
	ops = make(&arena, n, clients, false, &rng);
	if (is_broken)
		break_it(ops, n);
	search.ops = ops;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	search.deadline_ns = clock_now_ns() + LIMIT_NS;
	end = search_run(&search);
	printf("search %7zu ops x %2zu clients%s  %10.2f ms  %8zu situations  %6.1f MB  %s\n", n,
		clients, is_broken ? ", a stale read" : "              ", spent_ms(&start),
		search.peak_configs, (double)search.peak_bytes / 1048576, ends[end]);
	arena_release(&arena);
}

static void bench_zones(size_t n, size_t clients)
{
	struct arena arena = {0};
	struct rng rng;
	struct search_op *ops;
	struct zones_finding finding;
	struct timespec start;
	enum zones_end end;

	rng_seed(&rng, n + clients);
	ops = make(&arena, n, clients, true, &rng);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	end = zones_judge(ops, n, 0, (uint32_t)n + 1, &finding);
	printf("zones  %7zu ops x %2zu clients  %10.2f ms  %s\n", n, clients, spent_ms(&start),
		end == ZONES_VALID ? "valid" : "VIOLATED?");
	arena_release(&arena);
}

int main(void)
{
	static const size_t clients[] = {5, 10, 20, 50};

	for (size_t n = 100; n <= 100000; n *= 10) {
		for (size_t c = 0; c < sizeof(clients) / sizeof(*clients); c++)
			bench_search(n, clients[c], false);
		for (size_t c = 0; c < sizeof(clients) / sizeof(*clients); c++)
			bench_search(n, clients[c], true);
	}
	for (size_t n = 1000; n <= 1000000; n *= 10) {
		for (size_t c = 0; c < sizeof(clients) / sizeof(*clients); c++)
			bench_zones(n, clients[c]);
	}
	return 0;
}
