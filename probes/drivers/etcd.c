/*
 * etcd: keys and values of an etcd cluster over its JSON gateway, /v3/kv/put, range and deleterange.
 *
 * Any member takes any request and passes writes on to the leader, so an answer says who answered and
 * not who performed a write: the node of a write is unknown, that of a read is the member asked. Reads
 * are linearizable unless the scenario says `read: serializable`: then a member answers from what it
 * has. Versions are revisions of the whole store, the epoch is the raft term.
 *
 * What is surely not done: what never left, and the answers of sure_failures[], which etcd gives before
 * a request is proposed or instead of applying it. All others are unknown: "request timed out" and
 * "leader changed" are said about proposals that may still be applied.
 *
 * The leader is told by the id of a member. Which endpoint that is stands in the list of members, by
 * their client URLs, and is asked for once.
 */
#include "fixtures/base/base64.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "probes/drivers/driver.h"
#include "probes/drivers/drivers.h"
#include "probes/drivers/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX (64 * 1024)

enum etcd_read { READ_LINEARIZABLE, READ_SERIALIZABLE };

struct etcd_options {
	uint64_t read;
};

struct etcd_driver {
	struct driver base;
	struct driver_target target;
	struct etcd_options options;
	struct http_client *client;
	uint64_t *members;   /* id of the member at each endpoint; 0: not known */
	char *value, *coded; /* the value to write */
	struct buf request;
};

static const char *const read_words[] = {
	[READ_LINEARIZABLE] = "linearizable", [READ_SERIALIZABLE] = "serializable", NULL};

static const struct param etcd_params[] = {
	{.name = "read",
		.type = PARAM_CHOICE,
		.fallback = "linearizable",
		.choices = read_words,
		.offset = offsetof(struct etcd_options, read),
		.help = "whether reads are agreed with the leader, or answered from what a member has"},
	PARAM_END,
};

/* Codes of gRPC that etcd uses for what it has not proposed, or applied as an error. */
static const struct sure_failure {
	int64_t code;
	enum op_error error;
} sure_failures[] = {
	{3, OP_ERROR_REJECTED},    /* invalid argument */
	{7, OP_ERROR_REJECTED},    /* permission denied */
	{8, OP_ERROR_UNAVAILABLE}, /* too many requests; database space exceeded */
	{16, OP_ERROR_REJECTED},   /* not authenticated */
};

static const struct http_answer *post(struct etcd_driver *etcd, const struct endpoint *at,
	const char *path, const char *body, uint64_t timeout_ns)
{
	static const char *const headers[] = {"Expect:", "Content-Type: application/json", NULL};
	struct http_request request = {.method = "POST",
		.at = at,
		.path = path,
		.headers = headers,
		.body = body,
		.body_len = strlen(body),
		.timeout_ns = timeout_ns};

	return http_client_ask(etcd->client, &request);
}

/* The gateway writes 64-bit numbers as strings, and leaves zeros out. */
static uint64_t number(const struct jv *object, const char *key)
{
	const char *text = jv_str(jv_get(object, key), "");
	uint64_t value = 0;

	driver_number_parse(text, strlen(text), UINT64_MAX, &value);
	return value;
}

static struct jv *parse(const struct http_answer *answer)
{
	struct err err;

	return jv_parse(buf_str(&answer->body), answer->body.len, ANSWER_MAX, &err);
}

static void take_refusal(const struct jv *json, long status, struct driver_call *call)
{
	int64_t code = jv_int(jv_get(json, "code"), -1);
	const char *said = jv_str(jv_get(json, "error"), "");

	for (size_t i = 0; i < sizeof(sure_failures) / sizeof(*sure_failures); i++) {
		if (status >= 400 && code == sure_failures[i].code) {
			driver_fail(call, OP_FAIL, sure_failures[i].error, "%.80s", said);
			return;
		}
	}
	driver_fail(call, OP_UNKNOWN, status >= 500 ? OP_ERROR_UNAVAILABLE : OP_ERROR_REJECTED,
		"HTTP %ld: %.70s", status, said);
}

