/* plan_system: the recipe, and the nodes it makes in every region. */
#include "fixtures/base/buf.h"
#include "fixtures/net/addr.h"
#include "suites/plan_parts.h"

#include <stdlib.h>
#include <string.h>

#define RECIPE_MAX (256 * 1024)
#define NODES_MAX 254 /* op.node is one byte, 255 is unknown */

static const char *text_or(const struct scenario_word *word, const char *fallback)
{
	return word->text ? word->text : fallback;
}

static bool read_recipe(struct planner *p)
{
	const char *name = p->scenario.recipe.text;
	const char *share = share_directory(p->arena, p->options->share);
	struct source *source = arena_alloc(p->arena, sizeof(*source));
	struct buf text = {0};
	struct err err;
	size_t before = p->complaints->n;

	if (!name)
		return false;
	source->file = arena_printf(p->arena, "%s/systems/%s.yaml", share, name);
	if (buf_read_file(&text, source->file, RECIPE_MAX, &err)) {
		complain(p->complaints, p->scenario.recipe.place,
			"there is no recipe \"%s\": %s (regionproof list recipes)", name, err.text);
		buf_release(&text);
		return false;
	}
	source->text = arena_strndup(p->arena, buf_str(&text), text.len);
	source->len = text.len;
	buf_release(&text);
	complaints_add_source(p->complaints, source);
	recipe_read(p->arena, source, &p->recipe, p->complaints);
	recipe_apply_with(&p->recipe, &p->scenario.with, p->complaints);
	p->plan->recipe_name = name;
	p->plan->driver = text_or(&p->recipe.driver, "");
	for (size_t i = 0; i < p->recipe.n_programs; i++)
		*ARENA_PUSH(p->arena, p->plan->programs, p->plan->n_programs) =
			(struct plan_program){
				p->recipe.programs[i].name, p->recipe.programs[i].package};
	return p->complaints->n == before;
}

/* One sentence per program, however many nodes run it. */
static void say_missing(struct planner *p, const char *program)
{
	const char *package = "";

	for (size_t i = 0; i < p->recipe.n_programs; i++) {
		if (!strcmp(p->recipe.programs[i].name, program))
			package = p->recipe.programs[i].package;
	}
	if (strstr(buf_str(p->missing), arena_printf(p->arena, "\"%s\"", program)))
		return;
	buf_printf(p->missing, "%srecipe %s needs the program \"%s\", which is not installed%s%s",
		p->missing->len ? "; " : "", p->recipe.name, program,
		*package ? "; install the Debian package " : "", package);
}

/* argv with its program looked up. */
static const char *const *command(
	struct planner *p, const struct recipe_site *site, const struct recipe_args *args)
{
	const char **argv = (const char **)recipe_arguments(p->arena, site, args, p->complaints);
	const char *path = share_find_program(p->arena, argv[0]);

	if (path)
		argv[0] = path;
	else
		say_missing(p, argv[0]);
	return argv;
}

/* The whole environment of a node: a fixed little world, then what the recipe sets. */
static const char *const *environment(
	struct planner *p, const struct recipe_site *site, const struct scenario_settings *env)
{
	static const char *const fixed[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp",
		"LC_ALL=C", "TZ=UTC"};
	_Static_assert(sizeof(fixed) / sizeof(*fixed) == PLAN_ENV_FIXED, "as plan.h says");
	size_t n = PLAN_ENV_FIXED;
	const char **out = arena_array(p->arena, n + env->n + 1, sizeof(*out));

	memcpy(out, fixed, sizeof(fixed));
	for (size_t i = 0; i < env->n; i++)
		out[n++] = arena_printf(p->arena, "%s=%s", env->items[i].name,
			recipe_expand(p->arena, site, &env->items[i].value, p->complaints));
	return out;
}

