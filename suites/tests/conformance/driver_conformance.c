/*
 * Every driver against a server that answers right, lies, hangs, dies and sends garbage: what comes
 * out must be the right one of ok, sure failure and unknown, in time. A new driver adds its row to
 * dialects[]; a driver that has no port (null) needs none.
 *
 * runner: timeout 60, steady
 */
#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"
#include "suites/tests/helpers/scripted_server.h"
#include "suites/tests/helpers/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TIMEOUT_NS (300 * NSEC_PER_MSEC)
/* The contract's 50 ms and what a loaded machine adds. */
#define LIMIT_NS (TIMEOUT_NS + 250 * NSEC_PER_MSEC)

#define HTTP(status, headers, body) "HTTP/1.1 " status "\r\n" headers "Content-Length: " body

struct refusal {
	const char *answer;
	enum op_state state;
	enum op_error error;
};

/* Messages of PostgreSQL: a letter, a length, and what follows. */
#define PG_COLUMN                                                                                  \
	"n~"                                                                                       \
	"~~~~"                                                                                     \
	"~~"                                                                                       \
	"~~~\x19"                                                                                  \
	"~\x08"                                                                                    \
	"~~~~"                                                                                     \
	"~~"
#define PG_COLUMNS_1 "T~~~\x1a~\x01" PG_COLUMN
#define PG_COLUMNS_2 "T~~~\x2e~\x02" PG_COLUMN PG_COLUMN
#define PG_VERSION                                                                                 \
	PG_COLUMNS_1 "D~~~\x0b~\x01~~~\x01"                                                        \
		     "8"
#define PG_DONE                                                                                    \
	"C~~~\x0d"                                                                                 \
	"SELECT 1~"
#define PG_READY "Z~~~\x05I"
/* A severity of five letters. */
#define PG_ERROR(severity, state) "E~~~\x17S" severity "~C" state "~Moh~~"
#define PG_WARNING                                                                                 \
	"N~~~\x19SWARNING~C"                                                                       \
	"57P01~Moh~~"
#define PG_CANCELLED                                                                               \
	"N~~~\x2cSWARNING~C"                                                                       \
	"01000~Moh~RSyncRepWaitForLSN~~"
#define PG_HARMLESS                                                                                \
	"N~~~\x19SWARNING~C"                                                                       \
	"01000~Moh~~"

/* Packets of MariaDB: a length, a number within the answer, and what follows. */
#define MY_COUNT(n) "\x01~~\x01" n
#define MY_COLUMN(seq)                                                                             \
	"\x17~~" seq "\x03"                                                                        \
	"def~~~\x01v~\x0c\x2d~\xff~~~\xfd~~~~~"
#define MY_END(seq) "\x05~~" seq "\xfe~~\x02~"
#define MY_ONE MY_COUNT("\x01") MY_COLUMN("\x02") MY_END("\x03")
#define MY_TWO MY_COUNT("\x02") MY_COLUMN("\x02") MY_COLUMN("\x03") MY_END("\x04")
#define MY_ROW(seq)                                                                                \
	"\x02~~" seq "\x01"                                                                        \
	"8"
#define MY_OK(seq) "\x07~~" seq "~~~\x02~~~"
#define MY_ERROR(code) "\x0b~~\x01\xff" code "#HY000oh"

/* Answers of etcd's gateway; the lengths of their bodies are counted by hand. */
#define ETCD_HEADER "{\"header\":{\"member_id\":\"9\",\"revision\":\"8\",\"raft_term\":\"3\"}"
#define ETCD_ERROR(code) "{\"error\":\"oh\",\"code\":" code "}"

