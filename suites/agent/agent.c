#include "suites/agent/agent.h"
#include "suites/agent/armed.h"
#include "suites/agent/child.h"
#include "suites/agent/outpost.h"
#include "suites/agent/region.h"
#include "suites/agent/transfer.h"
#include "suites/proof/matched.h"
#include "chaos/guardian.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/netns.h"
#include "probes/beacon.h"
#include "probes/prober.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAKE_EARLY_NS (3 * NSEC_PER_MSEC) /* the engine waits for the instant itself */
#define CHILD_READY_NS (10 * NSEC_PER_SEC)
#define CHILD_DONE_NS (10 * NSEC_PER_SEC)

struct agent {
	unsigned index;
	int controller_fd, backbone_fd, guardian_fd;
	const struct site_ground *ground; /* NULL: a lab */
	struct frame_reader reader;
	struct plan *plan;
	struct region region;
	char dir[256], record[272], groups[320];
	struct prober_config prober_config;
	struct beacon_config beacon_config;
	struct child prober, beacon;
	bool prober_dead, beacon_dead, engine_dead;
	uint64_t nodes_dead; /* bit per own node: told once */
	struct armed armed;
	uint64_t heard_ns;
	bool healed_alone, down;
	bool watch; /* no timeline is played and no record kept */
	unsigned n_changes;
};

static struct jv *message_new(const char *type, int64_t id)
{
	struct jv *message = jv_new_object();

	jv_set(message, "v", jv_new_int(1));
	jv_set(message, "type", jv_new_string(type));
	if (id >= 0)
		jv_set(message, "id", jv_new_int(id));
	return message;
}

/* A controller that cannot be told anything is gone: the loop notices by the end of file. */
static void say(struct agent *agent, struct jv *message)
{
	struct err err;

	if (frame_send(agent->controller_fd, message, &err))
		log_info("%s", err.text);
}

static void answer_error(struct agent *agent, int64_t id, const struct err *err)
{
	struct jv *message = message_new("error", id);

	jv_set(message, "sentence", jv_new_string(err->text));
	jv_set(message, "code", jv_new_int(err_exit_code(err)));
	say(agent, message);
}

static struct jv *event_new(const struct agent *agent, const char *what)
{
	struct jv *event = message_new("event", -1);

	jv_set(event, "what", jv_new_string(what));
	jv_set(event, "region", jv_new_int(agent->index));
	return event;
}

static void tell_death(struct agent *agent, const char *who, const char *how)
{
	struct jv *event = event_new(agent, "death");

	jv_set(event, "who", jv_new_string(who));
	jv_set(event, "how", jv_new_string(how));
	jv_set(event, "at_ns", jv_new_int((int64_t)clock_now_ns()));
	say(agent, event);
}

/* Takes body. */
static void relay(struct agent *agent, const char *from, struct jv *body)
{
	struct jv *event = event_new(agent, "child");

	jv_set(event, "from", jv_new_string(from));
	jv_set(event, "body", body);
	say(agent, event);
}

static void relay_prober(void *arg, struct jv *body)
{
	relay(arg, "prober", body);
}

/* What shall not outlive this process: the site, then every leaf. */
static int hand_to_guardian(const struct agent *agent, struct err *err)
{
	const struct region *region = &agent->region;
	int fds[3 + REGION_NODES_MAX];
	unsigned n = 0;

	fds[n++] = region->site.netns_fd;
	fds[n++] = region->prober_netns;
	fds[n++] = region->beacon_netns;
	for (size_t k = 0; k < region->n_nodes && k < REGION_NODES_MAX && !region->outpost; k++)
		fds[n++] = region->nodes[k].netns_fd;
	return guardian_hold(agent->guardian_fd, agent->index, fds, n, err);
}

/* One entry a region: every region's clients talk to all of them. */
static int settle_containers(struct agent *agent, const struct jv *list, struct err *err)
{
	struct region *region = &agent->region;

	if (!agent->plan->containers)
		return 0;
	for (unsigned r = 0; r < jv_count(list); r++)
		plan_place_container(
			agent->plan, r, jv_str(jv_get(jv_at(list, r), "endpoint"), ""));
	region->outpost = outpost_new(jv_at(list, agent->index), err);
	if (!region->outpost)
		return -1;
	return outpost_settle(region->outpost, region->prober_netns, err);
}

