#include "probes/drivers/exec_pool.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "probes/drivers/exec_keeper.h"
#include "probes/drivers/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MAX_BYTES (64 * 1024)
#define HELLO_LIMIT_NS (5 * NSEC_PER_SEC)
/* A program whose answer is later than that does not answer any more. */
#define LATE_LIMIT_NS (10 * NSEC_PER_SEC)
#define HELLO "\"op\":\"hello\",\"protocol\":1}\n"

enum use { USE_NONE, USE_IDLE, USE_BUSY, USE_LATE };

struct program {
	enum use use;
	int to, from;     /* our ends of its pipes; not blocking */
	uint64_t next_id; /* of the next request; 0: said hello to, no answer yet */
	uint64_t awaited; /* id of the answer that is due */
	uint64_t late_ns; /* USE_LATE: since when */
	struct buf line;  /* received and not used yet */
};

struct exec_pool {
	unsigned users;
	const char *command, *script;
	char *words; /* the command, cut into argv */
	const char **argv;
	struct exec_keeper keeper;
	pthread_mutex_t lock; /* of the uses of programs, and of the keeper's socket */
	struct program programs[EXEC_PROGRAMS_MAX];
	struct exec_pool *next;
};

static pthread_mutex_t pools_lock = PTHREAD_MUTEX_INITIALIZER;
static struct exec_pool *pools;

/* --- one program ------------------------------------------------------------------------------ */

static void program_close(struct exec_pool *pool, struct program *p)
{
	if (p->use == USE_NONE)
		return;
	close(p->to);
	close(p->from);
	buf_release(&p->line);
	exec_keeper_kill(&pool->keeper, (uint32_t)(p - pool->programs));
	*p = (struct program){0};
}

static int program_start(struct exec_pool *pool, struct program *p, struct err *err)
{
	int in[2], out[2], rc;

	if (pipe2(in, O_CLOEXEC))
		return err_sys(err, "cannot make a pipe to a program");
	if (pipe2(out, O_CLOEXEC)) {
		err_sys(err, "cannot make a pipe from a program");
		close(in[0]);
		close(in[1]);
		return -1;
	}
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	rc = exec_keeper_start(&pool->keeper, (uint32_t)(p - pool->programs), in[0], out[1], err);
	close(in[0]);
	close(out[1]);
	*p = (struct program){.use = USE_BUSY, .to = in[1], .from = out[0]};
	if (rc)
		program_close(pool, p);
	return rc;
}

/* *sent is set once a byte has left. */
static enum op_error send_text(
	struct program *p, const char *text, size_t len, uint64_t deadline_ns, bool *sent)
{
	while (len) {
		ssize_t n = write(p->to, text, len);

		if (n > 0) {
			*sent = true;
			text += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (!tcp_wait(p->to, POLLOUT, deadline_ns))
				return OP_ERROR_TIMEOUT;
		} else if (n == 0 || errno != EINTR) {
			return OP_ERROR_RESET;
		}
	}
	return OP_ERROR_NONE;
}

/* The length of the first whole line with its end, or 0. */
static size_t whole_line(const struct buf *line)
{
	const char *end = line->len ? memchr(line->data, '\n', line->len) : NULL;

	return end ? (size_t)(end - line->data) + 1 : 0;
}

/* Take in what is there. */
static enum op_error receive(struct program *p)
{
	char *to = buf_reserve(&p->line, 4096);
	ssize_t n;

	if (p->line.len > LINE_MAX_BYTES)
		return OP_ERROR_GARBAGE;
	n = read(p->from, to, 4096);
	if (n > 0) {
		p->line.len += (size_t)n;
		p->line.data[p->line.len] = '\0';
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		return OP_ERROR_RESET;
	}
	return OP_ERROR_NONE;
}

/* A whole line as JSON; NULL: none yet, or *error says what is wrong with it. */
static struct jv *take_line(struct program *p, enum op_error *error)
{
	size_t len = whole_line(&p->line);
	struct jv *json;
	struct err err;

	if (!len)
		return NULL;
	json = jv_parse(p->line.data, len, LINE_MAX_BYTES, &err);
	memmove(p->line.data, p->line.data + len, p->line.len - len + 1);
	p->line.len -= len;
	if (!json || !jv_is_object(json) || !jv_is_int(jv_get(json, "id"))) {
		*error = OP_ERROR_GARBAGE;
		jv_free(json);
		return NULL;
	}
	return json;
}

