/* compare: two stored runs; exit 1 on a significant regression, 2 where proof was lost. */
#include "suites/compare.h"
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "reports/writers/text.h"
#include "suites/commands/run_store.h"

#include <string.h>

struct pair {
	struct ledger_run before, after;
};

/* The last run before that one that met all its expectations. */
static int find_baseline(
	struct ledger *ledger, struct arena *arena, struct pair *pair, struct err *err)
{
	struct ledger_filter filter = {.scenario = pair->after.scenario,
		.exit_code = EXIT_OK,
		.before_ns = pair->after.wall_ns,
		.limit = 1};
	struct ledger_run *runs;
	size_t n;

	if (ledger_runs(ledger, &filter, arena, &runs, &n, err))
		return -1;
	if (!n)
		return err_exit(err, EXIT_NO_VERDICT,
			"no run of %.80s before %.120s met all its expectations: there is no baseline",
			pair->after.scenario, pair->after.name);
	pair->before = runs[0];
	return 0;
}

static int find_pair(struct ledger *ledger, const struct args *args, struct arena *arena,
	struct pair *pair, struct err *err)
{
	bool baseline = args->values[OPTION_BASELINE] != NULL;
	const char *const *names = args->operands;
	int wanted = baseline ? 1 : 2;

	if (args->n_operands != wanted && !(baseline && !args->n_operands))
		return err_exit(err, EXIT_USAGE,
			baseline ? "with --baseline name one run, the later one"
				 : "name two runs, the earlier first, or one and --baseline");
	if (run_store_find(ledger, args, args->n_operands ? names[args->n_operands - 1] : "latest",
		    arena, &pair->after, err))
		return -1;
	if (baseline)
		return find_baseline(ledger, arena, pair, err);
	return run_store_find(ledger, args, names[0], arena, &pair->before, err);
}

static const char *got(const struct ledger_value *value)
{
	return value ? value->got : "-";
}

static void print_rows(
	const struct pair *pair, const struct comparison *rows, size_t n, struct buf *out)
{
	unsigned counts[CHANGES] = {0};

	buf_puts(out, "before  ");
	text_clean(out, pair->before.name, false);
	buf_puts(out, "\nafter   ");
	text_clean(out, pair->after.name, false);
	buf_puts(out, "\n\n");
	for (size_t i = 0; i < n; i++) {
		counts[rows[i].change]++;
		buf_printf(out, "  %-9s ", change_name(rows[i].change));
		text_pad(out, rows[i].id, false, 52);
		buf_addc(out, ' ');
		text_pad(out, got(rows[i].before), false, 12);
		buf_puts(out, " -> ");
		text_pad(out, got(rows[i].after), false, 12);
		buf_printf(out, " %s\n", rows[i].why);
	}
	buf_printf(out, "%u worse, %u better, %u unproven, %u the same\n", counts[CHANGE_WORSE],
		counts[CHANGE_BETTER], counts[CHANGE_UNPROVEN], counts[CHANGE_NONE]);
}

static struct jv *side_json(const struct ledger_value *v)
{
	struct jv *json;

	if (!v)
		return jv_new_null();
	json = jv_new_object();
	jv_set(json, "verdict", jv_new_string(verdict_name(v->verdict)));
	jv_set(json, "got", jv_new_string(v->got));
	jv_set(json, "value", v->has_value ? jv_new_real(v->value) : jv_new_null());
	jv_set(json, "low", v->has_interval ? jv_new_real(v->low) : jv_new_null());
	jv_set(json, "high", v->has_interval ? jv_new_real(v->high) : jv_new_null());
	return json;
}

static int print_rows_json(
	const struct pair *pair, const struct comparison *rows, size_t n, struct err *err)
{
	struct jv *json = json_head("compare"), *list = jv_new_array();
	int rc;

	jv_set(json, "before", jv_new_string(pair->before.name));
	jv_set(json, "after", jv_new_string(pair->after.name));
	for (size_t i = 0; i < n; i++) {
		struct jv *row = jv_new_object();

		jv_set(row, "id", jv_new_string(rows[i].id));
		jv_set(row, "change", jv_new_string(change_name(rows[i].change)));
		jv_set(row, "why", jv_new_string(rows[i].why));
		jv_set(row, "before", side_json(rows[i].before));
		jv_set(row, "after", side_json(rows[i].after));
		jv_add(list, row);
	}
	jv_set(json, "expectations", list);
	rc = print_json(json, err);
	jv_free(json);
	return rc;
}

static int code_of(const struct comparison *rows, size_t n)
{
	int code = n ? EXIT_OK : EXIT_NO_VERDICT;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].change == CHANGE_WORSE)
			return EXIT_EXPECTATION;
		if (rows[i].change == CHANGE_UNPROVEN || rows[i].change == CHANGE_ONLY_BEFORE)
			code = EXIT_NO_VERDICT;
	}
	return code;
}

static int compare(
	struct ledger *ledger, const struct args *args, struct arena *arena, struct err *err)
{
	struct ledger_value *before, *after;
	size_t n_before, n_after, n;
	struct comparison *rows;
	struct buf out = {0};
	struct pair pair;
	int rc;

	if (find_pair(ledger, args, arena, &pair, err) ||
		ledger_values(ledger, pair.before.name, arena, &before, &n_before, err) ||
		ledger_values(ledger, pair.after.name, arena, &after, &n_after, err))
		return -1;
	rows = compare_runs(arena, before, n_before, after, n_after, &n);
	if (args_json(args)) {
		rc = print_rows_json(&pair, rows, n, err);
	} else {
		print_rows(&pair, rows, n, &out);
		rc = print_out(&out, err);
	}
	buf_release(&out);
	return rc ? -1 : code_of(rows, n);
}

int cmd_compare(const struct args *args, struct err *err)
{
	struct ledger *ledger = run_store_open(args, err);
	struct arena arena = {0};
	int rc;

	if (!ledger)
		return -1;
	rc = compare(ledger, args, &arena, err);
	arena_release(&arena);
	ledger_close(ledger);
	return rc;
}
