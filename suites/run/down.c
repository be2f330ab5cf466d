/* The end of every run: records are gathered, everything is undone, and that it was is verified. */
#include "suites/run/run.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/site.h"

#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define DONE_LIMIT_NS (6 * NSEC_PER_SEC)
#define COLLECT_LIMIT_NS (60 * NSEC_PER_SEC)
#define DOWN_LIMIT_NS (10 * NSEC_PER_SEC)
#define HEAL_LIMIT_NS (3 * NSEC_PER_SEC)
/* So that the beacons see it as well. */
#define SEEN_HEALED_NS (200 * NSEC_PER_MSEC)
/* A run that failed or was interrupted goes quickly: what is still open then is of unknown outcome, and
 * an agent that is stuck in coming up is left to the guardian. */
#define HASTE_NS (500 * NSEC_PER_MSEC)

static bool all_done(const struct run *run, bool beacons)
{
	for (unsigned r = 0; r < run->crew.n; r++) {
		const struct live_region *live = &run->live[r];

		bool done = beacons ? live->beacon_done || live->beacon_dead
				    : live->done || live->prober_dead;

		if (run->crew.members[r].fd >= 0 && !done)
			return false;
	}
	return true;
}

static void wait_done(struct run *run, bool beacons)
{
	uint64_t deadline = clock_now_ns() + (run->err.text[0] ? HASTE_NS : DONE_LIMIT_NS);
	struct err err;

	while (!all_done(run, beacons) && clock_now_ns() < deadline) {
		run->wake = false;
		if (crew_pump(&run->crew, deadline, &run->wake, &err))
			return;
	}
}

/* The clients stop first, then the beacons, so that every operation lies under watch. */
static void stop_clients(struct run *run)
{
	struct jv *body, *message;
	struct err err = {0};

	run->evidence.end_ns = run_since(run, clock_now_ns());
	run->evidence.suspended = clock_suspended_ns() > run->suspended_ns + NSEC_PER_MSEC;
	message = run_tell_prober("stop", &body);
	if (crew_tell(&run->crew, message, &err))
		log_warn("%s", err.text);
	wait_done(run, false);
	log_debug("clients have stopped");
	if (run_tell_beacons(run, "stop", 0, &err))
		log_warn("%s", err.text);
	wait_done(run, true);
	log_debug("beacons have stopped");
}

static void take_packets(struct run *run)
{
	uint64_t *packets = arena_array(&run->arena, run->plan->n_regions, sizeof(*packets));

	for (size_t r = 0; r < run->plan->n_regions; r++) {
		const struct jv *answer = r < run->crew.n ? run->crew.members[r].answer : NULL;

		packets[r] = (uint64_t)jv_int(jv_get(answer, "prober_packets"), -1);
	}
	run->evidence.prober_packets = packets;
}

/* A run that ends early heals first: whatever is gathered, the faults are gone. */
static void heal_first(struct run *run)
{
	uint64_t sent = clock_now_ns();
	struct jv *message;
	struct err err;

	if (!run->err.text[0] || !run->faults_on)
		return;
	message = jv_new_object();
	jv_set(message, "type", jv_new_string("heal"));
	if (crew_ask(&run->crew, message, sent + HEAL_LIMIT_NS, &err))
		log_warn("%s", err.text);
	for (size_t f = 0; f < run->plan->n_faults; f++) {
		struct fault_window *window = &run->evidence.faults[f];

		if (!(run->faults_on >> f & 1) || window->undo_sent_ns)
			continue;
		window->undo_sent_ns = run_since(run, sent);
		window->undo_acked_ns = run_since(run, clock_now_ns());
	}
	run->faults_on = 0;
	run_note(run, run_since(run, clock_now_ns()), "healed",
		"every fault is lifted, %.0f ms after the end was decided",
		(double)(clock_now_ns() - sent) / 1e6);
	crew_pump(&run->crew, clock_now_ns() + SEEN_HEALED_NS, NULL, &err);
}

static void gather(struct run *run)
{
	struct jv *message = jv_new_object();
	struct err err = {0};

	run_end_actions(run);
	run->crew.watch[RUN_WATCH_SIGNALS] = -1; /* a second Ctrl-C leaves nothing half undone */
	run->crew.watch[RUN_WATCH_FLEET] = -1;
	run->crew.watch[RUN_WATCH_GUARDIAN] = -1; /* what it would undo is being undone */
	run->crew.watch[RUN_WATCH_PAGE] = -1;
	run->crew.watch[RUN_WATCH_KEY] = -1;
	run->crew.stage = CREW_ENDING;
	heal_first(run);
	if (run->epoch_ns)
		stop_clients(run);
	jv_set(message, "type", jv_new_string("collect"));
	if (crew_ask(&run->crew, message,
		    clock_now_ns() + (run->epoch_ns ? COLLECT_LIMIT_NS : HASTE_NS), &err))
		log_warn("cannot collect everything: %s", err.text);
	log_debug("records are collected");
	take_packets(run);
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

void run_undone(struct run *run, bool undone, const char *fmt, ...)
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
	uint64_t limit = run->epoch_ns ? DOWN_LIMIT_NS : 2 * HASTE_NS;
	struct jv *message = jv_new_object();
	unsigned killed, left;
	struct err err = {0};

	run->crew.stage = CREW_DOWN;
	jv_set(message, "type", jv_new_string("down"));
	if (run->crew.n && crew_ask(&run->crew, message, clock_now_ns() + limit, &err))
		log_warn("%s", err.text);
	for (unsigned r = 0; r < run->crew.n; r++) {
		const struct jv *answer = run->crew.members[r].answer;
		const char *region = run->plan->regions[r].name;
		int64_t n = jv_int(jv_get(answer, "left"), -1);

		if (n > 0)
			run_undone(run, false, "%s: %s", region,
				jv_str(jv_get(answer, "what"), "something is left"));
		else
			run_undone(run, true, "%s: nodes, clients, links", region);
	}
	log_debug("agents are down");
	killed = crew_release(&run->crew, clock_now_ns() + HASTE_NS);
	if (killed)
		log_warn("%u agents had to be killed", killed);
	if (run->backbone_fd >= 0) {
		left = regions_left(run->backbone_fd);
		run_undone(run, left == 0, "backbone: %u regions still attached", left);
		close(run->backbone_fd);
		run->backbone_fd = -1;
	}
	run_remove_groups(run);
	run_raze_sites(run);
	if (!run->options->keep && store_remove_work(&run->store, &err))
		run_undone(run, false, "%s", err.text);
	if (run->clean)
		guardian_done(&run->guardian);
}

void run_down(struct run *run)
{
	if (run->crew.n) {
		gather(run);
		salvage(run);
	}
	run_return_containers(run);
	take_down(run);
}
