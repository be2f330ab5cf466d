/* A compose file of the nodes of a plan, their files, and a Dockerfile of their programs. */
#include "fixtures/base/buf.h"
#include "fixtures/net/addr.h"
#include "suites/fleet/fleet.h"
#include "suites/init/draft.h"

#include <string.h>

/* Debian 12's packages of the libraries that programs of ours, region-store and region-shop, are linked with. */
#define OWN_LIBRARIES "libcurl4 libmicrohttpd12 libpq5"

/* A string that YAML and compose, for which $ is special, leave as it is. */
static void put_quoted(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c == '$')
			buf_puts(out, "$$");
		else if (c == '\n')
			buf_puts(out, "\\n");
		else if (c < ' ')
			buf_printf(out, "\\x%02x", c);
		else
			buf_addc(out, (char)c);
	}
	buf_addc(out, '"');
}

static void put_list(struct buf *out, const char *const *words)
{
	buf_addc(out, '[');
	for (size_t i = 0; words[i]; i++) {
		buf_puts(out, i ? ", " : "");
		put_quoted(out, words[i]);
	}
	buf_addc(out, ']');
}

/* Found on this machine by its path, but in the image by its name. */
static const char *program_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strncmp(path, "/usr/lib/", 9) || !slash ? path : slash + 1;
}

static void put_command(struct buf *out, const char *const *argv)
{
	buf_addc(out, '[');
	put_quoted(out, program_name(argv[0]));
	for (size_t i = 1; argv[i]; i++) {
		buf_puts(out, ", ");
		put_quoted(out, argv[i]);
	}
	buf_addc(out, ']');
}

/* "us-east/redis" as a service: "us-east-redis". */
static const char *service_name(struct arena *arena, const struct plan_node *node)
{
	char *name = arena_strdup(arena, node->spec.name);

	for (char *c = name; *c; c++) {
		if (*c == '/')
			*c = '-';
	}
	return name;
}

static void put_files(
	struct draft *draft, const struct plan_node *node, const char *service, struct buf *out)
{
	if (!node->spec.n_files)
		return;
	for (size_t i = 0; i < node->spec.n_files; i++)
		draft_add(draft,
			arena_printf(
				draft->arena, "nodes/%s/%s", service, node->spec.file_names[i]),
			node->spec.file_texts[i]);
	/* A copy, since programs may rewrite theirs. */
	buf_printf(out,
		"    volumes: [\"./nodes/%s:/seed:ro\"]\n"
		"    entrypoint: [sh, -c, 'cp -r /seed/. . && exec \"$$@\"', --]\n",
		service);
}

static void put_ready(struct buf *out, const struct node_spec *spec)
{
	if (spec->ready != READY_EXEC)
		return;
	buf_puts(out, "    healthcheck:\n      test: [CMD, ");
	put_quoted(out, program_name(spec->ready_argv[0]));
	for (size_t i = 1; spec->ready_argv[i]; i++) {
		buf_puts(out, ", ");
		put_quoted(out, spec->ready_argv[i]);
	}
	buf_puts(out, "]\n      interval: 1s\n");
}

/* Of the environment the first lines are a lab's own little world. */
static void put_environment(struct buf *out, const char *const *env)
{
	size_t n = 0;

	while (env[n])
		n++;
	if (n <= PLAN_ENV_FIXED)
		return;
	buf_puts(out, "    environment: ");
	put_list(out, env + PLAN_ENV_FIXED);
	buf_addc(out, '\n');
}

static void put_service(
	struct draft *draft, const struct plan *plan, const struct plan_node *node, struct buf *out)
{
	const char *service = service_name(draft->arena, node);
	const char *region = plan->regions[node->region].name;
	struct addr addr = addr_of(node->region, node->host);

