/*
 * variants: what a command line means by a scenario with a matrix: each of its variants, or the one of --variant.
 *
 * A scenario without a matrix is one whose only variant has no name, so commands need not tell them apart.
 */
#ifndef SUITES_COMMANDS_VARIANTS_H
#define SUITES_COMMANDS_VARIANTS_H

#include "fixtures/base/arena.h"
#include "suites/plan.h"

struct variants {
	struct arena arena;
	const char *const *names; /* NULL: the scenario itself */
	size_t n;                 /* at least 1 */
	bool all;                 /* of a matrix, since none was named */
};

/* options->variant: the one that was named. Where its matrix cannot be read a scenario has one variant, of which
 * plan_build says why. */
void variants_open(struct variants *variants, const struct plan_options *options);
void variants_release(struct variants *variants);

/* What is done with the plan of one, which it takes. May complain as plan_build does. */
typedef int variants_take(void *arg, struct plan *plan, struct err *err, struct buf *errors);

/*
 * Plan all of them, without a need for programs; take NULL: only to see whether that can be done. -1 where one could
 * not be, or was not taken, with the complaints of all in one list: what every variant has is said once, what some
 * have with their names.
 */
int variants_plan(const struct variants *variants, struct plan_options options, variants_take *take,
	void *arg, struct err *err, struct buf *errors);

#endif
