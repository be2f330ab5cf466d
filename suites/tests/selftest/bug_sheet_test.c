/* What reads the bug table and compares with it notices when it is disobeyed. */
#include "fixtures/base/buf.h"
#include "suites/tests/helpers/bug_sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char rows[] = "# comment\n"
			   "none\t*\tnever\tcorrect\n"
			   "loses\twrites.lost\tmust\tit loses\n"
			   "loses\tresurrections\tmay\ta lost delete\n"
			   "loses\t*\tnever\telse nothing\n";

static int read_text(struct bug_table *table, const char *text, struct err *err)
{
	struct buf buf = {0};
	struct err unused;

	buf_puts(&buf, text);
	assert_int_equal(buf_write_file(&buf, "bug_sheet_test.tsv", &unused), 0);
	buf_release(&buf);
	return bug_table_read(table, "bug_sheet_test.tsv", err);
}

static void assert_refused(const char *text, const char *word)
{
	struct bug_table table;
	struct err err;

	assert_int_equal(read_text(&table, text, &err), -1);
	if (!strstr(err.text, word))
		fail_msg("'%s' does not say '%s'", err.text, word);
	bug_table_release(&table);
}

static void table_gives_each_metric_its_word(void **state)
{
	struct bug_table table;
	struct err err;

	(void)state;
	assert_int_equal(read_text(&table, rows, &err), 0);
	assert_int_equal(table.n_bugs, 1);
	assert_int_equal(bug_table_word(&table, "loses", "writes.lost"), BUG_MUST);
	assert_int_equal(bug_table_word(&table, "loses", "resurrections"), BUG_MAY);
	assert_int_equal(bug_table_word(&table, "loses", "latency"), BUG_NEVER);
	assert_int_equal(bug_table_word(&table, BUG_NONE, "writes.lost"), BUG_NEVER);
	bug_table_release(&table);
}

static void table_with_a_slip_is_refused(void **state)
{
	(void)state;
	assert_refused("a\twrites.lost\tshould\tx\na\t*\tnever\tx\n", "should");
	assert_refused("a\twrites.lst\tmust\tx\na\t*\tnever\tx\n", "writes.lst");
	assert_refused("a\twrites.lost\tmay\na\t*\tnever\tx\n", "four columns");
	assert_refused("a\t*\tnever\tx\na\t*\tmay\tx\n", "twice");
	assert_refused("a\twrites.lost\tmust\tx\n", "'*'");
}

/* One case with one outcome: does it break the table? */
static bool breaks(const char *bug, unsigned rarity, uint64_t fired, const char *metric,
	enum bug_outcome_kind kind)
{
	struct bug_outcome outcome = {.metric = metric, .kind = kind};
	struct bug_case one = {.bug = bug, .rarity = rarity, .fired = fired};
	struct bug_table table;
	struct err err;
	bool broken;

	assert_int_equal(read_text(&table, rows, &err), 0);
	broken = bug_outcome_breaks(bug_case_word(&table, &one, metric), &outcome);
	bug_table_release(&table);
	return broken;
}

static void must_that_is_silent_and_never_that_fails_break_the_table(void **state)
{
	(void)state;
	assert_true(breaks("loses", 1, 5, "writes.lost", BUG_SILENT));
	assert_true(breaks("loses", 1, 5, "latency", BUG_FOUND));
	assert_true(breaks(BUG_NONE, 1, 0, "writes.lost", BUG_FOUND));
	assert_false(breaks("loses", 1, 5, "writes.lost", BUG_FOUND));
	assert_false(breaks("loses", 1, 5, "resurrections", BUG_FOUND));
	assert_false(breaks("loses", 1, 5, "resurrections", BUG_SILENT));
}

static void missing_verdict_breaks_nothing_and_is_counted(void **state)
{
	struct bug_outcome outcomes[] = {
		{.metric = "writes.lost", .kind = BUG_NO_VERDICT},
		{.metric = "latency", .kind = BUG_NO_VERDICT},
		{.metric = "staleness", .kind = BUG_SILENT},
	};
	struct bug_case one = {.bug = "loses", .rarity = 1, .outcomes = outcomes, .n_outcomes = 3};
	struct bug_sheet sheet = {.cases = &one, .n_cases = 1};
	struct bug_cells cells;
	struct err err;

	(void)state;
	assert_false(breaks("loses", 1, 5, "writes.lost", BUG_NO_VERDICT));
	assert_false(breaks("loses", 1, 5, "latency", BUG_NO_VERDICT));
	assert_int_equal(read_text(&sheet.table, rows, &err), 0);
	cells = bug_sheet_count(&sheet, "loses", 1, NULL, BUG_NEVER);
	assert_int_equal(cells.n, 2);
	assert_int_equal(cells.no_verdict, 1);
	assert_int_equal(cells.found, 0);
	bug_sheet_release(&sheet);
}

/* A case of the one bug with a verdict of each of its two metrics. */
static bool is_spoilt(enum bug_outcome_kind must, enum bug_outcome_kind never, const char *problem)
{
	struct bug_outcome outcomes[] = {
		{.metric = "writes.lost", .kind = must},
		{.metric = "latency", .kind = never},
	};
	struct bug_case one = {.bug = "loses",
		.rarity = 1,
		.fired = 1,
		.outcomes = outcomes,
		.n_outcomes = 2,
		.problem = problem};
	struct bug_table table;
	struct err err;
	bool spoilt;

	assert_int_equal(read_text(&table, rows, &err), 0);
	one.obeys = !bug_outcome_breaks(BUG_MUST, &outcomes[0]) &&
		!bug_outcome_breaks(BUG_NEVER, &outcomes[1]);
	spoilt = bug_case_is_spoilt(&table, &one);
	bug_table_release(&table);
	return spoilt;
}

static void only_a_run_without_a_verdict_is_spoilt(void **state)
{
	(void)state;
	assert_true(is_spoilt(BUG_NO_VERDICT, BUG_SILENT, NULL));
	assert_true(is_spoilt(BUG_FOUND, BUG_NO_VERDICT, NULL));
	assert_true(is_spoilt(BUG_FOUND, BUG_SILENT, "ended with status 5"));
	assert_false(is_spoilt(BUG_FOUND, BUG_SILENT, NULL));
	assert_false(is_spoilt(BUG_SILENT, BUG_SILENT, NULL));
	assert_false(is_spoilt(BUG_SILENT, BUG_NO_VERDICT, NULL));
	assert_false(is_spoilt(BUG_NO_VERDICT, BUG_FOUND, NULL));
}

static void rare_bug_that_never_happened_is_none(void **state)
{
	(void)state;
	assert_true(breaks("loses", 1000, 0, "writes.lost", BUG_FOUND));
	assert_true(breaks("loses", 1000, 0, "resurrections", BUG_FOUND));
	assert_false(breaks("loses", 1000, 1, "writes.lost", BUG_FOUND));
	assert_false(breaks("loses", 1000, 1, "writes.lost", BUG_SILENT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_gives_each_metric_its_word),
		cmocka_unit_test(table_with_a_slip_is_refused),
		cmocka_unit_test(must_that_is_silent_and_never_that_fails_break_the_table),
		cmocka_unit_test(missing_verdict_breaks_nothing_and_is_counted),
		cmocka_unit_test(only_a_run_without_a_verdict_is_spoilt),
		cmocka_unit_test(rare_bug_that_never_happened_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
