/*
 * The driver exec against programs that answer right, lie, hang, die and print garbage.
 *
 * runner: timeout 60, steady
 */
#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define TIMEOUT_NS (300 * NSEC_PER_MSEC)
/* The contract's 50 ms, and what a loaded machine adds. */
#define LIMIT_NS (TIMEOUT_NS + 300 * NSEC_PER_MSEC)

/* A program in shell: what it does for hello, and for each line after. $id is the request's. */
#define PROGRAM(each)                                                                              \
	"read line; echo '{\"id\":0,\"ok\":true,\"protocol\":1}';"                                 \
	"while read line; do id=${line#*:} id=${id%%,*}; " each "; done"
#define SAY(rest) "echo \"{\\\"id\\\":$id," rest "}\""
#define Q(text) "\\\"" text "\\\""

struct talk {
	struct endpoint endpoints[2];
	struct driver_target target;
	struct driver *driver;
	uint64_t options[8];
};

static struct driver *open_program(struct talk *talk, const char *script, struct err *err)
{
	const struct driver_ops *ops = driver_find("exec");
	const char *const settings[] = {"command", "bash -c", "script", script};

	param_set_defaults(ops->params, talk->options);
	for (int i = 0; i < 4; i += 2)
		param_set(
			param_find(ops->params, settings[i]), talk->options, settings[i + 1], err);
	talk->endpoints[0] = (struct endpoint){
		.name = "a", .host = "127.0.0.1", .port = 11211, .region = 0, .node = 3};
	talk->endpoints[1] = (struct endpoint){
		.name = "b", .host = "127.0.0.2", .port = 11211, .region = 1, .node = 4};
	talk->target = (struct driver_target){
		.endpoints = talk->endpoints, .n_endpoints = 2, .options = talk->options};
	talk->driver = ops->open(&talk->target, err);
	return talk->driver;
}

static void talk_begin(struct talk *talk, const char *script)
{
	struct err err;

	if (!open_program(talk, script, &err))
		fail_msg("%s", err.text);
}

static struct driver_call ask(struct talk *talk, enum op_kind kind)
{
	struct driver_call call = {.kind = kind,
		.key = op_key(KEY_REGISTER, 5),
		.value = 42,
		.min_version = 9,
		.timeout_ns = TIMEOUT_NS};
	uint64_t start = clock_now_ns(), took;

	talk->driver->ops->invoke(talk->driver, &talk->endpoints[0], &call);
	took = clock_now_ns() - start;
	if (took > LIMIT_NS)
		fail_msg("%s took %.0f ms", op_kind_name(kind), (double)took / 1e6);
	return call;
}

static void expect(struct talk *talk, enum op_kind kind, enum op_state state, enum op_error error)
{
	struct driver_call call = ask(talk, kind);

	if (call.state != state || call.error != error)
		fail_msg("%s: %s, %s (%s), not %s, %s", op_kind_name(kind),
			op_state_name(call.state), op_error_name(call.error), call.text,
			op_state_name(state), op_error_name(error));
}

static void one(const char *script, enum op_kind kind, enum op_state state, enum op_error error)
{
	struct talk talk;

	talk_begin(&talk, script);
	expect(&talk, kind, state, error);
	talk.driver->ops->close(talk.driver);
}

static void right_answers_are_ok_and_their_claims_come_out(void **state)
{
	struct driver_call call;
	struct talk talk;

	(void)state;
	talk_begin(&talk,
		PROGRAM(SAY(Q("ok") ":true," Q("value") ":" Q("42") "," Q("version") ":7," Q(
			"epoch") ":2," Q("age_ms") ":12," Q("node") ":" Q("b"))));
	for (int i = 0; i < 3; i++) {
		call = ask(&talk, OP_READ);
		assert_int_equal(call.state, OP_OK);
		assert_int_equal(call.read_value, 42);
		assert_int_equal(call.flags, OP_HAS_VERSION | OP_HAS_EPOCH | OP_AGE_CLAIMED);
		assert_int_equal(call.version, 7);
		assert_int_equal(call.age_ms, 12);
		assert_int_equal(call.node, 4);
	}
	expect(&talk, OP_WRITE, OP_OK, OP_ERROR_NONE);
	expect(&talk, OP_DELETE, OP_OK, OP_ERROR_NONE);
	talk.driver->ops->close(talk.driver);
	one(PROGRAM(SAY(Q("ok") ":true," Q("absent") ":true")), OP_READ, OP_OK, OP_ERROR_NONE);
}

