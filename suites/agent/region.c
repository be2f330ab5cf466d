#include "suites/agent/region.h"
#include "suites/agent/node_faults.h"
#include "suites/agent/outpost.h"
#include "chaos/engines/decisions.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/base/rng.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/plug.h"
#include "fixtures/net/site_mtu.h"
#include "fixtures/net/sockets.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STOP_LIMIT_NS (2 * NSEC_PER_SEC)

static int make_dir(const char *dir, const char *name, struct err *err)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (mkdir(path, 0755) && errno != EEXIST)
		return err_sys(err, "cannot create %s", path);
	return 0;
}

static size_t count_nodes(const struct plan *plan, unsigned index)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_nodes; i++)
		n += plan->nodes[i].region == index;
	return n;
}

/* Namespaces of prober, beacon and nodes, in one batch. */
static int add_leaves(struct region *region, struct err *err)
{
	const struct plan *plan = region->plan;
	unsigned hosts[2 + ADDR_HOSTS_MAX] = {ADDR_HOST_PROBER, ADDR_HOST_BEACON};
	int fds[2 + ADDR_HOSTS_MAX];
	unsigned n = 2;
	size_t k = 0;

	for (size_t i = 0; i < plan->n_nodes; i++) {
		if (plan->nodes[i].region != region->index)
			continue;
		region->nodes[k] = (struct node)NODE_INIT;
		region->node_index[k++] = (unsigned)i;
		if (plan->containers)
			continue; /* it has a namespace of its own, which is not ours */
		hosts[n++] = plan->nodes[i].host;
	}
	region->n_nodes = k;
	if (site_add_leaves(&region->site, hosts, n, fds, err))
		return -1;
	region->prober_netns = fds[0];
	region->beacon_netns = fds[1];
	for (k = 0; k < region->n_nodes && !plan->containers; k++)
		region->nodes[k].netns_fd = fds[2 + k];
	return 0;
}

static bool has_usual_mtus(const struct region *region)
{
	const struct plan *plan = region->plan;
	const uint32_t *mtus = &plan->mtus[region->index * plan->n_regions];

	for (size_t r = 0; r < plan->n_regions; r++) {
		if (mtus[r] != SITE_MTU_USUAL)
			return false;
	}
	return plan->regions[region->index].mtu == SITE_MTU_USUAL;
}

static int set_mtu(const struct region *region, unsigned host, int netns_fd, struct err *err)
{
	const struct plan *plan = region->plan;

	return site_mtu_set_leaf(&region->site, host, netns_fd, plan->regions[region->index].mtu,
		&plan->mtus[region->index * plan->n_regions], err);
}

/* Prober and beacon as the nodes: what they find is what the nodes find. */
static int set_mtus(const struct region *region, struct err *err)
{
	int rc = set_mtu(region, ADDR_HOST_PROBER, region->prober_netns, err) ||
		set_mtu(region, ADDR_HOST_BEACON, region->beacon_netns, err);

	for (size_t k = 0; k < region->n_nodes && !rc; k++)
		rc = set_mtu(region, region->plan->nodes[region->node_index[k]].host,
			region->nodes[k].netns_fd, err);
	return rc ? -1 : 0;
}

static unsigned links_now(
	struct region *region, uint64_t faults_on, struct engine_change *changes, bool only_changed)
{
	const struct plan *plan = region->plan;
	unsigned n = 0;

	for (unsigned to = 0; to < plan->n_regions; to++) {
		struct engine_link *now = &region->links[to], then;

		if (to == region->index)
			continue;
		plan_link(plan, region->index, to, region->faults_on, &then);
		plan_link(plan, region->index, to, faults_on, now);
		if (!only_changed || !engine_links_equal(now, &then))
			changes[n++] = (struct engine_change){.to = to,
				.impairment = now->impairment,
				.rules = now->rules,
				.n_rules = now->n_rules};
	}
	return n;
}

