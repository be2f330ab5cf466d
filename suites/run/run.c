#include "suites/run/run.h"
#include "suites/expect.h"
#include "suites/certify.h"
#include "suites/record.h"
#include "suites/run/privilege.h"
#include "chaos/engines/engine.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/site.h"

#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PREPARE_SLACK_NS (15 * NSEC_PER_SEC)
#define START_LIMIT_NS (15 * NSEC_PER_SEC)
#define DONE_LIMIT_NS (6 * NSEC_PER_SEC)
#define COLLECT_LIMIT_NS (60 * NSEC_PER_SEC)
#define DOWN_LIMIT_NS (10 * NSEC_PER_SEC)
#define LEAD_NS (400 * NSEC_PER_MSEC) /* for beacons and threads of clients to come up */
#define NOISE_WAKES 100

enum { WATCH_SIGNALS, WATCH_GUARDIAN };

struct jv *run_tell_prober(const char *type, struct jv **body)
{
	struct jv *message = jv_new_object();

	*body = jv_new_object();
	jv_set(*body, "type", jv_new_string(type));
	jv_set(message, "type", jv_new_string("tell"));
	jv_set(message, "to", jv_new_string("prober"));
	jv_set(message, "body", *body);
	return message;
}

void run_fact(struct run *run, const char *name, const char *fmt, ...)
{
	struct result_fact *fact = ARENA_PUSH(&run->arena, run->facts, run->n_facts);
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fact->name = arena_strdup(&run->arena, name);
	fact->value = arena_strdup(&run->arena, text);
}

/* ---- preflight ------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* How late this machine wakes a sleeper, p99: no delay below it can be told from noise. */
static double measure_noise_ns(void)
{
	uint64_t late[NOISE_WAKES];

	for (int i = 0; i < NOISE_WAKES; i++) {
		uint64_t at = clock_now_ns() + NSEC_PER_MSEC;

		clock_sleep_until_ns(at);
		late[i] = clock_now_ns() - at;
	}
	qsort(late, NOISE_WAKES, sizeof(*late), by_value);
	return (double)late[NOISE_WAKES - 2];
}

/* The smallest delay that a fault of the plan adds to a link; 0: none does. */
static uint64_t smallest_fault_ns(const struct plan *plan)
{
	uint64_t least = 0;

	for (size_t f = 0; f < plan->n_faults; f++) {
		for (size_t i = 0; i < plan->faults[f].effects.n_links; i++) {
			uint64_t ns = plan->faults[f].effects.links[i].impairment.delay_ns;

			if (ns && (!least || ns < least))
				least = ns;
		}
	}
	return least;
}

static int check_noise(struct run *run, struct err *err)
{
	uint64_t fault = smallest_fault_ns(run->plan);

	run->noise_ns = measure_noise_ns();
	run_fact(run, "noise floor", "%.2f ms", run->noise_ns / 1e6);
	if (fault && run->noise_ns > 0.2 * (double)fault)
		return err_exit(err, EXIT_MACHINE,
			"this machine wakes up to %.2f ms late, more than a fifth of the smallest fault "
			"(%.2f ms): nothing could be told from noise",
			run->noise_ns / 1e6, (double)fault / 1e6);
	return 0;
}

static int choose_engine(struct run *run, struct err *err)
{
	const char *forced = run->options->engine;
	const struct engine_ops *ops;
	struct buf why = {0};

	if (forced) {
		ops = engine_find(forced);
		if (!ops)
			return err_exit(err, EXIT_USAGE, "there is no engine '%s'", forced);
		if (ops->probe(err)) {
			err_prefix(err, "engine %s cannot be used", forced);
			err->code = EXIT_MACHINE;
			return -1;
		}
	} else {
		ops = engine_choose(&why, err);
	}
	if (!ops) {
		buf_release(&why);
		err->code = EXIT_MACHINE;
		return -1;
	}
	run->engine = ops->name;
	run_fact(run, "engine", "%s (%s)", ops->name, forced ? "forced" : "probed");
	if (why.len)
		run_fact(run, "engines passed over", "%s", why.data);
	buf_release(&why);
	return 0;
}

static int preflight(struct run *run, struct err *err)
{
	struct utsname uts;

	run->privilege = privilege_enter(err);
	if (!run->privilege)
		return -1;
	if (choose_engine(run, err) || check_noise(run, err))
		return -1;
	uname(&uts);
	run_fact(run, "privilege", "%s", run->privilege);
	run_fact(run, "kernel", "%s %s", uts.release, uts.machine);
	run_fact(run, "clock", "one host, +-0");
	return 0;
}

/* ---- up ------------------------------------------------------------------------------------- */

static int open_signals(struct run *run, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	run->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signal_fd < 0 ? err_sys(err, "cannot watch signals") : 0;
}

