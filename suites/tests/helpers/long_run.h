/* long_run: the evidence of a run of very many operations, for a bench and a test of size. */
#ifndef SUITES_TESTS_HELPERS_LONG_RUN_H
#define SUITES_TESTS_HELPERS_LONG_RUN_H

#include "suites/tests/helpers/judge_world.h"

/* Sealed, with tickers, roles and a fault in the middle third; to be released with jw_release(). */
void long_run_init(struct judge_world *world, size_t n);

#endif
