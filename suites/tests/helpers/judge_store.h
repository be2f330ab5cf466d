/*
 * judge_store: histories of a store without a fault of its own, and violations put into them one by
 * one: truth by construction.
 *
 * Every operation takes effect at one instant between its call and its return, on one copy, so the
 * history is linearizable and no checker may find anything in it. Reads are answered by the node of
 * the client's region, writes by node 0.
 */
#ifndef SUITES_TESTS_HELPERS_JUDGE_STORE_H
#define SUITES_TESTS_HELPERS_JUDGE_STORE_H

#include "suites/tests/helpers/judge_world.h"
#include "fixtures/base/rng.h"

struct store_shape {
	unsigned ops;        /* of sessions, about; spread over 10 ms each */
	unsigned registers;  /* of each session */
	unsigned ledger_pct; /* of writes */
	unsigned delete_pct;
	unsigned unknown_pct; /* of all: the answer is lost, the effect may or may not happen */
};

#define STORE_SHAPE                                                                                \
	(struct store_shape)                                                                       \
	{                                                                                          \
		.ops = 2000, .registers = 2, .ledger_pct = 20, .delete_pct = 10, .unknown_pct = 5  \
	}

/* Fills an initialised world: sessions, tickers, and two sweeps at the end. */
void store_run(struct judge_world *world, uint64_t seed, const struct store_shape *shape);

#endif
