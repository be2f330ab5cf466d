#include "suites/schema.h"
#include "chaos/faults/fault.h"
#include "chaos/faults/stage.h"
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "probes/drivers/driver.h"
#include "probes/group.h"
#include "suites/metric.h"
#include "suites/plan_parts.h"

#include <string.h>

#define VARIABLE "^\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}$"
#define NUMBER "[0-9]+(\\.[0-9]+)?"

/* What a value with its unit looks like. */
static const char *const patterns[] = {
	[PARAM_DURATION] = "^" NUMBER "(ns|us|ms|s|m|h|d)$",
	[PARAM_SHARE] = "^" NUMBER "(%|ppm)$",
	[PARAM_RATE] = "^" NUMBER "/(s|m|h)$",
	[PARAM_BITRATE] = "^" NUMBER "(bit|kbit|mbit|gbit)$",
	[PARAM_SIZE] = "^" NUMBER "(b|kb|mb|gb|kib|mib|gib)$",
};

static struct jv *typed(const char *type)
{
	struct jv *json = jv_new_object();

	jv_set(json, "type", jv_new_string(type));
	return json;
}

static struct jv *described(struct jv *json, const char *help)
{
	jv_set(json, "description", jv_new_string(help));
	return json;
}

static struct jv *string_of(const char *pattern)
{
	struct jv *json = typed("string");

	if (pattern)
		jv_set(json, "pattern", jv_new_string(pattern));
	return json;
}

static struct jv *variable(void)
{
	return string_of(VARIABLE);
}

/* One of them. Takes both. */
static struct jv *either(struct jv *a, struct jv *b)
{
	struct jv *json = jv_new_object(), *list = jv_new_array();

	jv_add(list, a);
	jv_add(list, b);
	jv_set(json, "anyOf", list);
	return json;
}

static struct jv *one_of(const char *const *words)
{
	struct jv *json = jv_new_object(), *list = jv_new_array();

	for (size_t i = 0; words[i]; i++)
		jv_add(list, jv_new_string(words[i]));
	jv_set(json, "enum", list);
	return json;
}

static struct jv *words(const char *help)
{
	struct jv *list = typed("array");

	jv_set(list, "items", typed("string"));
	return described(either(typed("string"), list), help);
}

static struct jv *yes_or_no(void)
{
	static const char *const names[] = {"yes", "no", "true", "false", "on", "off", NULL};

	return either(typed("boolean"), one_of(names));
}

static struct jv *value_of(enum param_type type, const char *const *choices)
{
	switch (type) {
	case PARAM_DURATION:
	case PARAM_SHARE:
	case PARAM_RATE:
	case PARAM_BITRATE:
	case PARAM_SIZE:
		return either(string_of(patterns[type]), variable());
	case PARAM_COUNT:
		return either(typed("integer"), string_of("^[0-9]+$|" VARIABLE));
	case PARAM_BOOL:
		return either(yes_or_no(), variable());
	case PARAM_STRING:
		return typed("string");
	case PARAM_CHOICE:
		return either(one_of(choices), variable());
	}
	return jv_new_object();
}

/* --- maps ------------------------------------------------------------------------------------ */

struct map {
	struct jv *json, *properties, *required;
};

static struct map map_begin(void)
{
	struct map map = {typed("object"), jv_new_object(), jv_new_array()};

	return map;
}

static void map_add(struct map *map, const char *name, struct jv *value)
{
	jv_set(map->properties, name, value);
}

static void map_need(struct map *map, const char *name)
{
	jv_add(map->required, jv_new_string(name));
}

static void map_value(struct map *map, const char *name, enum param_type type, const char *help)
{
	map_add(map, name, described(value_of(type, NULL), help));
}

/* Nothing else may stand in it. */
static struct jv *map_end(struct map *map)
{
	jv_set(map->json, "properties", map->properties);
	if (jv_count(map->required))
		jv_set(map->json, "required", map->required);
	else
		jv_free(map->required);
	jv_set(map->json, "additionalProperties", jv_new_bool(false));
	return map->json;
}

static void row_text(const struct param *row, struct buf *out)
{
	buf_puts(out, row->help);
	if (row->fallback)
		buf_printf(out, " (%s)", row->fallback);
}

