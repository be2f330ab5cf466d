#include "suites/scenario/reader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LENGTH 63

bool reader_is(struct reader *r, const struct yaml *node, enum yaml_kind kind, const char *what)
{
	if (!node)
		return false;
	if (node->kind == kind)
		return true;
	if (node->kind == YAML_TEXT && !*node->text)
		complain(r->complaints, node->place, "%s is empty; %s is expected here", what,
			yaml_kind_name(kind));
	else
		complain(r->complaints, node->place, "%s must be %s, not %s", what,
			yaml_kind_name(kind), yaml_kind_name(node->kind));
	return false;
}

void reader_check_keys(struct reader *r, const struct yaml *map, const char *const *keys, size_t n,
	const char *what)
{
	char near[128];

	for (const struct yaml *v = map->first; v; v = v->next) {
		size_t i = 0;

		while (i < n && strcmp(keys[i], v->key))
			i++;
		if (i == n)
			complain(r->complaints, v->key_place, "%s has no key \"%s\"%s", what,
				v->key, did_you_mean(v->key, keys, n, near));
	}
}

const struct yaml *reader_need(
	struct reader *r, const struct yaml *map, const char *key, const char *what)
{
	const struct yaml *node = yaml_get(map, key);

	if (!node)
		complain(r->complaints, map->place, "%s needs \"%s:\"", what, key);
	return node;
}

bool reader_word(
	struct reader *r, const struct yaml *node, const char *what, struct scenario_word *out)
{
	if (!reader_is(r, node, YAML_TEXT, what))
		return false;
	if (!*node->text) {
		complain(r->complaints, node->place, "%s has no value", what);
		return false;
	}
	*out = (struct scenario_word){node->text, node->place};
	return true;
}

bool reader_words(
	struct reader *r, const struct yaml *node, const char *what, struct scenario_words *out)
{
	struct scenario_word word;

	if (!node)
		return false;
	if (node->kind == YAML_TEXT) {
		if (!reader_word(r, node, what, &word))
			return false;
		*ARENA_PUSH(r->arena, out->items, out->n) = word;
		return true;
	}
	if (!reader_is(r, node, YAML_LIST, what))
		return false;
	for (const struct yaml *v = node->first; v; v = v->next) {
		if (reader_word(r, v, what, &word))
			*ARENA_PUSH(r->arena, out->items, out->n) = word;
	}
	if (!node->n)
		complain(r->complaints, node->place, "%s is an empty list", what);
	return out->n > 0;
}

bool reader_check_name(struct reader *r, const struct scenario_word *word, const char *what)
{
	size_t len = strlen(word->text);
	bool ok = len && len <= NAME_MAX_LENGTH && isalnum((unsigned char)word->text[0]);

	for (size_t i = 0; i < len && ok; i++) {
		char c = word->text[i];

		ok = isalnum((unsigned char)c) || (c && strchr("-_.", c));
	}
	if (!ok)
		complain(r->complaints, word->place,
			"\"%.80s\" cannot be %s; use letters, digits, '-', '_' and '.', at most %d",
			word->text, what, NAME_MAX_LENGTH);
	return ok;
}

bool reader_name(
	struct reader *r, const struct yaml *node, const char *what, struct scenario_word *out)
{
	return reader_word(r, node, what, out) && reader_check_name(r, out, what);
}

bool reader_value(struct reader *r, const struct yaml *node, enum param_type type, const char *what,
	uint64_t *out)
{
	struct scenario_word word;
	struct err err;

	if (!reader_word(r, node, what, &word))
		return false;
	if (param_parse_value(type, word.text, out, &err)) {
		complain(r->complaints, word.place, "%s: %s", what, err.text);
		return false;
	}
	return true;
}

static void flatten(
	struct reader *r, const struct yaml *node, const char *name, struct scenario_settings *out)
{
	struct scenario_setting *setting;

	if (node->kind == YAML_LIST) {
		complain(r->complaints, node->place, "%s takes one value, not a list", name);
		return;
	}
	if (node->kind == YAML_MAP) {
		for (const struct yaml *v = node->first; v; v = v->next)
			flatten(r, v, arena_printf(r->arena, "%s.%s", name, v->key), out);
		return;
	}
	setting = ARENA_PUSH(r->arena, out->items, out->n);
	*setting = (struct scenario_setting){name, node->key_place, {node->text, node->place}};
}

void reader_settings(struct reader *r, const struct yaml *map, const char *const *skip,
	size_t n_skip, struct scenario_settings *out)
{
	for (const struct yaml *v = map->first; v; v = v->next) {
		size_t i = 0;

		while (i < n_skip && strcmp(skip[i], v->key))
			i++;
		if (i == n_skip)
			flatten(r, v, v->key, out);
	}
}
