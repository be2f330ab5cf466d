/*
 * names: where DNS names led: how soon after a fault elsewhere, how long resolvers kept an answer, and
 * whether it was near.
 *
 * A series is what one group that looks names up was answered in one region, in order. Groups that
 * ask the authority (probes/drivers/dns.h) are what those that ask a resolver are compared with, in
 * their own region: another region's authority may well answer otherwise.
 *
 * A resolver broke the TTL where
 *   - it hands out more of it than the authority ever gave, or
 *   - it answers a node that the authority had not named within the TTL, and SLACK, before the call
 *     and up to the answer; the authority was heard all that time, without a gap above GAP.
 * TTLs are whole seconds, and a resolver may round either way; that is the slack.
 * What proves that it keeps them are the answers for which it could not use an earlier one of its own:
 * a node that it had named before, and by the second rule must not name. Where the authority never
 * changes its mind nobody has to ask again, and a resolver that keeps answers for ever looks the same.
 */
#include "probes/drivers/dns.h"
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/share.h"
#include "suites/judge/struck.h"
#include "suites/judge/trips.h"
#include "suites/judge/view.h"

#include <string.h>

#define SLACK_NS (1 * UINT64_C(1000000000))
#define GAP_NS (1 * UINT64_C(1000000000))
#define TIE 1.1 /* as near as the nearest */

/* Ok lookups, by call. */
struct series {
	uint32_t *ops;
	size_t n;
};

struct names_view {
	struct arena *arena;
	const struct view *view;
	const struct plan *plan;
	struct series *series; /* [group * n_regions + region] */
};

static bool is_authority(const struct client_group *group)
{
	return ((const struct dns_options *)group->driver_options)->authority;
}

static struct series *series_of(const struct names_view *v, size_t group, unsigned region)
{
	return &v->series[group * v->plan->n_regions + region];
}

static const struct op *op_at(const struct names_view *v, const struct series *s, size_t i)
{
	return &v->view->index->ops[s->ops[i]];
}

static void gather(struct names_view *v)
{
	const struct index *index = v->view->index;
	const struct plan *plan = v->plan;

	v->series = arena_array(v->arena, plan->n_groups * plan->n_regions + 1, sizeof(*v->series));
	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];
		const struct client_group *group = view_group(plan, op->session);
		struct series *s;

		if (!group || !group_looks_up(group) || op->state != OP_OK || !op_is_session(op) ||
			op->region >= plan->n_regions)
			continue;
		s = series_of(v, (size_t)(group - plan->groups), op->region);
		*ARENA_PUSH(v->arena, s->ops, s->n) = i;
	}
}

/* ---- TTL --------------------------------------------------------------------------------- */

struct authority {
	const struct series *series;
	uint32_t ttl_ms; /* the highest that it gave */
};

static struct authority authority_in(const struct names_view *v, unsigned region)
{
	struct authority a = {0};

	for (size_t g = 0; g < v->plan->n_groups; g++) {
		const struct client_group *group = &v->plan->groups[g];
		const struct series *s = series_of(v, g, region);

		if (!group_looks_up(group) || !is_authority(group) || !s->n)
			continue;
		a.series = s;
		for (size_t i = 0; i < s->n; i++) {
			if (op_at(v, s, i)->age_ms > a.ttl_ms)
				a.ttl_ms = op_at(v, s, i)->age_ms;
		}
	}
	return a;
}

/* Was the authority heard all the time since from_ns, and named the node nowhere? *last: its latest
 * answer before that named it. */
static bool had_not_named(const struct names_view *v, const struct authority *a, unsigned node,
	uint64_t from_ns, uint64_t to_ns, uint32_t *last)
{
	const struct series *s = a->series;
	uint64_t next_ns = TIME_NEVER;
	size_t i = s->n;

	*last = OP_NONE;
	while (i && op_at(v, s, i - 1)->call_ns > to_ns)
		i--;
	if (i < s->n)
		next_ns = op_at(v, s, i++)->call_ns; /* the first after it counts too */
	if (next_ns == TIME_NEVER)
		return false;
	for (; i; i--) {
		const struct op *op = op_at(v, s, i - 1);

		if (op->ret_ns + GAP_NS < next_ns && next_ns >= from_ns && i < s->n)
			return false;
		next_ns = op->call_ns;
		if (op->ret_ns < from_ns) {
			for (; i && *last == OP_NONE; i--) {
				if (op_at(v, s, i - 1)->node == node)
					*last = s->ops[i - 1];
			}
			return true;
		}
		if (op->node == node)
			return false;
	}
	return false;
}

