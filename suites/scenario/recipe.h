/*
 * recipe: how a system under test comes up in every region. A file, no C.
 *
 *   recipe: redis-sentinel
 *   version: 1
 *   about: what it is
 *   driver: redis                    # what speaks to its endpoints
 *   client: { timeout: 2s }          # what groups with that driver are told, unless they say otherwise
 *   needs:                           # program: the Debian package that has it
 *     programs: { redis-server: redis-server }
 *   with:                            # what a scenario may set, and what it is otherwise
 *     min-replicas: { default: "0", help: "...", choices: ["0", "1"] }
 *   traffic:                         # ports that `traffic: ...` of a fault is narrowed to; without it all
 *     replication: [6379]            # packets between nodes are meant, and all of clients
 *     clients: [6379]
 *   nodes:                           # each is started once in every region
 *     - name: redis
 *       port: 6379
 *       endpoint: yes                # clients talk to it
 *       command:                     # the first is looked up beside regionproof, then in PATH
 *         - redis-server
 *         - --port
 *         - "{port}"
 *         - { if: replica, then: [--replicaof, "{primary_address}", "{port}"] }
 *       env: { NAME: value }
 *       files: { some.conf: "text" } # written into the working directory before the start
 *       ready: { tcp: yes, within: 10s }   # or http: /path, or exec: [program, ...]
 *
 * `if` is primary, replica (of the region's role), with.X (set, and neither no, off nor false),
 * with.X = VALUE or with.X != VALUE; the arguments are there or they are not.
 *
 * Placeholders in command, env, files and ready: {node} "us-east/redis", {name} "redis", {region},
 * {index} of the region from 0, {address}, {address6}, {port}, {primary} the region that is primary
 * at the start, {primary_address}, {primary_address6} of the node of the same name there, {regions}
 * how many, {replicas} one less, {peers} "us-east/redis=198.18.0.10:6379,..." with the primary's first,
 * {seed} of the run, {with.X}; {NODE.address}, {NODE.address6}, {NODE.port}, {NODE.primary_address},
 * {NODE.primary_address6}, {NODE.peers} of another node of the recipe, in the same region. "{{" is a
 * brace, and so is one that no lower-case letter follows.
 */
#ifndef SUITES_SCENARIO_RECIPE_H
#define SUITES_SCENARIO_RECIPE_H

#include "chaos/match.h"
#include "fixtures/node.h"
#include "suites/scenario/reader.h"

struct recipe_with {
	const char *name, *help, *value; /* value: the default, or what the scenario said */
	const char *const *choices;      /* NULL-terminated; NULL: anything */
};

enum recipe_if { IF_ALWAYS, IF_PRIMARY, IF_REPLICA, IF_SET, IF_EQUAL, IF_UNEQUAL };

struct recipe_arg {
	enum recipe_if condition;
	const char *with, *value; /* of the condition */
	struct scenario_word text;
};

struct recipe_args {
	struct recipe_arg *items;
	size_t n;
};

struct recipe_node {
	struct scenario_word name;
	uint64_t port;
	uint64_t endpoint;
	struct recipe_args command, ready_command;
	struct scenario_settings env, files;
	enum ready_kind ready;
	struct scenario_word ready_path;
	uint64_t ready_limit_ns;
	struct place place;
};

struct recipe_program {
	const char *name, *package;
	struct place place;
};

struct recipe {
	const char *name, *about, *path;
	struct scenario_word driver;
	struct scenario_settings client;
	struct recipe_program *programs;
	size_t n_programs;
	struct recipe_with *with;
	size_t n_with;
	struct recipe_node *nodes;
	size_t n_nodes;
	/* By enum match_traffic; as in struct match. */
	uint64_t traffic[MATCH_TRAFFIC_REPLICATION + 1][MATCH_PORTS_MAX];
};

/* Read the file; what could be read is in *out even after complaints. */
void recipe_read(struct arena *arena, const struct source *source, struct recipe *out,
	struct complaints *complaints);
/* The parameter of that name, or NULL. */
const struct recipe_with *recipe_find_with(const struct recipe *recipe, const char *name);
/* Put what the scenario says under `with:` in place of the defaults. */
void recipe_apply_with(
	struct recipe *recipe, const struct scenario_settings *with, struct complaints *complaints);

/* Which node in which region a text is expanded for. */
struct recipe_site {
	const struct recipe *recipe;
	const char *const *regions;
	size_t n_regions, primary; /* index of the primary region */
	size_t region, node;
	uint64_t seed;
};

/* The text with its placeholders replaced; in the arena. */
const char *recipe_expand(struct arena *arena, const struct recipe_site *site,
	const struct scenario_word *text, struct complaints *complaints);
/* The arguments whose condition holds, expanded and NULL-terminated. */
const char *const *recipe_arguments(struct arena *arena, const struct recipe_site *site,
	const struct recipe_args *args, struct complaints *complaints);

#endif
