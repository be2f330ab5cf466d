/*
 * http-kv: GET, PUT and DELETE of /kv/KEY over HTTP/1.1; libcurl.
 *
 * The protocol is that of fixtures/region-store, and simple enough for others: 200 with the value, 404
 * for an absent key. Headers of the answer, all optional: X-Version, X-Epoch, X-Node (who performed
 * it), X-Data-Age (how old the data may be), X-Stale: 1, X-Fallback: 1. A request header
 * X-Min-Version demands a version.
 *
 * Hidden re-sends. When a reused connection dies before the first byte of an answer, libcurl sends
 * the request again on a new one, up to five times (Curl_retry_request in its transfer.c), and no
 * option forbids it. But it calls PREREQFUNCTION before each sending, on reused connections too:
 * the second call within one operation refuses, and OPENSOCKETFUNCTION already refuses the new
 * connection. The same counter says whether anything of the request can have left: zero means that
 * the failure is a sure one, whatever libcurl calls it.
 *
 * Sure failures: everything before the request left (refused, unreachable, no connection in time),
 * and answers of 400 and above with X-Not-Done: 1. Without that header even a 503 is unknown: a
 * gateway says so about requests that its upstream has carried out.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "probes/drivers/driver.h"
#include "probes/drivers/drivers.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HEADERS_MAX (32 * 1024) /* bytes of all headers of an answer */
#define BODY_MAX (64 * 1024)    /* more than any padded value */

enum age_unit { AGE_MS, AGE_S };

struct http_options {
	const char *path, *role_path, *age_header, *stale_header;
	uint64_t age_unit;
};

#define FIELD(f) offsetof(struct http_options, f)
static const char *const age_units[] = {[AGE_MS] = "ms", [AGE_S] = "s", NULL};

static const struct param http_params[] = {
	{.name = "path",
		.type = PARAM_STRING,
		.fallback = "/kv/",
		.offset = FIELD(path),
		.help = "what stands before the key in the URL"},
	{.name = "role-path",
		.type = PARAM_STRING,
		.fallback = "/role",
		.offset = FIELD(role_path),
		.help = "where a node says primary or replica"},
	{.name = "stale-marker.header",
		.type = PARAM_STRING,
		.fallback = "X-Data-Age",
		.offset = FIELD(age_header),
		.help = "header with the age of the data"},
	{.name = "stale-marker.unit",
		.type = PARAM_CHOICE,
		.fallback = "ms",
		.choices = age_units,
		.offset = FIELD(age_unit),
		.help = "unit of that age"},
	{.name = "stale-marker.flag",
		.type = PARAM_STRING,
		.fallback = "X-Stale",
		.offset = FIELD(stale_header),
		.help = "header that is 1 on an answer that may be stale"},
	PARAM_END,
};

/* What one answer said. */
struct answer {
	size_t header_bytes;
	struct buf body;
	char node[64], primary[64];
	uint64_t version, epoch, age;
	bool has_version, has_epoch, has_age, stale, fallback, not_done;
	bool too_large;
	bool whole_headers; /* the empty line was seen: libcurl takes an answer cut off before for whole */
	bool delimited; /* has a length or is chunked: a body cut off can be told from a whole one */
};

struct http_driver {
	struct driver base;
	struct driver_target target;
	struct http_options options;
	CURL *curl;
	struct curl_slist *headers;
	struct answer answer;
	unsigned n_sent; /* times that libcurl began to send the present request */
	char *text;      /* of the value to write */
};

