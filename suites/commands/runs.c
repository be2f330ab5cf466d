/* runs: what the store holds, newest first, or how one expectation went over time. */
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "reports/writers/text.h"
#include "suites/commands/run_store.h"

#include <string.h>

#define LIMIT 20

static struct jv *run_json(const struct ledger_run *run)
{
	struct jv *json = jv_new_object(), *tally = jv_new_object();

	jv_set(json, "run", jv_new_string(run->name));
	jv_set(json, "scenario", jv_new_string(run->scenario));
	jv_set(json, "wall_ns", jv_new_int((int64_t)run->wall_ns));
	jv_set(json, "duration_ns", jv_new_int((int64_t)run->duration_ns));
	jv_set(json, "exit_code", jv_new_int(run->exit_code));
	jv_set(json, "verdict", jv_new_string(run_store_word(run->exit_code)));
	jv_set(json, "drill", jv_new_bool(run->drill));
	jv_set(json, "engine", jv_new_string(run->engine));
	jv_set(json, "version", jv_new_string(run->version));
	for (enum verdict v = 0; v < VERDICTS; v++)
		jv_set(tally, verdict_name(v), jv_new_int(run->tally[v]));
	jv_set(json, "tally", tally);
	return json;
}

static void print_tally(struct buf *out, const struct ledger_run *run)
{
	bool any = false;

	for (enum verdict v = 0; v < VERDICTS; v++) {
		if (run->tally[v])
			buf_printf(out, "%s%u %s", any ? ", " : "", run->tally[v], verdict_name(v));
		any = any || run->tally[v];
	}
}

static void print_runs(
	struct arena *arena, const struct ledger_run *runs, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s  %-11s ", run_store_time(arena, runs[i].wall_ns),
			run_store_word(runs[i].exit_code));
		text_pad(out, runs[i].name, false, 44);
		buf_printf(out, " %6.1f s  ", (double)runs[i].duration_ns / 1e9);
		print_tally(out, &runs[i]);
		buf_addc(out, '\n');
	}
	if (!n)
		buf_puts(out, "no run is like that\n");
}

static int list_runs(struct ledger *ledger, const struct args *args, struct err *err)
{
	struct ledger_filter filter = {
		.scenario = args->values[OPTION_SCENARIO], .variants = true, .exit_code = -1};
	uint64_t limit = LIMIT;
	struct arena arena = {0};
	struct ledger_run *runs;
	struct buf out = {0};
	size_t n;
	int rc;

	if (args_number(args, OPTION_LIMIT, &limit, err))
		return -1;
	filter.limit = (size_t)limit;
	rc = ledger_runs(ledger, &filter, &arena, &runs, &n, err);
	if (!rc && args_json(args)) {
		struct jv *json = json_head("runs"), *list = jv_new_array();

		for (size_t i = 0; i < n; i++)
			jv_add(list, run_json(&runs[i]));
		jv_set(json, "runs", list);
		rc = print_json(json, err);
		jv_free(json);
	} else if (!rc) {
		print_runs(&arena, runs, n, &out);
		rc = print_out(&out, err);
	}
	buf_release(&out);
	arena_release(&arena);
	return rc;
}

/* --- one expectation over time --------------------------------------------------------------- */

static void print_trend(
	struct arena *arena, const struct ledger_value *values, size_t n, struct buf *out)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		most = values[i].has_value && values[i].value > most ? values[i].value : most;
	for (size_t i = 0; i < n; i++) {
		const struct ledger_value *v = &values[i];
		int bar = v->has_value && most > 0 ? (int)(v->value / most * 30 + 0.5) : 0;

		buf_printf(out, "%s  %-13s ", run_store_time(arena, v->wall_ns),
			verdict_name(v->verdict));
		text_pad(out, v->got, false, 14);
		buf_printf(out, " |%.*s\n", bar, "##############################");
	}
	if (!n)
		buf_puts(out, "no run of that scenario has it\n");
}

static struct jv *value_json(const struct ledger_value *v)
{
	struct jv *json = jv_new_object();

	jv_set(json, "run", jv_new_string(v->run));
	jv_set(json, "wall_ns", jv_new_int((int64_t)v->wall_ns));
	jv_set(json, "verdict", jv_new_string(verdict_name(v->verdict)));
	jv_set(json, "got", jv_new_string(v->got));
	jv_set(json, "value", v->has_value ? jv_new_real(v->value) : jv_new_null());
	jv_set(json, "low", v->has_interval ? jv_new_real(v->low) : jv_new_null());
	jv_set(json, "high", v->has_interval ? jv_new_real(v->high) : jv_new_null());
	return json;
}

static int show_trend(struct ledger *ledger, const struct args *args, struct err *err)
{
	const char *scenario = args->values[OPTION_SCENARIO], *id = args->values[OPTION_TREND];
	struct arena arena = {0};
	struct ledger_value *values;
	struct buf out = {0};
	size_t n;
	int rc;

	if (!scenario)
		return err_exit(err, EXIT_USAGE,
			"--trend needs --scenario NAME: values of different scenarios do not compare");
	rc = ledger_trend(ledger, scenario, id, &arena, &values, &n, err);
	if (!rc && args_json(args)) {
		struct jv *json = json_head("runs"), *list = jv_new_array();

		for (size_t i = 0; i < n; i++)
			jv_add(list, value_json(&values[i]));
		jv_set(json, "trend", list);
		rc = print_json(json, err);
		jv_free(json);
	} else if (!rc) {
		print_trend(&arena, values, n, &out);
		rc = print_out(&out, err);
	}
	buf_release(&out);
	arena_release(&arena);
	return rc;
}

int cmd_runs(const struct args *args, struct err *err)
{
	struct ledger *ledger = run_store_open(args, err);
	int rc;

	if (!ledger)
		return -1;
	rc = args->values[OPTION_TREND] ? show_trend(ledger, args, err)
					: list_runs(ledger, args, err);
	ledger_close(ledger);
	return rc;
}
