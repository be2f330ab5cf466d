/*
 * The timeline is played.
 *
 * Changes are armed ahead at absolute times, so nobody waits for a message at the instant of a fault;
 * agents report when they did it. Steps of one instant are one change: overlapping faults never pass
 * through a state that nobody asked for. A fault that lasts "until failed over" has its end moved
 * forward when the tickers saw a new node acknowledge.
 */
#include "suites/run/run.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"

#include <stdlib.h>
#include <string.h>

#define ARM_AHEAD_NS (150 * NSEC_PER_MSEC)
#define ANSWER_NS (3 * NSEC_PER_SEC)

struct timeline {
	struct plan_step *steps; /* a copy: ends may move */
	size_t n, next;
	uint64_t quiet_until_ns; /* planned end of the quiet phase under way */
	bool steady_checked;
	uint64_t released_ns; /* steps of this instant need no person any more */
};

static int by_time(const void *a, const void *b)
{
	const struct plan_step *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->kind == STEP_FAULT_ON) - (y->kind == STEP_FAULT_ON);
}

/* A system that is not healthy before the fault says nothing about the fault. */
static int check_region(const struct run *run, unsigned r, struct err *err)
{
	const struct live_counts *reads = &run->live[r].reads, *writes = &run->live[r].writes;
	const char *region = run->plan->regions[r].name;
	uint64_t ok = reads->ok + writes->ok, fail = reads->fail + writes->fail;
	uint64_t unknown = reads->unknown + writes->unknown;
	uint64_t not_sent = reads->not_sent + writes->not_sent;
	uint64_t all = ok + fail + unknown + not_sent;

	if (!all)
		return err_exit(err, EXIT_NOT_STEADY,
			"not steady before the first fault: no operation ended in %s", region);
	if ((double)ok >= run->plan->steady_share * (double)all)
		return 0;
	return err_exit(err, EXIT_NOT_STEADY,
		"not steady before the first fault: of %llu operations in %s %llu failed, %llu had no "
		"known outcome and %llu were not sent because their session was late (more sessions "
		"or a lower rate mend that); %.1f%% ok are demanded",
		(unsigned long long)all, region, (unsigned long long)fail,
		(unsigned long long)unknown, (unsigned long long)not_sent,
		run->plan->steady_share * 100);
}

static int check_steady(const struct run *run, struct err *err)
{
	for (unsigned r = 0; r < run->crew.n; r++) {
		if (check_region(run, r, err))
			return -1;
	}
	return 0;
}

static void add_nodes(struct jv *nodes, const struct plan *plan, int index, bool undo)
{
	const struct plan_fault *fault = &plan->faults[index];

	for (size_t i = 0; i < fault->effects.n_nodes; i++) {
		struct jv *node = jv_new_array();

		jv_add(node, jv_new_int(fault->effects.nodes[i].node));
		jv_add(node, jv_new_int(fault->effects.nodes[i].action));
		jv_add(node, jv_new_bool(undo));
		jv_add(node, jv_new_int(index));
		jv_add(nodes, node);
	}
}

/* Everything of this instant that turns faults on or off. */
static int arm(struct run *run, struct timeline *line, struct err *err)
{
	uint64_t at = line->steps[line->next].at_ns;
	struct jv *message = jv_new_object(), *nodes = jv_new_array();
	struct armed_change change = {.agrees = true, .id = run->crew.next_id};

	while (line->next < line->n && line->steps[line->next].at_ns == at &&
		line->steps[line->next].kind <= STEP_FAULT_OFF) {
		const struct plan_step *step = &line->steps[line->next++];
		bool undo = step->kind == STEP_FAULT_OFF;
		uint64_t bit = UINT64_C(1) << step->index;

		if (undo)
			change.off |= bit;
		else
			change.on |= bit;
		add_nodes(nodes, run->plan, step->index, undo);
		if (!undo) {
			run->evidence.faults[step->index].asked_ns = at;
			run->failed_over_ns = 0;
		}
	}
	run->faults_on = (run->faults_on & ~change.off) | change.on;
	*ARENA_PUSH(&run->arena, run->changes, run->n_changes) = change;
	jv_set(message, "type", jv_new_string("arm"));
	jv_set(message, "at_ns", jv_new_int((int64_t)(run->epoch_ns + at)));
	jv_set(message, "faults_on", jv_new_int((int64_t)run->faults_on));
	jv_set(message, "nodes", nodes);
	return crew_ask(&run->crew, message, clock_now_ns() + ANSWER_NS, err);
}

/* The fault that lasts until a failover has seen one: its end is now. */
static void end_early(struct run *run, struct timeline *line)
{
	for (size_t i = line->next; i < line->n; i++) {
		struct plan_step *step = &line->steps[i];
		uint64_t now = run_since(run, clock_now_ns());

		if (step->kind != STEP_FAULT_OFF || !(run->faults_on >> step->index & 1) ||
			run->plan->faults[step->index].until != UNTIL_FAILED_OVER)
			continue;
		if (step->at_ns > now + 2 * ARM_AHEAD_NS) {
			step->at_ns = now + 2 * ARM_AHEAD_NS;
			run->evidence.faults[step->index].until_met = true;
		}
	}
	run->failed_over_ns = 0;
	qsort(line->steps + line->next, line->n - line->next, sizeof(*line->steps), by_time);
}

/* Somebody wants it to stop: what is in force ends now, what has not begun never does; the rest of the
 * timeline is played. */
