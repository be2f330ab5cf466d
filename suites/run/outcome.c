/* From what a run left to its one result. */
#include "suites/run/run.h"
#include "fixtures/base/log.h"
#include "suites/certify.h"
#include "suites/expect.h"
#include "suites/fates.h"
#include "suites/judge/index.h"
#include "suites/judge/liar.h"
#include "suites/record.h"
#include "suites/replay.h"
#include "suites/series.h"

#include <stdlib.h>
#include <string.h>

static void fill_result(struct run *run, struct result *out)
{
	const struct plan *plan = run->plan;

	out->schema = RESULT_SCHEMA;
	out->tool_version = REGIONPROOF_VERSION;
	out->run = run->store.name;
	out->scenario = plan->name;
	out->variant = plan->variant;
	out->about = plan->about;
	out->path = plan->path;
	out->scenario_text = plan->text;
	out->dir = run->store.dir;
	out->seed = plan->seed;
	out->command = arena_printf(&run->arena, "regionproof run --seed %llu %s%s%s%s",
		(unsigned long long)plan->seed, plan->variant ? "--variant " : "",
		plan->variant ? plan->variant : "", plan->variant ? " " : "", plan->path);
	out->wall_start_ns = run->wall_start_ns;
	out->duration_ns = run->evidence.end_ns;
	out->epoch_ns = run->epoch_ns;
	out->facts = run->facts;
	out->n_facts = run->n_facts;
	out->changes = run->undone;
	out->n_changes = run->n_undone;
	out->clean = run->clean;
	out->interrupted = run->evidence.interrupted;
	out->aborted = run->evidence.aborted;
	out->error = run->err.text[0] ? run->err.text : NULL;
}

static int exit_code(const struct run *run, const struct result *result)
{
	int code = EXIT_OK;

	for (size_t i = 0; i < result->n_expects; i++)
		code = verdict_worse_exit(code, verdict_exit(result->expects[i].verdict));
	if (run->err.text[0])
		code = verdict_worse_exit(code, err_exit_code(&run->err));
	return run->clean ? code : verdict_worse_exit(code, EXIT_CLEANUP);
}

static int by_instant(const void *a, const void *b)
{
	const struct result_event *x = a, *y = b;

	return x->at_ns < y->at_ns ? -1 : x->at_ns > y->at_ns;
}

static void note_gaps(struct run *run, size_t f)
{
	const struct evidence *evidence = &run->evidence;

	for (size_t g = 0; g < evidence->n_gaps; g++) {
		const struct gap *gap = &evidence->gaps[g];
		const char *text = certify_gap(&run->arena, evidence, f, gap);

		if (text && evidence->faults[f].sent_ns)
			run_note_late(run, gap->back_ns ? gap->back_ns : gap->gone_ns,
				run->plan->faults[f].name, "%s", text);
	}
}

/* What the beacons proved of each fault, as lines of the timeline. */
static void note_certificates(struct run *run)
{
	for (size_t f = 0; f < run->plan->n_faults; f++) {
		const struct fault_window *window = &run->evidence.faults[f];
		const struct certificate *certificate = &window->certificate;
		const char *name = run->plan->faults[f].name;
		uint64_t attempted = 0, crossed = 0;

		for (size_t i = 0; i < certificate->n_links; i++) {
			attempted += certificate->links[i].system_attempted;
			crossed += certificate->links[i].system_crossed;
		}
		if (window->in_force_ns && certificate->n_links)
			run_note_late(run, window->in_force_ns, name,
				"in force %.4f s   drained %.0f ms   %llu of the system's %llu packets "
				"did not cross",
				(double)window->in_force_ns / 1e9,
				(double)certificate->drain_ns / 1e6,
				(unsigned long long)(attempted > crossed ? attempted - crossed : 0),
				(unsigned long long)attempted);
		else if (window->in_force_ns && run->plan->faults[f].ops->proof)
			run_note_late(run, window->in_force_ns, name, "in force %.4f s   %s",
				(double)window->in_force_ns / 1e9,
				window->seen ? window->seen : run->plan->faults[f].ops->proof);
		if (window->gone_ns && (certificate->n_links || window->undo_seen))
			run_note_late(run, window->gone_ns, name, "gone %.4f s%s%s",
				(double)window->gone_ns / 1e9, window->undo_seen ? "   " : "",
				window->undo_seen ? window->undo_seen : "");
		note_gaps(run, f);
	}
}

