/*
 * http-kv: GET, PUT and DELETE of /kv/KEY over HTTP/1.1.
 *
 * The protocol is that of fixtures/region-store, and simple enough for others: 200 with the value, 404
 * for an absent key. Headers of the answer, all optional: X-Version, X-Epoch, X-Node (who performed
 * it), X-Data-Age (how old the data may be), X-Stale: 1, X-Fallback: 1. A request header
 * X-Min-Version demands a version. What speaks otherwise is told to the driver http by templates.
 *
 * Sure failures: everything before the request left (refused, unreachable, no connection in time),
 * and answers of 400 and above with X-Not-Done: 1. Without that header even a 503 is unknown: a
 * gateway says so about requests that its upstream has carried out. A purge that is answered with 4xx
 * was refused.
 */
#include "probes/drivers/driver.h"
#include "probes/drivers/drivers.h"
#include "probes/drivers/http_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum age_unit { AGE_MS, AGE_S };

struct http_options {
	const char *path, *role_path, *age_header, *stale_header, *purge_method;
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
	{.name = "purge-method",
		.type = PARAM_STRING,
		.fallback = "PURGE",
		.offset = FIELD(purge_method),
		.help = "method by which an edge is asked to drop its copy of a key: PURGE, BAN"},
	PARAM_END,
};

struct http_driver {
	struct driver base;
	struct driver_target target;
	struct http_options options;
	struct http_client *client;
	char *text; /* of the value to write */
};

static bool number(const struct http_answer *a, const char *header, uint64_t max, uint64_t *value)
{
	const char *at;
	size_t len;

	return http_header(a, header, &at, &len) && driver_number_parse(at, len, max, value);
}

static bool is_one(const struct http_answer *a, const char *header)
{
	const char *at;
	size_t len;

	return http_header(a, header, &at, &len) && len == 1 && *at == '1';
}

static uint8_t node_named(
	const struct driver_target *target, const struct http_answer *a, const char *header)
{
	const char *at;
	size_t len;

	if (!http_header(a, header, &at, &len))
		return OP_NODE_UNKNOWN;
	return driver_node_named(target, at, len);
}

static void take_claims(
	struct http_driver *http, const struct http_answer *a, struct driver_call *call)
{
	uint64_t epoch, age;

	call->node = node_named(&http->target, a, "X-Node");
	if (number(a, "X-Version", UINT64_MAX, &call->version))
		call->flags |= OP_HAS_VERSION;
	if (number(a, "X-Epoch", UINT32_MAX, &epoch)) {
		call->flags |= OP_HAS_EPOCH;
		call->epoch = (uint32_t)epoch;
	}
	if (number(a, http->options.age_header, UINT32_MAX, &age)) {
		age = http->options.age_unit == AGE_S ? age * 1000 : age;
		call->flags |= OP_AGE_CLAIMED;
		call->age_ms = age < UINT32_MAX ? (uint32_t)age : UINT32_MAX;
	}
	if (is_one(a, http->options.stale_header))
		call->flags |= OP_STALE_MARK;
	if (is_one(a, "X-Fallback"))
		call->flags |= OP_FALLBACK;
}

static void take_refusal(const struct http_answer *a, struct driver_call *call)
{
	bool not_done = a->status >= 400 &&
		(is_one(a, "X-Not-Done") || (call->kind == OP_PURGE && a->status < 500));
	enum op_error error = OP_ERROR_REJECTED;

	if (a->status == 421)
		error = OP_ERROR_NOT_PRIMARY;
	else if (a->status >= 500)
		error = OP_ERROR_UNAVAILABLE;
	driver_fail(call, not_done ? OP_FAIL : OP_UNKNOWN, error, "HTTP %ld: %.60s", a->status,
		buf_str(&a->body));
}

static bool is_success(enum op_kind kind, long status)
{
	if (kind == OP_READ)
		return status == 200 || status == 404;
	return status == 200 || status == 201 || status == 204 ||
		(kind == OP_PURGE && status == 202) ||
		((kind == OP_DELETE || kind == OP_PURGE) && status == 404);
}

