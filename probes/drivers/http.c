/*
 * http: a system that speaks HTTP, by templates of the scenario and without C.
 *
 *	clients:
 *	  - name: users
 *	    driver: http
 *	    read: { path: "/v1/kv/{key}" }
 *	    write: { path: "/v1/kv/{key}", body: "{value}" }
 *	    answer: { value: json /0/Value, encoding: base64, version: json /0/ModifyIndex }
 *	    not-done: { status: "429" }
 *
 * The rows are in http_options.c, what a template may say in template.h, and where something stands in
 * an answer in http_place.h.
 *
 * What is surely not done is for the scenario to say, and for whoever writes it to know: a status of
 * not-done or not-primary, or a word somewhere in the answer. Whatever else is no success is unknown,
 * a 503 too: a gateway says so about requests that its upstream has carried out. An answer that lacks
 * what the scenario says is there is unknown as well.
 */
#include "probes/drivers/driver.h"
#include "probes/drivers/drivers.h"
#include "probes/drivers/http_client.h"
#include "probes/drivers/http_options.h"
#include "probes/drivers/http_place.h"
#include "probes/drivers/template.h"
#include "fixtures/base/base64.h"
#include "fixtures/json/jv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_MAX (64 * 1024)

struct places {
	struct http_place value, version, epoch, age, stale, fallback, node, not_done, not_primary;
	struct http_place role, leader, role_epoch, hit;
};

struct http_driver {
	struct driver base;
	struct driver_target target;
	const struct http_options *options;
	struct places at;
	bool json; /* some place is in a JSON body */
	struct http_client *client;
	char *value; /* text to write */
	struct buf path, body,
		headers;  /* of the present request; headers: lines, NUL behind each */
	struct buf found; /* what a place holds */
	const char *lines[HTTP_HEADERS_MAX + 1];
};

/* --- the request ------------------------------------------------------------------------------ */

/* A line of the template that demands a version is for reads that do. */
static bool is_wanted(const char *line, const char *min_version)
{
	return *min_version != '0' || !template_names(line, "min-version");
}

static void expand_headers(
	struct http_driver *http, const char *text, const struct template_values *values)
{
	static const char *const fixed[] = {"Expect:", "Accept:", "Content-Type:"};
	size_t starts[HTTP_HEADERS_MAX], n = 0;

	buf_clear(&http->headers);
	for (; n < sizeof(fixed) / sizeof(*fixed); n++) {
		starts[n] = http->headers.len;
		buf_add(&http->headers, fixed[n], strlen(fixed[n]) + 1);
	}
	while (*text && n < HTTP_HEADERS_MAX) {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);

		if (!line)
			abort();
		if (*line && is_wanted(line, values->min_version)) {
			starts[n++] = http->headers.len;
			template_expand(&http->headers, line, values);
			buf_add(&http->headers, "", 1);
		}
		free(line);
		text += len + (text[len] == '\n');
	}
	for (size_t i = 0; i < n; i++)
		http->lines[i] = http->headers.data + starts[i];
	http->lines[n] = NULL;
}

static const struct http_answer *ask(struct http_driver *http, const struct http_form *form,
	const struct endpoint *at, const struct template_values *values, uint64_t timeout_ns)
{
	struct http_request request = {
		.method = form->method, .at = at, .headers = http->lines, .timeout_ns = timeout_ns};

	buf_clear(&http->path);
	template_expand(&http->path, form->path, values);
	request.path = buf_str(&http->path);
	expand_headers(http, form->headers, values);
	if (*form->body) {
		buf_clear(&http->body);
		template_expand(&http->body, form->body, values);
		request.body = buf_str(&http->body);
		request.body_len = http->body.len;
	}
	return http_client_ask(http->client, &request);
}

/* --- the answer ------------------------------------------------------------------------------- */

/* An answer, its body parsed where a place needs that, and whose it is. */
struct reading {
	struct http_driver *http;
	const struct http_answer *answer;
	struct jv *json;
};

static struct reading reading_begin(struct http_driver *http, const struct http_answer *answer)
{
	struct reading r = {http, answer, NULL};
	struct err err;

	if (http->json)
		r.json = jv_parse(buf_str(&answer->body), answer->body.len, JSON_MAX, &err);
	return r;
}

/* What stands there, until the next call; NULL: nothing. */
static const char *text_at(const struct reading *r, const struct http_place *place)
{
	struct buf *found = &r->http->found;

	return http_place_get(place, r->answer, r->json, found) ? buf_str(found) : NULL;
}

