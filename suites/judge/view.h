/*
 * view: which operations a question counts, and where its answer is collected.
 *
 * A phase is half-open by intended start. Region is where the client was. Groups are ranges of
 * session numbers. With `untainted` the operations that overlap a stall are left out: a verdict that
 * changes by that hangs on them.
 */
#ifndef SUITES_JUDGE_VIEW_H
#define SUITES_JUDGE_VIEW_H

#include "suites/judge/checker.h"
#include "suites/judge/index.h"
#include "suites/judge/ops.h"

struct view {
	const struct evidence *evidence;
	const struct index *index;
	const struct question *question;
	uint64_t start_ns, end_ns;           /* of the phase */
	uint32_t first_session, end_session; /* of the group */
	bool started;                        /* the phase began */
	bool no_asides; /* some groups do not ask the system for data, and the question is about that */
	bool everything; /* nothing is filtered out */
};

struct view view_of(const struct evidence *evidence, const struct question *question);
/* The phase and taint alone; for instants of other things than operations the phase. */
bool view_in_phase(const struct view *view, uint64_t at_ns);
bool view_tainted(const struct view *view, uint32_t op);
/* Phase, class, group, region, taint of a session's operation. Says nothing about its outcome. Lookups of
 * names, and what asks one layer alone, count where the metric or the group asks for them. */
bool view_counts_filtered(const struct view *view, uint32_t op);
static inline bool view_counts(const struct view *view, uint32_t op)
{
	return view->everything ? op_is_session(&view->index->ops[op])
				: view_counts_filtered(view, op);
}
/* The same for an operation of the ticker (group does not apply). */
bool view_counts_tick(const struct view *view, uint32_t op);
/* The group a session belongs to; NULL: none. */
const struct client_group *view_group(const struct plan *plan, uint32_t session);

/* "us-east/2", "ticker of eu-west", "read-back in eu-west" */
const char *view_session_name(struct arena *arena, const struct plan *plan, const struct op *op);
const char *view_region_name(const struct plan *plan, unsigned region);
const char *view_node_name(const struct plan *plan, unsigned node);

/* Count one finding. Where it is among the worst so far the caller gets it, to fill its operations
 * (in any order; NULL otherwise, so that nobody formats a million sentences). */
struct finding *finding_add(struct arena *arena, struct measurement *out, double severity);
/* Fill in operations, sort them by call, note taint. OP_NONE is left out. */
void finding_ops(const struct view *view, struct finding *finding, const uint32_t *ops, unsigned n);

/* The measurement says nothing, and why. */
void measured_nothing(struct measurement *out, const char *why);

#endif