static struct jv *row_value(const struct param *row)
{
	struct buf text = {0};
	struct jv *json;

	row_text(row, &text);
	json = described(value_of(row->type, row->choices), buf_str(&text));
	buf_release(&text);
	return json;
}

static bool is_of(const char *dotted, const char *parent, size_t len)
{
	return !strncmp(dotted, parent, len) && dotted[len] == '.';
}

/* "reads.rate" and "reads.from" are one map "reads". Only the first of a family makes it. */
static struct jv *row_family(const struct param *first, size_t len)
{
	struct map map = map_begin();

	for (const struct param *row = first; row->name; row++) {
		if (is_of(row->name, first->name, len))
			map_add(&map, row->name + len + 1, row_value(row));
	}
	return map_end(&map);
}

static bool is_first_of_family(const struct param *rows, const struct param *row, size_t len)
{
	for (const struct param *r = rows; r != row; r++) {
		if (is_of(r->name, row->name, len))
			return false;
	}
	return true;
}

static void map_rows(struct map *map, const struct param *rows)
{
	for (const struct param *row = rows; row && row->name; row++) {
		size_t len = strcspn(row->name, ".");
		char parent[64];

		if (!row->name[len]) {
			map_add(map, row->name, row_value(row));
		} else if (is_first_of_family(rows, row, len) && len < sizeof(parent)) {
			memcpy(parent, row->name, len);
			parent[len] = '\0';
			map_add(map, parent, row_family(row, len));
		}
	}
}

/* --- sections -------------------------------------------------------------------------------- */

static struct jv *named(struct jv *each)
{
	struct jv *json = typed("object");

	jv_set(json, "additionalProperties", each);
	return json;
}

static struct jv *regions(void)
{
	static const char *const roles[] = {"primary", "replica", NULL};
	struct map map = map_begin();

	map_add(&map, "role",
		described(one_of(roles), "where writes are taken at the start; one is primary"));
	map_rows(&map, planner_mtu_params);
	return described(named(either(map_end(&map), typed("null"))),
		"the regions by name; the nodes of the recipe come up in each");
}

static struct jv *open_map(const char *help)
{
	return described(typed("object"), help);
}

static struct jv *trace_of(void)
{
	static const char *const kinds[] = {"rtt", "delay", NULL};
	struct map map = map_begin();

	map_add(&map, "trace",
		described(typed("string"),
			"file beside the scenario: one value a line (81.3ms), or what ping printed"));
	map_add(&map, "of", described(one_of(kinds), "what its values are (rtt)"));
	return map_end(&map);
}

static struct jv *links(void)
{
	struct jv *json = typed("object"), *kinds = jv_new_object();
	struct map map = map_begin();

	map_value(&map, "rtt", PARAM_DURATION, "round trip; each way gets half of it as its delay");
	map_rows(&map, planner_mtu_params);
	map_rows(&map, impairment_params);
	map_add(&map, "distribution",
		described(either(row_value(param_find(impairment_params, "distribution")),
				  trace_of()),
			"shape of the jitter, or recorded delays"));
	map_add(&map, "rtt-percentiles", open_map("measured round trips: p50: 80ms, p99: 95ms"));
	map_add(&map, "delay-percentiles", open_map("the same of one direction"));
	jv_set(kinds, "^.+ (<->|->) .+$", map_end(&map));
	jv_set(json, "patternProperties", kinds);
	return described(json,
		"the normal world, in force the whole run: A <-> B both ways, A -> B one way");
}

static struct jv *system_section(void)
{
	struct map map = map_begin();

	map_add(&map, "recipe",
		described(typed("string"), "how it comes up: regionproof list recipes"));
	map_add(&map, "with", open_map("what the recipe may be told: regionproof explain RECIPE"));
	map_add(&map, "containers", open_map("running containers instead of a recipe"));
	map_add(&map, "endpoints",
		open_map("a system that somebody else runs: driver, and addresses of the regions"));
	return described(map_end(&map), "what is under test");
}

static struct jv *driver_names(void)
{
	const char *names[64];
	size_t n = 0;

	for (; drivers[n] && n < 63; n++)
		names[n] = drivers[n]->name;
	names[n] = NULL;
	return described(one_of(names), "what speaks to it; the recipe knows it, too");
}

