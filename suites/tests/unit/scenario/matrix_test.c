/* Variants of one scenario: named, laid over it, and told apart where something is wrong. */
#include "suites/commands/variants.h"
#include "suites/plan.h"
#include "fixtures/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Lines 1 and 2; the matrix begins in line 3. */
#define HEAD "scenario: t\nversion: 1\n"
#define REST                                                                                       \
	"regions: { us: { role: primary }, eu: {}, ap: {} }\n"                                     \
	"links: { us <-> eu: { rtt: 80ms, jitter: 2ms }, us <-> ap: { rtt: 190ms }, "              \
	"eu <-> ap: { rtt: 120ms } }\n"                                                            \
	"system: { recipe: region-store, with: { ack: async } }\n"                                 \
	"clients: [ { name: users, sessions: 2 per region, reads: { rate: 100/s }, "               \
	"writes: { rate: 20/s } } ]\n"                                                             \
	"timeline:\n  - { at: 0s, watch: steady, for: 5s }\n"                                      \
	"  - { at: 5s, partition: us, for: \"${CUT:-4s}\", name: cut }\n"                          \
	"  - { at: 20s, quiet: settled, for: 5s }\n"                                               \
	"expect:\n  - writes.lost == 0\n  - availability > 99% in steady\n"
#define TWO                                                                                        \
	"matrix:\n  near: { links: { us <-> eu: { rtt: 20ms } } }\n"                               \
	"  few: { seed: 9, expect: [ writes.lost == 0 in cut ] }\n"
#define AXES                                                                                       \
	"matrix:\n  - { sync: { seed: 5, set: { CUT: 3s } }, async: {} }\n"                        \
	"  - { short: { set: { CUT: 2s } }, long: { seed: 6 } }\n"

static struct plan_options options_of(const char *text, const char *variant)
{
	static char share[4096];
	const char *root = getenv("REGIONPROOF_ROOT");

	snprintf(share, sizeof(share), "%s/fixtures", root ? root : ".");
	return (struct plan_options){
		.path = "t.yaml", .text = text, .share = share, .variant = variant};
}

static struct plan *assert_built(const char *text, const char *variant)
{
	struct plan_options options = options_of(text, variant);
	struct buf errors = {0};
	struct err err;
	struct plan *plan = plan_build(&options, false, &err, &errors);

	if (!plan)
		fail_msg("%s%s", buf_str(&errors), err.text);
	buf_release(&errors);
	return plan;
}

static void assert_refused(const char *text, const char *variant, const char *golden)
{
	struct plan_options options = options_of(text, variant);
	struct buf errors = {0};
	struct err err;

	assert_null(plan_build(&options, false, &err, &errors));
	assert_int_equal(err_exit_code(&err), EXIT_USAGE);
	assert_string_equal(err.text, golden);
	assert_string_equal(buf_str(&errors), "");
	buf_release(&errors);
}

static void assert_told(const char *matrix, const char *variant, const char *golden)
{
	char text[8192] = "";
	struct plan_options options = options_of(text, variant);
	struct buf errors = {0};
	struct err err;

	snprintf(text, sizeof(text), "%s%s%s", HEAD, matrix, REST);
	assert_null(plan_build(&options, false, &err, &errors));
	assert_int_equal(err_exit_code(&err), EXIT_SCENARIO);
	if (!strstr(buf_str(&errors), golden))
		fail_msg("%s\nis not in\n%s", golden, buf_str(&errors));
	buf_release(&errors);
}

static void assert_names(const char *text, const char *golden)
{
	struct plan_options options = options_of(text, NULL);
	struct arena arena = {0};
	struct buf names = {0};
	size_t n;
	const char *const *found = plan_variants(&arena, &options, &n);

	assert_null(found[n]);
	for (size_t i = 0; i < n; i++)
		buf_printf(&names, "%s%s", i ? " " : "", found[i]);
	assert_string_equal(buf_str(&names), golden);
	buf_release(&names);
	arena_release(&arena);
}

