/*
 * explore: random timelines within a scenario's bounds, each run and judged, until one fails or the
 * budget is spent. What fails is shrunk: every smaller timeline is tried twice, since a race may be
 * won by chance, and the smallest that still fails is written as a scenario.
 *
 * Exit code: 1 where something failed, 0 where nothing did, 2 where no run came to a verdict.
 */
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/base/param.h"
#include "suites/commands/command.h"
#include "suites/explore/tryout.h"
#include "suites/explore/moves.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_BUDGET_NS (10 * 60 * NSEC_PER_SEC)
#define TRIES_PER_STEP 2

struct search {
	struct variant_source source;
	struct tryout_options options;
	struct arena arena;
	struct rng rng;
	char dir[512], path[600], found[600];
	const char *name;
	uint64_t seed, deadline_ns;
	unsigned runs, decided;
	bool quiet;
};

static bool is_over(const struct search *s)
{
	return clock_now_ns() >= s->deadline_ns;
}

static bool is_fatal(int code)
{
	return code == EXIT_CLEANUP || code == EXIT_MACHINE || code == EXIT_SIGINT ||
		code == EXIT_SIGTERM;
}

static void tell(struct search *s, const struct timeline *t, const struct tryout *tryout)
{
	const struct tryout_expect *failed = tryout_failure(tryout);

	if (s->quiet)
		return;
	fprintf(stderr, "%4u  %-60s %s\n", s->runs, moves_text(&s->arena, t),
		failed                                 ? failed->id
			: tryout->exit_code == EXIT_OK ? "ok"
			: tryout->error                ? tryout->error
						       : "no verdict");
}

/* Run the timeline; -1 where exploring makes no sense any more. */
static int try_timeline(struct search *s, const struct timeline *t, uint64_t seed,
	struct tryout *out, struct err *err)
{
	struct buf text = {0};
	int rc;

	variant_print(&s->source, t->entries, t->n, seed, "made by regionproof explore", &text);
	rc = tryout_run(&s->arena, &s->options, &text, s->path, out, err);
	buf_release(&text);
	s->runs++;
	if (rc)
		return -1;
	s->decided += out->exit_code == EXIT_OK || out->exit_code == EXIT_EXPECTATION;
	tell(s, t, out);
	if (is_fatal(out->exit_code))
		return err_exit(err, out->exit_code, "the run of %s ended with exit code %d",
			s->path, out->exit_code);
	return 0;
}

/* Does the smaller timeline fail as well? With a fault less, once is enough; with a shorter fault each
 * time, or the shortest that fails by chance would be left. 1 or 0; -1: no use. */
static int still_fails(struct search *s, const struct timeline *t, bool always, uint64_t seed,
	struct tryout_expect *failure, struct err *err)
{
	for (int i = 0; i < TRIES_PER_STEP && !is_over(s); i++) {
		struct tryout tryout;
		bool fails;

		if (try_timeline(s, t, seed, &tryout, err))
			return -1;
		fails = tryout_fails(&tryout, failure->id);
		if (fails != always)
			return fails;
		if (fails && i + 1 == TRIES_PER_STEP)
			return 1;
	}
	return 0;
}

/* One smaller timeline that still fails takes the place of *t. 1: found; 0: there is none. */
static int shrink_once(struct search *s, struct timeline *t, uint64_t seed,
	struct tryout_expect *failure, struct err *err)
{
	unsigned before = moves_count_faults(t);
	struct timeline smaller;

	for (unsigned step = 0; moves_shrink(&s->arena, &s->source, t, step, &smaller); step++) {
		bool shorter = moves_count_faults(&smaller) == before;
		int fails = still_fails(s, &smaller, shorter, seed, failure, err);

		if (fails > 0)
			*t = smaller;
		if (fails)
			return fails;
	}
	return 0;
}

static int write_found(struct search *s, const struct timeline *t, uint64_t seed,
	const struct tryout_expect *failure, struct err *err)
{
	struct buf text = {0};
	char head[400];
	int rc;

	snprintf(head, sizeof(head), "found by regionproof explore: %.300s fails", failure->id);
	variant_print(&s->source, t->entries, t->n, seed, head, &text);
	rc = buf_write_file(&text, s->found, err);
	buf_release(&text);
	return rc;
}

