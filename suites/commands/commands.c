/* commands: the table of the command line. */
#include "suites/commands/command.h"

#include <string.h>

const struct command commands[] = {
	{"check", "SCENARIO...", 1, -1, "find every mistake in scenarios, with its line and column",
		OPTION(JSON) | OPTION(SHARE), cmd_check},
	{"plan", "SCENARIO", 1, 1, "dry run: every change that a run would make, and its inverse",
		OPTION(JSON) | OPTION(SHARE) | OPTION(SEED), cmd_plan},
	{"list", "engines|faults|drivers|checkers|metrics|recipes|scenarios", 1, 1,
		"what there is, one a line", OPTION(JSON) | OPTION(SHARE), cmd_list},
	{"explain", "NAME", 1, 1, "a metric, fault, driver, engine, checker or recipe in full",
		OPTION(SHARE), cmd_explain},
	{"doctor", "", 0, 0, "can this machine run it? decided by trying",
		OPTION(JSON) | OPTION(SHARE), cmd_doctor},
	{NULL, NULL, 0, 0, NULL, 0, NULL},
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++) {
		if (!strcmp(c->name, name))
			return c;
	}
	return NULL;
}