/* 1: a number is there; 0: nothing is; -1: something else. Quotes, as of an ETag, are no part of it. */
static int number_at(
	const struct reading *r, const struct http_place *place, uint64_t max, uint64_t *out)
{
	const char *text = text_at(r, place);
	size_t len;

	if (!text)
		return 0;
	len = strlen(text);
	if (len > 2 && *text == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	return driver_number_parse(text, len, max, out) ? 1 : -1;
}

static uint8_t node_at(
	const struct reading *r, const struct http_place *place, const struct endpoint *asked)
{
	const char *name;

	if (place->where == HTTP_ENDPOINT)
		return asked->node;
	name = text_at(r, place);
	return name ? driver_node_named(&r->http->target, name, strlen(name)) : OP_NODE_UNKNOWN;
}

static bool is_marked(const struct reading *r, const struct http_place *place, const char *words)
{
	const char *text = text_at(r, place);

	return text && http_word_is(words, text);
}

/* What an edge says of its copy; where nothing stands it says nothing. */
static uint16_t hit_or_miss(const struct reading *r)
{
	const char *text = text_at(r, &r->http->at.hit);

	if (!text)
		return 0;
	return http_word_is(r->http->options->hit_is, text) ? OP_HIT : OP_MISS;
}

/* False: something stands where a number was to be. */
static bool take_claims(
	const struct reading *r, const struct endpoint *asked, struct driver_call *call)
{
	const struct http_options *o = r->http->options;
	const struct places *at = &r->http->at;
	uint64_t epoch = 0, age = 0;
	int version = number_at(r, &at->version, UINT64_MAX, &call->version);
	int has_epoch = number_at(r, &at->epoch, UINT32_MAX, &epoch);
	int has_age = number_at(r, &at->age, UINT32_MAX, &age);

	call->node = node_at(r, &at->node, asked);
	if (version > 0)
		call->flags |= OP_HAS_VERSION;
	if (has_epoch > 0) {
		call->flags |= OP_HAS_EPOCH;
		call->epoch = (uint32_t)epoch;
	}
	if (has_age > 0) {
		age = o->age_in_s ? age * 1000 : age;
		call->flags |= OP_AGE_CLAIMED;
		call->age_ms = age < UINT32_MAX ? (uint32_t)age : UINT32_MAX;
	}
	if (is_marked(r, &at->stale, o->stale_is))
		call->flags |= OP_STALE_MARK;
	if (is_marked(r, &at->fallback, o->fallback_is))
		call->flags |= OP_FALLBACK;
	call->flags |= hit_or_miss(r);
	return version >= 0 && has_epoch >= 0 && has_age >= 0;
}

static bool parse_value(struct http_driver *http, const char *text, uint64_t *value)
{
	size_t len = strlen(text);
	unsigned char *raw;
	ssize_t n;
	bool ok;

	if (!http->options->base64)
		return driver_value_parse(text, len, value);
	raw = malloc(len / 4 * 3 + 1);
	if (!raw)
		abort();
	n = base64_decode(text, len, raw);
	ok = n >= 0 && driver_value_parse((const char *)raw, (size_t)n, value);
	free(raw);
	return ok;
}

static bool take_value(const struct reading *r, struct driver_call *call)
{
	struct http_driver *http = r->http;
	const char *text;

	if (http->at.value.where == HTTP_BODY && !r->answer->delimited) {
		driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "a body without a length");
		return false;
	}
	text = text_at(r, &http->at.value);
	/* what is no JSON at all does not say that the key is absent */
	if (!text && http->options->absent_missing &&
		(r->json || http->at.value.where == HTTP_HEADER)) {
		call->flags |= OP_ABSENT;
		return true;
	}
	if (text && parse_value(http, text, &call->read_value))
		return true;
	driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "%s: %.60s",
		text ? "not a value of ours" : "no value where answer.value says",
		text ? text : buf_str(&r->answer->body));
	return false;
}

static bool shows(
	const struct reading *r, const struct http_sign *sign, const struct http_place *place)
{
	const char *word = *sign->is ? text_at(r, place) : NULL;

	return http_status_is(sign->status, r->answer->status) ||
		(word && http_word_is(sign->is, word));
}

static void take_refusal(
	const struct reading *r, enum op_state state, enum op_error error, struct driver_call *call)
{
	driver_fail(call, state, error, "HTTP %ld: %.60s", r->answer->status,
		buf_str(&r->answer->body));
}

static void take_answer(const struct reading *r, const struct http_form *form,
	const struct endpoint *asked, struct driver_call *call)
{
	const struct http_options *o = r->http->options;
	long status = r->answer->status;
	bool claims = take_claims(r, asked, call);
	bool absent = call->kind == OP_READ && http_status_is(o->absent_status, status);

	if (shows(r, &o->not_primary, &r->http->at.not_primary)) {
		take_refusal(r, OP_FAIL, OP_ERROR_NOT_PRIMARY, call);
	} else if (shows(r, &o->not_done, &r->http->at.not_done)) {
		take_refusal(
			r, OP_FAIL, status >= 500 ? OP_ERROR_UNAVAILABLE : OP_ERROR_REJECTED, call);
	} else if (!absent && !http_status_is(form->done, status)) {
		take_refusal(r, OP_UNKNOWN,
			status >= 500 ? OP_ERROR_UNAVAILABLE : OP_ERROR_REJECTED, call);
	} else if (!claims) {
		driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE,
			"no number where version, epoch or age should be");
	} else if (absent || call->kind != OP_READ || take_value(r, call)) {
		call->flags |= absent ? OP_ABSENT : 0;
		call->state = OP_OK;
		call->error = OP_ERROR_NONE;
	}
}

