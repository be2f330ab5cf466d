/*
 * What people see and do while a run goes on: the live page, and the conditions that end it early.
 *
 * The page is a process of its own (suites/live/page.h); here it is told the state a few times a second, and
 * its buttons become wishes that the timeline looks at (play.c).
 */
#include "suites/run/run.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/json/jv.h"
#include "suites/live/exposition.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define WATCH_REGIONS_MAX 50
#define EVERY_NS (250 * NSEC_PER_MSEC)

static struct jv *head(const struct run *run)
{
	struct jv *body = jv_new_object(), *regions = jv_new_array();

	jv_set(body, "run", jv_new_string(run->store.name));
	jv_set(body, "scenario", jv_new_string(run->plan->name));
	for (size_t r = 0; r < run->plan->n_regions; r++)
		jv_add(regions, jv_new_string(run->plan->regions[r].name));
	jv_set(body, "regions", regions);
	return body;
}

int run_open_page(struct run *run, struct err *err)
{
	const struct run_options *options = run->options;

	if (!options->live && !options->watch)
		return 0;
	if (options->watch && run->plan->n_regions > WATCH_REGIONS_MAX)
		return err_exit(err, EXIT_SCENARIO,
			"%s: %zu regions; watch serves metrics of at most %d, a line for each pair",
			run->plan->path, run->plan->n_regions, WATCH_REGIONS_MAX);
	if (page_start(&run->page, options->listen ? options->listen : "127.0.0.1", options->port,
		    options->watch, err))
		return -1;
	run->crew.watch[RUN_WATCH_PAGE] = run->page.child.fd;
	fprintf(stderr, "%s  %s\n", options->watch ? "metrics" : "live", run->page.url);
	if (options->live)
		page_tell(&run->page, "head", head(run));
	return 0;
}

static struct jv *faults_in_force(const struct run *run)
{
	struct jv *list = jv_new_array();

	for (size_t f = 0; f < run->plan->n_faults; f++) {
		const struct plan_fault *fault = &run->plan->faults[f];
		struct jv *one;

		if (!(run->faults_on >> f & 1))
			continue;
		one = jv_new_object();
		jv_set(one, "name", jv_new_string(fault->name));
		jv_set(one, "text", jv_new_string(fault->text));
		jv_add(list, one);
	}
	return list;
}

void run_show(struct run *run)
{
	uint64_t now = clock_now_ns(), at = run_since(run, now);
	struct jv *body;

	if (run->page.child.fd < 0 || !run->epoch_ns || now - run->page_shown_ns < EVERY_NS)
		return;
	run->page_shown_ns = now;
	if (run->options->watch) {
		page_tell(&run->page, "metrics", exposition_new(run->plan, run->vitals, at));
		return;
	}
	body = vitals_json(run->vitals, at);
	jv_set(body, "end_s", jv_new_real((double)run->plan->end_ns / 1e9));
	jv_set(body, "phase", jv_new_string(run_phase_at(run, at)));
	jv_set(body, "faults", faults_in_force(run));
	jv_set(body, "held", run->held ? jv_new_string(run->held) : jv_new_null());
	page_tell(&run->page, "state", body);
}

void run_show_event(struct run *run, uint64_t at_ns, const char *what, const char *text)
{
	struct jv *body;

	if (run->page.child.fd < 0 || run->options->watch)
		return;
	body = jv_new_object();
	jv_set(body, "at_s", jv_new_real((double)at_ns / 1e9));
	jv_set(body, "what", jv_new_string(what));
	jv_set(body, "text", jv_new_string(text));
	page_tell(&run->page, "event", body);
}

/* A page that died costs the run nothing but the page. */
int run_hear_page(struct run *run, struct err *err)
{
	enum page_wish wish;

	while ((wish = page_hear(&run->page)) != PAGE_NOTHING) {
		if (wish == PAGE_HEAL) {
			run_note(run, run_since(run, clock_now_ns()), "page", "heal was asked for");
			run->heal_wanted = run->wake = true;
		} else if (wish == PAGE_GO_ON) {
			run->go_on = run->wake = true;
		} else if (wish == PAGE_ABORT) {
			run->stop_signal = SIGTERM;
			run->evidence.interrupted = true;
			return err_exit(err, EXIT_SIGTERM, "aborted on the live page");
		} else {
			log_warn("the live page is gone");
			run->crew.watch[RUN_WATCH_PAGE] = -1;
			break;
		}
	}
	return 0;
}

int run_abort_if(struct run *run, unsigned region, struct err *err)
{
	const char *why = abort_if_look(run->abort_if, &run->arena, run->vitals, region);

	if (!why || run->evidence.aborted || run->settling)
		return 0;
	run->evidence.aborted = true;
	run_note(run, run_since(run, clock_now_ns()), "abort", "%s", why);
	return err_exit(err, EXIT_ABORTED, "%s", why);
}

void run_close_page(struct run *run)
{
	run->crew.watch[RUN_WATCH_PAGE] = -1;
	page_end(&run->page,
		run->err.text[0] ? run->err.text : "the run is over; its report is being written");
	vitals_free(run->vitals);
	run->vitals = NULL;
}