static int before_sending(
	void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct http_driver *http = arg;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	return http->n_sent++ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_driver *http = arg;

	(void)purpose;
	if (http->n_sent)
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

struct slice {
	const char *at;
	size_t len;
};

static bool header_is(const char *line, size_t len, const char *name, struct slice *value)
{
	size_t n = strlen(name);

	if (!n || len <= n || line[n] != ':' || strncasecmp(line, name, n))
		return false;
	for (line += n + 1, len -= n + 1; len && (*line == ' ' || *line == '\t'); len--)
		line++;
	while (len && strchr(" \t\r\n", line[len - 1]))
		len--;
	*value = (struct slice){line, len};
	return true;
}

static void copy_slice(char *to, size_t size, struct slice from)
{
	size_t n = from.len < size ? from.len : size - 1;

	memcpy(to, from.at, n);
	to[n] = '\0';
}

static bool is_one(struct slice v)
{
	return v.len == 1 && *v.at == '1';
}

static void take_header(struct http_driver *http, const char *line, size_t len)
{
	struct answer *a = &http->answer;
	struct slice v;

	if (len && (*line == '\r' || *line == '\n'))
		a->whole_headers = true;
	else if (header_is(line, len, "Content-Length", &v) ||
		header_is(line, len, "Transfer-Encoding", &v))
		a->delimited = true;
	else if (header_is(line, len, http->options.age_header, &v))
		a->has_age = driver_number_parse(v.at, v.len, UINT32_MAX, &a->age);
	else if (header_is(line, len, http->options.stale_header, &v))
		a->stale = is_one(v);
	else if (len < 2 || strncasecmp(line, "X-", 2))
		return;
	else if (header_is(line, len, "X-Version", &v))
		a->has_version = driver_number_parse(v.at, v.len, UINT64_MAX, &a->version);
	else if (header_is(line, len, "X-Epoch", &v))
		a->has_epoch = driver_number_parse(v.at, v.len, UINT32_MAX, &a->epoch);
	else if (header_is(line, len, "X-Node", &v))
		copy_slice(a->node, sizeof(a->node), v);
	else if (header_is(line, len, "X-Primary", &v))
		copy_slice(a->primary, sizeof(a->primary), v);
	else if (header_is(line, len, "X-Fallback", &v))
		a->fallback = is_one(v);
	else if (header_is(line, len, "X-Not-Done", &v))
		a->not_done = is_one(v);
}

/* Claims of an interim answer (1xx) are not those of the final one. */
static void forget_claims(struct answer *a)
{
	struct answer kept = {.header_bytes = a->header_bytes, .body = a->body};

	*a = kept;
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct http_driver *http = arg;

	(void)size;
	http->answer.header_bytes += n;
	if (n > 5 && !memcmp(line, "HTTP/", 5))
		forget_claims(&http->answer);
	if (http->answer.header_bytes > HEADERS_MAX) {
		http->answer.too_large = true;
		return 0;
	}
	take_header(http, line, n);
	return n;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_driver *http = arg;

	(void)size;
	if (http->answer.body.len + n > BODY_MAX) {
		http->answer.too_large = true;
		return 0;
	}
	buf_add(&http->answer.body, data, n);
	return n;
}

static void answer_clear(struct answer *a)
{
	buf_clear(&a->body);
	a->header_bytes = 0;
	a->too_large = false;
	forget_claims(a);
}

static void set_url(
	struct http_driver *http, const struct endpoint *at, const char *path, const char *key)
{
	bool ip6 = strchr(at->host, ':') != NULL;
	char url[512];

	snprintf(url, sizeof(url), "http://%s%s%s:%u%s%s", ip6 ? "[" : "", at->host, ip6 ? "]" : "",
		at->port, path, key);
	curl_easy_setopt(http->curl, CURLOPT_URL, url);
}

/* Milliseconds, rounded up: zero would mean for ever. */
static CURLcode perform(struct http_driver *http, uint64_t timeout_ns)
{
	long ms = (long)((timeout_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC);

	curl_easy_setopt(http->curl, CURLOPT_TIMEOUT_MS, ms);
	curl_easy_setopt(http->curl, CURLOPT_CONNECTTIMEOUT_MS, ms);
	answer_clear(&http->answer);
	http->n_sent = 0;
	return curl_easy_perform(http->curl);
}

static enum op_error connect_error(CURL *curl)
{
	long code = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &code);
	return code == ECONNREFUSED ? OP_ERROR_REFUSED : OP_ERROR_UNREACHABLE;
}

static enum op_error error_of(struct http_driver *http, CURLcode code)
{
	if (http->answer.too_large)
		return OP_ERROR_GARBAGE;
	switch ((int)code) {
	case CURLE_OPERATION_TIMEDOUT:
		return OP_ERROR_TIMEOUT;
	case CURLE_COULDNT_CONNECT:
		/* After the request left this is our own refusal of the second connection. */
		return http->n_sent ? OP_ERROR_RESET : connect_error(http->curl);
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

static uint8_t node_named(const struct driver_target *target, const char *name)
{
	for (size_t i = 0; *name && i < target->n_endpoints; i++) {
		if (!strcmp(target->endpoints[i].name, name))
			return target->endpoints[i].node;
	}
	return OP_NODE_UNKNOWN;
}

static void take_claims(struct http_driver *http, struct driver_call *call)
{
	const struct answer *a = &http->answer;
	uint64_t age_ms = http->options.age_unit == AGE_S ? a->age * 1000 : a->age;

	call->node = node_named(&http->target, a->node);
	if (a->has_version) {
		call->flags |= OP_HAS_VERSION;
		call->version = a->version;
	}
	if (a->has_epoch) {
		call->flags |= OP_HAS_EPOCH;
		call->epoch = (uint32_t)a->epoch;
	}
	if (a->has_age) {
		call->flags |= OP_AGE_CLAIMED;
		call->age_ms = age_ms < UINT32_MAX ? (uint32_t)age_ms : UINT32_MAX;
	}
	call->flags |= (uint16_t)((a->stale ? OP_STALE_MARK : 0) | (a->fallback ? OP_FALLBACK : 0));
}

static void take_refusal(struct http_driver *http, long status, struct driver_call *call)
{
	const struct answer *a = &http->answer;
	enum op_error error = OP_ERROR_REJECTED;

	if (status == 421)
		error = OP_ERROR_NOT_PRIMARY;
	else if (status >= 500)
		error = OP_ERROR_UNAVAILABLE;
	driver_fail(call, status >= 400 && a->not_done ? OP_FAIL : OP_UNKNOWN, error,
		"HTTP %ld: %.60s", status, buf_str(&a->body));
}

static bool is_success(enum op_kind kind, long status)
{
	if (kind == OP_READ)
		return status == 200 || status == 404;
	return status == 200 || status == 201 || status == 204 ||
		(kind == OP_DELETE && status == 404);
}

static void take_answer(struct http_driver *http, struct driver_call *call)
{
	const struct buf *body = &http->answer.body;
	long status = 0;

	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	take_claims(http, call);
	if (!is_success(call->kind, status)) {
		take_refusal(http, status, call);
		return;
	}
	if (call->kind == OP_READ && status == 404) {
		call->flags |= OP_ABSENT;
	} else if (call->kind == OP_READ && !http->answer.delimited) {
		driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "a body without a length");
		return;
	} else if (call->kind == OP_READ &&
		!driver_value_parse(buf_str(body), body->len, &call->read_value)) {
		driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "not a value of ours: %.60s",
			buf_str(body));
		return;
	}
	call->state = OP_OK;
	call->error = OP_ERROR_NONE;
}

static void set_request(struct http_driver *http, const struct driver_call *call)
{
	CURL *curl = http->curl;

	if (call->kind == OP_WRITE) {
		size_t n = driver_value_print(http->text, call->value, http->target.value_size);

		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, http->text);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)n);
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
		return;
	}
	curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->kind == OP_DELETE ? "DELETE" : NULL);
}

