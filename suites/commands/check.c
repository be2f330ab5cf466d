/* check: every mistake of scenarios, and what an engine cannot do of them. Results on stdout, mistakes on
 * stderr, as a compiler does. */
#include "fixtures/base/buf.h"
#include "fixtures/json/jv.h"
#include "suites/commands/command.h"
#include "suites/commands/run_pack.h"
#include "suites/commands/variants.h"
#include "suites/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "file:line:column: sentence" of one line; false where it is a quoted line or a caret. */
static bool split_complaint(const char *line, size_t len, struct jv *out)
{
	const char *colon = line, *end = line + len;
	unsigned at, column;
	int n = 0;

	if (*line == ' ')
		return false;
	while ((colon = memchr(colon, ':', (size_t)(end - colon)))) {
		if (sscanf(colon, ":%9u:%9u: %n", &at, &column, &n) == 2 && n)
			break;
		colon++;
	}
	if (!colon)
		return false;
	jv_set(out, "file", jv_new_string(strndupa(line, (size_t)(colon - line))));
	jv_set(out, "line", jv_new_int(at));
	jv_set(out, "column", jv_new_int(column));
	jv_set(out, "message", jv_new_string(strndupa(colon + n, (size_t)(end - colon - n))));
	return true;
}

static struct jv *complaints_json(const char *text)
{
	struct jv *list = jv_new_array(), *one;
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		one = jv_new_object();
		if (split_complaint(text, len, one))
			jv_add(list, one);
		else
			jv_free(one);
	}
	return list;
}

/* What an engine can do on no machine, at the fault that asks for it. False: it can do all. */
static bool is_refused(const struct plan *plan, const struct engine_ops *ops, struct buf *errors)
{
	bool refused = false;

	for (size_t f = 0; f < plan->n_faults && ops->can; f++) {
		const struct plan_fault *fault = &plan->faults[f];
		struct engine_rule rule;
		struct err why;

		if (!fault->effects.n_links)
			continue;
		rule = (struct engine_rule){
			fault->effects.links[0].match, fault->effects.links[0].impairment};
		if (!ops->can(&rule, &why))
			continue;
		refused = true;
		buf_printf(errors, "%s:%u:%u: fault '%s': %s\n", fault->place.file,
			fault->place.line, fault->place.column, fault->name, why.text);
	}
	return refused;
}

struct check {
	const struct engine_ops *engine; /* NULL: any */
	struct buf *out;
};

static int take_plan(void *arg, struct plan *plan, struct err *err, struct buf *errors)
{
	struct check *check = arg;
	const char *comma = plan->variant ? ", variant " : "";
	const char *variant = plan->variant ? plan->variant : "";
	int rc = 0;

	if (check->engine && is_refused(plan, check->engine, errors))
		rc = err_exit(err, EXIT_SCENARIO, "%s%s%s: engine %s cannot do it", plan->path,
			comma, variant, check->engine->name);
	else
		buf_printf(check->out, "%s%s%s: ok, %zu regions, %zu faults, %zu expectations\n",
			plan->path, comma, variant, plan->n_regions, plan->n_faults,
			plan->n_expects);
	plan_free(plan);
	return rc;
}

/* Exit code of one file; what there is to say goes into out and errors, or into files. text NULL: the file's own. */
static int check_one(const struct args *args, const char *path, const char *text, struct jv *files,
	struct buf *out)
{
	struct plan_options options = {.path = path,
		.text = text,
		.share = args->values[OPTION_SHARE],
		.variant = args->values[OPTION_VARIANT]};
	const char *engine = args->values[OPTION_ENGINE];
	struct check check = {engine ? engine_find(engine) : NULL, out};
	struct variants variants;
	struct buf errors = {0};
	struct err err = {0};
	struct jv *file = jv_new_object(), *names = jv_new_array();
	int rc;

	variants_open(&variants, &options);
	for (size_t i = 0; i < variants.n && variants.names[i]; i++)
		jv_add(names, jv_new_string(variants.names[i]));
	rc = variants_plan(&variants, options, take_plan, &check, &err, &errors);
	variants_release(&variants);
	jv_set(file, "path", jv_new_string(path));
	jv_set(file, "variants", names);
	jv_set(file, "valid", jv_new_bool(!rc));
	jv_set(file, "errors", complaints_json(buf_str(&errors)));
	if (rc) {
		jv_set(file, "summary", jv_new_string(err.text));
		if (!args_json(args))
			fprintf(stderr, "%s%s\n", buf_str(&errors), err.text);
	}
	jv_add(files, file);
	buf_release(&errors);
	return rc ? err_exit_code(&err) : EXIT_OK;
}

/* The scenario of a pack, with the claims in it. */
static int check_pack(const struct args *args, struct jv *files, struct buf *out, struct err *err)
{
	struct run_pack pack;
	int code = run_pack_open(&pack, args, err);

	if (!code)
		code = check_one(args, pack.path, pack.text, files, out);
	run_pack_release(&pack);
	return code;
}

int cmd_check(const struct args *args, struct err *err)
{
	const char *engine = args->values[OPTION_ENGINE];
	struct jv *json, *files;
	struct buf out = {0};
	int worst = EXIT_OK, code;

	if (engine && !engine_find(engine))
		return err_exit(err, EXIT_USAGE, "there is no engine '%s'", engine);
	json = json_head("check");
	files = jv_new_array();
	if (args->values[OPTION_PACK])
		worst = check_pack(args, files, &out, err);
	else if (!args->n_operands)
		worst = err_exit(err, EXIT_USAGE, "check needs SCENARIO... or --pack NAME");
	for (int i = 0; i < args->n_operands && !args->values[OPTION_PACK]; i++) {
		code = check_one(args, args->operands[i], NULL, files, &out);
		worst = code ? code : worst;
	}
	jv_set(json, "files", files);
	if (worst >= 0 && (args_json(args) ? print_json(json, err) : print_out(&out, err)))
		worst = -1;
	jv_free(json);
	buf_release(&out);
	return worst;
}
