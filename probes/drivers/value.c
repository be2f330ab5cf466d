/* What all drivers share: the text of a value, and how an outcome is noted. */
#include "probes/drivers/driver.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

unsigned driver_can(const struct driver_ops *ops, const void *options)
{
	return ops->can_with && options ? ops->can_with(options) : ops->can;
}

void driver_call_clear(struct driver_call *call)
{
	call->state = OP_UNKNOWN;
	call->error = OP_ERROR_OTHER;
	call->flags = 0;
	call->read_value = 0;
	call->version = 0;
	call->epoch = 0;
	call->age_ms = 0;
	call->node = OP_NODE_UNKNOWN;
	call->text[0] = '\0';
}

void driver_fail(
	struct driver_call *call, enum op_state state, enum op_error error, const char *fmt, ...)
{
	va_list ap;

	call->state = state;
	call->error = error;
	va_start(ap, fmt);
	vsnprintf(call->text, sizeof(call->text), fmt, ap);
	va_end(ap);
}

size_t driver_value_print(char *text, uint64_t value, uint64_t padding)
{
	size_t n = (size_t)snprintf(text, DRIVER_VALUE_TEXT, "%" PRIu64, value);

	if (!padding)
		return n;
	text[n++] = ' ';
	memset(text + n, 'x', padding);
	text[n + padding] = '\0';
	return n + padding;
}

bool driver_number_parse(const char *text, size_t len, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;

	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned)text[i] - '0';

		if (digit > 9 || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = v;
	return true;
}

bool driver_value_parse(const char *text, size_t len, uint64_t *value)
{
	const char *blank = memchr(text, ' ', len);

	return driver_number_parse(text, blank ? (size_t)(blank - text) : len, UINT64_MAX, value);
}

uint8_t driver_node_named(const struct driver_target *target, const char *name, size_t len)
{
	for (size_t i = 0; len && i < target->n_endpoints; i++) {
		const char *known = target->endpoints[i].name;

		if (strlen(known) == len && !memcmp(known, name, len))
			return target->endpoints[i].node;
	}
	return OP_NODE_UNKNOWN;
}
