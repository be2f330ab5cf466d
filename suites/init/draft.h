/*
 * draft: the files that `init` writes, as data.
 *
 * For a lab one scenario with comments. For running containers, from any scenario with a recipe: the same
 * scenario on containers, and what brings them up: a compose file with a service for each node of each
 * region, the files of the nodes, and a Dockerfile of the Debian packages that the recipe names. Nodes
 * have the addresses that they would have in a lab, since the network of the compose file is the subnet of
 * one (RFC 2544), so a recipe's commands are what they are there.
 */
#ifndef SUITES_INIT_DRAFT_H
#define SUITES_INIT_DRAFT_H

#include "fixtures/base/arena.h"
#include "fixtures/base/err.h"
#include "suites/plan.h"

#define DRAFT_SCENARIO "regionproof.yaml"

struct draft_file {
	const char *path, *text;
};

struct draft {
	struct arena *arena;
	struct draft_file *files;
	size_t n;
	/* Programs that no package has, to be copied beside the Dockerfile. */
	const char **programs;
	size_t n_programs;
};

/* The first scenario, for people to change. */
const char *draft_first(void);
/* The line by which editors find the schema of scenarios. share: as given, or NULL. */
const char *draft_modeline(struct arena *arena, const char *share);
void draft_lab(struct draft *draft, const char *modeline);
/* From a scenario with a recipe. -1 with EXIT_SCENARIO where containers cannot do it. */
int draft_docker(
	struct draft *draft, const struct plan *plan, const char *modeline, struct err *err);

/* Parts of draft_docker (compose.c, rewrite.c). */
int draft_compose(struct draft *draft, const struct plan *plan, struct err *err);
void draft_rewrite(struct draft *draft, const struct plan *plan, const char *modeline);
void draft_add(struct draft *draft, const char *path, const char *text);

#endif
