/*
 * postgres: keys and values in a table of PostgreSQL; libpq's asynchronous interface, our deadlines.
 *
 * The table is made by whoever sets the system up (a recipe does):
 *
 *	create table kv (k text primary key, v text, ver bigint not null)
 *
 * A write is one INSERT ... ON CONFLICT that counts the version up; a delete leaves a row without a
 * value, so that versions of a key never go back. Beside the version a write returns the timeline it was
 * made on: its epoch, so that two primaries are told apart by it. Other tables are asked by statements of the
 * scenario (statement.h), sent as simple queries: one message there, one answer back.
 *
 * What is no acknowledgement. When the wait for a synchronous standby is cancelled, PostgreSQL commits
 * locally, answers as if all were well, and sends a WARNING beside it. A client that does not look at
 * warnings takes that for an acknowledgement; here it is unknown, unless the scenario says
 * `warned: ok` to show what such a client loses.
 *
 * What is surely not done: everything up to the end of the handshake, when no statement has left; and
 * the SQLSTATEs of sure_failures[], with severity ERROR: PostgreSQL rolled the statement back. FATAL
 * and PANIC may come after the commit, so they are unknown.
 *
 * libpq believes what a message says about its own length; what is received for one answer is counted
 * and cut off here. After any outcome but a complete answer the connection is closed, so that a late
 * answer is not taken for the next operation's.
 */
#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"
#include "probes/drivers/drivers.h"
#include "probes/drivers/secret.h"
#include "probes/drivers/statement.h"
#include "probes/drivers/tcp.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define ANSWER_MAX (128 * 1024) /* bytes; more than any padded value */
#define CONNECTIONS 8           /* a session reads here and writes there */
#define SECRET_MAX 256

struct postgres_options {
	const char *database, *user, *password;
	struct statements sql;
	uint64_t commit, warned;
};

enum commit_level { COMMIT_SERVER };
enum warned_as { WARNED_UNKNOWN, WARNED_OK };

struct connection {
	const struct endpoint *at; /* NULL: never used */
	PGconn *conn;
	uint64_t received; /* bytes of the present answer */
	bool warned;       /* it came with a warning that takes the acknowledgement back */
	char warning[80];
};

struct postgres_driver {
	struct driver base;
	struct driver_target target;
	const struct postgres_options *options;
	char password[SECRET_MAX];
	struct connection connections[CONNECTIONS];
	unsigned evict;
	struct statement statement;
};

static const char *const commit_levels[] = {
	"server", "off", "local", "remote_write", "on", "remote_apply", NULL};
static const char *const warned_choices[] = {"unknown", "ok", NULL};

#define KV_PUT                                                                                     \
	" on conflict (k) do update set v = excluded.v, ver = kv.ver + 1 returning kv.ver, "       \
	"('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"

static const struct param postgres_params[] = {
	{"database", PARAM_STRING, "postgres", "of the table",
		.offset = offsetof(struct postgres_options, database)},
	{"user", PARAM_STRING, "postgres", "role to log in as",
		.offset = offsetof(struct postgres_options, user)},
	{"password", PARAM_STRING, "", "env:NAME or file:PATH; empty: none",
		.offset = offsetof(struct postgres_options, password)},
	{"read", PARAM_STRING, "select v, ver from kv where k = '{key}'",
		"statement: value and, if there is one, version in the first row; none: absent",
		.offset = offsetof(struct postgres_options, sql.read)},
	{"write", PARAM_STRING, "insert into kv values ('{key}', '{value}', 1)" KV_PUT,
		"statement: may return the version and the epoch",
		.offset = offsetof(struct postgres_options, sql.write)},
	{"delete", PARAM_STRING, "insert into kv values ('{key}', null, 1)" KV_PUT,
		"statement: may return the version and the epoch",
		.offset = offsetof(struct postgres_options, sql.delete_)},
	{"commit", PARAM_CHOICE, "server", "synchronous_commit of the sessions",
		.choices = commit_levels, .offset = offsetof(struct postgres_options, commit)},
	{"warned", PARAM_CHOICE, "unknown",
		"a commit whose wait for a standby was cancelled: unknown, or ok as careless clients "
		"see it",
		.choices = warned_choices, .offset = offsetof(struct postgres_options, warned)},
	PARAM_END};

