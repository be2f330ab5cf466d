/*
 * The main thread: sets up, then speaks with the agent until "stop" or the end of the socket.
 */
#include "probes/prober.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/frame.h"
#include "fixtures/json/jv.h"
#include "probes/prober/isolation.h"
#include "probes/prober/prober_inside.h"
#include "probes/prober/pulse.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define STACK_BYTES (256 * 1024)
#define PROGRESS_NS (NSEC_PER_SEC / 2)
/* How soon the end of the last operation is noticed in a quiet phase. */
#define CALM_POLL_NS (10 * NSEC_PER_MSEC)

void prober_send(struct prober *prober, struct jv *message)
{
	struct err err;
	int rc;

	pthread_mutex_lock(&prober->send_lock);
	rc = frame_send(prober->socket_fd, message, &err);
	pthread_mutex_unlock(&prober->send_lock);
	if (rc) {
		log_debug("%s", err.text);
		gate_stop(&prober->gate);
	}
}

void prober_fail(struct prober *prober, const struct err *err)
{
	struct jv *message;

	if (__atomic_exchange_n(&prober->failed, true, __ATOMIC_SEQ_CST))
		return;
	message = jv_new_object();
	jv_set(message, "type", jv_new_string("error"));
	jv_set(message, "sentence", jv_new_string(err->text));
	jv_set(message, "code", jv_new_int(err->code));
	prober_send(prober, message);
	gate_stop(&prober->gate);
}

struct thread_start {
	void *(*fn)(void *);
	void *arg;
};

static void *thread_main(void *arg)
{
	struct thread_start start = *(struct thread_start *)arg;

	free(arg);
	prctl(PR_SET_TIMERSLACK, 1); /* the default rounds wake-ups by 50 us */
	return start.fn(start.arg);
}

int prober_thread(pthread_t *thread, void *(*fn)(void *), void *arg, struct err *err)
{
	struct thread_start *start = malloc(sizeof(*start));
	size_t stack = STACK_BYTES > PTHREAD_STACK_MIN ? STACK_BYTES : (size_t)PTHREAD_STACK_MIN;
	pthread_attr_t attr;
	int rc;

	if (!start)
		abort();
	*start = (struct thread_start){fn, arg};
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, stack);
	rc = pthread_create(thread, &attr, thread_main, start);
	pthread_attr_destroy(&attr);
	if (rc) {
		free(start);
		errno = rc;
		return err_sys(err, "cannot start a thread of the prober");
	}
	return 0;
}

struct driver *prober_driver(const struct prober *prober, const struct client_group *group,
	uint64_t stream, struct err *err)
{
	struct driver_target target = {
		.endpoints = prober->config->endpoints,
		.n_endpoints = prober->config->n_endpoints,
		.options = group->driver_options,
		.value_size = group->value_size,
		.seed = prober->config->seed ^ stream,
		.lookup = group->lookup,
	};

	/* cppcheck-suppress returnDanglingLifetime ; open() copies it, see driver.h */
	return group->driver->open(&target, err);
}

static struct jv *counts_of(const struct tally_class *now, const struct tally_class *before)
{
	struct jv *counts = jv_new_object();

	jv_set(counts, "ok", jv_new_int((int64_t)now->states[OP_OK]));
	jv_set(counts, "fail", jv_new_int((int64_t)now->states[OP_FAIL]));
	jv_set(counts, "unknown", jv_new_int((int64_t)now->states[OP_UNKNOWN]));
	jv_set(counts, "not_sent", jv_new_int((int64_t)now->states[OP_NOT_SENT]));
	jv_set(counts, "p99_ns", jv_new_int((int64_t)tally_p99_ns(now, before)));
	return counts;
}

static void send_counts(struct prober *prober, const char *type, struct tally *before)
{
	struct jv *message = jv_new_object();
	struct tally now;

	sessions_tally(prober, &now);
	jv_set(message, "type", jv_new_string(type));
	jv_set(message, "at_ns", jv_new_int((int64_t)clock_now_ns()));
	pulse_put(prober->pulse, prober->config->epoch_ns, message);
	jv_set(message, "reads", counts_of(&now.reads, &before->reads));
	jv_set(message, "writes", counts_of(&now.writes, &before->writes));
	*before = now;
	prober_send(prober, message);
}

