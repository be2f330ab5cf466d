#include "suites/scenario/scenario.h"
#include "fixtures/base/clock.h"
#include "suites/scenario/reader.h"

#include <string.h>

#define SCENARIO_VERSION "1"
#define MAX_DURATION_NS (600 * NSEC_PER_SEC)
#define CONVERGE_LIMIT_NS (60 * NSEC_PER_SEC)
#define CAPTURE_LIMIT (UINT64_C(4) << 20)
#define STEADY_PPM 990000
#define REPEAT_MAX 10000

static const char *const keys[] = {"scenario", "extends", "version", "about", "tags", "seed",
	"repeat", "matrix", "regions", "links", "system", "clients", "timeline", "expect",
	"evidence", "safety"};

/* Keys of the format that this version does not read. */
static const struct later {
	const char *key, *mend;
} later[] = {
	{"preset", "it stands under links: { preset: NAME }"},
	{"abort-if", "it stands under safety: { abort-if: [...] }"},
	{"containers", "it stands under system: { containers: { ... } }"},
	{"endpoints", "it stands under system: { endpoints: { ... } }"},
};

static void check_keys(struct reader *r, const struct yaml *root)
{
	char near[128];

	for (const struct yaml *v = root->first; v; v = v->next) {
		size_t i = 0, k = 0;

		while (i < READER_COUNT(keys) && strcmp(keys[i], v->key))
			i++;
		while (k < READER_COUNT(later) && strcmp(later[k].key, v->key))
			k++;
		if (k < READER_COUNT(later))
			complain(r->complaints, v->key_place,
				"\"%s\" is not supported by this version; %s", v->key,
				later[k].mend);
		else if (i == READER_COUNT(keys))
			complain(r->complaints, v->key_place, "a scenario has no key \"%s\"%s",
				v->key, did_you_mean(v->key, keys, READER_COUNT(keys), near));
	}
}

static void read_head(struct reader *r, const struct yaml *root, struct scenario *out)
{
	const struct yaml *about = yaml_get(root, "about"), *version;
	struct scenario_word word;

	reader_name(r, reader_need(r, root, "scenario", "a scenario"), "the name of a scenario",
		&out->name);
	version = reader_need(r, root, "version", "a scenario");
	if (reader_word(r, version, "version", &word) && strcmp(word.text, SCENARIO_VERSION))
		complain(r->complaints, word.place,
			"version %.20s is unknown; this program reads version " SCENARIO_VERSION,
			word.text);
	if (reader_is(r, about, YAML_TEXT, "about"))
		out->about = about->text;
	reader_words(r, yaml_get(root, "tags"), "tags", &out->tags);
	out->has_seed = reader_value(r, yaml_get(root, "seed"), PARAM_COUNT, "seed", &out->seed);
	if (reader_value(r, yaml_get(root, "repeat"), PARAM_COUNT, "repeat", &out->repeat) &&
		(!out->repeat || out->repeat > REPEAT_MAX))
		complain(r->complaints, yaml_get(root, "repeat")->place,
			"repeat must be between 1 and %d", REPEAT_MAX);
}

/* With what it extends, and the variant of its matrix; NULL where these cannot be read. */
static struct yaml *read_tree(struct reader *r, const struct source *source, const char *variant,
	struct variables *variables, struct scenario *out)
{
	struct yaml *root = yaml_parse(r->arena, source, r->complaints);

	if (!reader_is(r, root, YAML_MAP, "a scenario"))
		return NULL;
	root = extend_tree(r, root, source->file, variables, out);
	return matrix_apply(r, root, variant, variables, out) ? root : NULL;
}

void scenario_read_variants(struct arena *arena, const struct source *source, scenario_env *env,
	struct scenario_words *out, struct complaints *complaints)
{
	struct reader r = {arena, complaints};
	struct variables variables = {.env = env};
	struct scenario scenario = {.repeat = 1};

	read_tree(&r, source, NULL, &variables, &scenario);
	*out = scenario.variants;
}

void scenario_read(struct arena *arena, const struct source *source, scenario_env *env,
	const char *variant, struct scenario *out, struct complaints *complaints)
{
	struct reader r = {arena, complaints};
	struct variables variables = {.env = env};
	struct yaml *root;

	*out = (struct scenario){.about = "",
		.repeat = 1,
		.max_duration_ns = MAX_DURATION_NS,
		.converge_limit_ns = CONVERGE_LIMIT_NS,
		.evidence.capture_limit = CAPTURE_LIMIT,
		.evidence.liar = 1,
		.steady_ppm = STEADY_PPM};
	root = read_tree(&r, source, variant, &variables, out);
	if (!root)
		return;
	expand_variables(&r, root, &variables);
	expand_check_used(&r, &variables);
	check_keys(&r, root);
	read_head(&r, root, out);
	reader_regions(&r, reader_need(&r, root, "regions", "a scenario"), out);
	reader_links(&r, yaml_get(root, "links"), out);
	reader_system(&r, reader_need(&r, root, "system", "a scenario"), out);
	reader_clients(&r, reader_need(&r, root, "clients", "a scenario"), out);
	reader_timeline(&r, reader_need(&r, root, "timeline", "a scenario"), out);
	reader_expects(&r, reader_need(&r, root, "expect", "a scenario"), out);
	reader_evidence(&r, yaml_get(root, "evidence"), out);
	reader_safety(&r, yaml_get(root, "safety"), out);
}
