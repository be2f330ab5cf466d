/* What a CI server is told, and that nothing else is taken for it. */
#include "suites/commands/ci.h"
#include "fixtures/base/buf.h"
#include "suites/plan.h"
#include "suites/push.h"
#include "suites/tests/helpers/results.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Begin, a line of the target, end; what stood on stdout is *said. */
static struct plan_options scenario;

static void play(const struct result *result, struct buf *said)
{
	struct ci ci = {0};
	struct err err = {0};
	int kept = dup(STDOUT_FILENO), fd = open("said", O_RDWR | O_CREAT | O_TRUNC, 0644), rc;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	ci_begin(&ci, &scenario);
	printf("::error::of the target\n");
	rc = ci_end(&ci, result, &err);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	close(fd);
	if (rc)
		fail_msg("%s", err.text);
	assert_int_equal(buf_read_file(said, "said", 1 << 20, &err), 0);
}

static void read_and_drop(const char *path, struct buf *text)
{
	struct err err;

	assert_int_equal(buf_read_file(text, path, 1 << 20, &err), 0);
	unlink(path);
}

static void github_gets_annotations_summary_and_outputs(void **state)
{
	struct arena arena = {0};
	struct buf said = {0}, summary = {0}, outputs = {0};
	char token[33], *at;

	(void)state;
	setenv("GITHUB_ACTIONS", "true", 1);
	setenv("GITHUB_STEP_SUMMARY", "summary", 1);
	setenv("GITHUB_OUTPUT", "outputs", 1);
	play(results_new(&arena, RESULTS_HOSTILE), &said);
	assert_int_equal(sscanf(buf_str(&said), "::stop-commands::%32s\n", token), 1);
	at = strstr(said.data, "::error::of the target\n");
	assert_non_null(at);
	at = strstr(at, token); /* commands are on again only behind it */
	assert_non_null(at);
	assert_int_equal(strncmp(at - 2, "::", 2), 0);
	assert_non_null(strstr(at, "\n::error file="));
	read_and_drop("summary", &summary);
	assert_non_null(strstr(buf_str(&summary), "| expectation |"));
	read_and_drop("outputs", &outputs);
	assert_int_equal(strncmp(buf_str(&outputs), "verdict<<", 9), 0);
	buf_release(&said);
	buf_release(&summary);
	buf_release(&outputs);
	arena_release(&arena);
	unsetenv("GITHUB_ACTIONS");
}

static void secrets_of_the_scenario_are_masked_first(void **state)
{
	static const char text[] =
		"scenario: t\nversion: 1\nregions: { us: { role: primary }, eu: {} }\n"
		"links: { us <-> eu: { rtt: 80ms } }\nsystem: { recipe: region-store }\n"
		"clients: [ { name: users, driver: postgres, sessions: 2 per region, "
		"user: u, password: env:CI_TEST_SECRET, "
		"reads: { rate: 100/s }, writes: { rate: 20/s } } ]\n"
		"timeline: [ { at: 0s, watch: steady, for: 60s } ]\n"
		"expect: [ errors < 50% ]\n";
	struct arena arena = {0};
	struct buf said = {0};
	char share[300];

	(void)state;
	snprintf(share, sizeof(share), "%s/fixtures", getenv("REGIONPROOF_ROOT"));
	scenario = (struct plan_options){.path = "t.yaml", .text = text, .share = share};
	setenv("CI_TEST_SECRET", "s3cr3t%\n::error::x", 1);
	setenv("GITHUB_ACTIONS", "true", 1);
	play(results_new(&arena, NULL), &said);
	assert_int_equal(strncmp(buf_str(&said),
				 "::add-mask::s3cr3t%25%0A::error::x\n::stop-commands::", 52),
		0);
	unsetenv("GITHUB_ACTIONS");
	unsetenv("CI_TEST_SECRET");
	scenario = (struct plan_options){0};
	buf_release(&said);
	arena_release(&arena);
}

static void annotations_name_files_from_the_workspace(void **state)
{
	struct arena arena = {0};
	struct buf said = {0}, nothing = {0};
	struct result *result = results_new(&arena, NULL);
	struct result_expect *expects = arena_array(&arena, result->n_expects, sizeof(*expects));
	struct err err;

	(void)state;
	mkdir("work", 0755);
	mkdir("work/scenarios", 0755);
	assert_int_equal(buf_write_file(&nothing, "work/scenarios/t.yaml", &err), 0);
	for (size_t i = 0; i < result->n_expects; i++) {
		expects[i] = result->expects[i];
		expects[i].file = "./work/../work/scenarios/t.yaml";
	}
	result->expects = expects;
	setenv("GITHUB_ACTIONS", "true", 1);
	setenv("GITHUB_WORKSPACE", "work", 1);
	play(result, &said);
	assert_non_null(strstr(buf_str(&said), "::error file=scenarios/t.yaml,line="));
	assert_null(strstr(buf_str(&said), "file=./work"));
	unsetenv("GITHUB_WORKSPACE");
	unsetenv("GITHUB_ACTIONS");
	buf_release(&said);
	arena_release(&arena);
}

static void gitlab_gets_a_section(void **state)
{
	struct buf said = {0};
	struct arena arena = {0};

	(void)state;
	setenv("GITLAB_CI", "true", 1);
	play(results_new(&arena, NULL), &said);
	assert_non_null(strstr(buf_str(&said), "section_start:"));
	assert_non_null(strstr(buf_str(&said), "section_end:"));
	buf_release(&said);
	arena_release(&arena);
	unsetenv("GITLAB_CI");
}

static void elsewhere_nothing_is_said(void **state)
{
	struct buf said = {0};
	struct arena arena = {0};

	(void)state;
	play(results_new(&arena, NULL), &said);
	assert_string_equal(buf_str(&said), "::error::of the target\n");
	buf_release(&said);
	arena_release(&arena);
}

static void a_scenario_with_a_slash_stays_one_part_of_the_url(void **state)
{
	struct buf url = {0};

	(void)state;
	push_url(&url, "http://127.0.0.1:9091//", "a/b?c");
	assert_string_equal(buf_str(&url),
		"http://127.0.0.1:9091/metrics/job/regionproof/scenario@base64/YS9iP2M");
	buf_release(&url);
	push_url(&url, "http://h", "");
	assert_string_equal(buf_str(&url), "http://h/metrics/job/regionproof/scenario@base64/=");
	buf_release(&url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(github_gets_annotations_summary_and_outputs),
		cmocka_unit_test(secrets_of_the_scenario_are_masked_first),
		cmocka_unit_test(annotations_name_files_from_the_workspace),
		cmocka_unit_test(gitlab_gets_a_section),
		cmocka_unit_test(elsewhere_nothing_is_said),
		cmocka_unit_test(a_scenario_with_a_slash_stays_one_part_of_the_url),
	};

	unsetenv("GITHUB_ACTIONS");
	unsetenv("GITLAB_CI");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
