/* options: the one table of options, and how a command line is read with it. */
#include "fixtures/base/buf.h"
#include "fixtures/base/param.h"
#include "fixtures/json/jv.h"
#include "suites/commands/command.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const runtime_choices[] = {"docker", "podman", NULL};
static const char *const color_choices[] = {"auto", "always", "never", NULL};

/* In the order of enum junit_dialect and enum undecided_as. */
static const char *const export_choices[] = {"edn", "jsonl", NULL};
static const char *const dialect_choices[] = {"gitlab", "strict", NULL};
static const char *const undecided_choices[] = {"error", "fail", "skip", NULL};

const struct option_row option_rows[] = {
	[OPTION_HELP] = {OPTION_HELP, "help", NULL, NULL, "show this", 'h'},
	[OPTION_VERSION] = {OPTION_VERSION, "version", NULL, NULL, "show the version"},
	[OPTION_COLOR] = {OPTION_COLOR, "color", "WHEN", color_choices,
		"auto, always or never; NO_COLOR is respected"},
	[OPTION_JSON] = {OPTION_JSON, "json", NULL, NULL, "print JSON, with a schema number"},
	[OPTION_SHARE] = {OPTION_SHARE, "share", "DIR", NULL, "folder with systems/, the recipes"},
	[OPTION_SEED] = {OPTION_SEED, "seed", "N", NULL,
		"number from which every random decision comes"},
	[OPTION_ENGINE] = {OPTION_ENGINE, "engine", "NAME", NULL,
		"netem, wire or null; otherwise the first that works here; check: can it do this?"},
	[OPTION_RUNS] = {OPTION_RUNS, "runs", "DIR", NULL, "the run store (./regionproof-runs)"},
	[OPTION_KEEP] = {OPTION_KEEP, "keep", NULL, NULL,
		"keep the working directories of the nodes"},
	[OPTION_VERBOSE] = {OPTION_VERBOSE, "verbose", NULL, NULL, "log what is done, in run.log"},
	[OPTION_QUIET] = {OPTION_QUIET, "quiet", NULL, NULL, "no progress on stderr"},
	[OPTION_FORMAT] = {OPTION_FORMAT, "format", "NAME", NULL,
		"judge: knossos, elle, etcd-log, awdit, jsonl or run; report: console, json, html ..."},
	[OPTION_MODEL] = {OPTION_MODEL, "model", "NAME", NULL,
		"what the object promises: register, cas-register, list-append ..."},
	[OPTION_INITIAL] = {OPTION_INITIAL, "initial", "V", NULL,
		"what a register begins with, as EDN; otherwise that of the format"},
	[OPTION_CONSISTENCY] = {OPTION_CONSISTENCY, "consistency", "LEVEL", NULL,
		"isolation level of transactions, such as serializable"},
	[OPTION_TIME_LIMIT] = {OPTION_TIME_LIMIT, "time-limit", "TIME", NULL,
		"beyond it the answer is undecided (60s)"},
	[OPTION_MEMORY_LIMIT] = {OPTION_MEMORY_LIMIT, "memory-limit", "SIZE", NULL,
		"beyond it the answer is undecided (2gb)"},
	[OPTION_EXPORT] = {OPTION_EXPORT, "export", "AS", export_choices,
		"do not judge: print the history as Jepsen's EDN or as JSON lines"},
	[OPTION_OUTPUT] = {OPTION_OUTPUT, "output", "FILE", NULL,
		"write there, all of it or nothing, instead of to stdout", 'o'},
	[OPTION_OP] = {OPTION_OP, "op", "N", NULL,
		"show operation N of the history and those on its key around it"},
	[OPTION_JUNIT_DIALECT] = {OPTION_JUNIT_DIALECT, "junit-dialect", "NAME", dialect_choices,
		"gitlab names files of test cases; strict is what Jenkins' schema allows"},
	[OPTION_UNDECIDED] = {OPTION_UNDECIDED, "undecided", "AS", undecided_choices,
		"what inconclusive and void become in JUnit and TAP: error, fail or skip"},
	[OPTION_PUSH] = {OPTION_PUSH, "push", "URL", NULL,
		"send the metrics to a Prometheus Pushgateway"},
	[OPTION_SCHEMA] = {OPTION_SCHEMA, "schema", NULL, NULL,
		"print the JSON Schema of --format json or series"},
	[OPTION_BETWEEN] = {OPTION_BETWEEN, "between", "A,B", NULL,
		"the regions whose links suffer, each with each and both ways"},
	[OPTION_FOR] = {OPTION_FOR, "for", "TIME", NULL, "how long, such as 5m"},
	[OPTION_DELAY] = {OPTION_DELAY, "delay", "TIME", NULL, "more delay, each way"},
	[OPTION_JITTER] = {OPTION_JITTER, "jitter", "TIME", NULL, "its spread"},
	[OPTION_LOSS] = {OPTION_LOSS, "loss", "SHARE", NULL, "packets lost, such as 1%"},
	[OPTION_RATE] = {OPTION_RATE, "rate", "BITRATE", NULL, "a limit, such as 10mbit"},
	[OPTION_PARTITION] = {OPTION_PARTITION, "partition", NULL, NULL, "nothing passes"},
	[OPTION_RUNTIME] = {OPTION_RUNTIME, "runtime", "NAME", runtime_choices,
		"docker (the default) or podman"},
	[OPTION_SOCKET] = {OPTION_SOCKET, "socket", "PATH", NULL,
		"of the runtime; otherwise DOCKER_HOST or CONTAINER_HOST, or the usual place"},
	[OPTION_REGION_LABEL] = {OPTION_REGION_LABEL, "region-label", "NAME", NULL,
		"label whose value is a container's region (regionproof.region)"},
	[OPTION_ALLOW_LABEL] = {OPTION_ALLOW_LABEL, "allow-label", "NAME=VALUE", NULL,
		"label that a container must carry to be touched (regionproof.allow=true)"},
	[OPTION_PROJECT] = {OPTION_PROJECT, "project", "NAME", NULL,
		"only of this compose project"},
	[OPTION_NETWORK] = {OPTION_NETWORK, "network", "NAME", NULL,
		"of the runtime; otherwise the one that all containers share"},
	[OPTION_SCENARIO] = {OPTION_SCENARIO, "scenario", "NAME", NULL,
		"runs of that scenario only"},
	[OPTION_LIMIT] = {OPTION_LIMIT, "limit", "N", NULL, "so many at most, the newest (20)"},
	[OPTION_TREND] = {OPTION_TREND, "trend", "ID", NULL,
		"an expectation, by its text or its metric, in run after run"},
	[OPTION_BASELINE] = {OPTION_BASELINE, "baseline", NULL, NULL,
		"compare with the last run of the same scenario that met all its expectations"},
	[OPTION_MAX_AGE] = {OPTION_MAX_AGE, "max-age", "TIME", NULL,
		"a drill must have passed within that time (31d)"},
	[OPTION_KEEP_RUNS] = {OPTION_KEEP_RUNS, "keep", "N", NULL,
		"how many runs stay, the newest"},
	[OPTION_DRIVER] = {OPTION_DRIVER, "driver", "WHAT", NULL,
		"a driver's name, or a scenario whose groups say which: what does it get wrong?"},
	[OPTION_URL] = {OPTION_URL, "url", "HOST:PORT", NULL,
		"a server that the driver speaks to; a few keys l:NUMBER are written there"},
	[OPTION_PACK] = {OPTION_PACK, "pack", "NAME", NULL,
		"the claims of a vendor: list packs; on the pack's scenario, or on one of your own"},
	[OPTION_TRIALS] = {OPTION_TRIALS, "trials", "N", NULL,
		"runs of a pack's scenario; fewer than it needs leave claims inconclusive"},
	[OPTION_BUDGET] = {OPTION_BUDGET, "budget", "TIME", NULL,
		"how long to explore, such as 30m (10m)"},
	[OPTION_VARY] = {OPTION_VARY, "vary", "FAULT.KEY=V,V", NULL,
		"values of a fault's length or setting, cut.for=2s,8s; once or twice"},
	[OPTION_DECISIONS] = {OPTION_DECISIONS, "decisions", NULL, NULL,
		"keep what engine wire decides for every packet; report: print it"},
	[OPTION_REPLAY] = {OPTION_REPLAY, "replay", "RUN", NULL,
		"a run that kept its decisions, again: are they the same, packet by packet?"},
	[OPTION_LIVE] = {OPTION_LIVE, "live", NULL, NULL,
		"serve a page on loopback that shows the run and can heal, abort and go on"},
	[OPTION_HOLD] = {OPTION_HOLD, "hold", NULL, NULL,
		"wait for Enter, or for go on in the live page, before every change"},
	[OPTION_PORT] = {OPTION_PORT, "port", "N", NULL,
		"of what is served; any free one otherwise"},
	[OPTION_LISTEN] = {OPTION_LISTEN, "listen", "ADDRESS", NULL,
		"IPv4 address to serve metrics on (127.0.0.1)"},
	[OPTION_JOBS] = {OPTION_JOBS, "jobs", "N", NULL,
		"runs at once (one a processor where no expectation claims a time, else 1)"},
	[OPTION_SERVICE] = {OPTION_SERVICE, "service", "NAME", NULL,
		"only of this compose service"},
	[OPTION_NAME] = {OPTION_NAME, "name", "PATTERN", NULL,
		"only containers of such a name: shop-*"},
	[OPTION_LAB] = {OPTION_LAB, "lab", NULL, NULL,
		"a scenario whose nodes regionproof starts itself"},
	[OPTION_DOCKER] = {OPTION_DOCKER, "docker", NULL, NULL,
		"a scenario on containers, and a compose file that brings them up"},
	[OPTION_VARIANT] = {OPTION_VARIANT, "variant", "NAME", NULL,
		"of the scenario's matrix; run, check and plan otherwise take all of them"},
};
static_assert(sizeof(option_rows) / sizeof(*option_rows) == OPTIONS, "a row per option");
static_assert(OPTIONS <= 64, "options are bits");

