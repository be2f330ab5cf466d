/*
 * exec: a system that is spoken to by a program of the user's, in any language.
 *
 * The program reads a request a line from its standard input and answers each with one line on its
 * standard output, both JSON; EXEC.md beside this file is its manual, with an example in shell. What it
 * prints on standard error goes where ours goes.
 *
 * Three answers, as everywhere: ok, fail (surely not done, which only the program can know) and
 * unknown. A program that hangs, dies, or breaks the protocol has said nothing: unknown. Only what was
 * never written into its pipe is surely not done.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "probes/drivers/driver.h"
#include "probes/drivers/drivers.h"
#include "probes/drivers/exec_pool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A program that gives up at its own limit gets its answer to us within this. */
#define GRACE_NS (35 * NSEC_PER_MSEC)

struct exec_options {
	const char *command, *script, *can;
};

struct exec_driver {
	struct driver base;
	struct driver_target target;
	struct exec_pool *pool;
	char *value;
	struct buf fields;
};

static const struct param exec_params[] = {
	{.name = "command",
		.type = PARAM_STRING,
		.fallback = "",
		.offset = offsetof(struct exec_options, command),
		.help = "the program and its arguments, parted by blanks; needed"},
	{.name = "script",
		.type = PARAM_STRING,
		.fallback = "",
		.offset = offsetof(struct exec_options, script),
		.help = "one more argument, as it stands: a program for `bash -c` or `python3 -c`"},
	{.name = "can",
		.type = PARAM_STRING,
		.fallback = "deletes",
		.offset = offsetof(struct exec_options, can),
		.help = "what answers have: versions, min-version, age, node, epochs, roles, deletes, "
			"handshake"},
	PARAM_END,
};

static const struct {
	const char *word;
	unsigned bit;
} cans[] = {{"versions", DRIVER_VERSIONS}, {"min-version", DRIVER_MIN_VERSION}, {"age", DRIVER_AGE},
	{"node", DRIVER_NAMES_NODE}, {"epochs", DRIVER_EPOCHS}, {"roles", DRIVER_ROLES},
	{"deletes", DRIVER_DELETES}, {"handshake", DRIVER_HANDSHAKE}};
#define N_CANS (sizeof(cans) / sizeof(*cans))

/* The bits of the list; *unknown: a word of it that is none, else NULL. */
static unsigned read_cans(const char *list, const char **unknown, size_t *unknown_len)
{
	unsigned can = 0;

	*unknown = NULL;
	for (;;) {
		size_t len, i = 0;

		list += strspn(list, " ,\n");
		len = strcspn(list, " ,\n");
		if (!len)
			return can;
		while (i < N_CANS &&
			(strlen(cans[i].word) != len || memcmp(cans[i].word, list, len)))
			i++;
		if (i < N_CANS) {
			can |= cans[i].bit;
		} else {
			*unknown = list;
			*unknown_len = len;
		}
		list += len;
	}
}

static unsigned exec_can(const void *options)
{
	const struct exec_options *o = options;
	const char *unknown;
	size_t len;

	return read_cans(o->can, &unknown, &len);
}

static int exec_check(const void *options, struct err *err)
{
	const struct exec_options *o = options;
	const char *unknown;
	size_t len;

	if (!o->command[strspn(o->command, " \n\t")])
		return err_set(err, "it needs \"command:\", the program to start");
	read_cans(o->can, &unknown, &len);
	if (unknown)
		return err_set(err,
			"can: \"%.*s\" is none of versions, min-version, age, node, "
			"epochs, roles, deletes, handshake",
			(int)len, unknown);
	return 0;
}

/* --- the request ------------------------------------------------------------------------------ */

static void put_text(struct buf *out, const char *name, const char *text)
{
	struct jv *json = jv_new_string(text);

	buf_printf(out, "\"%s\":", name);
	jv_print(json, 0, out);
	buf_addc(out, ',');
	jv_free(json);
}

static void begin_request(
	struct exec_driver *exec, const char *op, const struct endpoint *at, uint64_t timeout_ns)
{
	struct buf *out = &exec->fields;