static int report(struct search *s, struct timeline *t, uint64_t seed,
	struct tryout_expect *failure, struct err *err)
{
	struct buf out = {0};
	unsigned before = moves_count_faults(t), first = s->runs;
	int rc;

	do
		rc = is_over(s) ? 0 : shrink_once(s, t, seed, failure, err);
	while (rc > 0);
	if (rc < 0 || write_found(s, t, seed, failure, err))
		return -1;
	buf_printf(&out, "FAIL  %s   got %s\n", failure->id, failure->got);
	if (failure->why)
		buf_printf(&out, "      %s\n", failure->why);
	buf_printf(&out, "      found in run %u, shrunk from %u faults to %u in %u more\n", first,
		before, moves_count_faults(t), s->runs - first);
	for (size_t i = 0; i < t->n; i++) {
		if (t->entries[i].kind == ENTRY_FAULT)
			variant_print_entry(&t->entries[i], &out);
	}
	buf_printf(&out, "      again: regionproof run %s\n", s->found);
	rc = print_out(&out, err);
	buf_release(&out);
	return rc ? -1 : EXIT_EXPECTATION;
}

static int explore(struct search *s, struct err *err)
{
	struct buf out = {0};
	int rc;

	while (!is_over(s)) {
		struct timeline t = moves_random(&s->arena, &s->source, &s->rng);
		uint64_t seed = rng_below(&s->rng, UINT64_C(1) << 31);
		const struct tryout_expect *failed;
		struct tryout tryout;

		if (try_timeline(s, &t, seed, &tryout, err))
			return -1;
		failed = tryout_failure(&tryout);
		if (failed) {
			struct tryout_expect failure = *failed;

			return report(s, &t, seed, &failure, err);
		}
	}
	buf_printf(&out, "nothing failed in %u runs, %u of which came to a verdict\n", s->runs,
		s->decided);
	rc = print_out(&out, err);
	buf_release(&out);
	return rc ? -1 : s->decided ? EXIT_OK : EXIT_NO_VERDICT;
}

static int make_dir(const char *path, struct err *err)
{
	return mkdir(path, 0755) && errno != EEXIST ? err_sys(err, "cannot make %s", path) : 0;
}

static int prepare(struct search *s, const struct args *args, struct err *err)
{
	const char *runs =
		args->values[OPTION_RUNS] ? args->values[OPTION_RUNS] : "regionproof-runs";
	const char *budget = args->values[OPTION_BUDGET];
	uint64_t budget_ns = DEFAULT_BUDGET_NS;

	if (budget && param_parse_value(PARAM_DURATION, budget, &budget_ns, err))
		return err_exit(
			err, EXIT_USAGE, "--budget is a time such as 30m, not \"%.40s\"", budget);
	s->seed = s->source.scenario.seed;
	if (args->values[OPTION_SEED] && args_number(args, OPTION_SEED, &s->seed, err))
		return -1;
	snprintf(s->dir, sizeof(s->dir), "%.300s/explore-%.100s-%llu", runs,
		s->source.scenario.name.text, (unsigned long long)s->seed);
	if (make_dir(runs, err) || make_dir(s->dir, err))
		return -1;
	snprintf(s->path, sizeof(s->path), "%s/tryout.yaml", s->dir);
	snprintf(s->found, sizeof(s->found), "%s/found.yaml", s->dir);
	s->options = (struct tryout_options){.share = args->values[OPTION_SHARE],
		.engine = args->values[OPTION_ENGINE],
		.runs = s->dir};
	s->quiet = args->values[OPTION_QUIET] != NULL;
	rng_seed(&s->rng, rng_derive(s->seed, "explore"));
	s->deadline_ns = clock_now_ns() + budget_ns;
	return 0;
}

int cmd_explore(const struct args *args, struct err *err)
{
	struct search s = {0};
	struct buf errors = {0};
	int code = -1;

	log_setup("", LOG_LEVEL_WARN, -1);
	if (variant_open(&s.source, args->operands[0], &errors, err))
		fputs(buf_str(&errors), stderr);
	else if (!prepare(&s, args, err))
		code = explore(&s, err);
	buf_release(&errors);
	variant_close(&s.source);
	arena_release(&s.arena);
	return code;
}
