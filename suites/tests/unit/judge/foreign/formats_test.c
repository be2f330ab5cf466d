/* The formats of recorded histories: what each makes of its traps, and of what is damaged. */
#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "suites/judge/foreign/edn.h"
#include "suites/judge/foreign/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef int reader(
	struct arena *arena, const char *text, size_t len, struct past *out, struct err *err);

struct world {
	struct arena arena;
	struct past past;
	struct err err;
};

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){.past = {0}};
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	arena_release(&((struct world *)*state)->arena);
	return 0;
}

static void read_text(struct world *w, reader *read, const char *text)
{
	if (read(&w->arena, text, strlen(text), &w->past, &w->err))
		fail_msg("%s", w->err.text);
}

static void refuses(struct world *w, reader *read, const char *text, const char *why)
{
	w->past = (struct past){0};
	assert_int_equal(read(&w->arena, text, strlen(text), &w->past, &w->err), -1);
	if (!strstr(w->err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", w->err.text, why);
}

static void prints(struct world *w, const char *text, const char *printed)
{
	struct datum datum;
	struct buf out = {0};
	struct edn edn;

	edn_init(&edn, &w->arena, text, strlen(text));
	if (edn_next(&edn, &datum, &w->err) != 1)
		fail_msg("%s", w->err.text);
	datum_print(&datum, &out);
	assert_string_equal(buf_str(&out), printed);
	buf_release(&out);
	edn_release(&edn);
}

static void values_of_both_notations_are_read(void **state)
{
	struct world *w = *state;

	prints(w, "[1 -2 +3 4N 1.5 nil true :a/b \"c d\\n\"]", "[1 -2 3 4 1.5 nil true a/b c d\n]");
	prints(w, "; comment\n#tag {:a #{1 2}, #_ left-out :b (3)}", "{a [1 2] b [3]}");
	prints(w, "[#_ #_ 1 2 3]", "[3]");
	prints(w, "[{\"a\": [1, null, \"\\u00e9\"], \"b\":{}}]", "[{a [1 nil \xc3\xa9] b {}}]");
	prints(w, "99999999999999999999", "99999999999999999999");
}

static void what_is_damaged_is_refused_with_its_place(void **state)
{
	struct world *w = *state;

	refuses(w, read_elle, "[{:process 1\n :type", "line 2, column 7: the text ends");
	refuses(w, read_elle, "\n\n  ]", "line 3, column 3: a value was expected");
	refuses(w, read_elle, "{:process 1 :type :ok :value \"a", "ends within a string");
	refuses(w, read_elle, "{:process 1 :type}", "a key that has no value");
	refuses(w, read_elle, "12x", "a number with other characters");
	refuses(w, read_elle, "[3]", "line 1: an operation is a map");
	refuses(w, read_elle, "{:process 1 :type :ok :f :read}", "returns from nothing");
	refuses(w, read_elle, "{:process 1 :type :done :f :read}", "not done");
	refuses(w, read_elle,
		"{:process 1 :type :invoke :f :read}\n{:process 1 :type :ok :f :write}",
		"line 2: process 1 returns from write, but called read");
	refuses(w, read_jsonl, "{\"process\": 1", "line 1, column 14");
	refuses(w, read_jsonl,
		"{\"process\": 1, \"f\": \"read\", \"outcome\": \"ok\", \"call\": 3}",
		"what was ok has a \"ret\"");
	refuses(w, read_etcd_log, "INFO  jepsen.util - 1\t:ok\t:read\t3", "returns from nothing");
	refuses(w, read_etcd_log, "INFO  jepsen.util - 1\t:invoke\t:cas\t[1 ", "the text ends");
}

static void deep_nesting_is_refused(void **state)
{
	struct buf text = {0};

	for (int i = 0; i < 100000; i++)
		buf_puts(&text, i % 2 ? "[" : "#_");
	refuses(*state, read_elle, buf_str(&text), "nested more deeply");
	buf_release(&text);
}

/* Four thousand open values and then many small lists: once quadratic in memory. */
static void a_megabyte_of_anything_takes_no_time(void **state)
{
	struct world *w = *state;
	struct buf text = {0};
	uint64_t start = clock_now_ns();

	buf_puts(&text, "[");
	for (int i = 0; i < 4095; i++)
		buf_puts(&text, "1 ");
	for (int i = 0; i < 250000; i++)
		buf_puts(&text, "[1] ");
	refuses(w, read_elle, buf_str(&text), "the text ends");
	assert_true(clock_now_ns() - start < 5 * NSEC_PER_SEC);
	buf_release(&text);
}

static void knossos_has_its_traps(void **state)
{
	struct world *w = *state;

	read_text(w, read_knossos,
		"[{:process :nemesis :type :info :f :start}\n"
		" {:process 1 :type :invoke :f :write :value 3}\n"
		" {:process 2 :type :invoke :f :read :value nil}\n"
		" {:process 1 :type :info :f :write :value 3 :error :timeout}\n"
		" {:process 2 :type :ok :f :read :value 3}]");
	assert_int_equal(w->past.n, 2);
	assert_int_equal(w->past.n_ignored, 1);
	assert_int_equal(w->past.ops[0].outcome, PAST_UNKNOWN);
	assert_true(w->past.ops[0].ret == PAST_NEVER);
	assert_int_equal(w->past.ops[1].got->number, 3);
	assert_int_equal(w->past.ops[1].line, 3);
	assert_string_equal(w->past.initial, "0");
	assert_true(w->past.nil_read_says_nothing);
}

static void json_of_the_same_shape_reads_alike(void **state)
{
	struct world *w = *state;

	read_text(w, read_elle,
		"[{\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"value\":null},\n"
		"{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":{\"1\":5}}]");
	assert_int_equal(w->past.n, 1);
	assert_int_equal(w->past.ops[0].outcome, PAST_OK);
	assert_int_equal(datum_get(w->past.ops[0].got, "1")->number, 5);
}

static void etcd_logs_have_theirs(void **state)
{
	struct world *w = *state;

	read_text(w, read_etcd_log,
		"INFO  jepsen.core - Worker 0 starting\n"
		"INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\n"
		"INFO  jepsen.util - 1\t:invoke\t:read\tnil\n"
		"INFO  jepsen.util - 2\t:invoke\t:cas\t[3 4]\n"
		"INFO  jepsen.util - 0\t:fail\t:cas\t[1 2]\n"
		"INFO  jepsen.util - 1\t:fail\t:read\t:timed-out\n"
		"INFO  jepsen.util - 2\t:info\t:cas\t:timed-out\n");
	assert_int_equal(w->past.n, 3);
	assert_int_equal(w->past.n_ignored, 1);
	assert_int_equal(w->past.ops[0].outcome, PAST_OK);
	assert_true(w->past.ops[0].refused);
	assert_int_equal(w->past.ops[1].outcome, PAST_UNKNOWN);
	assert_int_equal(w->past.ops[2].outcome, PAST_UNKNOWN);
	assert_int_equal(datum_at(w->past.ops[2].given, 1)->number, 4);
}

static void json_lines_are_sorted_by_call(void **state)
{
	struct world *w = *state;

	read_text(w, read_jsonl,
		"{\"process\":1,\"f\":\"write\",\"key\":\"x\",\"value\":1,\"outcome\":\"ok\","
		"\"call\":5,\"ret\":9}\n"
		"{\"process\":2,\"f\":\"cas\",\"key\":\"x\",\"value\":[1,2],\"outcome\":\"refused\","
		"\"call\":1,\"ret\":2}\n"
		"{\"process\":3,\"f\":\"read\",\"result\":7,\"outcome\":\"unknown\",\"call\":7,\"ret\":8}\n");
	assert_int_equal(w->past.n, 3);
	assert_true(w->past.ops[0].refused);
	assert_int_equal(w->past.ops[1].ret, 9);
	assert_true(datum_is(w->past.ops[1].key, "x"));
	assert_int_equal(w->past.ops[2].got->number, 7);
	assert_true(w->past.ops[2].ret == PAST_NEVER);
}

static void independent_keys_part_a_history(void **state)
{
	struct world *w = *state;

	read_text(w, read_knossos,
		"\xef\xbb\xbf[{:process 0 :type :invoke :f :cas :value [7 [1 2]]}\r\n"
		"{:process 0 :type :ok :f :cas :value [7 [1 2]]}\r\n"
		"{:process 1 :type :invoke :f :read :value [\"k\" nil]}\r\n"
		"{:process 1 :type :ok :f :read :value [\"k\" ##NaN]}]");
	assert_int_equal(w->past.n, 2);
	assert_int_equal(w->past.ops[0].key->number, 7);
	assert_int_equal(datum_at(w->past.ops[0].given, 1)->number, 2);
	assert_true(datum_is(w->past.ops[1].key, "k"));
	assert_true(datum_is(w->past.ops[1].got, "#NaN"));
}

static void pairs_alone_are_no_keys(void **state)
{
	struct world *w = *state;

	read_text(w, read_knossos,
		"{:process 0 :type :invoke :f :cas :value [1 2]}{:process 0 :type :ok :f :cas}");
	assert_null(w->past.ops[0].key);
	assert_int_equal(datum_at(w->past.ops[0].given, 0)->number, 1);
}

static void indexes_put_events_in_order_where_they_are_unique(void **state)
{
	struct world *w = *state;

	read_text(w, read_elle,
		"{\"process\":1,\"type\":\"ok\",\"f\":\"read\",\"value\":5,\"index\":1}\n"
		"{\"process\":\"1\",\"type\":\"invoke\",\"f\":\"read\",\"index\":0}");
	assert_int_equal(w->past.n, 1);
	assert_int_equal(w->past.ops[0].got->number, 5);
	w->past = (struct past){0};
	read_text(w, read_elle,
		"{:type :invoke :f :read :index 1}{:type :ok :f :read :value 1 :index 2}"
		"{:process 2 :type :invoke :f :read :index 1}"
		"{:process 2 :type :ok :f :read :value 2 :index 2}");
	assert_int_equal(w->past.n, 2);
	assert_int_equal(w->past.ops[1].got->number, 2);
}

static void both_texts_of_transactions_are_read(void **state)
{
	struct world *w = *state;

	read_text(w, read_awdit,
		"w 0 1\r\n  r 1 99999999999999999999\r\n---\r\nw,0,2\n====\n\nr 0, 2");
	assert_int_equal(w->past.n, 3);
	assert_int_equal(w->past.ops[0].got->n, 2);
	assert_int_equal(w->past.ops[1].process, 0);
	assert_int_equal(w->past.ops[2].process, 1);
	assert_int_equal(w->past.ops[2].line, 7);
	assert_true(w->past.is_timeless);
	w->past = (struct past){0};
	read_text(w, read_awdit, "r(1,2,3,4)\nw(1,3,5,4)\nw(1,2,3,4)\nw(1,9,3,-1)\n");
	assert_int_equal(w->past.n, 3);
	assert_int_equal(w->past.ops[0].got->n, 2);
	assert_int_equal(w->past.ops[2].outcome, PAST_FAIL);
}

static void damaged_texts_of_transactions_are_refused(void **state)
{
	struct world *w = *state;

	refuses(w, read_awdit, "w 0 1\nq 1 2", "line 2: \"r\" or \"w\"");
	refuses(w, read_awdit, "w 0", "line 1: \"r\" or \"w\", a key and a value");
	refuses(w, read_awdit, "w 0 1 2", "nothing was expected behind");
	refuses(w, read_awdit, "w 0 x", "whole numbers");
	refuses(w, read_awdit, "w(0,1,2", "\"w(key,value,session,transaction)\"");
	refuses(w, read_awdit, "w", "with blanks or commas between");
	refuses(w, read_etcd_log, "{:process 0}\n", "no line of it is an operation");
}

/* Written here: the scratch directory of the test. */
static void what_there_is_no_memory_for_is_refused_before_it_is_read(void **state)
{
	const struct format *format = format_find("jsonl");
	const char *line =
		"{\"process\":0,\"f\":\"read\",\"value\":null,\"outcome\":\"ok\",\"call\":1,\"ret\":2}\n";
	struct world *w = *state;
	struct buf text = {0};
	uint64_t takes;

	buf_puts(&text, line);
	takes = text.len * format->memory_per_byte;
	assert_int_equal(buf_write_file(&text, "one.jsonl", &w->err), 0);
	buf_release(&text);
	assert_int_equal(format_check_room(format, "one.jsonl", takes, &w->err), 0);
	assert_int_equal(format_check_room(format, "one.jsonl", takes - 1, &w->err), -1);
	assert_int_equal(w->err.code, EXIT_MACHINE);
	assert_non_null(strstr(w->err.text, "one.jsonl is"));
	assert_int_equal(format_read(format, &w->arena, "one.jsonl", &w->past, &w->err), 0);
	assert_int_equal(w->past.n, 1);
	w->err = (struct err){{0}, 0};
	/* What is not there is another sentence's business. */
	assert_int_equal(format_check_room(format, "none.jsonl", 0, &w->err), 0);
	assert_int_equal(format_read(format, &w->arena, "none.jsonl", &w->past, &w->err), -1);
	assert_int_equal(w->err.code, EXIT_SCENARIO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_of_both_notations_are_read),
		TEST(what_is_damaged_is_refused_with_its_place),
		TEST(deep_nesting_is_refused),
		TEST(a_megabyte_of_anything_takes_no_time),
		TEST(knossos_has_its_traps),
		TEST(json_of_the_same_shape_reads_alike),
		TEST(etcd_logs_have_theirs),
		TEST(json_lines_are_sorted_by_call),
		TEST(independent_keys_part_a_history),
		TEST(pairs_alone_are_no_keys),
		TEST(indexes_put_events_in_order_where_they_are_unique),
		TEST(both_texts_of_transactions_are_read),
		TEST(damaged_texts_of_transactions_are_refused),
		TEST(what_there_is_no_memory_for_is_refused_before_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
