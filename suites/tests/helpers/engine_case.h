/*
 * engine_case: what the conformance cases of engines share. A case builds three regions with the
 * engine under test, impairs 0 -> 1 and measures; region 2 is the bystander.
 */
#ifndef SUITES_TESTS_HELPERS_ENGINE_CASE_H
#define SUITES_TESTS_HELPERS_ENGINE_CASE_H

#include "suites/tests/helpers/net_stream.h"

#include <stdbool.h>
#include <stddef.h>

#define CASE_SEED 20261

struct CMUnitTest;

extern const int case_families[2]; /* IPv4, IPv6 */
extern const struct engine_ops *case_engine;

const char *case_family_name(int family);
bool case_is_wire(void);
/* Neighbours are known from here on. */
void case_up(struct net_lab *lab);
/* n datagrams of 64 bytes from 0 to 1, one a millisecond. */
struct net_stream case_stream(struct net_lab *lab, int family, size_t n);
struct engine_counters case_counters(struct net_lab *lab, unsigned from, unsigned to);
struct engine_link case_link(struct net_lab *lab, unsigned from, unsigned to);
/* Of what no rule means. */
struct impairment case_read_back(struct net_lab *lab, unsigned from, unsigned to);
/* Run the cases over the engines named on the command line, or over all that work here. */
int case_main(int argc, char **argv, const struct CMUnitTest *cases, size_t n);

#endif