	buf_clear(out);
	put_text(out, "op", op);
	put_text(out, "host", at->host);
	buf_printf(out, "\"port\":%u,", at->port);
	put_text(out, "node", at->name);
	buf_printf(
		out, "\"timeout_ms\":%" PRIu64, (timeout_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC);
}

static void add_operation(struct exec_driver *exec, const struct driver_call *call)
{
	struct buf *out = &exec->fields;
	char key[OP_KEY_TEXT];

	op_key_text(call->key, key);
	buf_printf(out, ",\"key\":\"%s\"", key);
	if (call->kind == OP_WRITE) {
		driver_value_print(exec->value, call->value, exec->target.value_size);
		buf_printf(out, ",\"value\":\"%s\"", exec->value);
	}
	if (call->kind == OP_READ && call->min_version)
		buf_printf(out, ",\"min_version\":%" PRIu64, call->min_version);
}

static struct exec_reply ask(struct exec_driver *exec, uint64_t timeout_ns)
{
	buf_addc(&exec->fields, '}');
	return exec_pool_ask(
		exec->pool, buf_str(&exec->fields), clock_now_ns() + timeout_ns + GRACE_NS);
}

/* --- the answer ------------------------------------------------------------------------------- */

static enum op_error error_of(const char *word)
{
	static const struct {
		const char *word;
		enum op_error error;
	} words[] = {{"timeout", OP_ERROR_TIMEOUT}, {"refused", OP_ERROR_REFUSED},
		{"unreachable", OP_ERROR_UNREACHABLE}, {"reset", OP_ERROR_RESET},
		{"not-primary", OP_ERROR_NOT_PRIMARY}, {"unavailable", OP_ERROR_UNAVAILABLE},
		{"rejected", OP_ERROR_REJECTED}, {"garbage", OP_ERROR_GARBAGE}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!strcmp(words[i].word, word))
			return words[i].error;
	}
	return OP_ERROR_OTHER;
}

/* Absent is fine; anything but a number in 0 .. max is not. */
static bool take_number(const struct jv *json, const char *name, uint64_t max, uint16_t flag,
	uint64_t *out, uint16_t *flags)
{
	const struct jv *value = jv_get(json, name);

	if (!value)
		return true;
	if (!jv_is_int(value) || jv_int(value, -1) < 0 || (uint64_t)jv_int(value, 0) > max)
		return false;
	*out = (uint64_t)jv_int(value, 0);
	*flags |= flag;
	return true;
}

static bool take_claims(struct exec_driver *exec, const struct jv *json, struct driver_call *call)
{
	const char *node = jv_str(jv_get(json, "node"), "");
	uint64_t epoch = 0, age = 0;
	bool ok = take_number(json, "version", UINT64_MAX, OP_HAS_VERSION, &call->version,
			  &call->flags) &&
		take_number(json, "epoch", UINT32_MAX, OP_HAS_EPOCH, &epoch, &call->flags) &&
		take_number(json, "age_ms", UINT32_MAX, OP_AGE_CLAIMED, &age, &call->flags);

	call->epoch = (uint32_t)epoch;
	call->age_ms = (uint32_t)age;
	call->node = driver_node_named(&exec->target, node, strlen(node));
	if (jv_bool(jv_get(json, "stale"), false))
		call->flags |= OP_STALE_MARK;
	if (jv_bool(jv_get(json, "fallback"), false))
		call->flags |= OP_FALLBACK;
	return ok;
}

static bool take_value(const struct jv *json, struct driver_call *call)
{
	const char *value = jv_str(jv_get(json, "value"), NULL);

	if (call->kind != OP_READ)
		return true;
	if (jv_bool(jv_get(json, "absent"), false)) {
		call->flags |= OP_ABSENT;
		return !value;
	}
	return value && driver_value_parse(value, strlen(value), &call->read_value);
}

static void garbage(struct driver_call *call, const char *what)
{
	call->flags = 0;
	driver_fail(call, OP_UNKNOWN, OP_ERROR_GARBAGE, "%s", what);
}

