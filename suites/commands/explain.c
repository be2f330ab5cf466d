/* explain: one row in full, whatever table it is in. */
#include "chaos/engines/engine.h"
#include "chaos/faults/fault.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/param.h"
#include "probes/drivers/driver.h"
#include "probes/group.h"
#include "suites/commands/catalogue.h"
#include "suites/commands/command.h"
#include "suites/judge/checker.h"
#include "suites/metric.h"

#include <string.h>

#define WIDTH 88

/* The text broken at blanks, indented. */
static void put_wrapped(struct buf *out, const char *text)
{
	bool first = true;
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " \n");

		if (column && column + 1 + len > WIDTH)
			column = 0;
		if (len)
			buf_printf(out,
				column          ? " %.*s"
					: first ? "  %.*s"
						: "\n  %.*s",
				(int)len, text);
		first &= !len;
		column += len ? len + 1 : 0;
		text += len + (text[len] != '\0');
	}
	buf_puts(out, "\n");
}

static void put_rows(struct buf *out, const char *title, const struct param *rows)
{
	if (!rows || !rows->name)
		return;
	buf_printf(out, "\n%s\n", title);
	for (; rows->name; rows++) {
		buf_printf(out, "  %-20s %-9s", rows->name, param_type_name(rows->type));
		buf_printf(out, " %-14s %s", rows->fallback ? rows->fallback : "-", rows->help);
		for (size_t i = 0; rows->choices && rows->choices[i]; i++)
			buf_printf(out, "%s%s", i ? ", " : ": ", rows->choices[i]);
		buf_puts(out, "\n");
	}
}

static void put_clauses(struct buf *out, unsigned takes)
{
	static const struct {
		unsigned bit;
		const char *clause;
	} rows[] = {
		{TAKES_CLASS, "for reads|writes"},
		{TAKES_GROUP, "for CLIENTS"},
		{TAKES_PHASE, "in PHASE"},
		{TAKES_REGION, "at REGION, at each region"},
		{TAKES_PAIR, "from REGION to REGION"},
		{NEEDS_PAIR, "(a pair is needed)"},
	};

	buf_puts(out, "  clauses: ");
	for (size_t i = 0, n = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (takes & rows[i].bit)
			buf_printf(out, "%s%s", n++ ? "; " : "", rows[i].clause);
	}
	buf_puts(out, "; warn OP value; confidence 95%\n");
}

static bool explain_metric(const char *name, struct buf *out)
{
	const struct metric *metric = metric_find(name);

	if (!metric)
		return false;
	buf_printf(out, "metric %s: %s\n\n", name, metric->help);
	put_wrapped(out, metric->counts);
	buf_printf(out, "\n  unit: %s\n  statistics:",
		metric->unit == PARAM_COUNT ? "a whole number, such as 0"
					    : param_type_example(metric->unit));
	for (int i = 0; i < STATS; i++) {
		if (metric->stats & (1u << i))
			buf_printf(out, " %s",
				i ? metric_stat_name((enum metric_stat)i) : "(the value itself)");
	}
	buf_puts(out, "\n");
	put_clauses(out, metric->takes);
	buf_printf(out, "  checker: %s\n", metric->checker);
	if (metric->needs_fault)
		buf_puts(out, "  void where the fault it hangs on was not in force\n");
	if (metric->needs_quiet)
		buf_puts(out, "  needs a quiet phase behind the last fault\n");
	if (metric->is_bound_of_fault)
		buf_puts(out, "  its bound must be below the length of the fault\n");
	return true;
}

static bool explain_fault(const char *name, struct buf *out)
{
	const struct fault_ops *fault = fault_find(name);

	if (!fault)
		return false;
	buf_printf(out, "fault %s: %s\n\n", name, fault->help);
	buf_printf(out, "  { at: 15s, %s: ..., for: 20s, name: NAME }\n\n", name);
	put_wrapped(out, fault->subject_help);
	if (fault->proof) {
		buf_puts(out, "  in force when:\n");
		put_wrapped(out, fault->proof);
	}
	if (fault->stages)
		put_rows(out, "pattern (default; help)", fault_pattern_params);
	if (fault->node_params)
		put_rows(out, "parameters (default; help)", fault->node_params);
	if (fault->takes_impairment)
		put_rows(out, "parameters (default; help)", impairment_params);
	if (fault->takes_match)
		put_rows(out, "only some packets (default; help)", match_params);
	if (fault->takes_reject)
		put_rows(out, "instead of silence (default; help)", fault_cut_params);
	return true;
}

