/* Recipes: conditions, placeholders, and what a wrong one is told. */
#include "suites/scenario/recipe.h"
#include "fixtures/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                                       \
	"recipe: r\nversion: 1\ndriver: null\nwith: { bug: '', mode: { default: slow, choices: [slow, fast] } }\n"

struct fixture {
	struct arena arena;
	struct buf errors;
	struct source source;
	struct complaints complaints;
	struct recipe recipe;
};

static void read_recipe(struct fixture *f, const char *text)
{
	*f = (struct fixture){.source = {"r.yaml", text, strlen(text)}};
	f->complaints.out = &f->errors;
	complaints_add_source(&f->complaints, &f->source);
	recipe_read(&f->arena, &f->source, &f->recipe, &f->complaints);
}

static void release(struct fixture *f)
{
	arena_release(&f->arena);
	buf_release(&f->errors);
}

static const char *joined(struct fixture *f, size_t region)
{
	static const char *const regions[] = {"eu", "us"};
	static char text[512];
	struct recipe_site site = {.recipe = &f->recipe,
		.regions = regions,
		.n_regions = 2,
		.primary = 1,
		.region = region,
		.seed = 9};
	const char *const *argv =
		recipe_arguments(&f->arena, &site, &f->recipe.nodes[0].command, &f->complaints);

	*text = '\0';
	for (size_t i = 0; argv[i]; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "[%s]", argv[i]);
	return text;
}

static void placeholders_are_replaced(void **state)
{
	struct fixture f;

	(void)state;
	read_recipe(&f,
		HEAD
		"nodes:\n  - name: a\n    port: 80\n    endpoint: yes\n"
		"    command: [p, '{node}', '{region}', '{index}', '{address}:{port}', '{address6}',"
		" '{primary}', '{primary_address}', '{peers}', '{with.mode}', '{b.address}', "
		"'{b.port}', '{{x}', '{ x }', '{seed}', '']\n"
		"  - { name: b, port: 90, command: [q] }\n");
	assert_int_equal(f.complaints.n, 0);
	assert_string_equal(joined(&f, 0),
		"[p][eu/a][eu][0][198.18.0.10:80][2001:2::a][us][198.18.1.10]"
		"[us/a=198.18.1.10:80,eu/a=198.18.0.10:80][slow][198.18.0.11][90][{x}][{ x }][9][]");
	release(&f);
}

static void arguments_with_a_condition_vanish_whole(void **state)
{
	static const char text[] = HEAD
		"nodes:\n  - name: a\n    port: 80\n    endpoint: yes\n    command:\n      - p\n"
		"      - { if: with.bug, then: ['--bug', '{with.bug}'] }\n"
		"      - { if: replica, then: [--of, '{primary_address}'] }\n"
		"      - { if: primary, then: --first }\n"
		"      - { if: with.mode = fast, then: --fast }\n"
		"      - { if: with.mode != fast, then: --slow }\n";
	struct scenario_setting bug = {.name = "bug", .value = {.text = "x=1/2"}};
	struct scenario_setting mode = {.name = "mode", .value = {.text = "fast"}};
	struct scenario_settings with = {&bug, 1};
	struct fixture f;

	(void)state;
	read_recipe(&f, text);
	assert_int_equal(f.complaints.n, 0);
	assert_string_equal(joined(&f, 0), "[p][--of][198.18.1.10][--slow]");
	assert_string_equal(joined(&f, 1), "[p][--first][--slow]");
	recipe_apply_with(&f.recipe, &with, &f.complaints);
	with.items = &mode;
	recipe_apply_with(&f.recipe, &with, &f.complaints);
	assert_int_equal(f.complaints.n, 0);
	assert_string_equal(joined(&f, 1), "[p][--bug][x=1/2][--first][--fast]");
	release(&f);
}

static void wrong_recipes_are_told_why(void **state)
{
#define NODE(text) HEAD "nodes: [ { name: a, port: 80, endpoint: yes, " text " } ]\n"
	static const struct {
		const char *text, *golden;
	} rows[] = {
		{"recipe: r\nversion: 1\nnodes: []\n", "a recipe needs \"driver:\""},
		{HEAD "nodes: [ { name: a, port: 80, command: [p] } ]\n",
			"no node is for clients; give one \"endpoint: yes\""},
		{NODE("comand: [p]"), "a node has no key \"comand\"; did you mean \"command\"?"},
		{NODE("command: []"), "command begins with the name of a program"},
		{NODE("command: [ { if: primary, then: p } ]"),
			"begins with the name of a program"},
		{NODE("command: [p, { if: with.bog, then: x } ]"),
			"the recipe has no parameter \"bog\"; did you mean \"bug\"?"},
		{NODE("command: [p, { if: sometimes, then: x } ]"),
			"\"sometimes\" is no condition"},
		{NODE("command: [p], ready: { tcp: yes, http: / }"), "ready takes one of"},
		{NODE("command: [p], files: { ../x: y }"), "cannot be the name of a file"},
		{HEAD "nodes: [ { name: a, endpoint: yes, command: [p] } ]\n",
			"the node needs \"port:\""},
		{HEAD "nodes: [ { name: a, port: 70000, endpoint: yes, command: [p] } ]\n",
			"a port lies between 1 and 65535"},
		{HEAD "traffic: { replication: [http] }\n", "a port is a number from 1 to 65535"},
		{HEAD "traffic: { replicaton: [1] }\n", "did you mean \"replication\"?"},
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		read_recipe(&f, rows[i].text);
		if (!strstr(buf_str(&f.errors), rows[i].golden))
			fail_msg("wanted \"%s\", got \"%s\"", rows[i].golden, buf_str(&f.errors));
		release(&f);
	}
}

static void an_unknown_placeholder_is_told(void **state)
{
	struct fixture f;

	(void)state;
	read_recipe(&f, NODE("command: [p, '{adress}']"));
	joined(&f, 0);
	assert_non_null(strstr(buf_str(&f.errors),
		"there is nothing to put for {adress}; did you mean \"address\"?"));
	release(&f);
}

static void traffic_may_be_narrowed_to_ports(void **state)
{
	struct fixture f;

	(void)state;
	read_recipe(&f, HEAD "traffic: { replication: [5432, 5433] }\n");
	assert_int_equal(f.recipe.traffic[MATCH_TRAFFIC_REPLICATION][0], 5432);
	assert_int_equal(f.recipe.traffic[MATCH_TRAFFIC_REPLICATION][1], 5433);
	assert_int_equal(f.recipe.traffic[MATCH_TRAFFIC_REPLICATION][2], 0);
	assert_int_equal(f.recipe.traffic[MATCH_TRAFFIC_CLIENTS][0], 0);
	release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(placeholders_are_replaced),
		cmocka_unit_test(arguments_with_a_condition_vanish_whole),
		cmocka_unit_test(wrong_recipes_are_told_why),
		cmocka_unit_test(an_unknown_placeholder_is_told),
		cmocka_unit_test(traffic_may_be_narrowed_to_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
