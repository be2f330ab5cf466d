/*
 * ci: what a run says to the CI server that it runs under, besides its files.
 *
 * GitHub (GITHUB_ACTIONS=true): commands in what is printed are switched off until the end of the
 * run, so that nothing that a server answered is taken for one; then annotations, the step summary
 * ($GITHUB_STEP_SUMMARY, appended) and outputs ($GITHUB_OUTPUT). Before all that every secret that the
 * scenario refers to is masked, and in annotations files are named from $GITHUB_WORKSPACE. GitLab (GITLAB_CI=true): the run is
 * a section that can be folded. Elsewhere nothing.
 */
#ifndef SUITES_COMMANDS_CI_H
#define SUITES_COMMANDS_CI_H

#include "fixtures/base/err.h"

struct buf;
struct plan_options;
struct result;

struct ci {
	char token[33]; /* that switches commands on again; "": they are on */
	int section;    /* of GitLab, numbered */
};

/* Both print to stdout. Begin before anything of the run is printed. scenario: whose secrets are masked. */
void ci_begin(struct ci *ci, const struct plan_options *scenario);
/* result NULL: the run came to none. */
int ci_end(struct ci *ci, const struct result *result, struct err *err);
/* After several runs that belong together: a table of them in the step summary, and the verdict of all as the
 * output, where the last run's would stand otherwise. */
int ci_total(const struct buf *markdown, int exit_code, struct err *err);

#endif