static void heal_now(struct run *run, struct timeline *line)
{
	uint64_t at = run_since(run, clock_now_ns()) + 2 * ARM_AHEAD_NS;
	size_t n = line->next;

	for (size_t i = line->next; i < line->n; i++) {
		struct plan_step step = line->steps[i];
		bool in_force = step.kind == STEP_FAULT_OFF && run->faults_on >> step.index & 1;

		if (step.kind == STEP_FAULT_ON || step.kind == STEP_ACTION ||
			(step.kind == STEP_FAULT_OFF && !in_force))
			continue;
		if (in_force && step.at_ns > at) {
			step.at_ns = at;
			run->evidence.faults[step.index].by_hand = true;
		}
		line->steps[n++] = step;
	}
	line->n = n;
	line->released_ns = at;
	run->heal_wanted = false;
	qsort(line->steps + line->next, line->n - line->next, sizeof(*line->steps), by_time);
}

static void say_fault(struct run *run, const struct plan_step *step)
{
	const struct plan_fault *fault = &run->plan->faults[step->index];

	if (step->kind == STEP_FAULT_ON)
		run_note(run, step->at_ns, fault->name, "%s", fault->text);
	else
		run_note(run, step->at_ns, fault->name, "%s",
			fault->ops->declared ? "over, as was declared" : "lifted");
}

static bool is_last(const struct timeline *line)
{
	for (size_t i = line->next; i < line->n; i++) {
		if (line->steps[i].kind != STEP_RESUME && line->steps[i].kind != STEP_END)
			return false;
	}
	return true;
}

static int do_step(struct run *run, struct timeline *line, struct err *err)
{
	struct plan_step step = line->steps[line->next];
	struct jv *body;

	switch (step.kind) {
	case STEP_FAULT_ON:
	case STEP_FAULT_OFF:
		if (step.kind == STEP_FAULT_ON && !line->steady_checked && check_steady(run, err))
			return -1;
		line->steady_checked |= step.kind == STEP_FAULT_ON;
		say_fault(run, &step);
		return arm(run, line, err);
	case STEP_QUIET:
		line->next++;
		run->settling = true;
		if (!is_last(line))
			return run_settle(run, step.index, false, err);
		line->next = line->n; /* nothing follows: the run ends when all is settled */
		return run_settle(run, step.index, true, err);
	case STEP_RESUME: {
		struct jv *message = run_tell_prober("resume", &body);

		line->next++;
		run->settling = false;
		jv_set(body, "at_ns", jv_new_int((int64_t)(run->epoch_ns + step.at_ns)));
		return crew_tell(&run->crew, message, err);
	}
	case STEP_ACTION:
		line->next++;
		return run_act(run, &run->plan->actions[step.index], err);
	case STEP_END:
		line->next = line->n;
		return 0;
	}
	return 0;
}

/* Wait until it is time to arm the next step; true when it is. */
static int wait_step(struct run *run, struct timeline *line, struct err *err)
{
	const struct plan_step *step = &line->steps[line->next];
	uint64_t ahead = step->kind <= STEP_QUIET ? ARM_AHEAD_NS : 0, until;
	uint64_t at = run->epoch_ns + step->at_ns - (step->at_ns > ahead ? ahead : 0);

	run->wake = false;
	if (run->heal_wanted)
		return 0;
	until = at;
	if (run_look_after_actions(run) && until > clock_now_ns() + ACTION_LOOK_NS)
		until = clock_now_ns() + ACTION_LOOK_NS;
	if (clock_now_ns() < until && crew_pump(&run->crew, until, &run->wake, err))
		return -1;
	return clock_now_ns() >= at;
}

static bool run_waits(const struct run *run, const struct plan_step *step)
{
	return step->kind == STEP_ACTION && run->plan->actions[step->index].kind == ACTION_WAIT;
}

/* A step that is due; with --hold a person is asked first, and it may be due later then. */
static int play_step(struct run *run, struct timeline *line, struct err *err)
{
	const struct plan_step *step = &line->steps[line->next];
	uint64_t at = step->at_ns, by = 0;

	if ((!run->options->hold && !run_waits(run, step)) || at == line->released_ns)
		return do_step(run, line, err);
	if (run_hold(run, step, 2 * ARM_AHEAD_NS, &by, err))
		return -1;
	plan_shift_steps(line->steps + line->next, line->n - line->next, at, by);
	line->released_ns = at + by;
	return 0;
}

/* No timeline: until somebody ends it. */
static int look_on(struct run *run, struct err *err)
{
	while (!crew_pump(&run->crew, clock_now_ns() + NSEC_PER_SEC, NULL, err))
		;
	return -1;
}

int run_play(struct run *run, struct err *err)
{
	struct timeline line = {.n = run->plan->n_steps};
	int rc = 0;

	if (run->options->watch)
		return look_on(run, err);
	line.steps = arena_array(&run->arena, line.n + 1, sizeof(*line.steps));
	memcpy(line.steps, run->plan->steps, line.n * sizeof(*line.steps));
	while (!rc && line.next < line.n) {
		int due = wait_step(run, &line, err);

		if (due < 0)
			rc = -1;
		else if (run->heal_wanted)
			heal_now(run, &line);
		else if (due)
			rc = play_step(run, &line, err);
		else if (run->failed_over_ns)
			end_early(run, &line);
	}
	return rc ? rc : run_finish_actions(run, err);
}
