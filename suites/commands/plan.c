/* plan: the dry run. Needs no privilege and none of the recipe's programs. */
#include "suites/plan.h"
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "suites/commands/command.h"
#include "suites/commands/variants.h"

#include <stdio.h>

static struct jv *seconds(uint64_t ns)
{
	return jv_new_real((double)ns / 1e9);
}

static struct jv *phases_json(const struct plan *plan)
{
	static const char *const kinds[] = {
		[PHASE_WATCH] = "watch", [PHASE_QUIET] = "quiet", [PHASE_FAULT] = "fault"};
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct plan_phase *phase = &plan->phases[i];
		struct jv *one = jv_new_object();

		jv_set(one, "name", jv_new_string(phase->name));
		jv_set(one, "kind", jv_new_string(kinds[phase->kind]));
		jv_set(one, "start_s", seconds(phase->start_ns));
		jv_set(one, "end_s", seconds(phase->end_ns));
		jv_set(one, "line", jv_new_int(phase->place.line));
		jv_add(list, one);
	}
	return list;
}

static struct jv *changes_json(
	const struct plan *plan, const struct plan_fault *fault, uint64_t bit)
{
	struct jv *list = jv_new_array();
	struct buf text = {0};

	for (size_t k = 0; k < fault->effects.n_links; k++) {
		const struct link_effect *effect = &fault->effects.links[k];
		struct jv *one = jv_new_object();
		struct engine_link before, now;

		plan_link(plan, effect->from, effect->to, 0, &before);
		plan_link(plan, effect->from, effect->to, bit, &now);
		jv_set(one, "from", jv_new_string(plan->regions[effect->from].name));
		jv_set(one, "to", jv_new_string(plan->regions[effect->to].name));
		buf_clear(&text);
		plan_link_print(&text, &now);
		jv_set(one, "change", jv_new_string(buf_str(&text)));
		buf_clear(&text);
		plan_link_print(&text, &before);
		jv_set(one, "inverse", jv_new_string(buf_str(&text)));
		jv_add(list, one);
	}
	for (size_t k = 0; k < fault->effects.n_nodes; k++) {
		struct jv *one = jv_new_object();

		jv_set(one, "node",
			jv_new_string(plan->nodes[fault->effects.nodes[k].node].spec.name));
		jv_set(one, "change", jv_new_string(fault->ops->name));
		jv_add(list, one);
	}
	buf_release(&text);
	return list;
}

static struct jv *faults_json(const struct plan *plan)
{
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < plan->n_faults; i++) {
		const struct plan_fault *fault = &plan->faults[i];
		struct jv *one = jv_new_object();

		jv_set(one, "name", jv_new_string(fault->name));
		jv_set(one, "kind", jv_new_string(fault->ops->name));
		jv_set(one, "text", jv_new_string(fault->text));
		jv_set(one, "start_s", seconds(fault->start_ns));
		jv_set(one, "length_s", seconds(fault->length_ns));
		jv_set(one, "until",
			jv_new_string(fault->until == UNTIL_TIME ? "time" : "failed-over"));
		jv_set(one, "changes", changes_json(plan, fault, UINT64_C(1) << i));
		jv_add(list, one);
	}
	return list;
}

static struct jv *expects_json(const struct plan *plan)
{
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < plan->n_expects; i++) {
		struct jv *one = jv_new_object();

		jv_set(one, "id", jv_new_string(plan->expects[i].id));
		jv_set(one, "metric", jv_new_string(plan->expects[i].metric->name));
		jv_set(one, "line", jv_new_int(plan->expects[i].place.line));
		jv_add(list, one);
	}
	return list;
}

static struct jv *nodes_json(const struct plan *plan)
{
	struct jv *list = jv_new_array();

	for (size_t i = 0; i < plan->n_nodes; i++) {
		const struct node_spec *spec = &plan->nodes[i].spec;
		struct jv *one = jv_new_object(), *argv = jv_new_array();

		for (size_t k = 0; spec->argv[k]; k++)
			jv_add(argv, jv_new_string(spec->argv[k]));
		jv_set(one, "name", jv_new_string(spec->name));
		jv_set(one, "argv", argv);
		jv_add(list, one);
	}
	return list;
}

/* Into json, which has a head already or is one of several. */
static struct jv *plan_into(struct jv *json, const struct plan *plan)
{
	jv_set(json, "scenario", jv_new_string(plan->name));
	if (plan->variant)
		jv_set(json, "variant", jv_new_string(plan->variant));
	jv_set(json, "seed", jv_new_int((int64_t)plan->seed));
	jv_set(json, "end_s", seconds(plan->end_ns));
	jv_set(json, "nodes", nodes_json(plan));
	jv_set(json, "phases", phases_json(plan));
	jv_set(json, "faults", faults_json(plan));
	jv_set(json, "expectations", expects_json(plan));
	return json;
}

struct plans {
	struct arena arena;
	struct plan **items;
	size_t n;
};

static int take_plan(void *arg, struct plan *plan, struct err *err, struct buf *errors)
{
	struct plans *plans = arg;

	(void)err;
	(void)errors;
	*ARENA_PUSH(&plans->arena, plans->items, plans->n) = plan;
	return 0;
}

static int show_json(const struct plans *plans, struct err *err)
{
	struct jv *json = json_head("plan"), *list;
	int rc;

	if (plans->n == 1) {
		plan_into(json, plans->items[0]);
	} else {
		list = jv_new_array();
		for (size_t i = 0; i < plans->n; i++)
			jv_add(list, plan_into(jv_new_object(), plans->items[i]));
		jv_set(json, "variants", list);
	}
	rc = print_json(json, err);
	jv_free(json);
	return rc;
}

static int show(const struct args *args, const struct plans *plans, struct err *err)
{
	struct buf out = {0};
	int rc;

	if (args_json(args))
		return show_json(plans, err);
	for (size_t i = 0; i < plans->n; i++) {
		buf_puts(&out, i ? "\n" : "");
		plan_print(plans->items[i], &out);
	}
	rc = print_out(&out, err);
	buf_release(&out);
	return rc;
}

int cmd_plan(const struct args *args, struct err *err)
{
	struct plan_options options = {.path = args->operands[0],
		.share = args->values[OPTION_SHARE],
		.variant = args->values[OPTION_VARIANT],
		.has_seed = args->values[OPTION_SEED] != NULL};
	struct variants variants;
	struct plans plans = {0};
	struct buf errors = {0};
	int rc;

	if (args_number(args, OPTION_SEED, &options.seed, err))
		return -1;
	variants_open(&variants, &options);
	rc = variants_plan(&variants, options, take_plan, &plans, err, &errors);
	fputs(buf_str(&errors), stderr);
	if (!rc)
		rc = show(args, &plans, err);
	for (size_t i = 0; i < plans.n; i++)
		plan_free(plans.items[i]);
	arena_release(&plans.arena);
	variants_release(&variants);
	buf_release(&errors);
	return rc;
}
