/* The page for people: well-formed, complete without a script, and nothing foreign breaks out. */
#include "fixtures/base/buf.h"
#include "reports/writers/writer.h"
#include "suites/tests/helpers/results.h"
#include "suites/tests/helpers/xmllint.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct buf write_as(const char *writer, const struct result *result)
{
	struct writer_options options = {0};
	struct buf text = {0};

	writer_find(writer)->write(result, &options, &text);
	return text;
}

static struct buf write_html(const struct result *result)
{
	return write_as("html", result);
}

static void assert_holds(const struct buf *text, const char *what)
{
	if (!strstr(buf_str(text), what))
		fail_msg("not there: %s\n%s", what, buf_str(text));
}

static size_t count(const struct buf *text, const char *what)
{
	size_t n = 0;

	for (const char *at = buf_str(text); (at = strstr(at, what)); at++)
		n++;
	return n;
}

#define NEED_XMLLINT()                                                                             \
	do {                                                                                       \
		if (!has_xmllint()) {                                                              \
			print_message("xmllint is not installed\n");                               \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static void the_page_is_well_formed(void **state)
{
	struct arena arena = {0};
	struct buf text;

	(void)state;
	NEED_XMLLINT();
	text = write_html(results_new(&arena, NULL));
	assert_int_equal(xmllint(&text, NULL), 0);
	buf_release(&text);
	arena_release(&arena);
}

static void foreign_text_cannot_break_out(void **state)
{
	struct arena arena = {0};
	struct buf plain = write_html(results_new(&arena, NULL));
	struct buf text = write_html(results_new(&arena, RESULTS_HOSTILE));

	(void)state;
	assert_null(strchr(text.data, '\033'));
	assert_null(strchr(text.data, 1));
	assert_null(strstr(text.data, "<script"));
	assert_null(strstr(text.data, "<testcase"));
	assert_null(strstr(text.data, "\xe2\x80\xae")); /* turns the reading direction */
	assert_int_equal(count(&text, "<tbody id=\"expect-"), count(&plain, "<tbody id=\"expect-"));
	assert_int_equal(count(&text, "<section"), count(&plain, "<section"));
	if (has_xmllint())
		assert_int_equal(xmllint(&text, NULL), 0);
	buf_release(&plain);
	buf_release(&text);
	arena_release(&arena);
}

/* What the content policy of Jenkins would block, or a reader would wait for. */
static void nothing_is_inline_nothing_comes_from_afar(void **state)
{
	static const char *const forbidden[] = {" style=", "<style", "<script",
		" onload=", " onclick=", "javascript:", "src=", "@import", "url("};
	struct arena arena = {0};
	struct buf text = write_html(results_new(&arena, NULL));

	(void)state;
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(*forbidden); i++)
		assert_null(strstr(text.data, forbidden[i]));
	assert_int_equal(count(&text, "<link "), 1);
	assert_holds(&text, "<link rel=\"stylesheet\" href=\"report.css\"/>");
	assert_int_equal(count(&text, "http"), count(&text, "xmlns=\"http"));
	buf_release(&text);
	arena_release(&arena);
}

static void every_painted_class_is_in_the_style_sheet(void **state)
{
	struct arena arena = {0};
	struct buf text = write_html(results_new(&arena, NULL));
	struct buf style = write_as("html-style", NULL);

	(void)state;
	for (const char *at = text.data; (at = strstr(at, "class=\"")); at++) {
		const char *name = at + strlen("class=\"");
		char rule[64];

		if (strncmp(name, "f-", 2) && strncmp(name, "s-", 2))
			continue;
		snprintf(rule, sizeof(rule), ".%.*s{", (int)strcspn(name, "\""), name);
		assert_holds(&style, rule);
	}
	buf_release(&style);
	buf_release(&text);
	arena_release(&arena);
}

static void the_verdict_stands_first_and_names_what_failed(void **state)
{
	struct arena arena = {0};
	struct result *result = results_new(&arena, NULL);
	struct buf text;

	(void)state;
	result->exit_code = 1;
	text = write_html(result);
	assert_holds(&text, "<strong>fail</strong>");
	assert_holds(&text,
		"1 of 7 expectations was not met: <a href=\"#expect-2\">writes.lost</a> was "
		"7 (of 1\xe2\x80\xaf"
		"896 acknowledged writes), wanted == 0.");
	assert_holds(&text, "No verdict: 1 inconclusive, 1 void, 1 error.");
	buf_release(&text);
	arena_release(&arena);
}

static void a_run_without_data_is_a_page_all_the_same(void **state)
{
	const struct result result = {.scenario = "s",
		.path = "s.yaml",
		.tool_version = "0",
		.run = "r",
		.exit_code = 4,
		.error = "no namespaces here",
		.clean = true};
	struct buf text = write_html(&result);

	(void)state;
	assert_holds(&text, "<strong>error</strong>");
	assert_holds(&text, "no namespaces here");
	assert_null(strstr(text.data, "held."));
	if (has_xmllint())
		assert_int_equal(xmllint(&text, NULL), 0);
	buf_release(&text);
}

/* Expectations, annotations of a CI and people point at lines of the scenario. */
static void every_link_within_the_page_has_its_target(void **state)
{
	struct arena arena = {0};
	struct result *result = results_new(&arena, NULL);
	struct buf lines = {0}, text;

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		buf_printf(&lines, "key%u: value\n", i);
	result->scenario_text = buf_str(&lines);
	text = write_html(result);
	for (const char *at = text.data; (at = strstr(at, "href=\"#")); at++) {
		const char *name = at + strlen("href=\"#");
		char id[96];

		snprintf(id, sizeof(id), " id=\"%.*s\"", (int)strcspn(name, "\""), name);
		assert_holds(&text, id);
	}
	buf_release(&text);
	buf_release(&lines);
	arena_release(&arena);
}

/* However many operations: a series has so many buckets at most, and here each is full. */
static void a_page_of_the_busiest_run_stays_small(void **state)
{
	static const char *const names[] = {"us-east", "eu-west", "ap-south"};
	struct series_stats buckets[SERIES_BUCKETS_MAX];
	struct series_line lines[6];
	struct result_region regions[3];
	struct arena arena = {0};
	struct result *result = results_new(&arena, NULL);
	struct buf text;

	(void)state;
	for (size_t i = 0; i < SERIES_BUCKETS_MAX; i++)
		buckets[i] = (struct series_stats){.ok = 5000 + i * 7919 % 1000,
			.fail = i * 31 % 97 + 1,
			.unknown = i * 17 % 89 + 1,
			.not_sent = i % 13 + 1,
			.min_ns = 100000 + i * 977,
			.p50_ns = 900000 + i * 7919,
			.p99_ns = 9000000 + i * 104729,
			.max_ns = 1000000000 + i * 1299709};
	for (size_t i = 0; i < 6; i++)
		lines[i] = (struct series_line){names[i / 2], i % 2, buckets, SERIES_BUCKETS_MAX};
	for (size_t i = 0; i < 3; i++)
		regions[i] = (struct result_region){.name = names[i]};
	result->series.n_buckets = SERIES_BUCKETS_MAX;
	result->series.bucket_ns = result->duration_ns / SERIES_BUCKETS_MAX;
	result->series.lines = lines;
	result->series.n_lines = 6;
	result->regions = regions;
	result->n_regions = 3;
	text = write_html(result);
	assert_int_equal(count(&text, "class=\"chart\""), 3 * 3 + 3 * 2 + 1);
	assert_true(text.len < 400 * 1024);
	buf_release(&text);
	arena_release(&arena);
}

/* The picture of one region's reads and one link, in two stretches of which the second is `after`. */
static struct buf write_two_stretches(
	const struct series_stats *after, const struct series_delay *delay)
{
	const struct series_stats buckets[2] = {{.ok = 10, .min_ns = 1, .max_ns = 9}, *after};
	const struct series_delay delays[2] = {{.sent = 9, .min_ns = 1, .max_ns = 2}, *delay};
	const struct series_line line = {.region = "a", .buckets = buckets, .n = 2};
	const struct series_link links[2] = {{"a", "b", delays, 2}, {"b", "a", delays, 2}};
	const struct result_region regions[2] = {{.name = "a"}, {.name = "b"}};
	const struct result result = {.scenario = "s",
		.duration_ns = 2000000000,
		.regions = regions,
		.n_regions = 2,
		.series = {.bucket_ns = 1000000000,
			.n_buckets = 2,
			.lines = &line,
			.n_lines = 1,
			.link_bucket_ns = 1000000000,
			.links = links,
			.n_links = 2}};

	return write_html(&result);
}

#define UNTOLD "h6l-3-6z\" class=\"f-fail\""
#define TOLD "h6l-3-6z\" class=\"s-fault\""
#define NOTHING_ARRIVED "l4 4m0-4l-4 4\" class=\"s-fail\""

static void stale_answers_and_lost_beacons_are_drawn(void **state)
{
	const struct series_stats stale = {.ok = 10, .stale_flagged = 1, .stale_unflagged = 1};
	const struct series_delay lost = {.sent = 9, .lost = 9};
	struct buf text = write_two_stretches(&stale, &lost);

	(void)state;
	assert_holds(&text, UNTOLD);
	assert_holds(&text, TOLD);
	assert_int_equal(count(&text, NOTHING_ARRIVED), 2);
	buf_release(&text);
}

static void fresh_answers_and_arriving_beacons_get_no_marks(void **state)
{
	const struct series_stats fresh = {.ok = 10};
	const struct series_delay fine = {.sent = 9, .min_ns = 1, .max_ns = 2};
	struct buf text = write_two_stretches(&fresh, &fine);

	(void)state;
	assert_null(strstr(buf_str(&text), UNTOLD));
	assert_null(strstr(buf_str(&text), TOLD));
	assert_null(strstr(buf_str(&text), NOTHING_ARRIVED));
	buf_release(&text);
}

static void every_mark_is_named_or_stands_in_the_table(void **state)
{
	struct series_mark marks[40];
	struct arena arena = {0};
	struct result *result = results_new(&arena, NULL);
	struct buf text;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		marks[i] =
			(struct series_mark){i * 1000000, (enum series_mark_kind)(i % MARKS), "f"};
	result->series.marks = marks;
	result->series.n_marks = 40;
	text = write_html(result);
	for (unsigned kind = 0; kind < MARKS; kind++) {
		char cell[64];

		snprintf(cell, sizeof(cell), "<tr><td>%s</td>", series_mark_name(kind));
		assert_int_equal(count(&text, cell), 5);
	}
	buf_release(&text);
	arena_release(&arena);
}

static void numbers_do_not_follow_the_locale(void **state)
{
	struct arena arena = {0};
	struct buf plain, text;

	(void)state;
	plain = write_html(results_new(&arena, NULL));
	if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8")) {
		buf_release(&plain);
		arena_release(&arena);
		print_message("no locale with a decimal comma is installed\n");
		skip();
	}
	text = write_html(results_new(&arena, NULL));
	setlocale(LC_ALL, "C");
	assert_string_equal(text.data, plain.data);
	buf_release(&plain);
	buf_release(&text);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_well_formed),
		cmocka_unit_test(foreign_text_cannot_break_out),
		cmocka_unit_test(nothing_is_inline_nothing_comes_from_afar),
		cmocka_unit_test(every_painted_class_is_in_the_style_sheet),
		cmocka_unit_test(the_verdict_stands_first_and_names_what_failed),
		cmocka_unit_test(a_run_without_data_is_a_page_all_the_same),
		cmocka_unit_test(every_link_within_the_page_has_its_target),
		cmocka_unit_test(a_page_of_the_busiest_run_stays_small),
		cmocka_unit_test(stale_answers_and_lost_beacons_are_drawn),
		cmocka_unit_test(fresh_answers_and_arriving_beacons_get_no_marks),
		cmocka_unit_test(every_mark_is_named_or_stands_in_the_table),
		cmocka_unit_test(numbers_do_not_follow_the_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