static int prepare(struct agent *agent, const struct jv *m, struct err *err)
{
	struct plan_options options = {
		.path = jv_str(jv_get(m, "path"), ""),
		.text = jv_str(jv_get(m, "text"), ""),
		.share = jv_str(jv_get(m, "share"), NULL),
		.variant = jv_str(jv_get(m, "variant"), NULL),
		.has_seed = true,
		.seed = strtoull(jv_str(jv_get(m, "seed"), "0"), NULL, 10),
	};
	struct buf errors = {0};

	if (agent->plan)
		return err_set(err, "this region is prepared already");
	agent->watch = jv_bool(jv_get(m, "watch"), false);
	agent->plan = plan_build(&options, true, err, &errors);
	if (!agent->plan && errors.len) /* the controller found none: say which */
		err_prefix(err, "%.*s", (int)strcspn(errors.data, "\n"), errors.data);
	buf_release(&errors);
	if (!agent->plan)
		return -1;
	snprintf(agent->dir, sizeof(agent->dir), "%s/%s", jv_str(jv_get(m, "dir"), ""),
		agent->plan->regions[agent->index].name);
	snprintf(agent->record, sizeof(agent->record), "%s/record", agent->dir);
	if (mkdir(agent->dir, 0755))
		return err_sys(err, "cannot create %s", agent->dir);
	if (region_up(&agent->region, agent->plan, agent->index, agent->dir, agent->backbone_fd,
		    agent->ground, err) ||
		region_open_engine(&agent->region, jv_str(jv_get(m, "engine"), ""),
			(uint64_t)jv_int(jv_get(m, "decisions"), 0), err))
		return -1;
	/* Clients of a system that somebody else runs live on the host's own network. */
	if (!agent->plan->remote && netns_enter(agent->region.site.netns_fd, err))
		return -1;
	agent->n_changes =
		1 + (unsigned)agent->region.n_nodes + 3; /* nodes; site, engine, two leaves */
	snprintf(agent->groups, sizeof(agent->groups), "%s", jv_str(jv_get(m, "groups"), ""));
	agent->region.groups = agent->groups;
	if (settle_containers(agent, jv_get(m, "containers"), err) || hand_to_guardian(agent, err))
		return -1;
	return region_start_nodes(&agent->region, err);
}

static int enter_prober(const void *config, int fd)
{
	return prober_main(config, fd);
}

static int enter_beacon(const void *config, int fd)
{
	return beacon_main(config, fd);
}

static void configure_prober(struct agent *agent)
{
	const struct plan *plan = agent->plan;

	agent->prober_config = (struct prober_config){
		.watch = agent->watch,
		.region = agent->index,
		.n_regions = (unsigned)plan->n_regions,
		.endpoints = plan->endpoints,
		.n_endpoints = plan->n_endpoints,
		.groups = plan->groups,
		.n_groups = plan->n_groups,
		.primary_hint = OP_NODE_UNKNOWN,
		.seed = plan->seed,
		.dir = agent->record,
		.ticker = 1,
		.liar = plan->evidence.liar,
		.reads_files = plan->remote,
	};
	for (size_t i = 0; i < plan->n_actions; i++) {
		if (plan->actions[i].kind == ACTION_PURGE)
			agent->prober_config.purges = true;
	}
	for (size_t i = 0; i < plan->n_endpoints; i++) {
		if (plan->regions[plan->endpoints[i].region].primary)
			agent->prober_config.primary_hint = plan->endpoints[i].node;
	}
}

/* Up, and the way to every node measured; its clients begin when they are told to. */
static int start_prober(struct agent *agent, struct jv **ready, struct err *err)
{
	struct child_start start = {.name = "prober",
		.netns_fd = agent->plan && agent->plan->remote ? -1 : agent->region.prober_netns,
		.keep = {-1, -1},
		.entry = enter_prober,
		.config = &agent->prober_config};

	if (!agent->plan)
		return err_set(err, "this region is not prepared");
	configure_prober(agent);
	if (child_start(&agent->prober, &start, err))
		return -1;
	return child_expect(&agent->prober, "ready", clock_now_ns() + CHILD_READY_NS, ready,
		relay_prober, agent, err);
}