/* SQLSTATEs (or classes) of a statement that was rolled back. */
static const struct sure_failure {
	const char *state;
	enum op_error error;
} sure_failures[] = {
	{"25006", OP_ERROR_NOT_PRIMARY}, /* read-only transaction: a standby */
	{"25P02", OP_ERROR_REJECTED},
	{"40001", OP_ERROR_UNAVAILABLE}, /* serialization, or a conflict with recovery */
	{"40P01", OP_ERROR_UNAVAILABLE}, /* deadlock */
	{"55P03", OP_ERROR_UNAVAILABLE}, /* lock not available */
	{"57P03", OP_ERROR_UNAVAILABLE}, /* starting up */
	{"53", OP_ERROR_UNAVAILABLE},    /* out of disk, memory, connections */
	{"22", OP_ERROR_REJECTED},       /* data */
	{"23", OP_ERROR_REJECTED},       /* constraints */
	{"28", OP_ERROR_REJECTED},       /* authorization */
	{"3D", OP_ERROR_REJECTED},       /* no such database */
	{"42", OP_ERROR_REJECTED},       /* syntax, names, permissions */
};

static const struct sure_failure *find_sure_failure(const char *state)
{
	for (size_t i = 0; i < sizeof(sure_failures) / sizeof(*sure_failures); i++) {
		if (!strncmp(state, sure_failures[i].state, strlen(sure_failures[i].state)))
			return &sure_failures[i];
	}
	return NULL;
}

/* The commit did not wait for its standby. When somebody cancels it PostgreSQL gives the warning no
 * SQLSTATE of its own (01000), and its text is translated; the function that raised it is not. When
 * the server goes down it is of class 57, operator intervention. */
static void take_notice(void *arg, const PGresult *notice)
{
	struct connection *c = arg;
	const char *state = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
	const char *function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
	const char *text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);

	if (!(state && !strncmp(state, "57", 2)) &&
		!(function && !strcmp(function, "SyncRepWaitForLSN")))
		return;
	c->warned = true;
	snprintf(c->warning, sizeof(c->warning), "%s", text ? text : "warned");
}

static void disconnect(struct connection *c)
{
	if (c->conn)
		PQfinish(c->conn);
	c->conn = NULL;
}

static struct connection *connection_to(struct postgres_driver *pg, const struct endpoint *at)
{
	struct connection *c;

	for (unsigned i = 0; i < CONNECTIONS; i++) {
		c = &pg->connections[i];
		if (!c->at || c->at == at) {
			c->at = at;
			return c;
		}
	}
	c = &pg->connections[pg->evict++ % CONNECTIONS];
	disconnect(c);
	c->at = at;
	return c;
}

/* libpq keeps no errno of a failed connect; its sentence ends with the system's words for it. */
static enum op_error connect_error(const PGconn *conn)
{
	static const int codes[] = {ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ECONNRESET, ETIMEDOUT};
	const char *said = PQerrorMessage(conn);

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		if (strstr(said, strerror(codes[i])))
			return tcp_error(codes[i]);
	}
	if (strstr(said, "closed the connection"))
		return OP_ERROR_RESET;
	if (strstr(said, "authentication failed") || strstr(said, "does not exist"))
		return OP_ERROR_REJECTED;
	return OP_ERROR_UNAVAILABLE;
}

static PGconn *connect_start(struct postgres_driver *pg, const struct endpoint *at)
{
	char port[8], settings[64];
	/* nothing of the user's files or environment decides where we end up */
	const char *const words[] = {"host", "port", "dbname", "user", "password", "passfile",
		"sslmode", "gssencmode", "application_name", "options", NULL};
	const char *values[] = {at->host, port, pg->options->database, pg->options->user,
		pg->password, "/dev/null/none", "disable", "disable", "regionproof", settings,
		NULL};

	snprintf(port, sizeof(port), "%u", at->port);
	*settings = '\0';
	if (pg->options->commit != COMMIT_SERVER)
		snprintf(settings, sizeof(settings), "-c synchronous_commit=%s",
			commit_levels[pg->options->commit]);
	return PQconnectStartParams(words, values, 0);
}

