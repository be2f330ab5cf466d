/* judge: a recorded history of others against a model, with exhibits that convince. */
#include "fixtures/base/arena.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/param.h"
#include "fixtures/json/jv.h"
#include "suites/commands/command.h"
#include "suites/judge/foreign/export.h"
#include "suites/judge/foreign/format.h"
#include "suites/judge/models/model.h"

#include <string.h>

#define DEFAULT_LIMIT_NS (60 * NSEC_PER_SEC)
#define DEFAULT_LIMIT_BYTES (UINT64_C(2) << 30)
#define MOST_SHOWN 40 /* exhibits in the text; --json has all */

struct case_ {
	const struct format *format;
	const struct model *model;
	const char *path;
	struct model_options options;
};

static int no_such(const char *what, const char *given, struct buf *names, struct err *err)
{
	int rc = err_exit(err, EXIT_USAGE, "--%s is one of %s, not \"%.60s\"", what, buf_str(names),
		given ? given : "");

	buf_release(names);
	return rc;
}

static int find_rows(const struct args *args, struct case_ *it, struct err *err)
{
	const char *format = args->values[OPTION_FORMAT], *model = args->values[OPTION_MODEL];
	struct buf names = {0};

	it->format = format ? format_find(format) : NULL;
	for (const struct format *f = formats; !it->format && f->name; f++)
		buf_printf(&names, "%s%s", names.len ? ", " : "", f->name);
	if (!it->format)
		return no_such("format", format, &names, err);
	if (args->values[OPTION_EXPORT])
		return 0;
	it->model = model ? model_find(model) : NULL;
	for (const struct model *m = models; !it->model && m->name; m++)
		buf_printf(&names, "%s%s", names.len ? ", " : "", m->name);
	if (!it->model)
		return no_such("model", model, &names, err);
	return 0;
}

static int check_consistency(const struct args *args, struct case_ *it, struct err *err)
{
	const char *given = args->values[OPTION_CONSISTENCY];
	const char *const *names = it->model->consistencies;
	struct buf list = {0};

	if (!given)
		return 0;
	if (!names)
		return err_exit(err, EXIT_USAGE, "a %s has no --consistency to choose from",
			it->model->name);
	for (; *names; names++) {
		if (!strcmp(*names, given)) {
			it->options.consistency = *names;
			buf_release(&list);
			return 0;
		}
		buf_printf(&list, "%s%s", list.len ? ", " : "", *names);
	}
	return no_such("consistency", given, &list, err);
}

static int read_limits(const struct args *args, struct case_ *it, struct err *err)
{
	const char *time = args->values[OPTION_TIME_LIMIT];
	const char *memory = args->values[OPTION_MEMORY_LIMIT];
	uint64_t bytes = DEFAULT_LIMIT_BYTES;

	it->options.limit_ns = DEFAULT_LIMIT_NS;
	if (time && param_parse_value(PARAM_DURATION, time, &it->options.limit_ns, err)) {
		err->code = EXIT_USAGE;
		return err_prefix(err, "--time-limit");
	}
	if (memory && param_parse_value(PARAM_SIZE, memory, &bytes, err)) {
		err->code = EXIT_USAGE;
		return err_prefix(err, "--memory-limit");
	}
	it->options.limit_bytes = bytes;
	return 0;
}

static const char *outcome_word(const struct past_op *op)
{
	return op->refused                 ? "refused"
		: op->outcome == PAST_OK   ? "ok"
		: op->outcome == PAST_FAIL ? "fail"
					   : "unknown";
}

