#include "probes/drivers/statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 4 /* a statement may name the key or the value so often */

static size_t longest(const struct statements *of)
{
	size_t n = strlen(of->read), m = strlen(of->write), k = strlen(of->delete_);

	n = n > m ? n : m;
	return n > k ? n : k;
}

void statement_init(struct statement *s, const struct statements *of, uint64_t value_size)
{
	size_t value_max = DRIVER_VALUE_TEXT + value_size + 2;

	*s = (struct statement){.of = *of, .value_size = value_size};
	s->size = longest(of) + PLACES * (value_max + OP_KEY_TEXT);
	s->value = malloc(value_max);
	s->text = malloc(s->size);
	if (!s->value || !s->text)
		abort();
}

void statement_release(struct statement *s)
{
	free(s->value);
	free(s->text);
}

const char *statement_put(struct statement *s, const struct driver_call *call)
{
	const char *from = call->kind == OP_READ ? s->of.read
		: call->kind == OP_WRITE         ? s->of.write
						 : s->of.delete_;
	char key[OP_KEY_TEXT], *to = s->text, *end = s->text + s->size - 1;

	op_key_text(call->key, key);
	driver_value_print(s->value, call->value, s->value_size);
	while (*from && to < end) {
		const char *put = !strncmp(from, "{key}", 5) ? key
			: !strncmp(from, "{value}", 7)       ? s->value
							     : NULL;

		if (put) {
			to += snprintf(to, (size_t)(end - to), "%s", put);
			from += put == key ? 5 : 7;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return s->text;
}
