/*
 * libFuzzer entry for everything that reads YAML: a first byte 'R' gives the rest to the recipe
 * reader, anything else is a scenario, planned and printed where it is sound. `make fuzz`.
 */
#include "fixtures/base/buf.h"
#include "suites/plan.h"
#include "suites/scenario/recipe.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_recipe(const char *text, size_t len)
{
	static const char *const regions[] = {"us", "eu"};
	struct source source = {"r.yaml", text, len};
	struct buf errors = {0};
	struct complaints complaints = {.out = &errors};
	struct arena arena = {0};
	struct recipe recipe;

	complaints_add_source(&complaints, &source);
	recipe_read(&arena, &source, &recipe, &complaints);
	for (size_t i = 0; i < recipe.n_nodes && !complaints.n; i++) {
		struct recipe_site site = {
			.recipe = &recipe, .regions = regions, .n_regions = 2, .node = i};

		recipe_arguments(&arena, &site, &recipe.nodes[i].command, &complaints);
	}
	arena_release(&arena);
	buf_release(&errors);
}

static void fuzz_plan(const char *text)
{
	struct plan_options options = {.path = "f.yaml", .text = text, .share = "fixtures"};
	struct arena arena = {0};
	struct buf out = {0};
	struct err err = {0};
	struct plan *plan;
	size_t n;

	options.variant = plan_variants(&arena, &options, &n)[0]; /* NULL behind the last */
	plan = plan_build(&options, false, &err, &out);
	if (plan)
		plan_print(plan, &out);
	plan_free(plan);
	buf_release(&out);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (size && *text == 'R')
		fuzz_recipe(text + 1, size - 1);
	else
		fuzz_plan(text);
	free(text);
	return 0;
}
