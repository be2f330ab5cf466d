/* Report, zoom and index page in Chromium, as readers open them: nothing in the console, nothing from
 * afar, nothing over or beside one another.
 * runner: timeout 180 */
#include "fixtures/base/buf.h"
#include "reports/ledger.h"
#include "reports/ledger_page.h"
#include "reports/writers/writer.h"
#include "suites/tests/helpers/results.h"
#include "suites/tests/helpers/tool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NODE "/usr/bin/node"
#define CHROMIUM "/usr/bin/chromium"

static void need_browser(char *playwright, size_t size)
{
	snprintf(playwright, size, "%s/build/npm/node_modules/playwright-core",
		getenv("REGIONPROOF_ROOT"));
	if (has_tool(NODE) && has_tool(CHROMIUM) && !access(playwright, R_OK))
		return;
	print_message("node, chromium or playwright-core (npm) is missing\n");
	skip();
}

static void put_file(const char *dir, const char *name, const struct buf *text)
{
	char path[300];
	struct err err;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (buf_write_file(text, path, &err))
		fail_msg("%s", err.text);
}

/* A series as full as one can be: every bucket has something of everything. */
static void fill_series(struct result *result, struct arena *arena)
{
	struct series_stats *buckets = arena_array(arena, SERIES_BUCKETS_MAX, sizeof(*buckets));
	struct series_line *lines = arena_array(arena, 2 * result->n_regions, sizeof(*lines));

	for (size_t i = 0; i < SERIES_BUCKETS_MAX; i++)
		buckets[i] = (struct series_stats){.ok = 500 + i * 7919 % 100,
			.fail = i * 31 % 97,
			.unknown = i * 17 % 89,
			.not_sent = i % 13,
			.min_ns = 100000 + i * 977,
			.p50_ns = 900000 + i * 7919,
			.p99_ns = 9000000 + i * 104729,
			.max_ns = 1000000000 + i * 1299709,
			.stale_flagged = i % 3,
			.stale_unflagged = i % 5,
			.age_p99_ns = i * 1000000,
			.age_max_ns = i * 1500000};
	for (size_t i = 0; i < 2 * result->n_regions; i++)
		lines[i] = (struct series_line){
			result->regions[i / 2].name, i % 2, buckets, SERIES_BUCKETS_MAX};
	result->series.n_buckets = SERIES_BUCKETS_MAX;
	result->series.bucket_ns = result->duration_ns / SERIES_BUCKETS_MAX;
	result->series.lines = lines;
	result->series.n_lines = 2 * result->n_regions;
}

static void write_pages(const char *dir, const char *hostile)
{
	const struct writer_options plain = {0};
	struct arena arena = {0};
	struct result *result = results_new(&arena, hostile);

	mkdir(dir, 0755);
	if (!hostile)
		fill_series(result, &arena);
	for (const struct writer *w = writers; w->name; w++) {
		struct buf text = {0};

		if (!w->file)
			continue;
		w->write(result, &plain, &text);
		put_file(dir, w->file, &text);
		buf_release(&text);
	}
	arena_release(&arena);
}

static void write_index(const char *dir)
{
	struct arena arena = {0};
	struct buf page = {0}, style = {0};
	struct err err;
	struct ledger *ledger = ledger_open(dir, &err);

	if (!ledger || ledger_add(ledger, results_new(&arena, NULL), &err) ||
		ledger_page(ledger, &page, &err))
		fail_msg("%s", err.text);
	ledger_page_style(&style);
	put_file(dir, "index.html", &page);
	put_file(dir, "index.css", &style);
	ledger_close(ledger);
	buf_release(&page);
	buf_release(&style);
	arena_release(&arena);
}

/* What the browser found; "" where all is well. */
static int browse(const char *dir, const char *const pages[3], struct buf *said)
{
	char script[300], playwright[300];
	const char *argv[] = {
		NODE, script, dir, playwright, CHROMIUM, pages[0], pages[1], pages[2], NULL};
	const struct buf nothing = {0};

	need_browser(playwright, sizeof(playwright));
	snprintf(script, sizeof(script), "%s/suites/tests/helpers/browser.mjs",
		getenv("REGIONPROOF_ROOT"));
	return tool_run(argv, &nothing, said);
}

static void pages_of_a_full_run_are_fine_in_a_browser(void **state)
{
	static const char *const pages[3] = {"report.html", "zoom.html", "index.html"};
	struct buf said = {0};

	(void)state;
	write_pages("full", NULL);
	write_index("full");
	if (browse("full", pages, &said))
		fail_msg("%s", buf_str(&said));
	buf_release(&said);
}

static void hostile_text_does_nothing_in_a_browser(void **state)
{
	static const char *const pages[3] = {"report.html", "zoom.html", NULL};
	struct buf said = {0};

	(void)state;
	write_pages("hostile", RESULTS_HOSTILE);
	if (browse("hostile", pages, &said))
		fail_msg("%s", buf_str(&said));
	buf_release(&said);
}

/* Each of the things that the browser looks for, in a page that has it. */
static void a_bad_page_is_told(void **state)
{
	static const char *const pages[3] = {"bad.html", NULL, NULL};
	static const char *const told[] = {"lie over each other", "pixels wide",
		"console: ", "asks for http://198.18.0.1/", "no section #gone", "no heading"};
	struct buf page = {0}, said = {0};

	(void)state;
	buf_puts(&page,
		"<!DOCTYPE html><html><body><nav><a href=\"#gone\">x</a></nav>"
		"<img src=\"http://198.18.0.1/x.png\"><pre style=\"width:3000px\">wide</pre>"
		"<svg width=\"90\" height=\"30\" viewBox=\"0 0 90 30\"><text y=\"20\">first</text>"
		"<text x=\"4\" y=\"21\">second</text></svg></body></html>");
	mkdir("bad", 0755);
	put_file("bad", "bad.html", &page);
	assert_int_equal(browse("bad", pages, &said), 1);
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		if (!strstr(buf_str(&said), told[i]))
			fail_msg("not told: %s\n%s", told[i], buf_str(&said));
	}
	buf_release(&page);
	buf_release(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_of_a_full_run_are_fine_in_a_browser),
		cmocka_unit_test(hostile_text_does_nothing_in_a_browser),
		cmocka_unit_test(a_bad_page_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
