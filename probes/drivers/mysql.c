/*
 * mysql: keys and values in a table of MariaDB; libmariadb's non-blocking interface, our deadlines.
 *
 * The table is made by whoever sets the system up (a recipe does):
 *
 *	create table kv (k varchar(64) primary key, v text, ver bigint not null)
 *
 * A write is one INSERT ... ON DUPLICATE KEY UPDATE that counts the version up and returns it, which
 * MariaDB knows and MySQL does not: there the statements of the scenario (statement.h) do without
 * RETURNING. A delete leaves a row without a value, so that versions of a key never go back.
 *
 * What is no acknowledgement, and cannot be told: semi-synchronous replication that has waited its
 * time-out and goes on as asynchronous one answers as before. What that loses is for the judge to find.
 *
 * What is surely not done: everything up to the end of the handshake, when no statement has left; and
 * the errors of sure_failures[], which say that the statement was rolled back. Others are unknown.
 *
 * A call of libmariadb that would block is left half done, on a stack of its own, until the socket is
 * ready. At the deadline the socket is shut down before the handle is closed, so that saying good-bye
 * waits for nobody. Of an answer at most one row is taken, and no packet above ANSWER_MAX; after any
 * outcome but a complete answer the connection is closed, so that a late answer is not taken for the
 * next operation's.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"
#include "probes/drivers/drivers.h"
#include "probes/drivers/secret.h"
#include "probes/drivers/statement.h"
#include "probes/drivers/tcp.h"

#include <mysql.h>
#include <errmsg.h>
#include <errno.h>
#include <fcntl.h>
#include <mysqld_error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX (128 * 1024) /* bytes of a packet; more than any padded value */
#define CONNECTIONS 8           /* a session reads here and writes there */
#define SECRET_MAX 256

struct mysql_options {
	const char *database, *user, *password;
	struct statements sql;
};

struct connection {
	const struct endpoint *at; /* NULL: never used */
	MYSQL *conn;               /* NULL: not connected */
	int fd; /* a second one of its socket, which tells what became of it; valid with conn */
};

struct mysql_driver {
	struct driver base;
	struct driver_target target;
	const struct mysql_options *options;
	char password[SECRET_MAX];
	struct connection connections[CONNECTIONS];
	unsigned evict;
	struct statement statement;
};

#define KV_PUT " on duplicate key update v = values(v), ver = ver + 1 returning ver"
#define FIELD(f) offsetof(struct mysql_options, f)

static const struct param mysql_params[] = {
	{"database", PARAM_STRING, "test", "of the table", .offset = FIELD(database)},
	{"user", PARAM_STRING, "app",
		"account to log in as; one with SUPER writes to read-only servers",
		.offset = FIELD(user)},
	{"password", PARAM_STRING, "", "env:NAME or file:PATH; empty: none",
		.offset = FIELD(password)},
	{"read", PARAM_STRING, "select v, ver from kv where k = '{key}'",
		"statement: value and, if there is one, version in the first row; none: absent",
		.offset = FIELD(sql.read)},
	{"write", PARAM_STRING, "insert into kv values ('{key}', '{value}', 1)" KV_PUT,
		"statement: may return the version and the epoch", .offset = FIELD(sql.write)},
	{"delete", PARAM_STRING, "insert into kv values ('{key}', null, 1)" KV_PUT,
		"statement: may return the version and the epoch", .offset = FIELD(sql.delete_)},
	PARAM_END};

