#include "fixtures/base/param.h"
#include "fixtures/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum colour { RED, GREEN };

struct thing {
	uint64_t delay, loss, rate, colour, on;
	const char *name;
};

static const char *const colours[] = {"red", "green", NULL};
static const struct param rows[] = {
	{.name = "delay",
		.type = PARAM_DURATION,
		.fallback = "10ms",
		.min = 1000000,
		.max = 10000000000,
		.offset = offsetof(struct thing, delay)},
	{.name = "loss",
		.type = PARAM_SHARE,
		.fallback = "0%",
		.max = 1000000,
		.offset = offsetof(struct thing, loss)},
	{.name = "rate", .type = PARAM_RATE, .offset = offsetof(struct thing, rate)},
	{.name = "colour",
		.type = PARAM_CHOICE,
		.fallback = "green",
		.choices = colours,
		.offset = offsetof(struct thing, colour)},
	{.name = "on", .type = PARAM_BOOL, .fallback = "yes", .offset = offsetof(struct thing, on)},
	{.name = "name", .type = PARAM_STRING, .offset = offsetof(struct thing, name)},
	PARAM_END,
};

static uint64_t parse(enum param_type type, const char *text)
{
	struct err err;
	uint64_t value;

	if (param_parse_value(type, text, &value, &err))
		fail_msg("%s", err.text);
	return value;
}

static void assert_refused(enum param_type type, const char *text, const char *sentence)
{
	struct err err;
	uint64_t value;

	assert_int_equal(param_parse_value(type, text, &value, &err), -1);
	assert_string_equal(err.text, sentence);
}

static void values_are_stored_in_one_unit(void **state)
{
	(void)state;
	assert_int_equal(parse(PARAM_DURATION, "200ms"), 200000000);
	assert_int_equal(parse(PARAM_DURATION, "0.5s"), 500000000);
	assert_int_equal(parse(PARAM_DURATION, "2m"), UINT64_C(120000000000));
	assert_int_equal(parse(PARAM_SHARE, "5%"), 50000);
	assert_int_equal(parse(PARAM_SHARE, "0.1%"), 1000);
	assert_int_equal(parse(PARAM_SHARE, "200ppm"), 200);
	assert_int_equal(parse(PARAM_RATE, "50/s"), 50000000);
	assert_int_equal(parse(PARAM_RATE, "3/m"), 50000);
	assert_int_equal(parse(PARAM_BITRATE, "10mbit"), 10000000);
	assert_int_equal(parse(PARAM_SIZE, "64kb"), 65536);
	assert_int_equal(parse(PARAM_COUNT, "2000"), 2000);
	assert_int_equal(parse(PARAM_BOOL, "on"), 1);
	assert_int_equal(parse(PARAM_BOOL, "no"), 0);
}

static void a_bare_number_is_refused_with_the_mend(void **state)
{
	(void)state;
	assert_refused(PARAM_DURATION, "200", "'200' has no unit: write 200s or 200ms");
	assert_refused(PARAM_SHARE, "5", "'5' has no unit: write 5%");
	assert_refused(PARAM_RATE, "50", "'50' has no unit: write 50/s");
}

static void what_is_no_value_is_refused(void **state)
{
	static const char *const bad[] = {"", "ms", "-5ms", "+5ms", "0x10ms", "1e3ms", "nanms",
		"infs", "1.2.3s", ".s", " 5ms", "5 ms", "5mss", "5ms ", "99999999999999h"};
	struct err err;
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (!param_parse_value(PARAM_DURATION, bad[i], &value, &err))
			fail_msg("'%s' was taken", bad[i]);
	}
	assert_refused(PARAM_COUNT, "1.5", "'1.5' is not a whole number");
	assert_refused(PARAM_BOOL, "maybe", "'maybe' is neither yes nor no");
	assert_refused(PARAM_DURATION, "5furlongs",
		"'5furlongs' is not a duration such as 200ms or 20s: unit 'furlongs' is unknown");
}

