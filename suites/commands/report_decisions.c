#include "suites/commands/report_decisions.h"
#include "chaos/engines/decisions.h"
#include "suites/commands/run_store.h"
#include "suites/plan.h"

#include <stdio.h>

static void put_decision(
	const struct plan *plan, unsigned from, const struct decision *d, struct buf *out)
{
	const char *to = d->to < plan->n_regions ? plan->regions[d->to].name : "?";

	buf_printf(out, "%s\t%s\t%u\t%u\t%s", plan->regions[from].name, to, d->index, d->change,
		d->what & DECISION_LOST ? "drop" : "pass");
	if (d->what & DECISION_DUPLICATED)
		buf_puts(out, "+duplicate");
	if (d->what & DECISION_OVERTAKES)
		buf_puts(out, "+overtake");
	if (d->what & DECISION_CORRUPT)
		buf_puts(out, "+corrupt");
	buf_printf(out, "\t%.6f\n", (double)d->delay_ns / 1e6);
}

static int put_region(
	const struct plan *plan, const char *dir, unsigned region, struct buf *out, struct err *err)
{
	struct decisions log;
	char path[1300];

	snprintf(path, sizeof(path), "%s/record/%s/%s", dir, plan->regions[region].name,
		DECISIONS_FILE);
	if (decisions_open(&log, path, err))
		return -1;
	for (uint64_t i = 0; i < log.n; i++)
		put_decision(plan, region, &log.records[i], out);
	if (log.head->left_out)
		buf_printf(out, "# %s: %llu more did not fit\n", plan->regions[region].name,
			(unsigned long long)log.head->left_out);
	decisions_release(&log);
	return 0;
}

int report_decisions(const char *dir, const char *share, struct buf *out, struct err *err)
{
	struct plan *plan = run_store_plan(dir, share, err);
	int rc = plan ? 0 : -1;

	buf_puts(out, "from\tto\tpacket\tchange\tdecision\tdelay_ms\n");
	for (unsigned r = 0; plan && r < plan->n_regions && !rc; r++)
		rc = put_region(plan, dir, r, out, err);
	if (rc && plan)
		err_exit(err, EXIT_USAGE, "the run in %.200s kept no decisions (run --decisions)",
			dir);
	plan_free(plan);
	return rc;
}
