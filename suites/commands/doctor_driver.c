/*
 * doctor --driver: what does a driver get wrong?
 *
 * By the name of a driver, with its defaults, or by a scenario: each driver of its groups, as the groups and
 * the recipe set it. Ends in 1 where something is wrong.
 */
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "suites/commands/command.h"
#include "suites/drivercheck/drivercheck.h"
#include "suites/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct examination {
	const char *host;
	char host_text[256];
	uint16_t port;
	struct buf out;
	struct jv *drivers;
	unsigned n_wrong;
	bool color;
};

/* HOST:PORT, [IPV6]:PORT, and either behind http:// as people paste it. */
static int read_url(struct examination *e, const char *url, struct err *err)
{
	const char *from = url, *colon;
	char *end;
	unsigned long port;
	size_t len;

	if (!url)
		return 0;
	if (strstr(from, "://"))
		from = strstr(from, "://") + 3;
	colon = strrchr(from, ':');
	port = colon ? strtoul(colon + 1, &end, 10) : 0;
	if (!colon || colon == from || end == colon + 1 || (*end && strcmp(end, "/")) || !port ||
		port > 65535)
		return err_exit(err, EXIT_USAGE,
			"--url: \"%.60s\" is not HOST:PORT, such as 127.0.0.1:8080", url);
	len = (size_t)(colon - from);
	if (*from == '[' && colon[-1] == ']') {
		from++;
		len -= 2;
	}
	if (len >= sizeof(e->host_text))
		return err_exit(err, EXIT_USAGE, "--url: the host is too long");
	memcpy(e->host_text, from, len);
	e->host = e->host_text;
	e->port = (uint16_t)port;
	return 0;
}

static void put_findings(struct examination *e, const char *driver,
	const struct drivercheck_finding *findings, size_t n)
{
	struct jv *one = jv_new_object(), *rows = jv_new_array();

	buf_printf(&e->out, "driver %s\n", driver);
	for (size_t i = 0; i < n; i++) {
		const struct drivercheck_finding *f = &findings[i];
		const char *word = drivercheck_word(f->result);
		bool bad = f->result == CHECK_WRONG;
		struct jv *row = jv_new_object();

		buf_printf(&e->out, "  %s%-5s%s  %-40s %s\n",
			!e->color                         ? ""
				: bad                     ? "\033[31m"
				: f->result == CHECK_GOOD ? "\033[32m"
							  : "",
			word, e->color ? "\033[0m" : "", f->check, f->said);
		if (f->result == CHECK_WRONG || f->result == CHECK_WEAK)
			buf_printf(&e->out, "         it must be: %s\n", f->must);
		jv_set(row, "check", jv_new_string(f->check));
		jv_set(row, "result", jv_new_string(word));
		jv_set(row, "said", jv_new_string(f->said));
		jv_set(row, "must", jv_new_string(f->must));
		jv_add(rows, row);
		e->n_wrong += bad;
	}
	jv_set(one, "driver", jv_new_string(driver));
	jv_set(one, "checks", rows);
	jv_add(e->drivers, one);
}

static int examine(struct examination *e, struct drivercheck_subject subject, struct err *err)
{
	struct drivercheck_finding findings[DRIVERCHECK_MAX];
	size_t n;

	if (subject.ops->can & DRIVER_LOOKUPS)
		return err_exit(err, EXIT_USAGE,
			"driver %s looks names up; there are no reads and writes to try",
			subject.ops->name);
	subject.host = e->host;
	subject.port = e->port;
	if (drivercheck_run(&subject, findings, &n, err))
		return err_prefix(err, "driver %s", subject.ops->name);
	put_findings(e, subject.ops->name, findings, n);
	return 0;
}

static int examine_by_name(struct examination *e, const struct driver_ops *ops, struct err *err)
{
	void *options = calloc(1, ops->options_size + 1);
	struct drivercheck_subject subject = {.ops = ops, .options = options};
	struct err why;
	int rc;

	if (!options)
		abort();
	if (ops->params)
		param_set_defaults(ops->params, options);
	if (ops->check && ops->check(options, &why))
		rc = err_exit(err, EXIT_USAGE,
			"driver %s: %.200s; give a scenario that says so instead of the name",
			ops->name, why.text);
	else
		rc = examine(e, subject, err);
	free(options);
	return rc;
}

static int examine_scenario(
	struct examination *e, const struct args *args, const char *path, struct err *err)
{
	struct plan_options options = {.path = path,
		.share = args->values[OPTION_SHARE],
		.variant = args->values[OPTION_VARIANT]};
	struct buf errors = {0};
	struct plan *plan = plan_build(&options, false, err, &errors);
	int rc = plan ? 0 : -1, n = 0;

	if (!plan)
		fputs(buf_str(&errors), stderr);
	for (size_t i = 0; plan && !rc && i < plan->n_groups; i++) {
		const struct client_group *group = &plan->groups[i];
		struct drivercheck_subject subject = {.ops = group->driver,
			.options = group->driver_options,
			.value_size = group->value_size};

		if (group_looks_up(group))
			continue;
		n++;
		rc = examine(e, subject, err);
	}
	if (plan && !rc && !n)
		rc = err_exit(err, EXIT_USAGE, "no group of %s reads or writes", path);
	plan_free(plan);
	buf_release(&errors);
	return rc;
}

static int conclude(struct examination *e, const struct args *args, struct err *err)
{
	struct jv *json;
	int rc;

	buf_printf(&e->out, "%s\n",
		e->n_wrong ? "A wrong driver makes wrong verdicts: do not use it yet."
			   : "Nothing wrong was found.");
	if (args_json(args)) {
		json = json_head("doctor");
		jv_set(json, "wrong", jv_new_int(e->n_wrong));
		jv_set(json, "drivers", jv_copy(e->drivers));
		rc = print_json(json, err);
		jv_free(json);
	} else {
		rc = print_out(&e->out, err);
	}
	return rc ? rc : e->n_wrong ? EXIT_EXPECTATION : EXIT_OK;
}

int doctor_driver(const struct args *args, struct err *err)
{
	const char *what = args->values[OPTION_DRIVER];
	const struct driver_ops *ops = driver_find(what);
	struct examination e = {
		.drivers = jv_new_array(), .color = args_color(args, STDOUT_FILENO)};
	int rc = read_url(&e, args->values[OPTION_URL], err);

	if (!rc && !ops && access(what, R_OK))
		rc = err_exit(err, EXIT_USAGE,
			"\"%.80s\" is neither a driver (regionproof list drivers) nor a scenario",
			what);
	if (!rc)
		rc = ops ? examine_by_name(&e, ops, err) : examine_scenario(&e, args, what, err);
	if (!rc)
		rc = conclude(&e, args, err);
	buf_release(&e.out);
	jv_free(e.drivers);
	return rc;
}
