#include "suites/plan.h"
#include "fixtures/base/buf.h"
#include "suites/plan_parts.h"

#include <stdlib.h>
#include <string.h>

#define SEED_DEFAULT 1
#define RUN_NAME_MAX 72 /* what control groups and journals take, with the time before it */

int planner_find(struct planner *p, const struct scenario_word *word, const char *const *names,
	size_t n, const char *what)
{
	char near[128];

	for (size_t i = 0; i < n; i++) {
		if (!strcmp(names[i], word->text))
			return (int)i;
	}
	complain(p->complaints, word->place, "there is no %s \"%.80s\"%s", what, word->text,
		did_you_mean(word->text, names, n, near));
	return -1;
}

void planner_set(struct planner *p, const struct scenario_setting *setting,
	const struct planner_rows *tables, const char *what)
{
	const struct param *row = NULL;
	const char *names[128];
	char near[128];
	struct err err;
	size_t n = 0;

	for (; tables->rows && !row; tables++) {
		row = param_find(tables->rows, setting->name);
		if (row && param_set(row, tables->into, setting->value.text, &err))
			complain(p->complaints, setting->value.place, "%s", err.text);
		for (const struct param *r = tables->rows; r->name && n < 128; r++)
			names[n++] = r->name;
	}
	if (!row)
		complain(p->complaints, setting->name_place, "%s has no key \"%.80s\"%s", what,
			setting->name, did_you_mean(setting->name, names, n, near));
}

static void plan_regions(struct planner *p)
{
	struct plan *plan = p->plan;
	size_t n = p->scenario.n_regions;

	plan->n_regions = n;
	plan->regions = arena_array(p->arena, n + 1, sizeof(*plan->regions));
	p->region_names = arena_array(p->arena, n + 1, sizeof(*p->region_names));
	for (size_t i = 0; i < n; i++) {
		const struct scenario_region *from = &p->scenario.regions[i];

		plan->regions[i] =
			(struct plan_region){from->name.text, from->primary, from->name.place, 0};
		p->region_names[i] = from->name.text;
		if (from->primary)
			p->primary = i;
	}
}

static void plan_head(struct planner *p)
{
	const struct scenario *scenario = &p->scenario;
	struct plan *plan = p->plan;

	plan->scenario = scenario->name.text ? scenario->name.text : "";
	plan->variant = scenario->variant.text;
	plan->name = plan->variant ? arena_printf(p->arena, "%s[%s]", plan->scenario, plan->variant)
				   : plan->scenario;
	if (plan->variant && strlen(plan->name) > RUN_NAME_MAX)
		complain(p->complaints, scenario->variant.place,
			"the names of the scenario and of variant %s are longer than %d characters "
			"together",
			plan->variant, RUN_NAME_MAX - 2);
	plan->about = scenario->about;
	plan->bases = scenario->bases;
	plan->n_bases = scenario->n_bases;
	plan->seed = p->options->has_seed ? p->options->seed
		: scenario->has_seed      ? scenario->seed
					  : SEED_DEFAULT;
	plan->repeat = scenario->repeat;
	plan->evidence = scenario->evidence;
	plan->max_duration_ns = scenario->max_duration_ns;
	plan->converge_limit_ns = scenario->converge_limit_ns;
	plan->steady_share = (double)scenario->steady_ppm / 1e6;
}

/* The parts go on past each other's complaints; what they need of each other is there, if empty. */
static void make_parts(struct planner *p)
{
	size_t before;

	plan_head(p);
	plan_regions(p);
	plan_system(p);
	plan_mtus(p);
	plan_links(p);
	plan_clients(p);
	plan_timeline(p);
	plan_holes(p);
	plan_aborts(p);
	plan_nodes(p);
	before = p->complaints->n;
	plan_expects(p);
	/* What could only be green is a question to a plan that is otherwise sound. */
	if (before == p->complaints->n && !before)
		plan_refuse(p);
}

static int load_text(struct plan *plan, const struct plan_options *options, struct err *err)
{
	struct buf text = {0};
	int rc;

	plan->path = arena_strdup(&plan->arena, options->path ? options->path : "scenario");
	if (options->text) {
		plan->text = arena_strdup(&plan->arena, options->text);
		return 0;
	}
	if (buf_read_file(&text, plan->path, YAML_SIZE_MAX, err)) {
		err->code = EXIT_SCENARIO;
		return -1;
	}
	plan->text = arena_strndup(&plan->arena, buf_str(&text), text.len);
	rc = strlen(plan->text) == text.len
		? 0
		: err_exit(err, EXIT_SCENARIO, "%s holds NUL bytes; it is no text", plan->path);
	buf_release(&text);
	return rc;
}

static const char *environment(const char *name)
{
	return getenv(name);
}

/* Which of its variants is meant must be clear. */
static int check_variant(const struct planner *p, struct err *err)
{
	const struct scenario_words *variants = &p->scenario.variants;
	const char *wanted = p->options->variant, *names[SCENARIO_VARIANTS_MAX],
		   *path = p->plan->path;
	size_t n = variants->n;
	char near[128];

	if (p->scenario.variant.text || (!wanted && !variants->n))
		return 0;
	for (size_t i = 0; i < n; i++)
		names[i] = variants->items[i].text;
	if (!wanted)
		return err_exit(err, EXIT_USAGE, "%s has %zu variants; say which: --variant %s%s%s",
			path, variants->n, names[0], n > 1 ? ", --variant " : "",
			n > 1 ? names[1] : "");
	if (variants->n)
		return err_exit(err, EXIT_USAGE, "%s has no variant \"%.60s\"%s", path, wanted,
			did_you_mean(wanted, names, n, near));
	return p->complaints->n
		? 0
		: err_exit(err, EXIT_USAGE, "%s has no matrix, so no variant \"%.60s\"", path,
			  wanted);
}

