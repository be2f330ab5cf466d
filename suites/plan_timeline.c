/*
 * plan_timeline: phases, faults and steps, with absolute times.
 *
 * Every fault has a phase of its name. What a fault does is asked from its kind.
 */
#include "fixtures/base/buf.h"
#include "suites/plan_parts.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 1000
/* ~31 years: far from where sums of times would overflow. */
#define TIME_MAX_NS UINT64_C(1000000000000000000)

static bool check_time(struct planner *p, const struct scenario_entry *entry)
{
	if (entry->at_ns < TIME_MAX_NS && entry->for_ns < TIME_MAX_NS)
		return true;
	complain(p->complaints, entry->place, "the entry lies too far in the future");
	return false;
}

static const char *joined(struct planner *p, const struct scenario_words *words)
{
	struct buf out = {0};
	const char *text;

	for (size_t i = 0; i < words->n; i++)
		buf_printf(&out, "%s%s", i ? ", " : "", words->items[i].text);
	text = arena_strdup(p->arena, buf_str(&out));
	buf_release(&out);
	return text;
}

/* "partition us-east from eu-west, ap-south", "impair A <-> B: loss 1%". */
static const char *fault_text(struct planner *p, const struct scenario_entry *entry, int subject,
	const struct plan_fault *fault, const struct fault_words *words)
{
	const struct fault_ops *ops = fault->ops;
	const struct link_effect *first = fault->effects.links;
	static const char *const ways[] = {[DIRECTION_BOTH] = "",
		[DIRECTION_OUT] = ", outwards only",
		[DIRECTION_IN] = ", inwards only"};
	struct buf out = {0};
	const char *text;

	buf_printf(&out, "%s %s", entry->fault.text,
		subject < 0 ? joined(p, &entry->subject) : entry->subject.items[subject].text);
	if (entry->from.n)
		buf_printf(&out, " from %s", joined(p, &entry->from));
	buf_puts(&out, ways[entry->direction]);
	if (first && !match_is_any(&first->match)) {
		buf_puts(&out, " (only ");
		match_print(&out, &first->match);
		buf_puts(&out, ")");
	}
	if (first && first->impairment.cut && first->impairment.reject)
		buf_printf(&out, ", refused with %s",
			first->impairment.reject == REJECT_RST ? "RST" : "ICMP");
	if (ops->takes_impairment) {
		buf_puts(&out, ": ");
		impairment_print(&out, &words->impairment);
	}
	if (ops->node_params) {
		buf_puts(&out, ": ");
		node_setting_print(&out, ops->node_params, &words->setting);
	}
	text = arena_strdup(p->arena, buf_str(&out));
	buf_release(&out);
	return text;
}

static const char *const *texts_of(struct planner *p, const struct scenario_words *words)
{
	const char **out = arena_array(p->arena, words->n + 1, sizeof(*out));

	for (size_t i = 0; i < words->n; i++)
		out[i] = words->items[i].text;
	return out;
}

static struct fault_topology topology_of(struct planner *p)
{
	const struct plan *plan = p->plan;
	const char **nodes = arena_array(p->arena, plan->n_nodes + 1, sizeof(*nodes));
	uint8_t *regions = arena_array(p->arena, plan->n_nodes + 1, 1);

	for (size_t i = 0; i < plan->n_nodes; i++) {
		nodes[i] = plan->nodes[i].spec.name;
		regions[i] = (uint8_t)plan->nodes[i].region;
	}
	return (struct fault_topology){.regions = p->region_names,
		.n_regions = plan->n_regions,
		.nodes = nodes,
		.node_regions = regions,
		.n_nodes = plan->n_nodes};
}

static bool overtakes(const struct impairment *imp)
{
	return imp->overtake_ppm || imp->overtake_gap > 1;
}

/* The delay in which packets are overtaken may be the link's own (check_overtaking). */
static int check_impairment(const struct impairment *imp, struct err *err)
{
	struct impairment added = *imp;

	if (overtakes(imp) && !added.delay_ns)
		added.delay_ns = 1;
	return impairment_check(&added, err);
}

