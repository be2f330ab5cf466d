#include "suites/judge/layers.h"
#include "fixtures/base/buf.h"
#include "suites/judge/checkers.h"
#include "suites/judge/primary.h"
#include "suites/judge/struck.h"

#include <assert.h>

#define LASTS_NS (3 * UINT64_C(1000000000))
#define LASTS_SHARE 0.99
#define HEARD_NS UINT64_C(1000000000) /* whose clients fell silent sooner was not seen to last */

/* What one group asked in one region while the fault was in force, and beyond. */
struct series {
	const struct op **ops;
	size_t n;
};

bool layers_are_there(const struct plan *plan)
{
	for (size_t g = 0; g < plan->n_groups; g++) {
		if (plan->groups[g].layer)
			return true;
	}
	return false;
}

static struct series gather(struct arena *arena, const struct layers *l,
	const struct client_group *group, unsigned region, bool reads)
{
	const struct index *index = l->view->index;
	const struct plan *plan = l->view->evidence->plan;
	struct series s = {0};

	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];

		if (op->call_ns < l->start_ns || op->region != region || !op_is_session(op) ||
			op->state == OP_NOT_SENT || view_group(plan, op->session) != group ||
			(!group_looks_up(group) && op_is_write(op) == reads) ||
			(l->view->question->untainted && view_tainted(l->view, i)))
			continue;
		*ARENA_PUSH(arena, s.ops, s.n) = op;
	}
	return s;
}

static bool succeeds(const struct layers *l, const struct client_group *group, const struct op *op)
{
	const struct plan *plan = l->view->evidence->plan;

	if (op->state != OP_OK)
		return false;
	return !group_looks_up(group) ||
		(op->node < plan->n_endpoints &&
			!struck_endpoint(plan, l->effects, op->node, op->region));
}

static bool lasts(
	const struct layers *l, const struct client_group *group, const struct series *s, size_t i)
{
	uint64_t until = s->ops[i]->call_ns + LASTS_NS;
	size_t n = 0, ok = 0;

	for (size_t k = i; k < s->n && s->ops[k]->call_ns <= until; k++, n++)
		ok += succeeds(l, group, s->ops[k]);
	return n > 1 && (double)ok >= LASTS_SHARE * (double)n &&
		s->ops[s->n - 1]->call_ns + HEARD_NS >= until;
}

static uint64_t back_in(struct arena *arena, const struct layers *l,
	const struct client_group *group, unsigned region, bool reads)
{
	struct series s = gather(arena, l, group, region, reads);

	for (size_t i = 0; i < s.n && s.ops[i]->call_ns < l->end_ns; i++) {
		if (succeeds(l, group, s.ops[i]) && lasts(l, group, &s, i))
			return i ? s.ops[i]->ret_ns : l->start_ns;
	}
	return TIME_NEVER;
}

/* When the layer was there again; TIME_NEVER: not while the fault was in force. */
static uint64_t back_at(
	struct arena *arena, const struct layers *l, const struct client_group *group, bool reads)
{
	uint64_t first = TIME_NEVER, at;

	for (unsigned i = 0; i < group->n_regions; i++) {
		at = back_in(arena, l, group, group->regions[i], reads);
		if (at != TIME_NEVER && group->regions[i] == l->region)
			return at;
		first = at < first ? at : first;
	}
	return first;
}

static_assert(PLAN_LAYERS_MAX + 1 == MEASURED_PARTS_MAX, "a part for each layer and the clients");

static void add_part(struct measurement *out, struct measured_part part)
{
	assert(out->n_parts < MEASURED_PARTS_MAX); /* no plan has more layers */
	out->parts[out->n_parts++] = part;
}

static struct measured_part part_between(const char *name, uint64_t from, uint64_t to)
{
	return (struct measured_part){.name = name, .value_ns = (double)(to - from), .has = true};
}

void layers_add_parts(struct arena *arena, const struct layers *layers, bool reads, uint64_t at_ns,
	struct measurement *out)
{
	const struct plan *plan = layers->view->evidence->plan;
	uint64_t so_far = layers->start_ns;
	struct buf alone = {0};

	for (size_t g = 0; g < plan->n_groups; g++) {
		const struct client_group *group = &plan->groups[g];
		uint64_t back;

		if (!group->layer)
			continue;
		back = back_at(arena, layers, group, reads);
		buf_printf(&alone, "%s%s ", alone.len ? ", " : "alone: ", group->layer);
		if (back == TIME_NEVER) {
			buf_puts(&alone, "not back");
			add_part(out, (struct measured_part){.name = group->layer});
			continue;
		}
		buf_printf(&alone, "%.2f s", (double)(back - layers->start_ns) / 1e9);
		/* a layer is asked only so often */
		back = back > at_ns ? at_ns : back;
		add_part(out, part_between(group->layer, so_far, back > so_far ? back : so_far));
		so_far = back > so_far ? back : so_far;
	}
	if (at_ns != TIME_NEVER)
		add_part(out, part_between("clients", so_far, at_ns));
	out->note = arena_strdup(arena, buf_str(&alone));
	buf_release(&alone);
}

/* ---- the time of one layer alone --------------------------------------------------------- */

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct layers l = {.view = &view, .region = question->region};
	const struct client_group *group = NULL;
	const struct fault_window *window;
	uint64_t at;

	out->n_what = "failover";
	if (question->filter == FILTER_GROUP && question->group >= 0)
		group = &evidence->plan->groups[question->group];
	if (!group || !group->layer)
		return measured_nothing(out, "say for which group, one that has a line layer:");
	out->fault = primary_fault(&view);
	if (out->fault < 0 || !evidence->faults[out->fault].in_force_ns)
		return measured_nothing(out, "no fault was in force");
	window = &evidence->faults[out->fault];
	l.effects = &evidence->plan->faults[out->fault].effects;
	l.start_ns = window->in_force_ns;
	l.end_ns = window->gone_ns ? window->gone_ns : evidence->end_ns;
	at = back_at(arena, &l, group, !group->write_rate_uhz);
	out->n = out->episodes = 1;
	out->status = at == TIME_NEVER ? MEASURED_CENSORED : MEASURED_VALUE;
	out->value = (double)((at == TIME_NEVER ? l.end_ns : at) - l.start_ns);
	if (at == TIME_NEVER)
		out->why =
			arena_printf(arena, "%s was not there again within the %.1f s of the fault",
				group->layer, out->value / 1e9);
	out->note = "this run, one failover (a claim at 95 % needs more: repeat)";
}

/* What was asked of the layer while the fault is in force fails. */
static bool spoil(struct evidence *copy, struct index *index, const struct view *view, uint32_t i)
{
	struct op *op = &copy->history.ops[i];
	const struct client_group *group = view_group(copy->plan, op->session);
	bool in_force = false;

	(void)index;
	for (size_t f = 0; f < copy->plan->n_faults; f++) {
		const struct fault_window *w = &copy->faults[f];

		in_force |= w->in_force_ns && op->call_ns >= w->in_force_ns &&
			(!w->gone_ns || op->call_ns < w->gone_ns);
	}
	if (!in_force || op->state != OP_OK || !op_is_session(op) || !group ||
		view->question->filter != FILTER_GROUP ||
		group != &copy->plan->groups[view->question->group])
		return false;
	op->state = OP_FAIL;
	return true;
}

const struct checker_ops checker_layers = {
	.name = "layers",
	.help = "when what stands between clients and data was there again, each layer alone",
	.measure = measure,
	.spoil = spoil,
	.spoils_in_a_row = true,
};
