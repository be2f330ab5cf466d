/* list: what there is, from the rows of each table. */
#include "chaos/engines/engine.h"
#include "chaos/faults/fault.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/param.h"
#include "fixtures/json/jv.h"
#include "probes/drivers/driver.h"
#include "reports/writers/writer.h"
#include "suites/commands/catalogue.h"
#include "suites/commands/command.h"
#include "suites/judge/checker.h"
#include "suites/metric.h"

#include <string.h>

static void list_engines(const char *share, catalogue_row *row, void *to)
{
	(void)share;
	for (size_t i = 0; engines[i]; i++)
		row(to, engines[i]->name, engines[i]->help);
}

static void list_faults(const char *share, catalogue_row *row, void *to)
{
	(void)share;
	for (size_t i = 0; faults[i]; i++)
		row(to, faults[i]->name, faults[i]->help);
}

static void list_drivers(const char *share, catalogue_row *row, void *to)
{
	(void)share;
	for (size_t i = 0; drivers[i]; i++)
		row(to, drivers[i]->name, drivers[i]->help);
}

static void list_checkers(const char *share, catalogue_row *row, void *to)
{
	(void)share;
	for (size_t i = 0; checkers[i]; i++)
		row(to, checkers[i]->name, checkers[i]->help);
}

static void list_metrics(const char *share, catalogue_row *row, void *to)
{
	(void)share;
	for (int i = 0; i < METRICS; i++)
		row(to, metrics[i].name, metrics[i].help);
}

static void list_writers(const char *share, catalogue_row *row, void *to)
{
	(void)share;
	for (const struct writer *w = writers; w->name; w++)
		row(to, w->name, w->help);
}

static const struct {
	const char *name;
	void (*list)(const char *share, catalogue_row *row, void *to);
} catalogues[] = {
	{"engines", list_engines},
	{"faults", list_faults},
	{"drivers", list_drivers},
	{"checkers", list_checkers},
	{"metrics", list_metrics},
	{"recipes", catalogue_recipes},
	{"links", catalogue_links},
	{"scenarios", catalogue_scenarios},
	{"packs", catalogue_packs},
	{"writers", list_writers},
};

static void row_to_text(void *to, const char *name, const char *help)
{
	buf_printf(to, "%-32s %s\n", name, help);
}

static void row_to_json(void *to, const char *name, const char *help)
{
	struct jv *one = jv_new_object();

	jv_set(one, "name", jv_new_string(name));
	jv_set(one, "help", jv_new_string(help));
	jv_add(to, one);
}

static int show(const struct args *args, size_t i, struct err *err)
{
	struct jv *json = json_head("list"), *rows = jv_new_array();
	struct buf out = {0};
	int rc;

	jv_set(json, "what", jv_new_string(catalogues[i].name));
	if (args_json(args))
		catalogues[i].list(args->values[OPTION_SHARE], row_to_json, rows);
	else
		catalogues[i].list(args->values[OPTION_SHARE], row_to_text, &out);
	jv_set(json, "rows", rows);
	rc = args_json(args) ? print_json(json, err) : print_out(&out, err);
	jv_free(json);
	buf_release(&out);
	return rc;
}

int cmd_list(const struct args *args, struct err *err)
{
	const char *names[sizeof(catalogues) / sizeof(*catalogues)], *near;
	size_t n = sizeof(catalogues) / sizeof(*catalogues);

	for (size_t i = 0; i < n; i++) {
		names[i] = catalogues[i].name;
		if (!strcmp(names[i], args->operands[0]))
			return show(args, i, err);
	}
	near = param_nearest(args->operands[0], names, n);
	return err_exit(err, EXIT_USAGE, "nothing is called \"%.40s\"%s%s%s", args->operands[0],
		near ? "; did you mean " : "", near ? near : "", near ? "?" : "; see list --help");
}