/* Errors of the server whose statement was rolled back or never begun. */
static const struct sure_failure {
	unsigned code;
	enum op_error error;
} sure_failures[] = {
	{ER_OPTION_PREVENTS_STATEMENT, OP_ERROR_NOT_PRIMARY}, /* --read-only */
	{ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, OP_ERROR_NOT_PRIMARY},
	{ER_READ_ONLY_MODE, OP_ERROR_NOT_PRIMARY},
	{ER_LOCK_WAIT_TIMEOUT, OP_ERROR_UNAVAILABLE},
	{ER_LOCK_DEADLOCK, OP_ERROR_UNAVAILABLE},
	{ER_CON_COUNT_ERROR, OP_ERROR_UNAVAILABLE},
	{ER_TOO_MANY_USER_CONNECTIONS, OP_ERROR_UNAVAILABLE},
	{ER_RECORD_FILE_FULL, OP_ERROR_UNAVAILABLE},
	{ER_DUP_ENTRY, OP_ERROR_REJECTED},
	{ER_PARSE_ERROR, OP_ERROR_REJECTED},
	{ER_NO_SUCH_TABLE, OP_ERROR_REJECTED},
	{ER_BAD_FIELD_ERROR, OP_ERROR_REJECTED},
	{ER_BAD_DB_ERROR, OP_ERROR_REJECTED},
	{ER_NO_DB_ERROR, OP_ERROR_REJECTED},
	{ER_ACCESS_DENIED_ERROR, OP_ERROR_REJECTED},
	{ER_DBACCESS_DENIED_ERROR, OP_ERROR_REJECTED},
	{ER_TABLEACCESS_DENIED_ERROR, OP_ERROR_REJECTED},
	{ER_DATA_TOO_LONG, OP_ERROR_REJECTED},
};

static const struct sure_failure *find_sure_failure(unsigned code)
{
	for (size_t i = 0; i < sizeof(sure_failures) / sizeof(*sure_failures); i++) {
		if (sure_failures[i].code == code)
			return &sure_failures[i];
	}
	return NULL;
}

static void disconnect(struct connection *c)
{
	if (!c->conn)
		return;
	if (c->fd >= 0)
		shutdown(c->fd, SHUT_RDWR);
	mysql_close(c->conn);
	if (c->fd >= 0)
		close(c->fd);
	c->conn = NULL;
}

/* The server has closed or reset the connection. */
static bool is_ended(const struct connection *c)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (c->fd < 0 || getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return true;
	switch (info.tcpi_state) {
	case TCP_ESTABLISHED:
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
		return false;
	default:
		return true;
	}
}

static struct connection *connection_to(struct mysql_driver *my, const struct endpoint *at)
{
	struct connection *c;

	for (unsigned i = 0; i < CONNECTIONS; i++) {
		c = &my->connections[i];
		if (!c->at || c->at == at) {
			c->at = at;
			return c;
		}
	}
	c = &my->connections[my->evict++ % CONNECTIONS];
	disconnect(c);
	c->at = at;
	return c;
}

/* Wait for what libmariadb waits for; *wanted becomes what came. False: the deadline has come. */
static bool wait_for(struct connection *c, int *wanted, uint64_t deadline_ns)
{
	short events = (short)((*wanted & MYSQL_WAIT_READ ? POLLIN : 0) |
		(*wanted & MYSQL_WAIT_WRITE ? POLLOUT : 0) |
		(*wanted & MYSQL_WAIT_EXCEPT ? POLLPRI : 0));
	short came = tcp_wait((int)mysql_get_socket(c->conn), events, deadline_ns);

	if (!came)
		return false;
	*wanted = (came & POLLIN ? MYSQL_WAIT_READ : 0) | (came & POLLOUT ? MYSQL_WAIT_WRITE : 0) |
		(came & POLLPRI ? MYSQL_WAIT_EXCEPT : 0);
	if (!*wanted) /* an error or the end: whoever reads or writes now is told */
		*wanted = events & POLLIN ? MYSQL_WAIT_READ : MYSQL_WAIT_WRITE;
	return true;
}

/* What the library says about a connection, not the server about a statement. Nonsense within an answer
 * it calls a lost connection, too. */
static enum op_error library_error(const struct connection *c)
{
	const char *said = mysql_error(c->conn), *code = strrchr(said, '(');

	switch (mysql_errno(c->conn)) {
	case CR_CONNECTION_ERROR:
	case CR_CONN_HOST_ERROR: /* "... (111)": of the system */
		return code && atoi(code + 1) ? tcp_error(atoi(code + 1)) : OP_ERROR_UNREACHABLE;
	case CR_SERVER_GONE_ERROR:
	case CR_SERVER_LOST:
	case CR_SERVER_LOST_EXTENDED:
	case CR_ERR_NET_READ:
	case CR_ERR_NET_WRITE:
		return is_ended(c) ? OP_ERROR_RESET : OP_ERROR_GARBAGE;
	case CR_UNKNOWN_HOST:
		return OP_ERROR_UNREACHABLE;
	default:
		return OP_ERROR_GARBAGE;
	}
}

