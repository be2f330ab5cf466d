/* The command line: what is taken, and what a wrong word is told. */
#include "suites/commands/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ALLOWED (OPTIONS_COMMON | OPTION(JSON) | OPTION(SEED))

static void options_and_operands_are_told_apart(void **state)
{
	const char *argv[] = {"a.yaml", "--seed", "7", "--json", "b.yaml", "--", "--json"};
	struct args args;
	struct err err;
	uint64_t seed = 0;

	(void)state;
	assert_int_equal(args_parse(&args, ALLOWED, argv, 7, &err), 0);
	assert_true(args_json(&args));
	assert_int_equal(args_number(&args, OPTION_SEED, &seed, &err), 0);
	assert_int_equal(seed, 7);
	assert_int_equal(args.n_operands, 3);
	assert_string_equal(args.operands[1], "b.yaml");
	assert_string_equal(args.operands[2], "--json");
}

static void wrong_words_are_told_and_end_in_usage(void **state)
{
	static const struct {
		const char *word, *golden;
	} rows[] = {
		{"--sed=1", "there is no option --sed here; did you mean --seed?"},
		{"--share=x", "there is no option --share here"},
		{"--json=1", "--json takes no value"},
		{"--seed", "--seed needs its N"},
		{"--color=pink", "--color is one of auto, always, never, not \"pink\""},
		{"-j", "\"-j\" is no option; options are long"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *argv[] = {rows[i].word};
		struct args args;
		struct err err = {0};

		assert_int_equal(args_parse(&args, ALLOWED, argv, 1, &err), -1);
		assert_int_equal(err.code, EXIT_USAGE);
		if (!strstr(err.text, rows[i].golden))
			fail_msg("wanted \"%s\", got \"%s\"", rows[i].golden, err.text);
	}
}

static void a_number_must_be_one(void **state)
{
	const char *argv[] = {"--seed=abc"};
	struct args args;
	struct err err = {0};
	uint64_t seed;

	(void)state;
	assert_int_equal(args_parse(&args, ALLOWED, argv, 1, &err), 0);
	assert_int_equal(args_number(&args, OPTION_SEED, &seed, &err), -1);
	assert_int_equal(err.code, EXIT_USAGE);
}

static void no_color_is_respected(void **state)
{
	struct args args = {0};

	(void)state;
	setenv("NO_COLOR", "1", 1);
	assert_false(args_color(&args, STDOUT_FILENO));
	args.values[OPTION_COLOR] = "always"; /* who asks for it gets it */
	assert_true(args_color(&args, STDOUT_FILENO));
	args.values[OPTION_COLOR] = "never";
	assert_false(args_color(&args, STDOUT_FILENO));
}

static void every_command_is_complete(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->name; c++) {
		assert_non_null(c->help);
		assert_non_null(c->operands);
		assert_non_null(c->main);
		assert_ptr_equal(command_find(c->name), c);
	}
	for (int i = 0; i < OPTIONS; i++) {
		assert_int_equal(option_rows[i].id, i);
		assert_non_null(option_rows[i].help);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_operands_are_told_apart),
		cmocka_unit_test(wrong_words_are_told_and_end_in_usage),
		cmocka_unit_test(a_number_must_be_one),
		cmocka_unit_test(no_color_is_respected),
		cmocka_unit_test(every_command_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
