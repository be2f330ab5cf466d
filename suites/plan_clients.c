/* plan_clients: groups, their drivers and the numbers of their sessions. */
#include "fixtures/base/clock.h"
#include "fixtures/net/addr.h"
#include "suites/plan_parts.h"

#include <inttypes.h>
#include <string.h>

static const struct driver_ops *find_driver(struct planner *p, const struct scenario_group *from)
{
	const struct scenario_word *word = from->driver.text ? &from->driver : &p->recipe.driver;
	const char *names[64];
	size_t n = 0;
	int i;

	if (!word->text)
		return NULL;
	while (n < 64 && drivers[n]) {
		names[n] = drivers[n]->name;
		n++;
	}
	i = planner_find(p, word, names, n, "driver");
	return i < 0 ? NULL : drivers[i];
}

static void find_regions(
	struct planner *p, const struct scenario_group *from, struct client_group *group)
{
	size_t n = p->plan->n_regions;
	uint8_t *regions = arena_array(p->arena, n + from->regions.n + 1, 1);
	int region;

	group->regions = regions;
	for (size_t i = 0; i < n && !from->regions.n; i++)
		regions[group->n_regions++] = (uint8_t)i;
	for (size_t i = 0; i < from->regions.n; i++) {
		const struct scenario_word *word = &from->regions.items[i];

		region = planner_find(p, word, p->region_names, n, "region");
		if (region < 0)
			continue;
		if (memchr(regions, region, group->n_regions))
			complain(p->complaints, word->place, "%s is named twice", word->text);
		else
			regions[group->n_regions++] = (uint8_t)region;
	}
}

static void apply_list(struct planner *p, const struct scenario_settings *list,
	struct client_group *group, void *options)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct planner_rows tables[] = {{group_params, group},
			{group->driver ? group->driver->params : NULL, options}, {NULL, NULL}};

		planner_set(p, &list->items[i], tables,
			group->driver ? arena_printf(p->arena, "a group with driver %s",
						group->driver->name)
				      : "a group");
	}
}

/* What the recipe says of its clients holds for those that use its driver. */
static bool uses_recipe_driver(const struct planner *p, const struct client_group *group)
{
	return group->driver && p->recipe.driver.text &&
		!strcmp(group->driver->name, p->recipe.driver.text);
}

static void apply_settings(
	struct planner *p, const struct scenario_group *from, struct client_group *group)
{
	void *options = NULL;

	param_set_defaults(group_params, group);
	if (group->driver) {
		options = arena_alloc(p->arena, group->driver->options_size + 1);
		if (group->driver->params)
			param_set_defaults(group->driver->params, options);
	}
	if (uses_recipe_driver(p, group))
		apply_list(p, &p->recipe.client, group, options);
	apply_list(p, &from->settings, group, options);
	group->driver_options = options;
}

static bool goes(const struct client_group *group, enum group_target target)
{
	return group->read_from == target || group->write_to == target;
}

/* Where the value of a row stands; that of the group where it is not written there. */
static struct place place_of(const struct scenario_group *from, const char *row)
{
	for (size_t i = from->settings.n; i > 0; i--) {
		if (!strcmp(from->settings.items[i - 1].name, row))
			return from->settings.items[i - 1].value.place;
	}
	return from->place;
}

/* The recipe's node of that name in each region; NULL where there is none. */
static const struct endpoint *nodes_called(
	struct planner *p, const struct scenario_group *from, const char *row, const char *name)
{
	struct plan *plan = p->plan;
	struct scenario_word word = {.text = name, .place = place_of(from, row)};
	const char **names = arena_array(p->arena, p->recipe.n_nodes + 1, sizeof(*names));
	struct endpoint *found;
	int which;

	for (size_t i = 0; i < p->recipe.n_nodes; i++)
		names[i] = p->recipe.nodes[i].name.text;
	if (plan->remote)
		complain(p->complaints, word.place,
			"endpoints have an address a region and no nodes to choose from");
	if (!plan->n_nodes)
		return NULL; /* the recipe is complained about */
	which = planner_find(p, &word, names, p->recipe.n_nodes, "node of the recipe");
	if (which < 0)
		return NULL;
	found = arena_array(p->arena, plan->n_regions, sizeof(*found));
	for (size_t r = 0; r < plan->n_regions; r++) {
		const struct plan_node *node = &plan->nodes[r * p->recipe.n_nodes + (size_t)which];

		found[r] = (struct endpoint){.name = node->spec.name,
			.host = arena_strdup(p->arena, addr_of(node->region, node->host).ip4_text),
			.port = node->spec.port,
			.region = (uint8_t)r,
			.node = OP_NODE_UNKNOWN};
	}
	return found;
}