static void add_files(struct planner *p, const struct recipe_site *site,
	const struct scenario_settings *files, struct node_spec *spec)
{
	const char **names = arena_array(p->arena, files->n + 1, sizeof(*names));
	const char **texts = arena_array(p->arena, files->n + 1, sizeof(*texts));

	for (size_t i = 0; i < files->n; i++) {
		names[i] = files->items[i].name;
		texts[i] = recipe_expand(p->arena, site, &files->items[i].value, p->complaints);
	}
	spec->file_names = names;
	spec->file_texts = texts;
	spec->n_files = files->n;
}

static void add_node(struct planner *p, const struct recipe_site *site)
{
	const struct recipe_node *from = &p->recipe.nodes[site->node];
	struct plan_node *node = &p->plan->nodes[p->plan->n_nodes++];

	node->region = (unsigned)site->region;
	node->host = ADDR_HOST_NODE + (unsigned)site->node;
	node->endpoint = from->endpoint;
	node->endpoint_index = -1;
	node->spec = (struct node_spec){
		.name = arena_printf(
			p->arena, "%s/%s", site->regions[site->region], from->name.text),
		.argv = command(p, site, &from->command),
		.env = environment(p, site, &from->env),
		.ready = from->ready,
		.port = (uint16_t)from->port,
		.ready_limit_ns = from->ready_limit_ns,
	};
	if (from->ready == READY_HTTP)
		node->spec.ready_path =
			recipe_expand(p->arena, site, &from->ready_path, p->complaints);
	if (from->ready == READY_EXEC)
		node->spec.ready_argv = command(p, site, &from->ready_command);
	add_files(p, site, &from->files, &node->spec);
}

static void add_endpoint(struct planner *p, struct plan_node *node)
{
	struct addr addr = addr_of(node->region, node->host);

	node->endpoint_index = (int)p->plan->n_endpoints;
	p->plan->endpoints[p->plan->n_endpoints] = (struct endpoint){
		.name = node->spec.name,
		.host = arena_strdup(p->arena, addr.ip4_text),
		.port = node->spec.port,
		.region = (uint8_t)node->region,
		.node = (uint8_t)p->plan->n_endpoints,
	};
	p->plan->n_endpoints++;
}

/* Nodes know each other as "store.us-east". */
static const char *hosts_text(struct planner *p)
{
	struct buf out = {0};
	const char *text;

	buf_puts(&out, "127.0.0.1 localhost\n::1 localhost\n");
	for (size_t i = 0; i < p->plan->n_nodes; i++) {
		const struct plan_node *node = &p->plan->nodes[i];
		struct addr addr = addr_of(node->region, node->host);
		const char *region = p->region_names[node->region];
		const char *name = node->spec.name + strlen(region) + 1;

		buf_printf(&out, "%s %s.%s\n%s %s.%s\n", addr.ip4_text, name, region, addr.ip6_text,
			name, region);
	}
	text = arena_strdup(p->arena, buf_str(&out));
	buf_release(&out);
	return text;
}

/* A node a region: the container that carries the region's label. */
static void plan_containers(struct planner *p)
{
	const struct scenario_containers *from = &p->scenario.containers;
	struct plan_containers *to = arena_alloc(p->arena, sizeof(*to));
	struct plan *plan = p->plan;

	*to = (struct plan_containers){.runtime = text_or(&from->runtime, "docker"),
		.region_label = text_or(&from->region_label, ""),
		.allow_label = text_or(&from->allow_label, ""),
		.project = from->project.text,
		.service = from->service.text,
		.name = from->name.text,
		.network = from->network.text,
		.ip = from->ip.text ? (unsigned)strtoul(from->ip.text, NULL, 10) : 0}; /* auto */
	plan->containers = to;
	plan->recipe_name = "containers";
	plan->hosts = "";
	p->recipe.driver = from->driver;
	plan->nodes = arena_array(p->arena, plan->n_regions + 1, sizeof(*plan->nodes));
	plan->endpoints = arena_array(p->arena, plan->n_regions + 1, sizeof(*plan->endpoints));
	for (unsigned r = 0; r < plan->n_regions; r++) {
		struct plan_node *node = &plan->nodes[plan->n_nodes++];

		node->region = r;
		node->host = ADDR_HOST_NODE;
		node->endpoint = true;
		node->spec = (struct node_spec){
			.name = arena_printf(p->arena, "%s/%s", p->region_names[r],
				text_or(&from->node, "container")),
			.port = (uint16_t)from->port};
		add_endpoint(p, node);
		plan->endpoints[node->endpoint_index].host = "";
	}
}