static void rows_fill_a_struct(void **state)
{
	struct thing thing = {0};
	struct err err;

	(void)state;
	param_set_defaults(rows, &thing);
	assert_int_equal(thing.delay, 10000000);
	assert_int_equal(thing.colour, GREEN);
	assert_int_equal(thing.on, 1);
	assert_null(thing.name);
	assert_int_equal(param_set(param_find(rows, "colour"), &thing, "red", &err), 0);
	assert_int_equal(param_set(param_find(rows, "name"), &thing, "x", &err), 0);
	assert_int_equal(thing.colour, RED);
	assert_string_equal(thing.name, "x");
	assert_null(param_find(rows, "weight"));
}

static void the_range_is_kept(void **state)
{
	struct thing thing = {0};
	struct err err;

	(void)state;
	assert_int_equal(param_set(param_find(rows, "delay"), &thing, "1ms", &err), 0);
	assert_int_equal(param_set(param_find(rows, "delay"), &thing, "10s", &err), 0);
	assert_int_equal(param_set(param_find(rows, "delay"), &thing, "999us", &err), -1);
	assert_string_equal(err.text, "delay: 999us is below the least allowed, 1ms");
	assert_int_equal(param_set(param_find(rows, "delay"), &thing, "11s", &err), -1);
	assert_string_equal(err.text, "delay: 11s is above the most allowed, 10s");
	assert_int_equal(thing.delay, UINT64_C(10000000000));
	assert_int_equal(param_set(param_find(rows, "colour"), &thing, "blue", &err), -1);
	assert_string_equal(err.text, "colour: 'blue' is none of: red, green");
}

static void the_nearest_name_is_found_and_a_far_one_is_not(void **state)
{
	(void)state;
	assert_string_equal(param_nearest_row("delya", rows), "delay");
	assert_string_equal(param_nearest_row("color", rows), "colour");
	assert_null(param_nearest_row("bandwidth", rows));
	assert_null(param_nearest("x", NULL, 0));
}

static void assert_prints(enum param_type type, uint64_t value, const char *text)
{
	struct buf out = {0};

	param_print(&out, type, value);
	assert_string_equal(buf_str(&out), text);
	buf_release(&out);
}

static void values_are_printed_as_a_user_writes_them(void **state)
{
	(void)state;
	assert_prints(PARAM_DURATION, 80000000, "80ms");
	assert_prints(PARAM_DURATION, 0, "0s");
	assert_prints(PARAM_DURATION, 1500000000, "1.5s");
	assert_prints(PARAM_SHARE, 1000, "0.1%");
	assert_prints(PARAM_RATE, 30000000, "30/s");
	assert_prints(PARAM_BITRATE, 10000000, "10mbit");
	assert_prints(PARAM_SIZE, 65536, "64kb");
	assert_prints(PARAM_BOOL, 1, "yes");
	assert_prints(PARAM_COUNT, 7, "7");
}

static void what_is_printed_parses_to_the_same(void **state)
{
	static const uint64_t values[] = {0, 1, 999, 1000, 1500, 62000000, 80000000, 999999999,
		1000000000, 90000000000, 123456789012};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		for (enum param_type type = PARAM_DURATION; type <= PARAM_COUNT; type++) {
			struct buf out = {0};

			param_print(&out, type, values[i]);
			assert_int_equal(parse(type, buf_str(&out)), values[i]);
			buf_release(&out);
		}
	}
}

static void a_row_is_printed_with_its_own_words(void **state)
{
	struct thing thing = {.name = "n"};
	struct buf out = {0};

	(void)state;
	param_set_defaults(rows, &thing);
	for (const struct param *row = rows; row->name; row++) {
		param_print_row(&out, row, &thing);
		buf_addc(&out, ' ');
	}
	assert_string_equal(buf_str(&out), "10ms 0% 0/s green yes n ");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_stored_in_one_unit),
		cmocka_unit_test(a_bare_number_is_refused_with_the_mend),
		cmocka_unit_test(what_is_no_value_is_refused),
		cmocka_unit_test(rows_fill_a_struct),
		cmocka_unit_test(the_range_is_kept),
		cmocka_unit_test(the_nearest_name_is_found_and_a_far_one_is_not),
		cmocka_unit_test(values_are_printed_as_a_user_writes_them),
		cmocka_unit_test(what_is_printed_parses_to_the_same),
		cmocka_unit_test(a_row_is_printed_with_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