static void variants_are_named_in_their_order(void **state)
{
	(void)state;
	assert_names(HEAD TWO REST, "near few");
	assert_names(HEAD AXES REST, "sync-short sync-long async-short async-long");
	assert_names(HEAD REST, "");
	assert_names(HEAD "matrix: {}\n" REST, ""); /* the plan says why */
	assert_names("no: [map", "");
}

static void a_variant_is_laid_over_the_scenario(void **state)
{
	struct plan *plan = assert_built(HEAD TWO REST, "near");

	(void)state;
	assert_string_equal(plan->name, "t[near]");
	assert_string_equal(plan->scenario, "t");
	assert_string_equal(plan->variant, "near");
	assert_int_equal(plan->seed, 1);
	assert_int_equal(plan->links[0 * 3 + 1].delay_ns, 10000000); /* its own */
	assert_true(plan->links[0 * 3 + 1].jitter_ns > 0); /* of the same link, the scenario's */
	assert_int_equal(plan->links[0 * 3 + 2].delay_ns, 95000000);
	assert_int_equal(plan->n_expects, 2);
	plan_free(plan);
	plan = assert_built(HEAD TWO REST, "few");
	assert_int_equal(plan->seed, 9);
	assert_int_equal(plan->links[0 * 3 + 1].delay_ns, 40000000); /* nothing of the other one */
	assert_int_equal(plan->n_expects, 1);
	assert_int_equal(plan->expects[0].place.line, 5); /* a line of the matrix */
	plan_free(plan);
}

static void each_is_combined_with_each(void **state)
{
	static const struct {
		const char *name;
		uint64_t seed, cut_s;
	} rows[] = {{"sync-short", 5, 2}, {"sync-long", 6, 3}, {"async-short", 1, 2},
		{"async-long", 6, 4}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct plan *plan = assert_built(HEAD AXES REST, rows[i].name);

		assert_string_equal(plan->variant, rows[i].name);
		assert_int_equal(plan->seed, rows[i].seed);
		assert_int_equal(plan->faults[0].length_ns / 1000000000, rows[i].cut_s);
		plan_free(plan);
	}
}

static void what_is_set_goes_before_the_environment(void **state)
{
	struct plan *plan;

	(void)state;
	setenv("CUT", "7s", 1);
	setenv("OTHER", "6s", 1);
	plan = assert_built(HEAD "matrix: { a: { set: { CUT: 3s } } }\n" REST, "a");
	assert_int_equal(plan->faults[0].length_ns, 3000000000);
	plan_free(plan);
	plan = assert_built(HEAD "matrix: { a: {} }\n" REST, "a");
	assert_int_equal(plan->faults[0].length_ns, 7000000000);
	plan_free(plan);
	plan = assert_built(HEAD "matrix: { a: { set: { CUT: \"${OTHER}\" } } }\n" REST, "a");
	assert_int_equal(plan->faults[0].length_ns, 6000000000);
	plan_free(plan);
	plan = assert_built(HEAD
		"matrix: { a: { timeline: [ { at: 0s, watch: steady, for: \"${OTHER}\" }, "
		"{ at: 6s, quiet: settled, for: 5s } ] } }\n" REST,
		"a");
	assert_int_equal(plan->phases[0].end_ns, 6000000000);
	plan_free(plan);
	unsetenv("CUT");
	unsetenv("OTHER");
}

