/*
 * explore: random timelines within a scenario's bounds, each run and judged, until one fails or the
 * budget is spent. What fails is shrunk: every smaller timeline is tried again, more often the longer
 * it took to find the failure, since a race may be won by chance, and the smallest that still fails
 * is written as a scenario.
 *
 * Small timelines come first: for half of the budget at most two faults, which hardly need to be
 * shrunk. Several runs go on at once where no expectation claims a time, which they would spoil for
 * one another.
 *
 * Exit code: 1 where something failed, 0 where nothing did, 2 where no run came to a verdict.
 */
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/base/param.h"
#include "suites/commands/command.h"
#include "suites/explore/crowd.h"
#include "suites/explore/moves.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_BUDGET_NS (10 * 60 * NSEC_PER_SEC)
#define FEW_FAULTS 2
#define TRIES_LEAST 2
#define TRIES_MOST 16

struct search {
	struct variant_source source;
	struct tryout_options options;
	struct arena arena;
	struct rng rng;
	char dir[512], found[600];
	uint64_t seed, start_ns, budget_ns;
	unsigned jobs;
	unsigned tries; /* of a smaller timeline that may fail by chance only */
	unsigned runs, decided;
	bool quiet;
};

/* What failed, with what. */
struct failing {
	struct timeline timeline;
	uint64_t seed;
	struct tryout_expect expect;
};

static uint64_t spent_ns(const struct search *s)
{
	return clock_now_ns() - s->start_ns;
}

static bool is_over(const struct search *s)
{
	return spent_ns(s) >= s->budget_ns;
}

