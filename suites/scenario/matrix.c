/*
 * matrix: named variants of one scenario, each a small map that is laid over it (merge.c).
 *
 *   matrix:                                   # a map: its keys are the names
 *     sync:  { system: { with: { ack: majority } } }
 *     async: { expect: [ writes.lost > 0 ] }
 *
 *   matrix:                                   # a list of such maps: each with each, sync-short, sync-long, ...
 *     - { sync: { ... }, async: { ... } }
 *     - { short: { set: { CUT: 2s } }, long: { set: { CUT: 8s } } }
 *
 * `set:` gives variables their values, before the environment does: lists such as a timeline are replaced whole,
 * so what differs in one of their values is written ${CUT} there. A name that nothing says ${...} for is a mistake,
 * since that variant would be another one than its author believes.
 *
 * Of a product the later axis lies on top. All variants are looked at whichever is read, so that a mistake in the
 * shape of one is told at once; what a variant makes of the scenario is known only when that one is read.
 */
#include "suites/scenario/reader.h"

#include <assert.h>
#include <string.h>

#define AXES_MAX 6
#define VARIANT_NAME_MAX 40

struct axes {
	struct reader *r;
	struct yaml *maps[AXES_MAX];
	size_t n;
	bool sound;
};

/* What belongs to the scenario and is the same in all variants. */
static const char *const common[] = {"scenario", "version", "extends", "matrix"};

static void check_variant(struct axes *axes, const struct yaml *variant)
{
	struct complaints *complaints = axes->r->complaints;
	struct scenario_word name = {variant->key, variant->key_place};
	const struct yaml *set = yaml_get(variant, "set");

	if (!reader_check_name(axes->r, &name, "the name of a variant") ||
		!reader_is(axes->r, variant, YAML_MAP,
			arena_printf(axes->r->arena, "variant %s", variant->key)))
		axes->sound = false;
	for (size_t i = 0; i < READER_COUNT(common); i++) {
		const struct yaml *node = yaml_get(variant, common[i]);

		if (!node)
			continue;
		complain(complaints, node->key_place,
			"\"%s\" is the same in all variants; variant %s cannot change it",
			common[i], variant->key);
		axes->sound = false;
	}
	if (set && !reader_is(axes->r, set, YAML_MAP, "set"))
		axes->sound = false;
}

static void add_axis(struct axes *axes, struct yaml *map)
{
	struct complaints *complaints = axes->r->complaints;

	if (!reader_is(axes->r, map, YAML_MAP, axes->n ? "an axis of the matrix" : "matrix")) {
		axes->sound = false;
		return;
	}
	if (!map->n || axes->n == AXES_MAX) {
		if (map->n)
			complain(complaints, map->place, "a matrix has %d axes at most", AXES_MAX);
		else
			complain(complaints, map->place,
				"a matrix without variants; write them as NAME: { ... }, or leave "
				"it out");
		axes->sound = false;
		return;
	}
	for (const struct yaml *v = map->first; v; v = v->next)
		check_variant(axes, v);
	axes->maps[axes->n++] = map;
}

static void read_axes(struct axes *axes, struct yaml *matrix)
{
	axes->sound = true;
	if (matrix->kind != YAML_LIST || !matrix->n) {
		add_axis(axes, matrix);
		return;
	}
	for (struct yaml *v = matrix->first; v; v = v->next)
		add_axis(axes, v);
}

/* How many there are, or 0 after a complaint. */
static size_t count(const struct axes *axes, struct place at)
{
	size_t n = 1;

	for (size_t i = 0; i < axes->n; i++) {
		n *= axes->maps[i]->n;
		if (n <= SCENARIO_VARIANTS_MAX)
			continue;
		complain(axes->r->complaints, at,
			"the matrix has more than %d variants; each is a run of its own",
			SCENARIO_VARIANTS_MAX);
		return 0;
	}
	return n;
}

static struct yaml *child(struct yaml *map, size_t i)
{
	struct yaml *v = map->first;

	while (i--)
		v = v->next;
	return v;
}

/* Variant number i takes its[a] of axis a; the last axis changes fastest. */
static void take_apart(const struct axes *axes, size_t i, struct yaml *its[AXES_MAX])
{
	for (size_t a = axes->n; a--; i /= axes->maps[a]->n)
		its[a] = child(axes->maps[a], i % axes->maps[a]->n);
}

static bool add_name(const struct axes *axes, size_t i, struct scenario_words *names)
{
	struct yaml *its[AXES_MAX];
	struct scenario_word word;

	assert(axes->n); /* a sound matrix has one */
	take_apart(axes, i, its);
	word = (struct scenario_word){its[0]->key, its[0]->key_place};
	for (size_t a = 1; a < axes->n; a++)
		word.text = arena_printf(axes->r->arena, "%s-%s", word.text, its[a]->key);
	if (strlen(word.text) > VARIANT_NAME_MAX) {
		complain(axes->r->complaints, word.place,
			"the variant %s has a name of more than %d characters", word.text,
			VARIANT_NAME_MAX);
		return false;
	}
	for (size_t k = 0; k < names->n; k++) {
		if (strcmp(names->items[k].text, word.text))
			continue;
		complain(axes->r->complaints, word.place,
			"two variants would be called %s; rename a part of one", word.text);
		return false;
	}
	*ARENA_PUSH(axes->r->arena, names->items, names->n) = word;
	return true;
}

static void take_variables(struct reader *r, const struct yaml *set, struct variables *variables)
{
	for (const struct yaml *v = set->first; v; v = v->next) {
		struct variable variable = {.name = v->key, .name_place = v->key_place};

		if (!expand_is_name(v->key))
			complain(r->complaints, v->key_place,
				"\"%.60s\" cannot be the name of a variable", v->key);
		else if (reader_is(r, v, YAML_TEXT, v->key)) {
			variable.value = (struct scenario_word){v->text, v->place};
			*ARENA_PUSH(r->arena, variables->set, variables->n) = variable;
		}
	}
}

/* The last axis goes before those before it. */
static void lay_over(
	const struct axes *axes, size_t i, struct yaml *root, struct variables *variables)
{
	struct place place = root->place;
	struct yaml *its[AXES_MAX], *set = NULL;

	take_apart(axes, i, its);
	for (size_t a = 0; a < axes->n; a++) {
		struct yaml *more = merge_take(its[a], "set");

		if (more) {
			expand_variables(axes->r, more, variables);
			set = set ? merge_trees(set, more) : more;
		}
		merge_trees(root, its[a]);
	}
	root->place = place; /* what all variants lack is no matter of one */
	if (set)
		take_variables(axes->r, set, variables);
}

bool matrix_apply(struct reader *r, struct yaml *root, const char *variant,
	struct variables *variables, struct scenario *out)
{
	struct yaml *matrix = merge_take(root, "matrix");
	struct axes axes = {.r = r};
	struct scenario_words names = {0};
	size_t n;

	if (!matrix)
		return true;
	read_axes(&axes, matrix);
	n = axes.sound ? count(&axes, matrix->key_place) : 0;
	for (size_t i = 0; i < n; i++) {
		if (!add_name(&axes, i, &names))
			return false;
	}
	out->variants = names;
	for (size_t i = 0; i < n && variant; i++) {
		if (strcmp(names.items[i].text, variant))
			continue;
		lay_over(&axes, i, root, variables);
		out->variant = names.items[i];
	}
	return n > 0;
}
