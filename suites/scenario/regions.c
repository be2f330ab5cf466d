/* regions: `us-east: { role: primary, mtu: 9000 }`, in the order in which they are written. */
#include "fixtures/net/addr.h"
#include "suites/scenario/reader.h"

#include <string.h>

static const char *const keys[] = {"role", "mtu"};

static bool read_role(struct reader *r, const struct yaml *node)
{
	static const char *const roles[] = {"primary", "replica"};
	struct scenario_word word;
	char near[128];

	if (!reader_word(r, node, "role", &word))
		return false;
	if (strcmp(word.text, "primary") && strcmp(word.text, "replica"))
		complain(r->complaints, word.place, "role is primary or replica, not \"%.40s\"%s",
			word.text, did_you_mean(word.text, roles, 2, near));
	return !strcmp(word.text, "primary");
}

static void read_region(struct reader *r, const struct yaml *node, struct scenario *out)
{
	struct scenario_region region = {.name = {node->key, node->key_place}};
	bool empty = node->kind == YAML_TEXT && !*node->text;

	if (!reader_check_name(r, &region.name, "the name of a region"))
		return;
	if (!strcmp(node->key, "each")) {
		complain(r->complaints, node->key_place,
			"\"each\" cannot be the name of a region; expectations use the word");
		return;
	}
	if (!empty && reader_is(r, node, YAML_MAP, "a region")) {
		reader_check_keys(r, node, keys, READER_COUNT(keys), "a region");
		region.primary = read_role(r, yaml_get(node, "role"));
		reader_word(r, yaml_get(node, "mtu"), "mtu", &region.mtu);
	}
	*ARENA_PUSH(r->arena, out->regions, out->n_regions) = region;
}

void reader_regions(struct reader *r, const struct yaml *node, struct scenario *out)
{
	size_t primaries = 0;

	if (!reader_is(r, node, YAML_MAP, "regions"))
		return;
	for (const struct yaml *v = node->first; v; v = v->next)
		read_region(r, v, out);
	for (size_t i = 0; i < out->n_regions; i++)
		primaries += out->regions[i].primary;
	if (primaries != 1)
		complain(r->complaints, node->place,
			"%zu regions have the role primary; give it to exactly one: { role: primary }",
			primaries);
	if (out->n_regions > ADDR_REGIONS_MAX)
		complain(r->complaints, node->place, "%zu regions; at most %d are possible",
			out->n_regions, ADDR_REGIONS_MAX);
}
