/* variant_table: what came of each variant of a scenario. */
#ifndef SUITES_COMMANDS_VARIANT_TABLE_H
#define SUITES_COMMANDS_VARIANT_TABLE_H

#include "suites/commands/variants.h"

struct args;
struct variant_row;

struct variant_table {
	struct arena arena;
	const char *path;         /* of the scenario */
	struct variant_row *rows; /* in the order of the matrix */
	size_t n;
};

void variant_table_init(
	struct variant_table *table, const char *path, const struct variants *variants);
/* dir: of the run, or of its last trial; "": it came to no result. A variant that is not set was not run. */
void variant_table_set(struct variant_table *table, size_t i, int exit_code, const char *dir);
/* On stdout, as text or JSON, and to the CI. Returns the worst exit code of those that were run. */
int variant_table_show(const struct variant_table *table, const struct args *args, struct err *err);
void variant_table_release(struct variant_table *table);

#endif