/* What the server of a protocol says. */
static const struct dialect {
	const char *driver;
	/* What a server says first, and what it answers to what opens a connection. With a greeting
	 * '~' stands for a zero byte in all. */
	const char *hello, *greeting;
	const char *read, *absent, *write, *delete_, *not_ours, *flood;
	const char *in_term;      /* a write's version 8 in epoch 3; NULL: not said */
	const char *settings[20]; /* rows of the driver and what they are set to */
	struct refusal refusals[16];
} dialects[] = {
	{
		.driver = "redis",
		.read = "$2\r\n42\r\n",
		.absent = "$-1\r\n",
		.write = "+OK\r\n",
		.delete_ = ":1\r\n",
		.not_ours = "$5\r\nhello\r\n",
		.flood = "$2000000000\r\n1",
		.refusals =
			{
				{"-READONLY You can't write against a read only replica.\r\n",
					OP_FAIL, OP_ERROR_NOT_PRIMARY},
				{"-LOADING Redis is loading the dataset in memory\r\n", OP_FAIL,
					OP_ERROR_UNAVAILABLE},
				{"-MASTERDOWN Link with MASTER is down\r\n", OP_FAIL,
					OP_ERROR_UNAVAILABLE},
				{"-NOREPLICAS Not enough good replicas to write.\r\n", OP_FAIL,
					OP_ERROR_UNAVAILABLE},
				{"-CLUSTERDOWN The cluster is down\r\n", OP_UNKNOWN,
					OP_ERROR_OTHER},
				{"-ERR something new\r\n", OP_UNKNOWN, OP_ERROR_OTHER},
				{"+QUEUED\r\n", OP_UNKNOWN, OP_ERROR_GARBAGE},
				{"*1000000000\r\n", OP_UNKNOWN, OP_ERROR_GARBAGE},
				{"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
					OP_UNKNOWN, OP_ERROR_GARBAGE},
				{"\x7f"
				 "ELF\x02\x01\x01\r\n\r\n",
					OP_UNKNOWN, OP_ERROR_GARBAGE},
			},
	},
	{
		.driver = "http-kv",
		.read = HTTP(
			"200 OK", "X-Version: 7\r\nX-Node: b\r\nX-Data-Age: 12\r\n", "2\r\n\r\n42"),
		.absent = HTTP("404 Not Found", "X-Version: 9\r\n", "0\r\n\r\n"),
		.write = HTTP("200 OK", "X-Version: 8\r\nX-Epoch: 3\r\n", "0\r\n\r\n"),
		.in_term = HTTP("200 OK", "X-Version: 8\r\nX-Epoch: 3\r\n", "0\r\n\r\n"),
		.delete_ = HTTP("204 No Content", "X-Version: 8\r\n", "0\r\n\r\n"),
		.not_ours = HTTP("200 OK", "", "5\r\n\r\nhello"),
		.flood = "HTTP/1.1 200 OK\r\n\r\n1",
		.refusals =
			{
				{HTTP("421 Misdirected", "X-Not-Done: 1\r\n", "0\r\n\r\n"), OP_FAIL,
					OP_ERROR_NOT_PRIMARY},
				{HTTP("503 Unavailable", "X-Not-Done: 1\r\n", "0\r\n\r\n"), OP_FAIL,
					OP_ERROR_UNAVAILABLE},
				{HTTP("503 Unavailable", "", "0\r\n\r\n"), OP_UNKNOWN,
					OP_ERROR_UNAVAILABLE},
				{HTTP("500 Error", "", "0\r\n\r\n"), OP_UNKNOWN,
					OP_ERROR_UNAVAILABLE},
				{HTTP("302 Found", "Location: /kv/r:6\r\nX-Not-Done: 1\r\n",
					 "0\r\n\r\n"),
					OP_UNKNOWN, OP_ERROR_REJECTED},
				{HTTP("200 OK", "", "99\r\n\r\n"), OP_UNKNOWN, OP_ERROR_TIMEOUT},
				{"\x7f"
				 "ELF\x02\x01\x01\r\n\r\n",
					OP_UNKNOWN, OP_ERROR_GARBAGE},
				{"HTTP/1.1 100 Continue\r\nX-Not-Done: 1\r\n\r\n" HTTP(
					 "503 Unavailable", "", "0\r\n\r\n"),
					OP_UNKNOWN, OP_ERROR_UNAVAILABLE},
			},
	},
	{
		.driver = "postgres",
		.greeting = "R~~~\x08~~~~" PG_READY,
		.read = PG_COLUMNS_2 "D~~~\x11~\x02~~~\x02"
				     "42~~~\x01"
				     "7" PG_DONE PG_READY,
		.absent = PG_COLUMNS_2 PG_DONE PG_READY,
		.write = PG_VERSION PG_DONE PG_READY,
		.delete_ = PG_VERSION PG_DONE PG_READY,
		.in_term = PG_COLUMNS_2 "D~~~\x10~\x02~~~\x01"
					"8~~~\x01"
					"3" PG_DONE PG_READY,
		.not_ours = PG_COLUMNS_1 "D~~~\x0f~\x01~~~\x05hello" PG_DONE PG_READY,
		.flood = "D\x3f~~~~\x01\x3f~~~1",
		.refusals =
			{
				{PG_ERROR("ERROR", "25006") PG_READY, OP_FAIL,
					OP_ERROR_NOT_PRIMARY},
				{PG_ERROR("ERROR", "40001") PG_READY, OP_FAIL,
					OP_ERROR_UNAVAILABLE},
				{PG_ERROR("ERROR", "42P01") PG_READY, OP_FAIL, OP_ERROR_REJECTED},
				{PG_ERROR("ERROR", "57014") PG_READY, OP_UNKNOWN, OP_ERROR_OTHER},
				{PG_ERROR("ERROR", "XX000") PG_READY, OP_UNKNOWN, OP_ERROR_OTHER},
				{PG_ERROR("FATAL", "25006") PG_READY, OP_UNKNOWN, OP_ERROR_OTHER},
				/* the wait for a standby was cancelled: no acknowledgement */
				{PG_VERSION PG_WARNING PG_DONE PG_READY, OP_UNKNOWN,
					OP_ERROR_OTHER},
				{PG_VERSION PG_CANCELLED PG_DONE PG_READY, OP_UNKNOWN,
					OP_ERROR_OTHER},
				{PG_VERSION PG_HARMLESS PG_DONE PG_READY, OP_OK, OP_ERROR_NONE},
				/* done, but the server never got ready again */
				{PG_VERSION PG_DONE, OP_UNKNOWN, OP_ERROR_TIMEOUT},
				{PG_VERSION PG_DONE PG_VERSION PG_DONE PG_READY, OP_UNKNOWN,
					OP_ERROR_GARBAGE},
				{"G~~~\x07~~~", OP_UNKNOWN, OP_ERROR_GARBAGE},
				{"\x7f"
				 "ELF\x02\x01\x01\r\n\r\n",
					OP_UNKNOWN, OP_ERROR_GARBAGE},
			},
	},
	{
		.driver = "http",
		.settings = {"answer.version", "header X-Version", "answer.age", "header Age",
			"answer.age-unit", "s", "not-done.status", "409 429"},
		.read = HTTP("200 OK", "X-Version: \"7\"\r\nAge: 1\r\n", "2\r\n\r\n42"),
		.absent = HTTP("404 Not Found", "", "0\r\n\r\n"),
		.write = HTTP("201 Created", "X-Version: 8\r\n", "0\r\n\r\n"),
		.delete_ = HTTP("204 No Content", "", "0\r\n\r\n"),
		.not_ours = HTTP("200 OK", "", "5\r\n\r\nhello"),
		.flood = "HTTP/1.1 200 OK\r\n\r\n1",
		.refusals =
			{
				{HTTP("421 Misdirected", "", "0\r\n\r\n"), OP_FAIL,
					OP_ERROR_NOT_PRIMARY},
				{HTTP("429 Too Many", "", "0\r\n\r\n"), OP_FAIL, OP_ERROR_REJECTED},
				{HTTP("503 Unavailable", "", "0\r\n\r\n"), OP_UNKNOWN,
					OP_ERROR_UNAVAILABLE},
				{HTTP("404 Not Found", "", "0\r\n\r\n"), OP_UNKNOWN,
					OP_ERROR_REJECTED},
				{HTTP("302 Found", "Location: /r:6\r\n", "0\r\n\r\n"), OP_UNKNOWN,
					OP_ERROR_REJECTED},
				{HTTP("200 OK", "X-Version: new\r\n", "0\r\n\r\n"), OP_UNKNOWN,
					OP_ERROR_GARBAGE},
				{HTTP("200 OK", "", "99\r\n\r\n"), OP_UNKNOWN, OP_ERROR_TIMEOUT},
				{"\x7f"
				 "ELF\x02\x01\x01\r\n\r\n",
					OP_UNKNOWN, OP_ERROR_GARBAGE},
			},
	},
	/* a value in base64 within JSON, and a status that says nothing */
	{
		.driver = "http",
		.settings = {"answer.value", "json /kvs/0/value", "answer.encoding", "base64",
			"answer.version", "json /kvs/0/version", "absent.missing", "yes",
			"not-primary.at", "json /error", "not-primary.is", "NotLeader",
			"not-done.at", "json /error", "not-done.is", "Locked Full"},
		.read = HTTP("200 OK", "",
			"40\r\n\r\n{\"kvs\":[{\"value\":\"NDI=\",\"version\":\"7\"}]}"),
		.absent = HTTP("200 OK", "", "10\r\n\r\n{\"kvs\":[]}"),
		.write = HTTP("200 OK", "", "13\r\n\r\n{\"done\":true}"),
		.delete_ = HTTP("200 OK", "", "2\r\n\r\n{}"),
		.not_ours = HTTP("200 OK", "", "30\r\n\r\n{\"kvs\":[{\"value\":\"aGVsbG8=\"}]}"),
		.flood = "HTTP/1.1 200 OK\r\n\r\n{\"kvs\": ",
		.refusals =
			{
				{HTTP("200 OK", "", "21\r\n\r\n{\"error\":\"NotLeader\"}"), OP_FAIL,
					OP_ERROR_NOT_PRIMARY},
				{HTTP("500 Oh", "", "16\r\n\r\n{\"error\":\"Full\"}"), OP_FAIL,
					OP_ERROR_UNAVAILABLE},
				{HTTP("500 Oh", "", "16\r\n\r\n{\"error\":\"Else\"}"), OP_UNKNOWN,
					OP_ERROR_UNAVAILABLE},
			},
	},
	{
		.driver = "etcd",
		.read = HTTP("200 OK", "",
			"103\r\n\r\n" ETCD_HEADER
			",\"kvs\":[{\"mod_revision\":\"7\",\"value\":\"NDI=\"}]}"),
		.absent = HTTP("200 OK", "", "59\r\n\r\n" ETCD_HEADER "}"),
		.write = HTTP("200 OK", "", "59\r\n\r\n" ETCD_HEADER "}"),
		.in_term = HTTP("200 OK", "", "59\r\n\r\n" ETCD_HEADER "}"),
		.delete_ = HTTP("200 OK", "", "59\r\n\r\n" ETCD_HEADER "}"),
		.not_ours = HTTP("200 OK", "",
			"107\r\n\r\n" ETCD_HEADER
			",\"kvs\":[{\"mod_revision\":\"7\",\"value\":\"aGVsbG8=\"}]}"),
		.flood = "HTTP/1.1 200 OK\r\n\r\n1",
		.refusals =
			{
				{HTTP("400 Bad Request", "", "23\r\n\r\n" ETCD_ERROR("3")), OP_FAIL,
					OP_ERROR_REJECTED},
				{HTTP("429 Too Many", "", "23\r\n\r\n" ETCD_ERROR("8")), OP_FAIL,
					OP_ERROR_UNAVAILABLE},
				/* timed out, leader changed, no leader */
				{HTTP("503 Unavailable", "", "24\r\n\r\n" ETCD_ERROR("14")),
					OP_UNKNOWN, OP_ERROR_UNAVAILABLE},
				{HTTP("500 Error", "", "23\r\n\r\n" ETCD_ERROR("2")), OP_UNKNOWN,
					OP_ERROR_UNAVAILABLE},
				/* no etcd at all */
				{HTTP("200 OK", "", "2\r\n\r\n{}"), OP_UNKNOWN, OP_ERROR_GARBAGE},
				{HTTP("200 OK", "", "2\r\n\r\nok"), OP_UNKNOWN, OP_ERROR_GARBAGE},
				{HTTP("503 Unavailable", "", "2\r\n\r\nno"), OP_UNKNOWN,
					OP_ERROR_GARBAGE},
				{HTTP("200 OK", "", "99\r\n\r\n" ETCD_HEADER "}"), OP_UNKNOWN,
					OP_ERROR_TIMEOUT},
				{"\x7f"
				 "ELF\x02\x01\x01\r\n\r\n",
					OP_UNKNOWN, OP_ERROR_GARBAGE},
			},
	},
#ifdef HAVE_MARIADB
	{
		.driver = "mysql",
		.hello = "\x4b~~~\x0a"
			 "10.11.9~\x01~~~"
			 "aaaaaaaa~\x09\xa2\x2d\x02~\x08~\x15~~~~~~~~~~"
			 "aaaaaaaaaaaa~mysql_native_password~",
		.greeting = MY_OK("\x02"),
		.read = MY_TWO "\x05~~\x05\x02"
			       "42\x01"
			       "7" MY_END("\x06"),
		.absent = MY_TWO MY_END("\x05"),
		.write = MY_ONE MY_ROW("\x04") MY_END("\x05"),
		.delete_ = MY_OK("\x01"),
		.in_term = MY_TWO "\x04~~\x05\x01"
				  "8\x01"
				  "3" MY_END("\x06"),
		.not_ours = MY_ONE "\x06~~\x04\x05hello" MY_END("\x05"),
		.flood = MY_COUNT("\x01") "1",
		.refusals =
			{
				{MY_ERROR("\x0a\x05"), OP_FAIL, OP_ERROR_NOT_PRIMARY},
				{MY_ERROR("\xbd\x04"), OP_FAIL, OP_ERROR_UNAVAILABLE},
				{MY_ERROR("\x7a\x04"), OP_FAIL, OP_ERROR_REJECTED},
				/* interrupted; the server goes down; the connection was killed */
				{MY_ERROR("\x25\x05"), OP_UNKNOWN, OP_ERROR_OTHER},
				{MY_ERROR("\x1d\x04"), OP_UNKNOWN, OP_ERROR_OTHER},
				{MY_ERROR("\x87\x07"), OP_UNKNOWN, OP_ERROR_OTHER},
				/* more than one row; an answer without an end */
				{MY_ONE MY_ROW("\x04") MY_ROW("\x05") MY_END("\x06"), OP_UNKNOWN,
					OP_ERROR_GARBAGE},
				{MY_ONE MY_ROW("\x04"), OP_UNKNOWN, OP_ERROR_TIMEOUT},
				{"\x7f"
				 "ELF\x02\x01\x01\r\n\r\n",
					OP_UNKNOWN, OP_ERROR_GARBAGE},
			},
	},
#endif
	{
		.driver = "dynamodb",
		.settings = {"read", "strong"},
		.read = HTTP("200 OK", "",
			"57\r\n\r\n{\"Item\":{\"k\":{\"S\":\"r:5\"},\"v\":{\"S\":\"42\"},\"ver\":{\"N\":\"7\"}}}"),
		.absent = HTTP("200 OK", "", "2\r\n\r\n{}"),
		.write = HTTP("200 OK", "",
			"47\r\n\r\n{\"Attributes\":{\"v\":{\"S\":\"42\"},\"ver\":{\"N\":\"8\"}}}"),
		.delete_ = HTTP("200 OK", "", "2\r\n\r\n{}"),
		.not_ours = HTTP("200 OK", "",
			"44\r\n\r\n{\"Item\":{\"k\":{\"S\":\"r:5\"},\"v\":{\"S\":\"hello\"}}}"),
		.flood = "HTTP/1.1 200 OK\r\n\r\n{\"Item\": ",
		.refusals =
			{
				{HTTP("400 Bad", "",
					 "65\r\n\r\n{\"__type\":\"com.amazonaws.dynamodb.v20120810#ThrottlingException\"}"),
					OP_FAIL, OP_ERROR_UNAVAILABLE},
				{HTTP("400 Bad", "",
					 "65\r\n\r\n{\"__type\":\"com.amazonaws.dynamodb.v20120810#ValidationException\"}"),
					OP_FAIL, OP_ERROR_REJECTED},
				{HTTP("400 Bad", "",
					 "77\r\n\r\n{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\"}"),
					OP_FAIL, OP_ERROR_REJECTED},
				{HTTP("400 Bad", "",
					 "84\r\n\r\n{\"__type\":\"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException\"}"),
					OP_FAIL, OP_ERROR_UNAVAILABLE},
				{HTTP("400 Bad", "",
					 "58\r\n\r\n{\"__type\":\"com.amazonaws.dynamodb.v20120810#SomethingNew\"}"),
					OP_UNKNOWN, OP_ERROR_REJECTED},
				{HTTP("500 Oh", "",
					 "65\r\n\r\n{\"__type\":\"com.amazonaws.dynamodb.v20120810#ThrottlingException\"}"),
					OP_UNKNOWN, OP_ERROR_UNAVAILABLE},
				{HTTP("200 OK", "", "2\r\n\r\n{}"), OP_UNKNOWN, OP_ERROR_GARBAGE},
				{HTTP("200 OK", "", "5\r\n\r\nhello"), OP_UNKNOWN,
					OP_ERROR_GARBAGE},
			},
	},
};
#define N_DIALECTS (sizeof(dialects) / sizeof(*dialects))

