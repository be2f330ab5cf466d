/*
 * past_random: small random histories for comparing judges with brute force.
 *
 * Rounds per test: 2000, or REGIONPROOF_ROUNDS. Each round has a seed of its own, printed where
 * judge and reference disagree.
 */
#ifndef SUITES_TESTS_HELPERS_PAST_RANDOM_H
#define SUITES_TESTS_HELPERS_PAST_RANDOM_H

#include "fixtures/base/arena.h"
#include "fixtures/base/rng.h"
#include "suites/judge/foreign/past.h"
#include "suites/judge/models/model.h"

unsigned past_rounds(void);

const struct datum *past_int(struct arena *arena, int64_t value);
const struct datum *past_text(struct arena *arena, const char *text);
/* A list of n values; NULL stands for nil. */
const struct datum *past_list(struct arena *arena, const struct datum *const *items, size_t n);
const struct datum *past_pair(struct arena *arena, int64_t a, int64_t b);

/* An operation with random times and a random outcome (15 % unknown, 10 % fail). */
struct past_op *past_add(struct arena *arena, struct past *past, struct rng *rng);
void past_sort(struct past *past);
bool past_before(const struct past_op *a, const struct past_op *b);

typedef int judge_fn(struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err);
/* Makes one history; what the reference says of it: true, it is sound. */
typedef void past_maker(struct arena *arena, struct rng *rng, struct past *past);
/* exhibits NULL: of the whole; else only these bind, all others may do what suits best. */
typedef bool past_reference(const struct past *past, const struct judgement *exhibits);

/* Judge and reference over all rounds; both answers must come up. Where they disagree the history is
 * shrunk to the least that they still disagree on, and printed as JSON lines. */
void past_compare(
	judge_fn *judge, past_maker *make, past_reference *is_sound, const char *consistency);
/* The same for one history: the least part of it on which they disagree is left, and `what` says how.
 * False: they agree. */
bool past_reduce(judge_fn *judge, past_reference *is_sound, const char *consistency,
	struct past *past, struct buf *what);

#endif
