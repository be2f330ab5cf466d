#include "probes/drivers/http_client.h"
#include "fixtures/base/clock.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HEADER_BYTES_MAX (32 * 1024) /* of all headers of an answer */
#define BODY_MAX (64 * 1024)         /* more than any padded value */
#define URL_MAX 2048
#define SOCKETS_MAX 4 /* of a request: two ways to a host, and the resolver's */
#define WAIT_MAX_NS NSEC_PER_SEC

struct http_client {
	CURL *curl;
	CURLM *multi;
	struct pollfd sockets[SOCKETS_MAX]; /* what libcurl waits for */
	nfds_t n_sockets;
	uint64_t timer_ns; /* when it is called without an event */
	struct http_answer answer;
	size_t header_bytes; /* of all answers to the request, interim ones too */
	bool too_large;
	bool whole_headers; /* the empty line was seen: libcurl takes an answer cut off before for whole */
	unsigned n_sent; /* times that libcurl began to send the present request */
};

/* ---- waiting ----------------------------------------------------------------------------- */

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct http_client *client = arg;
	nfds_t i = 0;

	(void)curl;
	(void)unused;
	while (i < client->n_sockets && client->sockets[i].fd != fd)
		i++;
	if (what == CURL_POLL_REMOVE) {
		if (i < client->n_sockets)
			client->sockets[i] = client->sockets[--client->n_sockets];
		return 0;
	}
	if (i == SOCKETS_MAX)
		return -1;
	if (i == client->n_sockets)
		client->n_sockets++;
	client->sockets[i] = (struct pollfd){.fd = fd,
		.events = (short)((what & CURL_POLL_IN ? POLLIN : 0) |
			(what & CURL_POLL_OUT ? POLLOUT : 0))};
	return 0;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
	struct http_client *client = arg;

	(void)multi;
	client->timer_ns = clock_now_ns() + (ms < 0 ? WAIT_MAX_NS : (uint64_t)ms * NSEC_PER_MSEC);
	return 0;
}

/* What a broken connection is called, receiving finds out. */
static int bits_of(short events)
{
	return (events & (POLLIN | POLLHUP | POLLERR) ? CURL_CSELECT_IN : 0) |
		(events & POLLOUT ? CURL_CSELECT_OUT : 0) |
		(events & POLLNVAL ? CURL_CSELECT_ERR : 0);
}

/* How many of the sockets have an event before the timer. */
static int wait_event(const struct http_client *client, struct pollfd *ready, nfds_t n)
{
	uint64_t now_ns = clock_now_ns(), ns;
	struct timespec wait;

	if (client->timer_ns <= now_ns)
		return 0;
	ns = client->timer_ns - now_ns;
	wait = (struct timespec){(time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC)};
	return ppoll(ready, n, &wait, NULL);
}

/* Wait, and let libcurl go on; false: it is done. */
static bool go_on(struct http_client *client)
{
	struct pollfd ready[SOCKETS_MAX];
	nfds_t n = client->n_sockets;
	int running = 1, found;

	memcpy(ready, client->sockets, n * sizeof(*ready));
	found = wait_event(client, ready, n);
	if (found <= 0) {
		/* It does not say again what it has said, and it may have been too early. */
		client->timer_ns = clock_now_ns() + NSEC_PER_MSEC;
		curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	for (nfds_t i = 0; i < n && found > 0; i++) {
		if (ready[i].revents)
			curl_multi_socket_action(
				client->multi, ready[i].fd, bits_of(ready[i].revents), &running);
	}
	return running > 0;
}

/*
 * As curl_easy_perform(), with five system calls a request instead of seven: that one looks whether
 * another thread has woken it, and polls again what poll has just returned.
 */
static CURLcode perform(struct http_client *client)
{
	CURLcode code = CURLE_FAILED_INIT;
	const CURLMsg *message;
	int left;

	client->timer_ns = 0;
	if (curl_multi_add_handle(client->multi, client->curl))
		return code;
	while (go_on(client))
		;
	while ((message = curl_multi_info_read(client->multi, &left))) {
		if (message->msg == CURLMSG_DONE)
			code = message->data.result;
	}
	curl_multi_remove_handle(client->multi, client->curl);
	return code;
}

/* ---- sending once ------------------------------------------------------------------------ */

static int before_sending(
	void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct http_client *client = arg;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	return client->n_sent++ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_client *client = arg;

	(void)purpose;
	if (client->n_sent)
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool line_is(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return n && len > n && line[n] == ':' && !strncasecmp(line, name, n);
}

/* What an interim answer (1xx) says is not said by the final one. */
static void begin_answer(struct http_client *client)
{
	buf_clear(&client->answer.headers);
	client->answer.delimited = client->whole_headers = false;
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct http_client *client = arg;

	(void)size;
	client->header_bytes += n;
	if (client->header_bytes > HEADER_BYTES_MAX) {
		client->too_large = true;
		return 0;
	}
	if (n > 5 && !memcmp(line, "HTTP/", 5)) {
		begin_answer(client);
		return n;
	}
	if (n && (*line == '\r' || *line == '\n'))
		client->whole_headers = true;
	else if (line_is(line, n, "Content-Length") || line_is(line, n, "Transfer-Encoding"))
		client->answer.delimited = true;
	buf_add(&client->answer.headers, line, n);
	return n;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_client *client = arg;

	(void)size;
	if (client->answer.body.len + n > BODY_MAX) {
		client->too_large = true;
		return 0;
	}
	buf_add(&client->answer.body, data, n);
	return n;
}

bool http_header(const struct http_answer *answer, const char *name, const char **at, size_t *len)
{
	const char *line = buf_str(&answer->headers), *end = line + answer->headers.len;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t n = newline ? (size_t)(newline - line) : (size_t)(end - line);
		const char *next = newline ? newline + 1 : end;

		if (line_is(line, n, name)) {
			size_t skip = strlen(name) + 1;

			for (line += skip, n -= skip; n && (*line == ' ' || *line == '\t'); n--)
				line++;
			while (n && strchr(" \t\r", line[n - 1]))
				n--;
			*at = line;
			*len = n;
			return true;
		}
		line = next;
	}
	return false;
}

static void set_url(struct http_client *client, const struct http_request *request)
{
	const struct endpoint *at = request->at;
	bool ip6 = strchr(at->host, ':') != NULL;
	char url[URL_MAX];

	snprintf(url, sizeof(url), "%s://%s%s%s:%u%s", at->tls ? "https" : "http", ip6 ? "[" : "",
		at->host, ip6 ? "]" : "", at->port, request->path);
	if (at->ca)
		curl_easy_setopt(client->curl, CURLOPT_CAINFO, at->ca);
	curl_easy_setopt(client->curl, CURLOPT_URL, url);
}

static void set_method(struct http_client *client, const struct http_request *request)
{
	CURL *curl = client->curl;

	if (request->body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body_len);
		curl_easy_setopt(
			curl, CURLOPT_CUSTOMREQUEST, request->method ? request->method : "POST");
		return;
	}
	curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST,
		request->method && strcmp(request->method, "GET") ? request->method : NULL);
}

