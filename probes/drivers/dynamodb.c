/*
 * dynamodb: items of a table over the DynamoDB API: GetItem, UpdateItem and DeleteItem, signed by libcurl
 * (Signature Version 4).
 *
 * The table has a key `k` of type S; a value is the attribute `v`, and `ver` counts the writes, by the same
 * update, so that a version comes with every answer. Where it was written through several regions, a version
 * orders the writes of one region only.
 *
 *	aws dynamodb create-table --table-name regionproof --attribute-definitions AttributeName=k,AttributeType=S
 *		--key-schema AttributeName=k,KeyType=HASH --billing-mode PAY_PER_REQUEST
 *
 * Reads are eventually consistent, or strong with `read: strong`. What is surely not done: an answer of 400
 * with an error of sure_failures[], by which the service says that it refused; 500 and 503 may come after the
 * deed. The SDKs' habit of trying again is not ours.
 *
 * Over plain HTTP: a local service, or a proxy that adds TLS.
 */
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "probes/drivers/driver.h"
#include "probes/drivers/drivers.h"
#include "probes/drivers/http_client.h"
#include "probes/drivers/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_MAX 256
#define JSON_MAX (64 * 1024)

enum read_kind { READ_EVENTUAL, READ_STRONG };

struct dynamodb_options {
	const char *table, *region, *access_key, *secret_key;
	uint64_t read;
};

struct dynamodb_driver {
	struct driver base;
	struct driver_target target;
	const struct dynamodb_options *options;
	struct http_client *client;
	char user[2 * SECRET_MAX + 2], sigv4[96];
	char *value;
	struct buf body;
};

static const char *const reads[] = {[READ_EVENTUAL] = "eventual", [READ_STRONG] = "strong", NULL};

static const struct param dynamodb_params[] = {
	{.name = "table",
		.type = PARAM_STRING,
		.fallback = "regionproof",
		.offset = offsetof(struct dynamodb_options, table),
		.help = "with a key k of type S; its name has at least 3 characters"},
	{.name = "region",
		.type = PARAM_STRING,
		.fallback = "us-east-1",
		.offset = offsetof(struct dynamodb_options, region),
		.help = "that requests are signed for"},
	{.name = "access-key",
		.type = PARAM_STRING,
		.fallback = "",
		.offset = offsetof(struct dynamodb_options, access_key),
		.help = "env:NAME or file:PATH; empty: any, as local services take it"},
	{.name = "secret-key",
		.type = PARAM_STRING,
		.fallback = "",
		.offset = offsetof(struct dynamodb_options, secret_key),
		.help = "env:NAME or file:PATH"},
	{.name = "read",
		.type = PARAM_CHOICE,
		.fallback = "eventual",
		.choices = reads,
		.offset = offsetof(struct dynamodb_options, read),
		.help = "consistency of reads"},
	PARAM_END,
};

/* Behind the '#' of __type. */
static const struct sure_failure {
	const char *type;
	enum op_error error;
} sure_failures[] = {
	{"ProvisionedThroughputExceededException", OP_ERROR_UNAVAILABLE},
	{"RequestLimitExceeded", OP_ERROR_UNAVAILABLE},
	{"ThrottlingException", OP_ERROR_UNAVAILABLE},
	/* strong global tables: another region writes the item at the same time */
	{"ReplicatedWriteConflictException", OP_ERROR_UNAVAILABLE},
	{"ConditionalCheckFailedException", OP_ERROR_REJECTED},
	{"ValidationException", OP_ERROR_REJECTED},
	{"ResourceNotFoundException", OP_ERROR_REJECTED},
	{"UnrecognizedClientException", OP_ERROR_REJECTED},
	{"IncompleteSignatureException", OP_ERROR_REJECTED},
	{"MissingAuthenticationTokenException", OP_ERROR_REJECTED},
	{"AccessDeniedException", OP_ERROR_REJECTED},
	{"ItemCollectionSizeLimitExceededException", OP_ERROR_REJECTED},
};

static const struct sure_failure *find_sure_failure(const char *type)
{
	const char *hash = strrchr(type, '#');

	type = hash ? hash + 1 : type;
	for (size_t i = 0; i < sizeof(sure_failures) / sizeof(*sure_failures); i++) {
		if (!strcmp(sure_failures[i].type, type))
			return &sure_failures[i];
	}
	return NULL;
}

static void make_body(struct dynamodb_driver *db, const struct driver_call *call)
{
	struct buf *body = &db->body;
	char key[OP_KEY_TEXT];

	op_key_text(call->key, key);
	buf_clear(body);
	buf_printf(body, "{\"TableName\":\"%s\",\"Key\":{\"k\":{\"S\":\"%s\"}}", db->options->table,
		key);
	if (call->kind == OP_READ) {
		buf_printf(body, ",\"ConsistentRead\":%s",
			db->options->read == READ_STRONG ? "true" : "false");
	} else if (call->kind == OP_WRITE) {
		driver_value_print(db->value, call->value, db->target.value_size);
		buf_printf(body,
			",\"UpdateExpression\":\"SET v = :v ADD ver :one\","
			"\"ExpressionAttributeValues\":{\":v\":{\"S\":\"%s\"},\":one\":{\"N\":\"1\"}},"
			"\"ReturnValues\":\"UPDATED_NEW\"",
			db->value);
	}
	buf_addc(body, '}');
}

/* False: a version stands there, and is none. */
static bool take_version(const struct jv *item, struct driver_call *call)
{
	const char *text = jv_str(jv_point(item, "/ver/N"), NULL);

	if (!text)
		return true;
	call->flags |= OP_HAS_VERSION;
	return driver_number_parse(text, strlen(text), UINT64_MAX, &call->version);
}