/* The beacon is listening; it sends when it is told to. */
static int start_beacon(struct agent *agent, struct err *err)
{
	struct child_start start = {.name = "beacon",
		.netns_fd = agent->region.beacon_netns,
		.keep = {agent->region.site.netns_fd, -1},
		.entry = enter_beacon,
		.config = &agent->beacon_config};
	struct jv *ready;

	if (!agent->plan)
		return err_set(err, "this region is not prepared");
	agent->beacon_config = (struct beacon_config){
		.forget = agent->watch,
		.region = agent->index,
		.n_regions = (unsigned)agent->plan->n_regions,
		.period_ns = beacon_period_ns((unsigned)agent->plan->n_regions),
		.dir = agent->record,
		.site_netns_fd = agent->region.site.netns_fd,
		.uplink = "a",
		.wish = {.keep = (enum pcap_keep)agent->plan->evidence.capture,
			.limit_bytes = agent->plan->evidence.capture_limit,
			.length_ns = agent->plan->end_ns},
		.book = agent->region.site.book,
		.log = matched_wish(agent->plan),
	};
	if (child_start(&agent->beacon, &start, err) ||
		child_expect(&agent->beacon, "ready", clock_now_ns() + CHILD_READY_NS, &ready, NULL,
			NULL, err))
		return -1;
	jv_free(ready);
	return 0;
}

/* Beacon and clients wait for nothing but the run's zero. */
static int stand_by(struct agent *agent, struct err *err)
{
	struct jv *body = jv_new_object(), *standing;
	int rc = start_beacon(agent, err);

	jv_set(body, "type", jv_new_string("stand_by"));
	if (!rc)
		rc = frame_send(agent->prober.fd, body, err);
	else
		jv_free(body);
	if (rc ||
		child_expect(&agent->prober, "standing_by", clock_now_ns() + CHILD_READY_NS,
			&standing, relay_prober, agent, err))
		return -1;
	jv_free(standing);
	return 0;
}

/* A node that a fault kills has not died by itself. */
static void expect_deaths(struct agent *agent, const struct region_change *change)
{
	for (unsigned i = 0; i < change->n_nodes; i++) {
		for (size_t k = 0; k < agent->region.n_nodes && k < 64; k++) {
			if (agent->region.node_index[k] == change->nodes[i].node &&
				change->nodes[i].action == NODE_KILL && !change->nodes[i].undo)
				agent->nodes_dead |= UINT64_C(1) << k;
		}
	}
}

static void fire(struct agent *agent, const struct armed_change *armed)
{
	struct jv *event = event_new(agent, "applied");
	struct region_ack ack;
	struct err err;
	int rc = region_apply(&agent->region, &armed->change, &ack, &err);

	expect_deaths(agent, &armed->change);
	jv_set(event, "id", jv_new_int(armed->id));
	jv_set(event, "sent_ns", jv_new_int((int64_t)ack.links.sent_ns));
	jv_set(event, "acked_ns", jv_new_int((int64_t)ack.links.acked_ns));
	jv_set(event, "nodes_done_ns", jv_new_int((int64_t)ack.nodes_done_ns));
	jv_set(event, "links", jv_new_int(ack.n_links));
	jv_set(event, "agrees", jv_new_bool(rc == 0 && ack.read_back_agrees));
	if (rc || !ack.read_back_agrees)
		jv_set(event, "why", jv_new_string(rc ? err.text : ack.why.text));
	if (ack.seen.text[0])
		jv_set(event, "seen", jv_new_string(ack.seen.text));
	if (ack.seen.lapsed.text[0])
		jv_set(event, "lapsed", jv_new_string(ack.seen.lapsed.text));
	say(agent, event);
}

static void fire_due(struct agent *agent)
{
	struct armed_change change;

	while (armed_take(&agent->armed, clock_now_ns() + WAKE_EARLY_NS, &change))
		fire(agent, &change);
}

static uint64_t next_wake_ns(const struct agent *agent)
{
	uint64_t latest = clock_now_ns() + NSEC_PER_SEC, next = armed_next_ns(&agent->armed);

	next -= next < WAKE_EARLY_NS ? next : WAKE_EARLY_NS;
	return next < latest ? next : latest;
}

static int tell_child(struct agent *agent, const struct jv *m, struct err *err)
{
	bool to_prober = !strcmp(jv_str(jv_get(m, "to"), ""), "prober");
	struct child *child = to_prober ? &agent->prober : &agent->beacon;
	const struct jv *body = jv_get(m, "body");

	if (child->fd < 0)
		return err_set(err, "there is no %s to tell", to_prober ? "prober" : "beacon");
	if (!strcmp(jv_str(jv_get(body, "type"), ""), "stop"))
		child->leaving = true;
	return frame_send(child->fd, jv_copy(body), err);
}