static void set_options(MYSQL *conn)
{
	unsigned long answer_max = ANSWER_MAX;
	my_bool no = 0;

	mysql_options(conn, MYSQL_OPT_NONBLOCK, NULL);
	mysql_options(conn, MYSQL_OPT_MAX_ALLOWED_PACKET, &answer_max);
	mysql_options(conn, MYSQL_OPT_RECONNECT, &no);
	mysql_options(conn, MYSQL_OPT_LOCAL_INFILE, &no);
	mysql_options(conn, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &no);
	mysql_options(conn, MYSQL_DEFAULT_AUTH, "mysql_native_password");
}

/* Until the handshake is over nothing was asked: all failures of it are sure ones. */
static int connect_now(
	struct mysql_driver *my, struct connection *c, uint64_t deadline_ns, enum op_error *error)
{
	const struct mysql_options *o = my->options;
	MYSQL *connected = NULL;
	int waits;

	if (c->conn && tcp_is_idle(c->fd))
		return 0;
	disconnect(c);
	c->conn = mysql_init(NULL);
	if (!c->conn)
		abort();
	c->fd = -1;
	set_options(c->conn);
	waits = mysql_real_connect_start(&connected, c->conn, c->at->host, o->user, my->password,
		o->database, c->at->port, NULL, 0);
	while (waits) {
		if (!wait_for(c, &waits, deadline_ns)) {
			*error = OP_ERROR_TIMEOUT;
			return -1;
		}
		waits = mysql_real_connect_cont(&connected, c->conn, waits);
	}
	if (connected) {
		c->fd = fcntl((int)mysql_get_socket(c->conn), F_DUPFD_CLOEXEC, 0);
		return 0;
	}
	*error = find_sure_failure(mysql_errno(c->conn))
		? find_sure_failure(mysql_errno(c->conn))->error
		: library_error(c);
	return -1;
}

/* 0: the server answered, maybe with an error. -1: *error. */
static int send_query(
	struct connection *c, const char *query, uint64_t deadline_ns, enum op_error *error)
{
	int failed = 0, waits;
	unsigned code;

	waits = mysql_real_query_start(&failed, c->conn, query, (unsigned long)strlen(query));
	while (waits) {
		if (!wait_for(c, &waits, deadline_ns)) {
			*error = OP_ERROR_TIMEOUT;
			return -1;
		}
		waits = mysql_real_query_cont(&failed, c->conn, waits);
	}
	code = mysql_errno(c->conn);
	if (!failed || !IS_MYSQL_ERROR(code))
		return 0;
	*error = library_error(c);
	return -1;
}

/* The first row of an answer, and the first columns of it. */
#define COLUMNS 4
struct answer {
	bool has_rows; /* the statement returns rows at all */
	bool has_row;
	unsigned columns;
	bool null[COLUMNS];
	struct buf text[COLUMNS];
};

static void answer_release(struct answer *answer)
{
	for (unsigned i = 0; i < COLUMNS; i++)
		buf_release(&answer->text[i]);
}

static void keep_row(struct answer *answer, MYSQL_RES *result, MYSQL_ROW row)
{
	unsigned long *lengths = mysql_fetch_lengths(result);

	answer->has_row = true;
	for (unsigned i = 0; i < COLUMNS && i < answer->columns; i++) {
		answer->null[i] = !row[i];
		if (row[i])
			buf_add(&answer->text[i], row[i], lengths[i]);
	}
}

/* The next row, NULL at the end of the answer. */
static int fetch_row(struct connection *c, MYSQL_RES *result, MYSQL_ROW *row, uint64_t deadline_ns,
	enum op_error *error)
{
	int waits = mysql_fetch_row_start(row, result);

	while (waits) {
		if (!wait_for(c, &waits, deadline_ns)) {
			*error = OP_ERROR_TIMEOUT;
			return -1;
		}
		waits = mysql_fetch_row_cont(row, result, waits);
	}
	if (*row || !mysql_errno(c->conn))
		return 0;
	*error = IS_MYSQL_ERROR(mysql_errno(c->conn)) ? library_error(c) : OP_ERROR_GARBAGE;
	return -1;
}

