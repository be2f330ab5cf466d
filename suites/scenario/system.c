/* system: what is under test, `{ recipe: NAME, with: { ... } }`. */
#include "suites/scenario/reader.h"

#include <string.h>

static const char *const keys[] = {"recipe", "with", "containers", "endpoints"};

void reader_system(struct reader *r, const struct yaml *node, struct scenario *out)
{
	const struct yaml *with = yaml_get(node, "with");

	if (!reader_is(r, node, YAML_MAP, "system"))
		return;
	out->system_place = node->place;
	reader_check_keys(r, node, keys, READER_COUNT(keys), "system");
	for (const struct yaml *v = node->first; v; v = v->next) {
		if (!strcmp(v->key, "containers") || !strcmp(v->key, "endpoints"))
			complain(r->complaints, v->key_place,
				"\"%s\" is not supported by this "
				"version; use \"recipe:\"",
				v->key);
	}
	reader_name(
		r, reader_need(r, node, "recipe", "system"), "the name of a recipe", &out->recipe);
	if (reader_is(r, with, YAML_MAP, "with"))
		reader_settings(r, with, NULL, 0, &out->with);
}
