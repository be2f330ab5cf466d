/* report: any format from a stored run, as often as wanted. */
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/param.h"
#include "reports/result.h"
#include "reports/result_read.h"
#include "reports/writers/schema.h"
#include "reports/writers/terminal.h"
#include "reports/writers/writer.h"
#include "suites/commands/command.h"
#include "suites/commands/report_decisions.h"
#include "suites/commands/report_op.h"
#include "suites/commands/run_store.h"
#include "suites/push.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct writer *find_writer(const char *name, struct err *err)
{
	const struct writer *writer = writer_find(name);
	const char *names[64], *near;
	struct buf list = {0};
	size_t n = 0;

	if (writer)
		return writer;
	for (const struct writer *w = writers; w->name && n < 64; w++) {
		names[n++] = w->name;
		buf_printf(&list, "%s%s", list.len ? ", " : "", w->name);
	}
	near = param_nearest(name, names, n);
	if (near)
		err_exit(err, EXIT_USAGE, "there is no format \"%.40s\"; did you mean %s?", name,
			near);
	else
		err_exit(err, EXIT_USAGE, "there is no format \"%.40s\"; there are %s", name,
			buf_str(&list));
	buf_release(&list);
	return NULL;
}

static size_t choice_of(const struct args *args, enum option_id id)
{
	const char *value = args->values[id];
	size_t i = 0;

	while (value && option_rows[id].choices[i] && strcmp(option_rows[id].choices[i], value))
		i++;
	return value ? i : 0;
}

static void read_options(const struct args *args, struct writer_options *options)
{
	*options = (struct writer_options){0};
	if (!args->values[OPTION_OUTPUT]) {
		terminal_options(options, COLOUR_AUTO, STDOUT_FILENO);
		options->colour = args_color(args, STDOUT_FILENO);
	}
	options->junit_dialect = (enum junit_dialect)choice_of(args, OPTION_JUNIT_DIALECT);
	options->undecided_as = (enum undecided_as)choice_of(args, OPTION_UNDECIDED);
}

static int put(const struct args *args, const struct buf *out, struct err *err)
{
	const char *path = args->values[OPTION_OUTPUT];

	return path && strcmp(path, "-") ? buf_write_file(out, path, err) : print_out(out, err);
}

static int print_schema(const struct args *args, struct err *err)
{
	const char *format = args->values[OPTION_FORMAT];
	struct buf out = {0};
	int rc;

	if (!format || !strcmp(format, "json"))
		json_write_schema(&out);
	else if (!strcmp(format, "series"))
		series_write_schema(&out);
	else
		return err_exit(err, EXIT_USAGE,
			"json and series have a schema, \"%.40s\" has none", format);
	rc = put(args, &out, err);
	buf_release(&out);
	return rc;
}

static int write_format(
	const struct args *args, const struct writer *writer, const char *dir, struct err *err)
{
	struct writer_options options;
	struct arena arena = {0};
	struct result result;
	struct buf out = {0};
	int rc = result_read(&arena, dir, &result, err);

	read_options(args, &options);
	if (!rc && args->values[OPTION_PUSH])
		rc = push_metrics(args->values[OPTION_PUSH], &result, err);
	if (!rc && (args->values[OPTION_FORMAT] || !args->values[OPTION_PUSH])) {
		writer->write(&result, &options, &out);
		rc = put(args, &out, err);
	}
	buf_release(&out);
	arena_release(&arena);
	return rc;
}

static int show_op(const struct args *args, const char *dir, struct err *err)
{
	struct buf out = {0};
	uint64_t number = 0;
	int rc;

	if (args_number(args, OPTION_OP, &number, err))
		return -1;
	rc = report_op(dir, args->values[OPTION_SHARE], number, &out, err);
	rc = rc ? rc : put(args, &out, err);
	buf_release(&out);
	return rc;
}

static int show_decisions(const struct args *args, const char *dir, struct err *err)
{
	struct buf out = {0};
	int rc = report_decisions(dir, args->values[OPTION_SHARE], &out, err);

	rc = rc ? rc : put(args, &out, err);
	buf_release(&out);
	return rc;
}

int cmd_report(const struct args *args, struct err *err)
{
	const char *format = args->values[OPTION_FORMAT];
	const struct writer *writer;
	char dir[1024];

	if (args->values[OPTION_SCHEMA])
		return print_schema(args, err);
	writer = find_writer(format ? format : "console", err);
	if (!writer ||
		run_store_find_dir(args, args->n_operands ? args->operands[0] : "latest", dir,
			sizeof(dir), err))
		return -1;
	if (args->values[OPTION_DECISIONS])
		return show_decisions(args, dir, err);
	return args->values[OPTION_OP] ? show_op(args, dir, err)
				       : write_format(args, writer, dir, err);
}
