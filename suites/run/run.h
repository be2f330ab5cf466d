/*
 * run: a scenario is carried out, from nothing to verdicts and back to nothing.
 *
 *   preflight ─▶ up ─▶ start ─▶ play (timeline) ─▶ gather ─▶ down ─▶ judge ─▶ write
 *
 * The only place where fixtures, chaos and probes meet. Every path, also a failed one, ends in "down";
 * what was recorded until then is kept, judged and written. The state of a run is one struct that its
 * stages share; each stage is a file of its own.
 */
#ifndef SUITES_RUN_RUN_H
#define SUITES_RUN_RUN_H

#include "chaos/guardian.h"
#include "reports/result.h"
#include "suites/fleet/fleet.h"
#include "suites/judge/evidence.h"
#include "suites/live/abort_if.h"
#include "suites/live/page.h"
#include "suites/live/vitals.h"
#include "suites/plan.h"
#include "suites/run/crew.h"
#include "suites/run/store.h"

struct jv;

struct run_options {
	struct plan_options plan;
	const char *engine; /* NULL: chosen by probing */
	const char *runs;   /* the run store */
	bool decisions;     /* keep what engine wire decides for every packet */
	const char
		*replay;  /* directory of a run whose decisions these are compared with; or NULL */
	bool keep;        /* keep the nodes' working directories */
	bool status_line; /* one rewritten line on stderr while it goes on */
	bool progress;    /* plain lines on stderr as things happen */
	bool live;        /* serve the live page */
	bool hold;        /* wait for a person before every change */
	bool watch;       /* no timeline: look on until asked to end, and serve metrics */
	const char *listen; /* address for metrics; NULL: loopback */
	unsigned port;      /* of either; 0: any */
};

/* What the probers of a region have counted so far; for the steady check and the status line. */
struct live_counts {
	uint64_t ok, fail, unknown, not_sent;
};

struct live_region {
	struct live_counts reads, writes;
	bool done, beacon_done, ledger_known;
	bool prober_dead, beacon_dead; /* nothing is to be waited for */
	uint32_t swept;                /* id of the last sweep answered */
};

/* One change of links and nodes that the agents were armed with. */
struct armed_change {
	int64_t id;
	uint64_t on, off; /* bits of faults that begin and end by it */
	unsigned applied; /* agents that have done it */
	bool agrees;
	const char *refusal; /* of the first that could not */
};

/* A command or webhook of the timeline (action.c). */
struct running_action {
	const struct plan_action *action;
	struct process process;
	uint64_t started_ns, ended_ns; /* ended 0: it runs */
	bool good;
	const char *how, *output; /* "exited with status 0"; the file of what it prints */
};
#define ACTION_LOOK_NS (50 * UINT64_C(1000000)) /* how soon an end is noticed */

struct run {
	const struct run_options *options;
	struct arena arena;
	struct plan *plan;
	struct store store;
	char groups[320]; /* folder of control groups; "": the plan needs none */
	struct guardian guardian;
	struct crew crew;
	struct fleet fleet; /* of running containers; empty with a recipe */
	struct site_ground *grounds;
	int backbone_fd, signal_fd;
	const char *engine, *privilege;
	uint64_t epoch_ns, wall_start_ns, suspended_ns;
	double noise_ns; /* p99 of how late a timer wakes, measured before the run */

	struct evidence evidence; /* grows as the run goes on */
	uint64_t faults_on;
	struct armed_change *changes;
	size_t n_changes;
	struct result_event *events;
	size_t n_events;
	struct live_region *live;
	struct jv *ledger; /* [[session, count], ..] of all regions, for sweeps */
	struct result_fact *facts;
	size_t n_facts;
	struct running_action *actions;
	size_t n_actions;
	int primary_seen;        /* node that acknowledged the last ticker write, -1 */
	uint64_t failed_over_ns; /* since the fault at hand began: a new node acknowledged; 0 */
	bool wake;               /* set by a handler: look again at what to do next */
	uint64_t status_shown_ns;
	struct vitals *vitals;
	struct abort_if *abort_if;
	struct page page;
	uint64_t page_shown_ns;
	const char *held;        /* before what a person is waited for; NULL: not held */
	bool go_on, heal_wanted; /* somebody pressed it */
	bool settling;           /* the clients are quiet */
	int told;                /* enum log_level of stderr; the run's own log gets more */
	int stop_signal;         /* SIGINT or SIGTERM came */

