#include "reports/writers/writer.h"
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "reports/result_read.h"
#include "suites/tests/helpers/results.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Write, parse again. The caller frees. */
static struct jv *round_trip(struct arena *arena, const char *hostile)
{
	struct writer_options options = {0};
	struct buf text = {0};
	struct err err;
	struct jv *json;

	writer_find("json")->write(results_new(arena, hostile), &options, &text);
	json = jv_parse(buf_str(&text), text.len, 1 << 20, &err);
	if (!json)
		fail_msg("%s\n%s", err.text, buf_str(&text));
	buf_release(&text);
	return json;
}

static const char *text_at(const struct jv *object, const char *key)
{
	return jv_str(jv_get(object, key), "(none)");
}

static void holds_what_the_result_holds(void **state)
{
	struct arena arena = {0};
	struct jv *json = round_trip(&arena, NULL);
	const struct jv *lost = jv_at(jv_get(json, "expectations"), 1);
	const struct jv *op = jv_at(jv_get(jv_at(jv_get(lost, "witnesses"), 0), "ops"), 0);
	const struct jv *cut = jv_at(jv_get(json, "faults"), 0);

	(void)state;
	assert_int_equal(jv_int(jv_get(json, "schema"), 0), RESULT_SCHEMA);
	assert_int_equal(jv_int(jv_get(json, "seed"), 0), 20260607);
	assert_int_equal(jv_int(jv_get(jv_get(json, "tally"), "pass"), 0), 2);
	assert_string_equal(text_at(lost, "verdict"), "fail");
	assert_string_equal(text_at(lost, "got"), "7");
	assert_int_equal((int)jv_real(jv_get(lost, "got_value"), -1), 7);
	assert_int_equal(jv_int(jv_get(op, "index"), 0), 2291);
	assert_int_equal(jv_int(jv_get(op, "call_ns"), 0), 15310000000);
	assert_string_equal(text_at(jv_get(cut, "certificate"), "status"), "certified");
	assert_int_equal(jv_int(jv_get(cut, "in_force_ns"), 0), 15000400000);
	jv_free(json);
	arena_release(&arena);
}

/* A file of another version, or a damaged one: names are empty, never nothing. */
static void a_run_without_most_of_its_fields_can_be_written(void **state)
{
	static const char text[] = "{\"schema\":1,\"faults\":[{}],\"expectations\":[{}],"
				   "\"regions\":[{}],\"cleanup\":{\"changes\":[{}]}}";
	const struct writer_options plain = {0};
	struct arena arena = {0};
	struct buf run = {0};
	struct result result;
	struct err err;

	(void)state;
	buf_puts(&run, text);
	if (result_parse(&arena, &run, NULL, &result, &err))
		fail_msg("%s", err.text);
	assert_string_equal(result.scenario, "");
	assert_string_equal(result.faults[0].status, "");
	for (const struct writer *w = writers; w->name; w++) {
		struct buf out = {0};

		w->write(&result, &plain, &out);
		buf_release(&out);
	}
	buf_release(&run);
	arena_release(&arena);
}

static void what_was_not_measured_is_null(void **state)
{
	struct arena arena = {0};
	struct jv *json = round_trip(&arena, NULL);
	const struct jv *rto = jv_at(jv_get(json, "expectations"), 2);
	const struct jv *stale = jv_at(jv_get(json, "expectations"), 3);

	(void)state;
	assert_true(jv_is_null(jv_get(stale, "got_value")));
	assert_non_null(jv_get(stale, "got_value"));
	assert_true(jv_is_number(jv_get(jv_at(jv_get(rto, "parts"), 0), "value_ns")));
	assert_string_equal(text_at(jv_at(jv_get(rto, "parts"), 2), "name"), "redirect");
	assert_true(jv_is_null(jv_get(jv_at(jv_get(rto, "parts"), 2), "value_ns")));
	jv_free(json);
	arena_release(&arena);
}

static void foreign_text_cannot_break_out(void **state)
{
	struct arena arena = {0};
	struct jv *json = round_trip(&arena, RESULTS_HOSTILE);

	(void)state;
	assert_int_equal(jv_count(jv_get(json, "expectations")), 7);
	assert_int_equal(jv_count(jv_get(json, "faults")), 2);
	assert_string_equal(text_at(json, "tool"), "regionproof");
	assert_string_equal(text_at(json, "seed"), "18446744073709551615");
	jv_free(json);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_the_result_holds),
		cmocka_unit_test(a_run_without_most_of_its_fields_can_be_written),
		cmocka_unit_test(what_was_not_measured_is_null),
		cmocka_unit_test(foreign_text_cannot_break_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