/* What the clients have sent, for whoever doubts that they asked at all. */
static struct jv *count_packets(const struct agent *agent)
{
	uint64_t sent;
	struct err err;

	if (agent->plan->remote)
		return NULL; /* among those of all others of this host */
	if (!site_leaf_packets(&agent->region.site, ADDR_HOST_PROBER, &sent, &err))
		return jv_new_int((int64_t)sent);
	log_info("%s", err.text);
	return NULL;
}

/* The record of the children, and what the nodes printed. */
static int collect(struct agent *agent, struct jv **packets, struct err *err)
{
	char path[320];

	if (!agent->plan)
		return 0;
	*packets = count_packets(agent);
	if (transfer_send_dir(agent->controller_fd, agent->record, err))
		return -1;
	for (size_t k = 0; k < agent->region.n_nodes; k++) {
		const struct node *node = &agent->region.nodes[k];
		char name[256];

		if (!node->spec)
			continue;
		snprintf(path, sizeof(path), "%s/output.log", node->dir);
		snprintf(name, sizeof(name), "%s.log", strrchr(node->dir, '/') + 1);
		if (access(path, R_OK) == 0 &&
			transfer_send_file(agent->controller_fd, path, name, err))
			return -1;
	}
	return 0;
}

/* Everything undone. Returns what is left. */
static unsigned tear_down(struct agent *agent, struct err *what)
{
	unsigned left;

	if (agent->down) {
		what->text[0] = '\0';
		return 0;
	}
	agent->down = true;
	agent->prober.leaving = agent->beacon.leaving = true;
	process_signal(&agent->prober.process, SIGSTOP);
	if (agent->plan)
		region_hush(&agent->region);
	child_release(&agent->prober);
	child_release(&agent->beacon);
	guardian_let_go(agent->guardian_fd, agent->index);
	left = region_down(&agent->region, what);
	plan_free(agent->plan);
	agent->plan = NULL;
	return left;
}

static void go_down(struct agent *agent, int64_t id)
{
	struct jv *message = message_new("ok", id);
	unsigned changes = agent->n_changes;
	struct err what;
	unsigned left = tear_down(agent, &what);

	jv_set(message, "changes", jv_new_int(changes));
	jv_set(message, "left", jv_new_int(left));
	jv_set(message, "what", jv_new_string(what.text));
	say(agent, message);
}

/* What is armed would undo it. */
static int heal(struct agent *agent, struct err *err)
{
	agent->armed.n = 0;
	return agent->plan ? region_heal(&agent->region, err) : 0;
}

static int handle(struct agent *agent, const struct jv *m, struct err *err)
{
	const char *type = jv_str(jv_get(m, "type"), "");
	int64_t id = jv_int(jv_get(m, "id"), -1);
	struct jv *ready = NULL, *packets = NULL;
	int rc = 0;

	if (!strcmp(type, "ping"))
		return 0;
	if (!strcmp(type, "learn"))
		return agent->plan ? region_learn(&agent->region, err) : 0;
	if (!strcmp(type, "tell"))
		return tell_child(agent, m, err);
	if (!strcmp(type, "down")) {
		go_down(agent, id);
		return 0;
	}
	if (!strcmp(type, "prepare"))
		rc = prepare(agent, m, err);
	else if (!strcmp(type, "start"))
		rc = start_prober(agent, &ready, err);
	else if (!strcmp(type, "stand_by"))
		rc = stand_by(agent, err);
	else if (!strcmp(type, "arm"))
		rc = armed_add(&agent->armed, agent->plan, agent->index, m, err);
	else if (!strcmp(type, "heal"))
		rc = heal(agent, err);
	else if (!strcmp(type, "collect"))
		rc = collect(agent, &packets, err);
	else
		rc = err_set(err, "an agent does not know the message '%s'", type);
	if (!rc) {
		struct jv *message = message_new("ok", id);

		if (ready)
			jv_set(message, "ready", ready);
		if (packets)
			jv_set(message, "prober_packets", packets);
		say(agent, message);
	}
	return rc;
}

/* 1: a message was handled, 0: there is none, -1: the controller is gone. */
static int hear_controller(struct agent *agent)
{
	struct jv *m;
	struct err err = {0};
	int got = frame_recv(agent->controller_fd, &agent->reader, 0, &m, NULL, &err);

	if (got <= 0)
		return got;
	agent->heard_ns = clock_now_ns();
	agent->healed_alone = false;
	if (handle(agent, m, &err))
		answer_error(agent, jv_int(jv_get(m, "id"), -1), &err);
	jv_free(m);
	return 1;
}

