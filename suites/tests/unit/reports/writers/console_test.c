#include "reports/writers/console.h"
#include "fixtures/base/buf.h"
#include "reports/writers/terminal.h"
#include "reports/writers/writer.h"
#include "suites/tests/helpers/results.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What the console writer makes of a result; freed by release(). */
struct page {
	struct arena arena;
	struct buf text;
};

static struct page print(const char *hostile, struct writer_options options)
{
	struct page page = {0};

	writer_find("console")->write(results_new(&page.arena, hostile), &options, &page.text);
	return page;
}

static void release(struct page *page)
{
	buf_release(&page->text);
	arena_release(&page->arena);
}

static void assert_says(const struct page *page, const char *text)
{
	if (!strstr(buf_str(&page->text), text))
		fail_msg("not said: %s\n%s", text, buf_str(&page->text));
}

static size_t count_lines(const struct buf *text)
{
	size_t n = 0;

	for (const char *at = buf_str(text); (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

static void shows_head_events_and_verdicts(void **state)
{
	struct page page = print(NULL, (struct writer_options){0});

	(void)state;
	assert_says(&page,
		"regionproof 0.1.0   run 20260607T101500-primary-partition-hybrid   "
		"seed 20260607\npreflight  engine netem (probed)   regions 3/3 ready   "
		"noise floor 0.08 ms\n\n");
	assert_says(
		&page, "\n 15.0s  cut         us-east x eu-west, ap-south   in force 15.0004\n");
	assert_says(&page, "  ok            read_your_writes.violations  0");
	assert_says(&page, "of 611 effective trials; would have caught a lag of 40 ms or more\n");
	assert_says(&page, "  FAIL          writes.lost                  7");
	assert_says(&page, "suites/scenarios/primary-partition-hybrid.yaml:41\n");
	release(&page);
}

static void shows_the_counterexample_of_a_failure(void **state)
{
	struct page page = print(NULL, (struct writer_options){0});

	(void)state;
	assert_says(&page,
		"          why: all 7 were acknowledged within 0.9 s after the cut\n"
		"          at 15.310 s  us-east/2  wrote ledger:318 = v7, acknowledged by "
		"us-east, 0.31 s after the cut\n"
		"          at 66.000 s  eu-west/readback  read ledger:318: absent\n"
		"          so: acknowledged, and readable in no region\n"
		"          and 6 more like it\n");
	release(&page);
}

static void a_missing_part_is_missing_not_zero(void **state)
{
	struct page page = print(NULL, (struct writer_options){0});

	(void)state;
	assert_says(&page, "= detect 9.10 s + promote 2.20 s + redirect missing\n");
	release(&page);
}

static void the_filter_stays_in_the_label_and_the_bound_leaves_it(void **state)
{
	struct page page = print(NULL, (struct writer_options){0});

	(void)state;
	assert_says(&page, "  inconclusive  staleness.p99 in steady      -");
	assert_says(&page, "12 reads, 299 are needed for a p99\n");
	release(&page);
}

static void a_fault_that_was_not_in_force_is_named(void **state)
{
	struct page page = print(NULL, (struct writer_options){0});

	(void)state;
	assert_says(
		&page, "fault cut: not in force: beacons from ap-south to eu-west still arrived\n");
	assert_null(strstr(buf_str(&page.text), "certified"));
	release(&page);
}

static void the_claims_of_a_pack_say_what_was_tested(void **state)
{
	struct page page = print(NULL, (struct writer_options){0});

	(void)state;
	assert_says(&page,
		"\nclaims of Redis with Sentinel\ntested: stand-in: region-store\n"
		"  inconclusive a replica is promoted (redis.io/sentinel, 2026-06)\n"
		"               claimed failover.rto < 10s in cut; measured 4.2 s, the worst; "
		"1 of 1 trials held, 59 are needed\n");
	release(&page);
}

static void the_last_line_is_the_plain_tally(void **state)
{
	struct page page = print(NULL, (struct writer_options){.colour = true});
	const char *tally = "\n2 passed, 1 failed, 1 warned, 1 inconclusive, 1 void, 1 in error\n";

	(void)state;
	assert_true(page.text.len > strlen(tally));
	assert_string_equal(page.text.data + page.text.len - strlen(tally), tally);
	release(&page);
}

static void a_clean_up_that_was_not_verified_is_loud(void **state)
{
	struct arena arena = {0};
	struct result *result = results_new(&arena, NULL);
	struct writer_options options = {0};
	struct buf text = {0};

	(void)state;
	result->changes = &(struct result_change){"veth of container a", false};
	console_verdicts(result, &options, &text);
	assert_non_null(strstr(buf_str(&text), "clean-up not verified: 1 of 1 changes left"));
	assert_non_null(strstr(buf_str(&text), "left: veth of container a\n"));
	buf_release(&text);
	arena_release(&arena);
}

static void colours_only_where_asked(void **state)
{
	struct page plain = print(NULL, (struct writer_options){0});
	struct page coloured = print(NULL, (struct writer_options){.colour = true});

	(void)state;
	assert_null(strchr(buf_str(&plain.text), '\033'));
	assert_says(&coloured, "\033[1;31mFAIL\033[0m");
	release(&plain);
	release(&coloured);
}

static void foreign_text_cannot_break_out(void **state)
{
	struct page page = print(RESULTS_HOSTILE, (struct writer_options){0});

	(void)state;
	for (size_t i = 0; i < page.text.len; i++) {
		unsigned char c = (unsigned char)page.text.data[i];

		assert_true(c >= 0x20 || c == '\n');
		assert_int_not_equal(c, 0x7f);
	}
	assert_null(strstr(page.text.data, "##["));
	assert_null(strstr(page.text.data, "\xe2\x80\xae"));
	assert_null(strstr(page.text.data, "\xc2\x9b"));
	assert_null(strstr(page.text.data, "\xff"));
	release(&page);
}

/* A command of a CI stands at the start of a line, spaces aside. */
static void no_line_begins_as_a_command(void **state)
{
	(void)state;
	for (unsigned width = 0; width < 120; width++) {
		struct page page = print(RESULTS_HOSTILE, (struct writer_options){.width = width});

		for (const char *line = page.text.data; line; line = strchr(line, '\n')) {
			line += strspn(line, " \n");
			assert_int_not_equal(strncmp(line, "::", 2), 0);
		}
		release(&page);
	}
}

static void foreign_text_adds_no_line(void **state)
{
	struct page one = print("one line", (struct writer_options){0});
	struct page many = print("many\nlines\r\nhere\n", (struct writer_options){0});

	(void)state;
	assert_int_equal(count_lines(&one.text), count_lines(&many.text));
	release(&one);
	release(&many);
}

static void ascii_terminals_get_ascii(void **state)
{
	struct page page =
		print("r\xc3\xa9gion \xe2\x86\x92", (struct writer_options){.ascii = true});

	(void)state;
	for (size_t i = 0; i < page.text.len; i++)
		assert_true((unsigned char)page.text.data[i] < 0x80);
	assert_says(&page, "r?gion ?");
	release(&page);
}

static void lines_fit_a_narrow_terminal(void **state)
{
	struct page page = print(NULL, (struct writer_options){.width = 80});

	(void)state;
	for (const char *line = buf_str(&page.text); line; line = strchr(line, '\n')) {
		size_t n;

		line += *line == '\n';
		n = strcspn(line, "\n");
		/* a path is one word and is not broken; nor is what a shell shall read */
		if (!memmem(line, n, ".yaml", 5))
			assert_true(n <= 80);
	}
	release(&page);
}

static void spaces_between_words_are_kept(void **state)
{
	struct page page = print(NULL, (struct writer_options){.width = 80});

	(void)state;
	assert_says(&page, "  0.0s  steady      15 s   reads 2250  writes 450   p99 read 9 ms\n");
	release(&page);
}

static struct writer_options options_with(const char *no_colour, enum colour_choice choice)
{
	struct writer_options options;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	setenv("NO_COLOR", no_colour, 1);
	terminal_options(&options, choice, fds[1]);
	close(fds[0]);
	close(fds[1]);
	return options;
}

static void a_pipe_gets_no_colour_unless_told(void **state)
{
	(void)state;
	assert_false(options_with("", COLOUR_AUTO).colour);
	assert_int_equal(options_with("", COLOUR_AUTO).width, 0);
	assert_true(options_with("1", COLOUR_ALWAYS).colour);
	assert_false(options_with("", COLOUR_NEVER).colour);
}

static void the_locale_decides_between_utf8_and_ascii(void **state)
{
	(void)state;
	setenv("LC_ALL", "C", 1);
	assert_true(options_with("", COLOUR_AUTO).ascii);
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	assert_false(options_with("", COLOUR_AUTO).ascii);
	unsetenv("LC_ALL");
	setenv("LC_CTYPE", "C.utf8", 1);
	assert_false(options_with("", COLOUR_AUTO).ascii);
	unsetenv("LC_CTYPE");
	unsetenv("LANG");
	assert_true(options_with("", COLOUR_AUTO).ascii);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_head_events_and_verdicts),
		cmocka_unit_test(shows_the_counterexample_of_a_failure),
		cmocka_unit_test(a_missing_part_is_missing_not_zero),
		cmocka_unit_test(the_filter_stays_in_the_label_and_the_bound_leaves_it),
		cmocka_unit_test(a_fault_that_was_not_in_force_is_named),
		cmocka_unit_test(the_claims_of_a_pack_say_what_was_tested),
		cmocka_unit_test(the_last_line_is_the_plain_tally),
		cmocka_unit_test(a_clean_up_that_was_not_verified_is_loud),
		cmocka_unit_test(colours_only_where_asked),
		cmocka_unit_test(foreign_text_cannot_break_out),
		cmocka_unit_test(no_line_begins_as_a_command),
		cmocka_unit_test(foreign_text_adds_no_line),
		cmocka_unit_test(ascii_terminals_get_ascii),
		cmocka_unit_test(lines_fit_a_narrow_terminal),
		cmocka_unit_test(spaces_between_words_are_kept),
		cmocka_unit_test(a_pipe_gets_no_colour_unless_told),
		cmocka_unit_test(the_locale_decides_between_utf8_and_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
