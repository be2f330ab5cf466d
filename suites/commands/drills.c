/*
 * drills: an untested disaster recovery is none. When did each scenario's failover last work?
 *
 * A drill is a run in which a failover was measured (an expectation on failover.* has a value and a
 * verdict); it passed where the whole run met its expectations. Exit 1 where the last passing drill
 * of a scenario is older than --max-age, or a scenario has drills and none passed; 2 where there is
 * no drill at all.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/param.h"
#include "fixtures/json/jv.h"
#include "reports/writers/text.h"
#include "suites/commands/run_store.h"

#include <string.h>

#define MAX_AGE "31d"

struct drill {
	const char *scenario;
	const struct ledger_run *last, *passed; /* newest; passed NULL: none */
	unsigned n;
	bool overdue;
};

/* runs: newest first. */
static struct drill *gather(struct arena *arena, const struct ledger_run *runs, size_t n,
	uint64_t max_age_ns, size_t *n_drills)
{
	uint64_t now = clock_wall_ns();
	struct drill *drills = NULL;

	*n_drills = 0;
	for (size_t i = 0; i < n; i++) {
		struct drill *d = NULL;

		for (size_t k = 0; k < *n_drills && !d; k++) {
			if (!strcmp(drills[k].scenario, runs[i].scenario))
				d = &drills[k];
		}
		if (!d) {
			d = ARENA_PUSH(arena, drills, *n_drills);
			d->scenario = runs[i].scenario;
			d->last = &runs[i];
		}
		d->n++;
		if (!d->passed && runs[i].exit_code == EXIT_OK)
			d->passed = &runs[i];
	}
	for (size_t k = 0; k < *n_drills; k++)
		drills[k].overdue = !drills[k].passed ||
			(now > drills[k].passed->wall_ns &&
				now - drills[k].passed->wall_ns > max_age_ns);
	return drills;
}

static void print_age(struct buf *out, uint64_t wall_ns)
{
	uint64_t now = clock_wall_ns();
	double hours = now > wall_ns ? (double)(now - wall_ns) / 3600e9 : 0;

	buf_printf(out, hours < 48 ? "%.1f hours ago" : "%.1f days ago",
		hours < 48 ? hours : hours / 24);
}

static void print_drills(const struct drill *drills, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct drill *d = &drills[i];

		buf_printf(out, "  %-8s ", d->overdue ? "OVERDUE" : "ok");
		text_pad(out, d->scenario, false, 34);
		buf_printf(out, " %3u drills  last passed ", d->n);
		if (d->passed)
			print_age(out, d->passed->wall_ns);
		else
			buf_puts(out, "never");
		buf_puts(out, ", last ");
		buf_puts(out, run_store_word(d->last->exit_code));
		buf_addc(out, ' ');
		print_age(out, d->last->wall_ns);
		buf_addc(out, '\n');
	}
	if (!n)
		buf_puts(out, "no failover was ever measured in this store\n");
}

static int print_drills_json(const struct drill *drills, size_t n, struct err *err)
{
	struct jv *json = json_head("drills"), *list = jv_new_array();
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct jv *row = jv_new_object();

		jv_set(row, "scenario", jv_new_string(drills[i].scenario));
		jv_set(row, "drills", jv_new_int(drills[i].n));
		jv_set(row, "overdue", jv_new_bool(drills[i].overdue));
		jv_set(row, "last", jv_new_string(drills[i].last->name));
		jv_set(row, "last_passed",
			drills[i].passed ? jv_new_string(drills[i].passed->name) : jv_new_null());
		jv_add(list, row);
	}
	jv_set(json, "scenarios", list);
	rc = print_json(json, err);
	jv_free(json);
	return rc;
}

static int max_age(const struct args *args, uint64_t *out, struct err *err)
{
	const char *text = args->values[OPTION_MAX_AGE] ? args->values[OPTION_MAX_AGE] : MAX_AGE;
	struct err why;

	if (!param_parse_value(PARAM_DURATION, text, out, &why))
		return 0;
	return err_exit(err, EXIT_USAGE, "--max-age: %s", why.text);
}

static int show(
	struct ledger *ledger, const struct args *args, struct arena *arena, struct err *err)
{
	struct ledger_filter filter = {.scenario = args->values[OPTION_SCENARIO],
		.variants = true,
		.exit_code = -1,
		.drills = true};
	struct ledger_run *runs;
	struct drill *drills;
	struct buf out = {0};
	uint64_t age_ns = 0;
	size_t n, n_drills;
	int rc, code;

	if (max_age(args, &age_ns, err) || ledger_runs(ledger, &filter, arena, &runs, &n, err))
		return -1;
	drills = gather(arena, runs, n, age_ns, &n_drills);
	code = n_drills ? EXIT_OK : EXIT_NO_VERDICT;
	for (size_t i = 0; i < n_drills; i++)
		code = drills[i].overdue ? EXIT_EXPECTATION : code;
	if (args_json(args)) {
		rc = print_drills_json(drills, n_drills, err);
	} else {
		print_drills(drills, n_drills, &out);
		rc = print_out(&out, err);
	}
	buf_release(&out);
	return rc ? -1 : code;
}

int cmd_drills(const struct args *args, struct err *err)
{
	struct ledger *ledger = run_store_open(args, err);
	struct arena arena = {0};
	int rc;

	if (!ledger)
		return -1;
	rc = show(ledger, args, &arena, err);
	arena_release(&arena);
	ledger_close(ledger);
	return rc;
}
