/* TAP, Markdown, annotations, metrics and JSON, as the programs that read them see them. */
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "reports/result_read.h"
#include "reports/writers/schema.h"
#include "reports/writers/writer.h"
#include "suites/tests/helpers/results.h"
#include "suites/tests/helpers/tool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define PERL "/usr/bin/perl"
#define CMARK "/usr/bin/cmark-gfm"
#define PROMTOOL "/usr/bin/promtool"
#define PYTHON "/usr/bin/python3"

static const char *const texts[] = {NULL, RESULTS_HOSTILE,
	"| a ` ``` \n\n# h\n</details><img src=x> [x](javascript:1) @all #1 ![](http://x/y)",
	"\"} 1\nevil_total 1\n# EOF\n\\", "\n---\n...\nBail out!\nok 1\n# SKIP", ""};
#define N_TEXTS (sizeof(texts) / sizeof(*texts))

static struct buf write_result(const char *format, const struct result *result)
{
	const struct writer_options options = {0};
	struct buf text = {0};

	writer_find(format)->write(result, &options, &text);
	return text;
}

static struct buf write_text(const char *format, const char *hostile)
{
	struct arena arena = {0};
	struct buf text = write_result(format, results_new(&arena, hostile));

	arena_release(&arena);
	return text;
}

static unsigned count(const struct buf *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = buf_str(text); (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

static void need(const char *tool)
{
	if (has_tool(tool))
		return;
	print_message("%s is not installed\n", tool);
	skip();
}

/* perl's parser stops at version 13, of which 14 is a superset that it reads but for the number. */
static void a_tap_parser_reads_what_was_written(void **state)
{
	static const char *const parse[] = {PERL, "-MTAP::Parser", "-e",
		"local $/; my $t = <STDIN>; $t =~ s/^TAP version 14\\n//;"
		"sub check { my $p = TAP::Parser->new({tap => shift});"
		" my $n = 0; while (my $r = $p->next) { $n++ if $r->is_test }"
		" print join(',', $n, scalar($p->failed), scalar($p->parse_errors), "
		"$p->is_good_plan ? 1 : 0, scalar($p->skipped)), qq(\\n) }"
		"check($t); $t = join(qq(\\n), map { s/^ {4}//r } grep { /^ {4}/ } split(/\\n/, $t));"
		"check($t)",
		NULL};

	(void)state;
	need(PERL);
	for (size_t i = 0; i < N_TEXTS; i++) {
		struct buf text = write_text("tap", texts[i]), said = {0};

		assert_int_equal(tool_run(parse, &text, &said), 0);
		assert_string_equal(buf_str(&said), "1,1,0,1,0\n7,4,0,1,0\n");
		assert_int_equal(strncmp(buf_str(&text), "TAP version 14\n1..1\n", 20), 0);
		buf_release(&text);
		buf_release(&said);
	}
}

static void a_run_that_never_began_bails_out(void **state)
{
	struct arena arena = {0};
	struct result *result = results_new(&arena, NULL);
	struct buf text;

	(void)state;
	result->exit_code = EXIT_NOT_STEADY;
	result->error = "eu-west answered nothing";
	text = write_result("tap", result);
	assert_int_equal(count(&text, "\nBail out! eu-west answered nothing\n"), 1);
	assert_int_equal(count(&text, "ok"), 0);
	buf_release(&text);
	arena_release(&arena);
}

static void markdown_renders_to_tables_and_no_foreign_mark_up(void **state)
{
	static const char *const render[] = {
		CMARK, "--unsafe", "-e", "table", "-e", "autolink", NULL};

	(void)state;
	need(CMARK);
	for (size_t i = 0; i < N_TEXTS; i++) {
		struct buf text = write_text("markdown", texts[i]), html = {0};

		assert_int_equal(tool_run(render, &text, &html), 0);
		assert_int_equal(count(&html, "<tr>"), 1 + 7 + 1 + 1 + 1 + 2 + 1 + 3);
		assert_int_equal(count(&html, "<td"), 7 * 6 + 1 * 6 + 2 * 4 + 3 * 2);
		assert_int_equal(count(&html, "<details>"), 6);
		assert_int_equal(count(&html, "</details>"), 6);
		assert_int_equal(count(&html, "<pre"), 1);
		assert_int_equal(count(&html, "<script"), 0);
		assert_int_equal(count(&html, "<img"), 0);
		assert_int_equal(count(&html, "<a "), 0);
		buf_release(&text);
		buf_release(&html);
	}
}

static void a_summary_keeps_to_its_budget(void **state)
{
	struct arena arena = {0};
	struct result *result = results_new(&arena, NULL);
	struct result_expect *many = arena_array(&arena, 5000, sizeof(*many));
	struct buf text;

	(void)state;
	for (size_t i = 0; i < 5000; i++)
		many[i] = result->expects[1];
	result->expects = many;
	result->n_expects = 5000;
	text = write_result("markdown", result);
	assert_true(text.len < 65536);
	assert_int_equal(count(&text, "did not fit"), 1);
	buf_release(&text);
	text = write_result("github", result);
	assert_int_equal(count(&text, "\n"), 10);
	buf_release(&text);
	arena_release(&arena);
}

static void annotations_are_commands_of_ours_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_TEXTS; i++) {
		struct buf text = write_text("github", texts[i]);

		for (const char *line = buf_str(&text); *line; line = strchr(line, '\n') + 1) {
			assert_true(!strncmp(line, "::error file=", 13) ||
				!strncmp(line, "::warning file=", 15));
			assert_non_null(strchr(line, '\n'));
		}
		assert_int_equal(count(&text, "\r"), 0);
		buf_release(&text);
	}
}