static void send_ready(struct prober *prober, struct jv *nearest)
{
	struct jv *message = jv_new_object();

	jv_set(message, "type", jv_new_string("ready"));
	jv_set(message, "nearest", nearest);
	prober_send(prober, message);
}

static void send_plain(struct prober *prober, const char *type)
{
	struct jv *message = jv_new_object();

	jv_set(message, "type", jv_new_string(type));
	prober_send(prober, message);
}

static void send_ledger(struct prober *prober)
{
	struct jv *message = jv_new_object();

	jv_set(message, "type", jv_new_string("ledger"));
	jv_set(message, "sessions", sessions_ledger(prober));
	prober_send(prober, message);
}

/* What the control loop keeps in mind. */
struct control {
	bool standing_by, started, ended;
	bool ledger_due;      /* asked for quiet, not answered */
	uint64_t progress_ns; /* next one */
	struct tally before;  /* at the last one */
};

/* Every thread waits at the gate, so that the start itself is one instant for all of them. */
static int stand_by(struct prober *prober, struct control *c, struct err *err)
{
	if (c->standing_by)
		return 0;
	c->standing_by = true;
	if (prober->config->watch)
		return ticker_start(prober, err) || roles_start(prober, err) ? -1 : 0;
	return held_start(prober, err) || names_start(prober, err) || sessions_start(prober, err) ||
			ticker_start(prober, err) || roles_start(prober, err) ||
			liar_start(prober, err)
		? -1
		: 0;
}

static int take_message(
	struct prober *prober, struct control *c, const struct jv *message, struct err *err)
{
	const char *type = jv_str(jv_get(message, "type"), "");
	uint64_t at = (uint64_t)jv_int(jv_get(message, "at_ns"), 0);

	if (!strcmp(type, "stand_by")) {
		if (stand_by(prober, c, err))
			return -1;
		send_plain(prober, "standing_by");
	} else if (!strcmp(type, "start")) {
		if (!prober->config->epoch_ns)
			prober->config->epoch_ns = at;
		router_fix_start(&prober->router);
		if (stand_by(prober, c, err))
			return -1;
		gate_start(&prober->gate, at);
		c->started = true;
		c->progress_ns = at + PROGRESS_NS;
	} else if (!strcmp(type, "quiet")) {
		gate_quiet(&prober->gate, at);
		c->ledger_due = true;
	} else if (!strcmp(type, "resume")) {
		gate_resume(&prober->gate, at);
	} else if (!strcmp(type, "sweep")) {
		return sweeps_begin(prober, message, err);
	} else if (!strcmp(type, "purge")) {
		return purges_begin(prober, message, err);
	} else if (!strcmp(type, "adopt")) {
		return sessions_adopt(prober, message, err);
	} else if (!strcmp(type, "stop")) {
		c->ended = true;
	} else {
		return err_set(err, "the prober does not know the message '%s'", type);
	}
	return 0;
}

static void do_what_is_due(struct prober *prober, struct control *c)
{
	if (c->ledger_due && gate_is_calm(&prober->gate)) {
		c->ledger_due = false;
		send_ledger(prober);
	}
	if (c->started && clock_now_ns() >= c->progress_ns) {
		c->progress_ns += PROGRESS_NS;
		send_counts(prober, "progress", &c->before);
	}
}

static uint64_t next_deadline(const struct control *c)
{
	uint64_t now = clock_now_ns(), at = now + PROGRESS_NS;

	if (c->started && c->progress_ns < at)
		at = c->progress_ns;
	if (c->ledger_due && now + CALM_POLL_NS < at)
		at = now + CALM_POLL_NS;
	return at > now ? at : now + 1;
}

/* 0: asked to stop; -1: the agent is gone or something broke. */
static int control(struct prober *prober, struct control *c)
{
	struct frame_reader reader = {0};
	struct err err;
	int rc = 0;

	while (!c->ended && !gate_is_stopped(&prober->gate) && rc >= 0) {
		struct jv *message = NULL;
		int eof = 0;

		rc = frame_recv(prober->socket_fd, &reader, next_deadline(c), &message, &eof, &err);
		if (rc < 0)
			break;
		if (rc > 0 && take_message(prober, c, message, &err)) {
			prober_fail(prober, &err);
			rc = -1;
		}
		jv_free(message);
		do_what_is_due(prober, c);
	}
	frame_reader_release(&reader);
	return c->ended ? 0 : -1;
}

