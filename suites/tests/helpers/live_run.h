/*
 * live_run: a run of the real program, as somebody outside of it sees and spoils it.
 *
 * Nothing here is known to the program. Its processes are found as its descendants; which one is
 * whose is told by the address in its network namespace (fixtures/net/addr.h). A site's namespace is
 * entered through the agent that lives in it.
 */
#ifndef SUITES_TESTS_HELPERS_LIVE_RUN_H
#define SUITES_TESTS_HELPERS_LIVE_RUN_H

#include "fixtures/net/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct jv;

struct live_run {
	pid_t pid;
	int progress_fd; /* its stderr */
	char *progress;  /* what it said there so far; owned */
	size_t n_progress;
};

/* The reason why runs cannot be made here, or NULL. */
const char *live_skip_reason(void);
/* Start `regionproof run SCENARIO OPTION...` with its run store in the new directory `runs`. */
void live_start(
	struct live_run *run, const char *runs, const char *scenario, const char *const *options);
/* Wait until it has said this on stderr; false where it ends or 60 s pass before. */
bool live_await(struct live_run *run, const char *text);
/* Wait for its end, at most 60 s; its exit status. */
int live_finish(struct live_run *run);

/* Our process with the leaf of a region and host: the prober, the beacon, a node. 0: none. */
pid_t live_process(const struct live_run *run, unsigned region, unsigned host);
/* The process 1 of a region, in the site's namespace. 0: none. */
pid_t live_agent(const struct live_run *run, unsigned region);
/* SIGSTOP to all processes of the run, nodes included, and SIGCONT after so long. */
void live_hold(const struct live_run *run, uint64_t length_ns);

enum live_family { LIVE_IP4 = 1, LIVE_IP6 = 2, LIVE_BOTH = 3 };
/* Carry frames of one region past the engine, for so long: to region `to`, or to all (-1). */
bool live_bypass(const struct live_run *run, unsigned region, int to, enum live_family families,
	uint64_t length_ns);
/* In a leaf, let another region's host have a MAC that nobody has: nothing reaches it, and nobody
 * is told. */
bool live_mislead(const struct live_run *run, unsigned region, unsigned host, unsigned to_region,
	unsigned to_host);

/* run.json of the newest run in `runs`; NULL: there is none. The caller frees. */
struct jv *live_result(const char *runs);
/* An expectation of it, by metric; NULL: none. */
const struct jv *live_expect(const struct jv *result, const char *metric);

#endif
