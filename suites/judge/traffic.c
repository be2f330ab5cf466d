/*
 * traffic: where clients' operations were performed: by which region, and by nodes that the name they
 * follow no longer led to.
 *
 * Who performed an operation is what the answer says; of what got no answer nobody knows.
 *
 * Overstay. Clients that follow a name are compared with lookups of the same name in the same region (a
 * group with driver dns; one that asks the same resolver before others): an answer says where to go, and
 * for how long. An operation performed by a node after the last answer that named it has run out, and
 * SLACK, and before the next one that names it, overstays by the rest: its connection, or its copy of the
 * answer, outlived the change. Where nobody was told anything for a second before an operation, nothing
 * is known of it.
 *
 * What proves something are the operations that could have overstayed: when they were called there was
 * a node that had served these clients before, that the name had led away from, and that no fault kept
 * from serving them on.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/share.h"
#include "suites/judge/struck.h"
#include "suites/judge/view.h"

#include <string.h>

#define SLACK_NS (1 * UINT64_C(1000000000)) /* TTLs are whole seconds */
#define HEARD_NS (1 * UINT64_C(1000000000))

static bool is_performed(const struct plan *plan, const struct op *op)
{
	return op->state == OP_OK && op->node < plan->n_endpoints;
}

/* ---- the share of a region --------------------------------------------------------------- */

static void measure_share(const struct view *view, struct measurement *out)
{
	const struct plan *plan = view->evidence->plan;
	const struct question *q = view->question;
	struct share share = {0};
	struct arena scratch = {0};

	for (uint32_t i = 0; i < view->index->n; i++) {
		const struct op *op = &view->index->ops[i];

		if ((int)op->region == q->from && is_performed(plan, op) && view_counts(view, i))
			share_add(&scratch, &share, (int)plan->endpoints[op->node].region == q->to);
	}
	share_measure(&share, q, out);
	arena_release(&scratch);
	out->n_what = "operations whose answer names who performed them";
	if (out->status == MEASURED_NOTHING)
		out->why = "no answer to these clients names who performed it";
}

/* ---- overstay ---------------------------------------------------------------------------- */

/* What lookups of a region said, up to where they have been followed. */
struct told {
	uint32_t *ops; /* ok lookups, by call */
	size_t n, next;
	uint64_t until_ns[256]; /* by node: until when an answer that names it may be used */
	uint32_t by[256];       /* the lookup */
	bool served[256];       /* has performed an operation of the clients */
	uint64_t heard_ns;
};

static bool is_same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* The lookups to compare with; NULL: nobody looks this name up. */
static const struct client_group *find_lookups(
	const struct plan *plan, const struct client_group *group)
{
	const struct client_group *found = NULL;

	for (size_t g = 0; g < plan->n_groups; g++) {
		const struct client_group *other = &plan->groups[g];

		if (!group_looks_up(other) || !is_same(other->lookup, group->lookup))
			continue;
		if (!found || is_same(other->node, group->resolver))
			found = other;
	}
	return found;
}

static struct told gather(struct arena *arena, const struct view *view,
	const struct client_group *lookups, unsigned region)
{
	struct told told = {0};

	for (uint32_t i = 0; i < view->index->n; i++) {
		const struct op *op = &view->index->ops[i];

		if (op_is_session(op) && op->region == region && op->state == OP_OK &&
			view_group(view->evidence->plan, op->session) == lookups)
			*ARENA_PUSH(arena, told.ops, told.n) = i;
	}
	return told;
}

/* All that was said before the instant. */
static void hear(struct told *told, const struct index *index, uint64_t at_ns)
{
	for (; told->next < told->n; told->next++) {
		const struct op *op = &index->ops[told->ops[told->next]];
		uint64_t until_ns = op->ret_ns + op->age_ms * UINT64_C(1000000);

		if (op->ret_ns > at_ns)
			return;
		told->heard_ns = op->ret_ns;
		if (until_ns > told->until_ns[op->node]) {
			told->until_ns[op->node] = until_ns;
			told->by[op->node] = told->ops[told->next];
		}
	}
}

/* Does the first answer behind the instant name the node? The client may have heard of a change before
 * whoever looks the name up beside it. */
static bool is_named_next(
	const struct told *told, const struct index *index, uint64_t at_ns, unsigned node)
{
	for (size_t i = told->next; i < told->n; i++) {
		const struct op *op = &index->ops[told->ops[i]];

		if (op->node == node)
			return true;
		if (op->call_ns > at_ns)
			break;
	}
	return false;
}

static bool follows(const struct client_group *group, const struct op *op)
{
	return (op_is_write(op) ? group->write_to : group->read_from) == TARGET_NAME;
}

/* From when on who still goes there overstays. */
static uint64_t stays_until(const struct told *told, const struct index *index, unsigned node)
{
	/* never named: it was told to go elsewhere ever since */
	return (told->until_ns[node] ? told->until_ns[node] : index->ops[told->ops[0]].ret_ns) +
		SLACK_NS;
}