static struct jv *clients(void)
{
	struct jv *list = typed("array");
	struct map map = map_begin();

	map_add(&map, "name",
		described(typed("string"), "of the group; expectations say `for NAME`"));
	map_add(&map, "driver", driver_names());
	map_add(&map, "sessions",
		described(string_of("^[0-9]+ per region$|" VARIABLE),
			"so many clients in every region of the group, one operation at a time each"));
	map_add(&map, "regions", words("where the group lives; otherwise everywhere"));
	map_rows(&map, group_params);
	for (size_t i = 0; drivers[i]; i++)
		map_rows(&map, drivers[i]->params);
	map_need(&map, "name");
	jv_set(list, "items", map_end(&map));
	return described(list, "groups of clients");
}

static struct jv *timeline(void)
{
	static const char *const directions[] = {"both", "out", "in", NULL};
	struct jv *list = typed("array");
	struct map map = map_begin();

	map_value(&map, "at", PARAM_DURATION, "since all regions were ready");
	map_value(&map, "for", PARAM_DURATION, "how long");
	map_value(&map, "at-most", PARAM_DURATION, "bounds until");
	map_add(&map, "until",
		described(string_of("^failed-over$"), "ends when another node took writes"));
	map_add(&map, "name", described(typed("string"), "of the fault; a phase of its own"));
	map_add(&map, "watch", described(typed("string"), "name of a phase: nothing is changed"));
	map_add(&map, "quiet",
		described(typed("string"), "name of a phase without writes: converge, read back"));
	map_add(&map, "do",
		described(typed("string"), "a command of yours: sh -c, status 0 is good"));
	map_add(&map, "webhook", described(typed("string"), "a URL to POST to: 2xx is good"));
	map_add(&map, "wait",
		described(typed("string"), "what a person does; Enter, or go on in the live page"));
	map_add(&map, "purge",
		described(typed("string"), "a group whose edges are asked to drop their copies"));
	map_value(&map, "within", PARAM_DURATION, "limit of do (30s), webhook (10s), wait (10m)");
	map_add(&map, "from", words("the other side; otherwise all other regions"));
	map_add(&map, "overlaps", words("faults that are meant to be on at the same time"));
	map_add(&map, "direction",
		described(one_of(directions), "as seen from the fault's region"));
	for (size_t i = 0; faults[i]; i++)
		map_add(&map, faults[i]->name, words(faults[i]->help));
	map_rows(&map, impairment_params);
	map_rows(&map, match_params);
	map_rows(&map, fault_pattern_params);
	for (size_t i = 0; faults[i]; i++)
		map_rows(&map, faults[i]->node_params);
	map_need(&map, "at");
	jv_set(list, "items", map_end(&map));
	return described(list, "what happens when");
}

/* "metric[.stat] OP value ..." */
static struct jv *expect(void)
{
	struct jv *list = typed("array");
	struct buf pattern = {0};

	buf_puts(&pattern, "^(");
	for (size_t i = 0; i < METRICS; i++) {
		buf_puts(&pattern, i ? "|" : "");
		for (const char *c = metrics[i].name; *c; c++)
			buf_printf(&pattern, *c == '.' ? "\\." : "%c", *c);
	}
	buf_puts(&pattern,
		")(\\.(p50|p90|p95|p99|p99\\.9|max|min|mean|count|rate))? (<|<=|==|!=|>=|>) .+$");
	jv_set(list, "items", string_of(buf_str(&pattern)));
	buf_release(&pattern);
	return described(list,
		"what must hold: metric[.stat] OP value [for ..] [in PHASE] "
		"[at REGION|at each region|from A to B] [warn OP value] "
		"[confidence 95%]");
}

static struct jv *evidence(void)
{
	static const char *const captures[] = {"headers", "packets", "none", NULL};
	struct map map = map_begin();

	map_value(&map, "min-reads", PARAM_COUNT, "below it nobody knows");
	map_value(&map, "min-acked-writes", PARAM_COUNT, "below it nobody knows");
	map_value(&map, "min-samples", PARAM_COUNT, "of any one expectation");
	map_add(&map, "capture",
		described(one_of(captures), "what is kept of the system's packets (headers)"));
	map_value(&map, "capture-limit", PARAM_SIZE, "of the pcap file of a region (4mb)");
	return described(map_end(&map), "below this a verdict is inconclusive");
}

