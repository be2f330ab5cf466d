/*
 * command: the rows of the command line.
 *
 * One table of options (options.c) is what parsing, --help, the manual page and completion know;
 * each command names the options it takes. To add a command: its file with a `cmd_x`, a declaration
 * here, a row in commands.c.
 */
#ifndef SUITES_COMMANDS_COMMAND_H
#define SUITES_COMMANDS_COMMAND_H

#include "fixtures/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;

enum option_id {
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_COLOR,
	OPTION_JSON,
	OPTION_SHARE,
	OPTION_SEED,
	OPTION_ENGINE,
	OPTION_RUNS,
	OPTION_KEEP,
	OPTION_VERBOSE,
	OPTION_QUIET,
	OPTION_FORMAT,
	OPTION_MODEL,
	OPTION_INITIAL,
	OPTION_CONSISTENCY,
	OPTION_TIME_LIMIT,
	OPTION_MEMORY_LIMIT,
	OPTION_EXPORT,
	OPTION_OUTPUT,
	OPTION_OP,
	OPTION_JUNIT_DIALECT,
	OPTION_UNDECIDED,
	OPTION_PUSH,
	OPTION_SCHEMA,
	OPTION_BETWEEN,
	OPTION_FOR,
	OPTION_DELAY,
	OPTION_JITTER,
	OPTION_LOSS,
	OPTION_RATE,
	OPTION_PARTITION,
	OPTION_RUNTIME,
	OPTION_SOCKET,
	OPTION_REGION_LABEL,
	OPTION_ALLOW_LABEL,
	OPTION_PROJECT,
	OPTION_NETWORK,
	OPTION_SCENARIO,
	OPTION_LIMIT,
	OPTION_TREND,
	OPTION_BASELINE,
	OPTION_MAX_AGE,
	OPTION_KEEP_RUNS,
	OPTION_DRIVER,
	OPTION_URL,
	OPTION_PACK,
	OPTION_TRIALS,
	OPTION_BUDGET,
	OPTION_VARY,
	OPTION_DECISIONS,
	OPTION_REPLAY,
	OPTION_LIVE,
	OPTION_HOLD,
	OPTION_PORT,
	OPTION_LISTEN,
	OPTION_JOBS,
	OPTION_SERVICE,
	OPTION_NAME,
	OPTION_LAB,
	OPTION_DOCKER,
	OPTION_VARIANT,
	OPTIONS
};

#define OPTION(name) (UINT64_C(1) << OPTION_##name)
/* Taken by every command, and before one. */
#define OPTIONS_COMMON (OPTION(HELP) | OPTION(VERSION) | OPTION(COLOR))

struct option_row {
	enum option_id id;
	const char *name;           /* "seed": --seed N or --seed=N */
	const char *value;          /* "N"; NULL: a switch */
	const char *const *choices; /* NULL-terminated; NULL: anything */
	const char *help;
	char letter; /* "-o" as well; 0: none */
};

extern const struct option_row option_rows[]; /* OPTIONS rows, pinned by static_assert */

struct args {
	const char *earlier[OPTIONS]; /* of an option given twice, the value before the last */
	const char *values[OPTIONS];  /* NULL: not given; "" for a switch */
	const char *const *operands;
	int n_operands;
};

struct command {
	const char *name;
	const char *operands; /* "SCENARIO..." or "" */
	int least, most;      /* operands; most -1: any number */
	const char *help;     /* one line */
	uint64_t options;     /* OPTION() bits beside the common ones */
	int (*main)(const struct args *args, struct err *err);
};

/* The table; ends with a row whose name is NULL. */
extern const struct command commands[];
const struct command *command_find(const char *name);

/* Sort argv (without the program's name and the command) into args. Refuses what the options in
 * `allowed` do not have. Operands are put to the front of argv. */
int args_parse(struct args *args, uint64_t allowed, const char **argv, int argc, struct err *err);
/* -1 and EXIT_USAGE where the option is given and is no number. */
int args_number(const struct args *args, enum option_id id, uint64_t *out, struct err *err);
/* --port, 0 where it is not given. */
int args_port(const struct args *args, unsigned *out, struct err *err);
bool args_json(const struct args *args);
/* Does the output get colours: --color, NO_COLOR, whether fd is a terminal. */
bool args_color(const struct args *args, int fd);

/* --help of the program and of one command. */
void help_program(struct buf *out);
void help_command(const struct command *command, struct buf *out);

/* Write to stdout, all of it. */
int print_out(const struct buf *out, struct err *err);
struct jv;
int print_json(const struct jv *json, struct err *err);
/* An object with "schema": 1 and "command"; what every --json begins with. */
struct jv *json_head(const char *command);

/* Each returns the exit code, or -1 with a sentence (and a code) in *err. */
int cmd_check(const struct args *args, struct err *err);
int cmd_plan(const struct args *args, struct err *err);
int cmd_list(const struct args *args, struct err *err);
int cmd_explain(const struct args *args, struct err *err);
int cmd_doctor(const struct args *args, struct err *err);
int doctor_driver(const struct args *args, struct err *err); /* doctor --driver */
int cmd_run(const struct args *args, struct err *err);
int cmd_watch(const struct args *args, struct err *err);
int cmd_explore(const struct args *args, struct err *err);
int cmd_envelope(const struct args *args, struct err *err);
int cmd_judge(const struct args *args, struct err *err);
int cmd_report(const struct args *args, struct err *err);
int cmd_inject(const struct args *args, struct err *err);
int cmd_runs(const struct args *args, struct err *err);
int cmd_compare(const struct args *args, struct err *err);
int cmd_drills(const struct args *args, struct err *err);
int cmd_prune(const struct args *args, struct err *err);
int cmd_init(const struct args *args, struct err *err);
int cmd_manual(const struct args *args, struct err *err);
int cmd_abort(const struct args *args, struct err *err);
int cmd_clean(const struct args *args, struct err *err);

#endif
