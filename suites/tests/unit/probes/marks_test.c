#include "probes/marks.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[64], path_a[128], path_b[128];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/marks-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path_a, sizeof(path_a), "%s/a.marks", dir);
	snprintf(path_b, sizeof(path_b), "%s/b.marks", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path_a);
	unlink(path_b);
	return rmdir(dir);
}

static void mark(int fd, uint64_t after_ns, uint8_t node)
{
	struct role_mark m = {.before_ns = after_ns - 1,
		.after_ns = after_ns,
		.node = node,
		.role = ROLE_REPLICA,
		.believed_primary = 0};

	assert_int_equal(marks_append(fd, &m), 0);
}

static void marks_of_all_files_are_sorted(void **state)
{
	struct err err;
	int a = marks_create(path_a, &err), b = marks_create(path_b, &err);
	struct marks marks;

	(void)state;
	mark(a, 30, 1);
	mark(a, 50, 1);
	mark(b, 40, 2);
	close(a);
	close(b);
	assert_int_equal(marks_load_dir(&marks, dir, &err), 0);
	assert_int_equal(marks.n, 3);
	assert_int_equal(marks.marks[1].after_ns, 40);
	marks_release(&marks);
}

static void a_torn_last_record_is_ignored(void **state)
{
	struct err err;
	int a = marks_create(path_a, &err);
	struct marks marks;

	(void)state;
	mark(a, 30, 1);
	assert_int_equal(write(a, "torn", 4), 4);
	close(a);
	assert_int_equal(marks_load_dir(&marks, dir, &err), 0);
	assert_int_equal(marks.n, 1);
	marks_release(&marks);
}

static void foreign_and_damaged_files_are_refused(void **state)
{
	struct role_mark damaged = {.role = 99};
	struct err err;
	int a = marks_create(path_a, &err);
	struct marks marks;

	(void)state;
	assert_int_equal(marks_append(a, &damaged), 0);
	assert_int_equal(marks_load_dir(&marks, dir, &err), -1);
	assert_non_null(strstr(err.text, "record 0 is damaged"));
	assert_int_equal(ftruncate(a, 3), 0);
	close(a);
	assert_int_equal(marks_load_dir(&marks, dir, &err), -1);
	assert_non_null(strstr(err.text, "not a file of role marks"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			marks_of_all_files_are_sorted, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			a_torn_last_record_is_ignored, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			foreign_and_damaged_files_are_refused, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