struct talk {
	struct scripted_server server;
	struct endpoint endpoints[2];
	struct driver_target target;
	struct driver *driver;
	char answer[512], greeting[64], hello[128];
	uint64_t options[64];
};

static void set_options(struct talk *talk, const struct dialect *d)
{
	const struct driver_ops *ops = driver_find(d->driver);
	struct err err;

	assert_true(ops->options_size <= sizeof(talk->options));
	param_set_defaults(ops->params, talk->options);
	for (size_t i = 0; d->settings[i]; i += 2) {
		const struct param *row = param_find(ops->params, d->settings[i]);

		if (!row || param_set(row, talk->options, d->settings[i + 1], &err))
			fail_msg("driver %s has no %s", d->driver, d->settings[i]);
	}
	talk->target.options = talk->options;
}

static void zeroes(char *to, size_t size, const char *from)
{
	assert_true(strlen(from) < size);
	do
		*to++ = (char)(*from == '~' ? '\0' : *from);
	while (*from++);
}

static void talk_begin(
	struct talk *talk, const struct dialect *d, enum manner manner, const char *answer)
{
	struct err err;

	if (d->greeting) {
		const char *hello = d->hello ? d->hello : "";

		zeroes(talk->answer, sizeof(talk->answer), answer);
		zeroes(talk->greeting, sizeof(talk->greeting), d->greeting);
		zeroes(talk->hello, sizeof(talk->hello), hello);
		scripted_server_open(&talk->server, manner, talk->answer, strlen(answer),
			&(struct script_opening){.hello = talk->hello,
				.hello_len = strlen(hello),
				.greeting = talk->greeting,
				.greeting_len = strlen(d->greeting)});
	} else {
		scripted_server_start(&talk->server, manner, answer, strlen(answer));
	}
	talk->endpoints[0] = (struct endpoint){.name = "a",
		.host = "127.0.0.1",
		.port = talk->server.port,
		.region = 0,
		.node = 3};
	talk->endpoints[1] = (struct endpoint){
		.name = "b", .host = "127.0.0.1", .port = 1, .region = 1, .node = 4};
	talk->target = (struct driver_target){.endpoints = talk->endpoints, .n_endpoints = 2};
	if (d->settings[0])
		set_options(talk, d);
	talk->driver = driver_find(d->driver)->open(&talk->target, &err);
	assert_non_null(talk->driver);
}