/* Where a group goes that does not go by the router: each word needs others. */
static void find_way(
	struct planner *p, const struct scenario_group *from, struct client_group *group)
{
	bool name = goes(group, TARGET_NAME), looks_up = group_looks_up(group);
	const struct {
		bool needed;
		const char *what, *row, *value;
	} needs[] = {
		{goes(group, TARGET_NODE) || looks_up, "node", "node: varnish", group->node},
		{name || looks_up, "name", "lookup: app.example.test", group->lookup},
		{name, "name", "resolver: unbound", group->resolver},
	};

	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		if (needs[i].needed && !needs[i].value)
			complain(p->complaints, from->place,
				"group %s goes to a %s and does not say which; write, for one, %s",
				group->name, needs[i].what, needs[i].row);
	}
	if (looks_up && (group->read_from != TARGET_NODE || group->write_rate_uhz))
		complain(p->complaints, from->place,
			"group %s looks names up; write reads: { rate: 20/s, from: node } and no writes",
			group->name);
	if (group->keep_ns && !name)
		complain(p->complaints, from->place,
			"group %s follows no name, so keep-connection has no meaning; write reads: "
			"{ rate: 30/s, from: name }, or leave it out",
			group->name);
	if (name && !driver_find("dns"))
		complain(p->complaints, from->place,
			"group %s follows a name, and this program was built without c-ares",
			group->name);
	if (group->node)
		group->nodes = nodes_called(p, from, "node", group->node);
	if (group->resolver)
		group->resolvers = nodes_called(p, from, "resolver", group->resolver);
}

static void check_group(
	struct planner *p, const struct scenario_group *from, const struct client_group *group)
{
	const struct driver_ops *driver = group->driver;
	struct err err;

	if (driver && driver->check && driver->check(group->driver_options, &err))
		complain(p->complaints, from->place, "driver %s: %s", driver->name, err.text);
	if (!group->read_rate_uhz && !group->write_rate_uhz)
		complain(p->complaints, from->place,
			"group %s does nothing; give it reads: { rate: 150/s } or writes: { rate: 30/s }",
			group->name);
	if (group->layer && (!*group->layer || group->write_to == TARGET_NAME))
		complain(p->complaints, from->place,
			"group %s is to ask a layer alone: name it, and a node of it, as in layer: "
			"database, node: postgres, writes: { rate: 10/s, to: node }",
			group->name);
	if (group->roam_ppm && group->n_regions < 2)
		complain(p->complaints, from->place, "group %s lives in one region and cannot roam",
			group->name);
	if (p->scenario.endpoints.tls && driver && !(group_can(group) & DRIVER_TLS))
		complain(p->complaints, from->place,
			"driver %s of group %s does not speak TLS (http and http-kv do)",
			driver->name, group->name);
	if (group->demand_version && group->driver && !(group_can(group) & DRIVER_MIN_VERSION))
		complain(p->complaints, from->place,
			"driver %s cannot demand a version; leave demand-version out",
			group->driver->name);
	if (group->delete_ppm && group->driver && !(group_can(group) & DRIVER_DELETES))
		complain(p->complaints, from->place, "driver %s cannot delete; leave deletes out",
			group->driver->name);
}

/* Register keys are numbered session * registers: two groups with different numbers of registers
 * can come to share keys, and a key must have one writer. */
static void check_registers(struct planner *p)
{
	for (size_t i = 1; i < p->plan->n_groups; i++) {
		if (p->plan->groups[i].registers == p->plan->groups[0].registers)
			continue;
		complain(p->complaints, p->scenario.groups[i].place,
			"group %s has another number of registers than %s; all groups need the same",
			p->plan->groups[i].name, p->plan->groups[0].name);
	}
}

/* Each layer is a part of the RTO, and a verdict has room for so many. */
static void check_layers(struct planner *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->plan->n_groups; i++) {
		if (!p->plan->groups[i].layer || ++n <= PLAN_LAYERS_MAX)
			continue;
		complain(p->complaints, place_of(&p->scenario.groups[i], "layer"),
			"more than %d layers; leave out layer: of groups that the RTO need not be "
			"split by",
			PLAN_LAYERS_MAX);
		return;
	}
}

static void add_group(struct planner *p, const struct scenario_group *from)
{
	struct plan *plan = p->plan;
	struct client_group *group = &plan->groups[plan->n_groups];
	uint64_t sessions;

	for (size_t i = 0; i < plan->n_groups; i++) {
		if (from->name.text && !strcmp(plan->groups[i].name, from->name.text))
			complain(p->complaints, from->name.place, "two groups are called \"%s\"",
				from->name.text);
	}
	plan->n_groups++;
	group->name = from->name.text ? from->name.text : "";
	group->driver = find_driver(p, from);
	apply_settings(p, from, group);
	find_regions(p, from, group);
	find_way(p, from, group);
	sessions = from->sessions_per_region * group->n_regions;
	if (plan->n_sessions + sessions > GROUP_SESSIONS_MAX)
		complain(p->complaints, from->place,
			"%" PRIu64 " sessions in all; at most %d are possible",
			plan->n_sessions + sessions, GROUP_SESSIONS_MAX);
	group->sessions_per_region = (uint32_t)from->sessions_per_region;
	group->first_session = plan->n_sessions;
	plan->n_sessions += (uint32_t)sessions;
	check_group(p, from, group);
}

void plan_clients(struct planner *p)
{
	size_t n = p->scenario.n_groups;

	if (n > PLAN_GROUPS_MAX) {
		complain(p->complaints, p->scenario.groups[PLAN_GROUPS_MAX].place,
			"%zu groups; at most %d are possible", n, PLAN_GROUPS_MAX);
		n = PLAN_GROUPS_MAX;
	}
	p->plan->groups = arena_array(p->arena, n + 1, sizeof(*p->plan->groups));
	for (size_t i = 0; i < n; i++)
		add_group(p, &p->scenario.groups[i]);
	check_registers(p);
	check_layers(p);
	if (n && group_first_of_data(p->plan->groups, n) == n)
		complain(p->complaints, p->scenario.groups[0].place,
			"all groups look names up; add one that works with what the name leads to");
}
