/*
 * The bug table holds: each planted bug is found by what must find it and by nothing that never
 * may, and correct seeds are silent.
 *
 * One seed a bug, or, in the long run, 20 at full dose and 20 at 1/1000 and 100 correct ones, of
 * which 20 have the fault. The sheet is left in build/tests/bugs.txt. A run that gave no verdict
 * counts neither way and another seed stands in for it, twice at most; more than a small share of
 * them that is left after that is a failure of its own.
 *
 * runner: timeout 7200, alone
 */
#include "suites/tests/helpers/bug_sheet.h"
#include "suites/proof/chance.h"
#include "suites/tests/helpers/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NO_VERDICT_MAX 0.1 /* share of the cells */
#define RARITY 1000
#define RARE_ALPHA 1e-4
#define METRICS_A_RUN 20 /* about so many verdicts are missing where a run has no result */

static struct bug_sheet sheet;

/* Runs mostly sleep, but share the cores with others' beacons: these are what stays steady. */
static unsigned at_once(void)
{
	const char *asked = getenv("BUGS_AT_ONCE");
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return asked ? (unsigned)atoi(asked) : (unsigned)(cores > 1 ? cores * 3 / 2 : 1);
}

static void keep_sheet(void)
{
	const char *build = getenv("REGIONPROOF_BUILD");
	struct buf text = {0};
	char path[512], *save = NULL;
	struct err err;

	bug_sheet_print(&sheet, &text);
	snprintf(path, sizeof(path), "%s/tests/bugs.txt", build ? build : "build");
	if (buf_write_file(&text, path, &err))
		print_message("%s\n", err.text);
	for (char *line = strtok_r(text.data, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		print_message("%s\n", line);
	buf_release(&text);
}

static int run_all(void **state)
{
	bool is_long = getenv("REGIONPROOF_LONG") != NULL;
	struct bug_sizes sizes = {.full = 1, .rarity = RARITY, .faulted = 2, .calm = 1, .mesh = 1};
	struct err err;

	(void)state;
	if (is_long)
		sizes = (struct bug_sizes){.full = 20,
			.rare = 20,
			.rarity = RARITY,
			.faulted = 20,
			.calm = 80,
			.mesh = 20};
	if (bug_table_read(&sheet.table, "suites/tests/selftest/bugs.tsv", &err)) {
		print_error("%s\n", err.text);
		return -1;
	}
	bug_sheet_fill(&sheet, &sizes);
	bug_cases_run(
		&sheet.arena, &sheet.table, "bug-runs", sheet.cases, sheet.n_cases, at_once());
	keep_sheet();
	return 0;
}

static int release_all(void **state)
{
	(void)state;
	bug_sheet_release(&sheet);
	return 0;
}

/* Print what breaks the word; how many cells do. */
static unsigned breaches(enum bug_word word, bool clean)
{
	unsigned n = 0;

	for (size_t i = 0; i < sheet.n_cases; i++) {
		const struct bug_case *one = &sheet.cases[i];

		for (size_t k = 0; k < one->n_outcomes; k++) {
			const struct bug_outcome *o = &one->outcomes[k];

			if (bug_case_word(&sheet.table, one, o->metric) != word ||
				clean != !strcmp(one->bug, BUG_NONE) ||
				!bug_outcome_breaks(word, o))
				continue;
			n++;
			print_error("%s 1/%u, seed %llu: %s %s fail, and %s: %s\n", one->bug,
				one->rarity, (unsigned long long)one->seed, o->metric,
				bug_word_name(word), word == BUG_MUST ? "held" : "failed",
				o->why ? o->why : one->dir);
		}
	}
	return n;
}

static void what_must_find_a_bug_finds_it(void **state)
{
	(void)state;
	assert_int_equal(breaches(BUG_MUST, false), 0);
	for (size_t i = 0; i < sheet.table.n_rows; i++) {
		const struct bug_row *row = &sheet.table.rows[i];
		struct bug_cells cells;

		if (row->word != BUG_MUST)
			continue;
		cells = bug_sheet_count(&sheet, row->bug, 1, row->metric, BUG_MUST);
		if (!cells.found)
			fail_msg("%s: no run had a verdict about %s", row->bug, row->metric);
	}
}

static void what_never_may_find_a_bug_is_silent(void **state)
{
	(void)state;
	assert_int_equal(breaches(BUG_NEVER, false), 0);
}

static void correct_seeds_are_silent(void **state)
{
	(void)state;
	assert_int_equal(breaches(BUG_NEVER, true), 0);
}

static void few_runs_are_without_a_verdict(void **state)
{
	size_t cells = 0, missing = 0;

	(void)state;
	for (size_t i = 0; i < sheet.n_cases; i++) {
		const struct bug_case *one = &sheet.cases[i];
		const char *why = one->problem;

		for (size_t k = 0; k < one->n_outcomes; k++) {
			cells++;
			missing += one->outcomes[k].kind == BUG_NO_VERDICT;
			if (one->outcomes[k].kind == BUG_NO_VERDICT && !why)
				why = one->outcomes[k].why;
		}
		if (!one->n_outcomes) {
			cells += METRICS_A_RUN;
			missing += METRICS_A_RUN;
		}
		if (why)
			print_message("%s 1/%u, seed %llu: %s\n", one->bug, one->rarity,
				(unsigned long long)one->seed, why);
	}
	print_message("%zu of %zu cells are without a verdict\n", missing, cells);
	assert_true((double)missing <= NO_VERDICT_MAX * (double)cells);
}

/* The first word of the lines two blanks in, below "Bugs:". */
static void every_bug_of_the_store_is_in_the_table(void **state)
{
	char command[600], line[512], name[64];
	bool below = false;
	unsigned n = 0;
	FILE *help;

	(void)state;
	snprintf(command, sizeof(command), "'%s' --help", server_of_build("region-store"));
	help = popen(command, "r");
	assert_non_null(help);
	while (fgets(line, sizeof(line), help)) {
		below |= !strncmp(line, "Bugs:", 5);
		if (!below || sscanf(line, "  %63[a-z-]", name) != 1 || line[2] == ' ')
			continue;
		n++;
		for (size_t b = 0; b <= sheet.table.n_bugs; b++) {
			if (b == sheet.table.n_bugs)
				fail_msg("%s has no rows", name);
			if (!strcmp(sheet.table.bugs[b], name))
				break;
		}
	}
	assert_int_equal(pclose(help), 0);
	assert_int_equal(n, sheet.table.n_bugs);
}

/* Tails of a binomial distribution. */
static bool is_plausible(unsigned k, unsigned n, double p)
{
	struct gilbert chain = {.enter = p, .leave = 1 - p};

	return chance_at_least(&chain, n, k) > RARE_ALPHA &&
		chance_at_most(&chain, n, k) > RARE_ALPHA;
}

static void rare_bugs_happen_as_often_as_predicted(void **state)
{
	(void)state;
	if (!getenv("REGIONPROOF_LONG")) {
		print_message("make check-long has them\n");
		skip();
	}
	for (size_t b = 0; b < sheet.table.n_bugs; b++) {
		struct bug_power power = bug_sheet_power(&sheet, sheet.table.bugs[b], RARITY);

		assert_true(power.found <= power.happened);
		if (!is_plausible(power.happened, power.n, power.chance_any))
			fail_msg("%s happened in %u of %u seeds where %.1f %% were predicted",
				sheet.table.bugs[b], power.happened, power.n,
				100 * power.chance_any);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bug_of_the_store_is_in_the_table),
		cmocka_unit_test(what_must_find_a_bug_finds_it),
		cmocka_unit_test(what_never_may_find_a_bug_is_silent),
		cmocka_unit_test(correct_seeds_are_silent),
		cmocka_unit_test(few_runs_are_without_a_verdict),
		cmocka_unit_test(rare_bugs_happen_as_often_as_predicted),
	};

	if (getenv("REGIONPROOF_SANITIZED")) {
		puts("1..0 # SKIP under a sanitizer the machine is not steady for runs in parallel");
		return 0;
	}
	return cmocka_run_group_tests(tests, run_all, release_all);
}