static int no_such_option(const char *name, uint64_t allowed, struct err *err)
{
	const char *names[OPTIONS], *near;
	size_t n = 0;

	for (int i = 0; i < OPTIONS; i++) {
		if (allowed >> i & 1)
			names[n++] = option_rows[i].name;
	}
	near = param_nearest(name, names, n);
	return err_exit(err, EXIT_USAGE, "there is no option --%.60s here%s%s%s", name,
		near ? "; did you mean --" : "", near ? near : "", near ? "?" : "; see --help");
}

static const struct option_row *find_option(const char *name, size_t len, uint64_t allowed)
{
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];

		if (allowed >> i & 1 && strlen(row->name) == len && !strncmp(row->name, name, len))
			return row;
	}
	return NULL;
}

static const struct option_row *find_letter(char letter, uint64_t allowed)
{
	for (int i = 0; letter && i < OPTIONS; i++) {
		if (allowed >> i & 1 && option_rows[i].letter == letter)
			return &option_rows[i];
	}
	return NULL;
}

static int check_choice(const struct option_row *row, const char *value, struct err *err)
{
	struct buf list = {0};
	int rc = 0;

	for (size_t i = 0; row->choices && row->choices[i]; i++) {
		if (!strcmp(row->choices[i], value)) {
			buf_release(&list);
			return 0;
		}
		buf_printf(&list, "%s%s", i ? ", " : "", row->choices[i]);
	}
	if (row->choices)
		rc = err_exit(err, EXIT_USAGE, "--%s is one of %s, not \"%.60s\"", row->name,
			buf_str(&list), value);
	buf_release(&list);
	return rc;
}

