#include "suites/commands/variants.h"
#include "fixtures/base/buf.h"
#include "suites/scenario/scenario.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void variants_open(struct variants *variants, const struct plan_options *options)
{
	*variants = (struct variants){0};
	if (!options->variant)
		variants->names = plan_variants(&variants->arena, options, &variants->n);
	variants->all = variants->n > 0;
	if (!variants->all) {
		const char **name = arena_array(&variants->arena, 1, sizeof(*name));

		*name = options->variant;
		variants->names = name;
		variants->n = 1;
	}
}

void variants_release(struct variants *variants)
{
	arena_release(&variants->arena);
}

/* --- complaints ------------------------------------------------------------------------------ */

/* A complaint and the lines that quote: up to the next line at the margin. */
static size_t complaint_length(const char *text)
{
	const char *at = text;

	do
		at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n');
	while (*at == ' ');
	return (size_t)(at - text);
}

static bool holds(const struct buf *errors, const char *complaint, size_t len)
{
	const char *text = buf_str(errors);

	for (size_t at = 0; text[at]; at += complaint_length(text + at)) {
		if (complaint_length(text + at) == len && !memcmp(text + at, complaint, len))
			return true;
	}
	return false;
}

/* " (variant a)" behind the sentence, and then what it quotes. */
static void put_named(const struct variants *variants, uint64_t its, const char *complaint,
	size_t len, struct buf *out)
{
	size_t sentence = strcspn(complaint, "\n");
	unsigned n = 0;

	buf_add(out, complaint, sentence);
	for (size_t i = 0; i < variants->n; i++) {
		if (its >> i & 1)
			buf_printf(out, "%s%s", n++ ? ", " : " (variant ", variants->names[i]);
	}
	buf_puts(out, ")");
	buf_add(out, complaint + sentence, len - sentence);
}

static_assert(SCENARIO_VARIANTS_MAX <= 64, "variants are bits");

/* One that the variant before did not have already. */
static void merge_one(const struct variants *variants, const struct buf *errors, size_t variant,
	const char *complaint, size_t len, struct buf *out)
{
	uint64_t its = 0;
	size_t n = 0;

	for (size_t i = 0; i < variants->n; i++) {
		if (!holds(&errors[i], complaint, len))
			continue;
		if (i < variant)
			return;
		its |= UINT64_C(1) << i;
		n++;
	}
	if (n == variants->n)
		buf_add(out, complaint, len);
	else
		put_named(variants, its, complaint, len, out);
}

static void merge(const struct variants *variants, const struct buf *errors, struct buf *out)
{
	for (size_t i = 0; i < variants->n; i++) {
		const char *text = buf_str(&errors[i]);
		size_t len;

		for (; *text; text += len) {
			len = complaint_length(text);
			merge_one(variants, errors, i, text, len, out);
		}
	}
}

/* --- plans ----------------------------------------------------------------------------------- */

static int plan_one(const struct plan_options *options, variants_take *take, void *arg,
	struct err *err, struct buf *errors)
{
	struct plan *plan = plan_build(options, false, err, errors);

	if (!plan)
		return -1;
	if (take)
		return take(arg, plan, err, errors);
	plan_free(plan);
	return 0;
}

int variants_plan(const struct variants *variants, struct plan_options options, variants_take *take,
	void *arg, struct err *err, struct buf *errors)
{
	struct buf *each = calloc(variants->n, sizeof(*each));
	size_t wrong = 0;

	if (!each)
		abort(); /* see buf.h */
	for (size_t i = 0; i < variants->n; i++) {
		options.variant = variants->names[i];
		wrong += plan_one(&options, take, arg, err, &each[i]) != 0;
	}
	merge(variants, each, errors);
	for (size_t i = 0; i < variants->n; i++)
		buf_release(&each[i]);
	free(each);
	if (!wrong || variants->n == 1)
		return wrong ? -1 : 0;
	return err_exit(err, EXIT_SCENARIO, "%s: mistakes in %zu of %zu variants", options.path,
		wrong, variants->n);
}
