#include "fixtures/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What the log writes at this level while the callback runs. */
static void capture(enum log_level level, void (*say)(void), char *text, size_t size)
{
	int fds[2];
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	log_setup("agent eu-west", level, fds[1]);
	say();
	log_setup("", LOG_LEVEL_WARN, STDERR_FILENO);
	close(fds[1]);
	n = read(fds[0], text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	close(fds[0]);
}

static void say_all(void)
{
	log_warn("w%d", 1);
	log_info("i%d", 2);
	log_debug("d%d", 3);
}

static void the_level_decides_what_is_said(void **state)
{
	char text[1024];

	(void)state;
	capture(LOG_LEVEL_QUIET, say_all, text, sizeof(text));
	assert_string_equal(text, "");
	capture(LOG_LEVEL_WARN, say_all, text, sizeof(text));
	assert_non_null(strstr(text, "agent eu-west: warning: w1\n"));
	assert_null(strstr(text, "i2"));
	capture(LOG_LEVEL_INFO, say_all, text, sizeof(text));
	assert_non_null(strstr(text, "agent eu-west: i2\n"));
	assert_null(strstr(text, "d3"));
	capture(LOG_LEVEL_DEBUG, say_all, text, sizeof(text));
	assert_non_null(strstr(text, "agent eu-west: d3\n"));
}

static void say_too_much(void)
{
	char longer[4000];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	log_warn("%s", longer);
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
	char text[8192];

	(void)state;
	capture(LOG_LEVEL_WARN, say_too_much, text, sizeof(text));
	assert_true(strlen(text) < 2048);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_level_decides_what_is_said),
		cmocka_unit_test(a_long_line_is_cut_and_still_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