	struct result_change *undone;
	size_t n_undone;
	bool clean;
	struct err err; /* why it stopped early; empty text: it did not */
};

/*
 * Run once. *out and all it points at live in run->arena. Returns 0 also where verdicts are bad; -1
 * with a sentence and exit code where there is no result to write (scenario, machine).
 */
int run_scenario(struct run *run, const struct run_options *options, struct result *out,
	struct err *err, struct buf *errors);
/* Look on without a timeline until somebody ends it or something breaks: run->clean, run->stop_signal and
 * run->err say how that was. -1 as above. */
int run_watch(
	struct run *run, const struct run_options *options, struct err *err, struct buf *errors);
void run_release(struct run *run);

/* Descriptors that crew watches for the run. */
enum run_watch {
	RUN_WATCH_SIGNALS,
	RUN_WATCH_GUARDIAN,
	RUN_WATCH_FLEET,
	RUN_WATCH_PAGE,
	RUN_WATCH_KEY
};

/* Stages, in their files. What stopped one early stands in err; run_down() follows all the same. */
int run_preflight(struct run *run, struct err *err);
int run_up(struct run *run, struct err *err);
int run_play(struct run *run, struct err *err); /* play.c */
/* Actions of the timeline (action.c). */
int run_act(struct run *run, const struct plan_action *action, struct err *err);
/* Notes those that ended and kills those at their limit; true: some still run. */
bool run_look_after_actions(struct run *run);
int run_finish_actions(struct run *run, struct err *err);
void run_end_actions(struct run *run);
void run_judge_actions(struct run *run, struct result *out);
int run_settle(struct run *run, int phase, bool last, struct err *err); /* settle.c */
void run_down(struct run *run);
/* Running containers: found, taken in, followed, let go (containers.c). */
int run_find_containers(struct run *run, struct err *err);
int run_ground_containers(struct run *run, struct err *err);
int run_list_containers(struct run *run, struct jv *message, struct err *err);
int run_adopt_containers(struct run *run, struct err *err);
int run_follow_containers(struct run *run, struct err *err);
void run_return_containers(struct run *run);
void run_raze_sites(struct run *run);
/* Control groups of nodes (groups.c). */
int run_find_groups(struct run *run, struct err *err);
/* Where a fault makes disks slow: can it here? */
int run_find_disks(struct run *run, struct err *err);
int run_make_groups(struct run *run, struct err *err);
void run_list_groups(const struct run *run, struct jv *message);
void run_remove_groups(struct run *run);
/* One thing undone or not, for the report. */
void run_undone(struct run *run, bool undone, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void run_judge(struct run *run, struct result *out); /* outcome.c */
int run_on_event(
	void *arg, unsigned region, const struct jv *event, struct err *err); /* events.c */
int run_on_watch(void *arg, unsigned k, struct err *err);
/* A line of the timeline: one that happens now and is told, one that is found out afterwards. */
void run_note_late(struct run *run, uint64_t at_ns, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void run_note(struct run *run, uint64_t at_ns, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void run_status(struct run *run); /* status.c */
const char *run_phase_at(const struct run *run, uint64_t at_ns);
/* The live page, and conditions to abort (live.c). */
int run_open_page(struct run *run, struct err *err);
void run_show(struct run *run);
void run_show_event(struct run *run, uint64_t at_ns, const char *what, const char *text);
int run_hear_page(struct run *run, struct err *err);
int run_abort_if(struct run *run, unsigned region, struct err *err);
void run_close_page(struct run *run);
/* Wait for a person before the step, where it is one to wait at; *by_ns: how far everything from it on has
 * moved. lead_ns: between going on and the step (hold.c). */
int run_hold(struct run *run, const struct plan_step *step, uint64_t lead_ns, uint64_t *by_ns,
	struct err *err);
void run_hear_key(struct run *run);
void run_status_end(struct run *run);
void run_fact(struct run *run, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Since the run's zero; 0 for instants before it. */
uint64_t run_since(const struct run *run, uint64_t monotonic_ns);
/* {type:"tell", to:"prober", body:{type, ..}}; the caller adds to *body. */
struct jv *run_tell_prober(const char *type, struct jv **body);
/* at_ns: of a "start"; else 0. */
int run_tell_beacons(struct run *run, const char *type, uint64_t at_ns, struct err *err);

#endif
