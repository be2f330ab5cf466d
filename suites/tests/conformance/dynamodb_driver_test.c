/*
 * The driver dynamodb against dynalite, an implementation of the API that is not ours: items and versions,
 * and what its errors mean.
 *
 * runner: timeout 60
 */
#include "probes/drivers/http_client.h"
#include "suites/tests/helpers/server.h"
#include "suites/tests/helpers/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TABLE                                                                                      \
	"{\"TableName\":\"regionproof\","                                                          \
	"\"AttributeDefinitions\":[{\"AttributeName\":\"k\",\"AttributeType\":\"S\"}],"            \
	"\"KeySchema\":[{\"AttributeName\":\"k\",\"KeyType\":\"HASH\"}],"                          \
	"\"BillingMode\":\"PAY_PER_REQUEST\"}"

static uint16_t port;
static pid_t dynalite = -1;

static int start_dynalite(void **state)
{
	static char cli[4096];
	char text[8];
	const char *const argv[] = {
		"node", cli, "--host", "127.0.0.1", "--port", text, "--createTableMs", "0", NULL};
	const char *root = getenv("REGIONPROOF_ROOT");

	(void)state;
	snprintf(cli, sizeof(cli), "%s/build/npm/node_modules/dynalite/cli.js", root ? root : ".");
	port = server_free_port();
	snprintf(text, sizeof(text), "%u", port);
	if (!access(cli, R_OK))
		dynalite = server_spawn(argv);
	if (dynalite > 0 && !server_wait_port(port)) {
		server_stop(dynalite);
		dynalite = -1;
	}
	return 0;
}

static int stop_dynalite(void **state)
{
	(void)state;
	if (dynalite > 0)
		server_stop(dynalite);
	return 0;
}

static void need_dynalite(void)
{
	if (dynalite > 0)
		return;
	print_message("node or dynalite (npm) is missing\n");
	skip();
}

static long create_table(void)
{
	struct endpoint at = {.name = "a/store", .host = "127.0.0.1", .port = port};
	const char *const headers[] = {"Expect:", "Content-Type: application/x-amz-json-1.0",
		"X-Amz-Target: DynamoDB_20120810.CreateTable", NULL};
	struct http_request request = {.method = "POST",
		.at = &at,
		.path = "/",
		.headers = headers,
		.body = TABLE,
		.body_len = strlen(TABLE),
		.timeout_ns = 5 * NSEC_PER_SEC,
		.sigv4 = "aws:amz:us-east-1:dynamodb",
		.user = "local:local"};
	struct err err;
	struct http_client *client = http_client_open(&err);
	const struct http_answer *answer;
	long status;

	assert_non_null(client);
	answer = http_client_ask(client, &request);
	status = answer->whole ? answer->status : 0;
	http_client_close(client);
	return status;
}

/* With one option set. */
static void begin(struct talk *talk, uint64_t options[64], const char *name, const char *value)
{
	const struct driver_ops *ops = driver_find("dynamodb");
	struct err err;

	talk_begin(talk, "dynamodb", &port, 1);
	if (!name)
		return;
	ops->close(talk->driver);
	param_set_defaults(ops->params, options);
	assert_int_equal(param_set(param_find(ops->params, name), options, value, &err), 0);
	talk->target.options = options;
	talk->driver = ops->open(&talk->target, &err);
	assert_non_null(talk->driver);
}

static void what_the_service_refuses_was_surely_not_done(void **state)
{
	uint64_t options[64];
	struct driver_call call;
	struct talk talk;

	(void)state;
	need_dynalite();
	begin(&talk, options, NULL, NULL); /* there is no table yet */
	call = talk_ask(&talk, 0, OP_WRITE, op_value(3, 1));
	assert_int_equal(call.state, OP_FAIL);
	assert_int_equal(call.error, OP_ERROR_REJECTED);
	assert_non_null(strstr(call.text, "ResourceNotFoundException"));
	talk_end(&talk);
	begin(&talk, options, "table", "kv"); /* too short a name */
	call = talk_ask(&talk, 0, OP_WRITE, op_value(3, 1));
	assert_int_equal(call.state, OP_FAIL);
	assert_non_null(strstr(call.text, "ValidationException"));
	talk_end(&talk);
}

static void items_are_written_read_and_deleted(const char *read)
{
	uint64_t options[64], before;
	struct driver_call call;
	struct talk talk;

	begin(&talk, options, "read", read);
	talk_writes_can_be_read_and_deleted(&talk, 0);
	call = talk_ask(&talk, 0, OP_WRITE, op_value(3, 100));
	assert_true(call.flags & OP_HAS_VERSION);
	before = call.version;
	call = talk_ask(&talk, 0, OP_WRITE, op_value(3, 101));
	assert_int_equal(call.version, before + 1);
	call = talk_ask(&talk, 0, OP_READ, 0);
	assert_int_equal(call.read_value, op_value(3, 101));
	assert_int_equal(call.version, before + 1);
	assert_int_equal(talk_ask(&talk, 0, OP_DELETE, 0).state, OP_OK);
	assert_int_equal(talk_ask(&talk, 0, OP_CAS, 1).state, OP_FAIL);
	talk_end(&talk);
}

static void the_table_is_spoken_to_in_both_ways(void **state)
{
	(void)state;
	need_dynalite();
	assert_int_equal(create_table(), 200);
	items_are_written_read_and_deleted("eventual");
	items_are_written_read_and_deleted("strong");
}

/* Above 400 KB: the service refuses, and says so. */
static void what_is_too_large_is_refused(void **state)
{
	struct talk talk;
	struct driver_call call;
	struct err err;

	(void)state;
	need_dynalite();
	talk_begin(&talk, "dynamodb", &port, 1);
	talk.driver->ops->close(talk.driver);
	talk.target.value_size = 500000;
	talk.driver = driver_find("dynamodb")->open(&talk.target, &err);
	call = talk_ask(&talk, 0, OP_WRITE, op_value(3, 1));
	assert_int_equal(call.state, OP_FAIL);
	assert_int_equal(call.error, OP_ERROR_REJECTED);
	assert_true(talk_ask(&talk, 0, OP_READ, 0).flags & OP_ABSENT);
	talk_end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_service_refuses_was_surely_not_done),
		cmocka_unit_test(the_table_is_spoken_to_in_both_ways),
		cmocka_unit_test(what_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, start_dynalite, stop_dynalite);
}