static int on_watch(void *arg, unsigned k, struct err *err)
{
	struct run *run = arg;
	struct signalfd_siginfo info;

	if (k == WATCH_GUARDIAN)
		return err_exit(err, EXIT_INTERNAL, "the guardian died: nobody runs unguarded");
	if (read(run->signal_fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	run->stop_signal = (int)info.ssi_signo;
	run->evidence.interrupted = true;
	return err_exit(err, run->stop_signal == SIGINT ? EXIT_SIGINT : EXIT_SIGTERM,
		"interrupted by %s", run->stop_signal == SIGINT ? "Ctrl-C" : "a request to end");
}

static void prepare_evidence(struct run *run)
{
	struct evidence *evidence = &run->evidence;
	const struct plan *plan = run->plan;

	evidence->plan = plan;
	evidence->noise_floor_ns = (uint64_t)run->noise_ns;
	evidence->faults = arena_array(&run->arena, plan->n_faults + 1, sizeof(*evidence->faults));
	evidence->phases = arena_array(&run->arena, plan->n_phases + 1, sizeof(*evidence->phases));
	for (size_t f = 0; f < plan->n_faults; f++)
		evidence->faults[f] = (struct fault_window){.fault = (int)f, .agrees = true};
	run->live = arena_array(&run->arena, plan->n_regions, sizeof(*run->live));
	run->ledger = jv_new_array();
	run->primary_seen = -1;
}

static int start_guarded_crew(struct run *run, struct err *err)
{
	unsigned n = (unsigned)run->plan->n_regions;
	const struct process *agents[256];

	if (guardian_journal_open(&run->guardian, run->store.name, run->store.dir,
		    run->options->keep ? "" : run->store.work, err))
		return -1;
	run->backbone_fd = backbone_up(err);
	if (run->backbone_fd < 0)
		return -1;
	run->crew.on_event = run_on_event;
	run->crew.on_watch = on_watch;
	run->crew.arg = run;
	if (crew_start(&run->crew, n, run->backbone_fd, run->store.log_fd, err))
		return -1;
	for (unsigned i = 0; i < n; i++) {
		agents[i] = &run->crew.members[i].process;
		if (guardian_journal_add(&run->guardian, "agent", agents[i]->pid, err))
			return -1;
	}
	if (guardian_start(
		    &run->guardian, agents, n, run->options->keep ? "" : run->store.work, err))
		return -1;
	run->crew.watch[WATCH_SIGNALS] = run->signal_fd;
	run->crew.watch[WATCH_GUARDIAN] = run->guardian.fd;
	return 0;
}

static uint64_t ready_limit_ns(const struct plan *plan)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < plan->n_nodes; i++) {
		if (plan->nodes[i].spec.ready_limit_ns > longest)
			longest = plan->nodes[i].spec.ready_limit_ns;
	}
	return longest;
}

static int bring_up(struct run *run, struct err *err)
{
	struct jv *message = jv_new_object();
	char seed[32];

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)run->plan->seed);
	jv_set(message, "type", jv_new_string("prepare"));
	jv_set(message, "path", jv_new_string(run->plan->path));
	jv_set(message, "text", jv_new_string(run->plan->text));
	if (run->options->plan.share)
		jv_set(message, "share", jv_new_string(run->options->plan.share));
	jv_set(message, "seed", jv_new_string(seed));
	jv_set(message, "engine", jv_new_string(run->engine));
	jv_set(message, "dir", jv_new_string(run->store.work));
	return crew_ask(&run->crew, message,
		clock_now_ns() + ready_limit_ns(run->plan) + PREPARE_SLACK_NS, err);
}

/* The node each region's clients read from: told by its prober, printed with the preflight. */
static void note_nearest(struct run *run)
{
	for (unsigned r = 0; r < run->crew.n; r++) {
		const struct jv *ready = jv_get(run->crew.members[r].answer, "ready");
		const struct jv *first = jv_at(jv_get(ready, "nearest"), 0);
		int64_t node = jv_int(jv_get(first, "node"), -1);

		if (node >= 0 && (size_t)node < run->plan->n_endpoints)
			run_fact(run, "nearest", "%s: %s (RTT %.2f ms)", run->plan->regions[r].name,
				run->plan->endpoints[node].name,
				(double)jv_int(jv_get(first, "rtt_ns"), 0) / 1e6);
	}
}

static int tell_beacons(struct run *run, const char *type, struct err *err)
{
	struct jv *message = jv_new_object(), *body = jv_new_object();

	jv_set(body, "type", jv_new_string(type));
	jv_set(message, "type", jv_new_string("tell"));
	jv_set(message, "to", jv_new_string("beacon"));
	jv_set(message, "body", body);
	return crew_tell(&run->crew, message, err);
}

