/*
 * redis: SET, GET and DEL of one Redis node; hiredis formats and parses, the socket is ours.
 *
 * hiredis' own connection handling bounds each system call but not the operation, and a server that
 * sends a byte a second would hold it for ever; so bytes are received here against one deadline and
 * fed to its parser. Its parser allocates an array as long as the server claims, up to gigabytes:
 * arrays and whole answers are bounded here.
 *
 * After any outcome but a complete answer the connection is closed: the late answer of one
 * operation must not be taken for that of the next. An idle connection is looked at before it is
 * used, so that one which the server closed meanwhile is replaced before anything was sent.
 *
 * The allow-list of sure failures is sure_failures[] below plus what happens before anything was
 * sent. A node answers for itself, so the performing node is the one asked. A replica names the
 * primary by address; it is looked up among the endpoints.
 */
#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"
#include "probes/drivers/drivers.h"
#include "probes/drivers/tcp.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX (128 * 1024) /* bytes; more than any padded value */
#define ARRAY_MAX 1024          /* ROLE of a primary lists its replicas */

struct connection {
	const struct endpoint *at; /* NULL: never used */
	int fd;                    /* -1: none */
	uint64_t timeout_set_ns;   /* what SO_RCVTIMEO holds */
	redisReader *reader;
	redisReplyObjectFunctions functions;
	void *(*create_array)(const redisReadTask *, int);
	size_t received; /* bytes of the present answer */
};

/* A session reads here and writes there: a connection to each, or every turn would cost a handshake
 * across the world. */
#define CONNECTIONS 8

struct redis_driver {
	struct driver base;
	struct driver_target target;
	struct connection connections[CONNECTIONS];
	unsigned evict; /* next to be given up when all are taken */
	char *text;     /* of the value to write */
};

/* Answers that say that the command was not carried out. */
static const struct sure_failure {
	const char *prefix;
	enum op_error error;
} sure_failures[] = {
	{"READONLY ", OP_ERROR_NOT_PRIMARY},
	{"LOADING ", OP_ERROR_UNAVAILABLE},
	{"MASTERDOWN ", OP_ERROR_UNAVAILABLE},
	{"NOREPLICAS ", OP_ERROR_UNAVAILABLE},
	{"BUSY ", OP_ERROR_UNAVAILABLE},
	{"OOM ", OP_ERROR_REJECTED},
	{"MISCONF ", OP_ERROR_REJECTED},
	{"NOAUTH ", OP_ERROR_REJECTED},
	{"NOPERM ", OP_ERROR_REJECTED},
};

/* Each reader's table of functions is replaced by a copy of itself with this in front. */
static void *bounded_array(const redisReadTask *task, int n)
{
	struct connection *c = task->privdata;

	return n < 0 || n > ARRAY_MAX ? NULL : c->create_array(task, n);
}

static void disconnect(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->reader)
		redisReaderFree(c->reader);
	c->fd = -1;
	c->reader = NULL;
}

static int connect_now(struct connection *c, uint64_t deadline_ns, enum op_error *error)
{
	if (c->fd >= 0 && tcp_is_idle(c->fd))
		return 0;
	disconnect(c);
	c->fd = tcp_connect(c->at, deadline_ns, error);
	if (c->fd < 0)
		return -1;
	c->timeout_set_ns = 0;
	c->reader = redisReaderCreate();
	if (!c->reader)
		abort();
	c->functions = *c->reader->fn;
	c->create_array = c->functions.createArray;
	c->functions.createArray = bounded_array;
	c->reader->fn = &c->functions;
	c->reader->privdata = c;
	return 0;
}

/* The one to that node, or a free one, or the one that has been kept longest. */
static struct connection *connection_to(struct redis_driver *redis, const struct endpoint *at)
{
	struct connection *c;

	for (unsigned i = 0; i < CONNECTIONS; i++) {
		c = &redis->connections[i];
		if (!c->at || c->at == at) {
			c->at = at;
			return c;
		}
	}
	c = &redis->connections[redis->evict++ % CONNECTIONS];
	disconnect(c);
	c->at = at;
	return c;
}

/* The first system call of an operation finds the time-out of the one before, which is as good
 * when the operation has just begun; the next ones renew it. */