/* A machine that is too noisy for one run may do for the next, but not if it never ran any. */
static bool is_fatal(const struct search *s, int code)
{
	switch (code) {
	case EXIT_OK:
	case EXIT_EXPECTATION:
	case EXIT_NO_VERDICT:
	case EXIT_NOT_STEADY:
		return false;
	case EXIT_MACHINE:
		return !s->decided;
	default:
		return true;
	}
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

/* Run n timelines at once; -1 where exploring makes no sense any more. */
static int try_timelines(struct search *s, const struct failing *what, unsigned n,
	struct tryout *outs, struct err *err)
{
	struct buf texts[CROWD_MAX] = {0};
	int rc;

	for (unsigned i = 0; i < n; i++)
		variant_print(&s->source, what[i].timeline.entries, what[i].timeline.n,
			what[i].seed, "made by regionproof explore", &texts[i]);
	rc = crowd_run(&s->arena, &s->options, texts, n, outs, err);
	for (unsigned i = 0; i < n; i++)
		buf_release(&texts[i]);
	for (unsigned i = 0; i < n && !rc; i++) {
		s->runs++;
		s->decided += outs[i].exit_code == EXIT_OK || outs[i].exit_code == EXIT_EXPECTATION;
		tell(s, &what[i].timeline, &outs[i]);
		if (is_fatal(s, outs[i].exit_code))
			rc = err_exit(err, outs[i].exit_code, "%s",
				outs[i].error ? outs[i].error : "a run came to no end");
	}
	return rc;
}

/* Does the timeline of `smaller` fail as well? Of `tries` runs one is enough, or, with `always`, all
 * must. The seed that failed stays in it. 1 or 0; -1: no use. */
static int still_fails(
	struct search *s, struct failing *smaller, unsigned tries, bool always, struct err *err)
{
	for (unsigned done = 0, n; done < tries && !is_over(s); done += n) {
		struct failing same[CROWD_MAX];
		struct tryout tryouts[CROWD_MAX];

		n = tries - done < s->jobs ? tries - done : s->jobs;
		for (unsigned i = 0; i < n; i++) {
			same[i] = *smaller;
			if (done + i)
				same[i].seed = rng_below(&s->rng, UINT64_C(1) << 31);
		}
		if (try_timelines(s, same, n, tryouts, err))
			return -1;
		for (unsigned i = 0; i < n; i++) {
			bool fails = tryout_fails(&tryouts[i], smaller->expect.id);

			if (fails && !always)
				smaller->seed = same[i].seed;
			if (fails != always)
				return fails;
		}
		if (always && done + n == tries)
			return 1;
	}
	return 0;
}

/* One smaller timeline that still fails takes its place. With a fault less it may fail by chance; with
 * a shorter one it must each time, or the shortest that fails by chance would be left. 1: found; 0:
 * there is none. */
static int shrink_once(struct search *s, struct failing *failing, struct err *err)
{
	unsigned before = moves_count_faults(&failing->timeline);
	struct failing smaller = *failing;

	for (unsigned step = 0;
		moves_shrink(&s->arena, &s->source, &failing->timeline, step, &smaller.timeline);
		step++) {
		bool shorter = moves_count_faults(&smaller.timeline) == before;
		int fails =
			still_fails(s, &smaller, shorter ? TRIES_LEAST : s->tries, shorter, err);

		if (fails > 0)
			*failing = smaller;
		if (fails)
			return fails;
		smaller.seed = failing->seed;
	}
	return 0;
}

static int write_found(struct search *s, const struct failing *failing, struct err *err)
{
	struct buf text = {0};
	char head[400];
	int rc;

	snprintf(head, sizeof(head), "found by regionproof explore: %.300s fails",
		failing->expect.id);
	variant_print(&s->source, failing->timeline.entries, failing->timeline.n, failing->seed,
		head, &text);
	rc = buf_write_file(&text, s->found, err);
	buf_release(&text);
	return rc;
}

static int report(struct search *s, struct failing *failing, struct err *err)
{
	struct timeline *t = &failing->timeline;
	struct buf out = {0};
	unsigned before = moves_count_faults(t), first = s->runs;
	uint64_t found_ns = spent_ns(s);
	int rc;

	s->tries = first < TRIES_LEAST ? TRIES_LEAST : first > TRIES_MOST ? TRIES_MOST : first;
	do
		rc = is_over(s) ? 0 : shrink_once(s, failing, err);
	while (rc > 0);
	if (rc < 0 || write_found(s, failing, err))
		return -1;
	buf_printf(&out, "FAIL  %s   got %s\n", failing->expect.id, failing->expect.got);
	if (failing->expect.why)
		buf_printf(&out, "      %s\n", failing->expect.why);
	buf_printf(&out,
		"      found in run %u after %.0f s, shrunk from %u faults to %u in %u more\n",
		first, (double)found_ns / 1e9, before, moves_count_faults(t), s->runs - first);
	for (size_t i = 0; i < t->n; i++) {
		if (t->entries[i].kind == ENTRY_FAULT)
			variant_print_entry(&t->entries[i], &out);
	}
	buf_printf(&out, "      again: regionproof run %s\n", s->found);
	rc = print_out(&out, err);
	buf_release(&out);
	return rc ? -1 : EXIT_EXPECTATION;
}

static void draw(struct search *s, struct failing *what, unsigned n)
{
	unsigned most = spent_ns(s) < s->budget_ns / 2 ? FEW_FAULTS : MOVES_FAULTS_MAX;

	for (unsigned i = 0; i < n; i++) {
		what[i].timeline = moves_random(&s->arena, &s->source, most, &s->rng);
		what[i].seed = rng_below(&s->rng, UINT64_C(1) << 31);
	}
}

/* Of those that failed the one with the fewest faults; NULL: none failed. */
static struct failing *smallest_failing(
	struct failing *what, const struct tryout *tryouts, unsigned n)
{
	struct failing *best = NULL;

	for (unsigned i = 0; i < n; i++) {
		const struct tryout_expect *failed = tryout_failure(&tryouts[i]);

		if (!failed)
			continue;
		what[i].expect = *failed;
		if (!best ||
			moves_count_faults(&what[i].timeline) < moves_count_faults(&best->timeline))
			best = &what[i];
	}
	return best;
}

static int explore(struct search *s, struct err *err)
{
	struct buf out = {0};
	int rc;

	while (!is_over(s)) {
		struct failing what[CROWD_MAX], *failing;
		struct tryout tryouts[CROWD_MAX];

		draw(s, what, s->jobs);
		if (try_timelines(s, what, s->jobs, tryouts, err))
			return -1;
		failing = smallest_failing(what, tryouts, s->jobs);
		if (failing)
			return report(s, failing, err);
	}
	buf_printf(&out, "nothing failed in %u runs, %u of which came to a verdict\n", s->runs,
		s->decided);
	rc = print_out(&out, err);
	buf_release(&out);
	return rc ? -1 : s->decided ? EXIT_OK : EXIT_NO_VERDICT;
}

/* A count of violations, or a duration of nothing at all, is the same on a busy machine. */
static bool claims_time(const struct scenario *scenario)
{
	for (size_t i = 0; i < scenario->n_expects; i++) {
		const struct scenario_expect *e = &scenario->expects[i];

		if (e->metric->unit != PARAM_COUNT && e->value != 0)
			return true;
	}
	return false;
}

static int choose_jobs(struct search *s, const struct args *args, struct err *err)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t jobs = 1;

	if (!claims_time(&s->source.scenario) && processors > 1)
		jobs = (uint64_t)processors < CROWD_MAX ? (uint64_t)processors : CROWD_MAX;
	if (args->values[OPTION_JOBS] && args_number(args, OPTION_JOBS, &jobs, err))
		return -1;
	if (!jobs || jobs > CROWD_MAX)
		return err_exit(err, EXIT_USAGE, "--jobs is a number from 1 to %d, not \"%.40s\"",
			CROWD_MAX, args->values[OPTION_JOBS]);
	s->jobs = (unsigned)jobs;
	return 0;
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

	s->budget_ns = DEFAULT_BUDGET_NS;
	if (budget && param_parse_value(PARAM_DURATION, budget, &s->budget_ns, err))
		return err_exit(
			err, EXIT_USAGE, "--budget is a time such as 30m, not \"%.40s\"", budget);
	s->seed = s->source.scenario.seed;
	if (args->values[OPTION_SEED] && args_number(args, OPTION_SEED, &s->seed, err))
		return -1;
	snprintf(s->dir, sizeof(s->dir), "%.300s/explore-%.100s-%llu", runs,
		s->source.scenario.name.text, (unsigned long long)s->seed);
	if (choose_jobs(s, args, err) || make_dir(runs, err) || make_dir(s->dir, err))
		return -1;
	snprintf(s->found, sizeof(s->found), "%s/found.yaml", s->dir);
	s->options = (struct tryout_options){.share = args->values[OPTION_SHARE],
		.engine = args->values[OPTION_ENGINE],
		.runs = s->dir};
	s->quiet = args->values[OPTION_QUIET] != NULL;
	rng_seed(&s->rng, rng_derive(s->seed, "explore"));
	s->start_ns = clock_now_ns();
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
