/* inject: one leased fault by hand on labelled containers. */
#include "suites/inject/inject.h"
#include "fixtures/base/log.h"
#include "fixtures/base/param.h"
#include "suites/commands/command.h"

#include <stdio.h>
#include <string.h>

#define REGIONS_MAX 16

static const char *or_else(const struct args *args, enum option_id id, const char *fallback)
{
	return args->values[id] ? args->values[id] : fallback;
}

/* "eu,us" into names; the text is cut in place. */
static int read_between(char *text, const char **names, unsigned *n, struct err *err)
{
	char *save;

	*n = 0;
	for (char *name = strtok_r(text, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		for (unsigned i = 0; i < *n; i++) {
			if (!strcmp(names[i], name))
				return err_exit(err, EXIT_USAGE, "--between names %s twice", name);
		}
		if (*n == REGIONS_MAX)
			return err_exit(
				err, EXIT_USAGE, "--between: at most %d regions", REGIONS_MAX);
		names[(*n)++] = name;
	}
	if (*n < 2)
		return err_exit(err, EXIT_USAGE,
			"--between needs two regions or more, such as --between eu,us");
	return 0;
}

static int set(struct impairment *out, const char *name, const char *text, struct err *err)
{
	struct err why;

	if (!text || !param_set(param_find(impairment_params, name), out, text, &why))
		return 0;
	return err_exit(err, EXIT_USAGE, "--%s: %.400s", name, why.text);
}

static int read_impairment(const struct args *args, struct impairment *out, struct err *err)
{
	static const enum option_id ids[] = {OPTION_DELAY, OPTION_JITTER, OPTION_LOSS, OPTION_RATE};

	*out = (struct impairment){.cut = args->values[OPTION_PARTITION] != NULL};
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		if (out->cut && args->values[ids[i]])
			return err_exit(err, EXIT_USAGE,
				"with --partition nothing passes; leave --%s out",
				option_rows[ids[i]].name);
		if (set(out, option_rows[ids[i]].name, args->values[ids[i]], err))
			return -1;
	}
	if (impairment_is_neutral(out))
		return err_exit(err, EXIT_USAGE,
			"no fault is given: --partition, --delay 80ms, --loss 1%% or --rate 10mbit");
	return 0;
}

static int read_time(const struct args *args, uint64_t *out, struct err *err)
{
	struct err why;

	if (!args->values[OPTION_FOR])
		return err_exit(err, EXIT_USAGE,
			"--for is missing: a fault by hand is a lease, such as --for 5m");
	if (param_parse_value(PARAM_DURATION, args->values[OPTION_FOR], out, &why) || !*out)
		return err_exit(err, EXIT_USAGE, "--for: %.400s", *out ? why.text : "it is 0");
	return 0;
}

int cmd_inject(const struct args *args, struct err *err)
{
	const char *names[REGIONS_MAX];
	char between[512];
	struct inject_options options = {
		.containers = {.runtime = or_else(args, OPTION_RUNTIME, "docker"),
			.socket = args->values[OPTION_SOCKET],
			.region_label = or_else(args, OPTION_REGION_LABEL, FLEET_REGION),
			.allow_label = or_else(args, OPTION_ALLOW_LABEL, FLEET_ALLOW),
			.project = args->values[OPTION_PROJECT],
			.service = args->values[OPTION_SERVICE],
			.name = args->values[OPTION_NAME],
			.network = args->values[OPTION_NETWORK]},
		.regions = names,
		.engine = args->values[OPTION_ENGINE],
	};

	log_setup("inject", LOG_LEVEL_WARN, -1);
	snprintf(between, sizeof(between), "%s", or_else(args, OPTION_BETWEEN, ""));
	if (read_between(between, names, &options.n_regions, err) ||
		read_impairment(args, &options.impairment, err) ||
		read_time(args, &options.for_ns, err))
		return -1;
	return inject_run(&options, err);
}
