/* model: the table, and what all judges say alike. */
#include "suites/judge/models/model.h"

#include "fixtures/base/arena.h"
#include "fixtures/base/clock.h"
#include "suites/judge/foreign/edn.h"
#include "suites/judge/models/objects.h"

#include <stdlib.h>
#include <string.h>

static const char *const register_consistencies[] = {"linearizable", "sequential", "causal", NULL};
static const char *const linearizable_only[] = {"linearizable", NULL};

const struct model models[] = {
	{"register", "linearizable register: read, write; judged one by one where keys are given",
		register_consistencies, false, judge_register},
	{"cas-register", "linearizable register: read, write, cas [expected new]",
		linearizable_only, false, judge_cas_register},
	{"mutex", "linearizable lock: acquire, release", linearizable_only, false, judge_mutex},
	{"multi-register", "linearizable registers in one: transactions [[r k v] [w k v]]",
		linearizable_only, false, judge_multi_register},
	{"set", "linearizable set that only grows: add, read of all of it", linearizable_only, true,
		judge_set},
	{"counter", "add, read: each read within the bounds of what must and may be in", NULL, true,
		judge_counter},
	{"bank", "transfer, read of all accounts: one total (--initial), no balance below 0", NULL,
		true, judge_bank},
	{"list-append", "transactions [[append k v] [r k [v ...]]] at the --consistency asked for",
		list_append_consistencies, false, judge_list_append},
	{"rw-register",
		"transactions [[w k v] [r k v]] at the --consistency asked for; a value is written "
		"once per key",
		rw_register_consistencies, false, judge_rw_register},
	{"causal", "registers or transactions of them: causal, read-atomic or read-committed",
		causal_consistencies, false, judge_causal},
	{"long-fork", "no two reads [[r k v] ...] each miss a write that the other saw", NULL,
		false, judge_long_fork},
	{"sessions", "read your writes and monotonic reads of each process, on registers", NULL,
		false, judge_sessions},
	{NULL, NULL, NULL, false, NULL},
};

const struct model *model_find(const char *name)
{
	for (const struct model *m = models; m->name; m++) {
		if (!strcmp(m->name, name))
			return m;
	}
	return NULL;
}

const char *finding_name(enum finding finding)
{
	static const char *const names[FINDINGS] = {"valid", "violated", "undecided"};

	return names[finding];
}

/* Operations of one key: a copy in the arena per key. */
static struct past *part(struct arena *arena, const struct past *past, size_t *n_parts)
{
	struct past *parts = NULL;
	struct names keys;

	names_init(&keys, arena);
	*n_parts = 0;
	for (size_t i = 0; i < past->n; i++) {
		uint32_t key = names_of(&keys, past->ops[i].key);

		if (key == *n_parts) {
			struct past *fresh = ARENA_PUSH(arena, parts, *n_parts);

			*fresh = *past;
			fresh->ops = NULL;
			fresh->n = 0;
		}
		*ARENA_PUSH(arena, parts[key].ops, parts[key].n) = past->ops[i];
	}
	return parts;
}

struct parts {
	const struct model *model;
	const struct model_options *options;
	struct past *parts;
};

static int judge_part(void *context, unsigned thread, struct arena *arena, size_t object,
	struct object_limits *limits, struct judgement *out, struct err *err)
{
	struct parts *all = context;
	struct model_options one = *all->options;
	uint64_t now = clock_now_ns();

	(void)thread;
	one.past = &all->parts[object];
	one.limit_bytes = limits->bytes;
	if (limits->deadline_ns)
		one.limit_ns = limits->deadline_ns > now ? limits->deadline_ns - now : 1;
	return all->model->judge(arena, &one, out, err);
}

