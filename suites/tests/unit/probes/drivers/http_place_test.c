#include "probes/drivers/http_place.h"
#include "fixtures/base/param.h"
#include "fixtures/json/jv.h"
#include "probes/drivers/driver.h"
#include "probes/drivers/http_client.h"
#include "probes/drivers/http_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const char body[] =
	"{\"kvs\":[{\"v\":\"42\",\"n\":7,\"b\":true,\"a/b\":\"s\"}],\"null\":null}";

static void expect(const char *text, const char *found)
{
	struct http_answer answer = {.status = 200};
	struct http_place place;
	struct buf out = {0};
	struct err err;
	struct jv *json = jv_parse(body, sizeof(body) - 1, sizeof(body), &err);

	buf_puts(&answer.body, body);
	buf_puts(&answer.headers, "Age:  5 \r\nX-Node: a\r\n");
	assert_int_equal(http_place_parse(text, &place, &err), 0);
	assert_int_equal(http_place_get(&place, &answer, json, &out), found != NULL);
	if (found)
		assert_string_equal(buf_str(&out), found);
	jv_free(json);
	buf_release(&answer.body);
	buf_release(&answer.headers);
	buf_release(&out);
}

static void what_stands_there_is_found(void **state)
{
	(void)state;
	expect("body", body);
	expect("status", "200");
	expect("header age", "5");
	expect("header X-Node", "a");
	expect("header X-None", NULL);
	expect("json /kvs/0/v", "42");
	expect("json /kvs/0/n", "7");
	expect("json /kvs/0/b", "true");
	expect("json /kvs/0/a~1b", "s");
	expect("json /kvs/1/v", NULL);
	expect("json /kvs/00x/v", NULL);
	expect("json /null", NULL);
	expect("json /kvs", NULL);
	expect("", NULL);
}

static void what_is_no_place_is_refused(void **state)
{
	static const char *const bad[] = {
		"boddy", "header", "header ", "header A B", "json", "json kvs", "json /a~2"};
	struct http_place place;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (http_place_parse(bad[i], &place, &err) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
	}
}

static void status_lists_take_numbers_and_classes(void **state)
{
	struct err err;

	(void)state;
	assert_true(http_status_is("200 2xx", 204));
	assert_true(http_status_is("404, 409", 409));
	assert_false(http_status_is("404 409", 500));
	assert_false(http_status_is("", 200));
	assert_int_equal(http_status_check("200 4xx", &err), 0);
	assert_int_equal(http_status_check("20", &err), -1);
	assert_int_equal(http_status_check("4x4", &err), -1);
	assert_int_equal(http_status_check("ok", &err), -1);
}

static void set(struct http_options *options, const char *name, const char *text)
{
	struct err err;

	assert_int_equal(param_set(param_find(http_rows, name), options, text, &err), 0);
}

static int check_with(const char *name, const char *text, struct err *err)
{
	struct http_options options = {0};

	param_set_defaults(http_rows, &options);
	if (name)
		set(&options, name, text);
	return http_options_check(&options, err);
}

static void mistakes_in_templates_are_found(void **state)
{
	static const char *const bad[][2] = {{"read.path", "kv/{key}"}, {"read.path", "/{kee}"},
		{"write.body", "{valu}"}, {"read.done", "ok"}, {"answer.value", ""},
		{"answer.version", "etag"}, {"not-done.is", "Locked"}, {"role.at", "json x"}};
	struct err err;

	(void)state;
	assert_int_equal(check_with(NULL, NULL, &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (check_with(bad[i][0], bad[i][1], &err) == 0)
			fail_msg("%s: \"%s\" was taken", bad[i][0], bad[i][1]);
	}
}

static void what_it_can_follows_from_the_templates(void **state)
{
	struct http_options options = {0};

	(void)state;
	param_set_defaults(http_rows, &options);
	assert_int_equal(http_options_can(&options), DRIVER_TLS | DRIVER_DELETES);
	set(&options, "delete.path", "");
	set(&options, "answer.version", "header ETag");
	set(&options, "read.headers", "X-Min: {min-version}");
	assert_int_equal(
		http_options_can(&options), DRIVER_TLS | DRIVER_VERSIONS | DRIVER_MIN_VERSION);
	set(&options, "answer.hit", "header X-Cache");
	assert_true(http_options_can(&options) & DRIVER_HITS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_there_is_found),
		cmocka_unit_test(what_is_no_place_is_refused),
		cmocka_unit_test(status_lists_take_numbers_and_classes),
		cmocka_unit_test(mistakes_in_templates_are_found),
		cmocka_unit_test(what_it_can_follows_from_the_templates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