static void http_invoke(struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	struct http_driver *http = (struct http_driver *)driver;
	struct curl_slist demand = {.next = http->headers};
	char key[OP_KEY_TEXT], line[48];
	CURLcode code;

	driver_call_clear(call);
	if (call->kind == OP_CAS) {
		driver_fail(call, OP_FAIL, OP_ERROR_REJECTED, "this driver has no compare-and-set");
		return;
	}
	op_key_text(call->key, key);
	set_url(http, at, http->options.path, key);
	set_request(http, call);
	if (call->kind == OP_READ && call->min_version) {
		snprintf(line, sizeof(line), "X-Min-Version: %" PRIu64, call->min_version);
		demand.data = line;
		curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, &demand);
	}
	code = perform(http, call->timeout_ns);
	if (demand.data)
		curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, http->headers);
	if (code == CURLE_OK && !http->answer.whole_headers)
		driver_fail(call, OP_UNKNOWN, OP_ERROR_RESET, "the answer ends within its headers");
	else if (code == CURLE_OK)
		take_answer(http, call);
	else
		driver_fail(call, http->n_sent ? OP_UNKNOWN : OP_FAIL, error_of(http, code), "%s",
			http->answer.too_large ? "answer too large" : curl_easy_strerror(code));
}

static void http_role(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
	struct driver_role *out)
{
	struct http_driver *http = (struct http_driver *)driver;
	const struct answer *a = &http->answer;
	struct driver_call get = {.kind = OP_READ};
	long status = 0;