/* Until the handshake is over nothing was asked: all failures of it are sure ones. */
static int connect_now(struct postgres_driver *pg, struct connection *c, uint64_t deadline_ns,
	enum op_error *error)
{
	PostgresPollingStatusType step = PGRES_POLLING_WRITING;

	if (c->conn && tcp_is_idle(PQsocket(c->conn)))
		return 0;
	disconnect(c);
	c->conn = connect_start(pg, c->at);
	if (!c->conn)
		abort();
	PQsetNoticeReceiver(c->conn, take_notice, c);
	if (PQstatus(c->conn) == CONNECTION_BAD)
		step = PGRES_POLLING_FAILED;
	while (step != PGRES_POLLING_OK) {
		*error = OP_ERROR_TIMEOUT;
		if (step != PGRES_POLLING_FAILED &&
			!tcp_wait(PQsocket(c->conn),
				step == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ns))
			return -1;
		if (step != PGRES_POLLING_FAILED)
			step = PQconnectPoll(c->conn);
		if (step == PGRES_POLLING_FAILED) {
			*error = connect_error(c->conn);
			return -1;
		}
	}
	PQsetnonblocking(c->conn, 1);
	return 0;
}

/* How many bytes have arrived. 0: none, and the connection stands; -1: it has ended. */
static int arrived(int fd, enum op_error *error)
{
	int waiting = 0;
	char byte;
	ssize_t n;

	if (ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0)
		return waiting;
	n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n > 0)
		return (int)n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	*error = n == 0 ? OP_ERROR_RESET : tcp_error(errno);
	return -1;
}

/* Take in what has arrived; an end of the connection is told apart from nonsense by looking first. */
static int receive_some(struct connection *c, enum op_error *error)
{
	int n = arrived(PQsocket(c->conn), error);

	if (n <= 0)
		return n;
	*error = OP_ERROR_GARBAGE;
	c->received += (uint64_t)n;
	if (c->received > ANSWER_MAX)
		return -1;
	return PQconsumeInput(c->conn) ? 0 : -1;
}

static int send_query(
	struct connection *c, const char *query, uint64_t deadline_ns, enum op_error *error)
{
	int left;

	*error = OP_ERROR_RESET;
	if (!PQsendQuery(c->conn, query))
		return -1;
	while ((left = PQflush(c->conn)) > 0) {
		*error = OP_ERROR_TIMEOUT;
		if (!tcp_wait(PQsocket(c->conn), POLLIN | POLLOUT, deadline_ns))
			return -1;
		if (receive_some(c, error))
			return -1;
	}
	return left;
}

static int wait_result(struct connection *c, uint64_t deadline_ns, enum op_error *error)
{
	while (PQisBusy(c->conn)) {
		if (!tcp_wait(PQsocket(c->conn), POLLIN, deadline_ns)) {
			*error = OP_ERROR_TIMEOUT;
			return -1;
		}
		if (receive_some(c, error))
			return -1;
	}
	return 0;
}

