/*
 * edge_refused: did edges go on answering for as long as stale-if-error says?
 *
 * A body tells when its copy was fetched at the earliest: not before its value was written. A read that
 * was not answered while the edge was cut off from its origin convicts it where the last body that it
 * had handed out for the key was, at the end of that read, surely within max-age and stale-if-error:
 * it had a copy that it was told to hand out.
 */
#include "suites/judge/checkers.h"
#include "suites/judge/edge.h"

/* Ages of HTTP are whole seconds. */
#define SLACK_NS UINT64_C(1000000000)

struct refusals {
	struct arena scratch;
	struct view view;
	uint32_t *previous;
};

static void begin(
	struct refusals *r, const struct evidence *evidence, const struct question *question)
{
	r->view = view_of(evidence, question);
	r->previous = edge_previous(&r->scratch, &r->view);
}

/* Is it a read that the edge had to answer? *copy: the write of the body that it had. */
static bool must_answer(const struct refusals *r, uint32_t i, uint32_t *copy)
{
	const struct index *index = r->view.index;
	const struct op *op = &index->ops[i];
	const struct client_group *group;

	if (r->previous[i] == OP_NONE ||
		!edge_is_cut_off(r->view.evidence, op->region, op->call_ns))
		return false;
	*copy = index->write_of[r->previous[i]];
	if (*copy == OP_NONE)
		return false;
	group = view_group(r->view.evidence->plan, op->session);
	return op_end(op) - index->ops[*copy].call_ns + SLACK_NS <=
		group->max_age_ns + group->if_error_ns;
}

static void convict(struct arena *arena, const struct refusals *r, uint32_t i, uint32_t copy,
	struct measurement *out)
{
	const struct index *index = r->view.index;
	double age_ns = (double)(op_end(&index->ops[i]) - index->ops[copy].call_ns);
	struct finding *finding = finding_add(arena, out, -age_ns); /* the youngest first */

	if (!finding)
		return;
	finding_ops(&r->view, finding, (uint32_t[]){copy, r->previous[i], i}, 3);
	finding->reason = arena_printf(arena,
		"the edge had a copy of at most %.0f ms, and gave no answer; max-age and "
		"stale-if-error let it",
		age_ns / 1e6);
}

static void measure(struct arena *arena, const struct evidence *evidence,
	const struct question *question, struct measurement *out)
{
	struct refusals r = {0};
	uint32_t copy;

	begin(&r, evidence, question);
	for (uint32_t i = 0; i < r.view.index->n; i++) {
		if (!must_answer(&r, i, &copy))
			continue;
		out->n++;
		if (r.view.index->ops[i].state != OP_OK)
			convict(arena, &r, i, copy, out);
	}
	arena_release(&r.scratch);
	out->status = MEASURED_VALUE;
	out->value = (double)out->total_findings;
	out->n_what = "reads of edges cut off from their origin, with a copy within the windows";
	if (!out->n)
		measured_nothing(out,
			"no edge was read that a fault had cut off from its origin and that had a copy "
			"within max-age and stale-if-error");
}

static bool plant(struct arena *arena, struct evidence *copy, const struct question *question,
	struct rng *rng, uint64_t size_ns)
{
	struct refusals r = {0};
	uint32_t n = (uint32_t)copy->history.n, start = n ? (uint32_t)rng_below(rng, n) : 0, body;
	bool done = false;

	(void)arena;
	(void)size_ns;
	begin(&r, copy, question);
	for (uint32_t k = 0; k < n && !done; k++) {
		uint32_t i = (start + k) % n;

		if (must_answer(&r, i, &body) && copy->history.ops[i].state == OP_OK) {
			copy->history.ops[i].state = OP_UNKNOWN;
			copy->history.ops[i].error = OP_ERROR_UNAVAILABLE;
			done = true;
		}
	}
	arena_release(&r.scratch);
	return done;
}

const struct checker_ops checker_edge_refused = {
	.name = "edge-refused",
	.help = "reads that edges left unanswered though they had a copy within stale-if-error",
	.measure = measure,
	.plant = plant,
	.plant_classes = 1u << KEY_REGISTER,
};