/* The worst of what the keys are: violated, undecided, valid. */
static int judge_parts(const struct model *model, struct arena *arena,
	const struct model_options *options, struct judgement *out, struct err *err)
{
	struct parts all = {.model = model, .options = options};
	struct objects objects = {.threads = options->threads,
		.limit_ns = options->limit_ns,
		.limit_bytes = options->limit_bytes,
		.judge = judge_part,
		.context = &all};
	size_t n_judged;

	all.parts = part(arena, options->past, &objects.n);
	if (objects_judge(&objects, arena, out, &n_judged, err))
		return -1;
	out->n_judged = n_judged;
	out->n_objects = objects.n;
	return 0;
}

int model_judge(const struct model *model, struct arena *arena, const struct model_options *options,
	struct judgement *out, struct err *err)
{
	bool has_keys = false;
	int rc = 0;

	for (size_t i = 0; i < options->past->n && model->one_object; i++)
		has_keys |= options->past->ops[i].key != NULL;
	if (options->past->n)
		rc = has_keys ? judge_parts(model, arena, options, out, err)
			      : model->judge(arena, options, out, err);
	if (!rc && !out->n_judged && out->finding == FINDING_VALID) {
		out->finding = FINDING_UNDECIDED;
		buf_printf(&out->reason,
			"no operation says anything about a %s, which is no evidence", model->name);
	}
	return rc;
}

void judgement_release(struct judgement *judgement)
{
	buf_release(&judgement->reason);
}

struct exhibit *judgement_show(
	struct arena *arena, struct judgement *out, const struct past_op *op, const char *why)
{
	struct exhibit *exhibit = ARENA_PUSH(arena, out->exhibits, out->n_exhibits);

	*exhibit = (struct exhibit){op, why};
	return exhibit;
}

void judgement_link(struct arena *arena, struct judgement *out, struct link link)
{
	*ARENA_PUSH(arena, out->links, out->n_links) = link;
}

static int by_call(const void *a, const void *b)
{
	const struct past_op *x = ((const struct exhibit *)a)->op;
	const struct past_op *y = ((const struct exhibit *)b)->op;

	if (x->call != y->call)
		return x->call < y->call ? -1 : 1;
	return x < y ? -1 : x > y;
}

void judgement_sort(struct judgement *out)
{
	size_t n = 0;

	if (out->n_exhibits)
		qsort(out->exhibits, out->n_exhibits, sizeof(*out->exhibits), by_call);
	for (size_t i = 0; i < out->n_exhibits; i++) {
		struct exhibit *exhibit = &out->exhibits[i];

		if (n && out->exhibits[n - 1].op == exhibit->op) {
			if (!out->exhibits[n - 1].why)
				out->exhibits[n - 1].why = exhibit->why;
		} else {
			out->exhibits[n++] = *exhibit;
		}
	}
	out->n_exhibits = n;
}

const char *op_phrase(struct arena *arena, const struct past_op *op)
{
	struct buf text = {0};
	const char *phrase;

	buf_printf(&text, "process %lld's %s ", (long long)op->process, op->f);
	if (op->key) {
		buf_puts(&text, "of ");
		datum_print(op->key, &text);
		buf_addc(&text, ' ');
	}
	datum_print(op->got, &text);
	if (op->line)
		buf_printf(&text, " (line %u)", op->line);
	phrase = arena_strdup(arena, buf_str(&text));
	buf_release(&text);
	return phrase;
}

int op_unknown(const struct past_op *op, const char *model, struct err *err)
{
	return err_exit(err, EXIT_SCENARIO, "line %u: a %s knows no \"%.40s\" like this", op->line,
		model, op->f);
}

int model_initial(struct arena *arena, const struct model_options *options,
	const struct datum **out, struct err *err)
{
	const char *text = options->initial ? options->initial : options->past->initial;
	struct datum *value = arena_alloc(arena, sizeof(*value));
	struct edn edn;
	int rc;

	*out = value;
	if (!text)
		return 0;
	edn_init(&edn, arena, text, strlen(text));
	rc = edn_next(&edn, value, err);
	edn_release(&edn);
	return rc < 0 ? err_prefix(err, "--initial %.60s", text) : 0;
}
