/*
 * A fault that somebody else made. No packet of ours proves it; the least that is asked is that clients saw
 * something while it lasted that they had not seen before: more operations than before that failed or had
 * no known outcome, or a node that performed writes and had performed none. Where they saw nothing, nothing shows
 * that it was there at all, and what hangs on it is void.
 */
#include "suites/certify.h"

#define FAILED_LEAST 3 /* one may be an accident */

struct seen {
	uint64_t all[2], bad[2]; /* before it, and while it lasted */
	bool wrote[2][256];
};

static bool is_bad(const struct op *op)
{
	return op->state == OP_FAIL || op->state == OP_UNKNOWN;
}

/* The first instant at which any fault was there: until then all is as it should be. */
static uint64_t calm_until_ns(const struct evidence *evidence, uint64_t from_ns)
{
	for (size_t f = 0; f < evidence->plan->n_faults; f++) {
		uint64_t sent_ns = evidence->faults[f].sent_ns;

		if (sent_ns && sent_ns < from_ns)
			from_ns = sent_ns;
	}
	return from_ns;
}

static void look(
	struct seen *seen, const struct evidence *evidence, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t calm_ns = calm_until_ns(evidence, from_ns);

	for (size_t i = 0; i < evidence->history.n; i++) {
		const struct op *op = &evidence->history.ops[i];
		int during = op->call_ns >= from_ns;

		if (op->call_ns >= to_ns || (!during && op->call_ns >= calm_ns) ||
			op->flags & OP_READBACK || op->state == OP_NOT_SENT)
			continue;
		seen->all[during]++;
		seen->bad[during] += is_bad(op);
		if (op->state == OP_OK && op->kind != OP_READ && op->node != OP_NODE_UNKNOWN)
			seen->wrote[during][op->node] = true;
	}
}

static bool has_new_writer(const struct seen *seen)
{
	bool any_before = false, new = false;

	for (unsigned i = 0; i < 256; i++) {
		any_before |= seen->wrote[0][i];
		new |= seen->wrote[1][i] && !seen->wrote[0][i];
	}
	return any_before && new;
}

static bool fails_more(const struct seen *seen)
{
	return seen->bad[1] >= FAILED_LEAST &&
		(double)seen->bad[1] * (double)seen->all[0] >
		(double)seen->bad[0] * (double)seen->all[1];
}

void certify_declared(struct arena *arena, struct evidence *evidence, size_t f)
{
	struct fault_window *window = &evidence->faults[f];
	uint64_t to_ns = window->undo_acked_ns ? window->undo_acked_ns : evidence->end_ns;
	struct seen *seen = arena_alloc(arena, sizeof(*seen));
	bool moved, failed;

	*seen = (struct seen){.all = {0}};
	look(seen, evidence, window->asked_ns, to_ns);
	moved = has_new_writer(seen);
	failed = fails_more(seen);
	window->certificate.status =
		moved || failed ? CERTIFICATE_DECLARED : CERTIFICATE_NOT_IN_FORCE;
	window->certificate.why = arena_printf(arena,
		"%s: %llu of %llu operations failed or had no known outcome while it lasted, %llu of "
		"%llu before%s",
		moved || failed ? "by the user, not proven by packets"
				: "the user declared it, and nothing that clients saw shows it",
		(unsigned long long)seen->bad[1], (unsigned long long)seen->all[1],
		(unsigned long long)seen->bad[0], (unsigned long long)seen->all[0],
		moved ? ", and a node took writes that had taken none" : "");
	if (!moved && !failed)
		return;
	window->certificate.in_force_ns = window->in_force_ns = window->asked_ns;
	window->certificate.gone_ns = window->gone_ns = window->undo_acked_ns;
}
