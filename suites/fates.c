#include "suites/fates.h"
#include "fixtures/base/arena.h"
#include "suites/judge/ops.h"
#include "suites/judge/readback.h"
#include "suites/judge/view.h"

#include <inttypes.h>
#include <stdio.h>

static const char *fate_name(const struct readback *rb, const struct op *write)
{
	static const char *const names[] = {[FATE_KEPT] = "kept",
		[FATE_LOST] = "lost",
		[FATE_MISSING] = "missing",
		[FATE_UNREAD] = "undecided"};

	return rb->view->evidence->converged ? names[readback_fate(rb, write)] : "undecided";
}

static void print_write(
	FILE *out, struct arena *arena, const struct readback *rb, const struct op *op)
{
	const struct plan *plan = rb->view->evidence->plan;
	char key[OP_KEY_TEXT];

	op_key_text(op->key, key);
	fprintf(out, "%s\t%" PRIu64 "\t%s\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%s\t%s\n", key,
		op->value, view_session_name(arena, plan, op), view_region_name(plan, op->region),
		op->node < plan->n_endpoints ? view_node_name(plan, op->node) : "-", op->call_ns,
		op->ret_ns, op->state == OP_OK ? "ok" : "unknown", fate_name(rb, op));
}

static void print_key(FILE *out, struct arena *arena, struct readback *rb, uint32_t dense_key)
{
	const struct index *index = rb->view->index;
	struct span writes = index_writes(index, dense_key);

	readback_key(rb, dense_key);
	for (uint32_t i = writes.first; i < writes.end; i++)
		print_write(out, arena, rb, &index->ops[index->writes[i]]);
}

int fates_write(
	struct arena *arena, const struct evidence *evidence, const char *run_dir, struct err *err)
{
	struct question all = {
		.group = -1, .phase = -1, .region = -1, .from = -1, .to = -1, .filter = FILTER_ALL};
	struct view view = view_of(evidence, &all);
	struct readback *rb = readback_new(arena, &view, evidence->quiet_ns, TIME_NEVER);
	const char *path = arena_printf(arena, "%s/ledger.tsv", run_dir);
	FILE *out = NULL;

	for (uint32_t k = 0; k < view.index->n_keys; k++) {
		struct span writes = index_writes(view.index, k);

		if (op_key_class(view.index->keys[k]) != KEY_LEDGER || writes.first == writes.end)
			continue;
		if (!out) {
			out = fopen(path, "we");
			if (!out)
				return err_sys(err, "cannot write %s", path);
			fputs("key\tvalue\tsession\tregion\tnode\tcall_ns\tret_ns\toutcome\tfate\n",
				out);
		}
		print_key(out, arena, rb, k);
	}
	return out && fclose(out) ? err_sys(err, "cannot write %s", path) : 0;
}
