/*
 * expand: ${NAME} and ${NAME:-default} in the values of a scenario, from what its variant sets, else from the
 * environment.
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

bool expand_is_name(const char *text)
{
	size_t n = name_length(text);

	return n && !text[n];
}

static struct variable *find_set(struct variables *variables, const char *name)
{
	for (size_t i = 0; i < variables->n; i++) {
		if (!strcmp(variables->set[i].name, name))
			return &variables->set[i];
	}
	return NULL;
}

/* Put the variable that begins at text ("${...}") into out; its length, or 0 after a complaint. *set: where a
 * variant sets it, else as it was. */
static size_t expand_one(struct reader *r, struct place at, const char *text,
	struct variables *variables, struct variable **set, struct buf *out)
{
	size_t n = name_length(text + 2);
	const char *end = strchr(text, '}'), *fallback = text + 2 + n, *value;
	struct variable *variable;
	char *name;

	if (!n || !end || (*fallback != '}' && strncmp(fallback, ":-", 2))) {
		complain(r->complaints, at, "a variable is written ${NAME} or ${NAME:-default}");
		return 0;
	}
	name = arena_strndup(r->arena, text + 2, n);
	variable = find_set(variables, name);
	if (variable) {
		variable->used = true;
		*set = variable;
	}
	value = variable ? variable->value.text : variables->env(name);
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

static void expand_text(struct reader *r, struct yaml *node, struct variables *variables)
{
	struct variable *set = NULL;
	struct buf out = {0};
	size_t i = 0, n = 0;

	while (node->text[i]) {
		if (strncmp(node->text + i, "${", 2)) {
			buf_addc(&out, node->text[i++]);
			continue;
		}
		n = expand_one(r, yaml_place_in(node, i), node->text + i, variables, &set, &out);
		if (!n || out.len > EXPANDED_MAX)
			break;
		i += n;
	}
	if (out.len > EXPANDED_MAX)
		complain(r->complaints, node->place, "the value is longer than %d bytes",
			EXPANDED_MAX);
	/* all of it is what a variant sets: there it is to be mended */
	if (set && n && n == i && !node->text[i])
		node->place = set->value.place;
	node->text = arena_strdup(r->arena, buf_str(&out));
	node->verbatim = false;
	buf_release(&out);
}

/* Depth is bounded by YAML_DEPTH_MAX. */
void expand_variables(struct reader *r, struct yaml *tree, struct variables *variables)
{
	if (tree->key && strstr(tree->key, "${"))
		complain(r->complaints, tree->key_place, "variables are for values, not for keys");
	if (tree->kind == YAML_TEXT && strstr(tree->text, "${"))
		expand_text(r, tree, variables);
	for (struct yaml *v = tree->first; v; v = v->next)
		expand_variables(r, v, variables);
}

void expand_check_used(struct reader *r, const struct variables *variables)
{
	for (size_t i = 0; i < variables->n; i++) {
		if (!variables->set[i].used)
			complain(r->complaints, variables->set[i].name_place,
				"%s is set, and no value of the scenario says ${%s}",
				variables->set[i].name, variables->set[i].name);
	}
}