static void read_settings(struct planner *p, const struct scenario_entry *entry,
	const struct fault_ops *ops, struct fault_words *words, struct fault_pattern *pattern)
{
	struct planner_rows tables[6] = {{NULL, NULL}};
	struct impairment *impairment = &words->impairment;
	size_t n = 0;
	struct err err;

	if (ops->takes_impairment)
		tables[n++] = (struct planner_rows){impairment_params, impairment};
	if (ops->stages)
		tables[n++] = (struct planner_rows){fault_pattern_params, pattern};
	if (ops->takes_match)
		tables[n++] = (struct planner_rows){match_params, &words->match};
	if (ops->takes_reject)
		tables[n++] = (struct planner_rows){fault_cut_params, impairment};
	if (ops->node_params) {
		tables[n++] = (struct planner_rows){ops->node_params, &words->setting};
		param_set_defaults(ops->node_params, &words->setting);
	}
	param_set_defaults(impairment_params, impairment);
	param_set_defaults(match_params, &words->match);
	param_set_defaults(fault_pattern_params, pattern);
	for (size_t i = 0; i < entry->settings.n; i++)
		planner_set(p, &entry->settings.items[i], tables,
			arena_printf(p->arena, "the fault %s", ops->name));
	if (words->match.traffic && !match_n_ports(&words->match))
		memcpy(words->match.ports, p->recipe.traffic[words->match.traffic],
			sizeof(words->match.ports));
	if ((ops->takes_impairment && check_impairment(impairment, &err)) ||
		match_check(&words->match, &err))
		complain(p->complaints, entry->place, "%s", err.text);
}

/* Packets can be overtaken only where they wait, on every link that the fault is added to. */
static void check_overtaking(
	struct planner *p, const struct scenario_entry *entry, const struct fault_effects *effects)
{
	const struct plan *plan = p->plan;

	for (size_t i = 0; i < effects->n_links; i++) {
		const struct link_effect *link = &effects->links[i];
		const struct impairment *base =
			&plan->links[link->from * plan->n_regions + link->to];

		if (!overtakes(&link->impairment) || link->impairment.delay_ns || base->delay_ns)
			continue;
		complain(p->complaints, entry->place,
			"overtake without delay: on %s -> %s there is nobody to overtake; give the "
			"link or the fault a delay",
			plan->regions[link->from].name, plan->regions[link->to].name);
		return;
	}
}

/* A fault, or one stage of it (its number; 0 where it has none). */
static void add_stage(struct planner *p, const struct scenario_entry *entry,
	const struct fault_words *words, const struct fault_stage *stage, const char *family,
	int number)
{
	struct plan *plan = p->plan;
	struct fault_topology topology = topology_of(p);
	struct plan_fault *fault;
	struct err err;

	if (plan->n_faults == PLAN_FAULTS_MAX) {
		complain(p->complaints, entry->place, "more than %d faults or stages of them",
			PLAN_FAULTS_MAX);
		return;
	}
	p->fault_entries[plan->n_faults] = entry;
	fault = &plan->faults[plan->n_faults++];
	fault->ops = fault_find(entry->fault.text);
	fault->family = family;
	fault->name = number ? arena_printf(p->arena, "%s/%d", family, number) : family;
	/* Without nodes the recipe was complained about: nothing can be said of them. */
	if ((!fault->ops->on_nodes || plan->n_nodes) && entry->subject.n &&
		fault->ops->effects(p->arena, &topology, words, &fault->effects, &err) &&
		number < 2)
		complain(p->complaints, entry->subject.items[0].place, "%s", err.text);
	if (number < 2)
		check_overtaking(p, entry, &fault->effects);
	if (plan->remote && (fault->ops->on_nodes || fault->effects.n_links) && number < 2)
		complain(p->complaints, entry->place,
			"%s acts on links or nodes of our own, and this system is run by somebody "
			"else; let them or a \"do\" of yours make it, and say so: declared: REGION",
			fault->ops->name);
	fault->until = entry->until;
	fault->start_ns = entry->at_ns + stage->start_ns;
	fault->length_ns = stage->end_ns - stage->start_ns;
	fault->text = fault_text(p, entry, stage->subject, fault, words);
	fault->place = entry->place;
}

static void add_stages(struct planner *p, const struct scenario_entry *entry,
	const struct fault_words *words, const struct fault_pattern *pattern, const char *family)
{
	struct fault_stage stages[STAGES_MAX];
	struct err err;
	int n;

	if (entry->until != UNTIL_TIME)
		complain(p->complaints, entry->place,
			"a %s has a fixed length; write \"for\" instead of \"until\"",
			entry->fault.text);
	n = fault_find(entry->fault.text)
		    ->stages(pattern, entry->subject.n, entry->for_ns, stages, &err);
	if (n < 0)
		complain(p->complaints, entry->place, "%s", err.text);
	for (int i = 0; i < n; i++) {
		struct fault_words stage = *words;

		if (stages[i].subject >= 0) {
			stage.subject = &words->subject[stages[i].subject];
			stage.n_subject = 1;
		}
		stage.impairment = impairment_scale(&words->impairment, stages[i].share_ppm);
		add_stage(p, entry, &stage, &stages[i], family, i + 1);
	}
}

