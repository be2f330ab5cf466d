#include "suites/tests/helpers/dialects.h"

#define HTTP(status, headers, body) "HTTP/1.1 " status "\r\n" headers "Content-Length: " body

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

const struct dialect dialects[] = {
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

const size_t n_dialects = sizeof(dialects) / sizeof(*dialects);