static struct jv *aborts(void)
{
	struct jv *list = typed("array");

	jv_set(list, "items", typed("string"));
	return described(list,
		"errors, latency.p99, availability or staleness.max, OP value [for reads|writes] "
		"[at REGION] [for TIME]: heal and end the run where it crosses the line so long");
}

static struct jv *safety(void)
{
	struct map map = map_begin();

	map_value(&map, "max-duration", PARAM_DURATION, "a longer run is refused (10m)");
	map_value(&map, "converge-within", PARAM_DURATION, "how long a quiet phase may take (60s)");
	map_value(
		&map, "steady", PARAM_SHARE, "share of ok operations before the first fault (99%)");
	map_add(&map, "abort-if", aborts());
	return described(map_end(&map), "bounds of the run");
}

/* What a variant may have is what the scenario has, but for what makes it that scenario. */
static struct jv *variant(void)
{
	static const char *const sections[] = {"about", "tags", "seed", "repeat", "regions",
		"links", "system", "clients", "timeline", "expect", "evidence", "safety", NULL};
	struct jv *set = typed("object");
	struct map map = map_begin();

	jv_set(set, "additionalProperties", either(typed("string"), typed("number")));
	map_add(&map, "set",
		described(set, "values of ${NAME} in this variant, before the environment's"));
	for (size_t i = 0; sections[i]; i++) {
		struct buf path = {0};
		struct jv *same = jv_new_object();

		buf_printf(&path, "#/properties/%s", sections[i]);
		jv_set(same, "$ref", jv_new_string(buf_str(&path)));
		map_add(&map, sections[i], same);
		buf_release(&path);
	}
	return map_end(&map);
}

static struct jv *variants(void)
{
	struct jv *json = typed("object"), *names = jv_new_object();

	jv_set(names, "^[A-Za-z0-9][A-Za-z0-9_.-]*$", variant());
	jv_set(json, "patternProperties", names);
	jv_set(json, "additionalProperties", jv_new_bool(false));
	return json;
}

static struct jv *matrix(void)
{
	struct jv *axes = typed("array");

	jv_set(axes, "items", variants());
	return described(either(variants(), axes),
		"named variants, each laid over the scenario; a list of such maps: each with each");
}

static struct jv *requires(const char *const *names)
{
	struct jv *json = jv_new_object(), *list = jv_new_array();

	for (; *names; names++)
		jv_add(list, jv_new_string(*names));
	jv_set(json, "required", list);
	return json;
}

/* A scenario that extends another has these from it. */
static struct jv *whole_or_extended(void)
{
	static const char *const whole[] = {"scenario", "version", "regions", NULL};
	static const char *const extended[] = {"scenario", "extends", NULL};
	struct jv *any = jv_new_array();

	jv_add(any, requires(whole));
	jv_add(any, requires(extended));
	return any;
}

struct jv *schema_of_scenarios(void)
{
	struct map map = map_begin();
	struct jv *root;

	map_add(&map, "scenario", described(typed("string"), "its name"));
	map_add(&map, "version", described(either(typed("integer"), string_of("^1$")), "1"));
	map_add(&map, "about", described(typed("string"), "what is to be proved, in words"));
	map_add(&map, "tags", words("for people"));
	map_value(&map, "seed", PARAM_COUNT, "every random decision comes from it");
	map_add(&map, "extends",
		described(typed("string"),
			"a file beside this one, whose maps this one's are merged into"));
	map_value(&map, "repeat", PARAM_COUNT, "trials, each on a fresh system");
	map_add(&map, "matrix", matrix());
	map_add(&map, "regions", regions());
	map_add(&map, "links", links());
	map_add(&map, "system", system_section());
	map_add(&map, "clients", clients());
	map_add(&map, "timeline", timeline());
	map_add(&map, "expect", expect());
	map_add(&map, "evidence", evidence());
	map_add(&map, "safety", safety());
	root = map_end(&map);
	jv_set(root, "anyOf", whole_or_extended());
	jv_set(root, "$schema", jv_new_string("http://json-schema.org/draft-07/schema#"));
	jv_set(root, "title", jv_new_string("regionproof scenario"));
	return root;
}