static bool time_left(struct connection *c, uint64_t deadline_ns, uint64_t timeout_ns)
{
	uint64_t now = clock_now_ns(), left;

	if (now >= deadline_ns)
		return false;
	left = deadline_ns - now;
	if (c->timeout_set_ns == timeout_ns && left + NSEC_PER_MSEC >= timeout_ns)
		return true;
	tcp_set_timeout(c->fd, left);
	c->timeout_set_ns = left + NSEC_PER_MSEC >= timeout_ns ? timeout_ns : left;
	return true;
}

static int send_all(struct connection *c, const char *data, size_t len, uint64_t deadline_ns,
	uint64_t timeout_ns, enum op_error *error)
{
	while (len) {
		ssize_t n;

		if (!time_left(c, deadline_ns, timeout_ns)) {
			*error = OP_ERROR_TIMEOUT;
			return -1;
		}
		n = send(c->fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			*error = tcp_error(errno);
			return -1;
		}
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int receive_some(
	struct connection *c, uint64_t deadline_ns, uint64_t timeout_ns, enum op_error *error)
{
	char in[4096];
	ssize_t n;

	if (!time_left(c, deadline_ns, timeout_ns)) {
		*error = OP_ERROR_TIMEOUT;
		return -1;
	}
	n = recv(c->fd, in, sizeof(in), 0);
	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0) {
		*error = n ? tcp_error(errno) : OP_ERROR_RESET;
		return -1;
	}
	c->received += (size_t)n;
	*error = OP_ERROR_GARBAGE;
	if (c->received > ANSWER_MAX)
		return -1;
	return redisReaderFeed(c->reader, in, (size_t)n) == REDIS_OK ? 0 : -1;
}

/* One request, one answer, owned by the caller. NULL: *error says why, and *sent whether any of the
 * request may have left. */
static redisReply *ask(struct redis_driver *redis, const struct endpoint *at,
	const char *const *words, const size_t *lengths, int n_words, uint64_t timeout_ns,
	enum op_error *error, bool *sent)
{
	uint64_t deadline_ns = clock_now_ns() + timeout_ns;
	struct connection *c = connection_to(redis, at);
	void *reply = NULL;
	char *request;
	int len;

	*sent = false;
	if (connect_now(c, deadline_ns, error))
		return NULL;
	*sent = true;
	c->received = 0;
	len = redisFormatCommandArgv(&request, n_words, (const char **)(uintptr_t)words, lengths);
	if (len < 0)
		abort();
	if (send_all(c, request, (size_t)len, deadline_ns, timeout_ns, error))
		goto out;
	while (!reply) {
		if (receive_some(c, deadline_ns, timeout_ns, error))
			break;
		if (redisReaderGetReply(c->reader, &reply) != REDIS_OK) {
			*error = OP_ERROR_GARBAGE;
			break;
		}
	}
out:
	redisFreeCommand(request);
	if (!reply)
		disconnect(c);
	return reply;
}

static void take_error(const redisReply *reply, struct driver_call *call)
{
	size_t n = sizeof(sure_failures) / sizeof(*sure_failures);

	for (size_t i = 0; i < n; i++) {
		if (!strncmp(
			    reply->str, sure_failures[i].prefix, strlen(sure_failures[i].prefix))) {
			driver_fail(call, OP_FAIL, sure_failures[i].error, "%s", reply->str);
			return;
		}
	}
	driver_fail(call, OP_UNKNOWN, OP_ERROR_OTHER, "%s", reply->str);
}

static bool take_success(const redisReply *reply, struct driver_call *call)
{
	switch (call->kind) {
	case OP_READ:
		if (reply->type == REDIS_REPLY_NIL) {
			call->flags |= OP_ABSENT;
			return true;
		}
		return reply->type == REDIS_REPLY_STRING &&
			driver_value_parse(reply->str, (size_t)reply->len, &call->read_value);
	case OP_WRITE:
		return reply->type == REDIS_REPLY_STATUS && !strcmp(reply->str, "OK");
	case OP_DELETE:
		return reply->type == REDIS_REPLY_INTEGER;
	case OP_CAS:
	case OP_PURGE:
	case OP_KINDS:
		break;
	}
	return false;
}

static int words_of(struct redis_driver *redis, const struct driver_call *call, const char *key,
	const char **words, size_t *lengths)
{
	words[1] = key;
	lengths[1] = strlen(key);
	lengths[0] = 3;
	if (call->kind == OP_READ || call->kind == OP_DELETE) {
		words[0] = call->kind == OP_READ ? "GET" : "DEL";
		return 2;
	}
	words[0] = "SET";
	words[2] = redis->text;
	lengths[2] = driver_value_print(redis->text, call->value, redis->target.value_size);
	return 3;
}

static void redis_invoke(struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	struct redis_driver *redis = (struct redis_driver *)driver;
	enum op_error error = OP_ERROR_OTHER;
	char key[OP_KEY_TEXT];
	const char *words[3];
	size_t lengths[3];
	redisReply *reply;
	bool sent;
	int n;

	driver_call_clear(call);
	if (call->kind == OP_CAS || call->kind == OP_PURGE) {
		driver_fail(call, OP_FAIL, OP_ERROR_REJECTED, "this driver has no compare-and-set");
		return;
	}
	op_key_text(call->key, key);
	n = words_of(redis, call, key, words, lengths);
	reply = ask(redis, at, words, lengths, n, call->timeout_ns, &error, &sent);
	if (!reply) {
		driver_fail(call, sent ? OP_UNKNOWN : OP_FAIL, error, "%s: %s",
			sent ? "no answer" : "cannot connect", op_error_name(error));
		return;
	}
	call->node = at->node;
	if (reply->type == REDIS_REPLY_ERROR) {
		take_error(reply, call);
	} else if (take_success(reply, call)) {
		call->state = OP_OK;
		call->error = OP_ERROR_NONE;
	} else {
		driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "not an answer to %s: %.60s",
			words[0], reply->str ? reply->str : "");
		disconnect(connection_to(redis, at));
	}
	freeReplyObject(reply);
}