/* The answer to the request that is awaited; others are passed over. */
static struct jv *await(struct program *p, uint64_t deadline_ns, enum op_error *error)
{
	*error = OP_ERROR_NONE;
	while (*error == OP_ERROR_NONE) {
		struct jv *json = take_line(p, error);

		if (json && (uint64_t)jv_int(jv_get(json, "id"), -1) == p->awaited)
			return json;
		jv_free(json);
		if (json || *error != OP_ERROR_NONE)
			continue;
		*error = tcp_wait(p->from, POLLIN, deadline_ns) ? receive(p) : OP_ERROR_TIMEOUT;
	}
	return NULL;
}

/* --- the pool --------------------------------------------------------------------------------- */

/* A late program whose answer has come serves again; one that never answers is killed. */
static void look_after(struct exec_pool *pool, struct program *p)
{
	uint64_t now = clock_now_ns();
	enum op_error error;
	struct jv *json = await(p, now, &error);

	/* await() does not read when the deadline is now */
	if (!json && error == OP_ERROR_TIMEOUT && (error = receive(p)) == OP_ERROR_NONE)
		json = await(p, now, &error);
	jv_free(json);
	if (json)
		p->use = USE_IDLE;
	else if (error != OP_ERROR_TIMEOUT || now > p->late_ns + LATE_LIMIT_NS)
		program_close(pool, p);
}

/* It ended, or speaks without being asked. */
static bool is_spoilt(struct program *p)
{
	struct pollfd fd = {.fd = p->from, .events = POLLIN};

	return p->line.len || poll(&fd, 1, 0) != 0;
}

static struct program *take(struct exec_pool *pool, struct err *err)
{
	struct program *free_one = NULL, *found = NULL;

	pthread_mutex_lock(&pool->lock);
	for (unsigned i = 0; i < EXEC_PROGRAMS_MAX && !found; i++) {
		struct program *p = &pool->programs[i];

		if (p->use == USE_LATE)
			look_after(pool, p);
		if (p->use == USE_IDLE && is_spoilt(p))
			program_close(pool, p);
		if (p->use == USE_IDLE)
			found = p;
		else if (p->use == USE_NONE && !free_one)
			free_one = p;
	}
	if (found)
		found->use = USE_BUSY;
	else if (!free_one)
		err_set(err, "%d programs run and none is free", EXEC_PROGRAMS_MAX);
	else if (!program_start(pool, free_one, err))
		found = free_one;
	pthread_mutex_unlock(&pool->lock);
	return found;
}

static void give_back(struct exec_pool *pool, struct program *p, enum op_error error)
{
	pthread_mutex_lock(&pool->lock);
	if (error == OP_ERROR_NONE) {
		p->use = USE_IDLE;
	} else if (error == OP_ERROR_TIMEOUT) {
		p->use = USE_LATE;
		p->late_ns = clock_now_ns();
	} else {
		program_close(pool, p);
	}
	pthread_mutex_unlock(&pool->lock);
}

static const char *why(enum op_error error)
{
	if (error == OP_ERROR_TIMEOUT)
		return "the program did not answer in time";
	return error == OP_ERROR_GARBAGE ? "the program did not answer with a line of the protocol"
					 : "the program ended";
}

/* Say hello, where that was not done. Its answer is awaited before the first request's. */
static struct jv *talk(struct program *p, const char *line, size_t len, uint64_t deadline_ns,
	bool *sent, enum op_error *error)
{
	struct jv *hello;

	if (!p->next_id) {
		bool greeted = false;

		p->next_id = 1;
		p->awaited = 0;
		*error = send_text(
			p, "{\"id\":0," HELLO, strlen("{\"id\":0," HELLO), deadline_ns, &greeted);
		hello = *error == OP_ERROR_NONE ? await(p, deadline_ns, error) : NULL;
		if (!hello)
			return NULL;
		if (!jv_bool(jv_get(hello, "ok"), false) ||
			jv_int(jv_get(hello, "protocol"), 0) != 1)
			*error = OP_ERROR_GARBAGE;
		jv_free(hello);
		if (*error != OP_ERROR_NONE)
			return NULL;
	}
	if (!len)
		return NULL;
	p->awaited = p->next_id++;
	*error = send_text(p, line, len, deadline_ns, sent);
	return *error == OP_ERROR_NONE ? await(p, deadline_ns, error) : NULL;
}