	buf_printf(out,
		"  %s:\n"
		"    image: regionproof-%s\n"
		"    build: .\n"
		"    labels:\n"
		"      " FLEET_REGION ": %s\n"
		"      regionproof.allow: \"true\"\n",
		service, plan->recipe_name, region);
	if (node->endpoint)
		buf_puts(out, "      " FLEET_ENDPOINT ": \"true\" # clients talk to this one\n");
	buf_puts(out, "    working_dir: /data\n    tmpfs: [/data]\n");
	put_files(draft, node, service, out);
	buf_puts(out, "    command: ");
	put_command(out, node->spec.argv);
	buf_addc(out, '\n');
	put_environment(out, node->spec.env);
	put_ready(out, &node->spec);
	buf_printf(out,
		"    networks:\n"
		"      wan:\n"
		"        ipv4_address: %s\n"
		"        ipv6_address: \"%s\"\n"
		"        aliases: [%s.%s]\n",
		addr.ip4_text, addr.ip6_text, node->spec.name + strlen(region) + 1, region);
}

static void put_network(struct buf *out)
{
	buf_printf(out,
		"\n"
		"# The subnets of a lab, set aside for measurements (RFC 2544, RFC 5180): no real network\n"
		"# has them, and nodes find each other at the addresses that their commands name.\n"
		"networks:\n"
		"  wan:\n"
		"    enable_ipv6: true\n"
		"    ipam:\n"
		"      config:\n"
		"        - { subnet: 198.18.0.0/%d, gateway: 198.19.255.254 }\n"
		"        - { subnet: \"2001:2::/%d\", gateway: \"2001:2::ffff:ffff\" }\n",
		ADDR_IP4_PREFIX, ADDR_IP6_PREFIX);
}

/* Programs that are not in a package are ours and lie beside it. */
static void add_dockerfile(struct draft *draft, const struct plan *plan)
{
	struct buf packages = {0}, copies = {0};

	for (size_t i = 0; i < plan->n_programs; i++) {
		const struct plan_program *program = &plan->programs[i];
		const char *package = *program->package ? program->package : OWN_LIBRARIES;

		if (!*program->package) {
			*ARENA_PUSH(draft->arena, draft->programs, draft->n_programs) =
				program->name;
			buf_printf(&copies, "COPY %s /usr/local/bin/\n", program->name);
		}
		if (!strstr(buf_str(&packages), arena_printf(draft->arena, " %s", package)))
			buf_printf(&packages, " %s", package);
	}
	draft_add(draft, "Dockerfile",
		arena_printf(draft->arena,
			"# What recipe %s needs, from Debian 12.\n"
			"FROM debian:12-slim\n"
			"RUN printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod +x "
			"/usr/sbin/policy-rc.d && \\\n"
			"\tapt-get update && apt-get install -y --no-install-recommends%s && \\\n"
			"\trm -rf /var/lib/apt/lists/*\n%s",
			plan->recipe_name, buf_str(&packages), buf_str(&copies)));
	buf_release(&packages);
	buf_release(&copies);
}

/* Clients of a region talk to one container. */
static int check(const struct plan *plan, struct err *err)
{
	if (plan->containers)
		return err_exit(err, EXIT_SCENARIO,
			"%s has containers already: give a scenario with a recipe", plan->path);
	if (plan->n_endpoints > plan->n_regions)
		return err_exit(err, EXIT_SCENARIO,
			"recipe %s has %zu endpoints in %zu regions: of containers clients talk to one in "
			"each",
			plan->recipe_name, plan->n_endpoints, plan->n_regions);
	return 0;
}

int draft_compose(struct draft *draft, const struct plan *plan, struct err *err)
{
	struct buf out = {0};

	if (check(plan, err))
		return -1;
	buf_printf(&out,
		"# The nodes of scenario %s (recipe %s), a service each: docker-compose up -d --build\n"
		"# regionproof finds containers by their labels; others are never touched.\n"
		"services:\n",
		plan->name, plan->recipe_name);
	for (size_t i = 0; i < plan->n_nodes; i++)
		put_service(draft, plan, &plan->nodes[i], &out);
	put_network(&out);
	draft_add(draft, "compose.yaml", arena_strdup(draft->arena, buf_str(&out)));
	buf_release(&out);
	add_dockerfile(draft, plan);
	return 0;
}
