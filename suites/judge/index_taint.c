/* index_taint: operations that overlap a stall of their machine or prober, or were late by one. */
#include "suites/judge/evidence.h"
#include "suites/judge/index_parts.h"
#include "suites/judge/ops.h"

#include <stdlib.h>

/* First operation called at or after the instant. */
static uint32_t first_called(const struct index *index, uint64_t at_ns)
{
	uint32_t low = 0, high = index->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (index->ops[middle].call_ns < at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* region -1: those of all. A held beacon stands for the machine, which the regions share, and the
 * node that answered may be the one that waited; a held prober spoils its own operations only. */
static void taint_by(
	struct index *index, const struct stall *stall, int region, uint64_t longest_ns)
{
	uint64_t end = stall->at_ns + stall->length_ns;
	uint32_t i = first_called(index, stall->at_ns > longest_ns ? stall->at_ns - longest_ns : 0);

	for (; i < index->n && op_intended(&index->ops[i]) < end + longest_ns; i++) {
		const struct op *op = &index->ops[i];

		if ((region < 0 || op->region == region) && op_intended(op) < end &&
			op_end(op) > stall->at_ns)
			index->tainted[i] = true;
	}
}

static uint64_t longest_op_ns(const struct index *index)
{
	uint64_t longest_ns = 0;

	for (uint32_t i = 0; i < index->n; i++) {
		uint64_t length = op_end(&index->ops[i]) - op_intended(&index->ops[i]);

		longest_ns = length > longest_ns ? length : longest_ns;
	}
	return longest_ns;
}

#define LATE_US 1000

/* A session that was held is behind, and catches up slot by slot: what it still begins late is the
 * stall's doing as well. */
static void taint_backlog(struct index *index)
{
	uint32_t *by_session = index_by_session(index);

	for (uint32_t s = 0; s + 1 < index->n_sessions; s++) { /* the last group is no session */
		struct span span = index_session(index, s);

		for (uint32_t k = span.first + 1; k < span.end; k++) {
			uint32_t i = by_session[k];

			if (index->tainted[by_session[k - 1]] && index->ops[i].late_us > LATE_US)
				index->tainted[i] = true;
		}
	}
	free(by_session);
}

void index_mark_tainted(struct arena *arena, struct index *index, const struct evidence *evidence)
{
	const struct stalls *machine = &evidence->stalls, *probers = &evidence->prober_stalls;
	uint64_t longest_ns;

	if (!machine->n && !probers->n)
		return;
	index->tainted = arena_array(arena, index->n, sizeof(*index->tainted));
	longest_ns = longest_op_ns(index);
	for (size_t i = 0; i < machine->n; i++)
		taint_by(index, &machine->stalls[i], -1, longest_ns);
	for (size_t i = 0; i < probers->n; i++)
		taint_by(index, &probers->stalls[i], (int)probers->stalls[i].region, longest_ns);
	taint_backlog(index);
}
