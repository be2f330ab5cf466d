/* How a run does right now: ages, losses, the conditions that end it, the metrics of `watch`. */
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "suites/live/abort_if.h"
#include "suites/live/exposition.h"
#include "suites/live/vitals.h"
#include "suites/tests/helpers/scenario_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EPOCH UINT64_C(1000000000000)
#define MS UINT64_C(1000000)

static struct plan *plan;
static struct vitals *vitals;
static struct arena arena;
static struct abort_if *conditions;

/* tail: the rest of the scenario, such as its conditions. */
static void begin(const char *tail)
{
	struct scenario_text text = SCENARIO_TEXT;

	text.tail = tail;
	plan = assert_plan(&text);
	vitals = vitals_new(plan);
	conditions = abort_if_new(&arena, plan);
}

static int end(void **state)
{
	(void)state;
	vitals_free(vitals);
	plan_free(plan);
	arena_release(&arena);
	vitals = NULL;
	plan = NULL;
	return 0;
}

/* What a prober says, as JSON with ' for ". */
static void tell(unsigned region, const char *fmt, ...)
{
	char text[1000];
	struct jv *body;
	struct err err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	body = jv_parse(text, strlen(text), sizeof(text), &err);
	if (!body)
		fail_msg("%s", err.text);
	if (jv_get(body, "second"))
		vitals_take_beacon(vitals, region, body);
	else
		vitals_take_prober(vitals, region, body, EPOCH);
	jv_free(body);
}

static unsigned long long at(uint64_t ms)
{
	return EPOCH + ms * MS;
}

static double age(unsigned reader, unsigned writer, uint64_t now_ms)
{
	return vitals_pair(vitals, reader, writer, now_ms * MS).staleness_ns / 1e6;
}

static void a_read_is_as_old_as_the_first_write_that_it_missed(void **state)
{
	(void)state;
	begin("");
	tell(0, "{'at_ns':%llu,'acked':[[1,%llu],[2,%llu],[3,%llu]]}", at(1000), at(100), at(400),
		at(700));
	tell(1, "{'at_ns':%llu,'seen':[[1,%llu,0],[3,%llu,2]]}", at(1000), at(900), at(900));
	assert_true(age(1, 0, 1000) == 500);
	assert_true(age(2, 0, 1000) < 0); /* nobody read */
	assert_true(age(1, 2, 1000) < 0); /* the writer has told nothing up to then */
	tell(1, "{'at_ns':%llu,'seen':[[3,%llu,0]]}", at(1000), at(950));
	assert_true(age(1, 0, 1000) == 0);
}

static void what_nobody_tells_of_any_more_is_unknown(void **state)
{
	(void)state;
	begin("");
	tell(0, "{'at_ns':%llu,'acked':[[1,%llu]],'tick_reads':{'ok':9}}", at(1000), at(100));
	tell(1, "{'at_ns':%llu,'seen':[[0,%llu,0]]}", at(1000), at(900));
	assert_true(age(1, 0, 1500) == 800);
	assert_true(age(1, 0, 9000) < 0);
	assert_true(vitals_rates(vitals, 0, 1500 * MS).availability == 1);
	assert_true(vitals_rates(vitals, 0, 9000 * MS).availability < 0);
	assert_true(vitals_rates(vitals, 2, 1500 * MS).availability < 0);
}

static void a_read_is_judged_once_its_writer_has_told_up_to_it(void **state)
{
	(void)state;
	begin("");
	tell(0, "{'at_ns':%llu,'acked':[[1,%llu]]}", at(1000), at(100));
	tell(1, "{'at_ns':%llu,'seen':[[1,%llu,0]]}", at(1000), at(900));
	/* The write that it misses is not told of yet: the read before it is what is known. */
	tell(1, "{'at_ns':%llu,'seen':[[1,%llu,0]]}", at(1500), at(1400));
	assert_true(age(1, 0, 1500) == 0);
	tell(0, "{'at_ns':%llu,'acked':[[2,%llu]]}", at(1500), at(1100));
	assert_true(age(1, 0, 1500) == 300);
}

static void loss_and_delay_are_of_one_second(void **state)
{
	struct vital_pair pair;

	(void)state;
	begin("");
	tell(0, "{'second':4,'sent':[0,400,400],'arrived':[[0,0,0],[0,0,0],[0,0,0]]}");
	pair = vitals_pair(vitals, 0, 1, 6500 * MS);
	assert_true(pair.loss < 0 && pair.delay_ns < 0);
	tell(1, "{'second':4,'sent':[0,0,0],'arrived':[[300,40000000,41000000],[0,0,0],[0,0,0]]}");
	pair = vitals_pair(vitals, 0, 1, 6500 * MS);
	assert_true(pair.loss == 0.25 && pair.delay_ns == 40e6);
	/* The sender is a second ahead: its count is of another one. */
	tell(0, "{'second':5,'sent':[0,400,400],'arrived':[[0,0,0],[0,0,0],[0,0,0]]}");
	pair = vitals_pair(vitals, 0, 1, 6500 * MS);
	assert_true(pair.loss < 0 && pair.delay_ns == 40e6);
	assert_true(vitals_pair(vitals, 0, 1, 60000 * MS).delay_ns < 0);
}