	*out = (struct driver_role){.believed_primary = OP_NODE_UNKNOWN};
	set_url(http, at, http->options.role_path, "");
	set_request(http, &get);
	if (perform(http, timeout_ns) != CURLE_OK)
		return;
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return;
	if (!strncmp(buf_str(&a->body), "primary", 7))
		out->role = ROLE_PRIMARY;
	else if (!strncmp(buf_str(&a->body), "replica", 7))
		out->role = ROLE_REPLICA;
	out->epoch = a->has_epoch ? (uint32_t)a->epoch : 0;
	out->believed_primary = node_named(&http->target, a->primary);
}

/* curl_easy_init() would do it, but not safely in several threads at once. */
static void init_library(void)
{
	curl_global_init(CURL_GLOBAL_NOTHING);
}

static void set_fixed_options(struct http_driver *http)
{
	CURL *curl = http->curl;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 4L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, http->headers);
	curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, before_sending);
	curl_easy_setopt(curl, CURLOPT_PREREQDATA, http);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, http);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, http);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
}

static struct driver *http_open(const struct driver_target *target, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http_driver *http = calloc(1, sizeof(*http));

	if (!http)
		abort();
	pthread_once(&once, init_library);
	http->base.ops = &driver_http_kv;
	http->target = *target;
	param_set_defaults(http_params, &http->options);
	if (target->options)
		http->options = *(const struct http_options *)target->options;
	http->text = malloc(DRIVER_VALUE_TEXT + target->value_size + 2);
	http->curl = curl_easy_init();
	if (!http->text || !http->curl) {
		err_set(err, "cannot set up libcurl");
		free(http->text);
		free(http);
		return NULL;
	}
	http->headers = curl_slist_append(NULL, "Expect:");
	http->headers = curl_slist_append(http->headers, "Accept:");
	http->headers = curl_slist_append(http->headers, "Content-Type: text/plain");
	set_fixed_options(http);
	return &http->base;
}

static void http_close(struct driver *driver)
{
	struct http_driver *http = (struct http_driver *)driver;

	curl_easy_cleanup(http->curl);
	curl_slist_free_all(http->headers);
	buf_release(&http->answer.body);
	free(http->text);
	free(http);
}

const struct driver_ops driver_http_kv = {
	.name = "http-kv",
	.help = "keys and values over HTTP: GET, PUT and DELETE of /kv/KEY",
	.can = DRIVER_VERSIONS | DRIVER_MIN_VERSION | DRIVER_AGE | DRIVER_NAMES_NODE |
		DRIVER_EPOCHS | DRIVER_ROLES | DRIVER_DELETES,
	.default_port = 8080,
	.params = http_params,
	.options_size = sizeof(struct http_options),
	.open = http_open,
	.invoke = http_invoke,
	.role = http_role,
	.close = http_close,
};