static void convict(const struct names_view *v, uint32_t lookup, uint32_t last, double severity,
	const char *reason, struct measurement *out)
{
	struct finding *finding = finding_add(v->arena, out, severity);

	if (!finding)
		return;
	finding_ops(v->view, finding, (uint32_t[]){last, lookup}, 2);
	finding->reason = reason;
}

/* Had every answer of the authority that named the node run out when the lookup was called? */
static bool has_run_out(const struct names_view *v, const struct authority *a, unsigned node,
	const struct op *lookup, uint32_t *last)
{
	uint64_t back_ns = a->ttl_ms * UINT64_C(1000000) + SLACK_NS;

	return lookup->call_ns > back_ns &&
		had_not_named(v, a, node, lookup->call_ns - back_ns, op_end(lookup), last);
}

static void judge_answer(const struct names_view *v, const struct authority *a, uint32_t lookup,
	struct measurement *out)
{
	const struct op *op = &v->view->index->ops[lookup];
	uint32_t last;

	if (op->age_ms > a->ttl_ms)
		convict(v, lookup, OP_NONE, op->age_ms,
			arena_printf(v->arena,
				"it may be kept for %u s, and the authority never gave more than "
				"%u s",
				op->age_ms / 1000, a->ttl_ms / 1000),
			out);
	else if (op->node != OP_NODE_UNKNOWN && has_run_out(v, a, op->node, op, &last))
		convict(v, lookup, last, a->ttl_ms,
			arena_printf(v->arena,
				"the authority had not named %s for more than its TTL of %u s",
				view_node_name(v->plan, op->node), a->ttl_ms / 1000),
			out);
}

/* Could it not have answered with what it had answered before? */
static bool had_to_ask(const struct names_view *v, const struct authority *a, const bool *named,
	const struct op *lookup)
{
	uint32_t last;

	for (unsigned node = 0; node < v->plan->n_endpoints; node++) {
		if (named[node] && has_run_out(v, a, node, lookup, &last))
			return true;
	}
	return false;
}

/* Returns how many answers could be compared with the authority's. */
static uint64_t judge_series(const struct names_view *v, const struct authority *a,
	const struct series *s, struct measurement *out)
{
	bool named[256] = {false};
	uint64_t compared = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct op *op = op_at(v, s, i);
		uint64_t before = out->total_findings;

		if (view_counts(v->view, s->ops[i])) {
			compared++;
			judge_answer(v, a, s->ops[i], out);
			out->n += out->total_findings > before || had_to_ask(v, a, named, op);
		}
		named[op->node] = true;
	}
	return compared;
}

static void measure_ttl(const struct names_view *v, struct measurement *out)
{
	uint64_t compared = 0;

	for (size_t g = 0; g < v->plan->n_groups; g++) {
		const struct client_group *group = &v->plan->groups[g];

		if (!group_looks_up(group) || is_authority(group))
			continue;
		for (unsigned r = 0; r < v->plan->n_regions; r++) {
			struct authority a = authority_in(v, r);

			if (a.series)
				compared += judge_series(v, &a, series_of(v, g, r), out);
		}
	}
	out->status = MEASURED_VALUE;
	out->value = (double)out->total_findings;
	out->n_what = "answers of resolvers whose own earlier answer had run out";
	if (!compared)
		measured_nothing(out,
			"no resolver was asked in a region where the authority was asked too: give a "
			"group with driver dns the line authority: yes");
	else if (!out->n)
		measured_nothing(out,
			"the authority never named something else for longer than its TTL, so no "
			"resolver that was asked had to ask again");
}

/* ---- switch ------------------------------------------------------------------------------ */

static int fault_asked(const struct view *view)
{
	const struct evidence *e = view->evidence;

	if (view->question->phase >= 0 &&
		e->plan->phases[view->question->phase].kind == PHASE_FAULT)
		return e->plan->phases[view->question->phase].fault;
	return e->plan->n_faults ? 0 : -1;
}

/* The last lookup called before the fault, and the first after it with another answer. */
static uint32_t find_change(
	const struct names_view *v, const struct series *s, uint64_t start_ns, uint32_t *before)
{
	*before = OP_NONE;
	for (size_t i = 0; i < s->n; i++) {
		const struct op *op = op_at(v, s, i);

		if (op->call_ns < start_ns)
			*before = s->ops[i];
		else if (*before == OP_NONE)
			return OP_NONE;
		else if (op->node != v->view->index->ops[*before].node)
			return s->ops[i];
	}
	return OP_NONE;
}

