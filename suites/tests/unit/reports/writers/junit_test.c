/*
 * JUnit XML against the schema junit-10.xsd beside this file, which is the part of Jenkins' that
 * matters, written anew: what it forbids here it forbids there. xmllint is the judge.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/err.h"
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

#define SCHEMA "suites/tests/unit/reports/writers/junit-10.xsd"

static struct buf write_junit(const struct result *result, struct writer_options options)
{
	struct buf text = {0};

	writer_find("junit")->write(result, &options, &text);
	return text;
}

#define NEED_XMLLINT()                                                                             \
	do {                                                                                       \
		if (!has_xmllint()) {                                                              \
			print_message("xmllint is not installed\n");                               \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static size_t count(const struct buf *text, const char *what)
{
	size_t n = 0;

	for (const char *at = buf_str(text); (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void assert_holds(const struct buf *text, const char *what)
{
	if (!strstr(buf_str(text), what))
		fail_msg("not there: %s\n%s", what, buf_str(text));
}

static void strict_obeys_the_schema(void **state)
{
	struct arena arena = {0};
	struct buf text;

	(void)state;
	NEED_XMLLINT();
	text = write_junit(
		results_new(&arena, NULL), (struct writer_options){.junit_dialect = JUNIT_STRICT});
	assert_int_equal(xmllint(&text, SCHEMA), 0);
	buf_release(&text);
	arena_release(&arena);
}

/* The schema must be able to say no: each of these breaks junit-10. */
static void the_schema_refuses_what_it_should(void **state)
{
	static const char *const broken[] = {
		"<testsuites><testsuite name='a' tests='1' failures='0' errors='0'>"
		"<testcase name='b' file='c'/></testsuite></testsuites>",
		"<testsuites skipped='0'><testsuite name='a' tests='1' failures='0' errors='0'/>"
		"</testsuites>",
		"<testsuites><testsuite name='a' tests='1' failures='0' errors='0' time='0.1234'/>"
		"</testsuites>",
		"<testsuites><testsuite name='a' tests='1' failures='0' errors='0'><testcase name='b'>"
		"<properties/></testcase></testsuite></testsuites>",
		"<testsuites><testsuite name='a' tests='1' failures='0'/></testsuites>",
		"<testsuites><testsuite name='a' tests='1' failures='0' errors='0'><properties>"
		"<property name='x'/></properties></testsuite></testsuites>",
	};
	struct buf good = {0};

	(void)state;
	NEED_XMLLINT();
	buf_puts(&good,
		"<testsuites><testsuite name='a' tests='1' failures='0' errors='0'/>"
		"</testsuites>");
	assert_int_equal(xmllint(&good, SCHEMA), 0);
	buf_release(&good);
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		struct buf text = {0};

		buf_puts(&text, broken[i]);
		assert_int_not_equal(xmllint(&text, SCHEMA), 0);
		buf_release(&text);
	}
}

static void gitlab_names_the_file(void **state)
{
	struct arena arena = {0};
	struct buf text = write_junit(results_new(&arena, NULL), (struct writer_options){0});

	(void)state;
	assert_holds(&text,
		"name=\"writes.lost == 0\" "
		"file=\"suites/scenarios/primary-partition-hybrid.yaml\">");
	buf_release(&text);
	arena_release(&arena);
}

static void counters_are_right(void **state)
{
	struct arena arena = {0};
	struct result *result = results_new(&arena, NULL);
	struct buf error = write_junit(result, (struct writer_options){0});
	struct buf skip =
		write_junit(result, (struct writer_options){.undecided_as = UNDECIDED_SKIP});
	struct buf fail =
		write_junit(result, (struct writer_options){.undecided_as = UNDECIDED_FAIL});

	(void)state;
	assert_holds(&error,
		"<testsuite name=\"primary-partition-hybrid\" tests=\"12\" "
		"failures=\"1\" errors=\"4\" skipped=\"0\" time=\"75.012\"");
	assert_holds(&skip, "tests=\"12\" failures=\"1\" errors=\"1\" skipped=\"3\"");
	assert_holds(&fail, "tests=\"12\" failures=\"4\" errors=\"1\" skipped=\"0\"");
	assert_int_equal(count(&error, "<testcase "), 12);
	assert_int_equal(count(&error, "<failure "), 1);
	assert_int_equal(count(&error, "<error "), 4);
	assert_int_equal(count(&skip, "<skipped "), 3);
	buf_release(&error);
	buf_release(&skip);
	buf_release(&fail);
	arena_release(&arena);
}

static void names_hold_no_measured_value_and_are_unique(void **state)
{
	struct arena arena = {0};
	struct buf text = write_junit(results_new(&arena, NULL), (struct writer_options){0});

	(void)state;
	assert_int_equal(count(&text, "name=\"writes.lost == 0\""), 1);
	assert_int_equal(count(&text, "name=\"writes.lost == 0 (2)\""), 1);
	assert_int_equal(count(&text, "name=\"fault observed: cut\""), 1);
	assert_int_equal(count(&text, "name=\"fault observed: cut (2)\""), 1);
	for (const char *at = buf_str(&text); (at = strstr(at, " name=\"")); at++)
		assert_null(memmem(at, strcspn(at, ">"), "11.8", 4));
	buf_release(&text);
	arena_release(&arena);
}

