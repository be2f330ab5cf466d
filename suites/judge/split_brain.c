/*
 * split brain: two nodes that acknowledged writes which only one may take.
 *
 * By performing node, not by the client's region: a node that forwards is no second primary. With
 * terms in the answers, a node A is convicted by an acknowledgement called after the first one of
 * another node B in the same or a newer term had returned. Without terms a node has its turn from
 * its first acknowledgement on, and A is convicted only while B goes on: after B's first and before
 * B's last acknowledgement, so that a fail-back is no split brain.
 *
 * The window begins when B's first acknowledgement returned and ends with the last one of A.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/ops.h"
#include "suites/judge/view.h"

/* Acknowledgements of one node in one term (term 0: answers name none). */
struct term {
	uint32_t epoch;
	unsigned node;
	uint32_t first; /* the acknowledgement that returned first */
	uint64_t first_ret_ns, last_call_ns;
};

struct brain {
	struct arena *arena;
	const struct view *view;
	struct measurement *out;
	struct term *terms;
	size_t n_terms;
	bool with_terms;
	uint64_t after_gone; /* convicted acknowledgements after the fault was gone */
};

/* Every acknowledged write counts, whatever the question's phase: who came first does. */
static bool is_ack(const struct op *op)
{
	return op_is_write(op) && op->state == OP_OK && op->node != OP_NODE_UNKNOWN &&
		!(op->flags & OP_VIA_PROXY);
}

/* Of every acknowledgement? */
static bool names_terms(const struct index *index)
{
	for (uint32_t i = 0; i < index->n; i++) {
		if (is_ack(&index->ops[i]) && !(index->ops[i].flags & OP_HAS_EPOCH))
			return false;
	}
	return true;
}

static void gather_terms(struct brain *b)
{
	const struct index *index = b->view->index;

	b->with_terms = names_terms(index);
	for (uint32_t i = 0; i < index->n; i++) {
		const struct op *op = &index->ops[i];
		uint32_t epoch = b->with_terms ? op->epoch : 0;
		size_t t = b->n_terms;

		if (!is_ack(op))
			continue;
		while (t > 0 &&
			(b->terms[t - 1].node != op->node || b->terms[t - 1].epoch != epoch))
			t--;
		if (!t) {
			*ARENA_PUSH(b->arena, b->terms, b->n_terms) = (struct term){.epoch = epoch,
				.node = op->node,
				.first = i,
				.first_ret_ns = op->ret_ns};
			t = b->n_terms;
		}
		if (op->ret_ns < b->terms[t - 1].first_ret_ns) {
			b->terms[t - 1].first_ret_ns = op->ret_ns;
			b->terms[t - 1].first = i;
		}
		b->terms[t - 1].last_call_ns = op->call_ns;
	}
}

/* The other node's term that convicts the acknowledgement, the one that began first. */
static const struct term *convicting_term(const struct brain *b, const struct op *op)
{
	const struct term *best = NULL;

	for (size_t t = 0; t < b->n_terms; t++) {
		const struct term *term = &b->terms[t];
		bool later =
			b->with_terms ? term->epoch >= op->epoch : op->call_ns < term->last_call_ns;

		if (term->node == op->node ||
			term->first_ret_ns + b->view->index->unsure_ns >= op->call_ns || !later)
			continue;
		if (!best || term->first_ret_ns < best->first_ret_ns)
			best = term;
	}
	return best;
}

/* Without terms both alternate and would convict each other: the one that began later is B. */
static bool began_before(const struct brain *b, const struct op *op, const struct term *other)
{
	for (size_t t = 0; t < b->n_terms; t++) {
		if (b->terms[t].node == op->node)
			return b->terms[t].first_ret_ns < other->first_ret_ns;
	}
	return false;
}

static bool is_gone(const struct evidence *evidence, uint64_t at_ns)
{
	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		if (evidence->faults[f].gone_ns && at_ns >= evidence->faults[f].gone_ns)
			return true;
	}
	return false;
}

