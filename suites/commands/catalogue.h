/* catalogue: what there is in files: recipes, presets of links and scenarios of the share folder. */
#ifndef SUITES_COMMANDS_CATALOGUE_H
#define SUITES_COMMANDS_CATALOGUE_H

#include "fixtures/base/arena.h"
#include "suites/scenario/recipe.h"

typedef void catalogue_row(void *to, const char *name, const char *help);

/* In the order of their names; share NULL: as plan_build finds it. */
void catalogue_recipes(const char *share, catalogue_row *row, void *to);
void catalogue_links(const char *share, catalogue_row *row, void *to);
void catalogue_scenarios(const char *share, catalogue_row *row, void *to);
void catalogue_packs(const char *share, catalogue_row *row, void *to);
/* The recipe of that name; false where there is none or it cannot be read. */
bool catalogue_recipe(struct arena *arena, const char *share, const char *name, struct recipe *out);

#endif