static void take_answer(struct exec_driver *exec, const struct jv *json, struct driver_call *call)
{
	bool ok = jv_bool(jv_get(json, "ok"), false);
	const char *fail = jv_str(jv_get(json, "fail"), NULL);
	const char *unknown = jv_str(jv_get(json, "unknown"), NULL);
	const char *text = jv_str(jv_get(json, "text"), "");

	if (ok + !!fail + !!unknown != 1)
		garbage(call, "the answer is not one of ok, fail and unknown");
	else if (!take_claims(exec, json, call))
		garbage(call, "version, epoch or age_ms is no number");
	else if (fail)
		driver_fail(call, OP_FAIL, error_of(fail), "%s: %s", fail, text);
	else if (unknown)
		driver_fail(call, OP_UNKNOWN, error_of(unknown), "%s: %s", unknown, text);
	else if (!take_value(json, call))
		garbage(call, "the answer has no value of ours");
	else
		driver_fail(call, OP_OK, OP_ERROR_NONE, "%s", text);
}

static void exec_invoke(struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	static const char *const names[] = {[OP_READ] = "read",
		[OP_WRITE] = "write",
		[OP_DELETE] = "delete",
		[OP_CAS] = "",
		[OP_PURGE] = ""};
	struct exec_driver *exec = (struct exec_driver *)driver;
	struct exec_reply reply;

	driver_call_clear(call);
	if (call->kind == OP_CAS || call->kind == OP_PURGE) {
		driver_fail(call, OP_FAIL, OP_ERROR_REJECTED, "this driver has no compare-and-set");
		return;
	}
	begin_request(exec, names[call->kind], at, call->timeout_ns);
	add_operation(exec, call);
	reply = ask(exec, call->timeout_ns);
	if (reply.json)
		take_answer(exec, reply.json, call);
	else
		driver_fail(call, reply.sent ? OP_UNKNOWN : OP_FAIL, reply.error, "%s", reply.why);
	jv_free(reply.json);
}

static void exec_role(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
	struct driver_role *out)
{
	struct exec_driver *exec = (struct exec_driver *)driver;
	const char *role, *primary;
	struct exec_reply reply;
	uint64_t epoch = 0;
	uint16_t flags = 0;

	*out = (struct driver_role){.believed_primary = OP_NODE_UNKNOWN};
	begin_request(exec, "role", at, timeout_ns);
	reply = ask(exec, timeout_ns);
	if (!reply.json || !jv_bool(jv_get(reply.json, "ok"), false)) {
		jv_free(reply.json);
		return;
	}
	role = jv_str(jv_get(reply.json, "role"), "");
	primary = jv_str(jv_get(reply.json, "primary"), "");
	if (!strcmp(role, "primary"))
		out->role = ROLE_PRIMARY;
	else if (!strcmp(role, "replica"))
		out->role = ROLE_REPLICA;
	if (take_number(reply.json, "epoch", UINT32_MAX, 0, &epoch, &flags))
		out->epoch = (uint32_t)epoch;
	out->believed_primary = driver_node_named(&exec->target, primary, strlen(primary));
	jv_free(reply.json);
}

static struct driver *exec_open(const struct driver_target *target, struct err *err)
{
	const struct exec_options *options = target->options;
	struct exec_driver *exec;
	struct exec_pool *pool;

	if (!options) {
		err_set(err, "driver exec needs \"command:\", the program to start");
		return NULL;
	}
	if (exec_check(options, err))
		return NULL;
	pool = exec_pool_get(options->command, options->script, err);
	if (!pool)
		return NULL;
	exec = calloc(1, sizeof(*exec));
	if (!exec)
		abort();
	exec->base.ops = &driver_exec;
	exec->target = *target;
	exec->pool = pool;
	exec->value = malloc(DRIVER_VALUE_TEXT + target->value_size + 2);
	if (!exec->value)
		abort();
	return &exec->base;
}

static void exec_close(struct driver *driver)
{
	struct exec_driver *exec = (struct exec_driver *)driver;

	exec_pool_put(exec->pool);
	buf_release(&exec->fields);
	free(exec->value);
	free(exec);
}

const struct driver_ops driver_exec = {
	.name = "exec",
	.help = "any system by a program of yours that reads and writes lines of JSON (EXEC.md)",
	.can = DRIVER_VERSIONS | DRIVER_MIN_VERSION | DRIVER_AGE | DRIVER_NAMES_NODE |
		DRIVER_EPOCHS | DRIVER_ROLES | DRIVER_DELETES,
	.params = exec_params,
	.options_size = sizeof(struct exec_options),
	.can_with = exec_can,
	.check = exec_check,
	.open = exec_open,
	.invoke = exec_invoke,
	.role = exec_role,
	.close = exec_close,
};