/* The program says ok only to the very line. */
static void a_request_is_the_line_that_the_manual_says(void **state)
{
	struct talk talk;

	(void)state;
	talk_begin(&talk,
		"read line; echo '{\"id\":0,\"ok\":true,\"protocol\":1}'; n=0;"
		"while read line; do n=$((n + 1)); case $line in "
		"'{\"id\":1,\"op\":\"write\",\"host\":\"127.0.0.1\",\"port\":11211,\"node\":\"a\","
		"\"timeout_ms\":300,\"key\":\"r:5\",\"value\":\"42\"}' |"
		"'{\"id\":2,\"op\":\"read\",\"host\":\"127.0.0.1\",\"port\":11211,\"node\":\"a\","
		"\"timeout_ms\":300,\"key\":\"r:5\",\"min_version\":9}') "
		"echo \"{\\\"id\\\":$n,\\\"ok\\\":true,\\\"absent\\\":true}\";; "
		"*) echo \"{\\\"id\\\":$n,\\\"unknown\\\":\\\"other\\\"}\";; esac; done");
	expect(&talk, OP_WRITE, OP_OK, OP_ERROR_NONE);
	expect(&talk, OP_READ, OP_OK, OP_ERROR_NONE);
	talk.driver->ops->close(talk.driver);
}

static void only_fail_is_a_sure_failure(void **state)
{
	(void)state;
	one(PROGRAM(SAY(Q("fail") ":" Q("not-primary"))), OP_WRITE, OP_FAIL, OP_ERROR_NOT_PRIMARY);
	one(PROGRAM(SAY(Q("fail") ":" Q("refused"))), OP_WRITE, OP_FAIL, OP_ERROR_REFUSED);
	one(PROGRAM(SAY(Q("fail") ":" Q("of my own"))), OP_WRITE, OP_FAIL, OP_ERROR_OTHER);
	one(PROGRAM(SAY(Q("unknown") ":" Q("timeout"))), OP_WRITE, OP_UNKNOWN, OP_ERROR_TIMEOUT);
}

static void answers_that_break_the_protocol_are_garbage(void **state)
{
	static const char *const scripts[] = {
		PROGRAM("echo hello"),
		PROGRAM("echo '{}'"),
		PROGRAM("echo '[1]'"),
		PROGRAM(SAY(Q("value") ":" Q("42"))),
		PROGRAM(SAY(Q("ok") ":true," Q("fail") ":" Q("refused"))),
		PROGRAM(SAY(Q("ok") ":true," Q("value") ":42")),
		PROGRAM(SAY(Q("ok") ":true," Q("value") ":" Q("hello"))),
		PROGRAM(SAY(Q("ok") ":true")),
		PROGRAM(SAY(Q("ok") ":true," Q("absent") ":true," Q("value") ":" Q("42"))),
		PROGRAM(SAY(Q("ok") ":true," Q("value") ":" Q("42") "," Q("version") ":-1")),
		PROGRAM("head -c 200000 /dev/zero | tr '\\0' x"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		print_message("program %zu\n", i);
		one(scripts[i], OP_READ, OP_UNKNOWN, OP_ERROR_GARBAGE);
	}
}

static void a_program_that_hangs_or_dies_has_said_nothing(void **state)
{
	(void)state;
	one(PROGRAM("sleep 60"), OP_WRITE, OP_UNKNOWN, OP_ERROR_TIMEOUT);
	one(PROGRAM("printf '{\"id\":'; sleep 60"), OP_WRITE, OP_UNKNOWN, OP_ERROR_TIMEOUT);
	one(PROGRAM("exit 0"), OP_WRITE, OP_UNKNOWN, OP_ERROR_RESET);
	one(PROGRAM("kill -9 $$"), OP_WRITE, OP_UNKNOWN, OP_ERROR_RESET);
	/* an answer to another request is none to this one */
	one(PROGRAM("id=$((id + 1)); " SAY(Q("ok") ":true")), OP_WRITE, OP_UNKNOWN,
		OP_ERROR_TIMEOUT);
}

/* The first answer comes 500 ms late, and must not be taken for the second. */
static void a_late_answer_is_not_the_next_ones(void **state)
{
	struct driver_call call;
	struct talk talk;

	(void)state;
	talk_begin(&talk,
		PROGRAM("[ $id != 1 ] || sleep .5; " SAY(
			Q("ok") ":true," Q("value") ":" Q("$((id + 100))"))));
	expect(&talk, OP_READ, OP_UNKNOWN, OP_ERROR_TIMEOUT);
	clock_sleep_until_ns(clock_now_ns() + 400 * NSEC_PER_MSEC);
	call = ask(&talk, OP_READ);
	assert_int_equal(call.state, OP_OK);
	assert_int_equal(
		call.read_value, 102); /* of the same program, whose answer 1 was passed over */
	talk.driver->ops->close(talk.driver);
}

static void a_program_that_died_is_replaced(void **state)
{
	struct talk talk;

	(void)state;
	talk_begin(&talk, PROGRAM(SAY(Q("ok") ":true") "; exit"));
	for (int i = 0; i < 3; i++) {
		expect(&talk, OP_WRITE, OP_OK, OP_ERROR_NONE);
		clock_sleep_until_ns(clock_now_ns() + 50 * NSEC_PER_MSEC);
	}
	talk.driver->ops->close(talk.driver);
}

static void a_program_that_says_no_hello_is_refused(void **state)
{
	struct talk talk;
	struct err err;

	(void)state;
	assert_null(open_program(&talk, "exit 3", &err));
	assert_int_equal(err.code, EXIT_MACHINE); /* and not a mistake of ours */
	assert_non_null(strstr(err.text, "must answer"));
	assert_null(open_program(&talk, "read line; echo '{\"id\":0,\"ok\":true}'; sleep 9", &err));
	assert_non_null(strstr(err.text, "\"protocol\":1"));
}

/* No descriptor and no process is left. */
static unsigned n_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void closing_leaves_nothing(void **state)
{
	unsigned before = n_fds();

	(void)state;
	one(PROGRAM("sleep 60"), OP_WRITE, OP_UNKNOWN, OP_ERROR_TIMEOUT);
	one(PROGRAM(SAY(Q("ok") ":true")), OP_WRITE, OP_OK, OP_ERROR_NONE);
	assert_int_equal(n_fds(), before);
}

/* Processes whose command line has this word. */
static unsigned n_called(const char *word)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[300], line[256] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		for (size_t i = fread(line, 1, sizeof(line) - 1, f); i > 0; i--)
			line[i - 1] = line[i - 1] ? line[i - 1] : ' ';
		n += strstr(line, word) && strncmp(line, "bash", 4) != 0;
		fclose(f);
	}
	closedir(dir);
	return n;
}