static void talk_end(struct talk *talk)
{
	talk->driver->ops->close(talk->driver);
	scripted_server_stop(&talk->server);
}

static struct driver_call ask(struct talk *talk, enum op_kind kind)
{
	struct driver_call call = {.kind = kind,
		.key = op_key(KEY_REGISTER, 5),
		.value = 42,
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
		fail_msg("%s %s: %s, %s (%s), not %s, %s", talk->driver->ops->name,
			op_kind_name(kind), op_state_name(call.state), op_error_name(call.error),
			call.text, op_state_name(state), op_error_name(error));
}

/* A dialect at a time: its server's manner and answer, then one write. */
static void write_ends(const struct dialect *d, enum manner manner, const char *answer,
	enum op_state state, enum op_error error)
{
	struct talk talk;

	talk_begin(&talk, d, manner, answer);
	expect(&talk, OP_WRITE, state, error);
	talk_end(&talk);
}

static void every_driver_with_a_port_has_a_dialect(void **state)
{
	(void)state;
	for (size_t i = 0; drivers[i]; i++) {
		size_t j = 0;

		/* lookups are no reads and writes; dns_driver_test.c faces them with bad servers */
		if (!drivers[i]->default_port || drivers[i]->can & DRIVER_LOOKUPS)
			continue;
		while (j < N_DIALECTS && strcmp(dialects[j].driver, drivers[i]->name))
			j++;
		if (j == N_DIALECTS)
			fail_msg("driver %s has no row in dialects[]", drivers[i]->name);
	}
}

static void right_answers_are_ok(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + N_DIALECTS; d++) {
		struct driver_call call;
		struct talk talk;

		talk_begin(&talk, d, MANNER_ANSWER, d->read);
		for (int i = 0; i < 3; i++) {
			call = ask(&talk, OP_READ);
			assert_int_equal(call.state, OP_OK);
			assert_int_equal(call.read_value, 42);
			assert_false(call.flags & OP_ABSENT);
		}
		talk_end(&talk);
		talk_begin(&talk, d, MANNER_ANSWER, d->absent);
		call = ask(&talk, OP_READ);
		assert_int_equal(call.state, OP_OK);
		assert_true(call.flags & OP_ABSENT);
		talk_end(&talk);
		write_ends(d, MANNER_ANSWER, d->write, OP_OK, OP_ERROR_NONE);
		talk_begin(&talk, d, MANNER_ANSWER, d->delete_);
		expect(&talk, OP_DELETE, OP_OK, OP_ERROR_NONE);
		talk_end(&talk);
	}
}

