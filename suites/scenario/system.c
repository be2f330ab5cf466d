/*
 * system: what is under test, `{ recipe: NAME, with: { ... } }`, `{ containers: { ... } }` or
 * `{ endpoints: { driver: NAME, addresses: { REGION: HOST:PORT, ... } } }`.
 */
#include "suites/scenario/reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {"recipe", "with", "containers", "endpoints"};
static const char *const container_keys[] = {"runtime", "region-label", "allow-label", "project",
	"service", "name", "network", "node", "driver", "port", "ip"};

static const char *const endpoint_keys[] = {"driver", "addresses", "node", "tls", "ca"};

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

static void read_ip(struct reader *r, const struct yaml *node, struct scenario_word *out)
{
	if (node && reader_word(r, node, "ip", out) && strcmp(out->text, "4") &&
		strcmp(out->text, "6") && strcmp(out->text, "auto"))
		complain(r->complaints, node->place,
			"ip is 4, 6 or auto (IPv4 where a container has it, else IPv6), not "
			"\"%.40s\"",
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
		{"project", &out->project}, {"service", &out->service}, {"name", &out->name},
		{"network", &out->network}, {"driver", &out->driver}};

	if (!reader_is(r, node, YAML_MAP, "containers"))
		return;
	out->given = true;
	out->place = node->place;
	reader_check_keys(r, node, container_keys, READER_COUNT(container_keys), "containers");
	reader_need(r, node, "region-label", "containers");
	reader_need(r, node, "allow-label", "containers");
	reader_need(r, node, "driver", "containers");
	read_runtime(r, yaml_get(node, "runtime"), &out->runtime);
	read_ip(r, yaml_get(node, "ip"), &out->ip);
	for (size_t i = 0; i < READER_COUNT(words); i++) {
		if (yaml_get(node, words[i].key))
			reader_word(r, yaml_get(node, words[i].key), words[i].key, words[i].into);
	}
	if (yaml_get(node, "node"))
		reader_name(r, yaml_get(node, "node"), "the name of a node", &out->node);
	read_port(r, reader_need(r, node, "port", "containers"), &out->port);
}

/* Host and port of "HOST:PORT"; an IPv6 address stands in brackets, as in a URL. */
static bool split_address(struct reader *r, struct scenario_address *out)
{
	const char *text = out->text.text, *colon = strrchr(text, ':');
	const char *end = colon;
	char *rest = NULL;
	unsigned long port = colon ? strtoul(colon + 1, &rest, 10) : 0;

	if (!colon || colon == text || !isdigit((unsigned char)colon[1]) || *rest || port < 1 ||
		port > 65535)
		return false;
	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end || end + 1 != colon || end == text)
			return false;
	} else if (memchr(text, ':', (size_t)(colon - text)) || strchr(text, '/')) {
		return false;
	}
	out->host = arena_strndup(r->arena, text, (size_t)(end - text));
	out->port = (uint16_t)port;
	return true;
}

static void read_endpoints(
	struct reader *r, const struct yaml *node, struct scenario_endpoints *out)
{
	const struct yaml *list;

	if (!reader_is(r, node, YAML_MAP, "endpoints"))
		return;
	out->given = true;
	out->place = node->place;
	reader_check_keys(r, node, endpoint_keys, READER_COUNT(endpoint_keys), "endpoints");
	reader_word(r, reader_need(r, node, "driver", "endpoints"), "driver", &out->driver);
	if (yaml_get(node, "node"))
		reader_name(r, yaml_get(node, "node"), "the name of a node", &out->node);
	reader_value(r, yaml_get(node, "tls"), PARAM_BOOL, "tls", &out->tls);
	if (yaml_get(node, "ca"))
		reader_word(r, yaml_get(node, "ca"), "the file of certificates", &out->ca);
	if (out->ca.text && !out->tls)
		complain(r->complaints, out->ca.place, "ca without TLS has no use; write tls: yes");
	list = reader_need(r, node, "addresses", "endpoints");
	if (!reader_is(r, list, YAML_MAP, "addresses"))
		return;
	for (const struct yaml *at = list->first; at; at = at->next) {
		struct scenario_address address = {
			.region = {.text = at->key, .place = at->key_place}};

		if (!reader_word(r, at, "an address", &address.text))
			continue;
		if (split_address(r, &address))
			*ARENA_PUSH(r->arena, out->addresses, out->n_addresses) = address;
		else
			complain(r->complaints, at->place,
				"\"%.80s\" is no address: write HOST:PORT, and an IPv6 address in "
				"brackets and quotes, \"[2001:db8::1]:6379\"",
				address.text.text);
	}
}

void reader_system(struct reader *r, const struct yaml *node, struct scenario *out)
{
	const struct yaml *with = yaml_get(node, "with"), *endpoints = yaml_get(node, "endpoints");
	const struct yaml *containers = yaml_get(node, "containers");

	if (!reader_is(r, node, YAML_MAP, "system"))
		return;
	out->system_place = node->place;
	reader_check_keys(r, node, keys, READER_COUNT(keys), "system");
	if (endpoints && (with || containers || yaml_get(node, "recipe")))
		complain(r->complaints, endpoints->key_place,
			"what somebody else runs has neither recipe nor containers: leave them out");
	if (endpoints) {
		read_endpoints(r, endpoints, &out->endpoints);
		return;
	}
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