static uint8_t node_at(const struct driver_target *target, const char *host, long long port)
{
	for (size_t i = 0; i < target->n_endpoints; i++) {
		if (target->endpoints[i].port == port && !strcmp(target->endpoints[i].host, host))
			return target->endpoints[i].node;
	}
	return OP_NODE_UNKNOWN;
}

static void take_role(const struct driver_target *target, const struct endpoint *at,
	const redisReply *reply, struct driver_role *out)
{
	redisReply *const *e = reply->element;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3 ||
		e[0]->type != REDIS_REPLY_STRING)
		return;
	if (!strcmp(e[0]->str, "master")) {
		out->role = ROLE_PRIMARY;
		out->believed_primary = at->node;
	} else if (!strcmp(e[0]->str, "slave") && e[1]->type == REDIS_REPLY_STRING &&
		e[2]->type == REDIS_REPLY_INTEGER) {
		out->role = ROLE_REPLICA;
		out->believed_primary = node_at(target, e[1]->str, e[2]->integer);
	}
}

static void redis_role(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
	struct driver_role *out)
{
	struct redis_driver *redis = (struct redis_driver *)driver;
	const char *const word = "ROLE";
	const size_t length = 4;
	enum op_error error;
	redisReply *reply;
	bool sent;

	*out = (struct driver_role){.believed_primary = OP_NODE_UNKNOWN};
	reply = ask(redis, at, &word, &length, 1, timeout_ns, &error, &sent);
	if (!reply)
		return;
	take_role(&redis->target, at, reply, out);
	freeReplyObject(reply);
}

static struct driver *redis_open(const struct driver_target *target, struct err *err)
{
	struct redis_driver *redis = calloc(1, sizeof(*redis));

	(void)err;
	if (!redis)
		abort();
	redis->base.ops = &driver_redis;
	redis->target = *target;
	for (unsigned i = 0; i < CONNECTIONS; i++)
		redis->connections[i].fd = -1;
	redis->text = malloc(DRIVER_VALUE_TEXT + target->value_size + 2);
	if (!redis->text)
		abort();
	return &redis->base;
}

static void redis_close(struct driver *driver)
{
	struct redis_driver *redis = (struct redis_driver *)driver;

	for (unsigned i = 0; i < CONNECTIONS; i++)
		disconnect(&redis->connections[i]);
	free(redis->text);
	free(redis);
}

static const struct param redis_params[] = {PARAM_END};

const struct driver_ops driver_redis = {
	.name = "redis",
	.help = "Redis: SET, GET and DEL; roles by ROLE",
	.can = DRIVER_NAMES_NODE | DRIVER_ROLES | DRIVER_DELETES,
	.default_port = 6379,
	.params = redis_params,
	.open = redis_open,
	.invoke = redis_invoke,
	.role = redis_role,
	.close = redis_close,
};