/* "-o FILE": one letter, its value in the next word. */
static int parse_letter(
	struct args *args, uint64_t allowed, const char **argv, int argc, int *i, struct err *err)
{
	const struct option_row *row = find_letter(argv[*i][1], allowed);

	if (!row || argv[*i][2])
		return err_exit(err, EXIT_USAGE,
			"\"%.40s\" is no option; options are long, such as --json", argv[*i]);
	if (row->value && *i + 1 >= argc)
		return err_exit(err, EXIT_USAGE, "-%c needs its %s", row->letter, row->value);
	args->values[row->id] = row->value ? argv[++*i] : "";
	return check_choice(row, args->values[row->id], err);
}

/* One option at argv[*i]; *i is left at its last word. */
static int parse_option(
	struct args *args, uint64_t allowed, const char **argv, int argc, int *i, struct err *err)
{
	const char *name = argv[*i] + 2, *value = strchr(name, '=');
	size_t len = value ? (size_t)(value - name) : strlen(name);
	const struct option_row *row = find_option(name, len, allowed);
	char word[64];

	if (!row) {
		snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60), name);
		return no_such_option(word, allowed, err);
	}
	if (!row->value && value)
		return err_exit(err, EXIT_USAGE, "--%s takes no value", row->name);
	if (row->value && !value && *i + 1 >= argc)
		return err_exit(err, EXIT_USAGE, "--%s needs its %s", row->name, row->value);
	value = !row->value ? "" : value ? value + 1 : argv[++*i];
	args->earlier[row->id] = args->values[row->id];
	args->values[row->id] = value;
	return check_choice(row, value, err);
}

