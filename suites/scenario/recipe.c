#include "suites/scenario/recipe.h"
#include "fixtures/base/clock.h"

#include <stdlib.h>
#include <string.h>

#define READY_LIMIT_NS (20 * NSEC_PER_SEC)
#define PORT_MAX 65535

static const char *const keys[] = {
	"recipe", "version", "about", "driver", "client", "needs", "with", "nodes", "traffic"};
static const char *const node_keys[] = {
	"name", "port", "endpoint", "command", "env", "files", "ready"};

static void read_with(struct reader *r, const struct yaml *node, struct recipe *out)
{
	static const char *const with_keys[] = {"default", "help", "choices"};
	const struct yaml *value = node, *help = NULL, *choices = NULL;
	struct scenario_words words = {0};
	const char **list = NULL;

	if (node->kind == YAML_MAP) {
		reader_check_keys(r, node, with_keys, READER_COUNT(with_keys), "a parameter");
		value = reader_need(r, node, "default", "a parameter");
		help = yaml_get(node, "help");
		choices = yaml_get(node, "choices");
	}
	if (reader_words(r, choices, "choices", &words)) {
		list = arena_array(r->arena, words.n + 1, sizeof(*list));
		for (size_t i = 0; i < words.n; i++)
			list[i] = words.items[i].text;
	}
	if (!reader_is(r, value, YAML_TEXT, "a default") ||
		(help && !reader_is(r, help, YAML_TEXT, "help")))
		return;
	*ARENA_PUSH(r->arena, out->with, out->n_with) =
		(struct recipe_with){node->key, help ? help->text : "", value->text, list};
}

const struct recipe_with *recipe_find_with(const struct recipe *recipe, const char *name)
{
	for (size_t i = 0; i < recipe->n_with; i++) {
		if (!strcmp(recipe->with[i].name, name))
			return &recipe->with[i];
	}
	return NULL;
}

static const char *nearest_with(const struct recipe *recipe, const char *name, char text[128])
{
	const char *names[64];
	size_t n = 0;

	for (; n < recipe->n_with && n < READER_COUNT(names); n++)
		names[n] = recipe->with[n].name;
	return did_you_mean(name, names, n, text);
}

/* "primary", "replica", "with.bug", "with.mode = fast", "with.mode != fast". */
static bool read_condition(struct reader *r, const struct recipe *recipe,
	const struct scenario_word *word, struct recipe_arg *out)
{
	const char *equals = strchr(word->text, '='), *end;
	char near[128];

	if (!strcmp(word->text, "primary") || !strcmp(word->text, "replica")) {
		out->condition = word->text[0] == 'p' ? IF_PRIMARY : IF_REPLICA;
		return true;
	}
	if (strncmp(word->text, "with.", 5)) {
		complain(r->complaints, word->place,
			"\"%.80s\" is no condition; use primary, replica, with.X or with.X = VALUE",
			word->text);
		return false;
	}
	out->condition = !equals ? IF_SET : equals[-1] == '!' ? IF_UNEQUAL : IF_EQUAL;
	end = equals ? equals - (out->condition == IF_UNEQUAL) : word->text + strlen(word->text);
	while (end > word->text && end[-1] == ' ')
		end--;
	out->with = arena_strndup(r->arena, word->text + 5, (size_t)(end - word->text - 5));
	out->value = equals ? arena_strdup(r->arena, equals + 1 + strspn(equals + 1, " ")) : "";
	if (!recipe_find_with(recipe, out->with)) {
		complain(r->complaints, word->place, "the recipe has no parameter \"%.40s\"%s",
			out->with, nearest_with(recipe, out->with, near));
		return false;
	}
	return true;
}

static void read_conditional(struct reader *r, const struct recipe *recipe, const struct yaml *node,
	struct recipe_args *out)
{
	static const char *const cond_keys[] = {"if", "then"};
	struct recipe_arg arg = {0};
	struct scenario_words words = {0};
	struct scenario_word word;

	reader_check_keys(r, node, cond_keys, READER_COUNT(cond_keys), "an argument");
	if (!reader_word(r, reader_need(r, node, "if", "an argument"), "if", &word) ||
		!read_condition(r, recipe, &word, &arg) ||
		!reader_words(r, reader_need(r, node, "then", "an argument"), "then", &words))
		return;
	for (size_t i = 0; i < words.n; i++) {
		arg.text = words.items[i];
		*ARENA_PUSH(r->arena, out->items, out->n) = arg;
	}
}