static void hear_child(struct agent *agent, struct child *child, bool *dead)
{
	char how[64];
	struct jv *body;
	struct err err;
	int got;

	while ((got = child_recv(child, 0, &body, &err)) > 0)
		relay(agent, child->name, body);
	if (child->process.pid <= 0 || *dead)
		return;
	/* One that was told to stop may end, but not die. */
	if (process_wait(&child->process, 0) && (!child->leaving || child->process.status)) {
		*dead = true;
		tell_death(agent, child->name, process_how_ended(&child->process, how));
	}
}

static void watch_engine(struct agent *agent)
{
	struct engine *engine = agent->region.engine;
	int fd = engine ? engine->ops->death_fd(engine) : -1;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (fd < 0 || agent->engine_dead || poll(&p, 1, 0) <= 0)
		return;
	agent->engine_dead = true;
	tell_death(agent, "engine", "ended");
}

/* A node that ended by itself: a fault of kind kill would have been ours. */
static void watch_nodes(struct agent *agent)
{
	char how[64];

	for (size_t k = 0; k < agent->region.n_nodes && k < 64; k++) {
		struct node *node = &agent->region.nodes[k];
		uint64_t bit = UINT64_C(1) << k;

		if (!node->spec || node->init.pid <= 0)
			continue;
		if (node_is_running(node)) {
			agent->nodes_dead &= ~bit;
		} else if (!(agent->nodes_dead & bit)) {
			agent->nodes_dead |= bit;
			tell_death(agent, node->spec->name, process_how_ended(&node->init, how));
		}
	}
}

static void keep_lease(struct agent *agent)
{
	struct err err;

	if (!agent->plan || agent->healed_alone ||
		clock_now_ns() - agent->heard_ns < AGENT_LEASE_NS)
		return;
	log_warn("nothing heard from the controller for 5 s: healing");
	agent->healed_alone = true;
	agent->armed.n = 0;
	if (region_heal(&agent->region, &err))
		log_warn("%s", err.text);
}

static void loop(struct agent *agent)
{
	int heard = 0;

	while (!agent->down && heard >= 0) {
		struct pollfd p[] = {
			{.fd = agent->controller_fd, .events = POLLIN},
			{.fd = agent->prober.fd, .events = POLLIN},
			{.fd = agent->beacon.fd, .events = POLLIN},
		};
		uint64_t wake = next_wake_ns(agent), now = clock_now_ns();

		poll(p, 3, wake > now ? (int)((wake - now) / NSEC_PER_MSEC) : 0);
		fire_due(agent);
		do
			heard = hear_controller(agent);
		while (heard > 0 && !agent->down);
		hear_child(agent, &agent->prober, &agent->prober_dead);
		hear_child(agent, &agent->beacon, &agent->beacon_dead);
		watch_engine(agent);
		watch_nodes(agent);
		keep_lease(agent);
	}
}

int agent_main(void *arg)
{
	struct agent_start *start = arg;
	const int keep[] = {start->controller_fd, start->backbone_fd, start->guardian_fd,
		start->log_fd, start->grounds ? start->grounds[start->region].site_fd : -1,
		start->grounds ? start->grounds[start->region].backbone_fd : -1};
	struct agent agent = {.index = start->region,
		.controller_fd = start->controller_fd,
		.backbone_fd = start->backbone_fd,
		.ground = start->grounds ? &start->grounds[start->region] : NULL,
		.guardian_fd = start->guardian_fd,
		.prober = CHILD_INIT,
		.beacon = CHILD_INIT,
		.region = {.site = SITE_INIT, .prober_netns = -1, .beacon_netns = -1},
		.heard_ns = clock_now_ns()};
	char who[32];
	struct err what;

	process_keep_fds(keep, 6);
	process_name("rp-agent");
	snprintf(who, sizeof(who), "agent %u", start->region);
	log_setup(who, log_level(), start->log_fd);
	signal(SIGINT, SIG_IGN); /* the terminal's Ctrl-C is for the controller to decide on */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		log_info("cannot mount /proc in a region");
	loop(&agent);
	if (tear_down(&agent, &what))
		log_warn("%s", what.text);
	frame_reader_release(&agent.reader);
	return 0;
}
