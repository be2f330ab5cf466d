/*
 * scenario_text: scenarios for tests, written as what differs from a sound one.
 *
 *	struct scenario_text text = SCENARIO_TEXT;
 *
 *	text.links = "links: { ... }\n";
 *	assert_complaint(&text, "t.yaml:4:7: ...");
 */
#ifndef SUITES_TESTS_HELPERS_SCENARIO_TEXT_H
#define SUITES_TESTS_HELPERS_SCENARIO_TEXT_H

#include "suites/plan.h"

struct scenario_text {
	const char *head, *regions, *links, *system, *clients, *timeline, *expect, *tail;
};

#define SCENARIO_TEXT                                                                              \
	{                                                                                          \
		.head = "scenario: t\nversion: 1\n",                                               \
		.regions = "regions: { us: { role: primary }, eu: {}, ap: {} }\n",                 \
		.links = "links: { us <-> eu: { rtt: 80ms }, us <-> ap: { rtt: 190ms }, "          \
			 "eu <-> ap: { rtt: 120ms } }\n",                                          \
		.system = "system: { recipe: region-store }\n",                                    \
		.clients = "clients: [ { name: users, sessions: 2 per region, "                    \
			   "reads: { rate: 100/s }, writes: { rate: 20/s } } ]\n",                 \
		.timeline = "timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"                  \
			    "  - { at: 5s, partition: us, for: 10s, name: cut }\n"                 \
			    "  - { at: 15s, watch: after, for: 5s }\n"                             \
			    "  - { at: 20s, quiet: settled, for: 5s }\n",                          \
		.expect = "expect: [ writes.lost == 0 ]\n", .tail = "",                            \
	}

/* The plan, or NULL with its complaints in errors. */
struct plan *scenario_build(const struct scenario_text *text, struct err *err, struct buf *errors);
/* Fails the test with what was said unless the complaints hold the golden text. */
void assert_complaint(const struct scenario_text *text, const char *golden);
/* Fails the test unless there is a plan; the caller frees it. */
struct plan *assert_plan(const struct scenario_text *text);

#endif