/* Chained without a copy: libcurl reads them during the request only. */
static struct curl_slist *chain_headers(
	struct curl_slist nodes[HTTP_HEADERS_MAX], const char *const *lines)
{
	size_t n = 0;

	for (; lines && lines[n] && n < HTTP_HEADERS_MAX; n++) {
		nodes[n].data = (char *)(uintptr_t)lines[n];
		nodes[n].next = NULL;
		if (n)
			nodes[n - 1].next = &nodes[n];
	}
	return n ? nodes : NULL;
}

static enum op_error connect_error(CURL *curl)
{
	long code = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &code);
	return code == ECONNREFUSED ? OP_ERROR_REFUSED : OP_ERROR_UNREACHABLE;
}

static enum op_error error_of(struct http_client *client, CURLcode code)
{
	if (client->too_large)
		return OP_ERROR_GARBAGE;
	switch ((int)code) {
	case CURLE_OPERATION_TIMEDOUT:
		return OP_ERROR_TIMEOUT;
	case CURLE_COULDNT_CONNECT:
		/* After the request left this is our own refusal of the second connection. */
		return client->n_sent ? OP_ERROR_RESET : connect_error(client->curl);
	case CURLE_COULDNT_RESOLVE_HOST:
		return OP_ERROR_UNREACHABLE;
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_ABORTED_BY_CALLBACK:
		return OP_ERROR_RESET;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_HTTP2:
		return OP_ERROR_GARBAGE;
	default:
		return OP_ERROR_OTHER;
	}
}

static void take_end(struct http_client *client, CURLcode code)
{
	struct http_answer *a = &client->answer;

	a->sent = client->n_sent > 0;
	a->whole = code == CURLE_OK && client->whole_headers;
	a->error = OP_ERROR_NONE;
	a->why = "";
	if (a->whole) {
		curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &a->status);
	} else if (code == CURLE_OK) {
		a->error = OP_ERROR_RESET;
		a->why = "the answer ends within its headers";
	} else {
		a->error = error_of(client, code);
		a->why = client->too_large ? "answer too large" : curl_easy_strerror(code);
	}
}

const struct http_answer *http_client_ask(
	struct http_client *client, const struct http_request *request)
{
	/* Milliseconds, rounded up: zero would mean for ever. */
	long ms = (long)((request->timeout_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC);
	struct curl_slist nodes[HTTP_HEADERS_MAX];

	set_url(client, request);
	set_method(client, request);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, chain_headers(nodes, request->headers));
	if (request->sigv4) {
		curl_easy_setopt(client->curl, CURLOPT_AWS_SIGV4, request->sigv4);
		curl_easy_setopt(client->curl, CURLOPT_USERPWD, request->user);
	}
	curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, ms);
	curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT_MS, ms);
	buf_clear(&client->answer.body);
	client->header_bytes = 0;
	client->too_large = false;
	client->answer.status = 0;
	client->n_sent = 0;
	begin_answer(client);
	take_end(client, perform(client));
	/* the list was the stack's */
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	return &client->answer;
}

void http_no_answer(const struct http_answer *answer, struct driver_call *call)
{
	driver_fail(call, answer->sent ? OP_UNKNOWN : OP_FAIL, answer->error, "%s", answer->why);
}

/* curl_easy_init() would do it, but not safely in several threads at once. */
static void init_library(void)
{
	curl_global_init(CURL_GLOBAL_NOTHING);
}

static void set_fixed_options(struct http_client *client)
{
	CURL *curl = client->curl;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, before_sending);
	curl_easy_setopt(curl, CURLOPT_PREREQDATA, client);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, client);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, 4L);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
}

struct http_client *http_client_open(struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http_client *client = calloc(1, sizeof(*client));

	if (!client)
		abort();
	pthread_once(&once, init_library);
	client->curl = curl_easy_init();
	client->multi = curl_multi_init();
	if (!client->curl || !client->multi) {
		err_set(err, "cannot set up libcurl");
		http_client_close(client);
		return NULL;
	}
	set_fixed_options(client);
	return client;
}

void http_client_close(struct http_client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->curl);
	curl_multi_cleanup(client->multi);
	buf_release(&client->answer.headers);
	buf_release(&client->answer.body);
	free(client);
}