static void claims_of_an_answer_come_out(void **state)
{
	const struct dialect *d = &dialects[1];
	struct driver_call call;
	struct talk talk;

	(void)state;
	talk_begin(&talk, d, MANNER_ANSWER, d->read);
	call = ask(&talk, OP_READ);
	assert_int_equal(call.flags, OP_HAS_VERSION | OP_AGE_CLAIMED);
	assert_int_equal(call.version, 7);
	assert_int_equal(call.age_ms, 12);
	assert_int_equal(call.node, 4);
	talk_end(&talk);
}

static void a_write_names_its_term(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + N_DIALECTS; d++) {
		struct driver_call call;
		struct talk talk;

		if (!d->in_term)
			continue;
		talk_begin(&talk, d, MANNER_ANSWER, d->in_term);
		call = ask(&talk, OP_WRITE);
		if (call.flags != (OP_HAS_VERSION | OP_HAS_EPOCH) || call.version != 8 ||
			call.epoch != 3)
			fail_msg("%s: flags %x, version %u, epoch %u", d->driver, call.flags,
				(unsigned)call.version, call.epoch);
		talk_end(&talk);
	}
}

static void refusals_are_sure_only_when_the_list_says_so(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + N_DIALECTS; d++) {
		for (const struct refusal *r = d->refusals; r->answer; r++)
			write_ends(d, MANNER_ANSWER, r->answer, r->state, r->error);
	}
}

