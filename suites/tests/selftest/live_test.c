/* A run that people look at while it goes on: the live page in Chromium and by hand, its token, and the
 * scenario's own condition to abort.
 * runner: timeout 150, alone */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "suites/tests/helpers/live_run.h"
#include "suites/tests/helpers/tool.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SCENARIO "suites/tests/selftest/live.yaml"
#define NODE "/usr/bin/node"
#define CHROMIUM "/usr/bin/chromium"
#define PATIENCE_NS (15 * NSEC_PER_SEC)

static const char *scenario(void)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/%s", getenv("REGIONPROOF_ROOT"), SCENARIO);
	return path;
}

static void need_runs(void)
{
	if (!live_skip_reason())
		return;
	print_message("%s\n", live_skip_reason());
	skip();
}

/* The address that the run prints for people, with a slash at its end. */
static void await_url(struct live_run *run, char url[200])
{
	const char *at, *end;

	assert_true(live_await(run, "live  http://"));
	at = strstr(run->progress, "live  http://") + 6;
	end = strchr(at, '\n');
	assert_true(end && end - at < 200);
	snprintf(url, 200, "%.*s", (int)(end - at), at);
}

/* ---- by hand ------------------------------------------------------------------------------------ */

static size_t take(char *data, size_t size, size_t n, void *out)
{
	buf_add(out, data, size * n);
	return size * n;
}

/* The status, 0 where there is no answer; what came within a second goes to *said. */
static long ask(const char *method, const char *url, const char *header, struct buf *said)
{
	struct curl_slist *headers = header ? curl_slist_append(NULL, header) : NULL;
	CURL *curl = curl_easy_init();
	long status = 0;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, said);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 1000L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	return status;
}

static long status_of(const char *method, const char *url, const char *path, const char *header)
{
	char full[300];
	struct buf said = {0};
	long status;

	snprintf(full, sizeof(full), "%s%s", url, path);
	status = ask(method, full, header, &said);
	buf_release(&said);
	return status;
}

/* The same address with its last token digit changed, and without any. */
static void wrong_urls(const char *url, char other[200], char none[200])
{
	size_t len = strlen(url);

	snprintf(other, 200, "%s", url);
	other[len - 2] = other[len - 2] == '0' ? '1' : '0';
	snprintf(none, 200, "%.*s/", (int)(strchr(url + 7, '/') - url), url);
}

static void strangers_are_refused(const char *url)
{
	char other[200], none[200];

	wrong_urls(url, other, none);
	assert_int_equal(status_of("GET", none, "", NULL), 403);
	assert_int_equal(status_of("GET", other, "", NULL), 403);
	assert_int_equal(status_of("GET", other, "events", NULL), 403);
	assert_int_equal(status_of("POST", other, "abort", NULL), 403);
	assert_int_equal(status_of("POST", none, "abort", NULL), 403);
	/* A name of somebody else's that leads here, and a page of somebody else's. */
	assert_int_equal(status_of("GET", url, "", "Host: rebound.example.com"), 403);
	assert_int_equal(status_of("POST", url, "abort", "Origin: http://evil.example.com"), 403);
	assert_int_equal(status_of("POST", url, "abort", "Origin: null"), 403);
	assert_int_equal(status_of("GET", url, "abort", NULL), 405);
	assert_int_equal(status_of("POST", url, "drop", NULL), 404);
	assert_int_equal(status_of("DELETE", url, "", NULL), 405);
	assert_int_equal(status_of("GET", url, "", NULL), 200);
	assert_int_equal(status_of("GET", url, "live.js", NULL), 200);
}

static void await_stream(const char *url, const char *wanted)
{
	uint64_t limit = clock_now_ns() + PATIENCE_NS;
	char events[300];
	struct buf said = {0};

	snprintf(events, sizeof(events), "%sevents", url);
	do {
		buf_clear(&said);
		assert_int_equal(ask("GET", events, NULL, &said), 200);
		assert_true(clock_now_ns() < limit);
	} while (!strstr(buf_str(&said), wanted));
	buf_release(&said);
}