static void note_liar(struct run *run)
{
	const struct evidence *e = &run->evidence;

	if (e->lies_told)
		run_note_late(run, e->end_ns, "liar",
			"our own session gave %llu old answers, %llu caught",
			(unsigned long long)e->lies_told, (unsigned long long)e->lies_caught);
	else if (run->plan->evidence.liar)
		run_note_late(run, e->end_ns, "liar", "found no occasion to lie");
}

/* The faults that were on after each change of the run. */
static const uint64_t *steps_of(struct run *run)
{
	uint64_t *steps = arena_array(&run->arena, run->n_changes + 1, sizeof(*steps)), on = 0;

	for (size_t i = 0; i < run->n_changes; i++)
		steps[i] = on = (on & ~run->changes[i].off) | run->changes[i].on;
	return steps;
}

/* Each fault on links that was there says in its own line that it was the same again. */
static void note_replayed_faults(struct run *run, const struct replay *replay)
{
	const uint64_t *steps = steps_of(run);

	for (unsigned f = 0; f < run->plan->n_faults; f++) {
		const struct fault_window *window = &run->evidence.faults[f];
		struct replay_count count =
			replay_of_fault(replay, run->plan, f, steps, run->n_changes);

		if (window->in_force_ns && window->certificate.n_links)
			run_note_late(run, window->in_force_ns, run->plan->faults[f].name,
				"replayed: %llu of %llu decisions on its links equal",
				(unsigned long long)count.equal, (unsigned long long)count.common);
	}
}

/* That it was the same again is told; that it was not is ours, and no verdict on the system. */
static void compare_replay(struct run *run)
{
	struct replay replay;
	char text[400];
	struct err err;

	if (!run->options->replay)
		return;
	if (replay_compare(
		    &run->arena, run->plan, run->options->replay, run->store.dir, &replay, &err)) {
		err_prefix(&err, "cannot compare with the run to be repeated");
	} else {
		replay_print(&replay, text, sizeof(text));
		run_fact(run, "replay", "of %s", strrchr(run->options->replay, '/') + 1);
		note_replayed_faults(run, &replay);
		run_note_late(run, run->evidence.end_ns, "replay", "%s", text);
		if (replay_holds(&replay))
			return;
		err_exit(&err, replay.all.common ? EXIT_INTERNAL : EXIT_NO_VERDICT, "%s", text);
	}
	if (!run->err.text[0])
		run->err = err;
}

static void judge(struct run *run, struct result *out)
{
	struct err err = {0};

	if (record_load_files(&run->evidence, run->store.dir, &err)) {
		log_warn("%s", err.text);
		if (!run->err.text[0])
			run->err = err;
	}
	certify_run(&run->arena, &run->evidence);
	record_bound_phases(&run->evidence);
	note_certificates(run);
	run->evidence.index = index_build(&run->arena, &run->evidence, NULL);
	liar_try(&run->evidence);
	note_liar(run);
	compare_replay(run);
	expect_judge_run(&run->arena, &run->evidence, out);
	run_judge_actions(run, out);
	series_fill(&run->arena, &run->evidence, out);
	if (run->n_events)
		qsort(run->events, run->n_events, sizeof(*run->events), by_instant);
	out->events = run->events;
	out->n_events = run->n_events;
	if (fates_write(&run->arena, &run->evidence, run->store.dir, &err))
		log_warn("%s", err.text);
	if (record_save(&run->evidence, run->store.dir, &err))
		log_warn("%s", err.text);
}

void run_judge(struct run *run, struct result *out)
{
	judge(run, out);
	fill_result(run, out);
	out->exit_code = exit_code(run, out);
}
