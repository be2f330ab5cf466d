#include "suites/judge/spoil.h"
#include "suites/judge/index.h"
#include "suites/judge/view.h"

#include <stdlib.h>
#include <string.h>

/* Longer histories are not copied for it: each expectation is measured up to a dozen times more. */
#define OPS_MAX 1000000
#define FIRST_PARTS 256
#define GROWTH 4
#define EXACT_PART 10 /* the number told is at most by so manyth a part too large */

struct spoiling {
	const struct checker_ops *checker;
	struct evidence copy;
	struct index index; /* with a write_of of its own; the orders are those of the original */
	struct question question;
	struct view view;
	uint32_t *places; /* of what can be made worse, in the order in which it is */
	uint32_t n;
};

static void *copy_of(const void *from, size_t size)
{
	void *to = malloc(size + 1);

	if (!to)
		abort();
	return size ? memcpy(to, from, size) : to;
}

/* Places are numbered through: operations, marks, beacons. */
static bool make_worse(struct spoiling *s, uint32_t place)
{
	const struct checker_ops *checker = s->checker;

	if (place < s->copy.history.n)
		return checker->spoil && checker->spoil(&s->copy, &s->index, &s->view, place);
	place -= (uint32_t)s->copy.history.n;
	if (place < s->copy.marks.n)
		return checker->spoil_mark && checker->spoil_mark(&s->copy, &s->view, place);
	place -= (uint32_t)s->copy.marks.n;
	return checker->spoil_beacon && checker->spoil_beacon(&s->copy, &s->view, place);
}

/* As it was recorded. */
static void mend(struct spoiling *s, const struct evidence *from, uint32_t place)
{
	if (place < s->copy.history.n) {
		s->copy.history.ops[place] = from->history.ops[place];
		s->index.write_of[place] = from->index->write_of[place];
		return;
	}
	place -= (uint32_t)s->copy.history.n;
	if (place < s->copy.marks.n) {
		s->copy.marks.marks[place] = from->marks.marks[place];
		return;
	}
	place -= (uint32_t)s->copy.marks.n;
	s->copy.beacons.samples[place] = from->beacons.samples[place];
}

/* Each is tried, and mended. */
static void find_places(struct spoiling *s, const struct evidence *from)
{
	size_t n = s->copy.history.n + s->copy.marks.n + s->copy.beacons.n;

	s->places = malloc((n + 1) * sizeof(*s->places));
	if (!s->places)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		if (!make_worse(s, i))
			continue;
		s->places[s->n++] = i;
		mend(s, from, i);
	}
}

static void shuffle(struct spoiling *s, uint64_t seed)
{
	struct rng rng;

	rng_seed(&rng, rng_derive(seed, s->question.metric->name));
	for (uint32_t i = s->n; i > 1; i--) {
		uint32_t j = (uint32_t)rng_below(&rng, i), place = s->places[i - 1];

		s->places[i - 1] = s->places[j];
		s->places[j] = place;
	}
}

static bool still_passes(struct spoiling *s, spoil_passes *passes, void *context)
{
	struct measurement m = {.fault = -1};
	struct arena arena = {0};
	bool rc;

	s->checker->measure(&arena, &s->copy, &s->question, &m);
	rc = passes(context, &m);
	arena_release(&arena);
	return rc;
}

/* The first so many places are worse, all others as they were recorded. */
static void spoil_first(struct spoiling *s, const struct evidence *from, uint32_t *now, uint32_t n)
{
	for (; *now < n; ++*now)
		make_worse(s, s->places[*now]);
	while (*now > n)
		mend(s, from, s->places[--*now]);
}

/* More and more until it is noticed, then back to about the fewest that are. */
static void find_fewest(struct spoiling *s, const struct evidence *from, spoil_passes *passes,
	void *context, struct spoiled *out)
{
	uint32_t until = s->n / FIRST_PARTS ? s->n / FIRST_PARTS : 1, now = 0, unseen = 0;

	out->of = s->n;
	while (now < s->n && !out->noticed) {
		unseen = now;
		spoil_first(s, from, &now, until);
		out->noticed = !still_passes(s, passes, context);
		until = until < s->n / GROWTH ? until * GROWTH : s->n;
	}
	out->needed = now;
	while (out->noticed && out->needed - unseen > 1 &&
		(out->needed - unseen) * EXACT_PART > out->needed) {
		uint32_t half = unseen + (out->needed - unseen) / 2;

		spoil_first(s, from, &now, half);
		if (still_passes(s, passes, context))
			unseen = half;
		else
			out->needed = half;
	}
}

static void copy_records(struct spoiling *s, const struct evidence *from)
{
	size_t n = from->history.n;

	s->copy.history.ops = copy_of(from->history.ops, n * sizeof(struct op));
	s->index.write_of = copy_of(from->index->write_of, n * sizeof(uint32_t));
	s->copy.marks.marks =
		copy_of(from->marks.marks, from->marks.n * sizeof(*from->marks.marks));
	s->copy.beacons.samples =
		copy_of(from->beacons.samples, from->beacons.n * sizeof(*from->beacons.samples));
}

void spoil_measure(const struct evidence *evidence, const struct question *question, uint64_t seed,
	spoil_passes *passes, void *context, struct spoiled *out)
{
	struct spoiling s = {.checker = checker_find(question->metric->checker),
		.copy = *evidence,
		.index = *evidence->index,
		.question = *question};
	*out = (struct spoiled){0};
	if (!s.checker || !checker_spoils(s.checker) ||
		evidence->history.n + evidence->marks.n + evidence->beacons.n > OPS_MAX)
		return;
	copy_records(&s, evidence);
	s.index.ops = s.copy.history.ops;
	s.copy.index = &s.index;
	s.view = view_of(&s.copy, &s.question);
	find_places(&s, evidence);
	if (!s.checker->spoils_in_a_row)
		shuffle(&s, seed);
	out->possible = s.n > 0;
	find_fewest(&s, evidence, passes, context, out);
	free(s.places);
	free(s.copy.beacons.samples);
	free(s.copy.marks.marks);
	free(s.index.write_of);
	free(s.copy.history.ops);
}
