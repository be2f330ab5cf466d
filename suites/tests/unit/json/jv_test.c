#include "fixtures/json/jv.h"
#include "fixtures/base/buf.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct jv *parse(const char *text)
{
	struct err err;
	struct jv *json = jv_parse(text, strlen(text), 1 << 20, &err);

	if (!json)
		fail_msg("%s: %s", text, err.text);
	return json;
}

static void assert_refused(const char *text, const char *sentence)
{
	struct err err;

	assert_null(jv_parse(text, strlen(text), 1 << 20, &err));
	if (!strstr(err.text, sentence))
		fail_msg("'%s' does not say '%s'", err.text, sentence);
}

static void what_is_printed_is_what_was_built(void **state)
{
	struct jv *root = jv_new_object(), *list = jv_new_array();
	struct buf out = {0};

	(void)state;
	jv_add(list, jv_new_int(-1));
	jv_add(list, jv_new_bool(true));
	jv_add(list, jv_new_null());
	jv_set(root, "z", jv_new_string("\"\\\n\x01"));
	jv_set(root, "a", list);
	jv_print(root, 0, &out);
	assert_string_equal(buf_str(&out), "{\"z\":\"\\\"\\\\\\n\\u0001\",\"a\":[-1,true,null]}");
	buf_release(&out);
	jv_free(root);
}

static void reading_is_lenient(void **state)
{
	struct jv *root = parse("{\"n\": 5, \"s\": \"x\", \"r\": 1.5, \"l\": [7], \"b\": true}");

	(void)state;
	assert_int_equal(jv_int(jv_get(root, "n"), 0), 5);
	assert_int_equal(jv_int(jv_get(root, "s"), -3), -3);
	assert_int_equal(jv_int(jv_get(root, "r"), -3), -3);
	assert_int_equal((int)jv_real(jv_get(root, "n"), 0), 5);
	assert_string_equal(jv_str(jv_get(root, "n"), "no"), "no");
	assert_true(jv_bool(jv_get(root, "b"), false));
	assert_true(jv_bool(jv_get(root, "n"), true));
	assert_int_equal(jv_int(jv_at(jv_get(root, "l"), 0), 0), 7);
	assert_null(jv_at(jv_get(root, "l"), 1));
	assert_null(jv_get(root, "nothing"));
	assert_null(jv_get(jv_get(root, "nothing"), "deeper"));
	assert_int_equal(jv_int(NULL, 9), 9);
	assert_true(jv_is_null(NULL));
	jv_free(root);
}

static void keys_keep_their_order(void **state)
{
	struct jv *root = parse("{\"z\":1,\"a\":2,\"m\":3}");
	const struct jv *value;

	(void)state;
	assert_int_equal(jv_count(root), 3);
	assert_string_equal(jv_key_at(root, 0, &value), "z");
	assert_int_equal(jv_int(value, 0), 1);
	assert_string_equal(jv_key_at(root, 2, NULL), "m");
	assert_null(jv_key_at(root, 3, NULL));
	jv_free(root);
}

static void broken_text_is_refused_with_its_place(void **state)
{
	(void)state;
	assert_refused("{\n  \"a\" 1}", "line 2, column ");
	assert_refused("", "line ");
	assert_refused("{} x", "line 1");
	assert_refused("{\"a\":1,\"a\":2}", "duplicate");
	assert_refused("\"\xff\"", "line 1");
	assert_refused("nan", "line 1");
}

static void limits_are_kept(void **state)
{
	char deep[401], large[64] = "[1234567890]";
	struct err err;

	(void)state;
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	deep[130] = '\0';
	assert_refused(deep, "deeper than 64");
	memset(deep, '[', 64);
	memset(deep + 64, ']', 64);
	deep[128] = '\0';
	jv_free(parse(deep));
	assert_null(jv_parse(large, strlen(large), 5, &err));
	assert_string_equal(err.text, "JSON text of 12 bytes is larger than 5");
}

static void broken_utf8_is_replaced(void **state)
{
	struct jv *json = jv_new_string("a\xff\xc3(\xe2\x82\xac\xed\xa0\x80");

	(void)state;
	assert_string_equal(jv_str(json, ""),
		"a\xef\xbf\xbd\xef\xbf\xbd(\xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	jv_free(json);
}

static void what_is_no_number_is_null(void **state)
{
	struct jv *nan_value = jv_new_real(NAN), *infinite = jv_new_real(INFINITY);

	(void)state;
	assert_true(jv_is_null(nan_value));
	assert_true(jv_is_null(infinite));
	jv_free(nan_value);
	jv_free(infinite);
}

static void large_numbers_survive(void **state)
{
	struct jv *json = jv_new_int(INT64_MAX), *again;
	struct buf out = {0};

	(void)state;
	jv_print(json, 0, &out);
	again = parse(buf_str(&out));
	assert_int_equal(jv_int(again, 0), INT64_MAX);
	jv_free(json);
	jv_free(again);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_what_was_built),
		cmocka_unit_test(reading_is_lenient),
		cmocka_unit_test(keys_keep_their_order),
		cmocka_unit_test(broken_text_is_refused_with_its_place),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(broken_utf8_is_replaced),
		cmocka_unit_test(what_is_no_number_is_null),
		cmocka_unit_test(large_numbers_survive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