/* One row at most, and then the end: only after it is the connection clean. */
static int receive_rows(
	struct connection *c, struct answer *answer, uint64_t deadline_ns, enum op_error *error)
{
	MYSQL_RES *result;
	MYSQL_ROW row = NULL;
	int rc;

	answer->columns = mysql_field_count(c->conn);
	answer->has_rows = answer->columns > 0;
	if (!answer->has_rows)
		return 0;
	*error = OP_ERROR_GARBAGE;
	result = mysql_use_result(c->conn);
	if (!result)
		return -1;
	rc = fetch_row(c, result, &row, deadline_ns, error);
	if (!rc && row) {
		keep_row(answer, result, row);
		rc = fetch_row(c, result, &row, deadline_ns, error);
		if (!rc && row) {
			*error = OP_ERROR_GARBAGE;
			rc = -1;
		}
	}
	if (rc) /* nobody waits for the rest */
		shutdown(c->fd, SHUT_RDWR);
	mysql_free_result(result);
	return rc;
}

/* 0: the server answered, and mysql_errno() says whether with an error. */
static int ask(struct mysql_driver *my, struct connection *c, const char *query,
	uint64_t timeout_ns, struct answer *answer, enum op_error *error, bool *sent)
{
	uint64_t deadline_ns = clock_now_ns() + timeout_ns;

	*sent = false;
	if (!connect_now(my, c, deadline_ns, error)) {
		*sent = true;
		if (!send_query(c, query, deadline_ns, error) &&
			(mysql_errno(c->conn) || !receive_rows(c, answer, deadline_ns, error)))
			return 0;
	}
	disconnect(c);
	return -1;
}

static void take_error(MYSQL *conn, struct driver_call *call)
{
	const struct sure_failure *sure = find_sure_failure(mysql_errno(conn));

	driver_fail(call, sure ? OP_FAIL : OP_UNKNOWN, sure ? sure->error : OP_ERROR_OTHER,
		"%u: %s", mysql_errno(conn), mysql_error(conn));
}

/* The version, where the column is there and no number is nonsense. */
static bool take_version(const struct answer *answer, unsigned column, struct driver_call *call)
{
	const struct buf *text = &answer->text[column];

	if (!answer->has_row || answer->columns <= column || answer->null[column])
		return true;
	call->flags |= OP_HAS_VERSION;
	return driver_number_parse(buf_str(text), text->len, UINT64_MAX, &call->version);
}

static bool take_epoch(const struct answer *answer, unsigned column, struct driver_call *call)
{
	const struct buf *text = &answer->text[column];
	uint64_t epoch;

	if (!answer->has_row || answer->columns <= column || answer->null[column])
		return true;
	if (!driver_number_parse(buf_str(text), text->len, UINT32_MAX, &epoch))
		return false;
	call->flags |= OP_HAS_EPOCH;
	call->epoch = (uint32_t)epoch;
	return true;
}

static bool take_success(const struct answer *answer, struct driver_call *call)
{
	if (call->kind != OP_READ)
		return take_version(answer, 0, call) && take_epoch(answer, 1, call);
	if (!answer->has_rows)
		return false;
	if (!answer->has_row || answer->null[0])
		call->flags |= OP_ABSENT;
	else if (!driver_value_parse(
			 buf_str(&answer->text[0]), answer->text[0].len, &call->read_value))
		return false;
	return take_version(answer, 1, call);
}

static void mysql_invoke(struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	struct mysql_driver *my = (struct mysql_driver *)driver;
	struct connection *c = connection_to(my, at);
	enum op_error error = OP_ERROR_OTHER;
	struct answer answer = {0};
	bool sent;

	driver_call_clear(call);
	if (call->kind == OP_CAS || call->kind == OP_PURGE) {
		driver_fail(call, OP_FAIL, OP_ERROR_REJECTED, "this driver has no compare-and-set");
		return;
	}
	if (ask(my, c, statement_put(&my->statement, call), call->timeout_ns, &answer, &error,
		    &sent)) {
		driver_fail(call, sent ? OP_UNKNOWN : OP_FAIL, error, "%s: %s",
			sent ? "no answer" : "cannot connect", op_error_name(error));
	} else if (mysql_errno(c->conn)) {
		call->node = at->node;
		take_error(c->conn, call);
	} else if (take_success(&answer, call)) {
		call->node = at->node;
		call->state = OP_OK;
		call->error = OP_ERROR_NONE;
	} else {
		call->flags = 0;
		driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "not an answer to the statement");
		disconnect(c);
	}
	answer_release(&answer);
}