static bool explain_driver(const char *name, struct buf *out)
{
	static const char *const cans[] = {"answers carry versions", "a read may demand a version",
		"answers claim an age", "answers name the node", "answers carry an epoch",
		"nodes tell their role", "deletes", "compare-and-set", "looks names up", "TLS",
		"connections begin with a handshake", "an edge can be asked to drop a copy",
		"answers say whether an edge had one"};
	const struct driver_ops *driver = driver_find(name);

	if (!driver)
		return false;
	buf_printf(out, "driver %s: %s\n\n  can:", name, driver->help);
	for (size_t i = 0, n = 0; i < sizeof(cans) / sizeof(*cans); i++) {
		if (driver->can >> i & 1)
			buf_printf(out, "%s %s", n++ ? "," : "", cans[i]);
	}
	buf_puts(out, "\n");
	put_rows(out, "parameters of a group with this driver (default; help)", driver->params);
	put_rows(out, "parameters of every group (default; help)", group_params);
	return true;
}

static bool explain_engine(const char *name, struct buf *out)
{
	const struct engine_ops *engine = engine_find(name);

	if (engine)
		buf_printf(out, "engine %s: %s\n", name, engine->help);
	return engine != NULL;
}

static bool explain_checker(const char *name, struct buf *out)
{
	const struct checker_ops *checker = checker_find(name);

	if (!checker)
		return false;
	buf_printf(out, "checker %s: %s\n\nfeeds\n", name, checker->help);
	for (int i = 0; i < METRICS; i++) {
		if (!strcmp(metrics[i].checker, name))
			buf_printf(out, "  %-32s %s\n", metrics[i].name, metrics[i].help);
	}
	return true;
}

static bool explain_recipe(const char *share, const char *name, struct buf *out)
{
	struct arena arena = {0};
	struct recipe recipe;
	bool ok = catalogue_recipe(&arena, share, name, &recipe);

	if (ok) {
		buf_printf(out, "recipe %s (%s)\n\n", name, recipe.path);
		put_wrapped(out, recipe.about);
		buf_puts(out, "\nparameters for `with:` (default; help)\n");
	}
	for (size_t i = 0; ok && i < recipe.n_with; i++) {
		const struct recipe_with *with = &recipe.with[i];

		buf_printf(out, "  %-20s %-14s %s", with->name, *with->value ? with->value : "-",
			with->help);
		for (size_t k = 0; with->choices && with->choices[k]; k++)
			buf_printf(out, "%s%s", k ? ", " : ": ", with->choices[k]);
		buf_puts(out, "\n");
	}
	arena_release(&arena);
	return ok;
}

static int no_such(const char *name, struct err *err)
{
	const char *names[METRICS], *near;

	for (int i = 0; i < METRICS; i++)
		names[i] = metrics[i].name;
	near = param_nearest(name, names, METRICS);
	return err_exit(err, EXIT_USAGE, "nothing is called \"%.60s\"%s%s%s", name,
		near ? "; did you mean " : "", near ? near : "",
		near ? "?" : "; see regionproof list --help");
}

/* One name may stand in several tables (latency is a metric and a checker): all are shown. */
int cmd_explain(const struct args *args, struct err *err)
{
	static bool (*const tables[])(const char *name, struct buf *out) = {
		explain_metric, explain_fault, explain_driver, explain_engine, explain_checker};
	const char *name = args->operands[0];
	struct buf out = {0};
	int rc, found = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		struct buf one = {0};

		if (tables[i](name, &one))
			buf_printf(&out, "%s%s", found++ ? "\n" : "", buf_str(&one));
		buf_release(&one);
	}
	if (!found)
		found = explain_recipe(args->values[OPTION_SHARE], name, &out);
	rc = found ? print_out(&out, err) : no_such(name, err);
	buf_release(&out);
	return rc;
}
