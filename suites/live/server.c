#include "suites/live/server.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/embed.h"
#include "fixtures/base/log.h"
#include "fixtures/frame.h"
#include "fixtures/json/jv.h"
#include "probes/confine.h"
#include "suites/live/feed.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTIONS_MAX 32
#define BLOCK 4096
#define FLUSH_NS (200 * NSEC_PER_MSEC)

EMBED(live_html, "suites/live/web/live.html");
EMBED(live_css, "suites/live/web/live.css");
EMBED(live_js, "suites/live/web/live.js");

static const struct {
	const char *path, *type, *text;
} files[] = {
	{"", "text/html; charset=utf-8", live_html},
	{"live.css", "text/css; charset=utf-8", live_css},
	{"live.js", "text/javascript; charset=utf-8", live_js},
};

static const char *const wishes[] = {"heal", "abort", "go-on"};

struct server {
	const struct server_start *start;
	int fd;
	struct feed feed;
	pthread_mutex_t lock; /* of the socket */
};

/* No origin but ours may load, embed, or learn the address of this. */
static const struct {
	const char *name, *value;
} headers[] = {
	{"Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
		"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cache-Control", "no-store"},
};

/* Takes response. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
	struct MHD_Response *response)
{
	enum MHD_Result rc;

	if (!response)
		return MHD_NO;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		MHD_add_response_header(response, headers[i].name, headers[i].value);
	MHD_add_response_header(response, "Content-Type", type);
	rc = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result answer_text(
	struct MHD_Connection *connection, unsigned status, const char *type, const char *text)
{
	return answer(connection, status, type,
		MHD_create_response_from_buffer(
			strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY));
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
	return answer_text(connection, status, "text/plain; charset=utf-8", why);
}

static ssize_t read_feed(void *arg, uint64_t at, char *out, size_t max)
{
	struct feed_reader *reader = arg;
	size_t n;

	(void)at;
	if (reader->sent == reader->out.len && !feed_read(reader))
		return MHD_CONTENT_READER_END_OF_STREAM;
	n = reader->out.len - reader->sent;
	n = n < max ? n : max;
	memcpy(out, reader->out.data + reader->sent, n);
	reader->sent += n;
	return (ssize_t)n;
}

static void close_feed(void *arg)
{
	struct feed_reader *reader = arg;

	buf_release(&reader->out);
	free(reader);
}

static enum MHD_Result stream(struct server *server, struct MHD_Connection *connection)
{
	struct feed_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return MHD_NO;
	reader->feed = &server->feed;
	return answer(connection, MHD_HTTP_OK, "text/event-stream",
		MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, BLOCK, read_feed, reader, close_feed));
}

static bool is_wish(const char *path)
{
	for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++) {
		if (!strcmp(wishes[i], path))
			return true;
	}
	return false;
}

static enum MHD_Result press(
	struct server *server, struct MHD_Connection *connection, const char *wish)
{
	struct jv *message = jv_new_object();
	struct err err;
	int rc;

	jv_set(message, "type", jv_new_string(wish));
	pthread_mutex_lock(&server->lock);
	rc = frame_send(server->fd, message, &err);
	pthread_mutex_unlock(&server->lock);
	return rc
		? refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the run is gone\n")
		: answer_text(connection, MHD_HTTP_ACCEPTED, "text/plain; charset=utf-8", "told\n");
}

/* As long whatever the difference is. */
static bool same_token(const char *a, const char *b, size_t len)
{
	unsigned char differs = 0;

	for (size_t i = 0; i < len; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return !differs;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* The loopback names that we are reached by, and no page of another origin. */
static bool is_at_home(const struct server *server, struct MHD_Connection *connection)
{
	static const char *const names[] = {"127.0.0.1", "localhost"};
	const char *host = header(connection, "Host"), *origin = header(connection, "Origin");

	for (size_t i = 0; host && i < sizeof(names) / sizeof(*names); i++) {
		char wanted[64], from[80];

		snprintf(wanted, sizeof(wanted), "%s:%u", names[i], server->start->port);
		snprintf(from, sizeof(from), "http://%s", wanted);
		if (!strcasecmp(host, wanted))
			return !origin || !strcasecmp(origin, from);
	}
	return false;
}

static enum MHD_Result serve_page(struct server *server, struct MHD_Connection *connection,
	const char *path, const char *method)
{
	size_t len = strlen(server->start->token);
	bool post = !strcmp(method, "POST");

	if (!is_at_home(server, connection) || strlen(path) < len + 2 || path[0] != '/' ||
		path[len + 1] != '/' || !same_token(path + 1, server->start->token, len))
		return refuse(connection, MHD_HTTP_FORBIDDEN, "the address has no valid token\n");
	path += len + 2;
	if (is_wish(path))
		return post ? press(server, connection, path)
			    : refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "POST it\n");
	if (post)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "there is no such thing to do\n");
	if (!strcmp(path, "events"))
		return stream(server, connection);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (!strcmp(files[i].path, path))
			return answer_text(connection, MHD_HTTP_OK, files[i].type, files[i].text);
	}
	return refuse(connection, MHD_HTTP_NOT_FOUND, "there is no such page\n");
}

