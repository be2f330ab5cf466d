/* A run on running containers: found before anything exists, adopted when the sites stand, put back first. */
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/containers/engine_api.h"
#include "fixtures/containers/image.h"
#include "fixtures/json/jv.h"
#include "suites/run/run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAL_NS (3 * NSEC_PER_SEC)
#define SLACK_NS (20 * NSEC_PER_MSEC)

/* One that was started with --rm does not come back from a kill. */
static int check_kills(const struct run *run, struct err *err)
{
	for (size_t f = 0; f < run->plan->n_faults; f++) {
		const struct plan_fault *fault = &run->plan->faults[f];

		for (size_t i = 0; i < fault->effects.n_nodes; i++) {
			unsigned region = run->plan->nodes[fault->effects.nodes[i].node].region;
			const struct container *container =
				&fleet_endpoint(&run->fleet, region)->container;

			if (fault->effects.nodes[i].action == NODE_KILL && container->auto_remove)
				return err_exit(err, EXIT_MACHINE,
					"container %s was started with --rm, so '%s' would remove it "
					"for good; start it without",
					container->name, fault->name);
		}
	}
	return 0;
}

/* What they run goes with the result: the same name may be another image tomorrow. */
static void tell_images(struct run *run)
{
	for (size_t i = 0; i < run->fleet.n; i++) {
		const struct container *container = &run->fleet.members[i].container;
		struct container_image image;
		struct err err;
		char what[96];

		snprintf(what, sizeof(what), "image of %s", container->name);
		if (container_image(run->fleet.api, container, &image, &err))
			run_fact(run, what, "not known: %s", err.text);
		else
			run_fact(run, what, "%s, %s%s%s", image.name, image.id,
				*image.digest ? ", " : "", image.digest);
	}
}

int run_find_containers(struct run *run, struct err *err)
{
	const struct plan_containers *from = run->plan->containers;
	const char **regions;
	struct fleet_spec spec;

	if (!from)
		return 0;
	spec = (struct fleet_spec){.runtime = from->runtime,
		.region_label = from->region_label,
		.allow_label = from->allow_label,
		.project = from->project,
		.service = from->service,
		.name = from->name,
		.network = from->network};
	regions = arena_array(&run->arena, run->plan->n_regions, sizeof(*regions));
	for (size_t r = 0; r < run->plan->n_regions; r++)
		regions[r] = run->plan->regions[r].name;
	if (fleet_select(&run->fleet, &spec, regions, (unsigned)run->plan->n_regions, err))
		return -1;
	if (check_kills(run, err))
		return -1;
	run_fact(run, "containers", "%zu of %s on network %s (%s)", run->fleet.n,
		engine_api_name(run->fleet.api), run->fleet.network, run->fleet.bridge.name);
	tell_images(run);
	return 0;
}

int run_ground_containers(struct run *run, struct err *err)
{
	unsigned n = (unsigned)run->plan->n_regions;

	run->grounds = arena_array(&run->arena, n, sizeof(*run->grounds));
	if (fleet_guard(&run->fleet, &run->guardian, run->store.name, err))
		return -1;
	for (unsigned r = 0; r < n; r++) {
		if (fleet_ground(&run->fleet, r, &run->grounds[r], err))
			return -1;
	}
	return 0;
}

/* What agents need to know of them: containers: [{id, name, endpoint, address, prefix, ..}], by region. */
int run_list_containers(struct run *run, struct jv *message, struct err *err)
{
	struct jv *list;

	if (!run->plan->containers)
		return 0;
	list = jv_new_array();
	jv_set(message, "containers", list);
	for (unsigned r = 0; r < run->plan->n_regions; r++) {
		const struct container *container = &fleet_endpoint(&run->fleet, r)->container;
		struct jv *entry = jv_new_object();
		struct fleet_way way;

		jv_add(list, entry);
		if (fleet_find_way(&run->fleet, r, run->plan->containers->ip, &way, err))
			return -1;
		jv_set(entry, "runtime", jv_new_string(run->fleet.spec.runtime));
		jv_set(entry, "socket", jv_new_string(engine_api_socket(run->fleet.api)));
		jv_set(entry, "journal", jv_new_string(run->guardian.journal));
		jv_set(entry, "id", jv_new_string(container->id));
		jv_set(entry, "name", jv_new_string(container->name));
		jv_set(entry, "endpoint", jv_new_string(way.endpoint));
		jv_set(entry, "address", jv_new_string(way.client));
		jv_set(entry, "prefix", jv_new_int(way.prefix));
	}
	return 0;
}