static void take_answer(
	struct http_driver *http, const struct http_answer *a, struct driver_call *call)
{
	take_claims(http, a, call);
	if (!is_success(call->kind, a->status)) {
		take_refusal(a, call);
		return;
	}
	if (call->kind == OP_READ && a->status == 404) {
		call->flags |= OP_ABSENT;
	} else if (call->kind == OP_READ && !a->delimited) {
		driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "a body without a length");
		return;
	} else if (call->kind == OP_READ &&
		!driver_value_parse(buf_str(&a->body), a->body.len, &call->read_value)) {
		driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "not a value of ours: %.60s",
			buf_str(&a->body));
		return;
	}
	call->state = OP_OK;
	call->error = OP_ERROR_NONE;
}

static void http_invoke(struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	static const char *const methods[] = {[OP_READ] = "GET",
		[OP_WRITE] = "PUT",
		[OP_DELETE] = "DELETE",
		[OP_CAS] = NULL,
		[OP_PURGE] = NULL};
	struct http_driver *http = (struct http_driver *)driver;
	char key[OP_KEY_TEXT], path[512], demand[48];
	const char *headers[] = {"Expect:", "Accept:", "Content-Type: text/plain", NULL, NULL};
	struct http_request request = {
		.method = call->kind == OP_PURGE ? http->options.purge_method : methods[call->kind],
		.at = at,
		.path = path,
		.headers = headers,
		.timeout_ns = call->timeout_ns};
	const struct http_answer *answer;

	driver_call_clear(call);
	if (call->kind == OP_CAS) {
		driver_fail(call, OP_FAIL, OP_ERROR_REJECTED, "this driver has no compare-and-set");
		return;
	}
	op_key_text(call->key, key);
	snprintf(path, sizeof(path), "%s%s", http->options.path, key);
	if (call->kind == OP_WRITE) {
		request.body = http->text;
		request.body_len =
			driver_value_print(http->text, call->value, http->target.value_size);
	}
	if (call->kind == OP_READ && call->min_version) {
		snprintf(demand, sizeof(demand), "X-Min-Version: %" PRIu64, call->min_version);
		headers[3] = demand;
	}
	answer = http_client_ask(http->client, &request);
	if (answer->whole)
		take_answer(http, answer, call);
	else
		http_no_answer(answer, call);
}

static void http_role(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
	struct driver_role *out)
{
	static const char *const headers[] = {"Accept:", NULL};
	struct http_driver *http = (struct http_driver *)driver;
	struct http_request request = {.at = at,
		.path = http->options.role_path,
		.headers = headers,
		.timeout_ns = timeout_ns};
	const struct http_answer *a = http_client_ask(http->client, &request);
	uint64_t epoch;

	*out = (struct driver_role){.believed_primary = OP_NODE_UNKNOWN};
	if (!a->whole || a->status != 200)
		return;
	if (!strncmp(buf_str(&a->body), "primary", 7))
		out->role = ROLE_PRIMARY;
	else if (!strncmp(buf_str(&a->body), "replica", 7))
		out->role = ROLE_REPLICA;
	if (number(a, "X-Epoch", UINT32_MAX, &epoch))
		out->epoch = (uint32_t)epoch;
	out->believed_primary = node_named(&http->target, a, "X-Primary");
}

static struct driver *http_open(const struct driver_target *target, struct err *err)
{
	struct http_driver *http = calloc(1, sizeof(*http));

	if (!http)
		abort();
	http->base.ops = &driver_http_kv;
	http->target = *target;
	param_set_defaults(http_params, &http->options);
	if (target->options)
		http->options = *(const struct http_options *)target->options;
	http->client = http_client_open(err);
	if (!http->client) {
		free(http);
		return NULL;
	}
	http->text = malloc(DRIVER_VALUE_TEXT + target->value_size + 2);
	if (!http->text)
		abort();
	return &http->base;
}

static void http_close(struct driver *driver)
{
	struct http_driver *http = (struct http_driver *)driver;

	http_client_close(http->client);
	free(http->text);
	free(http);
}

const struct driver_ops driver_http_kv = {
	.name = "http-kv",
	.help = "keys and values over HTTP: GET, PUT and DELETE of /kv/KEY",
	.can = DRIVER_TLS | DRIVER_VERSIONS | DRIVER_MIN_VERSION | DRIVER_AGE | DRIVER_NAMES_NODE |
		DRIVER_EPOCHS | DRIVER_ROLES | DRIVER_DELETES | DRIVER_PURGES,
	.default_port = 8080,
	.params = http_params,
	.options_size = sizeof(struct http_options),
	.open = http_open,
	.invoke = http_invoke,
	.role = http_role,
	.close = http_close,
};
