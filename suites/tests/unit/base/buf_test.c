#include "fixtures/base/buf.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void empty_is_an_empty_string(void **state)
{
	struct buf buf = {0};

	(void)state;
	assert_string_equal(buf_str(&buf), "");
	buf_clear(&buf);
	buf_release(&buf);
	assert_null(buf.data);
}

static void what_is_added_stands_there_with_a_nul(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_puts(&buf, "one");
	buf_addc(&buf, ' ');
	buf_printf(&buf, "%d%s", 2, "!");
	buf_add(&buf, "\0z", 2);
	assert_int_equal(buf.len, 8);
	assert_memory_equal(buf.data, "one 2!\0z\0", 9);
	buf_clear(&buf);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf_str(&buf), "");
	buf_release(&buf);
}

static void it_grows_as_far_as_needed(void **state)
{
	struct buf buf = {0};

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_addc(&buf, (char)('a' + i % 26));
	buf_printf(&buf, "%*d", 5000, 7);
	assert_int_equal(buf.len, 105000);
	assert_int_equal(strlen(buf.data), 105000);
	assert_int_equal(buf.data[99999], 'a' + 99999 % 26);
	assert_int_equal(buf.data[104999], '7');
	buf_release(&buf);
}

static void reserved_room_is_the_callers(void **state)
{
	struct buf buf = {0};

	(void)state;
	memcpy(buf_reserve(&buf, 300), "abc", 4);
	buf.len += 3;
	assert_string_equal(buf_str(&buf), "abc");
	assert_true(buf.cap > 300);
	buf_release(&buf);
}

static size_t count_files(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *entry; (entry = readdir(d));)
		n += entry->d_name[0] != '.';
	closedir(d);
	return n;
}

static void a_file_comes_back_as_written(void **state)
{
	char dir[] = "buf-test-XXXXXX", path[64];
	struct buf out = {0}, in = {0};
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	for (int i = 0; i < 70000; i++)
		buf_add(&out, "ab\0", 3);
	assert_int_equal(buf_write_file(&out, path, &err), 0);
	assert_int_equal(buf_write_file(&out, path, &err), 0); /* replaces */
	assert_int_equal(count_files(dir), 1);
	assert_int_equal(buf_read_file(&in, path, out.len, &err), 0);
	assert_int_equal(in.len, out.len);
	assert_memory_equal(in.data, out.data, out.len);
	buf_clear(&in);
	assert_int_equal(buf_read_file(&in, path, out.len - 1, &err), -1);
	assert_non_null(strstr(err.text, "larger than 209999 bytes"));
	buf_release(&in);
	buf_release(&out);
	unlink(path);
	rmdir(dir);
}

static void a_file_that_cannot_be_had_is_a_sentence(void **state)
{
	struct buf buf = {0};
	struct err err;

	(void)state;
	assert_int_equal(buf_read_file(&buf, "no/such/file", 10, &err), -1);
	assert_string_equal(err.text, "cannot open no/such/file: No such file or directory");
	assert_int_equal(buf_write_file(&buf, "no/such/file", &err), -1);
	assert_non_null(strstr(err.text, "cannot create no/such/file"));
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_is_an_empty_string),
		cmocka_unit_test(what_is_added_stands_there_with_a_nul),
		cmocka_unit_test(it_grows_as_far_as_needed),
		cmocka_unit_test(reserved_room_is_the_callers),
		cmocka_unit_test(a_file_comes_back_as_written),
		cmocka_unit_test(a_file_that_cannot_be_had_is_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