int run_adopt_containers(struct run *run, struct err *err)
{
	if (!run->plan->containers)
		return 0;
	for (unsigned r = 0; r < run->plan->n_regions; r++)
		close(run->grounds[r].site_fd); /* the agents' copies hold them, and the pins */
	run->crew.watch[RUN_WATCH_FLEET] = run->fleet.watch_fd;
	return fleet_attach(&run->fleet, err);
}

static struct gap *open_gap(struct run *run, const struct fleet_member *member)
{
	struct evidence *evidence = &run->evidence;

	for (size_t g = evidence->n_gaps; g-- > 0;) {
		if (!evidence->gaps[g].back_ns &&
			!strcmp(evidence->gaps[g].container, member->container.name))
			return &evidence->gaps[g];
	}
	return NULL;
}

static void on_gone(struct run *run, const struct fleet_member *member, uint64_t now_ns)
{
	struct evidence *evidence = &run->evidence;

	*ARENA_PUSH(&run->arena, evidence->gaps, evidence->n_gaps) =
		(struct gap){.region = member->region,
			.gone_ns = now_ns,
			.container = arena_strdup(&run->arena, member->container.name)};
	run_note(run, now_ns, run->fleet.regions[member->region], "container %s is gone",
		member->container.name);
}

/* Its MAC may be another one: what is in force is laid again, now for that. */
static void on_back(struct run *run, const struct fleet_member *member, uint64_t now_ns)
{
	struct gap *gap = open_gap(run, member);
	struct jv *learn = jv_new_object();
	struct err err;

	if (gap) {
		gap->back_ns = now_ns;
		gap->passed = member->stray;
	}
	jv_set(learn, "type", jv_new_string("learn"));
	if (crew_tell(&run->crew, learn, &err))
		log_info("%s", err.text);
	run_note(run, now_ns, run->fleet.regions[member->region],
		member->stray == STRAY_UNKNOWN
			? "container %s is back and adopted again"
			: "container %s is back and adopted again; %llu of its packets passed before",
		member->container.name, (unsigned long long)member->stray);
}

static void on_change(void *arg, const struct fleet_member *member, enum fleet_change change)
{
	struct run *run = arg;
	uint64_t now_ns = run_since(run, clock_now_ns());

	switch (change) {
	case FLEET_GONE:
		on_gone(run, member, now_ns);
		break;
	case FLEET_BACK:
		on_back(run, member, now_ns);
		break;
	}
}

/* One that runs but was never adopted again has sent what it liked. */
static void close_gaps(struct run *run)
{
	for (size_t i = 0; i < run->fleet.n; i++) {
		const struct fleet_member *member = &run->fleet.members[i];
		struct gap *gap = open_gap(run, member);

		if (gap && member->container.running)
			gap->passed = STRAY_UNKNOWN;
	}
}

int run_follow_containers(struct run *run, struct err *err)
{
	return fleet_follow(&run->fleet, on_change, run, err);
}

static uint64_t longest_delay_ns(const struct plan *plan)
{
	uint64_t longest = 0;

	for (unsigned from = 0; from < plan->n_regions; from++) {
		for (unsigned to = 0; to < plan->n_regions; to++) {
			struct impairment link = plan_link_now(plan, from, to, UINT64_MAX);
			uint64_t ns = link.delay_ns + 4 * link.jitter_ns;

			longest = ns > longest ? ns : longest;
		}
	}
	return longest;
}

/* Faults off, what is delayed has arrived, then back. */
void run_return_containers(struct run *run)
{
	struct jv *message = jv_new_object();
	struct err err = {0};
	unsigned left;

	jv_set(message, "type", jv_new_string("heal"));
	if (!run->fleet.book) {
		jv_free(message);
		return;
	}
	close_gaps(run);
	if (run->crew.n && crew_ask(&run->crew, message, clock_now_ns() + HEAL_NS, &err))
		log_warn("%s", err.text);
	clock_sleep_until_ns(clock_now_ns() + longest_delay_ns(run->plan) + SLACK_NS);
	left = fleet_detach(&run->fleet, &err);
	if (left)
		run_undone(run, false, "%u interfaces of containers: %s", left, err.text);
	else
		run_undone(run, true, "%zu containers back on %s", run->fleet.n,
			run->fleet.bridge.name);
}

void run_raze_sites(struct run *run)
{
	struct err err = {0};
	unsigned left;

	if (!run->fleet.book || !run->clean)
		return;
	left = fleet_raze(&run->fleet, &err);
	run_undone(run, !left, "sites of %zu regions%s%s", run->plan->n_regions, left ? ": " : "",
		left ? err.text : "");
}