static void a_value_that_is_not_ours_is_garbage(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + N_DIALECTS; d++) {
		struct talk talk;

		talk_begin(&talk, d, MANNER_ANSWER, d->not_ours);
		expect(&talk, OP_READ, OP_UNKNOWN, OP_ERROR_GARBAGE);
		talk_end(&talk);
	}
}

static void hanging_servers_end_unknown_in_time(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + N_DIALECTS; d++) {
		write_ends(d, MANNER_HANG_UNREAD, d->write, OP_UNKNOWN, OP_ERROR_TIMEOUT);
		write_ends(d, MANNER_HANG_READ, d->write, OP_UNKNOWN, OP_ERROR_TIMEOUT);
		write_ends(d, MANNER_DRIP, d->write, OP_UNKNOWN, OP_ERROR_TIMEOUT);
	}
}

static void dying_servers_end_unknown(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + N_DIALECTS; d++) {
		write_ends(d, MANNER_CLOSE, d->write, OP_UNKNOWN, OP_ERROR_RESET);
		write_ends(d, MANNER_RESET, d->write, OP_UNKNOWN, OP_ERROR_RESET);
		write_ends(d, MANNER_DIE_MID_ANSWER, d->write, OP_UNKNOWN, OP_ERROR_RESET);
	}
}