static void convict(struct brain *b, uint32_t ack, const struct term *term)
{
	const struct op *op = &b->view->index->ops[ack];
	double length = (double)(op->ret_ns - term->first_ret_ns);
	struct finding *finding = finding_add(b->arena, b->out, length);

	b->after_gone += is_gone(b->view->evidence, op->call_ns);
	if (length > b->out->value)
		b->out->value = length;
	if (!finding)
		return;
	finding_ops(b->view, finding, (uint32_t[]){term->first, ack}, 2);
	finding->reason = b->with_terms
		? arena_printf(b->arena,
			  "%s acknowledged in term %u, %.3f s after %s had acknowledged in "
			  "term %u",
			  view_node_name(b->view->evidence->plan, op->node), op->epoch,
			  (double)(op->call_ns - term->first_ret_ns) / 1e9,
			  view_node_name(b->view->evidence->plan, term->node), term->epoch)
		: arena_printf(b->arena,
			  "%s acknowledged %.3f s after %s had begun to, which went on",
			  view_node_name(b->view->evidence->plan, op->node),
			  (double)(op->call_ns - term->first_ret_ns) / 1e9,
			  view_node_name(b->view->evidence->plan, term->node));
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct view view = view_of(evidence, question);
	struct brain b = {.arena = arena, .view = &view, .out = out};

	out->status = MEASURED_VALUE;
	out->n_what = "acknowledged writes of a known node";
	gather_terms(&b);
	for (uint32_t i = 0; i < view.index->n; i++) {
		const struct op *op = &view.index->ops[i];
		const struct term *term;

		if (!is_ack(op) || !view_in_phase(&view, op_intended(op)))
			continue;
		out->n++;
		term = b.n_terms > 1 ? convicting_term(&b, op) : NULL;
		if (term && (b.with_terms || began_before(&b, op, term)))
			convict(&b, i, term);
	}
	if (!out->n)
		return measured_nothing(out, "no acknowledgement named the node that performed it");
	if (out->total_findings)
		out->note = arena_printf(arena,
			"%llu acknowledgements on the old side, %llu of them after a fault was gone",
			(unsigned long long)out->total_findings, (unsigned long long)b.after_gone);
	else
		out->note = b.with_terms ? "by terms" : "the answers name no terms; by turns";
}

/* An acknowledgement of the node that made the first one, which goes on after it; OP_NONE: none. */
static uint32_t draw_ack(const struct evidence *copy, const struct view *view, struct rng *rng)
{
	const struct op *first = NULL;
	uint32_t n = (uint32_t)copy->history.n, last = OP_NONE, drawn = OP_NONE;
	uint64_t candidates = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct op *op = &copy->history.ops[i];

		if (!is_ack(op))
			continue;
		if (first && op->node == first->node && op->call_ns > first->ret_ns)
			last = i;
		first = first ? first : op;
	}
	for (uint32_t i = 0; i < n && last != OP_NONE; i++) {
		const struct op *op = &copy->history.ops[i];

		if (is_ack(op) && op->call_ns > first->ret_ns && i < last &&
			op->node == first->node && view_in_phase(view, op_intended(op)) &&
			rng_below(rng, ++candidates) == 0)
			drawn = i;
	}
	return drawn;
}

/* Where answers name no terms the other node must go on after the first one has, too. */
static bool let_go_on(struct evidence *copy, const struct view *view, uint32_t ack, unsigned first)
{
	struct op *ops = copy->history.ops;
	uint64_t from_ns = ops[ack].ret_ns + copy->index->unsure_ns;
	uint32_t between = OP_NONE;

	for (uint32_t i = ack + 1; i < copy->history.n; i++) {
		if (!is_ack(&ops[i]) || ops[i].node != first)
			continue;
		if (between != OP_NONE && ops[i].call_ns > ops[between].call_ns) {
			ops[i].node = ops[ack].node;
			return true;
		}
		if (ops[i].call_ns > from_ns && view_in_phase(view, op_intended(&ops[i])))
			between = i;
	}
	return false;
}

/* Another node acknowledges in between, in the same term; the first goes on after it. */
static bool plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns)
{
	struct view view = view_of(copy, question);
	uint32_t ack = draw_ack(copy, &view, rng);
	unsigned first;

	(void)arena;
	(void)size_ns;
	if (ack == OP_NONE)
		return false;
	first = copy->history.ops[ack].node;
	copy->history.ops[ack].node = first ? 0 : 1;
	return names_terms(copy->index) || let_go_on(copy, &view, ack, first);
}

const struct checker_ops checker_split_brain = {
	.name = "split_brain",
	.help = "two nodes that acknowledged writes which only one may take",
	.measure = measure,
	.plant = plant,
};
