/*
 * regionproof: the program. Finds the command, reads its options, prints what went wrong once, and
 * exits.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/param.h"
#include "suites/commands/command.h"

#include <stdio.h>
#include <string.h>

static int no_such_command(const char *name, struct err *err)
{
	const char *names[64], *near;
	size_t n = 0;

	for (const struct command *c = commands; c->name && n < 64; c++)
		names[n++] = c->name;
	near = param_nearest(name, names, n);
	return err_exit(err, EXIT_USAGE, "there is no command \"%.60s\"%s%s%s", name,
		near ? "; did you mean " : "", near ? near : "", near ? "?" : "; see --help");
}

static int show_help(const struct command *command, struct err *err)
{
	struct buf out = {0};
	int rc;

	if (command)
		help_command(command, &out);
	else
		help_program(&out);
	rc = print_out(&out, err);
	buf_release(&out);
	return rc;
}

static int show_version(struct err *err)
{
	struct buf out = {0};
	int rc;

	buf_puts(&out, "regionproof " REGIONPROOF_VERSION "\n");
	rc = print_out(&out, err);
	buf_release(&out);
	return rc;
}

static int run_command(const struct command *command, const char **argv, int argc, struct err *err)
{
	struct args args;

	if (args_parse(&args, command->options | OPTIONS_COMMON, argv, argc, err))
		return -1;
	if (args.values[OPTION_HELP])
		return show_help(command, err);
	if (args.values[OPTION_VERSION])
		return show_version(err);
	if (args.n_operands < command->least)
		return err_exit(err, EXIT_USAGE, "%s needs %s; see regionproof %s --help",
			command->name, command->operands, command->name);
	if (command->most >= 0 && args.n_operands > command->most)
		return err_exit(err, EXIT_USAGE,
			"\"%.60s\" is one word too many; see regionproof %s --help",
			args.operands[command->most], command->name);
	return command->main(&args, err);
}

static int dispatch(const char **argv, int argc, struct err *err)
{
	const struct command *command;
	struct args args;
	int at = 0;

	while (at < argc && argv[at][0] == '-')
		at++;
	if (at == argc) { /* options only */
		if (args_parse(&args, OPTIONS_COMMON, argv, argc, err))
			return -1;
		if (args.values[OPTION_VERSION])
			return show_version(err);
		if (args.values[OPTION_HELP])
			return show_help(NULL, err);
		return err_exit(err, EXIT_USAGE, "a command is missing; see regionproof --help");
	}
	if (at)
		return err_exit(err, EXIT_USAGE, "the command comes first: regionproof %.40s %.40s",
			argv[at], argv[0]);
	if (!strcmp(argv[0], "help") && argc <= 2) {
		command = argc == 2 ? command_find(argv[1]) : NULL;
		return argc == 2 && !command ? no_such_command(argv[1], err)
					     : show_help(command, err);
	}
	command = command_find(argv[0]);
	if (!command)
		return no_such_command(argv[0], err);
	return run_command(command, argv + 1, argc - 1, err);
}

int main(int argc, char **argv)
{
	struct err err = {0};
	int code = dispatch((const char **)argv + 1, argc > 0 ? argc - 1 : 0, &err);

	if (code >= 0)
		return code;
	fprintf(stderr, "regionproof: %s\n", err.text);
	return err_exit_code(&err);
}