static void a_token_guards_the_page_and_abort_aborts(void **state)
{
	static const char *const options[] = {"--live", NULL};
	struct live_run run;
	struct jv *result;
	char url[200];

	(void)state;
	need_runs();
	live_start(&run, "by-hand", scenario(), options);
	await_url(&run, url);
	strangers_are_refused(url);
	await_stream(url, "event: state\ndata: {\"at_s\"");
	assert_true(live_await(&run, "partition us-east"));
	await_stream(url, "\"what\":\"cut\",\"text\":\"partition us-east from eu-west, ap-south\"");
	assert_int_equal(status_of("POST", url, "abort", NULL), 202);
	assert_int_equal(live_finish(&run), 143);
	result = live_result("by-hand");
	assert_true(jv_bool(jv_get(result, "interrupted"), false));
	assert_true(jv_bool(jv_get(jv_get(result, "cleanup"), "verified"), false));
	jv_free(result);
}

/* ---- in a browser ------------------------------------------------------------------------------- */

static void a_person_goes_on_heals_and_aborts_in_a_browser(void **state)
{
	static const char *const options[] = {"--live", "--hold", NULL};
	char url[200], script[300], playwright[300];
	const char *argv[] = {NODE, script, url, playwright, CHROMIUM, NULL};
	const struct buf nothing = {0};
	struct buf said = {0};
	struct live_run run;
	int wrong;

	(void)state;
	need_runs();
	snprintf(playwright, sizeof(playwright), "%s/build/npm/node_modules/playwright-core",
		getenv("REGIONPROOF_ROOT"));
	snprintf(script, sizeof(script), "%s/suites/tests/helpers/live.mjs",
		getenv("REGIONPROOF_ROOT"));
	if (!has_tool(NODE) || !has_tool(CHROMIUM) || access(playwright, R_OK)) {
		print_message("node, chromium or playwright-core (npm) is missing\n");
		skip();
	}
	live_start(&run, "browser", scenario(), options);
	await_url(&run, url);
	wrong = tool_run(argv, &nothing, &said);
	if (wrong) {
		live_finish(&run);
		fail_msg("%s", buf_str(&said));
	}
	assert_int_equal(live_finish(&run), 143);
	buf_release(&said);
}

/* ---- by itself ---------------------------------------------------------------------------------- */

static void a_condition_to_abort_heals_at_once(void **state)
{
	struct live_run run;
	struct jv *result;
	const struct jv *fault;
	int64_t in_force, gone;

	(void)state;
	need_runs();
	setenv("ABORT", "availability < 60% for writes at us-east for 1s", 1);
	live_start(&run, "by-itself", scenario(), NULL);
	unsetenv("ABORT");
	assert_int_equal(live_finish(&run), 7);
	result = live_result("by-itself");
	assert_true(jv_bool(jv_get(result, "aborted"), false));
	assert_non_null(
		strstr(jv_str(jv_get(result, "error"), ""), "aborted by its own condition"));
	assert_true(jv_bool(jv_get(jv_get(result, "cleanup"), "verified"), false));
	fault = jv_at(jv_get(result, "faults"), 0);
	in_force = jv_int(jv_get(fault, "in_force_ns"), 0);
	gone = jv_int(jv_get(fault, "gone_ns"), 0);
	/* One second and a look or two, not thirty. */
	assert_true(in_force > 0 && gone > in_force && gone - in_force < INT64_C(8000000000));
	jv_free(result);
}

static void who_cannot_be_asked_cannot_hold(void **state)
{
	static const char *const options[] = {"--hold", NULL};
	struct live_run run;

	(void)state;
	need_runs();
	live_start(&run, "nobody", scenario(), options);
	assert_true(live_await(&run, "it needs a terminal, or --live"));
	assert_int_equal(live_finish(&run), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_guards_the_page_and_abort_aborts),
		cmocka_unit_test(a_person_goes_on_heals_and_aborts_in_a_browser),
		cmocka_unit_test(a_condition_to_abort_heals_at_once),
		cmocka_unit_test(who_cannot_be_asked_cannot_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