static const char *errors(unsigned region, uint64_t at_ms, int ok, int fail)
{
	tell(region, "{'at_ns':%llu,'reads':{'ok':%d,'fail':%d}}", at(at_ms), ok, fail);
	return abort_if_look(conditions, &arena, vitals, region);
}

static void a_condition_fires_when_its_line_was_crossed_for_its_time(void **state)
{
	const char *why;

	(void)state;
	begin("safety: { abort-if: [ errors > 50% for 1s ] }\n");
	assert_null(errors(1, 500, 100, 0));
	assert_null(errors(1, 1000, 110, 90)); /* 90 of 100: crossed from 0.5 s on */
	why = errors(1, 1500, 110, 140);
	assert_non_null(why);
	assert_non_null(strstr(why, "'errors > 50% for 1s'"));
	assert_non_null(strstr(why, "100.00 % in eu, crossed since 0.5 s"));
}

static void a_condition_is_silent_where_the_crossing_was_broken(void **state)
{
	(void)state;
	begin("safety: { abort-if: [ errors > 50% for 1s ] }\n");
	assert_null(errors(1, 500, 0, 100));
	assert_null(errors(1, 1000, 100, 100)); /* a good period */
	assert_null(errors(1, 1500, 100, 200));
	assert_null(errors(0, 1000, 0, 0));
	assert_null(errors(0, 1500, 10, 90)); /* another region, for half a second at most */
	assert_null(errors(1, 1900, 200, 200));
}

static void no_operations_are_neither_good_nor_bad_news(void **state)
{
	(void)state;
	begin("safety: { abort-if: [ errors > 50% for 2s ] }\n");
	assert_null(errors(1, 500, 100, 0));
	assert_null(errors(1, 1000, 100, 100));
	assert_null(errors(1, 1500, 100, 100)); /* all sessions wait */
	assert_null(errors(1, 2000, 100, 100));
	assert_non_null(errors(1, 2500, 100, 200));
}

static void a_condition_may_be_of_one_region_and_class(void **state)
{
	(void)state;
	begin("safety: { abort-if: [ errors > 50% for writes at ap ] }\n");
	assert_null(errors(1, 500, 0, 100));
	assert_null(errors(2, 500, 0, 100)); /* reads */
	tell(2, "{'at_ns':%llu,'writes':{'ok':1,'unknown':9}}", at(1000));
	assert_non_null(abort_if_look(conditions, &arena, vitals, 2));
}

static void latency_availability_and_age_are_watched(void **state)
{
	(void)state;
	begin("safety: { abort-if: [ latency.p99 > 1s, availability < 50%, staleness.max > 2s ] }\n");
	tell(0,
		"{'at_ns':%llu,'reads':{'ok':9,'p99_ns':900000000},'tick_reads':{'ok':6,'fail':4},"
		"'acked':[[1,%llu]]}",
		at(3000), at(100));
	assert_null(abort_if_look(conditions, &arena, vitals, 0));
	tell(1, "{'at_ns':%llu,'seen':[[0,%llu,0]]}", at(3000), at(2900));
	assert_non_null(strstr(abort_if_look(conditions, &arena, vitals, 1), "staleness.max"));
	tell(0, "{'at_ns':%llu,'reads':{'ok':10,'p99_ns':1100000000}}", at(3500));
	assert_non_null(strstr(abort_if_look(conditions, &arena, vitals, 0), "latency.p99"));
	tell(2, "{'at_ns':%llu,'tick_writes':{'ok':1,'unknown':2}}", at(3500));
	assert_non_null(strstr(abort_if_look(conditions, &arena, vitals, 2), "availability"));
}

static void metrics_leave_out_what_is_unknown(void **state)
{
	struct buf text = {0};

	(void)state;
	begin("");
	exposition_write(plan, vitals, 1000 * MS, &text);
	assert_null(strstr(text.data, "_ratio{"));
	assert_non_null(strstr(text.data, "role=\"unknown\"} 1\n"));
	tell(0, "{'at_ns':%llu,'tick_reads':{'ok':3,'fail':1},'roles':[[0,1,7]]}", at(1000));
	buf_clear(&text);
	exposition_write(plan, vitals, 1000 * MS, &text);
	assert_non_null(
		strstr(text.data, "regionproof_watch_availability_ratio{region=\"us\"} 0.75\n"));
	assert_non_null(strstr(text.data, "role=\"primary\"} 1\n"));
	assert_non_null(strstr(text.data, "} 7\n"));
	assert_string_equal(text.data + text.len - 6, "# EOF\n");
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_read_is_as_old_as_the_first_write_that_it_missed, end),
		cmocka_unit_test_teardown(what_nobody_tells_of_any_more_is_unknown, end),
		cmocka_unit_test_teardown(a_read_is_judged_once_its_writer_has_told_up_to_it, end),
		cmocka_unit_test_teardown(loss_and_delay_are_of_one_second, end),
		cmocka_unit_test_teardown(
			a_condition_fires_when_its_line_was_crossed_for_its_time, end),
		cmocka_unit_test_teardown(a_condition_is_silent_where_the_crossing_was_broken, end),
		cmocka_unit_test_teardown(no_operations_are_neither_good_nor_bad_news, end),
		cmocka_unit_test_teardown(a_condition_may_be_of_one_region_and_class, end),
		cmocka_unit_test_teardown(latency_availability_and_age_are_watched, end),
		cmocka_unit_test_teardown(metrics_leave_out_what_is_unknown, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
