/*
 * merge: one tree laid over another one, as `extends` and `matrix` do.
 *
 * Maps are merged key by key, what lies on top before what lies below; lists and texts are replaced whole. A
 * node keeps the place it was read from, so that a mistake is told where it stands.
 */
#include "suites/scenario/reader.h"

#include <string.h>

static struct yaml **find(struct yaml *map, const char *key)
{
	struct yaml **at = &map->first;

	while (*at && strcmp((*at)->key, key))
		at = &(*at)->next;
	return at;
}

struct yaml *merge_take(struct yaml *map, const char *key)
{
	struct yaml **at = find(map, key), *taken = *at;

	if (taken) {
		*at = taken->next;
		taken->next = NULL;
		map->n--;
	}
	return taken;
}

struct yaml *merge_trees(struct yaml *base, struct yaml *over)
{
	struct yaml *next;

	if (base->kind != YAML_MAP || over->kind != YAML_MAP)
		return over;
	for (struct yaml *v = over->first; v; v = next) {
		struct yaml **at = find(base, v->key);

		next = v->next;
		if (*at) {
			struct yaml *rest = (*at)->next, *merged = merge_trees(*at, v);

			merged->key_place = v->key_place;
			merged->next = rest;
			*at = merged;
		} else {
			v->next = NULL;
			*at = v;
			base->n++;
		}
	}
	base->place = over->place; /* where something lacks, this file is to be mended */
	return base;
}
