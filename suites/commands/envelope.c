/*
 * envelope: where does it begin to fail? Two parameters of a scenario are varied, every pair of
 * values is run, and what each expectation measured stands in a table and in a picture.
 *
 * A parameter is FAULT.for or FAULT.SETTING of a named fault, with its values: cut.for=2s,4s,8s. A
 * longer fault pushes back what comes after it.
 *
 * Exit code: 0 where every cell was run, whatever failed in it; 2 where one could not be.
 */
#include "fixtures/base/log.h"
#include "fixtures/base/param.h"
#include "suites/commands/command.h"
#include "suites/explore/crowd.h"
#include "suites/explore/grid.h"
#include "suites/explore/variant.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct envelope {
	struct variant_source source;
	struct tryout_options options;
	struct arena arena;
	struct grid grid;
	char dir[512], page[600];
	unsigned missing; /* cells without a run */
	bool quiet;
};

/* "cut.for=2s,4s" */
static int read_axis(struct envelope *e, const char *text, struct grid_axis *axis, struct err *err)
{
	char *copy = arena_strdup(&e->arena, text), *values = strchr(copy, '=');
	char *key = strchr(copy, '.'), *save = NULL;

	if (!values || !key || key > values)
		return err_exit(err, EXIT_USAGE,
			"--vary is FAULT.KEY=VALUE,VALUE such as cut.for=2s,4s,8s, not \"%.60s\"",
			text);
	*values++ = '\0';
	*key++ = '\0';
	*axis = (struct grid_axis){.fault = copy, .key = key};
	for (char *v = strtok_r(values, ",", &save); v; v = strtok_r(NULL, ",", &save)) {
		if (axis->n == GRID_VALUES_MAX)
			return err_exit(
				err, EXIT_USAGE, "--vary takes at most %d values", GRID_VALUES_MAX);
		axis->values[axis->n++] = v;
	}
	if (!axis->n)
		return err_exit(err, EXIT_USAGE, "--vary %s.%s has no values", copy, key);
	return 0;
}

static struct scenario_entry *find_fault(struct scenario_entry *entries, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (entries[i].kind == ENTRY_FAULT && entries[i].name.text &&
			!strcmp(entries[i].name.text, name))
			return &entries[i];
	}
	return NULL;
}

/* What begins at or after the end of the fault moves with it, and a fault around it, which it
 * overlaps, grows and shrinks with it. */
static void set_length(
	struct scenario_entry *entries, size_t n, struct scenario_entry *fault, uint64_t for_ns)
{
	uint64_t start_ns = fault->at_ns, end_ns = start_ns + fault->for_ns;

	for (size_t i = 0; i < n; i++) {
		struct scenario_entry *e = &entries[i];

		if (e->at_ns >= end_ns)
			e->at_ns = e->at_ns - end_ns + start_ns + for_ns;
		else if (e != fault && e->kind == ENTRY_FAULT && e->at_ns <= start_ns &&
			e->at_ns + e->for_ns >= end_ns)
			e->for_ns = e->for_ns - fault->for_ns + for_ns;
	}
	fault->for_ns = for_ns;
}

static void set_setting(
	struct arena *arena, struct scenario_entry *fault, const char *key, const char *value)
{
	struct scenario_settings old = fault->settings;
	struct scenario_setting *items = arena_array(arena, old.n + 1, sizeof(*items));
	size_t n = old.n;

	if (old.n)
		memcpy(items, old.items, old.n * sizeof(*items));
	for (size_t i = 0; i < old.n; i++) {
		if (!strcmp(items[i].name, key))
			n = i;
	}
	items[n].name = key;
	items[n].value.text = value;
	fault->settings = (struct scenario_settings){items, n == old.n ? n + 1 : old.n};
}

static int apply(struct envelope *e, struct scenario_entry *entries, const struct grid_axis *axis,
	size_t value, struct err *err)
{
	size_t n = e->source.scenario.n_entries;
	struct scenario_entry *fault = find_fault(entries, n, axis->fault);
	uint64_t for_ns;

	if (!fault)
		return err_exit(
			err, EXIT_USAGE, "the timeline has no fault named \"%.40s\"", axis->fault);
	if (strcmp(axis->key, "for")) {
		set_setting(&e->arena, fault, axis->key, axis->values[value]);
		return 0;
	}
	if (param_parse_value(PARAM_DURATION, axis->values[value], &for_ns, err) || !for_ns)
		return err_exit(
			err, EXIT_USAGE, "\"%.40s\" is no length of a fault", axis->values[value]);
	set_length(entries, n, fault, for_ns);
	return 0;
}

static void take(struct envelope *e, const struct tryout *tryout, size_t x, size_t y)
{
	for (size_t i = 0; i < tryout->n; i++)
		grid_set(&e->arena, &e->grid, tryout->expects[i].id, x, y,
			tryout->expects[i].verdict, tryout->expects[i].got);
}