static void add_fault(struct planner *p, const struct scenario_entry *entry)
{
	const struct fault_ops *ops = fault_find(entry->fault.text);
	struct fault_words words = {.subject = texts_of(p, &entry->subject),
		.n_subject = entry->subject.n,
		.from = texts_of(p, &entry->from),
		.n_from = entry->from.n,
		.direction = entry->direction};
	struct fault_stage whole = {.end_ns = entry->for_ns, .subject = -1};
	struct fault_pattern pattern;
	const char *family = entry->name.text
		? entry->name.text
		: arena_printf(p->arena, "%s-%zu", ops->name, p->plan->n_faults + 1);

	read_settings(p, entry, ops, &words, &pattern);
	if (ops->lab_only && p->plan->containers)
		complain(p->complaints, entry->place,
			"%s acts on nodes of our own only, and these are running containers; use "
			"partition or pause",
			ops->name);
	if (ops->stages)
		add_stages(p, entry, &words, &pattern, family);
	else
		add_stage(p, entry, &words, &whole, family, 0);
}

/* first: the number of faults before the entry's own. */
static void add_phase(struct planner *p, const struct scenario_entry *entry, size_t first)
{
	static const enum phase_kind kinds[] = {[ENTRY_WATCH] = PHASE_WATCH,
		[ENTRY_QUIET] = PHASE_QUIET,
		[ENTRY_FAULT] = PHASE_FAULT,
		[ENTRY_ACTION] = PHASE_WATCH};
	struct plan *plan = p->plan;
	struct plan_phase *phase = &plan->phases[plan->n_phases];

	phase->kind = kinds[entry->kind];
	phase->fault = entry->kind == ENTRY_FAULT ? (int)first : -1;
	phase->last_fault = entry->kind == ENTRY_FAULT ? (int)plan->n_faults - 1 : -1;
	phase->name = entry->kind == ENTRY_FAULT ? plan->faults[first].family
		: entry->name.text               ? entry->name.text
						 : "";
	phase->start_ns = entry->at_ns;
	phase->end_ns = entry->at_ns + entry->for_ns;
	phase->place = entry->name.text ? entry->name.place : entry->place;
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (!strcmp(plan->phases[i].name, phase->name))
			complain(p->complaints, phase->place,
				"two entries are called \"%s\"; the first is in line %u",
				phase->name, plan->phases[i].place.line);
	}
	plan->n_phases++;
}

/* The clients whose edges are to be purged; -1: complained about. */
static int find_edge(struct planner *p, const struct scenario_word *word)
{
	const struct plan *plan = p->plan;
	const char **names = arena_array(p->arena, plan->n_groups + 1, sizeof(*names));
	int at;

	for (size_t i = 0; i < plan->n_groups; i++)
		names[i] = plan->groups[i].name;
	if (!word->text)
		return -1;
	at = planner_find(p, word, names, plan->n_groups, "group of clients");
	if (at < 0)
		return -1;
	if (plan->groups[at].read_from != TARGET_NODE) {
		complain(p->complaints, word->place,
			"%s do not read from an edge; give them reads: { from: node } and node:",
			word->text);
	} else if (!(group_can(&plan->groups[at]) & DRIVER_PURGES)) {
		complain(p->complaints, word->place,
			"driver %s cannot ask for a purge; http-kv can, and http with purge: { path: }",
			plan->groups[at].driver->name);
		return -1;
	}
	return at;
}

static void add_action(struct planner *p, const struct scenario_entry *entry)
{
	static const char *const words[] = {[ACTION_DO] = "do",
		[ACTION_WEBHOOK] = "webhook",
		[ACTION_WAIT] = "wait",
		[ACTION_PURGE] = "purge"};
	struct plan *plan = p->plan;
	struct plan_action *action = &plan->actions[plan->n_actions];

	*action = (struct plan_action){.kind = entry->action,
		.what = entry->what.text ? entry->what.text : "",
		.name = entry->name.text ? entry->name.text
					 : arena_printf(p->arena, "%s-%zu", words[entry->action],
						   plan->n_actions + 1),
		.at_ns = entry->at_ns,
		.limit_ns = entry->for_ns,
		.group = entry->action == ACTION_PURGE ? find_edge(p, &entry->what) : -1,
		.place = entry->place};
	for (size_t i = 0; i < plan->n_actions; i++) {
		if (!strcmp(plan->actions[i].name, action->name))
			complain(p->complaints, action->place, "two actions are called \"%s\"",
				action->name);
	}
	plan->n_actions++;
}

