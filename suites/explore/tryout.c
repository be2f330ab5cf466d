#include "suites/explore/tryout.h"
#include "fixtures/base/tree.h"
#include "suites/run/run.h"

#include <string.h>

static void take_expects(struct arena *arena, const struct result *result, struct tryout *out)
{
	out->n = result->n_expects;
	out->expects = arena_array(arena, out->n + 1, sizeof(*out->expects));
	for (size_t i = 0; i < out->n; i++) {
		const struct result_expect *e = &result->expects[i];

		out->expects[i] = (struct tryout_expect){.id = arena_strdup(arena, e->id),
			.got = arena_strdup(arena, e->got),
			.why = e->why ? arena_strdup(arena, e->why) : NULL,
			.verdict = e->verdict};
	}
}

int tryout_run(struct arena *arena, const struct tryout_options *options, const struct buf *text,
	const char *path, struct tryout *out, struct err *err)
{
	struct run_options run_options = {.plan = {.path = path, .share = options->share},
		.engine = options->engine,
		.runs = options->runs};
	struct buf errors = {0};
	struct result result;
	struct run run;
	int rc = -1;

	*out = (struct tryout){0};
	if (buf_write_file(text, path, err))
		return -1;
	if (run_scenario(&run, &run_options, &result, err, &errors)) {
		if (errors.len)
			err_prefix(err, "%s", buf_str(&errors));
	} else {
		out->exit_code = result.exit_code;
		out->error = result.error ? arena_strdup(arena, result.error) : NULL;
		out->dir = arena_strdup(arena, result.dir);
		take_expects(arena, &result, out);
		rc = options->keep ? 0 : tree_remove(result.dir, err);
	}
	run_release(&run);
	buf_release(&errors);
	return rc;
}

const struct tryout_expect *tryout_failure(const struct tryout *tryout)
{
	for (size_t i = 0; i < tryout->n; i++) {
		if (tryout->expects[i].verdict == VERDICT_FAIL)
			return &tryout->expects[i];
	}
	return NULL;
}

bool tryout_fails(const struct tryout *tryout, const char *id)
{
	for (size_t i = 0; i < tryout->n; i++) {
		if (tryout->expects[i].verdict == VERDICT_FAIL &&
			!strcmp(tryout->expects[i].id, id))
			return true;
	}
	return false;
}