static bool take_value(const struct jv *kv, struct driver_call *call)
{
	const char *text = jv_str(jv_get(kv, "value"), "");
	size_t len = strlen(text);
	unsigned char *value = malloc(len + 1);
	ssize_t n;
	bool ok;

	if (!value)
		abort();
	n = base64_decode(text, len, value);
	ok = n >= 0 && driver_value_parse((char *)value, (size_t)n, &call->read_value);
	free(value);
	return ok;
}

/* What a read returned; of absent keys no answer tells the version. */
static bool take_read(const struct jv *json, struct driver_call *call)
{
	const struct jv *kv = jv_at(jv_get(json, "kvs"), 0);

	if (!kv) {
		call->flags |= OP_ABSENT;
		return true;
	}
	call->version = number(kv, "mod_revision");
	call->flags |= OP_HAS_VERSION;
	return take_value(kv, call);
}

static void take_answer(
	const struct endpoint *at, const struct http_answer *answer, struct driver_call *call)
{
	struct jv *json = parse(answer);
	const struct jv *header = jv_get(json, "header");
	bool ok = number(header, "member_id") != 0;

	if (answer->status != 200 && json) {
		take_refusal(json, answer->status, call);
		jv_free(json);
		return;
	}
	if (ok && call->kind == OP_READ) {
		call->node = at->node;
		ok = take_read(json, call);
	} else if (ok) {
		call->version = number(header, "revision");
		call->flags |= OP_HAS_VERSION;
	}
	if (ok) {
		call->epoch = (uint32_t)number(header, "raft_term");
		call->flags |= OP_HAS_EPOCH;
		call->state = OP_OK;
		call->error = OP_ERROR_NONE;
	} else {
		call->flags = 0;
		driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "not an answer of etcd: %.60s",
			buf_str(&answer->body));
	}
	jv_free(json);
}

/* The path to ask; the body is in etcd->request. */
static const char *put_request(struct etcd_driver *etcd, const struct driver_call *call)
{
	char key[OP_KEY_TEXT], coded[BASE64_TEXT(OP_KEY_TEXT)];
	size_t n;

	op_key_text(call->key, key);
	base64_encode(key, strlen(key), coded);
	buf_clear(&etcd->request);
	buf_printf(&etcd->request, "{\"key\":\"%s\"", coded);
	switch (call->kind) {
	case OP_WRITE:
		n = driver_value_print(etcd->value, call->value, etcd->target.value_size);
		base64_encode(etcd->value, n, etcd->coded);
		buf_printf(&etcd->request, ",\"value\":\"%s\"}", etcd->coded);
		return "/v3/kv/put";
	case OP_DELETE:
		buf_printf(&etcd->request, "}");
		return "/v3/kv/deleterange";
	case OP_READ:
	case OP_CAS:
	case OP_PURGE:
	case OP_KINDS:
		break;
	}
	buf_printf(&etcd->request, "%s}",
		etcd->options.read == READ_SERIALIZABLE ? ",\"serializable\":true" : "");
	return "/v3/kv/range";
}

static void etcd_invoke(struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	struct etcd_driver *etcd = (struct etcd_driver *)driver;
	const struct http_answer *answer;
	const char *path;

	driver_call_clear(call);
	if (call->kind == OP_CAS || call->kind == OP_PURGE) {
		driver_fail(call, OP_FAIL, OP_ERROR_REJECTED, "this driver has no compare-and-set");
		return;
	}
	path = put_request(etcd, call);
	answer = post(etcd, at, path, buf_str(&etcd->request), call->timeout_ns);
	if (answer->whole)
		take_answer(at, answer, call);
	else
		http_no_answer(answer, call);
}

static size_t endpoint_of_url(const struct driver_target *target, const char *url)
{
	char text[96];

	for (size_t i = 0; i < target->n_endpoints; i++) {
		const struct endpoint *e = &target->endpoints[i];
		bool ip6 = strchr(e->host, ':') != NULL;

		snprintf(text, sizeof(text), "http://%s%s%s:%u", ip6 ? "[" : "", e->host,
			ip6 ? "]" : "", e->port);
		if (!strcmp(text, url))
			return i;
	}
	return target->n_endpoints;
}

