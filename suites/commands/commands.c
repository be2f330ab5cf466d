/* commands: the table of the command line. */
#include "suites/commands/command.h"

#include <string.h>

const struct command commands[] = {
	{"run", "[SCENARIO...]", 0, -1, "carry scenarios out and judge what was seen",
		OPTION(JSON) | OPTION(SHARE) | OPTION(SEED) | OPTION(ENGINE) | OPTION(RUNS) |
			OPTION(KEEP) | OPTION(VERBOSE) | OPTION(QUIET) | OPTION(DECISIONS) |
			OPTION(REPLAY) | OPTION(LIVE) | OPTION(HOLD) | OPTION(PORT) | OPTION(PACK) |
			OPTION(TRIALS) | OPTION(VARIANT),
		cmd_run},
	{"watch", "SCENARIO", 1, 1,
		"no faults: RTT, loss, staleness and roles between regions, as metrics on a port",
		OPTION(PORT) | OPTION(LISTEN) | OPTION(SHARE) | OPTION(ENGINE) | OPTION(VERBOSE) |
			OPTION(QUIET) | OPTION(VARIANT),
		cmd_watch},
	{"check", "[SCENARIO...]", 0, -1,
		"find every mistake in scenarios, with its line and column",
		OPTION(JSON) | OPTION(SHARE) | OPTION(PACK) | OPTION(ENGINE) | OPTION(VARIANT),
		cmd_check},
	{"plan", "SCENARIO", 1, 1, "dry run: every change that a run would make, and its inverse",
		OPTION(JSON) | OPTION(SHARE) | OPTION(SEED) | OPTION(VARIANT), cmd_plan},
	{"list", "engines|faults|drivers|checkers|metrics|recipes|links|scenarios|packs|writers", 1,
		1, "what there is, one a line", OPTION(JSON) | OPTION(SHARE), cmd_list},
	{"explain", "NAME", 1, 1, "a metric, fault, driver, engine, checker or recipe in full",
		OPTION(SHARE), cmd_explain},
	{"doctor", "", 0, 0, "can this machine run it? decided by trying; or is a driver right?",
		OPTION(JSON) | OPTION(SHARE) | OPTION(DRIVER) | OPTION(URL) | OPTION(VARIANT),
		cmd_doctor},
	{"init", "[SCENARIO]", 0, 1,
		"files to begin with; --docker makes them of any scenario with a recipe",
		OPTION(LAB) | OPTION(DOCKER) | OPTION(SHARE), cmd_init},
	{"explore", "SCENARIO", 1, 1,
		"random timelines until one fails; the smallest that does becomes a scenario",
		OPTION(BUDGET) | OPTION(JOBS) | OPTION(SEED) | OPTION(SHARE) | OPTION(ENGINE) |
			OPTION(RUNS) | OPTION(QUIET),
		cmd_explore},
	{"envelope", "SCENARIO", 1, 1,
		"run every pair of two parameters' values: where does it begin to fail?",
		OPTION(VARY) | OPTION(SHARE) | OPTION(ENGINE) | OPTION(RUNS) | OPTION(QUIET),
		cmd_envelope},
	{"judge", "FILE", 1, 1,
		"judge a recorded history: 0 valid, 1 violated, 2 undecided, 3 unreadable",
		OPTION(JSON) | OPTION(FORMAT) | OPTION(MODEL) | OPTION(INITIAL) |
			OPTION(CONSISTENCY) | OPTION(TIME_LIMIT) | OPTION(MEMORY_LIMIT) |
			OPTION(EXPORT),
		cmd_judge},
	{"report", "[RUN]", 0, 1,
		"write any format from a stored run: its name, its directory, or the latest",
		OPTION(FORMAT) | OPTION(OUTPUT) | OPTION(OP) | OPTION(JUNIT_DIALECT) |
			OPTION(UNDECIDED) | OPTION(PUSH) | OPTION(SCHEMA) | OPTION(RUNS) |
			OPTION(SHARE) | OPTION(DECISIONS),
		cmd_report},
	{"inject", "", 0, 0,
		"one fault by hand on running containers; goes when its time or the terminal ends",
		OPTION(BETWEEN) | OPTION(FOR) | OPTION(DELAY) | OPTION(JITTER) | OPTION(LOSS) |
			OPTION(RATE) | OPTION(PARTITION) | OPTION(ENGINE) | OPTION(RUNTIME) |
			OPTION(SOCKET) | OPTION(REGION_LABEL) | OPTION(ALLOW_LABEL) |
			OPTION(PROJECT) | OPTION(SERVICE) | OPTION(NAME) | OPTION(NETWORK),
		cmd_inject},
	{"runs", "", 0, 0, "what the run store holds, or how one expectation went over time",
		OPTION(JSON) | OPTION(RUNS) | OPTION(SCENARIO) | OPTION(LIMIT) | OPTION(TREND),
		cmd_runs},
	{"compare", "BEFORE AFTER", 0, 2,
		"two runs: exit 1 on a significant regression, 2 where proof was lost",
		OPTION(JSON) | OPTION(RUNS) | OPTION(BASELINE), cmd_compare},
	{"drills", "", 0, 0, "when each failover last worked; exit 1 where that is too long ago",
		OPTION(JSON) | OPTION(RUNS) | OPTION(SCENARIO) | OPTION(MAX_AGE), cmd_drills},
	{"prune", "", 0, 0, "remove old runs; the last passing drill of a scenario stays",
		OPTION(RUNS) | OPTION(SCENARIO) | OPTION(KEEP_RUNS), cmd_prune},
	{"manual", "man|bash|zsh|fish|schema", 0, 1,
		"the manual page, completion for a shell, or the JSON Schema of scenarios", 0,
		cmd_manual},
	{"abort", "[RUN]", 0, 1, "end a run from another terminal: heal, report, clean up", 0,
		cmd_abort},
	{"clean", "", 0, 0, "undo what runs left behind whose processes all died at once", 0,
		cmd_clean},
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