static bool leads_to_struck(
	const struct names_view *v, uint32_t lookup, const struct fault_window *window)
{
	const struct op *op = lookup == OP_NONE ? NULL : &v->view->index->ops[lookup];

	return op && op->node < v->plan->n_endpoints &&
		struck_endpoint(
			v->plan, &v->plan->faults[window->fault].effects, op->node, op->region);
}

static void take_change(const struct names_view *v, const struct series *s,
	const struct fault_window *window, uint64_t end_ns, struct measurement *out)
{
	const struct index *index = v->view->index;
	uint32_t before, changed = find_change(v, s, window->in_force_ns, &before);
	double took;

	if (!leads_to_struck(v, before, window))
		return;
	out->n++;
	if (changed == OP_NONE || index->ops[changed].ret_ns > end_ns) {
		out->status = MEASURED_CENSORED;
		out->why = arena_printf(v->arena, "in %s the name still led to %s at the end",
			view_region_name(v->plan, index->ops[before].region),
			view_node_name(v->plan, index->ops[before].node));
		took = (double)(end_ns - window->in_force_ns);
	} else {
		took = (double)(index->ops[changed].ret_ns - window->in_force_ns);
	}
	out->value = took > out->value ? took : out->value;
}

/* Elsewhere when the fault was gone, and then at the node of before. */
static void take_return(const struct names_view *v, const struct series *s,
	const struct fault_window *window, struct measurement *out)
{
	uint32_t before, changed = find_change(v, s, window->in_force_ns, &before);
	const struct op *last = NULL, *back = NULL;
	double took;

	if (changed == OP_NONE || !leads_to_struck(v, before, window))
		return;
	for (size_t i = 0; i < s->n && !back; i++) {
		const struct op *op = op_at(v, s, i);

		if (op->call_ns < window->gone_ns)
			last = op;
		else if (op->node == v->view->index->ops[before].node)
			back = op;
	}
	if (last->node == v->view->index->ops[before].node)
		return;
	out->n++;
	if (!back) {
		out->status = MEASURED_CENSORED;
		out->why = arena_printf(v->arena, "in %s the name had not led back at the end",
			view_region_name(v->plan, last->region));
		back = op_at(v, s, s->n - 1);
	}
	took = back->ret_ns > window->gone_ns ? (double)(back->ret_ns - window->gone_ns) : 0;
	out->value = took > out->value ? took : out->value;
}

/* There, or with `back` the way back. */
static void measure_switch(const struct names_view *v, bool back, struct measurement *out)
{
	const struct question *q = v->view->question;
	const struct evidence *e = v->view->evidence;
	int fault = fault_asked(v->view);
	const struct fault_window *window = fault < 0 ? NULL : &e->faults[fault];
	uint64_t end_ns;

	out->fault = fault;
	out->n_what = "series of lookups that led to what the fault struck";
	if (!window || !window->in_force_ns)
		return measured_nothing(out, "the fault was not in force");
	if (back && !window->gone_ns)
		return measured_nothing(out, "the fault was not seen to be gone");
	end_ns = window->gone_ns ? window->gone_ns : e->end_ns;
	out->status = MEASURED_VALUE;
	out->episodes = 1;
	for (size_t g = 0; g < v->plan->n_groups; g++) {
		if (q->filter == FILTER_GROUP && q->group != (int)g)
			continue;
		for (unsigned r = 0; r < v->plan->n_regions; r++) {
			if (q->region >= 0 && q->region != (int)r)
				continue;
			if (back)
				take_return(v, series_of(v, g, r), window, out);
			else
				take_change(v, series_of(v, g, r), window, end_ns, out);
		}
	}
	if (!out->n)
		measured_nothing(out,
			back ? "no lookup led from what the fault struck to elsewhere"
			     : "no lookup led to what the fault struck");
}

/* ---- nearest ----------------------------------------------------------------------------- */

static bool is_nearest(const struct plan *plan, const uint64_t *trips, const struct op *op)
{
	const uint64_t *row = &trips[op->region * plan->n_regions];
	uint64_t best = TIME_NEVER;

	for (size_t i = 0; i < plan->n_endpoints; i++) {
		uint64_t trip = row[plan->endpoints[i].region];

		best = trip < best ? trip : best;
	}
	return (double)row[plan->endpoints[op->node].region] <= (double)best * TIE;
}