static void read_args(struct reader *r, const struct recipe *recipe, const struct yaml *node,
	const char *what, struct recipe_args *out)
{
	if (!node || !reader_is(r, node, YAML_LIST, what))
		return;
	for (const struct yaml *v = node->first; v; v = v->next) {
		if (v->kind == YAML_MAP)
			read_conditional(r, recipe, v, out);
		else if (reader_is(r, v, YAML_TEXT,
				 "an argument")) /* may be empty: redis --save "" */
			*ARENA_PUSH(r->arena, out->items, out->n) =
				(struct recipe_arg){.text = {v->text, v->place}};
	}
	if (!out->n || out->items[0].condition != IF_ALWAYS || !*out->items[0].text.text)
		complain(r->complaints, node->place, "%s begins with the name of a program", what);
}

static void read_ready(struct reader *r, const struct recipe *recipe, const struct yaml *node,
	struct recipe_node *out)
{
	static const char *const ready_keys[] = {"tcp", "http", "exec", "within"};
	const struct yaml *tcp = yaml_get(node, "tcp"), *http = yaml_get(node, "http");
	const struct yaml *exec = yaml_get(node, "exec");
	uint64_t yes = 0;

	if (!reader_is(r, node, YAML_MAP, "ready"))
		return;
	reader_check_keys(r, node, ready_keys, READER_COUNT(ready_keys), "ready");
	if (!!tcp + !!http + !!exec != 1) {
		complain(r->complaints, node->place,
			"ready takes one of: tcp: yes, http: /path, exec: [program, ...]");
		return;
	}
	if (reader_value(r, tcp, PARAM_BOOL, "tcp", &yes) && yes)
		out->ready = READY_TCP;
	if (reader_word(r, http, "http", &out->ready_path))
		out->ready = READY_HTTP;
	read_args(r, recipe, exec, "exec", &out->ready_command);
	if (out->ready_command.n)
		out->ready = READY_EXEC;
	reader_value(r, yaml_get(node, "within"), PARAM_DURATION, "within", &out->ready_limit_ns);
}

static void read_files(struct reader *r, const struct yaml *node, struct recipe_node *out)
{
	if (!reader_is(r, node, YAML_MAP, "files"))
		return;
	for (const struct yaml *v = node->first; v; v = v->next) {
		struct scenario_word name = {v->key, v->key_place};

		if (reader_check_name(r, &name, "the name of a file") &&
			reader_is(r, v, YAML_TEXT, "a file"))
			*ARENA_PUSH(r->arena, out->files.items, out->files.n) =
				(struct scenario_setting){
					v->key, v->key_place, {v->text, v->place}};
	}
}

static void read_node(struct reader *r, const struct yaml *node, struct recipe *out)
{
	struct recipe_node n = {.place = node->place, .ready_limit_ns = READY_LIMIT_NS};
	const struct yaml *env = yaml_get(node, "env"), *port = yaml_get(node, "port");

	if (!reader_is(r, node, YAML_MAP, "a node"))
		return;
	reader_check_keys(r, node, node_keys, READER_COUNT(node_keys), "a node");
	reader_name(r, reader_need(r, node, "name", "a node"), "the name of a node", &n.name);
	if (reader_value(r, port, PARAM_COUNT, "port", &n.port) && (!n.port || n.port > PORT_MAX))
		complain(r->complaints, port->place, "a port lies between 1 and %d", PORT_MAX);
	reader_value(r, yaml_get(node, "endpoint"), PARAM_BOOL, "endpoint", &n.endpoint);
	read_args(r, out, reader_need(r, node, "command", "a node"), "command", &n.command);
	if (reader_is(r, env, YAML_MAP, "env"))
		reader_settings(r, env, NULL, 0, &n.env);
	read_files(r, yaml_get(node, "files"), &n);
	read_ready(r, out, yaml_get(node, "ready"), &n);
	if (!n.port && (n.endpoint || n.ready == READY_TCP || n.ready == READY_HTTP))
		complain(r->complaints, node->place, "the node needs \"port:\"");
	if (n.name.text)
		*ARENA_PUSH(r->arena, out->nodes, out->n_nodes) = n;
}

static void read_programs(struct reader *r, const struct yaml *needs, struct recipe *out)
{
	static const char *const needs_keys[] = {"programs"};
	const struct yaml *programs = yaml_get(needs, "programs");

	if (!reader_is(r, needs, YAML_MAP, "needs"))
		return;
	reader_check_keys(r, needs, needs_keys, READER_COUNT(needs_keys), "needs");
	if (!reader_is(r, programs, YAML_MAP, "programs"))
		return;
	for (const struct yaml *v = programs->first; v; v = v->next) {
		if (reader_is(r, v, YAML_TEXT, "a program's package"))
			*ARENA_PUSH(r->arena, out->programs, out->n_programs) =
				(struct recipe_program){v->key, v->text, v->key_place};
	}
}

