/* system: what is under test, `{ recipe: NAME, with: { ... } }` or `{ containers: { ... } }`. */
#include "suites/scenario/reader.h"

#include <string.h>

static const char *const keys[] = {"recipe", "with", "containers", "endpoints"};
static const char *const container_keys[] = {
	"runtime", "region-label", "allow-label", "project", "network", "node", "driver", "port"};

static void read_port(struct reader *r, const struct yaml *node, uint64_t *out)
{
	if (reader_value(r, node, PARAM_COUNT, "port", out) && (*out < 1 || *out > 65535))
		complain(r->complaints, node->place, "a port is between 1 and 65535");
}

static void read_runtime(struct reader *r, const struct yaml *node, struct scenario_word *out)
{
	if (node && reader_word(r, node, "runtime", out) && strcmp(out->text, "docker") &&
		strcmp(out->text, "podman"))
		complain(r->complaints, node->place, "runtime is docker or podman, not \"%.40s\"",
			out->text);
}

/* The label that allows a container to be touched is said in the scenario, never assumed. */
static void read_containers(
	struct reader *r, const struct yaml *node, struct scenario_containers *out)
{
	const struct {
		const char *key;
		struct scenario_word *into;
	} words[] = {{"region-label", &out->region_label}, {"allow-label", &out->allow_label},
		{"project", &out->project}, {"network", &out->network}, {"driver", &out->driver}};

	if (!reader_is(r, node, YAML_MAP, "containers"))
		return;
	out->given = true;
	out->place = node->place;
	reader_check_keys(r, node, container_keys, READER_COUNT(container_keys), "containers");
	reader_need(r, node, "region-label", "containers");
	reader_need(r, node, "allow-label", "containers");
	reader_need(r, node, "driver", "containers");
	read_runtime(r, yaml_get(node, "runtime"), &out->runtime);
	for (size_t i = 0; i < READER_COUNT(words); i++) {
		if (yaml_get(node, words[i].key))
			reader_word(r, yaml_get(node, words[i].key), words[i].key, words[i].into);
	}
	if (yaml_get(node, "node"))
		reader_name(r, yaml_get(node, "node"), "the name of a node", &out->node);
	read_port(r, reader_need(r, node, "port", "containers"), &out->port);
}

void reader_system(struct reader *r, const struct yaml *node, struct scenario *out)
{
	const struct yaml *with = yaml_get(node, "with"), *endpoints = yaml_get(node, "endpoints");
	const struct yaml *containers = yaml_get(node, "containers");

	if (!reader_is(r, node, YAML_MAP, "system"))
		return;
	out->system_place = node->place;
	reader_check_keys(r, node, keys, READER_COUNT(keys), "system");
	if (endpoints)
		complain(r->complaints, endpoints->key_place,
			"\"endpoints\" is not supported by this version; use \"recipe:\" or "
			"\"containers:\"");
	if (containers && (with || yaml_get(node, "recipe")))
		complain(r->complaints, containers->key_place,
			"containers that run already need no recipe: leave recipe and with out");
	if (containers) {
		read_containers(r, containers, &out->containers);
		return;
	}
	reader_name(
		r, reader_need(r, node, "recipe", "system"), "the name of a recipe", &out->recipe);
	if (reader_is(r, with, YAML_MAP, "with"))
		reader_settings(r, with, NULL, 0, &out->with);
}