static void the_worst_is_annotated_first(void **state)
{
	struct buf text = write_text("github", NULL);

	(void)state;
	assert_int_equal(strncmp(buf_str(&text),
				 "::error file=suites/scenarios/primary-partition-hybrid.yaml,"
				 "line=41,title=writes.lost == 0::fail: wanted == 0, got 7%0A",
				 112),
		0);
	assert_int_equal(count(&text, "::error "), 2);
	assert_int_equal(count(&text, "::warning "), 3);
	buf_release(&text);
}

static void promtool_finds_nothing_in_the_metrics(void **state)
{
	static const char *const check[] = {PROMTOOL, "check", "metrics", NULL};

	(void)state;
	need(PROMTOOL);
	for (size_t i = 0; i < N_TEXTS; i++) {
		struct buf text = write_text("prometheus-0.0.4", texts[i]), said = {0};

		if (tool_run(check, &text, &said) || said.len)
			fail_msg("%s\n%s", buf_str(&said), buf_str(&text));
		buf_release(&text);
		buf_release(&said);
	}
}

/* promtool must be able to find something. */
static void promtool_objects_to_a_broken_metric(void **state)
{
	static const char *const check[] = {PROMTOOL, "check", "metrics", NULL};
	struct buf text = {0};

	(void)state;
	need(PROMTOOL);
	buf_puts(&text, "# TYPE a gauge\na{b=\"c} 1\n");
	assert_int_not_equal(tool_run(check, &text, NULL), 0);
	buf_release(&text);
}

static void openmetrics_is_in_order_and_ends_with_eof(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_TEXTS; i++) {
		struct buf text = write_text("openmetrics", texts[i]);
		char family[80] = "";

		assert_string_equal(buf_str(&text) + text.len - 6, "# EOF\n");
		for (char *line = text.data, *end; *line; line = end + 1) {
			end = strchr(line, '\n');
			assert_non_null(end);
			*end = '\0';
			if (sscanf(line, "# TYPE %79s", family) == 1 || !strcmp(line, "# EOF"))
				continue;
			if (line[0] == '#') /* UNIT, HELP of the same family */
				assert_ptr_equal(strstr(line + 7, family), line + 7);
			else
				assert_int_equal(strncmp(line, family, strlen(family)), 0);
		}
		buf_release(&text);
	}
}

static void what_was_not_measured_has_no_sample(void **state)
{
	struct buf text = write_text("openmetrics", NULL);

	(void)state;
	assert_int_equal(count(&text, "regionproof_unflagged_stale_reads"), 0);
	assert_int_equal(count(&text,
				 "regionproof_acked_writes_lost_total{scenario="
				 "\"primary-partition-hybrid\"} 7\n"),
		1);
	assert_int_equal(count(&text, "expectation=\"writes.lost == 0\"} 0\n"), 1);
	assert_int_equal(count(&text, "verdict=\"error\"} 1\n"), 2);
	buf_release(&text);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void store(const struct result *result, const char *dir)
{
	static const char *const files[] = {"json", "series"};
	struct err err;

	mkdir(dir, 0755);
	for (size_t i = 0; i < 2; i++) {
		struct buf text = write_result(files[i], result);
		char path[64];

		snprintf(path, sizeof(path), "%s/%s", dir, writer_find(files[i])->file);
		assert_int_equal(buf_write_file(&text, path, &err), 0);
		buf_release(&text);
	}
}

/* What a JSON string cannot hold (broken UTF-8) is replaced at the first writing, so the second and
 * the third are compared. */
static void a_stored_run_reads_back_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_TEXTS; i++) {
		struct arena arena = {0};
		struct result once, twice;
		struct err err;

		store(results_new(&arena, texts[i]), "stored");
		if (result_read(&arena, "stored", &once, &err))
			fail_msg("%s", err.text);
		store(&once, "stored");
		assert_int_equal(result_read(&arena, "stored", &twice, &err), 0);
		for (const struct writer *w = writers; w->name; w++) {
			struct buf a = write_result(w->name, &once);
			struct buf b = write_result(w->name, &twice);

			assert_string_equal(buf_str(&a), buf_str(&b));
			buf_release(&a);
			if (!texts[i] &&
				strcmp(w->name, "console")) { /* which names the directory */
				a = write_text(w->name, NULL);
				assert_string_equal(buf_str(&a), buf_str(&b));
				buf_release(&a);
			}
			buf_release(&b);
		}
		arena_release(&arena);
	}
}

