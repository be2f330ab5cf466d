#include "probes/op.h"

#include <stdio.h>

void op_key_text(uint32_t key, char text[OP_KEY_TEXT])
{
	static const char class_letter[] = {
		[KEY_REGISTER] = 'r', [KEY_LEDGER] = 'l', [KEY_TICKER] = 't', [KEY_OTHER] = 'o'};

	snprintf(text, OP_KEY_TEXT, "%c:%u", class_letter[op_key_class(key)], op_key_number(key));
}

const char *op_kind_name(enum op_kind kind)
{
	static const char *const names[] = {[OP_READ] = "read",
		[OP_WRITE] = "write",
		[OP_DELETE] = "delete",
		[OP_CAS] = "cas",
		[OP_PURGE] = "purge"};
	static_assert(sizeof(names) / sizeof(*names) == OP_KINDS, "a name per kind");

	return (unsigned)kind < OP_KINDS ? names[kind] : "?";
}

const char *op_state_name(enum op_state state)
{
	static const char *const names[] = {[OP_EMPTY] = "empty",
		[OP_INVOKED] = "invoked",
		[OP_OK] = "ok",
		[OP_FAIL] = "fail",
		[OP_UNKNOWN] = "unknown",
		[OP_NOT_SENT] = "not sent"};
	static_assert(sizeof(names) / sizeof(*names) == OP_STATES, "a name per state");

	return (unsigned)state < OP_STATES ? names[state] : "?";
}

const char *op_error_name(enum op_error error)
{
	static const char *const names[] = {[OP_ERROR_NONE] = "none",
		[OP_ERROR_TIMEOUT] = "timeout",
		[OP_ERROR_REFUSED] = "refused",
		[OP_ERROR_UNREACHABLE] = "unreachable",
		[OP_ERROR_RESET] = "reset",
		[OP_ERROR_NOT_PRIMARY] = "not primary",
		[OP_ERROR_UNAVAILABLE] = "unavailable",
		[OP_ERROR_REJECTED] = "rejected",
		[OP_ERROR_GARBAGE] = "garbage",
		[OP_ERROR_NO_ROUTE] = "no route",
		[OP_ERROR_OTHER] = "other"};
	static_assert(sizeof(names) / sizeof(*names) == OP_ERRORS, "a name per error");

	return (unsigned)error < OP_ERRORS ? names[error] : "?";
}