/* As what timeout(1) runs: in a process group of its own. */
static void what_a_program_started_elsewhere_ends_with_it(void **state)
{
	struct talk talk;

	(void)state;
	if (geteuid() != 0) {
		print_message("not root: no pid namespace\n");
		skip();
	}
	talk_begin(&talk, PROGRAM("setsid sleep 61.625 & " SAY(Q("ok") ":true")));
	expect(&talk, OP_WRITE, OP_OK, OP_ERROR_NONE);
	clock_sleep_until_ns(clock_now_ns() + 100 * NSEC_PER_MSEC);
	assert_int_equal(n_called("sleep 61.625"), 1);
	talk.driver->ops->close(talk.driver);
	assert_int_equal(n_called("sleep 61.625"), 0);
}

static void roles_are_told(void **state)
{
	struct driver_role role;
	struct talk talk;

	(void)state;
	talk_begin(&talk,
		PROGRAM(SAY(Q("ok") ":true," Q("role") ":" Q("replica") "," Q("epoch") ":4," Q(
			"primary") ":" Q("b"))));
	talk.driver->ops->role(talk.driver, &talk.endpoints[0], TIMEOUT_NS, &role);
	assert_int_equal(role.role, ROLE_REPLICA);
	assert_int_equal(role.epoch, 4);
	assert_int_equal(role.believed_primary, 4);
	talk.driver->ops->close(talk.driver);
	talk_begin(&talk, PROGRAM("sleep 60"));
	talk.driver->ops->role(talk.driver, &talk.endpoints[0], TIMEOUT_NS, &role);
	assert_int_equal(role.role, ROLE_UNKNOWN);
	talk.driver->ops->close(talk.driver);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_answers_are_ok_and_their_claims_come_out),
		cmocka_unit_test(a_request_is_the_line_that_the_manual_says),
		cmocka_unit_test(only_fail_is_a_sure_failure),
		cmocka_unit_test(answers_that_break_the_protocol_are_garbage),
		cmocka_unit_test(a_program_that_hangs_or_dies_has_said_nothing),
		cmocka_unit_test(a_late_answer_is_not_the_next_ones),
		cmocka_unit_test(a_program_that_died_is_replaced),
		cmocka_unit_test(a_program_that_says_no_hello_is_refused),
		cmocka_unit_test(closing_leaves_nothing),
		cmocka_unit_test(what_a_program_started_elsewhere_ends_with_it),
		cmocka_unit_test(roles_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