static int open_all(struct prober *prober, struct err *err)
{
	return held_open(prober, err) || names_open(prober, err) || sessions_open(prober, err) ||
			ticker_open(prober, err) || roles_open(prober, err) ||
			sweeps_open(prober, err) || purges_open(prober, err) ||
			liar_open(prober, err)
		? -1
		: 0;
}

static void end_all(struct prober *prober)
{
	gate_stop(&prober->gate);
	sessions_join(prober);
	if (prober->ticker)
		ticker_join(prober);
	liar_join(prober);
	sweeps_join(prober);
	purges_join(prober);
	names_join(prober);
	roles_join(prober);
	held_join(prober);
}

static void close_all(struct prober *prober)
{
	sessions_close(prober);
	ticker_close(prober);
	liar_close(prober);
	sweeps_close(prober);
	purges_close(prober);
	names_close(prober);
	roles_close(prober);
	held_close(prober);
}

/* Setting up is done and the process isolated. */
static int run(struct prober *prober, struct err *err)
{
	struct jv *nearest = nearest_measure(prober, err);
	struct control c = {0};
	int rc;

	if (!nearest)
		return -1;
	send_ready(prober, nearest);
	rc = control(prober, &c);
	err->text[0] = '\0';
	end_all(prober);
	if (!rc)
		send_counts(prober, "done", &c.before);
	return rc;
}

/* Names are looked up while files may still be read: afterwards hosts are literals. */
static int resolve(struct endpoint *endpoints, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
		char text[NI_MAXHOST];
		int rc = getaddrinfo(endpoints[i].host, NULL, &hints, &found);

		if (!rc) {
			rc = getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text),
				NULL, 0, NI_NUMERICHOST);
			freeaddrinfo(found);
		}
		if (rc)
			return err_set(err, "cannot look up %s of %s: %s", endpoints[i].host,
				endpoints[i].name, gai_strerror(rc));
		endpoints[i].host = strdup(text);
		if (!endpoints[i].host)
			abort();
	}
	return 0;
}

static int prober_run(struct prober *prober, const struct prober_config *config, struct err *err)
{
	int rc;

	router_init(&prober->router, config->endpoints, config->n_endpoints, config->region,
		config->primary_hint);
	rc = open_all(prober, err) || isolation_apply(prober->config->reads_files, err) ? -1 : 0;
	if (!rc)
		rc = run(prober, err);
	if (rc && err->text[0])
		prober_fail(prober, err);
	close_all(prober);
	router_release(&prober->router);
	return rc;
}

int prober_main(const struct prober_config *config, int socket_fd)
{
	size_t n = config->n_endpoints;
	struct endpoint *endpoints = calloc(n + 1, sizeof(*endpoints));
	struct prober_config resolved = *config;
	struct prober prober = {.config = &resolved,
		.socket_fd = socket_fd,
		.pulse = pulse_new(config->n_regions, config->n_endpoints)};
	struct err err = {0};
	int rc;

	if (!endpoints)
		abort();
	signal(SIGPIPE, SIG_IGN);
	pthread_mutex_init(&prober.send_lock, NULL);
	gate_init(&prober.gate);
	if (n)
		memcpy(endpoints, config->endpoints, n * sizeof(*endpoints));
	resolved.endpoints = endpoints;
	rc = resolve(endpoints, n, &err);
	if (rc)
		prober_fail(&prober, &err);
	else
		rc = prober_run(&prober, &resolved, &err);
	gate_release(&prober.gate);
	pulse_free(prober.pulse);
	pthread_mutex_destroy(&prober.send_lock);
	for (size_t i = 0; i < n; i++) {
		if (endpoints[i].host != config->endpoints[i].host)
			free((char *)(uintptr_t)endpoints[i].host);
	}
	free(endpoints);
	return rc ? EXIT_INTERNAL : EXIT_OK;
}
