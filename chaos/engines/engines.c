#include "chaos/engines/engine.h"
#include "fixtures/base/buf.h"

#include <string.h>

extern const struct engine_ops engine_netem, engine_wire, engine_null;

const struct engine_ops *const engines[] = {
	&engine_netem,
	&engine_wire,
	&engine_null,
	NULL,
};

const struct engine_ops *engine_find(const char *name)
{
	for (size_t i = 0; engines[i]; i++) {
		if (!strcmp(engines[i]->name, name))
			return engines[i];
	}
	return NULL;
}

const struct engine_ops *engine_choose(
	const struct impairment *needs, struct buf *why, struct err *err)
{
	struct err reason;

	for (size_t i = 0; engines[i] && engines[i] != &engine_null; i++) {
		if (!engines[i]->probe(needs, &reason))
			return engines[i];
		if (why)
			buf_printf(why, "%sengine %s: %s", why->len ? "; " : "", engines[i]->name,
				reason.text);
	}
	err_exit(err, EXIT_MACHINE, "no engine works on this machine");
	return NULL;
}