static void http_invoke(struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	struct http_driver *http = (struct http_driver *)driver;
	const struct http_options *o = http->options;
	const struct http_form *form = call->kind == OP_READ ? &o->read
		: call->kind == OP_WRITE                     ? &o->write
		: call->kind == OP_PURGE                     ? &o->purge
							     : &o->delete_;
	char key[OP_KEY_TEXT], min_version[24];
	struct template_values values = {key, http->value, min_version};
	const struct http_answer *answer;
	struct reading r;

	driver_call_clear(call);
	if (call->kind == OP_CAS || !*form->path) {
		driver_fail(
			call, OP_FAIL, OP_ERROR_REJECTED, "the scenario has no template for it");
		return;
	}
	op_key_text(call->key, key);
	driver_value_print(http->value, call->value, http->target.value_size);
	snprintf(min_version, sizeof(min_version), "%" PRIu64, call->min_version);
	answer = ask(http, form, at, &values, call->timeout_ns);
	if (!answer->whole) {
		http_no_answer(answer, call);
		return;
	}
	r = reading_begin(http, answer);
	take_answer(&r, form, at, call);
	jv_free(r.json);
}

static void http_role(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
	struct driver_role *out)
{
	static const struct template_values none = {"", "", "0"};
	struct http_driver *http = (struct http_driver *)driver;
	const struct http_options *o = http->options;
	const struct http_answer *answer;
	const char *role;
	struct reading r;
	uint64_t epoch = 0;

	*out = (struct driver_role){.believed_primary = OP_NODE_UNKNOWN};
	if (!*o->role.path)
		return;
	answer = ask(http, &o->role, at, &none, timeout_ns);
	if (!answer->whole ||
		(http->at.role.where != HTTP_STATUS &&
			!http_status_is(o->role.done, answer->status)))
		return;
	r = reading_begin(http, answer);
	role = text_at(&r, &http->at.role);
	if (role && http_word_is(o->role_primary, role))
		out->role = ROLE_PRIMARY;
	else if (role && http_word_is(o->role_replica, role))
		out->role = ROLE_REPLICA;
	if (number_at(&r, &http->at.role_epoch, UINT32_MAX, &epoch) > 0)
		out->epoch = (uint32_t)epoch;
	out->believed_primary =
		out->role == ROLE_PRIMARY ? at->node : node_at(&r, &http->at.leader, at);
	jv_free(r.json);
}

/* --- its life --------------------------------------------------------------------------------- */

static void find_places(struct http_driver *http)
{
	const struct http_options *o = http->options;
	struct places *at = &http->at;
	const struct {
		const char *text;
		struct http_place *into;
	} all[] = {{o->value, &at->value}, {o->version, &at->version}, {o->epoch, &at->epoch},
		{o->age, &at->age}, {o->stale, &at->stale}, {o->fallback, &at->fallback},
		{o->hit, &at->hit}, {o->node, &at->node}, {o->not_done.at, &at->not_done},
		{o->not_primary.at, &at->not_primary}, {o->role_at, &at->role},
		{o->role_leader, &at->leader}, {o->role_epoch, &at->role_epoch}};
	struct err err;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		http_place_parse(all[i].text, all[i].into, &err); /* checked before */
		http->json |= all[i].into->where == HTTP_JSON;
	}
}

static struct driver *http_open(const struct driver_target *target, struct err *err)
{
	static struct http_options defaults; /* the same for all who give none */
	struct http_driver *http = calloc(1, sizeof(*http));

	if (!http)
		abort();
	http->base.ops = &driver_http;
	http->target = *target;
	http->options = target->options;
	if (!http->options) {
		param_set_defaults(http_rows, &defaults);
		http->options = &defaults;
	}
	if (!http_options_check(http->options, err))
		http->client = http_client_open(err);
	if (!http->client) {
		free(http);
		return NULL;
	}
	find_places(http);
	http->value = malloc(DRIVER_VALUE_TEXT + target->value_size + 2);
	if (!http->value)
		abort();
	return &http->base;
}

static void http_close(struct driver *driver)
{
	struct http_driver *http = (struct http_driver *)driver;

	http_client_close(http->client);
	buf_release(&http->path);
	buf_release(&http->body);
	buf_release(&http->headers);
	buf_release(&http->found);
	free(http->value);
	free(http);
}

const struct driver_ops driver_http = {
	.name = "http",
	.help = "any system over HTTP, by templates of the scenario: requests, and where answers say what",
	.can = DRIVER_TLS | DRIVER_VERSIONS | DRIVER_MIN_VERSION | DRIVER_AGE | DRIVER_NAMES_NODE |
		DRIVER_EPOCHS | DRIVER_ROLES | DRIVER_DELETES | DRIVER_PURGES | DRIVER_HITS,
	.default_port = 80,
	.params = http_rows,
	.options_size = sizeof(struct http_options),
	.can_with = http_options_can,
	.check = http_options_check,
	.open = http_open,
	.invoke = http_invoke,
	.role = http_role,
	.close = http_close,
};