static int keep_decisions(struct region *region, uint64_t bytes, struct err *err)
{
	struct engine *engine = region->engine;
	char path[320];

	if (!bytes)
		return 0;
	if (!engine->ops->keep_decisions)
		return err_set(err, "engine %s keeps no decisions", engine->ops->name);
	snprintf(path, sizeof(path), "%s/record/%s", region->dir, DECISIONS_FILE);
	return engine->ops->keep_decisions(engine, path, bytes, err);
}

int region_open_engine(
	struct region *region, const char *name, uint64_t decisions_bytes, struct err *err)
{
	const struct engine_ops *ops = engine_find(name);
	struct engine_change changes[ADDR_REGIONS_MAX];
	struct engine_ack ack;
	unsigned n = links_now(region, 0, changes, false);

	if (!ops)
		return err_set(err, "there is no engine '%s'", name);
	region->engine = ops->open(
		&region->site, rng_derive(region->plan->seed, "engine") + region->index, err);
	if (!region->engine || keep_decisions(region, decisions_bytes, err))
		return -1;
	return n ? ops->apply(region->engine, changes, n, 0, &ack, err) : 0;
}

int region_up(struct region *region, const struct plan *plan, unsigned index, const char *dir,
	int backbone_fd, const struct site_ground *ground, struct err *err)
{
	unsigned n_regions = (unsigned)plan->n_regions;
	size_t n = count_nodes(plan, index);

	*region = (struct region){.plan = plan,
		.index = index,
		.dir = dir,
		.groups = "",
		.site = SITE_INIT,
		.prober_netns = -1,
		.beacon_netns = -1};
	region->nodes = calloc(n + 1, sizeof(*region->nodes));
	region->node_index = calloc(n + 1, sizeof(*region->node_index));
	region->links = calloc(n_regions + 1, sizeof(*region->links));
	if (!region->nodes || !region->node_index || !region->links)
		abort();
	if (make_dir(dir, "nodes", err) || make_dir(dir, "record", err))
		return -1;
	if (ground ? site_up_on(&region->site, index, n_regions, ground, err)
		   : site_up(&region->site, index, n_regions, backbone_fd, err))
		return -1;
	if (has_usual_mtus(region))
		return add_leaves(region, err);
	if (!site_mtu_set_hops(&region->site, backbone_fd, plan->regions[index].mtu, err) &&
		!add_leaves(region, err) && !set_mtus(region, err))
		return 0;
	err->code = EXIT_MACHINE;
	return -1;
}

int region_learn(struct region *region, struct err *err)
{
	struct engine_change changes[ADDR_REGIONS_MAX];
	unsigned n = links_now(region, region->faults_on, changes, false);
	struct engine_ack ack;

	return n && region->engine
		? region->engine->ops->apply(region->engine, changes, n, 0, &ack, err)
		: 0;
}

static int place_node(struct region *region, size_t k, struct err *err)
{
	const struct plan_node *plan_node = &region->plan->nodes[region->node_index[k]];
	const char *name = strchr(plan_node->spec.name, '/');
	struct addr addr = addr_of(plan_node->region, plan_node->host);
	struct node *node = &region->nodes[k];

	snprintf(node->dir, sizeof(node->dir), "%s/nodes/%s", region->dir,
		name ? name + 1 : plan_node->spec.name);
	snprintf(node->address, sizeof(node->address), "%s", addr.ip4_text);
	return node_faults_prepare(node, plan_node, region->node_index[k], region->groups, err);
}

static int start_node(struct region *region, size_t k, struct err *err)
{
	const struct plan_node *plan_node = &region->plan->nodes[region->node_index[k]];

	return node_start(&region->nodes[k], &plan_node->spec, region->plan->hosts, err);
}

int region_start_nodes(struct region *region, struct err *err)
{
	for (size_t k = 0; k < region->n_nodes && !region->outpost; k++) {
		if (place_node(region, k, err) || start_node(region, k, err))
			return -1;
	}
	for (size_t k = 0; k < region->n_nodes && !region->outpost; k++) {
		if (node_wait_ready(&region->nodes[k], err))
			return -1;
	}
	return 0;
}

