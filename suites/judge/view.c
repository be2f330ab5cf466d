#include "suites/judge/view.h"
#include "suites/judge/ops.h"

#include <string.h>

struct view view_of(const struct evidence *evidence, const struct question *question)
{
	struct view view = {.evidence = evidence,
		.index = evidence->index,
		.question = question,
		.end_ns = UINT64_MAX,
		.end_session = UINT32_MAX,
		.started = true};

	if (question->phase >= 0) {
		const struct phase_window *phase = &evidence->phases[question->phase];

		view.start_ns = phase->start_ns;
		view.end_ns = phase->end_ns ? phase->end_ns : UINT64_MAX;
		view.started = phase->started;
	}
	if (question->filter == FILTER_GROUP && question->group >= 0) {
		const struct client_group *group = &evidence->plan->groups[question->group];

		view.first_session = group->first_session;
		view.end_session =
			group->first_session + group->sessions_per_region * group->n_regions;
	}
	for (size_t g = 0; g < evidence->plan->n_groups; g++)
		view.no_asides = view.no_asides || group_stands_aside(&evidence->plan->groups[g]);
	if (question->filter == FILTER_GROUP ||
		(question->metric && question->metric->needs & DRIVER_LOOKUPS))
		view.no_asides = false;
	view.everything = question->phase < 0 && question->filter == FILTER_ALL &&
		question->region < 0 && !question->untainted && !view.no_asides;
	return view;
}

static bool is_aside(const struct view *view, const struct op *op)
{
	const struct client_group *group = view_group(view->evidence->plan, op->session);

	return group && group_stands_aside(group);
}

bool view_in_phase(const struct view *view, uint64_t at_ns)
{
	return view->started && at_ns >= view->start_ns && at_ns < view->end_ns;
}

bool view_tainted(const struct view *view, uint32_t op)
{
	return view->index->tainted && view->index->tainted[op];
}

static bool counts_class(const struct view *view, const struct op *op)
{
	switch (view->question->filter) {
	case FILTER_READS:
		return op->kind == OP_READ;
	case FILTER_WRITES:
		return op_is_write(op);
	case FILTER_ALL:
	case FILTER_GROUP:
		return true;
	}
	return false;
}

static bool counts_where(const struct view *view, uint32_t i)
{
	const struct op *op = &view->index->ops[i];
	int region = view->question->region;

	return view_in_phase(view, op_intended(op)) && counts_class(view, op) &&
		(region < 0 || op->region == region) &&
		!(view->question->untainted && view_tainted(view, i));
}

bool view_counts_filtered(const struct view *view, uint32_t i)
{
	const struct op *op = &view->index->ops[i];

	return op_is_session(op) && op->session >= view->first_session &&
		op->session < view->end_session && counts_where(view, i) &&
		!(view->no_asides && is_aside(view, op));
}

bool view_counts_tick(const struct view *view, uint32_t i)
{
	return view->index->ops[i].flags & OP_TICKER && counts_where(view, i);
}

const struct client_group *view_group(const struct plan *plan, uint32_t session)
{
	for (size_t g = 0; g < plan->n_groups; g++) {
		const struct client_group *group = &plan->groups[g];

		if (session >= group->first_session &&
			session - group->first_session <
				group->sessions_per_region * group->n_regions)
			return group;
	}
	return NULL;
}

const char *view_region_name(const struct plan *plan, unsigned region)
{
	return region < plan->n_regions ? plan->regions[region].name : "an unknown region";
}

const char *view_node_name(const struct plan *plan, unsigned node)
{
	return node < plan->n_endpoints ? plan->endpoints[node].name : "an unknown node";
}

const char *view_session_name(struct arena *arena, const struct plan *plan, const struct op *op)
{
	const struct client_group *group;

	if (op->kind == OP_PURGE)
		return arena_printf(arena, "purge in %s", view_region_name(plan, op->region));
	if (op->flags & OP_READBACK)
		return arena_printf(arena, "read-back in %s", view_region_name(plan, op->region));
	if (op->flags & OP_TICKER)
		return arena_printf(arena, "ticker of %s", view_region_name(plan, op->region));
	if (op->flags & OP_VIA_PROXY)
		return arena_printf(arena, "liar of %s", view_region_name(plan, op->region));
	group = view_group(plan, op->session);
	if (!group)
		return arena_printf(arena, "session %u", op->session);
	return arena_printf(arena, "%s/%u",
		view_region_name(plan,
			group->regions[(op->session - group->first_session) /
				group->sessions_per_region]),
		op->session);
}

struct finding *finding_add(struct arena *arena, struct measurement *out, double severity)
{
	struct finding *f = out->findings;
	size_t at = out->n_findings;

	out->total_findings++;
	if (!f)
		f = out->findings = arena_array(arena, FINDINGS_MAX, sizeof(*f));
	while (at > 0 && f[at - 1].severity < severity)
		at--;
	if (at == FINDINGS_MAX)
		return NULL;
	if (out->n_findings < FINDINGS_MAX)
		out->n_findings++;
	memmove(&f[at + 1], &f[at], (out->n_findings - 1 - at) * sizeof(*f));
	f[at] = (struct finding){.severity = severity};
	return &f[at];
}

void finding_ops(const struct view *view, struct finding *finding, const uint32_t *ops, unsigned n)
{
	for (unsigned i = 0; i < n && finding->n_ops < WITNESS_OPS_MAX; i++) {
		unsigned at = finding->n_ops;

		if (ops[i] == OP_NONE)
			continue;
		while (at > 0 && finding->ops[at - 1] > ops[i]) {
			finding->ops[at] = finding->ops[at - 1];
			at--;
		}
		finding->ops[at] = ops[i];
		finding->n_ops++;
		finding->tainted |= view_tainted(view, ops[i]);
	}
}

void measured_nothing(struct measurement *out, const char *why)
{
	out->status = MEASURED_NOTHING;
	out->why = why;
}