static void the_shape_of_a_matrix_is_checked(void **state)
{
	static const struct {
		const char *matrix, *golden;
	} rows[] = {
		{"matrix: {}\n",
			"t.yaml:3:9: a matrix without variants; write them as NAME: { ... }"},
		{"matrix:\n", "t.yaml:3:8: matrix is empty; a map is expected here"},
		{"matrix: []\n", "t.yaml:3:9: matrix must be a map, not a list"},
		{"matrix: [ {} ]\n", "t.yaml:3:11: a matrix without variants"},
		{"matrix: [ { a: {} }, b ]\n",
			"t.yaml:3:22: an axis of the matrix must be a map, not a text"},
		{"matrix: { a: {}, a: {} }\n",
			"t.yaml:3:18: \"a\" is written twice; the first is in line 3"},
		{"matrix: [ { a: {}, a-b: {} }, { b-c: {}, c: {} } ]\n",
			"t.yaml:3:20: two variants would be called a-b-c; rename a part of one"},
		{"matrix: { a b: {} }\n", "t.yaml:3:11: \"a b\" cannot be the name of a variant"},
		{"matrix: { a: }\n", "t.yaml:3:14: variant a is empty; a map is expected here"},
		{"matrix: { a: [] }\n", "t.yaml:3:14: variant a must be a map, not a list"},
		{"matrix: { a: { scenario: u } }\n",
			"t.yaml:3:16: \"scenario\" is the same in all variants; variant a cannot "
			"change it"},
		{"matrix: { a: { matrix: {} } }\n", "\"matrix\" is the same in all variants"},
		{"matrix: { a: { extends: x } }\n", "\"extends\" is the same in all variants"},
		{"matrix: { a: { set: [] } }\n", "t.yaml:3:21: set must be a map, not a list"},
		{"matrix: [ {a: {}}, {a: {}}, {a: {}}, {a: {}}, {a: {}}, {a: {}}, {a: {}} ]\n",
			"a matrix has 6 axes at most"},
		{"matrix: [ {a: {}, b: {}, c: {}, d: {}, e: {}}, {a: {}, b: {}, c: {}, d: {}, e: {}},"
		 " {a: {}, b: {}, c: {}} ]\n",
			"t.yaml:3:1: the matrix has more than 64 variants"},
		{"matrix: { aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: {} }\n",
			"has a name of more than 40 characters"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_told(rows[i].matrix, NULL, rows[i].golden);
		assert_told(rows[i].matrix, "a", rows[i].golden);
	}
}

static void mistakes_in_a_variant_are_told_where_they_stand(void **state)
{
	(void)state;
	assert_told("matrix:\n  a: { sede: 3 }\n", "a",
		"t.yaml:4:8: a scenario has no key \"sede\"; did you mean \"seed\"?");
	assert_told("matrix:\n  a: { seed: x }\n", "a", "t.yaml:4:14: seed: 'x' is not a whole");
	assert_told("matrix:\n  a: { set: { CUT: 3x } }\n", "a", "t.yaml:4:20: for: '3x' is not");
	assert_told("matrix:\n  a: { set: { CAT: 3s } }\n", "a",
		"t.yaml:4:15: CAT is set, and no value of the scenario says ${CAT}");
	assert_told("matrix:\n  a: { set: { 1: 3s } }\n", "a",
		"t.yaml:4:15: \"1\" cannot be the name of a variable");
	assert_told("matrix:\n  a: { links: { us <-> uk: { rtt: 9ms } } }\n", "a",
		"t.yaml:4:24: there is no region \"uk\"");
	assert_told("matrix:\n  a: { seed: \"${NOT_SET_ANYWHERE}\" }\n", "a",
		"t.yaml:4:15: the environment has no NOT_SET_ANYWHERE");
}

static void which_variant_is_meant_must_be_clear(void **state)
{
	(void)state;
	assert_refused(HEAD TWO REST, NULL,
		"t.yaml has 2 variants; say which: --variant near, --variant few");
	assert_refused(
		HEAD TWO REST, "nera", "t.yaml has no variant \"nera\"; did you mean \"near\"?");
	assert_refused(HEAD REST, "near", "t.yaml has no matrix, so no variant \"near\"");
}

/* The scenario alone may lack what each of its variants has. */
static void variants_may_complete_the_scenario(void **state)
{
	struct plan *plan = assert_built(HEAD
		"matrix: { a: { evidence: { min-reads: \"${LEAST}\" }, set: { LEAST: 4 } } }\n" REST,
		"a");

	(void)state;
	assert_int_equal(plan->evidence.min_reads, 4);
	plan_free(plan);
}

/* --- all variants of a command line ----------------------------------------------------------- */

static void merged(const char *text, struct err *err, struct buf *errors)
{
	struct plan_options options = options_of(text, NULL);
	struct variants variants;

	variants_open(&variants, &options);
	assert_int_equal(variants_plan(&variants, options, NULL, NULL, err, errors), -1);
	variants_release(&variants);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void what_all_variants_have_is_told_once(void **state)
{
	struct buf errors = {0};
	struct err err;

	(void)state;
	merged(HEAD "matrix: { a: {}, b: { seed: x }, c: { seed: y }, d: {} }\nsede: 1\n" REST,
		&err, &errors);
	assert_int_equal(count(buf_str(&errors), "a scenario has no key \"sede\""), 1);
	assert_null(strstr(buf_str(&errors), "\"seed\"? (variant"));
	assert_non_null(strstr(buf_str(&errors), "t.yaml:3:29: seed: 'x' is not a whole number"));
	assert_int_equal(count(buf_str(&errors), " (variant b)\n"), 1);
	assert_int_equal(count(buf_str(&errors), " (variant c)\n"), 1);
	assert_string_equal(err.text, "t.yaml: mistakes in 4 of 4 variants");
	assert_int_equal(err_exit_code(&err), EXIT_SCENARIO);
	buf_release(&errors);
}

/* A line of the scenario that two of its variants make wrong. */
static void what_some_variants_have_is_told_with_their_names(void **state)
{
	struct buf errors = {0};
	struct err err;

	(void)state;
	merged(HEAD
		"matrix: { a: { set: { CUT: 0s } }, b: {}, c: { timeline: [ { at: 0s, watch: s, for: "
		"5s } ] }, d: { timeline: [ { at: 0s, watch: s, for: 5s } ] } }\n" REST,
		&err, &errors);
	assert_non_null(strstr(buf_str(&errors), "there is no phase \"steady\""));
	assert_int_equal(count(buf_str(&errors), " (variant c, d)\n"), 1);
	assert_int_equal(count(buf_str(&errors), " (variant a)\n"), 1);
	assert_string_equal(err.text, "t.yaml: mistakes in 3 of 4 variants");
	buf_release(&errors);
}

static int remember(void *arg, struct plan *plan, struct err *err, struct buf *errors)
{
	(void)err;
	(void)errors;
	buf_printf(arg, "%s ", plan->name);
	plan_free(plan);
	return 0;
}

static void assert_taken(const char *text, const char *variant, const char *golden)
{
	struct plan_options options = options_of(text, variant);
	struct buf taken = {0}, errors = {0};
	struct variants variants;
	struct err err;

	variants_open(&variants, &options);
	assert_int_equal(variants_plan(&variants, options, remember, &taken, &err, &errors), 0);
	assert_string_equal(buf_str(&taken), golden);
	variants_release(&variants);
	buf_release(&taken);
	buf_release(&errors);
}

static void a_command_takes_all_variants_or_the_one_that_is_named(void **state)
{
	(void)state;
	assert_taken(HEAD TWO REST, NULL, "t[near] t[few] ");
	assert_taken(HEAD TWO REST, "few", "t[few] ");
	assert_taken(HEAD REST, NULL, "t ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variants_are_named_in_their_order),
		cmocka_unit_test(a_variant_is_laid_over_the_scenario),
		cmocka_unit_test(each_is_combined_with_each),
		cmocka_unit_test(what_is_set_goes_before_the_environment),
		cmocka_unit_test(the_shape_of_a_matrix_is_checked),
		cmocka_unit_test(mistakes_in_a_variant_are_told_where_they_stand),
		cmocka_unit_test(which_variant_is_meant_must_be_clear),
		cmocka_unit_test(variants_may_complete_the_scenario),
		cmocka_unit_test(what_all_variants_have_is_told_once),
		cmocka_unit_test(what_some_variants_have_is_told_with_their_names),
		cmocka_unit_test(a_command_takes_all_variants_or_the_one_that_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