static int ask(struct run *run, const char *type, struct jv *message, struct err *err)
{
	jv_set(message, "type", jv_new_string(type));
	return crew_ask(&run->crew, message, clock_now_ns() + START_LIMIT_NS, err);
}

/*
 * The probers come first, since measuring the way to every node takes round trips; then the run's
 * zero is fixed, a little ahead, and beacons and clients begin at it.
 */
static int start_clients(struct run *run, struct err *err)
{
	struct jv *message, *body;

	if (ask(run, "start", jv_new_object(), err))
		return -1;
	note_nearest(run);
	run->epoch_ns = clock_now_ns() + LEAD_NS;
	run->wall_start_ns = clock_wall_ns() + LEAD_NS;
	run->suspended_ns = clock_suspended_ns();
	message = jv_new_object();
	jv_set(message, "epoch_ns", jv_new_int((int64_t)run->epoch_ns));
	if (ask(run, "watch", message, err))
		return -1;
	if (clock_now_ns() + LEAD_NS / 4 > run->epoch_ns)
		return err_exit(err, EXIT_MACHINE,
			"the beacons took more than %.1f s to come up: this machine is too busy",
			0.75 * LEAD_NS / 1e9);
	message = run_tell_prober("start", &body);
	jv_set(body, "at_ns", jv_new_int((int64_t)run->epoch_ns));
	if (crew_tell(&run->crew, message, err) || crew_pump(&run->crew, run->epoch_ns, NULL, err))
		return -1;
	return tell_beacons(run, "start", err);
}

/* ---- gather and down ------------------------------------------------------------------------- */

static bool all_done(const struct run *run, bool beacons)
{
	for (unsigned r = 0; r < run->crew.n; r++) {
		const struct live_region *live = &run->live[r];

		if (run->crew.members[r].fd >= 0 && !(beacons ? live->beacon_done : live->done))
			return false;
	}
	return true;
}

static void wait_done(struct run *run, bool beacons)
{
	uint64_t deadline = clock_now_ns() + DONE_LIMIT_NS;
	struct err err;

	while (!all_done(run, beacons) && clock_now_ns() < deadline) {
		run->wake = false;
		if (crew_pump(&run->crew, deadline, &run->wake, &err))
			return;
	}
}

/* The clients stop first, then the beacons, so that every operation lies under watch. */
static void gather(struct run *run)
{
	struct jv *body, *message;
	struct err err = {0};

	run->crew.watch[WATCH_SIGNALS] = -1; /* a second Ctrl-C does not leave things half undone */
	run->evidence.end_ns = run_since(run, clock_now_ns());
	run->evidence.suspended = clock_suspended_ns() > run->suspended_ns + NSEC_PER_MSEC;
	message = run_tell_prober("stop", &body);
	if (crew_tell(&run->crew, message, &err))
		log_warn("%s", err.text);
	wait_done(run, false);
	log_debug("clients have stopped");
	if (tell_beacons(run, "stop", &err))
		log_warn("%s", err.text);
	wait_done(run, true);
	log_debug("beacons have stopped");
	message = jv_new_object();
	jv_set(message, "type", jv_new_string("collect"));
	if (crew_ask(&run->crew, message, clock_now_ns() + COLLECT_LIMIT_NS, &err))
		log_warn("cannot collect everything: %s", err.text);
	log_debug("records are collected");
}

/* What an agent that died had recorded is still in its directory on this host. */
static void salvage(struct run *run)
{
	for (unsigned r = 0; r < run->crew.n; r++) {
		const char *region = run->plan->regions[r].name;
		char from[1300], to[1300];
		struct death *death;

		if (run->crew.members[r].fd >= 0)
			continue;
		snprintf(from, sizeof(from), "%s/%s/record", run->store.work, region);
		snprintf(to, sizeof(to), "%s/record/%s", run->store.dir, region);
		rmdir(to);
		if (rename(from, to))
			log_warn("nothing was recorded in %s", region);
		death = ARENA_PUSH(&run->arena, run->evidence.deaths, run->evidence.n_deaths);
		*death = (struct death){
			.what = DEATH_AGENT, .region = r, .at_ns = run->evidence.end_ns};
	}
}

