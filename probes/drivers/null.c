/*
 * null: answers from a table in this process, without any server.
 *
 * For trying and measuring the prober itself, and the file to copy for a new driver. All instances
 * of one process share the table, as all connections of one server do; other processes have their
 * own. `fail` and `unknown` are shares of operations that end so (an unknown write takes effect or
 * not by the toss of a coin), `latency` is slept before the answer.
 */
#include "fixtures/base/clock.h"
#include "fixtures/base/rng.h"
#include "probes/drivers/driver.h"
#include "probes/drivers/drivers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct null_options {
	uint64_t latency_ns, fail_ppm, unknown_ppm;
};

static const struct param null_params[] = {
	{.name = "latency",
		.type = PARAM_DURATION,
		.fallback = "0ms",
		.offset = offsetof(struct null_options, latency_ns),
		.help = "time that each operation takes"},
	{.name = "fail",
		.type = PARAM_SHARE,
		.fallback = "0%",
		.max = 1000000,
		.offset = offsetof(struct null_options, fail_ppm),
		.help = "share of the operations that surely fail"},
	{.name = "unknown",
		.type = PARAM_SHARE,
		.fallback = "0%",
		.max = 1000000,
		.offset = offsetof(struct null_options, unknown_ppm),
		.help = "share of the operations whose outcome stays unknown"},
	PARAM_END,
};

struct entry {
	uint32_t key; /* plus 1; 0: free */
	uint8_t absent;
	uint64_t value, version;
};

/* Stands for the server, which a driver does not own either. Open addressing, at most half full. */
static struct table {
	pthread_mutex_t lock;
	struct entry *entries;
	size_t cap, n;
	uint64_t version;
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct null_driver {
	struct driver base;
	struct null_options options;
	struct rng rng;
};

static struct entry *probe(struct entry *entries, size_t cap, uint32_t key)
{
	size_t i = rng_at(0, 0, key) & (cap - 1);

	while (entries[i].key && entries[i].key != key + 1)
		i = (i + 1) & (cap - 1);
	return &entries[i];
}

static void grow(void)
{
	size_t cap = table.cap ? table.cap * 2 : 1024;
	struct entry *entries = calloc(cap, sizeof(*entries));

	if (!entries)
		abort();
	for (size_t i = 0; i < table.cap; i++) {
		if (table.entries[i].key)
			*probe(entries, cap, table.entries[i].key - 1) = table.entries[i];
	}
	free(table.entries);
	table.entries = entries;
	table.cap = cap;
}

static struct entry *entry_for_write(uint32_t key)
{
	struct entry *entry;

	if (2 * (table.n + 1) > table.cap)
		grow();
	entry = probe(table.entries, table.cap, key);
	if (!entry->key) {
		entry->key = key + 1;
		table.n++;
	}
	return entry;
}

static void table_write(struct driver_call *call)
{
	struct entry *entry = entry_for_write(call->key);

	entry->value = call->value;
	entry->version = ++table.version;
	entry->absent = call->kind == OP_DELETE;
	call->version = entry->version;
}

static void table_read(struct driver_call *call)
{
	static const struct entry nothing;
	const struct entry *entry =
		table.cap ? probe(table.entries, table.cap, call->key) : &nothing;

	if (!entry->key || entry->absent)
		call->flags |= OP_ABSENT;
	else
		call->read_value = entry->value;
	call->version = entry->version;
}

static void take_effect(struct driver_call *call)
{
	pthread_mutex_lock(&table.lock);
	if (call->kind == OP_READ)
		table_read(call);
	else
		table_write(call);
	pthread_mutex_unlock(&table.lock);
	call->flags |= OP_HAS_VERSION;
}

static void null_invoke(struct driver *driver, const struct endpoint *at, struct driver_call *call)
{
	struct null_driver *null = (struct null_driver *)driver;
	uint64_t toss = rng_below(&null->rng, 1000000);

	driver_call_clear(call);
	if (null->options.latency_ns)
		clock_sleep_until_ns(clock_now_ns() +
			(null->options.latency_ns < call->timeout_ns ? null->options.latency_ns
								     : call->timeout_ns));
	if (toss < null->options.fail_ppm) {
		driver_fail(call, OP_FAIL, OP_ERROR_UNAVAILABLE, "fails as it was told");
		return;
	}
	if (toss < null->options.fail_ppm + null->options.unknown_ppm) {
		if (toss & 1)
			take_effect(call);
		driver_fail(call, OP_UNKNOWN, OP_ERROR_TIMEOUT, "unknown as it was told");
		return;
	}
	take_effect(call);
	call->state = OP_OK;
	call->error = OP_ERROR_NONE;
	call->node = at->node;
}

/* The first node of the list is primary for ever. */
static void null_role(struct driver *driver, const struct endpoint *at, uint64_t timeout_ns,
	struct driver_role *out)
{
	(void)driver;
	(void)timeout_ns;
	*out = (struct driver_role){
		.role = at->node == 0 ? ROLE_PRIMARY : ROLE_REPLICA, .believed_primary = 0};
}

static struct driver *null_open(const struct driver_target *target, struct err *err)
{
	struct null_driver *null = calloc(1, sizeof(*null));

	(void)err;
	if (!null)
		abort();
	null->base.ops = &driver_null;
	if (target->options)
		null->options = *(const struct null_options *)target->options;
	rng_seed(&null->rng, target->seed);
	return &null->base;
}

static void null_close(struct driver *driver)
{
	free(driver);
}

const struct driver_ops driver_null = {
	.name = "null",
	.help = "answers from a table in the prober itself; no server",
	.can = DRIVER_VERSIONS | DRIVER_NAMES_NODE | DRIVER_ROLES | DRIVER_DELETES,
	.params = null_params,
	.options_size = sizeof(struct null_options),
	.open = null_open,
	.invoke = null_invoke,
	.role = null_role,
	.close = null_close,
};
