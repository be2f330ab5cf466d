/*
 * statement: SQL of a scenario with {key} and {value} put in.
 *
 * Both are digits, letters, ':' and blanks of our own making, so they are written into the text as
 * they are.
 */
#ifndef PROBES_DRIVERS_STATEMENT_H
#define PROBES_DRIVERS_STATEMENT_H

#include "probes/drivers/driver.h"

struct statements {
	const char *read, *write, *delete_;
};

struct statement {
	struct statements of; /* borrowed */
	uint64_t value_size;
	char *value, *text;
	size_t size;
};

void statement_init(struct statement *s, const struct statements *of, uint64_t value_size);
void statement_release(struct statement *s);
/* What the call asks for; good until the next one. */
const char *statement_put(struct statement *s, const struct driver_call *call);

#endif