static void tell(const struct envelope *e, const struct tryout *tryout, size_t x, size_t y)
{
	const struct grid_axis *across = &e->grid.axes[0], *down = &e->grid.axes[1];

	fprintf(stderr, "%s.%s = %s%s%s: exit code %d%s%s\n", across->fault, across->key,
		across->values[x], down->n ? ", " : "", down->n ? down->values[y] : "",
		tryout->exit_code, tryout->error ? ": " : "", tryout->error ? tryout->error : "");
}

/* A cell in which nothing could be measured stays empty. */
static int run_cell(struct envelope *e, size_t x, size_t y, struct err *err)
{
	const struct scenario *scenario = &e->source.scenario;
	struct scenario_entry *entries =
		arena_array(&e->arena, scenario->n_entries + 1, sizeof(*entries));
	struct tryout tryout;
	struct buf text = {0};
	int rc;

	memcpy(entries, scenario->entries, scenario->n_entries * sizeof(*entries));
	if (apply(e, entries, &e->grid.axes[0], x, err) ||
		(e->grid.axes[1].n && apply(e, entries, &e->grid.axes[1], y, err)))
		return -1;
	variant_print(&e->source, entries, scenario->n_entries, scenario->seed,
		"made by regionproof envelope", &text);
	rc = crowd_run(&e->arena, &e->options, &text, 1, &tryout, err);
	buf_release(&text);
	if (rc)
		return -1;
	take(e, &tryout, x, y);
	e->missing += !tryout.n;
	if (!e->quiet)
		tell(e, &tryout, x, y);
	switch (tryout.exit_code) {
	case EXIT_OK:
	case EXIT_EXPECTATION:
	case EXIT_NO_VERDICT:
	case EXIT_MACHINE:
	case EXIT_NOT_STEADY:
		return 0;
	default:
		return err_exit(err, tryout.exit_code, "%s",
			tryout.error ? tryout.error : "a run came to no end");
	}
}

static int make_dirs(struct envelope *e, const struct args *args, struct err *err)
{
	const char *runs =
		args->values[OPTION_RUNS] ? args->values[OPTION_RUNS] : "regionproof-runs";

	snprintf(e->dir, sizeof(e->dir), "%.300s/envelope-%.100s", runs,
		e->source.scenario.name.text);
	if ((mkdir(runs, 0755) && errno != EEXIST) || (mkdir(e->dir, 0755) && errno != EEXIST))
		return err_sys(err, "cannot make %s", e->dir);
	snprintf(e->page, sizeof(e->page), "%s/envelope.html", e->dir);
	e->options = (struct tryout_options){.share = args->values[OPTION_SHARE],
		.engine = args->values[OPTION_ENGINE],
		.runs = e->dir};
	e->quiet = args->values[OPTION_QUIET] != NULL;
	return 0;
}

static int run_grid(struct envelope *e, struct err *err)
{
	size_t rows = e->grid.axes[1].n ? e->grid.axes[1].n : 1;

	for (size_t y = 0; y < rows; y++) {
		for (size_t x = 0; x < e->grid.axes[0].n; x++) {
			if (run_cell(e, x, y, err))
				return -1;
		}
	}
	return 0;
}

static int show(struct envelope *e, struct err *err)
{
	struct buf text = {0}, page = {0};
	int rc;

	grid_print(&e->grid, &text);
	grid_html(&e->grid, e->source.scenario.name.text, &page);
	if (e->missing)
		buf_printf(&text,
			"%u cells have no run: the machine was too noisy, or the system not "
			"steady\n",
			e->missing);
	buf_printf(&text, "picture: %s\n", e->page);
	rc = buf_write_file(&page, e->page, err) || print_out(&text, err);
	buf_release(&text);
	buf_release(&page);
	return rc ? -1 : e->missing ? EXIT_NO_VERDICT : EXIT_OK;
}

int cmd_envelope(const struct args *args, struct err *err)
{
	const char *first = args->earlier[OPTION_VARY], *second = args->values[OPTION_VARY];
	struct envelope e = {0};
	struct buf errors = {0};
	int code = -1;

	log_setup("", LOG_LEVEL_WARN, -1);
	if (!second)
		err_exit(err, EXIT_USAGE, "envelope needs --vary, such as --vary cut.for=2s,4s,8s");
	else if (variant_open(&e.source, args->operands[0], &errors, err))
		fputs(buf_str(&errors), stderr);
	else if (!read_axis(&e, first ? first : second, &e.grid.axes[0], err) &&
		(!first || !read_axis(&e, second, &e.grid.axes[1], err)) &&
		!make_dirs(&e, args, err) && !run_grid(&e, err))
		code = show(&e, err);
	buf_release(&errors);
	variant_close(&e.source);
	arena_release(&e.arena);
	return code;
}