static bool leads_away(
	const struct told *told, const struct index *index, uint64_t at_ns, unsigned node)
{
	return at_ns > stays_until(told, index, node) && !is_named_next(told, index, at_ns, node);
}

static bool is_struck(
	const struct evidence *evidence, unsigned node, unsigned region, uint64_t at_ns)
{
	const struct plan *plan = evidence->plan;

	for (size_t f = 0; f < plan->n_faults; f++) {
		const struct fault_window *w = &evidence->faults[f];

		if (w->in_force_ns && at_ns >= w->in_force_ns &&
			(!w->gone_ns || at_ns < w->gone_ns) &&
			struck_endpoint(plan, &plan->faults[f].effects, node, region))
			return true;
	}
	return false;
}

/* Was there a node at which the operation could have overstayed? */
static bool could_overstay(const struct view *view, const struct told *told, const struct op *op)
{
	for (unsigned node = 0; node < view->evidence->plan->n_endpoints; node++) {
		if (told->served[node] && leads_away(told, view->index, op->call_ns, node) &&
			!is_struck(view->evidence, node, op->region, op->call_ns))
			return true;
	}
	return false;
}

static void convict(struct arena *arena, const struct view *view, const struct told *told,
	uint32_t i, struct measurement *out)
{
	const struct op *op = &view->index->ops[i];
	double over = (double)(op->call_ns - stays_until(told, view->index, op->node));
	struct finding *finding;

	out->value = over > out->value ? over : out->value;
	if (over < view->question->bound)
		return;
	finding = finding_add(arena, out, over);
	if (!finding)
		return;
	finding_ops(view, finding,
		(uint32_t[]){told->until_ns[op->node] ? told->by[op->node] : OP_NONE, i}, 2);
	finding->reason = arena_printf(arena,
		"the name had led elsewhere, and every answer that named %s had run out, for %.1f s",
		view_node_name(view->evidence->plan, op->node), over / 1e9);
}

static void judge(struct arena *arena, const struct view *view, const struct told *told, uint32_t i,
	struct measurement *out)
{
	const struct op *op = &view->index->ops[i];
	bool overstays = leads_away(told, view->index, op->call_ns, op->node);

	if (overstays)
		convict(arena, view, told, i, out);
	out->n += overstays || could_overstay(view, told, op);
}

/* Returns how many operations could be compared with a lookup. */
static uint64_t judge_region(struct arena *arena, const struct view *view,
	const struct client_group *group, unsigned region, struct measurement *out)
{
	const struct plan *plan = view->evidence->plan;
	const struct client_group *lookups = find_lookups(plan, group);
	struct told told;
	uint64_t compared = 0;

	if (!lookups)
		return 0;
	told = gather(arena, view, lookups, region);
	for (uint32_t i = 0; i < view->index->n; i++) {
		const struct op *op = &view->index->ops[i];

		if (op->region != region || !is_performed(plan, op) || !op_is_session(op) ||
			op->flags & OP_FALLBACK || view_group(plan, op->session) != group ||
			!follows(group, op))
			continue;
		hear(&told, view->index, op->call_ns);
		if (view_counts(view, i) && told.heard_ns &&
			told.heard_ns + HEARD_NS >= op->call_ns) {
			compared++;
			judge(arena, view, &told, i, out);
		}
		told.served[op->node] = true;
	}
	return compared;
}

static void measure_overstay(struct arena *arena, const struct view *view, struct measurement *out)
{
	const struct plan *plan = view->evidence->plan;
	uint64_t compared = 0;

	for (size_t g = 0; g < plan->n_groups; g++) {
		const struct client_group *group = &plan->groups[g];

		if (group->read_from != TARGET_NAME && group->write_to != TARGET_NAME)
			continue;
		for (unsigned r = 0; r < plan->n_regions; r++)
			compared += judge_region(arena, view, group, r, out);
	}
	out->status = MEASURED_VALUE;
	out->n_what = "operations called when the name had led away from a node that served before";
	if (!compared)
		measured_nothing(out,
			"nobody follows a name, or nobody looks it up beside: give a group with "
			"driver dns the same lookup and the same resolver as its node");
	else if (!out->n)
		measured_nothing(out,
			"the name never led away, for longer than its TTL, from a node that had "
			"served these clients and could have served them on");
}

/* ------------------------------------------------------------------------------------------ */

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);

	if (question->metric->id == METRIC_ROUTING_SHARE)
		measure_share(&view, out);
	else
		measure_overstay(arena, &view, out);
}

const struct checker_ops checker_traffic = {
	.name = "traffic",
	.help = "which regions perform what clients ask; no plants: answers are compared with lookups, "
		"none is searched for",
	.measure = measure,
};