static void undo_note(struct run *run, bool undone, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void undo_note(struct run *run, bool undone, const char *fmt, ...)
{
	struct result_change *change = ARENA_PUSH(&run->arena, run->undone, run->n_undone);
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	change->what = arena_strdup(&run->arena, text);
	change->undone = undone;
	run->clean = run->clean && undone;
}

static int count_ports(void *arg, struct err *err)
{
	struct if_nameindex *names = if_nameindex();

	(void)err;
	for (struct if_nameindex *i = names; i && i->if_index; i++)
		*(unsigned *)arg += i->if_index >= BACKBONE_IFINDEX_PORT;
	if (names)
		if_freenameindex(names);
	return 0;
}

/* A region's port leaves the backbone when the region's namespace is really gone. */
static unsigned regions_left(int backbone_fd)
{
	uint64_t deadline = clock_now_ns() + 2 * NSEC_PER_SEC;
	unsigned left;
	struct err err;

	do {
		left = 0;
		if (netns_run(backbone_fd, count_ports, &left, &err))
			return 1;
		if (left)
			clock_sleep_until_ns(clock_now_ns() + 2 * NSEC_PER_MSEC);
	} while (left && clock_now_ns() < deadline);
	return left;
}

static void take_down(struct run *run)
{
	struct jv *message = jv_new_object();
	unsigned killed, left;
	struct err err = {0};

	run->crew.watch[WATCH_SIGNALS] = -1;
	jv_set(message, "type", jv_new_string("down"));
	if (run->crew.n && crew_ask(&run->crew, message, clock_now_ns() + DOWN_LIMIT_NS, &err))
		log_warn("%s", err.text);
	for (unsigned r = 0; r < run->crew.n; r++) {
		const struct jv *answer = run->crew.members[r].answer;
		const char *region = run->plan->regions[r].name;
		int64_t n = jv_int(jv_get(answer, "left"), -1);

		if (n > 0)
			undo_note(run, false, "%s: %s", region,
				jv_str(jv_get(answer, "what"), "something is left"));
		else
			undo_note(run, true, "%s: nodes, clients, links", region);
	}
	log_debug("agents are down");
	killed = crew_release(&run->crew, clock_now_ns() + 2 * NSEC_PER_SEC);
	if (killed)
		log_warn("%u agents had to be killed", killed);
	if (run->backbone_fd >= 0) {
		left = regions_left(run->backbone_fd);
		undo_note(run, left == 0, "backbone: %u regions still attached", left);
		close(run->backbone_fd);
		run->backbone_fd = -1;
	}
	if (!run->options->keep && store_remove_work(&run->store, &err))
		undo_note(run, false, "%s", err.text);
	if (run->clean)
		guardian_done(&run->guardian);
}

/* ---- judge and write ------------------------------------------------------------------------- */

static void fill_result(struct run *run, struct result *out)
{
	const struct plan *plan = run->plan;

	out->schema = RESULT_SCHEMA;
	out->tool_version = REGIONPROOF_VERSION;
	out->run = run->store.name;
	out->scenario = plan->name;
	out->about = plan->about;
	out->path = plan->path;
	out->scenario_text = plan->text;
	out->dir = run->store.dir;
	out->seed = plan->seed;
	out->command = arena_printf(&run->arena, "regionproof run --seed %llu %s",
		(unsigned long long)plan->seed, plan->path);
	out->wall_start_ns = run->wall_start_ns;
	out->duration_ns = run->evidence.end_ns;
	out->epoch_ns = run->epoch_ns;
	out->facts = run->facts;
	out->n_facts = run->n_facts;
	out->changes = run->undone;
	out->n_changes = run->n_undone;
	out->clean = run->clean;
	out->interrupted = run->evidence.interrupted;
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
	expect_judge_run(&run->arena, &run->evidence, out);
	if (run->n_events)
		qsort(run->events, run->n_events, sizeof(*run->events), by_instant);
	out->events = run->events;
	out->n_events = run->n_events;
	if (record_save(&run->evidence, run->store.dir, &err))
		log_warn("%s", err.text);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* From up to play; what failed stands in run->err. */
static void carry_out(struct run *run)
{
	struct err *err = &run->err;

	if (start_guarded_crew(run, err) || bring_up(run, err) || start_clients(run, err))
		return;
	run_play(run, err);
}

int run_scenario(struct run *run, const struct run_options *options, struct result *out,
	struct err *err, struct buf *errors)
{
	*run = (struct run){.options = options,
		.backbone_fd = -1,
		.signal_fd = -1,
		.clean = true,
		.guardian = GUARDIAN_INIT,
		.crew.watch = {-1, -1, -1, -1}};
	*out = (struct result){0};
	run->plan = plan_build(&options->plan, true, err, errors);
	if (!run->plan)
		return -1;
	if (preflight(run, err))
		return -1;
	if (store_create(&run->store, options->runs, run->plan, err) || open_signals(run, err))
		return -1;
	log_setup("controller", log_level(), run->store.log_fd);
	prepare_evidence(run);
	carry_out(run);
	run_status_end(run);
	if (run->epoch_ns)
		gather(run);
	salvage(run);
	take_down(run);
	judge(run, out);
	fill_result(run, out);
	out->exit_code = exit_code(run, out);
	return 0;
}

void run_release(struct run *run)
{
	record_release(&run->evidence);
	jv_free(run->ledger);
	guardian_done(&run->guardian);
	store_release(&run->store);
	plan_free(run->plan);
	if (run->signal_fd >= 0)
		close(run->signal_fd);
	arena_release(&run->arena);
}