static void print_exhibit(const struct exhibit *exhibit, struct buf *out)
{
	const struct past_op *op = exhibit->op;
	size_t start;

	buf_printf(out, "  %10llu ", (unsigned long long)op->call);
	if (op->ret == PAST_NEVER)
		buf_printf(out, "%10s", "-");
	else
		buf_printf(out, "%10llu", (unsigned long long)op->ret);
	buf_printf(out, "  %7lld  %-7s ", (long long)op->process, outcome_word(op));
	start = out->len;
	buf_printf(out, "%s ", op->f);
	if (op->key) {
		datum_print(op->key, out);
		buf_addc(out, ' ');
	}
	datum_print(op->outcome == PAST_OK ? op->got : op->given, out);
	if (exhibit->why)
		buf_printf(out, "%*s <- %s",
			(int)(out->len - start < 24 ? 24 - (out->len - start) : 0), "",
			exhibit->why);
	if (op->line)
		buf_printf(out, "  (line %u)", op->line);
	buf_addc(out, '\n');
}

static void print_name(const struct past_op *op, struct buf *out)
{
	if (!op)
		buf_puts(out, "the beginning");
	else if (op->line)
		buf_printf(out, "line %u", op->line);
	else
		buf_printf(out, "process %lld at %llu", (long long)op->process,
			(unsigned long long)op->call);
}

/* A cycle, an edge a line: A -> B (wr), which read its 3 of x. */
static void print_links(const struct judgement *judgement, struct buf *out)
{
	buf_puts(out, "\n");
	for (size_t i = 0; i < judgement->n_links; i++) {
		const struct link *link = &judgement->links[i];

		buf_puts(out, "  ");
		print_name(link->from, out);
		buf_puts(out, " came before ");
		print_name(link->to, out);
		buf_printf(out, "  [%s] %s\n", link->kind, link->why);
	}
}

static void print_text(const struct case_ *it, const struct judgement *judgement, struct buf *out)
{
	size_t first = judgement->n_exhibits > MOST_SHOWN ? judgement->n_exhibits - MOST_SHOWN : 0;

	buf_printf(out, "%s: %s: %s", it->path, it->model->name, finding_name(judgement->finding));
	buf_printf(out, " (%zu operations", judgement->n_judged);
	if (judgement->n_objects > 1)
		buf_printf(out, " on %zu objects", judgement->n_objects);
	if (judgement->consistency)
		buf_printf(out, "; %s", judgement->consistency);
	buf_puts(out, ")\n");
	if (judgement->reason.len)
		buf_printf(out, "\n%s.\n", buf_str(&judgement->reason));
	if (judgement->n_links)
		print_links(judgement, out);
	if (!judgement->n_exhibits)
		return;
	buf_printf(out, "\n  %10s %10s  %7s  %-7s operation\n", "call", "return", "process",
		"outcome");
	if (first)
		buf_printf(out, "  ... %zu earlier ones: --json has them\n", first);
	for (size_t i = first; i < judgement->n_exhibits; i++)
		print_exhibit(&judgement->exhibits[i], out);
}

static struct jv *json_datum(const struct datum *datum)
{
	struct buf text = {0};
	struct jv *value;

	if (datum_is_nil(datum))
		return jv_new_null();
	if (datum->kind == DATUM_INT)
		return jv_new_int(datum->number);
	datum_print(datum, &text);
	value = jv_new_string(buf_str(&text));
	buf_release(&text);
	return value;
}

static struct jv *json_exhibit(const struct exhibit *exhibit)
{
	const struct past_op *op = exhibit->op;
	struct jv *json = jv_new_object();

	jv_set(json, "process", jv_new_int(op->process));
	jv_set(json, "f", jv_new_string(op->f));
	jv_set(json, "key", json_datum(op->key));
	jv_set(json, "value", json_datum(op->given));
	jv_set(json, "result", json_datum(op->got));
	jv_set(json, "outcome", jv_new_string(outcome_word(op)));
	jv_set(json, "call", jv_new_int((int64_t)op->call));
	jv_set(json, "ret", op->ret == PAST_NEVER ? jv_new_null() : jv_new_int((int64_t)op->ret));
	jv_set(json, "line", op->line ? jv_new_int(op->line) : jv_new_null());
	jv_set(json, "why", exhibit->why ? jv_new_string(exhibit->why) : jv_new_null());
	return json;
}

static struct jv *json_place(const struct past_op *op)
{
	return op && op->line ? jv_new_int(op->line) : jv_new_null();
}

