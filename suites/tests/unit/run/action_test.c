/*
 * Actions: commands and webhooks that end well, badly, and not at all.
 *
 * runner: steady
 */
#include "suites/run/run.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/scripted_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_NS (700 * NSEC_PER_MSEC)

static const struct run_options quiet;

static void begin(struct run *run, struct plan *plan)
{
	mkdir("kept", 0755);
	*run = (struct run){.options = &quiet,
		.plan = plan,
		.store = {.dir = "kept", .name = "20261126-test", .log_fd = -1},
		.epoch_ns = clock_now_ns() - NSEC_PER_SEC,
		.crew.watch = {-1, -1, -1, -1, -1}};
}

/* Carried out; the row that it makes, in the run's arena. */
static const struct result_expect *act(
	struct run *run, enum action_kind kind, const char *what, const char *name)
{
	static struct plan plan;
	struct plan_action *action;
	struct result result = {0};
	struct err err;

	begin(run, &plan);
	action = arena_alloc(&run->arena, sizeof(*action));
	*action = (struct plan_action){
		.name = name, .what = what, .kind = kind, .limit_ns = LIMIT_NS};
	if (run_act(run, action, &err) || run_finish_actions(run, &err))
		fail_msg("%s", err.text);
	run_judge_actions(run, &result);
	assert_int_equal(result.n_expects, 1);
	return &result.expects[0];
}

static void expect_kept(const char *file, const char *wanted)
{
	struct buf text = {0};
	struct err err;

	assert_int_equal(buf_read_file(&text, file, 4096, &err), 0);
	assert_string_equal(buf_str(&text), wanted);
	buf_release(&text);
}

static void status_0_is_good_and_the_output_is_kept(void **state)
{
	const struct result_expect *row;
	struct run run;

	(void)state;
	row = act(
		&run, ACTION_DO, "echo $REGIONPROOF_ACTION of $REGIONPROOF_RUN; echo x >&2", "go");
	assert_int_equal(row->verdict, VERDICT_PASS);
	assert_string_equal(row->id, "action.go");
	expect_kept("kept/action-go.log", "go of 20261126-test\nx\n");
	arena_release(&run.arena);
}

static void another_status_fails_with_its_last_words(void **state)
{
	const struct result_expect *row;
	struct run run;

	(void)state;
	row = act(&run, ACTION_DO, "echo one; echo no such cluster; exit 3", "bad");
	assert_int_equal(row->verdict, VERDICT_FAIL);
	assert_string_equal(row->got, "exited with status 3");
	assert_non_null(strstr(row->why, "it said: no such cluster"));
	arena_release(&run.arena);
}

static void at_its_limit_all_of_it_is_killed(void **state)
{
	const struct result_expect *row;
	struct run run;
	uint64_t start = clock_now_ns();
	struct buf pid = {0};
	struct err err;

	(void)state;
	row = act(&run, ACTION_DO, "sleep 60 & echo $!; sleep 60", "hangs");
	assert_true(clock_now_ns() - start < 30 * NSEC_PER_SEC);
	assert_int_equal(row->verdict, VERDICT_FAIL);
	assert_non_null(strstr(row->got, "killed at its limit of 700ms"));
	assert_int_equal(buf_read_file(&pid, "kept/action-hangs.log", 4096, &err), 0);
	/* reaped by whoever adopted it, in a moment */
	for (int i = 0; i < 200 && !kill(atoi(buf_str(&pid)), 0); i++)
		clock_sleep_until_ns(clock_now_ns() + 10 * NSEC_PER_MSEC);
	assert_int_not_equal(kill(atoi(buf_str(&pid)), 0), 0);
	buf_release(&pid);
	arena_release(&run.arena);
}

static enum verdict hook(enum manner manner, const char *answer)
{
	struct scripted_server server;
	enum verdict verdict;
	struct run run;
	char url[64];

	scripted_server_start(&server, manner, answer, strlen(answer));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/hook", server.port);
	verdict = act(&run, ACTION_WEBHOOK, url, "hook")->verdict;
	assert_int_equal(__atomic_load_n(server.requests, __ATOMIC_SEQ_CST), 1);
	scripted_server_stop(&server);
	arena_release(&run.arena);
	return verdict;
}

static void a_webhook_is_good_when_2xx_comes_in_time(void **state)
{
	static const char good[] = "HTTP/1.1 204 No Content\r\n\r\n";
	static const char bad[] = "HTTP/1.1 503 No\r\nContent-Length: 9\r\n\r\nnot today";

	(void)state;
	assert_int_equal(hook(MANNER_ANSWER, good), VERDICT_PASS);
	assert_int_equal(hook(MANNER_ANSWER, bad), VERDICT_FAIL);
	assert_int_equal(hook(MANNER_CLOSE, good), VERDICT_FAIL);
	assert_int_equal(hook(MANNER_HANG_READ, good), VERDICT_FAIL);
}

static void what_still_runs_when_the_run_ends_is_killed(void **state)
{
	static struct plan plan;
	struct plan_action action = {
		.name = "late", .what = "sleep 60", .limit_ns = 60 * NSEC_PER_SEC};
	struct result result = {0};
	struct run run;
	struct err err;

	(void)state;
	begin(&run, &plan);
	assert_int_equal(run_act(&run, &action, &err), 0);
	assert_true(run_look_after_actions(&run));
	run_end_actions(&run);
	run_judge_actions(&run, &result);
	assert_int_equal(result.expects[0].verdict, VERDICT_FAIL);
	assert_non_null(strstr(result.expects[0].got, "the run ended before it"));
	arena_release(&run.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_0_is_good_and_the_output_is_kept),
		cmocka_unit_test(another_status_fails_with_its_last_words),
		cmocka_unit_test(at_its_limit_all_of_it_is_killed),
		cmocka_unit_test(a_webhook_is_good_when_2xx_comes_in_time),
		cmocka_unit_test(what_still_runs_when_the_run_ends_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
