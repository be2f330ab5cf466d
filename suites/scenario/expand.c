/*
 * expand: ${NAME} and ${NAME:-default} in the values of a scenario.
 *
 * Replaced after the text was parsed, so what the environment holds can never become structure. Keys
 * are left alone: a key that depends on the environment would be a scenario that nobody can read.
 */
#include "fixtures/base/buf.h"
#include "suites/scenario/reader.h"

#include <ctype.h>
#include <string.h>

/* What the environment may make of one value. */
#define EXPANDED_MAX 65536

static size_t name_length(const char *text)
{
	size_t n = 0;

	if (isalpha((unsigned char)text[0]) || text[0] == '_')
		while (isalnum((unsigned char)text[n]) || text[n] == '_')
			n++;
	return n;
}

/* Put the variable that begins at text ("${...}") into out; its length, or 0 after a complaint. */
static size_t expand_one(
	struct reader *r, struct place at, const char *text, scenario_env *env, struct buf *out)
{
	size_t n = name_length(text + 2);
	const char *end = strchr(text, '}'), *fallback = text + 2 + n, *value;
	char *name;

	if (!n || !end || (*fallback != '}' && strncmp(fallback, ":-", 2))) {
		complain(r->complaints, at, "a variable is written ${NAME} or ${NAME:-default}");
		return 0;
	}
	name = arena_strndup(r->arena, text + 2, n);
	value = env(name);
	if (value && *value) {
		buf_puts(out, value);
	} else if (*fallback == ':') {
		buf_add(out, fallback + 2, (size_t)(end - fallback - 2));
	} else if (value) {
		; /* set to nothing, and no default: nothing */
	} else {
		complain(r->complaints, at,
			"the environment has no %s; set it, or give a default: ${%s:-...}", name,
			name);
		return 0;
	}
	return (size_t)(end + 1 - text);
}

static void expand_text(struct reader *r, struct yaml *node, scenario_env *env)
{
	struct buf out = {0};
	size_t i = 0, n = 0;

	while (node->text[i]) {
		if (strncmp(node->text + i, "${", 2)) {
			buf_addc(&out, node->text[i++]);
			continue;
		}
		n = expand_one(r, yaml_place_in(node, i), node->text + i, env, &out);
		if (!n || out.len > EXPANDED_MAX)
			break;
		i += n;
	}
	if (out.len > EXPANDED_MAX)
		complain(r->complaints, node->place, "the value is longer than %d bytes",
			EXPANDED_MAX);
	node->text = arena_strdup(r->arena, buf_str(&out));
	node->verbatim = false;
	buf_release(&out);
}

/* Depth is bounded by YAML_DEPTH_MAX. */
void expand_variables(struct reader *r, struct yaml *tree, scenario_env *env)
{
	if (tree->key && strstr(tree->key, "${"))
		complain(r->complaints, tree->key_place, "variables are for values, not for keys");
	if (tree->kind == YAML_TEXT && strstr(tree->text, "${"))
		expand_text(r, tree, env);
	for (struct yaml *v = tree->first; v; v = v->next)
		expand_variables(r, v, env);
}
