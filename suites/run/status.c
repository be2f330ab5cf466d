/* The one line that is rewritten while a run goes on; nothing where stderr is no terminal. */
#include "suites/run/run.h"
#include "fixtures/base/clock.h"

#include <stdio.h>

#define EVERY_NS (200 * NSEC_PER_MSEC)

const char *run_phase_at(const struct run *run, uint64_t at_ns)
{
	const char *name = "starting";

	for (size_t i = 0; i < run->plan->n_phases; i++) {
		if (run->plan->phases[i].start_ns <= at_ns)
			name = run->plan->phases[i].name;
	}
	return name;
}

void run_status(struct run *run)
{
	uint64_t now = clock_now_ns(), at = run_since(run, now);
	struct live_counts sum = {0};

	if (!run->options->status_line || !run->epoch_ns || now - run->status_shown_ns < EVERY_NS)
		return;
	run->status_shown_ns = now;
	for (unsigned r = 0; r < run->crew.n; r++) {
		sum.ok += run->live[r].reads.ok + run->live[r].writes.ok;
		sum.fail += run->live[r].reads.fail + run->live[r].writes.fail;
		sum.unknown += run->live[r].reads.unknown + run->live[r].writes.unknown;
	}
	fprintf(stderr, "\r\033[K%5.1fs of %.0fs  %s  ok %llu  fail %llu  unknown %llu",
		(double)at / 1e9, (double)run->plan->end_ns / 1e9, run_phase_at(run, at),
		(unsigned long long)sum.ok, (unsigned long long)sum.fail,
		(unsigned long long)sum.unknown);
}

void run_status_end(struct run *run)
{
	if (run->options->status_line)
		fputs("\r\033[K", stderr);
}
