/* bench_pairs: our probe with full history against a program made for it, in interleaved pairs. */
#ifndef TESTS_HELPERS_BENCH_PAIRS_H
#define TESTS_HELPERS_BENCH_PAIRS_H

#include "suites/tests/helpers/prober_load.h"

#include <stdint.h>

#define BENCH_CONNECTIONS 16

struct bench_pair {
	const char *what;   /* "postgres probe / pgbench" */
	const char *driver; /* of ours; half reads, half writes */
	const char *start;  /* bash, in a directory of its own: the server, ended with the shell */
	const char *ready;  /* bash: true when it can be asked; prepares what is needed */
	const char *peer;   /* bash: prints one number, operations a second */
	double target;      /* of the ratio */
};

/* All scripts find $PORT and $CONNECTIONS. The exit code: 0 also where a program is missing, which is
 * said. */
int bench_pairs(const struct bench_pair *bench);

#endif
