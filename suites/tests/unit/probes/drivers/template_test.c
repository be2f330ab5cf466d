#include "probes/drivers/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void expect(const char *text, const char *expanded)
{
	const struct template_values values = {"r:5", "42 xx", "7"};
	struct buf out = {0};

	template_expand(&out, text, &values);
	assert_string_equal(buf_str(&out), expanded);
	buf_release(&out);
}

static void places_are_filled(void **state)
{
	(void)state;
	expect("/kv/{key}", "/kv/r:5");
	expect("/kv/{key:url}?v={value:url}", "/kv/r%3A5?v=42%20xx");
	expect("{\"k\":\"{key:base64}\",\"v\":\"{value:base64}\"}",
		"{\"k\":\"cjo1\",\"v\":\"NDIgeHg=\"}");
	expect("X-Min: {min-version}", "X-Min: 7");
	expect("", "");
}

static void other_braces_are_braces(void **state)
{
	(void)state;
	expect("{\"a\":{}}", "{\"a\":{}}");
	expect("{", "{");
	expect("{key", "{key");
}

static void a_place_that_there_is_not_is_refused(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(template_check("{\"v\":\"{value}\"}", &err), 0);
	assert_int_equal(template_check("/{keys}", &err), -1);
	assert_non_null(strstr(err.text, "{keys}"));
	assert_int_equal(template_check("/{key:hex}", &err), -1);
	assert_int_equal(template_check("/{key", &err), -1);
}

static void a_template_knows_what_it_names(void **state)
{
	(void)state;
	assert_true(template_names("X: {min-version}", "min-version"));
	assert_false(template_names("X: {key} min-version", "min-version"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_filled),
		cmocka_unit_test(other_braces_are_braces),
		cmocka_unit_test(a_place_that_there_is_not_is_refused),
		cmocka_unit_test(a_template_knows_what_it_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