static uint8_t node_at(const struct driver_target *target, const char *host, const char *port)
{
	char text[8];

	for (size_t i = 0; i < target->n_endpoints; i++) {
		const struct endpoint *e = &target->endpoints[i];

		snprintf(text, sizeof(text), "%u", e->port);
		if (!strcmp(host, e->host) && !strcmp(port, text))
			return e->node;
	}
	return OP_NODE_UNKNOWN;
}

/* Whom a replica replicates from stands in columns 1 and 3 of its status. */
static uint8_t ask_source(struct mysql_driver *my, struct connection *c, uint64_t deadline_ns)
{
	uint64_t now = clock_now_ns();
	struct answer answer = {0};
	uint8_t node = OP_NODE_UNKNOWN;
	enum op_error error;
	bool sent;

	if (now < deadline_ns &&
		!ask(my, c, "show slave status", deadline_ns - now, &answer, &error, &sent) &&
		answer.has_row && answer.columns > 3)
		node = node_at(&my->target, buf_str(&answer.text[1]), buf_str(&answer.text[3]));
	answer_release(&answer);
	return node;
}

/* A server that takes writes is a primary; one that is read-only names whom it replicates from. */
static void mysql_role(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
	struct driver_role *out)
{
	struct mysql_driver *my = (struct mysql_driver *)driver;
	struct connection *c = connection_to(my, at);
	uint64_t deadline_ns = clock_now_ns() + timeout_ns;
	struct answer answer = {0};
	enum op_error error;
	bool sent;

	*out = (struct driver_role){.believed_primary = OP_NODE_UNKNOWN};
	if (!ask(my, c, "select @@global.read_only", timeout_ns, &answer, &error, &sent) &&
		answer.has_row) {
		if (!strcmp(buf_str(&answer.text[0]), "0"))
			out->role = ROLE_PRIMARY;
		else if (!strcmp(buf_str(&answer.text[0]), "1"))
			out->role = ROLE_REPLICA;
	}
	answer_release(&answer);
	if (out->role == ROLE_PRIMARY)
		out->believed_primary = at->node;
	else if (out->role == ROLE_REPLICA)
		out->believed_primary = ask_source(my, c, deadline_ns);
}

/* mysql_init() would do it, but not safely in several threads at once. */
static void init_library(void)
{
	mysql_library_init(0, NULL, NULL);
}

static struct driver *mysql_open(const struct driver_target *target, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static struct mysql_options defaults; /* the same for all who give none */
	struct mysql_driver *my = calloc(1, sizeof(*my));

	if (!my)
		abort();
	pthread_once(&once, init_library);
	my->base.ops = &driver_mysql;
	my->target = *target;
	my->options = target->options;
	if (!my->options) {
		param_set_defaults(mysql_params, &defaults);
		my->options = &defaults;
	}
	if (secret_read(my->options->password, my->password, sizeof(my->password), err)) {
		free(my);
		return NULL;
	}
	statement_init(&my->statement, &my->options->sql, target->value_size);
	return &my->base;
}

static void mysql_close_all(struct driver *driver)
{
	struct mysql_driver *my = (struct mysql_driver *)driver;

	for (unsigned i = 0; i < CONNECTIONS; i++)
		disconnect(&my->connections[i]);
	explicit_bzero(my->password, sizeof(my->password));
	statement_release(&my->statement);
	free(my);
}

const struct driver_ops driver_mysql = {
	.name = "mysql",
	.help = "MariaDB: a table kv, or statements of your own; roles by read_only",
	.can = DRIVER_NAMES_NODE | DRIVER_ROLES | DRIVER_DELETES | DRIVER_VERSIONS | DRIVER_EPOCHS |
		DRIVER_HANDSHAKE,
	.default_port = 3306,
	.params = mysql_params,
	.options_size = sizeof(struct mysql_options),
	.open = mysql_open,
	.invoke = mysql_invoke,
	.role = mysql_role,
	.close = mysql_close_all,
};