int args_parse(struct args *args, uint64_t allowed, const char **argv, int argc, struct err *err)
{
	bool only_operands = false;
	int n = 0;

	*args = (struct args){.operands = argv};
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];

		if (!only_operands && !strcmp(word, "--"))
			only_operands = true;
		else if (!only_operands && !strncmp(word, "--", 2)) {
			if (parse_option(args, allowed, argv, argc, &i, err))
				return -1;
		} else if (!only_operands && word[0] == '-' && word[1]) {
			if (parse_letter(args, allowed, argv, argc, &i, err))
				return -1;
		} else
			argv[n++] = word;
	}
	args->n_operands = n;
	return 0;
}

int args_number(const struct args *args, enum option_id id, uint64_t *out, struct err *err)
{
	struct err why;

	if (!args->values[id] || !param_parse_value(PARAM_COUNT, args->values[id], out, &why))
		return 0;
	return err_exit(err, EXIT_USAGE, "--%s: %s", option_rows[id].name, why.text);
}

int args_port(const struct args *args, unsigned *out, struct err *err)
{
	uint64_t port = 0;

	if (args->values[OPTION_PORT] && args_number(args, OPTION_PORT, &port, err))
		return -1;
	if (port > UINT16_MAX)
		return err_exit(err, EXIT_USAGE, "--port: there are 65535 ports");
	*out = (unsigned)port;
	return 0;
}

bool args_json(const struct args *args)
{
	return args->values[OPTION_JSON] != NULL;
}

bool args_color(const struct args *args, int fd)
{
	const char *when = args->values[OPTION_COLOR], *none = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (when && strcmp(when, "auto"))
		return !strcmp(when, "always");
	if (none && *none)
		return false;
	return isatty(fd) && term && strcmp(term, "dumb");
}

int print_out(const struct buf *out, struct err *err)
{
	if (fwrite(buf_str(out), 1, out->len, stdout) != out->len || fflush(stdout))
		return err_sys(err, "writing to stdout");
	return 0;
}

struct jv *json_head(const char *command)
{
	struct jv *json = jv_new_object();

	jv_set(json, "schema", jv_new_int(1));
	jv_set(json, "command", jv_new_string(command));
	jv_set(json, "version", jv_new_string(REGIONPROOF_VERSION));
	return json;
}

int print_json(const struct jv *json, struct err *err)
{
	struct buf out = {0};
	int rc;

	jv_print(json, 2, &out);
	buf_addc(&out, '\n');
	rc = print_out(&out, err);
	buf_release(&out);
	return rc;
}