static void the_message_is_the_first_line_of_the_text(void **state)
{
	struct arena arena = {0};
	struct buf text = write_junit(results_new(&arena, NULL), (struct writer_options){0});

	(void)state;
	assert_holds(&text,
		"message=\"fail: wanted == 0, got 7; all 7 were acknowledged within "
		"0.9 s after the cut\"><![CDATA[fail: wanted == 0, got 7; all 7 were "
		"acknowledged within 0.9 s after the cut\nsuites/scenarios/");
	buf_release(&text);
	arena_release(&arena);
}

static void foreign_text_cannot_break_out(void **state)
{
	struct arena arena = {0};
	struct result *plain = results_new(&arena, NULL);
	struct result *hostile = results_new(&arena, RESULTS_HOSTILE);
	struct buf text = write_junit(hostile, (struct writer_options){0});
	size_t extra = 2; /* its error and its interruption are cases of their own */

	(void)state;
	assert_int_equal(count(&text, "\n    <testcase classname="),
		2 + plain->n_faults + plain->n_expects + 1 + extra);
	assert_null(strchr(text.data, '\033'));
	assert_null(strchr(text.data, 1));
	assert_null(strstr(text.data, "<script>alert(1)</script> %s%n\""));
	if (has_xmllint())
		assert_int_equal(xmllint(&text, NULL), 0);
	buf_release(&text);
	arena_release(&arena);
}

static void foreign_text_obeys_the_schema_too(void **state)
{
	struct arena arena = {0};
	struct buf text;

	(void)state;
	NEED_XMLLINT();
	text = write_junit(results_new(&arena, RESULTS_HOSTILE),
		(struct writer_options){.junit_dialect = JUNIT_STRICT});
	assert_int_equal(xmllint(&text, SCHEMA), 0);
	buf_release(&text);
	arena_release(&arena);
}

static void a_run_that_did_not_start_has_a_failed_preflight(void **state)
{
	const struct result result = {.scenario = "s",
		.path = "s.yaml",
		.tool_version = "0",
		.run = "r",
		.exit_code = EXIT_MACHINE,
		.error = "no namespaces here",
		.clean = true};
	struct buf text = write_junit(&result, (struct writer_options){0});

	(void)state;
	assert_holds(&text, "tests=\"2\" failures=\"0\" errors=\"1\" skipped=\"0\"");
	assert_holds(&text,
		"name=\"preflight\" file=\"s.yaml\">\n      <error "
		"type=\"regionproof.preflight\" message=\"no namespaces here\">");
	assert_null(strstr(text.data, "baseline"));
	buf_release(&text);
}

static void a_system_that_was_not_steady_fails_the_baseline(void **state)
{
	const struct result result = {.scenario = "s",
		.path = "s.yaml",
		.tool_version = "0",
		.run = "r",
		.exit_code = EXIT_NOT_STEADY,
		.error = "eu-west: 12 % ok",
		.clean = true};
	struct buf text = write_junit(&result, (struct writer_options){0});

	(void)state;
	assert_holds(&text, "name=\"baseline steady\" file=\"s.yaml\">\n      <error ");
	assert_holds(&text, "name=\"preflight\" file=\"s.yaml\"/>");
	buf_release(&text);
}

static void a_clean_up_that_was_not_verified_is_an_error(void **state)
{
	struct arena arena = {0};
	struct result *result = results_new(&arena, NULL);
	struct buf text;

	(void)state;
	result->clean = false;
	text = write_junit(result, (struct writer_options){0});
	assert_holds(&text, "type=\"regionproof.cleanup\"");
	assert_holds(&text, "errors=\"5\"");
	buf_release(&text);
	arena_release(&arena);
}

static void numbers_do_not_follow_the_locale(void **state)
{
	struct arena arena = {0};
	struct buf text;

	(void)state;
	if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8")) {
		print_message("no locale with a decimal comma is installed\n");
		skip();
	}
	text = write_junit(results_new(&arena, NULL), (struct writer_options){0});
	setlocale(LC_ALL, "C");
	assert_holds(&text, "time=\"75.012\"");
	buf_release(&text);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strict_obeys_the_schema),
		cmocka_unit_test(the_schema_refuses_what_it_should),
		cmocka_unit_test(gitlab_names_the_file),
		cmocka_unit_test(counters_are_right),
		cmocka_unit_test(names_hold_no_measured_value_and_are_unique),
		cmocka_unit_test(the_message_is_the_first_line_of_the_text),
		cmocka_unit_test(foreign_text_cannot_break_out),
		cmocka_unit_test(foreign_text_obeys_the_schema_too),
		cmocka_unit_test(a_run_that_did_not_start_has_a_failed_preflight),
		cmocka_unit_test(a_system_that_was_not_steady_fails_the_baseline),
		cmocka_unit_test(a_clean_up_that_was_not_verified_is_an_error),
		cmocka_unit_test(numbers_do_not_follow_the_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