static void an_endless_answer_is_cut_off(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + N_DIALECTS; d++) {
		struct talk talk;

		talk_begin(&talk, d, MANNER_FLOOD, d->flood);
		expect(&talk, OP_READ, OP_UNKNOWN, OP_ERROR_GARBAGE);
		talk_end(&talk);
	}
}

static void nothing_sent_is_a_sure_failure(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + N_DIALECTS; d++) {
		struct talk talk;

		talk_begin(&talk, d, MANNER_ANSWER, d->write);
		talk.endpoints[0].port = server_free_port();
		expect(&talk, OP_WRITE, OP_FAIL, OP_ERROR_REFUSED);
		talk.endpoints[0].host = "255.255.255.255";
		expect(&talk, OP_WRITE, OP_FAIL, OP_ERROR_UNREACHABLE);
		talk_end(&talk);
		write_ends(d, MANNER_DEAF, d->write, OP_FAIL, OP_ERROR_TIMEOUT);
	}
}

static void a_request_is_never_sent_twice(void **state)
{
	static const enum op_kind kinds[] = {OP_WRITE, OP_DELETE, OP_READ};

	(void)state;
	for (const struct dialect *d = dialects; d < dialects + N_DIALECTS; d++) {
		for (size_t i = 0; i < 3; i++) {
			const char *answer = kinds[i] == OP_WRITE ? d->write
				: kinds[i] == OP_READ             ? d->read
								  : d->delete_;
			struct talk talk;

			talk_begin(&talk, d, MANNER_ANSWER_THEN_DIE, answer);
			expect(&talk, kinds[i], OP_OK, OP_ERROR_NONE);
			expect(&talk, kinds[i], OP_UNKNOWN, OP_ERROR_RESET);
			assert_int_equal(
				__atomic_load_n(talk.server.requests, __ATOMIC_SEQ_CST), 2);
			/* and the next attempt finds its way again */
			expect(&talk, kinds[i], OP_OK, OP_ERROR_NONE);
			talk_end(&talk);
		}
	}
}