static bool is_last_of_connection(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK &&
		!PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

/* One query, one answer, owned by the caller. NULL: *error says why. An answer is complete when the
 * server is ready for the next query; one that died in between may have said anything. */
static PGresult *receive_result(struct connection *c, uint64_t deadline_ns, enum op_error *error)
{
	PGresult *first = NULL, *next;

	for (;;) {
		if (wait_result(c, deadline_ns, error))
			break;
		next = PQgetResult(c->conn);
		if (!next)
			return first;
		*error = OP_ERROR_GARBAGE;
		if (first || is_last_of_connection(next)) {
			PQclear(next);
			break;
		}
		first = next;
	}
	PQclear(first);
	return NULL;
}

static PGresult *ask(struct postgres_driver *pg, struct connection *c, const char *query,
	uint64_t timeout_ns, enum op_error *error, bool *sent)
{
	uint64_t deadline_ns = clock_now_ns() + timeout_ns;
	PGresult *result = NULL;

	*sent = false;
	if (!connect_now(pg, c, deadline_ns, error)) {
		*sent = true;
		c->received = 0;
		c->warned = false;
		if (!send_query(c, query, deadline_ns, error))
			result = receive_result(c, deadline_ns, error);
	}
	if (!result || PQstatus(c->conn) == CONNECTION_BAD)
		disconnect(c);
	return result;
}

static void take_error(const PGresult *result, struct driver_call *call)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const struct sure_failure *sure = find_sure_failure(state);

	if (!severity)
		severity = PQresultErrorField(result, PG_DIAG_SEVERITY);
	if (sure && severity && !strcmp(severity, "ERROR"))
		driver_fail(call, OP_FAIL, sure->error, "%s: %s", state, said ? said : "");
	else
		driver_fail(call, OP_UNKNOWN, OP_ERROR_OTHER, "%s: %s", state, said ? said : "");
}

/* The version, where the column is there and no number is nonsense. */
static bool take_version(const PGresult *result, int column, struct driver_call *call)
{
	if (!PQntuples(result) || PQnfields(result) <= column)
		return true;
	call->flags |= OP_HAS_VERSION;
	return driver_number_parse(PQgetvalue(result, 0, column),
		(size_t)PQgetlength(result, 0, column), UINT64_MAX, &call->version);
}

static bool take_epoch(const PGresult *result, int column, struct driver_call *call)
{
	uint64_t epoch;

	if (!PQntuples(result) || PQnfields(result) <= column)
		return true;
	if (!driver_number_parse(PQgetvalue(result, 0, column),
		    (size_t)PQgetlength(result, 0, column), UINT32_MAX, &epoch))
		return false;
	call->flags |= OP_HAS_EPOCH;
	call->epoch = (uint32_t)epoch;
	return true;
}

static bool take_success(const PGresult *result, struct driver_call *call)
{
	if (call->kind != OP_READ)
		return take_version(result, 0, call) && take_epoch(result, 1, call);
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQnfields(result) < 1)
		return false;
	if (!PQntuples(result) || PQgetisnull(result, 0, 0)) {
		call->flags |= OP_ABSENT;
		return take_version(result, 1, call);
	}
	return driver_value_parse(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0),
		       &call->read_value) &&
		take_version(result, 1, call);
}

static void take_result(struct postgres_driver *pg, struct connection *c, const PGresult *result,
	struct driver_call *call)
{
	if (PQresultErrorField(result, PG_DIAG_SQLSTATE)) {
		take_error(result, call);
	} else if (!take_success(result, call)) {
		call->flags = 0;
		driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "not an answer to the statement");
		disconnect(c);
	} else if (c->warned && pg->options->warned == WARNED_UNKNOWN) {
		call->flags = 0;
		driver_fail(call, OP_UNKNOWN, OP_ERROR_OTHER, "%s", c->warning);
	} else {
		call->state = OP_OK;
		call->error = OP_ERROR_NONE;
	}
}

static void postgres_invoke(
	struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	struct postgres_driver *pg = (struct postgres_driver *)driver;
	struct connection *c = connection_to(pg, at);
	enum op_error error = OP_ERROR_OTHER;
	PGresult *result;
	bool sent;

	driver_call_clear(call);
	if (call->kind == OP_CAS || call->kind == OP_PURGE) {
		driver_fail(call, OP_FAIL, OP_ERROR_REJECTED, "this driver has no compare-and-set");
		return;
	}
	result = ask(pg, c, statement_put(&pg->statement, call), call->timeout_ns, &error, &sent);
	if (!result) {
		driver_fail(call, sent ? OP_UNKNOWN : OP_FAIL, error, "%s: %s",
			sent ? "no answer" : "cannot connect", op_error_name(error));
		return;
	}
	call->node = at->node;
	take_result(pg, c, result, call);
	PQclear(result);
}