static struct node *find_node(struct region *region, unsigned index, size_t *k)
{
	for (*k = 0; *k < region->n_nodes; (*k)++) {
		if (region->node_index[*k] == index)
			return &region->nodes[*k];
	}
	return NULL;
}

/* Whether there is a way is asked of a host of another region, or of the region's own prober. */
static int plug_node(const struct region *region, const struct node *node, bool in, struct err *err)
{
	unsigned other = region->index ? 0 : region->plan->n_regions > 1;
	struct addr addr = addr_of(other, ADDR_HOST_PROBER);

	return in ? plug_put_back(node->netns_fd, &addr, err)
		  : plug_pull(node->netns_fd, &addr, err);
}

static int act_on_node(struct region *region, const struct region_node_change *change,
	struct node_seen *seen, struct err *err)
{
	enum node_action action = change->action;
	bool undo = change->undo;
	size_t k;
	struct node *node = find_node(region, change->node, &k);

	if (!node)
		return 0; /* another region's */
	if (region->outpost)
		return outpost_act(region->outpost, action, undo, err);
	switch (action) {
	case NODE_NONE:
		return 0;
	case NODE_KILL:
		return undo ? start_node(region, k, err) : node_kill(node, err);
	case NODE_PAUSE:
		return node_pause(node, !undo, err);
	case NODE_RESTART:
		if (undo)
			return 0;
		return node_stop(node, STOP_LIMIT_NS, err) ? -1 : start_node(region, k, err);
	case NODE_UNPLUG:
		return plug_node(region, node, undo, err);
	case NODE_SLOW:
	case NODE_FILL:
	case NODE_DRAG:
	case NODE_CLOCK:
	case NODE_LIE:
		return undo ? node_faults_undo(region->plan, node, action, seen, err)
			    : node_faults_apply(region->plan, node, change, seen, err);
	}
	return 0;
}

static void compare_read_back(struct region *region, const struct engine_change *changes,
	unsigned n, struct region_ack *ack)
{
	struct err err;

	ack->read_back_agrees = true;
	for (unsigned i = 0; i < n; i++) {
		const char *to = region->plan->regions[changes[i].to].name;
		struct engine_link is;

		if (region->engine->ops->read_back(region->engine, changes[i].to, &is, &err))
			err_set(&ack->why, "to %s: %.500s", to, err.text);
		else if (!engine_link_is_kept(&changes[i], &is))
			err_set(&ack->why,
				"to %s: the engine has another impairment than was asked", to);
		else
			continue;
		ack->read_back_agrees = false;
		return;
	}
}

int region_apply(struct region *region, const struct region_change *change, struct region_ack *ack,
	struct err *err)
{
	struct engine_change changes[ADDR_REGIONS_MAX];
	unsigned n = links_now(region, change->faults_on, changes, true);
	int rc = 0;

	*ack = (struct region_ack){.n_links = n, .read_back_agrees = true};
	if (n &&
		region->engine->ops->apply(
			region->engine, changes, n, change->at_ns, &ack->links, err))
		return err_prefix(err, "links of %s", region->plan->regions[region->index].name);
	region->faults_on = change->faults_on;
	if (!n)
		clock_sleep_until_ns(change->at_ns);
	for (unsigned i = 0; i < change->n_nodes && !rc; i++)
		rc = act_on_node(region, &change->nodes[i], &ack->seen, err);
	ack->nodes_done_ns = clock_now_ns();
	compare_read_back(region, changes, n, ack);
	return rc;
}