static void a_spoiled_run_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *file, *text, *golden;
	} rows[] = {
		{"run.json", "{\"schema\": 1, \"expectations\": [{\"line\": \"x\"}]}",
			"stored/run.json: expectations[0]: line: a whole number is expected"},
		{"run.json", "{\"schema\": 7}", "its schema is 7, and this program reads 1"},
		{"run.json", "[1]", "its schema is 0"},
		{"run.json", "{\"schema\": 1, ", "stored/run.json: line 1"},
		{"run.json", "{\"schema\": 1, \"expectations\": [{\"verdict\": \"good\"}]}",
			"verdict: \"good\" is none of its words"},
		{"series.json",
			"{\"schema\": 1, \"bucket_ns\": 5, \"lines\": [{\"buckets\": [[1]]}, "
			"{\"buckets\": []}]}",
			"lines[1]: buckets are missing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena arena = {0};
		struct buf text = {0};
		struct result result;
		struct err err = {0};
		char path[64];

		store(results_new(&arena, NULL), "stored");
		buf_puts(&text, rows[i].text);
		snprintf(path, sizeof(path), "stored/%s", rows[i].file);
		assert_int_equal(buf_write_file(&text, path, &err), 0);
		assert_int_equal(result_read(&arena, "stored", &result, &err), -1);
		if (!strstr(err.text, rows[i].golden))
			fail_msg("wanted \"%s\", got \"%s\"", rows[i].golden, err.text);
		buf_release(&text);
		arena_release(&arena);
	}
}

static int validate(void (*write_schema)(struct buf *), const struct buf *text)
{
	static const char *const check[] = {PYTHON, "-c",
		"import sys, json, jsonschema as j; s = json.load(open('schema.json'));"
		"j.Draft7Validator.check_schema(s);"
		"j.validate(json.load(sys.stdin), s, j.Draft7Validator)",
		NULL};
	struct buf schema = {0}, said = {0};
	struct err err;
	int rc;

	write_schema(&schema);
	assert_int_equal(buf_write_file(&schema, "schema.json", &err), 0);
	rc = tool_run(check, text, &said);
	if (strstr(buf_str(&said), "No module named")) {
		print_message("python3-jsonschema is not installed\n");
		buf_release(&said);
		buf_release(&schema);
		skip();
	}
	buf_release(&said);
	buf_release(&schema);
	return rc;
}

static void the_published_schemas_hold(void **state)
{
	(void)state;
	need(PYTHON);
	for (size_t i = 0; i < 2; i++) {
		struct buf run = write_text("json", texts[i]),
			   series = write_text("series", texts[i]);

		assert_int_equal(validate(json_write_schema, &run), 0);
		assert_int_equal(validate(series_write_schema, &series), 0);
		assert_int_not_equal(validate(json_write_schema, &series), 0);
		buf_release(&run);
		buf_release(&series);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tap_parser_reads_what_was_written),
		cmocka_unit_test(a_run_that_never_began_bails_out),
		cmocka_unit_test(markdown_renders_to_tables_and_no_foreign_mark_up),
		cmocka_unit_test(a_summary_keeps_to_its_budget),
		cmocka_unit_test(annotations_are_commands_of_ours_only),
		cmocka_unit_test(the_worst_is_annotated_first),
		cmocka_unit_test(promtool_finds_nothing_in_the_metrics),
		cmocka_unit_test(promtool_objects_to_a_broken_metric),
		cmocka_unit_test(openmetrics_is_in_order_and_ends_with_eof),
		cmocka_unit_test(what_was_not_measured_has_no_sample),
		cmocka_unit_test(a_stored_run_reads_back_as_it_was),
		cmocka_unit_test(a_spoiled_run_is_refused_with_its_place),
		cmocka_unit_test(the_published_schemas_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