static void measure_nearest(const struct names_view *v, struct measurement *out)
{
	const struct index *index = v->view->index;
	uint64_t *trips = trips_measure(v->arena, v->view);
	struct share share = {0};
	uint64_t nowhere = 0;

	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];
		const struct client_group *group = view_group(v->plan, op->session);

		if (!group || !group_looks_up(group) || op->state != OP_OK ||
			!view_counts(v->view, i))
			continue;
		if (op->node < v->plan->n_endpoints)
			share_add(v->arena, &share, is_nearest(v->plan, trips, op));
		else
			nowhere++;
	}
	share_measure(&share, v->view->question, out);
	out->n_what = "answers that named a node";
	if (out->status == MEASURED_NOTHING)
		out->why = "no lookup was answered with a node of the system";
	if (nowhere)
		out->note = arena_printf(
			v->arena, "%llu answers named none", (unsigned long long)nowhere);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct names_view v = {.arena = arena, .view = &view, .plan = evidence->plan};

	gather(&v);
	switch (question->metric->id) {
	case METRIC_DNS_TTL_VIOLATIONS:
		measure_ttl(&v, out);
		break;
	case METRIC_DNS_SWITCH_TIME:
		measure_switch(&v, false, out);
		break;
	case METRIC_DNS_RETURN_TIME:
		measure_switch(&v, true, out);
		break;
	default:
		measure_nearest(&v, out);
		break;
	}
}

/* ---- spoiling ---------------------------------------------------------------------------- */

/* The lookup before, of the same series; NULL: it is the first. */
static const struct op *lookup_before(
	const struct evidence *copy, const struct client_group *group, uint32_t i)
{
	const struct op *op = &copy->history.ops[i];

	while (i--) {
		const struct op *before = &copy->history.ops[i];

		if (before->state == OP_OK && before->region == op->region &&
			op_is_session(before) && view_group(copy->plan, before->session) == group)
			return before;
	}
	return NULL;
}

static bool is_asked(const struct question *q, const struct plan *plan,
	const struct client_group *group, const struct op *op)
{
	return (q->filter != FILTER_GROUP || &plan->groups[q->group] == group) &&
		(q->region < 0 || q->region == (int)op->region);
}

/* Called while the way there, or back, is measured? */
static bool is_on_the_way(const struct fault_window *window, bool back, const struct op *op)
{
	if (back)
		return window->gone_ns && op->call_ns >= window->gone_ns;
	return window->in_force_ns && op->call_ns >= window->in_force_ns &&
		(!window->gone_ns || op->call_ns < window->gone_ns);
}

/* The answer leads where the one before led, though the fault is in force, or is gone. */
static bool spoil_switch(struct evidence *copy, const struct view *view,
	const struct client_group *group, bool back, uint32_t i)
{
	struct op *op = &copy->history.ops[i];
	int fault = fault_asked(view);
	const struct op *before;

	if (fault < 0 || !is_on_the_way(&copy->faults[fault], back, op) ||
		!is_asked(view->question, copy->plan, group, op))
		return false;
	before = lookup_before(copy, group, i);
	if (before)
		op->node = before->node;
	return before != NULL;
}

/* What led to the own region leads to another. */
static bool spoil_nearest(struct evidence *copy, struct op *op)
{
	const struct plan *plan = copy->plan;

	if (op->node >= plan->n_endpoints || plan->endpoints[op->node].region != op->region)
		return false;
	for (size_t i = 0; i < plan->n_endpoints; i++) {
		if (plan->endpoints[i].region == op->region)
			continue;
		op->node = (uint8_t)i;
		return true;
	}
	return false;
}

static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];
	const struct client_group *group = view_group(copy->plan, op->session);

	(void)index;
	if (!group || !group_looks_up(group) || op->state != OP_OK || !op_is_session(op))
		return false;
	switch (view->question->metric->id) {
	case METRIC_DNS_SWITCH_TIME:
		return spoil_switch(copy, view, group, false, i);
	case METRIC_DNS_RETURN_TIME:
		return spoil_switch(copy, view, group, true, i);
	case METRIC_NEAREST_SHARE:
		return view_counts(view, i) && spoil_nearest(copy, op);
	default: /* more of the TTL than there is */
		if (is_authority(group) || !view_counts(view, i))
			return false;
		op->age_ms = UINT32_MAX;
		return true;
	}
}

const struct checker_ops checker_names = {
	.name = "names",
	.help = "where DNS names lead",
	.measure = measure,
	.spoil = spoil,
	.spoils_in_a_row = true,
};
