/*
 * dialects: what the servers of all protocols say that our drivers speak, right answers and refusals, as bytes
 * for a scripted server.
 */
#ifndef TESTS_HELPERS_DIALECTS_H
#define TESTS_HELPERS_DIALECTS_H

#include "probes/op.h"

#include <stddef.h>

struct refusal {
	const char *answer;
	enum op_state state;
	enum op_error error;
};

/* What the server of a protocol says. */
struct dialect {
	const char *driver;
	/* What a server says first, and what it answers to what opens a connection. With a greeting
	 * '~' stands for a zero byte in all. */
	const char *hello, *greeting;
	const char *read, *absent, *write, *delete_, *not_ours, *flood;
	const char *in_term;      /* a write's version 8 in epoch 3; NULL: not said */
	const char *settings[20]; /* rows of the driver and what they are set to */
	struct refusal refusals[16];
};

extern const struct dialect dialects[];
extern const size_t n_dialects;

#endif