int region_heal(struct region *region, struct err *err)
{
	struct region_change change = {.faults_on = 0};
	struct region_ack ack;
	int rc = region->engine ? region_apply(region, &change, &ack, err) : 0;

	for (size_t k = 0; k < region->n_nodes; k++) {
		struct node *node = &region->nodes[k];

		if (!node->spec)
			continue;
		rc |= plug_node(region, node, true, err);
		rc |= node_faults_heal(node, err);
		if (node_is_running(node))
			rc |= node_pause(node, false, err);
		else
			rc |= start_node(region, k, err);
	}
	if (region->outpost)
		rc |= outpost_heal(region->outpost, err);
	return rc;
}

/* The ports of leaves vanish from the bridge when their namespaces are really gone. */
static int leaves_left(void *left, struct err *err)
{
	struct if_nameindex *names = if_nameindex();
	unsigned n = 0;

	for (struct if_nameindex *i = names; i && i->if_index; i++)
		n += i->if_index > SITE_IFINDEX_PORT;
	if (names)
		if_freenameindex(names);
	*(unsigned *)left = n;
	(void)err;
	return 0;
}

/* A namespace is dismantled by a worker of the kernel a little after its last user has gone; an
 * orphaned socket with unacknowledged data holds it for about a second more. */
static unsigned wait_leaves_gone(int site_fd)
{
	uint64_t deadline = clock_now_ns() + 3 * NSEC_PER_SEC;
	unsigned left = 0;
	struct err err;

	while (!netns_run(site_fd, leaves_left, &left, &err) && left && clock_now_ns() < deadline)
		clock_sleep_until_ns(clock_now_ns() + 2 * NSEC_PER_MSEC);
	return left;
}

/* Links let everything pass, at once: what is left to say between the regions is said. */
static void clear_links(struct region *region)
{
	struct engine_change changes[ADDR_REGIONS_MAX];
	struct engine_ack ack;
	struct err err;
	size_t n = 0;

	for (unsigned to = 0; region->engine && to < region->plan->n_regions; to++) {
		if (to != region->index)
			changes[n++] = (struct engine_change){.to = to};
	}
	if (n && region->engine->ops->apply(region->engine, changes, n, 0, &ack, &err))
		log_info("%s", err.text);
}

static void end_sockets(int netns_fd)
{
	struct err err;

	if (netns_fd >= 0 && sockets_destroy(netns_fd, &err) < 0)
		log_info("%s", err.text);
}

void region_hush(struct region *region)
{
	struct err err;

	clear_links(region);
	for (size_t k = 0; k < region->n_nodes; k++) {
		struct node *node = &region->nodes[k];

		node_faults_hasten(node);
		if (node->spec && node_is_running(node) && node_pause(node, true, &err))
			log_info("%s", err.text);
		end_sockets(node->netns_fd);
	}
	end_sockets(region->prober_netns);
}

unsigned region_down(struct region *region, struct err *what)
{
	unsigned left = 0;

	what->text[0] = '\0';
	for (size_t k = 0; k < region->n_nodes; k++) {
		if (region->nodes[k].init.pid > 0 && node_kill(&region->nodes[k], what))
			left++;
		node_release(&region->nodes[k]);
	}
	for (size_t k = 0; k < region->n_nodes; k++)
		node_faults_release(&region->nodes[k]);
	if (region->engine)
		region->engine->ops->close(region->engine);
	region->engine = NULL;
	if (region->prober_netns >= 0)
		close(region->prober_netns);
	if (region->beacon_netns >= 0)
		close(region->beacon_netns);
	region->prober_netns = region->beacon_netns = -1;
	if (region->site.netns_fd >= 0) {
		unsigned leaves = wait_leaves_gone(region->site.netns_fd);

		if (leaves)
			err_set(what, "%u network namespaces are still alive", leaves);
		left += leaves;
	}
	/* Healed already, but where the controller died: whoever is quicker, we or the guardian. */
	if (region->outpost && outpost_heal(region->outpost, what))
		left++;
	site_release(&region->site);
	outpost_free(region->outpost);
	free(region->nodes);
	free(region->node_index);
	free(region->links);
	*region = (struct region){.site = SITE_INIT, .prober_netns = -1, .beacon_netns = -1};
	return left;
}
