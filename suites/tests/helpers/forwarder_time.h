/*
 * forwarder_time: what an engine takes of the processors.
 */
#ifndef SUITES_TESTS_HELPERS_FORWARDER_TIME_H
#define SUITES_TESTS_HELPERS_FORWARDER_TIME_H

#include <stdint.h>

struct engine;

/* Processor time that the process of the engine has used so far; 0 for an engine without one. */
uint64_t forwarder_time_ns(struct engine *engine);

#endif
