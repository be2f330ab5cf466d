#include "suites/commands/report_op.h"
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "reports/writers/text.h"
#include "suites/expect_text.h"
#include "suites/commands/run_store.h"
#include "suites/judge/view.h"

#include <stdio.h>

#define AROUND 8 /* on the same key, before and after */

static void put_op(
	struct arena *arena, const struct evidence *evidence, size_t i, bool asked, struct buf *out)
{
	const struct op *op = &evidence->history.ops[i];

	buf_printf(out, "%s %9zu  ", asked ? ">" : " ", i);
	text_seconds(out, op->call_ns, 4);
	buf_puts(out, " s  ");
	if (op->ret_ns > op->call_ns)
		buf_printf(out, "%8.1f ms  ", (double)(op->ret_ns - op->call_ns) / 1e6);
	else
		buf_puts(out, "  no answer  ");
	buf_printf(out, "%-7s  ", op_state_name(op->state));
	text_pad(out, view_session_name(arena, evidence->plan, op), false, 18);
	buf_puts(out, "  ");
	text_clean(out, expect_text_op(arena, evidence, op), false);
	buf_addc(out, '\n');
}

/* The first of at most AROUND operations on the key before number i. */
static size_t first_around(const struct history *history, size_t i)
{
	size_t first = i, n = 0;

	for (size_t at = i; at > 0 && n < AROUND; at--) {
		if (history->ops[at - 1].key == history->ops[i].key) {
			first = at - 1;
			n++;
		}
	}
	return first;
}

static void put_around(
	struct arena *arena, const struct evidence *evidence, size_t i, struct buf *out)
{
	const struct history *history = &evidence->history;
	size_t after = 0;

	buf_puts(out, "  operation     called     answered  outcome  session             what\n");
	for (size_t at = first_around(history, i); at < history->n && after < AROUND; at++) {
		if (history->ops[at].key != history->ops[i].key)
			continue;
		put_op(arena, evidence, at, at == i, out);
		after += at > i;
	}
}

int report_op(const char *dir, const char *share, uint64_t number, struct buf *out, struct err *err)
{
	char record[1200];
	struct evidence evidence = {0};
	struct arena arena = {0};
	struct plan *plan = run_store_plan(dir, share, err);
	int rc = -1;

	snprintf(record, sizeof(record), "%s/record", dir);
	if (plan && !history_load_dir(&evidence.history, record, err)) {
		evidence.plan = plan;
		rc = number < evidence.history.n
			? 0
			: err_exit(err, EXIT_USAGE, "the run has operations 0 to %zu, not %llu",
				  evidence.history.n ? evidence.history.n - 1 : 0,
				  (unsigned long long)number);
		if (!rc)
			put_around(&arena, &evidence, (size_t)number, out);
	}
	history_release(&evidence.history);
	plan_free(plan);
	arena_release(&arena);
	return rc;
}