static int make_plan(struct planner *p, struct err *err)
{
	struct source source = {
		.file = p->plan->path, .text = p->plan->text, .len = strlen(p->plan->text)};

	complaints_add_source(p->complaints, &source);
	scenario_read(
		p->arena, &source, environment, p->options->variant, &p->scenario, p->complaints);
	if (check_variant(p, err)) {
		buf_clear(p->complaints->out); /* about what nobody means */
		return -1;
	}
	make_parts(p);
	complaints_finish(p->complaints);
	if (p->complaints->n)
		return err_exit(err, EXIT_SCENARIO, "%s%s%s: %zu %s", p->plan->path,
			p->plan->variant ? ", variant " : "",
			p->plan->variant ? p->plan->variant : "", p->complaints->n,
			p->complaints->n == 1 ? "mistake" : "mistakes");
	if (p->need_programs && p->missing->len)
		return err_exit(err, EXIT_MACHINE, "%s", buf_str(p->missing));
	return 0;
}

struct plan *plan_build(
	const struct plan_options *options, bool need_programs, struct err *err, struct buf *errors)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	struct complaints complaints = {.out = errors};
	struct buf missing = {0};
	struct planner p = {.plan = plan,
		.complaints = &complaints,
		.options = options,
		.need_programs = need_programs,
		.missing = &missing};
	int rc;

	if (!plan)
		abort(); /* see buf.h */
	p.arena = &plan->arena;
	rc = load_text(plan, options, err);
	if (!rc)
		rc = make_plan(&p, err);
	buf_release(&missing);
	if (!rc)
		return plan;
	plan_free(plan);
	return NULL;
}

const char *const *plan_variants(struct arena *arena, const struct plan_options *options, size_t *n)
{
	struct plan loaded = {0};
	struct buf errors = {0};
	struct complaints complaints = {.out = &errors};
	struct scenario_words words = {0};
	const char **names = NULL;
	struct err err;

	if (!load_text(&loaded, options, &err)) {
		struct source source = {
			.file = loaded.path, .text = loaded.text, .len = strlen(loaded.text)};

		complaints_add_source(&complaints, &source);
		scenario_read_variants(&loaded.arena, &source, environment, &words, &complaints);
	}
	names = arena_array(arena, words.n + 1, sizeof(*names));
	for (size_t i = 0; i < words.n; i++)
		names[i] = arena_strdup(arena, words.items[i].text);
	*n = words.n;
	arena_release(&loaded.arena);
	buf_release(&errors);
	return names;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	arena_release(&plan->arena);
	free(plan);
}

/* Effects on all packets, and those on what `match` means (NULL: none of these). */
static struct impairment sum_of(const struct plan *plan, unsigned from, unsigned to,
	const struct match *match, uint64_t faults_on)
{
	struct impairment now = plan->links[from * plan->n_regions + to];

	for (size_t i = 0; i < plan->n_faults; i++) {
		const struct fault_effects *effects = &plan->faults[i].effects;

		for (size_t k = 0; k < effects->n_links && faults_on >> i & 1; k++) {
			const struct link_effect *effect = &effects->links[k];

			if (effect->from == from && effect->to == to &&
				(match_is_any(&effect->match) ||
					(match && match_equal(&effect->match, match))))
				now = impairment_add(&now, &effect->impairment);
		}
	}
	return now;
}

struct impairment plan_link_now(
	const struct plan *plan, unsigned from, unsigned to, uint64_t faults_on)
{
	return sum_of(plan, from, to, NULL, faults_on);
}

struct impairment plan_matched_now(const struct plan *plan, unsigned from, unsigned to,
	const struct match *match, uint64_t faults_on)
{
	return sum_of(plan, from, to, match, faults_on);
}

static void add_rule(const struct plan *plan, const struct link_effect *effect, uint64_t faults_on,
	struct engine_link *out)
{
	if (match_is_any(&effect->match) || out->n_rules == ENGINE_RULES_MAX)
		return; /* more were complained about */
	for (unsigned i = 0; i < out->n_rules; i++) {
		if (match_equal(&out->rules[i].match, &effect->match))
			return;
	}
	out->rules[out->n_rules++] = (struct engine_rule){effect->match,
		plan_matched_now(plan, effect->from, effect->to, &effect->match, faults_on)};
}

void plan_link(const struct plan *plan, unsigned from, unsigned to, uint64_t faults_on,
	struct engine_link *out)
{
	*out = (struct engine_link){.impairment = plan_link_now(plan, from, to, faults_on)};
	for (size_t i = 0; i < plan->n_faults; i++) {
		const struct fault_effects *effects = &plan->faults[i].effects;

		for (size_t k = 0; k < effects->n_links && faults_on >> i & 1; k++) {
			if (effects->links[k].from == from && effects->links[k].to == to)
				add_rule(plan, &effects->links[k], faults_on, out);
		}
	}
}

void plan_link_print(struct buf *out, const struct engine_link *link)
{
	impairment_print(out, &link->impairment);
	for (unsigned i = 0; i < link->n_rules; i++) {
		buf_puts(out, "; of ");
		match_print(out, &link->rules[i].match);
		buf_puts(out, ": ");
		impairment_print(out, &link->rules[i].impairment);
	}
}

bool plan_claim_is_of_runs(const struct plan *plan, const struct plan_expect *expect)
{
	return plan->repeat > 1 && expect->confidence > 0 &&
		(expect->metric->needs_fault || expect->metric->id == METRIC_CONVERGENCE_TIME);
}