static bool in_both(const struct plan_phase *a, const struct plan_phase *b)
{
	return a->start_ns < b->end_ns && b->start_ns < a->end_ns;
}

/* A quiet phase has neither faults nor anything else in it. */
static void check_quiet(struct planner *p)
{
	const struct plan *plan = p->plan;

	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct plan_phase *quiet = &plan->phases[i];

		for (size_t k = 0; k < plan->n_phases && quiet->kind == PHASE_QUIET; k++) {
			const struct plan_phase *other = &plan->phases[k];

			if (k == i || !in_both(quiet, other) ||
				(other->kind == PHASE_QUIET && k > i))
				continue;
			complain(p->complaints, quiet->place,
				"\"%s\" is quiet while \"%s\" goes on; %s", quiet->name,
				other->name,
				other->kind == PHASE_FAULT
					? "under a fault nothing can converge, begin after its end"
					: "no client works then, so there is nothing to watch");
		}
	}
}

/* At one instant: what ends, then what begins, then the end of all. */
static int step_rank(enum step_kind kind)
{
	switch (kind) {
	case STEP_FAULT_OFF:
		return 0;
	case STEP_RESUME:
		return 1;
	case STEP_FAULT_ON:
		return 2;
	case STEP_ACTION:
		return 3;
	case STEP_QUIET:
		return 4;
	case STEP_END:
		return 5;
	}
	return 6;
}

static int compare_steps(const void *a, const void *b)
{
	const struct plan_step *x = a, *y = b;
	int rank = step_rank(x->kind) - step_rank(y->kind);

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return rank ? rank : x->index - y->index;
}

static void add_step(struct plan *plan, uint64_t at_ns, enum step_kind kind, size_t index)
{
	plan->steps[plan->n_steps++] = (struct plan_step){at_ns, kind, (int)index};
}

static void make_steps(struct planner *p)
{
	struct plan *plan = p->plan;

	plan->steps =
		arena_array(p->arena, 2 * plan->n_faults + 2 * plan->n_phases + plan->n_actions + 1,
			sizeof(*plan->steps));
	for (size_t i = 0; i < plan->n_faults; i++) {
		const struct plan_fault *fault = &plan->faults[i];

		add_step(plan, fault->start_ns, STEP_FAULT_ON, i);
		add_step(plan, fault->start_ns + fault->length_ns, STEP_FAULT_OFF, i);
	}
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct plan_phase *phase = &plan->phases[i];

		if (phase->end_ns > plan->end_ns)
			plan->end_ns = phase->end_ns;
		if (phase->kind == PHASE_QUIET)
			add_step(plan, phase->start_ns, STEP_QUIET, i);
	}
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct plan_phase *phase = &plan->phases[i];

		if (phase->kind == PHASE_QUIET && phase->end_ns < plan->end_ns)
			add_step(plan, phase->end_ns, STEP_RESUME, i);
	}
	for (size_t i = 0; i < plan->n_actions; i++) {
		if (plan->actions[i].at_ns > plan->end_ns)
			plan->end_ns = plan->actions[i].at_ns;
		add_step(plan, plan->actions[i].at_ns, STEP_ACTION, i);
	}
	add_step(plan, plan->end_ns, STEP_END, 0);
	plan->steps[plan->n_steps - 1].index = -1;
	qsort(plan->steps, plan->n_steps, sizeof(*plan->steps), compare_steps);
}

void plan_timeline(struct planner *p)
{
	struct plan *plan = p->plan;
	size_t n = p->scenario.n_entries;

	plan->phases = arena_array(p->arena, n + 1, sizeof(*plan->phases));
	plan->faults = arena_array(p->arena, PLAN_FAULTS_MAX, sizeof(*plan->faults));
	plan->actions = arena_array(p->arena, n + 1, sizeof(*plan->actions));
	if (n > ENTRIES_MAX) {
		complain(p->complaints, p->scenario.timeline_place,
			"%zu entries; at most %d are possible", n, ENTRIES_MAX);
		n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		const struct scenario_entry *entry = &p->scenario.entries[i];
		size_t first = plan->n_faults;

		if (!check_time(p, entry))
			continue;
		if (entry->kind == ENTRY_ACTION) {
			add_action(p, entry);
			continue;
		}
		if (entry->kind == ENTRY_FAULT)
			add_fault(p, entry);
		if (entry->kind == ENTRY_FAULT && plan->n_faults == first)
			break; /* complained about */
		add_phase(p, entry, first);
	}
	check_quiet(p);
	plan_overlaps(p);
	make_steps(p);
}
