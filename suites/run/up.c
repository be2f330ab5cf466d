/* Regions, nodes and clients come up, guarded from the first process on. */
#include "suites/run/run.h"
#include "chaos/engines/decisions.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/site.h"
#include "suites/agent/agent.h"

#include <stdio.h>

#define PREPARE_SLACK_NS (15 * NSEC_PER_SEC)
#define START_LIMIT_NS (15 * NSEC_PER_SEC)
/* Between the last message before the run's zero and the zero itself; a machine that was slower in
 * bringing the beacons up is also slower in hearing of it. */
#define LEAD_MIN_NS (30 * NSEC_PER_MSEC)
#define LEAD_MAX_NS (1500 * NSEC_PER_MSEC)

/* An agent does nothing until it is told to, and it is told when the guardian has it. */
static int start_guarded_crew(struct run *run, struct err *err)
{
	unsigned n = (unsigned)run->plan->n_regions;
	struct agent_start start;

	if (guardian_start(&run->guardian, run->store.name, run->store.dir,
		    run->options->keep ? "" : run->store.work, err))
		return -1;
	run->crew.watch[RUN_WATCH_SIGNALS] = run->signal_fd;
	run->crew.watch[RUN_WATCH_GUARDIAN] = run->guardian.fd;
	if (store_make_work(&run->store, err) || run_make_groups(run, err))
		return -1;
	if (run->plan->containers) {
		if (run_ground_containers(run, err))
			return -1;
	} else {
		run->backbone_fd = backbone_up(err);
		if (run->backbone_fd < 0)
			return -1;
	}
	run->crew.on_event = run_on_event;
	run->crew.on_watch = run_on_watch;
	run->crew.arg = run;
	start = (struct agent_start){.backbone_fd = run->backbone_fd,
		.grounds = run->grounds,
		.guardian_fd = run->guardian.fd,
		.log_fd = run->store.log_fd};
	if (crew_start(&run->crew, n, &start, err))
		return -1;
	for (unsigned i = 0; i < n; i++) {
		if (guardian_add(&run->guardian, i, &run->crew.members[i].process, err))
			return -1;
	}
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
	if (run->plan->variant)
		jv_set(message, "variant", jv_new_string(run->plan->variant));
	jv_set(message, "seed", jv_new_string(seed));
	jv_set(message, "engine", jv_new_string(run->engine));
	jv_set(message, "dir", jv_new_string(run->store.work));
	run_list_groups(run, message);
	if (run->options->decisions)
		jv_set(message, "decisions", jv_new_int((int64_t)DECISIONS_LIMIT));
	jv_set(message, "watch", jv_new_bool(run->options->watch));
	if (run_list_containers(run, message, err)) {
		jv_free(message);
		return -1;
	}
	return crew_ask(&run->crew, message,
		clock_now_ns() + ready_limit_ns(run->plan) + PREPARE_SLACK_NS, err);
}

/* The node each region's clients read from: told by its prober, printed with the preflight. */
static void note_nearest(struct run *run)
{
	struct buf text = {0};

	for (unsigned r = 0; r < run->crew.n; r++) {
		const struct jv *ready = jv_get(run->crew.members[r].answer, "ready");
		const struct jv *first = jv_at(jv_get(ready, "nearest"), 0);
		int64_t node = jv_int(jv_get(first, "node"), -1);

		if (node >= 0 && (size_t)node < run->plan->n_endpoints)
			buf_printf(&text, "%s%s->%s (%.2f ms)", text.len ? ", " : "",
				run->plan->regions[r].name, run->plan->endpoints[node].name,
				(double)jv_int(jv_get(first, "rtt_ns"), 0) / 1e6);
	}
	run_fact(run, "regions", "%u/%zu ready", run->crew.n, run->plan->n_regions);
	if (text.len)
		run_fact(run, "nearest", "%s", text.data);
	buf_release(&text);
}

/* What the agents have set and read back. */
static void tell_mtus(struct run *run)
{
	struct buf text = {0};

	plan_mtus_print(run->plan, &text);
	if (text.len)
		run_fact(run, "mtu", "%s", buf_str(&text));
	buf_release(&text);
}

/* With nodes of our own readiness was waited for; of others' it is asked here. */
static int check_endpoints(const struct run *run, struct err *err)
{
	const struct plan *plan = run->plan;
	size_t data = group_first_of_data(plan->groups, plan->n_groups);

	if (!plan->remote || data == plan->n_groups ||
		!(group_can(&plan->groups[data]) & DRIVER_ROLES))
		return 0;
	for (unsigned r = 0; r < run->crew.n; r++) {
		const struct jv *list =
			jv_get(jv_get(run->crew.members[r].answer, "ready"), "nearest");

		for (size_t i = 0; i < jv_count(list); i++) {
			const struct jv *entry = jv_at(list, i);
			size_t node = (size_t)jv_int(jv_get(entry, "node"), 0);

			if (node >= plan->n_endpoints || jv_int(jv_get(entry, "rtt_ns"), -1) >= 0)
				continue;
			return err_exit(err, EXIT_NOT_STEADY,
				"%s at %s port %u did not say its role: does something listen "
				"there that driver %s speaks with%s?",
				plan->endpoints[node].name, plan->endpoints[node].host,
				plan->endpoints[node].port, plan->groups[data].driver->name,
				plan->endpoints[node].tls
					? ", and is its certificate trusted and for that name"
					: "");
		}
	}
	return 0;
}

int run_tell_beacons(struct run *run, const char *type, uint64_t at_ns, struct err *err)
{
	struct jv *message = jv_new_object(), *body = jv_new_object();

	jv_set(body, "type", jv_new_string(type));
	if (at_ns)
		jv_set(body, "at_ns", jv_new_int((int64_t)at_ns));
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

static void fix_zero(struct run *run, uint64_t lead_ns)
{
	if (lead_ns < LEAD_MIN_NS)
		lead_ns = LEAD_MIN_NS;
	if (lead_ns > LEAD_MAX_NS)
		lead_ns = LEAD_MAX_NS;
	run->epoch_ns = clock_now_ns() + lead_ns;
	run->wall_start_ns = clock_wall_ns() + lead_ns;
	run->suspended_ns = clock_suspended_ns();
}

/*
 * The probers come first, since measuring the way to every node takes round trips; then beacons and
 * the clients' threads stand by; then the run's zero is fixed, a little ahead, and all begin at it.
 */
static int start_clients(struct run *run, struct err *err)
{
	struct jv *message, *body;
	uint64_t began;

	if (ask(run, "start", jv_new_object(), err))
		return -1;
	note_nearest(run);
	tell_mtus(run);
	if (check_endpoints(run, err))
		return -1;
	began = clock_now_ns();
	if (ask(run, "stand_by", jv_new_object(), err))
		return -1;
	fix_zero(run, clock_now_ns() - began);
	message = run_tell_prober("start", &body);
	jv_set(body, "at_ns", jv_new_int((int64_t)run->epoch_ns));
	if (crew_tell(&run->crew, message, err) ||
		run_tell_beacons(run, "start", run->epoch_ns, err))
		return -1;
	return crew_pump(&run->crew, run->epoch_ns, NULL, err);
}

int run_up(struct run *run, struct err *err)
{
	return start_guarded_crew(run, err) || bring_up(run, err) ||
			run_adopt_containers(run, err) || start_clients(run, err)
		? -1
		: 0;
}