static struct jv *json_link(const struct link *link)
{
	struct jv *json = jv_new_object();

	jv_set(json, "from_line", json_place(link->from));
	jv_set(json, "to_line", json_place(link->to));
	jv_set(json, "kind", jv_new_string(link->kind));
	jv_set(json, "why", jv_new_string(link->why));
	return json;
}

static struct jv *to_json(const struct case_ *it, const struct judgement *judgement)
{
	struct jv *json = json_head("judge"), *exhibits = jv_new_array();
	struct jv *cycle = jv_new_array();

	jv_set(json, "file", jv_new_string(it->path));
	jv_set(json, "format", jv_new_string(it->format->name));
	jv_set(json, "model", jv_new_string(it->model->name));
	jv_set(json, "consistency",
		judgement->consistency ? jv_new_string(judgement->consistency) : jv_new_null());
	jv_set(json, "verdict", jv_new_string(finding_name(judgement->finding)));
	jv_set(json, "reason", jv_new_string(buf_str(&judgement->reason)));
	jv_set(json, "operations", jv_new_int((int64_t)judgement->n_judged));
	jv_set(json, "objects", jv_new_int((int64_t)judgement->n_objects));
	for (size_t i = 0; i < judgement->n_exhibits; i++)
		jv_add(exhibits, json_exhibit(&judgement->exhibits[i]));
	jv_set(json, "exhibits", exhibits);
	for (size_t i = 0; i < judgement->n_links; i++)
		jv_add(cycle, json_link(&judgement->links[i]));
	jv_set(json, "cycle", cycle);
	return json;
}

static int print(const struct args *args, const struct case_ *it, const struct judgement *judgement,
	struct err *err)
{
	struct buf out = {0};
	struct jv *json;
	int rc;

	if (args_json(args)) {
		json = to_json(it, judgement);
		rc = print_json(json, err);
		jv_free(json);
		return rc;
	}
	print_text(it, judgement, &out);
	rc = print_out(&out, err);
	buf_release(&out);
	return rc;
}

static int judge(const struct args *args, struct case_ *it, struct arena *arena, struct err *err)
{
	static const int codes[FINDINGS] = {EXIT_OK, EXIT_EXPECTATION, EXIT_NO_VERDICT};
	struct judgement judgement = {0};
	struct past past;
	int rc;

	if (format_read(it->format, arena, it->path, &past, err))
		return -1;
	it->options.past = &past;
	if (it->model->consistencies && !past.is_timeless)
		judgement.consistency = it->model->consistencies[0];
	if (it->options.consistency)
		judgement.consistency = it->options.consistency;
	rc = model_judge(it->model, arena, &it->options, &judgement, err);
	if (rc && !err->code)
		err->code = EXIT_SCENARIO;
	if (rc)
		err_prefix(err, "%s", it->path);
	else
		rc = print(args, it, &judgement, err);
	if (!rc)
		rc = codes[judgement.finding];
	judgement_release(&judgement);
	return rc;
}

/* Without judging it. */
static int export(
	const struct args *args, const struct case_ *it, struct arena *arena, struct err *err)
{
	struct buf out = {0};
	struct past past;
	int rc;

	if (format_read(it->format, arena, it->path, &past, err))
		return -1;
	if (!strcmp(args->values[OPTION_EXPORT], "edn"))
		export_edn(arena, &past, &out);
	else
		export_jsonl(&past, &out);
	rc = print_out(&out, err);
	buf_release(&out);
	return rc;
}

int cmd_judge(const struct args *args, struct err *err)
{
	struct case_ it = {.path = args->operands[0]};
	struct arena arena = {0};
	int rc;

	it.options.initial = args->values[OPTION_INITIAL];
	if (find_rows(args, &it, err))
		return -1;
	if (args->values[OPTION_EXPORT]) {
		rc = export(args, &it, &arena, err);
		arena_release(&arena);
		return rc;
	}
	if (check_consistency(args, &it, err) || read_limits(args, &it, err))
		return -1;
	rc = judge(args, &it, &arena, err);
	arena_release(&arena);
	return rc;
}
