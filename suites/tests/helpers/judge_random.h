/*
 * judge_random: small random histories, full of violations, and the definitions of the checkers
 * said again in the plainest way, for comparison.
 */
#ifndef SUITES_TESTS_HELPERS_JUDGE_RANDOM_H
#define SUITES_TESTS_HELPERS_JUDGE_RANDOM_H

#include "suites/tests/helpers/judge_world.h"

/* How many histories a test looks at: 2000, in the long run 100000, or what REFERENCE_HISTORIES
 * says. */
unsigned random_histories(void);

struct random_shape {
	unsigned ops, sessions, keys, ledger_keys;
	bool deletes, overlap, faults, sweeps;
};

/* A sealed world. The same seed gives the same one. */
void random_world(struct judge_world *world, uint64_t seed, const struct random_shape *shape);
/* Shape drawn from the seed. */
struct random_shape random_shape_of(uint64_t seed);

/* When the version that a read returned was surely written; UINT64_MAX: cannot be said. */
uint64_t plain_end(const struct judge_world *world, const struct op *read);
/* The write whose value the read returned, where it did not fail, was to that key, and was called
 * before the read had returned; NULL otherwise. */
const struct op *plain_write(const struct judge_world *world, const struct op *read);
/* The read returns something certainly older than the write. */
bool plain_older(const struct judge_world *world, const struct op *read, const struct op *write);
bool plain_is_session(const struct op *op);
bool plain_is_write(const struct op *op);
bool plain_is_ok_read(const struct op *op);

/* for (each operation `each` of the world) */
#define EACH_OP(world, each)                                                                       \
	for (const struct op *each = (world)->ops; each < (world)->ops + (world)->n_ops; each++)

#endif
