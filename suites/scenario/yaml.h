/*
 * yaml: a text as a tree in which every node knows its line and column. The wall around libyaml.
 *
 * Only what a person writes by hand is taken: maps with plain keys, lists, texts. Anchors, aliases,
 * tags and a second document are refused, and so are duplicate keys, nesting deeper than
 * YAML_DEPTH_MAX, more than YAML_NODES_MAX nodes, more than YAML_SIZE_MAX bytes, and bytes that are
 * not UTF-8. Everything a scenario says is text here; what a number is, is decided by whoever knows
 * its unit. Built on libyaml's events, because its document interface keeps no marks of what it
 * refuses and takes time quadratic in the nesting.
 */
#ifndef SUITES_SCENARIO_YAML_H
#define SUITES_SCENARIO_YAML_H

#include "fixtures/base/arena.h"
#include "suites/scenario/source.h"

#include <stdbool.h>
#include <stddef.h>

#define YAML_DEPTH_MAX 32
#define YAML_NODES_MAX 100000
#define YAML_SIZE_MAX (1024 * 1024)

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind;
	struct place place;
	const char *key; /* of a value in a map, else NULL */
	struct place key_place;
	const char *text; /* YAML_TEXT; "" where nothing was written */
	bool quoted;
	unsigned text_offset; /* characters from place to the text's first one */
	bool verbatim;        /* the text stands in the file as it is here, on one line */
	struct yaml *first, *next;
	size_t n; /* children */
};

/* NULL after at least one complaint. The source outlives the tree. */
struct yaml *yaml_parse(
	struct arena *arena, const struct source *source, struct complaints *complaints);
/* The value of a key, NULL where absent (or where map is no map). */
const struct yaml *yaml_get(const struct yaml *map, const char *key);
/* "a map", "a list", "a text". */
const char *yaml_kind_name(enum yaml_kind kind);
/* Place of the character number i of a text, as well as it is known. */
struct place yaml_place_in(const struct yaml *node, size_t i);

#endif