/* No nodes, only where they are reached. */
static void plan_endpoints(struct planner *p)
{
	const struct scenario_endpoints *from = &p->scenario.endpoints;
	struct plan *plan = p->plan;

	plan->remote = true;
	plan->recipe_name = "endpoints";
	plan->hosts = "";
	p->recipe.driver = from->driver;
	plan->endpoints = arena_array(p->arena, from->n_addresses + 1, sizeof(*plan->endpoints));
	for (size_t i = 0; i < from->n_addresses; i++) {
		const struct scenario_address *address = &from->addresses[i];
		int region = planner_find(
			p, &address->region, p->region_names, plan->n_regions, "region");

		if (region < 0)
			continue;
		plan->endpoints[plan->n_endpoints] = (struct endpoint){
			.name = arena_printf(p->arena, "%s/%s", p->region_names[region],
				text_or(&from->node, "endpoint")),
			.host = address->host,
			.port = address->port,
			.region = (uint8_t)region,
			.tls = from->tls,
			.ca = from->ca.text,
			.node = (uint8_t)plan->n_endpoints};
		plan->n_endpoints++;
	}
	for (unsigned r = 0; r < plan->n_regions && plan->n_endpoints < plan->n_regions; r++) {
		size_t i = 0;

		while (i < plan->n_endpoints && plan->endpoints[i].region != r)
			i++;
		if (i == plan->n_endpoints)
			complain(p->complaints, from->place,
				"region %s has no address; add %s: HOST:PORT", p->region_names[r],
				p->region_names[r]);
	}
	if (p->scenario.n_links || p->scenario.preset.text)
		complain(p->complaints, from->place,
			"links are laid between regions of our own; the way to endpoints of somebody "
			"else is what it is: leave \"links\" out");
}

void plan_place_container(struct plan *plan, unsigned region, const char *address)
{
	for (size_t i = 0; i < plan->n_endpoints; i++) {
		if (plan->endpoints[i].region == region)
			plan->endpoints[i].host = arena_strdup(&plan->arena, address);
	}
}

void plan_system(struct planner *p)
{
	struct plan *plan = p->plan;
	struct recipe_site site = {.recipe = &p->recipe,
		.regions = p->region_names,
		.n_regions = plan->n_regions,
		.primary = p->primary,
		.seed = plan->seed};
	size_t n;

	if (p->scenario.containers.given) {
		plan_containers(p);
		return;
	}
	if (p->scenario.endpoints.given) {
		plan_endpoints(p);
		return;
	}
	if (!read_recipe(p) || !plan->n_regions)
		return;
	n = plan->n_regions * p->recipe.n_nodes;
	if (n > NODES_MAX || p->recipe.n_nodes > ADDR_HOSTS_MAX - ADDR_HOST_NODE) {
		complain(p->complaints, p->scenario.system_place,
			"%zu nodes; at most %d are possible", n, NODES_MAX);
		return;
	}
	plan->nodes = arena_array(p->arena, n + 1, sizeof(*plan->nodes));
	plan->endpoints = arena_array(p->arena, n + 1, sizeof(*plan->endpoints));
	for (site.region = 0; site.region < plan->n_regions; site.region++) {
		for (site.node = 0; site.node < p->recipe.n_nodes; site.node++)
			add_node(p, &site);
	}
	for (size_t i = 0; i < n; i++) {
		if (plan->nodes[i].endpoint)
			add_endpoint(p, &plan->nodes[i]);
	}
	plan->hosts = hosts_text(p);
}
