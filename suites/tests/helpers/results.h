/*
 * results: results of runs that never were, for the tests of writers.
 *
 * results_new() has one expectation of every verdict, a certified fault and one that was not in
 * force, and every text in it is `text` where that is given: what a hostile server might send.
 */
#ifndef SUITES_TESTS_HELPERS_RESULTS_H
#define SUITES_TESTS_HELPERS_RESULTS_H

#include "fixtures/base/arena.h"
#include "reports/result.h"

/* Every text that could break out of some format. */
#define RESULTS_HOSTILE                                                                            \
	"::error::x ]]> </failure><testcase name='y'/> &amp; \" ' \\ \033[31m\033]0;t\007\r\n"     \
	"::error file=a::z\n##[group]g \x01\x7f \xff\xfe \xc3\x28 \xed\xa0\x80 \xe2\x80\xae"       \
	"evil \xc2\x9b"                                                                            \
	"2J <script>alert(1)</script> %s%n"

/* In the arena; hostile NULL: a plain example as the documentation shows it. */
struct result *results_new(struct arena *arena, const char *hostile);

#endif