struct exec_reply exec_pool_ask(struct exec_pool *pool, const char *fields, uint64_t deadline_ns)
{
	struct exec_reply reply = {.error = OP_ERROR_OTHER};
	struct buf line = {0};
	struct program *p;
	struct err err;

	p = take(pool, &err);
	if (!p) {
		snprintf(reply.why, sizeof(reply.why), "%.150s", err.text);
		return reply;
	}
	buf_printf(&line, "{\"id\":%" PRIu64 ",%s\n", p->next_id ? p->next_id : 1, fields);
	reply.json = talk(p, line.data, line.len, deadline_ns, &reply.sent, &reply.error);
	snprintf(reply.why, sizeof(reply.why), "%s", why(reply.error));
	give_back(pool, p, reply.error);
	buf_release(&line);
	return reply;
}

/* One program, so that a command that cannot work is found before anything else is done. */
static int try_one(struct exec_pool *pool, struct err *err)
{
	struct program *p = take(pool, err);
	enum op_error error = OP_ERROR_NONE;
	bool sent;

	if (!p)
		return -1;
	talk(p, NULL, 0, clock_now_ns() + HELLO_LIMIT_NS, &sent, &error);
	give_back(pool, p, error == OP_ERROR_TIMEOUT ? OP_ERROR_RESET : error);
	if (error != OP_ERROR_NONE)
		return err_exit(err, EXIT_MACHINE,
			"driver exec: \"%s\": %s; to {\"id\":0,\"op\":\"hello\",\"protocol\":1} it must "
			"answer {\"id\":0,\"ok\":true,\"protocol\":1}",
			pool->command, why(error));
	return 0;
}

static void cut_words(struct exec_pool *pool)
{
	size_t n = 0, most = strlen(pool->command) / 2 + 3;
	char *rest;

	pool->words = strdup(pool->command);
	pool->argv = calloc(most + 1, sizeof(*pool->argv));
	if (!pool->words || !pool->argv)
		abort();
	for (char *word = strtok_r(pool->words, " \t\n", &rest); word;
		word = strtok_r(NULL, " \t\n", &rest))
		pool->argv[n++] = word;
	if (*pool->script)
		pool->argv[n] = pool->script;
}

static void pool_free(struct exec_pool *pool)
{
	for (unsigned i = 0; i < EXEC_PROGRAMS_MAX; i++)
		program_close(pool, &pool->programs[i]);
	exec_keeper_close(&pool->keeper);
	pthread_mutex_destroy(&pool->lock);
	free(pool->words);
	free(pool->argv);
	free(pool);
}

static struct exec_pool *pool_new(const char *command, const char *script, struct err *err)
{
	struct exec_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		abort();
	pool->command = command;
	pool->script = script;
	pool->keeper = (struct exec_keeper){PROCESS_INIT, -1};
	pthread_mutex_init(&pool->lock, NULL);
	cut_words(pool);
	if (!pool->argv[0])
		err_set(err, "driver exec: the command is empty");
	else if (!exec_keeper_open(&pool->keeper, pool->argv, err) && !try_one(pool, err))
		return pool;
	pool_free(pool);
	return NULL;
}

struct exec_pool *exec_pool_get(const char *command, const char *script, struct err *err)
{
	struct exec_pool *pool;

	pthread_mutex_lock(&pools_lock);
	for (pool = pools; pool; pool = pool->next) {
		if (!strcmp(pool->command, command) && !strcmp(pool->script, script))
			break;
	}
	if (!pool) {
		pool = pool_new(command, script, err);
		if (pool) {
			pool->next = pools;
			pools = pool;
		}
	}
	if (pool)
		pool->users++;
	pthread_mutex_unlock(&pools_lock);
	return pool;
}

void exec_pool_put(struct exec_pool *pool)
{
	struct exec_pool **at = &pools;

	pthread_mutex_lock(&pools_lock);
	if (pool && !--pool->users) {
		while (*at != pool)
			at = &(*at)->next;
		*at = pool->next;
		pool_free(pool);
	}
	pthread_mutex_unlock(&pools_lock);
}
