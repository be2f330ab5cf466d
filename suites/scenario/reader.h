/*
 * reader: the small verbs with which the sections of a scenario are read from its tree.
 *
 * Each complains where something is not as expected and returns false (or a neutral value), so that
 * the section goes on with the next key.
 */
#ifndef SUITES_SCENARIO_READER_H
#define SUITES_SCENARIO_READER_H

#include "fixtures/base/param.h"
#include "suites/scenario/scenario.h"
#include "suites/scenario/yaml.h"

struct reader {
	struct arena *arena;
	struct complaints *complaints;
};

#define READER_COUNT(list) (sizeof(list) / sizeof(*(list)))

/* node is of the kind; `what` names it in the complaint: "links". NULL counts as not there: false
 * without a complaint. */
bool reader_is(struct reader *r, const struct yaml *node, enum yaml_kind kind, const char *what);
/* Every key of the map is in the list. what: "a link". */
void reader_check_keys(struct reader *r, const struct yaml *map, const char *const *keys, size_t n,
	const char *what);
/* map[key] must be there; complains at the map. */
const struct yaml *reader_need(
	struct reader *r, const struct yaml *map, const char *key, const char *what);
/* A text that is not empty. */
bool reader_word(
	struct reader *r, const struct yaml *node, const char *what, struct scenario_word *out);
/* A text or a list of texts. */
bool reader_words(
	struct reader *r, const struct yaml *node, const char *what, struct scenario_words *out);
/* A name: letters, digits, '-', '_' and '.', at most 63, beginning with a letter or digit. */
bool reader_name(
	struct reader *r, const struct yaml *node, const char *what, struct scenario_word *out);
bool reader_check_name(struct reader *r, const struct scenario_word *word, const char *what);
/* A value with its unit. */
bool reader_value(struct reader *r, const struct yaml *node, enum param_type type, const char *what,
	uint64_t *out);
/* Everything below a map as settings with dotted names; keys in `skip` are left out. */
void reader_settings(struct reader *r, const struct yaml *map, const char *const *skip,
	size_t n_skip, struct scenario_settings *out);

/* The sections, each in a file of its own. */
void reader_regions(struct reader *r, const struct yaml *node, struct scenario *out);
void reader_links(struct reader *r, const struct yaml *node, struct scenario *out);
/* A file of fixtures/links/: where it is from, and its links. */
struct preset {
	const char *name, *source, *date;
	struct scenario_link *links;
	size_t n_links;
};
void preset_read(struct arena *arena, const struct source *source, struct preset *out,
	struct complaints *complaints);
void reader_system(struct reader *r, const struct yaml *node, struct scenario *out);
void reader_clients(struct reader *r, const struct yaml *node, struct scenario *out);
void reader_timeline(struct reader *r, const struct yaml *node, struct scenario *out);
void reader_expects(struct reader *r, const struct yaml *node, struct scenario *out);
void reader_evidence(struct reader *r, const struct yaml *node, struct scenario *out);
void reader_abort_if(struct reader *r, const struct yaml *node, struct scenario *out);
void reader_safety(struct reader *r, const struct yaml *node, struct scenario *out);

/* One line of `expect:`. False after a complaint. */
bool expect_parse(struct reader *r, const struct yaml *node, struct scenario_expect *out);

/* What a variant sets goes before the environment. */
struct variable {
	const char *name;
	struct place name_place;
	struct scenario_word value;
	bool used;
};
struct variables {
	scenario_env *env;
	struct variable *set;
	size_t n;
};
/* The tree `over` laid over `base`, which both are used up by it; see merge.c. */
struct yaml *merge_trees(struct yaml *base, struct yaml *over);
/* The value of a key, taken out of the map; NULL where it has none. */
struct yaml *merge_take(struct yaml *map, const char *key);
/* The tree with what the files say that it extends; see extend.c. */
struct yaml *extend_tree(struct reader *r, struct yaml *root, const char *file,
	struct variables *variables, struct scenario *out);
/* The tree with the variant of that name laid over it, and what that sets; see matrix.c. variant NULL, or one that
 * there is not: as without a matrix. False after a complaint. */
bool matrix_apply(struct reader *r, struct yaml *root, const char *variant,
	struct variables *variables, struct scenario *out);

/* Replace ${NAME} and ${NAME:-default} in all values of the tree. */
void expand_variables(struct reader *r, struct yaml *tree, struct variables *variables);
bool expand_is_name(const char *text);
/* Complains of every variable that is set for nothing. */
void expand_check_used(struct reader *r, const struct variables *variables);

#endif