static enum MHD_Result serve_metrics(
	struct server *server, struct MHD_Connection *connection, const char *path)
{
	struct buf text = {0};
	enum MHD_Result rc;

	if (strcmp(path, "/metrics"))
		return refuse(connection, MHD_HTTP_NOT_FOUND, "metrics are at /metrics\n");
	if (feed_metrics(&server->feed, &text))
		rc = answer_text(connection, MHD_HTTP_OK,
			"application/openmetrics-text; version=1.0.0; charset=utf-8",
			buf_str(&text));
	else
		rc = refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "nothing is measured yet\n");
	buf_release(&text);
	return rc;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *data, size_t *len, void **state)
{
	static int seen;
	struct server *server = arg;

	(void)version;
	(void)data;
	if (!*state) { /* the headers are here, a body may follow */
		*state = &seen;
		return MHD_YES;
	}
	if (*len) { /* nobody wants it */
		*len = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") && strcmp(method, "POST"))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or POST\n");
	return *server->start->token ? serve_page(server, connection, path, method)
				     : serve_metrics(server, connection, path);
}

/* One frame of the controller's, to everybody. */
static void pass_on(struct server *server, const struct jv *message)
{
	const char *type = jv_str(jv_get(message, "type"), "");
	struct buf text = {0};

	if (!strcmp(type, "metrics"))
		buf_puts(&text, jv_str(jv_get(jv_get(message, "body"), "text"), ""));
	else
		jv_print(jv_get(message, "body"), 0, &text);
	while (text.len && text.data[text.len - 1] == '\n' && strcmp(type, "metrics"))
		text.data[--text.len] = '\0';
	feed_put(&server->feed, type, buf_str(&text));
	buf_release(&text);
}

static void hear_controller(struct server *server)
{
	struct frame_reader reader = {0};
	struct jv *message;
	struct err err;
	int got;

	do {
		got = frame_recv(
			server->fd, &reader, clock_now_ns() + NSEC_PER_SEC, &message, NULL, &err);
		if (got > 0) {
			pass_on(server, message);
			jv_free(message);
		}
	} while (got >= 0);
	frame_reader_release(&reader);
}

int server_main(const void *arg, int fd)
{
	struct server server = {.start = arg, .fd = fd};
	struct MHD_Daemon *daemon;
	struct err err;

	if (confine_thread(&err)) {
		log_warn("%s", err.text);
		return EXIT_INTERNAL;
	}
	pthread_mutex_init(&server.lock, NULL);
	feed_init(&server.feed);
	daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD,
		0, NULL, NULL, on_request, &server, MHD_OPTION_LISTEN_SOCKET,
		server.start->listen_fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, 60u, MHD_OPTION_END);
	if (!daemon) {
		log_warn("the page cannot be served");
		return EXIT_INTERNAL;
	}
	hear_controller(&server);
	feed_close(&server.feed);
	clock_sleep_until_ns(clock_now_ns() + FLUSH_NS); /* the last words reach their readers */
	MHD_stop_daemon(daemon);
	feed_release(&server.feed);
	pthread_mutex_destroy(&server.lock);
	return EXIT_OK;
}