/* The timeline is the epoch: a promotion begins a new one. A primary's is in the name of the WAL file
 * that it writes now, since the control file follows only at the next checkpoint. */
static const char role_query[] =
	"select pg_is_in_recovery(), case when pg_is_in_recovery() "
	"then coalesce((select received_tli from pg_stat_wal_receiver), "
	"(select timeline_id from pg_control_checkpoint()))::text "
	"else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int::text end, "
	"(select sender_host || ' ' || sender_port from pg_stat_wal_receiver)";

static uint8_t node_at(const struct driver_target *target, const char *host_and_port)
{
	char text[80];

	for (size_t i = 0; i < target->n_endpoints; i++) {
		const struct endpoint *e = &target->endpoints[i];

		snprintf(text, sizeof(text), "%s %u", e->host, e->port);
		if (!strcmp(text, host_and_port))
			return e->node;
	}
	return OP_NODE_UNKNOWN;
}

static void take_role(const struct driver_target *target, const struct endpoint *at,
	const PGresult *result, struct driver_role *out)
{
	const char *recovers;
	uint64_t epoch = 0;

	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1 ||
		PQnfields(result) != 3)
		return;
	recovers = PQgetvalue(result, 0, 0);
	if (strcmp(recovers, "f") && strcmp(recovers, "t"))
		return;
	out->role = *recovers == 'f' ? ROLE_PRIMARY : ROLE_REPLICA;
	if (driver_number_parse(PQgetvalue(result, 0, 1), (size_t)PQgetlength(result, 0, 1),
		    UINT32_MAX, &epoch))
		out->epoch = (uint32_t)epoch;
	out->believed_primary =
		out->role == ROLE_PRIMARY ? at->node : node_at(target, PQgetvalue(result, 0, 2));
}

static void postgres_role(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
	struct driver_role *out)
{
	struct postgres_driver *pg = (struct postgres_driver *)driver;
	enum op_error error;
	PGresult *result;
	bool sent;

	*out = (struct driver_role){.believed_primary = OP_NODE_UNKNOWN};
	result = ask(pg, connection_to(pg, at), role_query, timeout_ns, &error, &sent);
	if (!result)
		return;
	take_role(&pg->target, at, result, out);
	PQclear(result);
}

static struct driver *postgres_open(const struct driver_target *target, struct err *err)
{
	static struct postgres_options defaults; /* the same for all who give none */
	struct postgres_driver *pg = calloc(1, sizeof(*pg));

	if (!pg)
		abort();
	pg->base.ops = &driver_postgres;
	pg->target = *target;
	pg->options = target->options;
	if (!pg->options) {
		param_set_defaults(postgres_params, &defaults);
		pg->options = &defaults;
	}
	if (secret_read(pg->options->password, pg->password, sizeof(pg->password), err)) {
		free(pg);
		return NULL;
	}
	statement_init(&pg->statement, &pg->options->sql, target->value_size);
	return &pg->base;
}

static void postgres_close(struct driver *driver)
{
	struct postgres_driver *pg = (struct postgres_driver *)driver;

	for (unsigned i = 0; i < CONNECTIONS; i++)
		disconnect(&pg->connections[i]);
	explicit_bzero(pg->password, sizeof(pg->password));
	statement_release(&pg->statement);
	free(pg);
}

const struct driver_ops driver_postgres = {
	.name = "postgres",
	.help = "PostgreSQL: a table kv, or statements of your own; roles by recovery and timeline",
	.can = DRIVER_NAMES_NODE | DRIVER_ROLES | DRIVER_DELETES | DRIVER_VERSIONS | DRIVER_EPOCHS |
		DRIVER_HANDSHAKE,
	.default_port = 5432,
	.params = postgres_params,
	.options_size = sizeof(struct postgres_options),
	.open = postgres_open,
	.invoke = postgres_invoke,
	.role = postgres_role,
	.close = postgres_close,
};