static bool take_item(const struct jv *json, struct driver_call *call)
{
	const struct jv *item = jv_get(json, "Item");
	const char *value = jv_str(jv_point(item, "/v/S"), NULL);

	if (!item) {
		call->flags |= OP_ABSENT;
		return true;
	}
	return value && driver_value_parse(value, strlen(value), &call->read_value) &&
		take_version(item, call);
}

static void take_success(const struct jv *json, struct driver_call *call)
{
	bool ok = jv_is_object(json);

	if (ok && call->kind == OP_READ)
		ok = take_item(json, call);
	else if (ok && call->kind == OP_WRITE)
		ok = jv_get(json, "Attributes") && take_version(jv_get(json, "Attributes"), call);
	if (ok) {
		call->state = OP_OK;
		call->error = OP_ERROR_NONE;
	} else {
		call->flags = 0;
		driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "not an answer to the request");
	}
}

static void take_answer(const struct http_answer *answer, struct driver_call *call)
{
	struct err err;
	struct jv *json = jv_parse(buf_str(&answer->body), answer->body.len, JSON_MAX, &err);
	const char *type = jv_str(jv_get(json, "__type"), "");
	const struct sure_failure *sure = answer->status == 400 ? find_sure_failure(type) : NULL;

	if (answer->status == 200)
		take_success(json, call);
	else if (sure)
		driver_fail(call, OP_FAIL, sure->error, "%s", sure->type);
	else
		driver_fail(call, OP_UNKNOWN,
			answer->status >= 500 ? OP_ERROR_UNAVAILABLE : OP_ERROR_REJECTED,
			"HTTP %ld: %.60s", answer->status, type);
	jv_free(json);
}

static void dynamodb_invoke(
	struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	static const char *const targets[] = {[OP_READ] = "X-Amz-Target: DynamoDB_20120810.GetItem",
		[OP_WRITE] = "X-Amz-Target: DynamoDB_20120810.UpdateItem",
		[OP_DELETE] = "X-Amz-Target: DynamoDB_20120810.DeleteItem",
		[OP_CAS] = NULL};
	struct dynamodb_driver *db = (struct dynamodb_driver *)driver;
	const char *headers[] = {
		"Expect:", "Accept:", "Content-Type: application/x-amz-json-1.0", NULL, NULL};
	struct http_request request = {.method = "POST",
		.at = at,
		.path = "/",
		.headers = headers,
		.timeout_ns = call->timeout_ns,
		.sigv4 = db->sigv4,
		.user = db->user};
	const struct http_answer *answer;

	driver_call_clear(call);
	if (call->kind == OP_CAS || call->kind == OP_PURGE) {
		driver_fail(call, OP_FAIL, OP_ERROR_REJECTED, "this driver has no compare-and-set");
		return;
	}
	headers[3] = targets[call->kind];
	make_body(db, call);
	request.body = buf_str(&db->body);
	request.body_len = db->body.len;
	answer = http_client_ask(db->client, &request);
	if (answer->whole)
		take_answer(answer, call);
	else
		http_no_answer(answer, call);
	if (call->state == OP_OK)
		call->node = at->node; /* a region performs what it is asked */
}

/* Every region takes writes. */
static void dynamodb_role(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
	struct driver_role *out)
{
	(void)driver;
	(void)at;
	(void)timeout_ns;
	*out = (struct driver_role){.believed_primary = OP_NODE_UNKNOWN};
}

static int read_keys(struct dynamodb_driver *db, struct err *err)
{
	char id[SECRET_MAX], secret[SECRET_MAX];
	int rc = secret_read(db->options->access_key, id, sizeof(id), err);

	if (!rc)
		rc = secret_read(db->options->secret_key, secret, sizeof(secret), err);
	if (!rc)
		snprintf(db->user, sizeof(db->user), "%s:%s", *id ? id : "local",
			*secret ? secret : "local");
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

static struct driver *dynamodb_open(const struct driver_target *target, struct err *err)
{
	static struct dynamodb_options defaults; /* the same for all who give none */
	struct dynamodb_driver *db = calloc(1, sizeof(*db));

	if (!db)
		abort();
	db->base.ops = &driver_dynamodb;
	db->target = *target;
	db->options = target->options;
	if (!db->options) {
		param_set_defaults(dynamodb_params, &defaults);
		db->options = &defaults;
	}
	snprintf(db->sigv4, sizeof(db->sigv4), "aws:amz:%.40s:dynamodb", db->options->region);
	if (!read_keys(db, err))
		db->client = http_client_open(err);
	if (!db->client) {
		free(db);
		return NULL;
	}
	db->value = malloc(DRIVER_VALUE_TEXT + target->value_size + 2);
	if (!db->value)
		abort();
	return &db->base;
}

static void dynamodb_close(struct driver *driver)
{
	struct dynamodb_driver *db = (struct dynamodb_driver *)driver;

	http_client_close(db->client);
	explicit_bzero(db->user, sizeof(db->user));
	buf_release(&db->body);
	free(db->value);
	free(db);
}

const struct driver_ops driver_dynamodb = {
	.name = "dynamodb",
	.help = "the DynamoDB API: one table, eventual or strong reads, signed requests",
	.can = DRIVER_VERSIONS | DRIVER_NAMES_NODE | DRIVER_DELETES,
	.default_port = 8000,
	.params = dynamodb_params,
	.options_size = sizeof(struct dynamodb_options),
	.open = dynamodb_open,
	.invoke = dynamodb_invoke,
	.role = dynamodb_role,
	.close = dynamodb_close,
};