static void wait_for_close(void)
{
	/* the peer's FIN crosses the loopback; nothing tells when the driver's kernel has it */
	clock_sleep_until_ns(clock_now_ns() + 20 * NSEC_PER_MSEC);
}

static void a_connection_closed_while_idle_is_replaced(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + N_DIALECTS; d++) {
		struct talk talk;

		talk_begin(&talk, d, MANNER_ANSWER_AND_CLOSE, d->write);
		for (int i = 0; i < 3; i++) {
			expect(&talk, OP_WRITE, OP_OK, OP_ERROR_NONE);
			wait_for_close();
		}
		assert_int_equal(__atomic_load_n(talk.server.requests, __ATOMIC_SEQ_CST), 3);
		talk_end(&talk);
	}
}

static void a_role_of_a_bad_server_is_unknown_in_time(void **state)
{
	(void)state;
	for (const struct dialect *d = dialects; d < dialects + N_DIALECTS; d++) {
		for (enum manner m = MANNER_ANSWER; m < MANNERS; m++) {
			struct driver_role role;
			struct talk talk;
			uint64_t start;

			talk_begin(&talk, d, m, d->not_ours);
			start = clock_now_ns();
			talk.driver->ops->role(talk.driver, &talk.endpoints[0], TIMEOUT_NS, &role);
			assert_true(clock_now_ns() - start < LIMIT_NS);
			assert_int_equal(role.role, ROLE_UNKNOWN);
			assert_int_equal(role.believed_primary, OP_NODE_UNKNOWN);
			talk_end(&talk);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_driver_with_a_port_has_a_dialect),
		cmocka_unit_test(right_answers_are_ok),
		cmocka_unit_test(claims_of_an_answer_come_out),
		cmocka_unit_test(a_write_names_its_term),
		cmocka_unit_test(refusals_are_sure_only_when_the_list_says_so),
		cmocka_unit_test(a_value_that_is_not_ours_is_garbage),
		cmocka_unit_test(hanging_servers_end_unknown_in_time),
		cmocka_unit_test(dying_servers_end_unknown),
		cmocka_unit_test(an_endless_answer_is_cut_off),
		cmocka_unit_test(nothing_sent_is_a_sure_failure),
		cmocka_unit_test(a_request_is_never_sent_twice),
		cmocka_unit_test(a_connection_closed_while_idle_is_replaced),
		cmocka_unit_test(a_role_of_a_bad_server_is_unknown_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