static void learn_members(struct etcd_driver *etcd, const struct endpoint *at, uint64_t deadline_ns)
{
	uint64_t now = clock_now_ns();
	const struct http_answer *answer;
	const struct jv *members;
	struct jv *json;

	if (now >= deadline_ns)
		return;
	answer = post(etcd, at, "/v3/cluster/member/list", "{}", deadline_ns - now);
	json = answer->whole && answer->status == 200 ? parse(answer) : NULL;
	members = jv_get(json, "members");
	for (size_t i = 0; i < jv_count(members); i++) {
		const struct jv *member = jv_at(members, i), *urls = jv_get(member, "clientURLs");

		for (size_t u = 0; u < jv_count(urls); u++) {
			size_t e = endpoint_of_url(&etcd->target, jv_str(jv_at(urls, u), ""));

			if (e < etcd->target.n_endpoints)
				etcd->members[e] = number(member, "ID");
		}
	}
	jv_free(json);
}

static uint8_t node_of_member(const struct etcd_driver *etcd, uint64_t id)
{
	for (size_t i = 0; id && i < etcd->target.n_endpoints; i++) {
		if (etcd->members[i] == id)
			return etcd->target.endpoints[i].node;
	}
	return OP_NODE_UNKNOWN;
}

static void etcd_role(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
	struct driver_role *out)
{
	struct etcd_driver *etcd = (struct etcd_driver *)driver;
	uint64_t deadline_ns = clock_now_ns() + timeout_ns, leader, own;
	const struct http_answer *answer =
		post(etcd, at, "/v3/maintenance/status", "{}", timeout_ns);
	struct jv *json = answer->whole && answer->status == 200 ? parse(answer) : NULL;
	bool is_status = jv_get(json, "version") != NULL;

	*out = (struct driver_role){.believed_primary = OP_NODE_UNKNOWN};
	leader = number(json, "leader");
	own = number(jv_get(json, "header"), "member_id");
	if (is_status && own) {
		out->role = leader == own ? ROLE_PRIMARY : ROLE_REPLICA;
		out->epoch = (uint32_t)number(json, "raftTerm");
		if (leader == own)
			out->believed_primary = at->node;
	}
	jv_free(json);
	if (out->role != ROLE_REPLICA || !leader)
		return;
	if (node_of_member(etcd, leader) == OP_NODE_UNKNOWN)
		learn_members(etcd, at, deadline_ns);
	out->believed_primary = node_of_member(etcd, leader);
}

static struct driver *etcd_open(const struct driver_target *target, struct err *err)
{
	struct etcd_driver *etcd = calloc(1, sizeof(*etcd));
	size_t value_max = DRIVER_VALUE_TEXT + target->value_size + 2;

	if (!etcd)
		abort();
	etcd->base.ops = &driver_etcd;
	etcd->target = *target;
	param_set_defaults(etcd_params, &etcd->options);
	if (target->options)
		etcd->options = *(const struct etcd_options *)target->options;
	etcd->client = http_client_open(err);
	if (!etcd->client) {
		free(etcd);
		return NULL;
	}
	etcd->members = calloc(target->n_endpoints + 1, sizeof(*etcd->members));
	etcd->value = malloc(value_max);
	etcd->coded = malloc(BASE64_TEXT(value_max));
	if (!etcd->members || !etcd->value || !etcd->coded)
		abort();
	return &etcd->base;
}

static void etcd_close(struct driver *driver)
{
	struct etcd_driver *etcd = (struct etcd_driver *)driver;

	http_client_close(etcd->client);
	buf_release(&etcd->request);
	free(etcd->members);
	free(etcd->value);
	free(etcd->coded);
	free(etcd);
}

const struct driver_ops driver_etcd = {
	.name = "etcd",
	.help = "etcd's JSON gateway; reads linearizable or serializable, roles by leader and term",
	.can = DRIVER_ROLES | DRIVER_DELETES | DRIVER_VERSIONS | DRIVER_EPOCHS,
	.default_port = 2379,
	.params = etcd_params,
	.options_size = sizeof(struct etcd_options),
	.open = etcd_open,
	.invoke = etcd_invoke,
	.role = etcd_role,
	.close = etcd_close,
};
