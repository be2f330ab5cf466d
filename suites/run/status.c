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

/* Of all regions that have told lately; p99 of the slowest. */
static struct vital_rates sum_rates(const struct run *run, uint64_t at_ns)
{
	struct vital_rates sum = {0};
	double bad = 0;

	for (unsigned r = 0; r < run->crew.n; r++) {
		struct vital_rates own = vitals_rates(run->vitals, r, at_ns);
		double worse =
			own.read_p99_ns > own.write_p99_ns ? own.read_p99_ns : own.write_p99_ns;

		if (own.reads < 0)
			continue;
		sum.reads += own.reads;
		sum.writes += own.writes;
		bad += own.errors > 0 ? own.errors * (own.reads + own.writes) : 0;
		sum.read_p99_ns = worse > sum.read_p99_ns ? worse : sum.read_p99_ns;
	}
	sum.errors = sum.reads + sum.writes > 0 ? bad / (sum.reads + sum.writes) : 0;
	return sum;
}

void run_status(struct run *run)
{
	uint64_t now = clock_now_ns(), at = run_since(run, now);
	const struct result_event *last = run->n_events ? &run->events[run->n_events - 1] : NULL;
	struct vital_rates rates;

	if (!run->options->status_line || !run->epoch_ns || now - run->status_shown_ns < EVERY_NS)
		return;
	run->status_shown_ns = now;
	rates = sum_rates(run, at);
	fprintf(stderr,
		"\r\033[K%5.1fs of %.0fs  %s%s  reads %.0f/s  writes %.0f/s  errors %.0f %%  p99 %.0f ms%s%.60s",
		(double)at / 1e9, (double)run->plan->end_ns / 1e9, run->held ? "held before " : "",
		run->held ? run->held : run_phase_at(run, at), rates.reads, rates.writes,
		rates.errors * 100, rates.read_p99_ns / 1e6, last ? "  | " : "",
		last ? last->what : "");
}

void run_status_end(struct run *run)
{
	if (run->options->status_line)
		fputs("\r\033[K", stderr);
}