static void read_nodes(struct reader *r, const struct yaml *nodes, struct recipe *out)
{
	bool endpoint = false;

	if (!reader_is(r, nodes, YAML_LIST, "nodes"))
		return;
	for (const struct yaml *v = nodes->first; v; v = v->next)
		read_node(r, v, out);
	for (size_t i = 0; i < out->n_nodes; i++) {
		endpoint |= out->nodes[i].endpoint;
		for (size_t k = 0; k < i; k++) {
			if (!strcmp(out->nodes[k].name.text, out->nodes[i].name.text))
				complain(r->complaints, out->nodes[i].name.place,
					"two nodes are called \"%s\"", out->nodes[i].name.text);
		}
	}
	if (!endpoint)
		complain(r->complaints, nodes->place,
			"no node is for clients; give one \"endpoint: yes\"");
}

static void read_ports(struct reader *r, const struct yaml *node, uint64_t ports[MATCH_PORTS_MAX])
{
	struct scenario_words words = {0};

	if (!reader_words(r, node, node->key, &words))
		return;
	if (words.n > MATCH_PORTS_MAX)
		complain(r->complaints, node->place, "more than %d ports", MATCH_PORTS_MAX);
	for (size_t i = 0; i < words.n && i < MATCH_PORTS_MAX; i++) {
		char *end;

		ports[i] = strtoull(words.items[i].text, &end, 10);
		if (*end || !ports[i] || ports[i] > 65535)
			complain(r->complaints, words.items[i].place,
				"a port is a number from 1 to 65535, not \"%.40s\"",
				words.items[i].text);
	}
}

static void read_traffic(struct reader *r, const struct yaml *traffic, struct recipe *out)
{
	static const char *const kinds[] = {"clients", "replication"};

	if (!reader_is(r, traffic, YAML_MAP, "traffic"))
		return;
	reader_check_keys(r, traffic, kinds, READER_COUNT(kinds), "traffic");
	for (size_t i = 0; i < READER_COUNT(kinds); i++) {
		const struct yaml *ports = yaml_get(traffic, kinds[i]);

		if (ports)
			read_ports(r, ports, out->traffic[MATCH_TRAFFIC_CLIENTS + i]);
	}
}

void recipe_read(struct arena *arena, const struct source *source, struct recipe *out,
	struct complaints *complaints)
{
	struct reader r = {arena, complaints};
	struct yaml *root = yaml_parse(arena, source, complaints);
	const struct yaml *with = yaml_get(root, "with"), *about = yaml_get(root, "about");
	struct scenario_word name = {0}, version;

	*out = (struct recipe){.name = "", .about = "", .path = source->file};
	if (!reader_is(&r, root, YAML_MAP, "a recipe"))
		return;
	reader_check_keys(&r, root, keys, READER_COUNT(keys), "a recipe");
	if (reader_name(
		    &r, reader_need(&r, root, "recipe", "a recipe"), "the name of a recipe", &name))
		out->name = name.text;
	if (reader_word(&r, reader_need(&r, root, "version", "a recipe"), "version", &version) &&
		strcmp(version.text, "1"))
		complain(complaints, version.place, "this program reads version 1");
	if (reader_is(&r, about, YAML_TEXT, "about"))
		out->about = about->text;
	reader_word(&r, reader_need(&r, root, "driver", "a recipe"), "driver", &out->driver);
	if (reader_is(&r, yaml_get(root, "client"), YAML_MAP, "client"))
		reader_settings(&r, yaml_get(root, "client"), NULL, 0, &out->client);
	read_programs(&r, yaml_get(root, "needs"), out);
	if (reader_is(&r, with, YAML_MAP, "with")) {
		for (const struct yaml *v = with->first; v; v = v->next)
			read_with(&r, v, out);
	}
	if (yaml_get(root, "traffic"))
		read_traffic(&r, yaml_get(root, "traffic"), out);
	read_nodes(&r, reader_need(&r, root, "nodes", "a recipe"), out);
}

static void check_choice(const struct recipe_with *with, const struct scenario_setting *setting,
	struct complaints *complaints)
{
	char near[128];
	size_t n = 0;

	for (; with->choices && with->choices[n]; n++) {
		if (!strcmp(with->choices[n], setting->value.text))
			return;
	}
	if (with->choices)
		complain(complaints, setting->value.place,
			"%s cannot be \"%.40s\"%s (regionproof explain lists what it can be)",
			with->name, setting->value.text,
			did_you_mean(setting->value.text, with->choices, n, near));
}

void recipe_apply_with(
	struct recipe *recipe, const struct scenario_settings *with, struct complaints *complaints)
{
	char near[128];

	for (size_t i = 0; i < with->n; i++) {
		const struct scenario_setting *setting = &with->items[i];
		struct recipe_with *found =
			(struct recipe_with *)recipe_find_with(recipe, setting->name);

		if (!found) {
			complain(complaints, setting->name_place,
				"recipe %s has no parameter \"%.40s\"%s", recipe->name,
				setting->name, nearest_with(recipe, setting->name, near));
			continue;
		}
		check_choice(found, setting, complaints);
		found->value = setting->value.text;
	}
}
