/*
 * template: text of the scenario with places for what an operation is about.
 *
 *   {key}          r:5, l:77 or t:2: letters, digits and a colon
 *   {value}        digits, and where values are padded a blank and x's
 *   {min-version}  that a read demands; 0: none
 *
 * Behind a colon stands how it is written: {key:url} percent-encoded, {value:base64}. A brace that no
 * lower-case letter follows is a brace, so that JSON can be written as it is.
 */
#ifndef PROBES_DRIVERS_TEMPLATE_H
#define PROBES_DRIVERS_TEMPLATE_H

#include "fixtures/base/buf.h"
#include "fixtures/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct template_values {
	const char *key, *value, *min_version;
};

/* Append. What template_check() refused is left as it stands. */
void template_expand(struct buf *out, const char *text, const struct template_values *values);
/* Every brace leads to a place that there is. */
int template_check(const char *text, struct err *err);
/* The text names that place ("min-version"). */
bool template_names(const char *text, const char *place);

#endif
