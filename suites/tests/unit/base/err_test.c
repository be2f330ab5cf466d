#include "fixtures/base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void set_returns_minus_one_and_keeps_the_sentence(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_set(&err, "cannot open %s", "door"), -1);
	assert_string_equal(err.text, "cannot open door");
	assert_int_equal(err.code, 0);
}

static void sys_adds_what_the_system_said(void **state)
{
	struct err err = {0};

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_sys(&err, "cannot open %s", "door"), -1);
	assert_string_equal(err.text, "cannot open door: No such file or directory");
}

static void prefix_puts_context_in_front(void **state)
{
	struct err err = {0};

	(void)state;
	err_set(&err, "no route");
	assert_int_equal(err_prefix(&err, "region %s", "eu-west"), -1);
	assert_int_equal(err_prefix(&err, "lab"), -1);
	assert_string_equal(err.text, "lab: region eu-west: no route");
}

static void the_exit_code_is_internal_unless_set(void **state)
{
	struct err err = {0};

	(void)state;
	err_set(&err, "x");
	assert_int_equal(err_exit_code(&err), EXIT_INTERNAL);
	assert_int_equal(err_exit(&err, EXIT_MACHINE, "no kernel"), -1);
	err_prefix(&err, "doctor");
	assert_int_equal(err_exit_code(&err), EXIT_MACHINE);
	assert_string_equal(err.text, "doctor: no kernel");
}

static void a_long_sentence_is_cut_not_overrun(void **state)
{
	struct err err = {0};
	char longer[2 * sizeof(err.text)];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_set(&err, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_prefix(&err, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	errno = EIO;
	err_sys(&err, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_returns_minus_one_and_keeps_the_sentence),
		cmocka_unit_test(sys_adds_what_the_system_said),
		cmocka_unit_test(prefix_puts_context_in_front),
		cmocka_unit_test(the_exit_code_is_internal_unless_set),
		cmocka_unit_test(a_long_sentence_is_cut_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
