/*
 * --hold: before every change of the timeline a person is waited for.
 *
 * Clients, beacons and leases go on meanwhile. What was planned from then on moves by the time that was held, in
 * the plan itself, so that phases, faults and the page all speak of the same instants; the record keeps the
 * moves, so that a later `judge` makes them again.
 */
#include "suites/run/run.h"
#include "fixtures/base/clock.h"

#include <poll.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

/* Does a person decide on this step? Stages of one fault are one fault: in between nobody is asked. */
static const char *held_before(const struct run *run, const struct plan_step *step)
{
	const struct plan *plan = run->plan;

	if (step->kind == STEP_ACTION && plan->actions[step->index].kind == ACTION_WAIT)
		return plan->actions[step->index].what;
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct plan_phase *phase = &plan->phases[i];

		if (step->kind == STEP_QUIET && step->index == (int)i)
			return phase->name;
		if (phase->kind != PHASE_FAULT)
			continue;
		if (step->kind == STEP_FAULT_ON && step->index == phase->fault)
			return phase->name;
		if (step->kind == STEP_FAULT_OFF && step->index == phase->last_fault)
			return arena_printf((struct arena *)(uintptr_t)&run->arena, "the end of %s",
				phase->name);
	}
	return NULL;
}

static void take_key(struct run *run)
{
	char line[256];

	if (read(STDIN_FILENO, line, sizeof(line)) > 0)
		run->go_on = true;
	else
		run->crew.watch[RUN_WATCH_KEY] = -1;
	run->wake = true;
}

void run_hear_key(struct run *run)
{
	take_key(run);
}

static void ask(struct run *run, bool terminal)
{
	run->go_on = false;
	run_note(run, run_since(run, clock_now_ns()), "hold", "before %s: %s", run->held,
		terminal ? "press Enter, or go on in the live page" : "go on in the live page");
	if (terminal) {
		tcflush(STDIN_FILENO, TCIFLUSH);
		run->crew.watch[RUN_WATCH_KEY] = STDIN_FILENO;
		fprintf(stderr, "held before %s; Enter goes on, Ctrl-C heals and ends\n",
			run->held);
	}
}

static int wait_for_person(struct run *run, uint64_t limit_ns, struct err *err)
{
	uint64_t limit = clock_now_ns() + limit_ns;

	while (!run->go_on && !run->heal_wanted) {
		if (clock_now_ns() >= limit) {
			run->evidence.aborted = true;
			return err_exit(err, EXIT_ABORTED,
				"held before %s for %.0f s, and nobody went on (safety: { "
				"max-duration: }, or within: of a wait)",
				run->held, (double)limit_ns / 1e9);
		}
		run->wake = false;
		if (crew_pump(&run->crew, clock_now_ns() + NSEC_PER_SEC, &run->wake, err))
			return -1;
		run_show(run);
	}
	return 0;
}

int run_hold(struct run *run, const struct plan_step *step, uint64_t lead_ns, uint64_t *by_ns,
	struct err *err)
{
	bool terminal = isatty(STDIN_FILENO);
	uint64_t at = step->at_ns, now;
	int rc;

	*by_ns = 0;
	run->held = held_before(run, step);
	if (!run->held)
		return 0;
	ask(run, terminal);
	rc = wait_for_person(run,
		step->kind == STEP_ACTION ? run->plan->actions[step->index].limit_ns
					  : run->plan->max_duration_ns,
		err);
	run->crew.watch[RUN_WATCH_KEY] = -1;
	run->held = NULL;
	if (rc)
		return -1;
	now = run_since(run, clock_now_ns()) + lead_ns;
	if (now <= at)
		return 0;
	*by_ns = now - at;
	plan_shift(run->plan, at, *by_ns);
	*ARENA_PUSH(&run->arena, run->evidence.holds, run->evidence.n_holds) =
		(struct held_time){at, *by_ns};
	run_note(run, run_since(run, clock_now_ns()), "hold", "went on after %.1f s",
		(double)*by_ns / 1e9);
	return 0;
}
