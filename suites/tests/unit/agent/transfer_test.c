/* Files arrive as they were, and a chunk cannot leave its folder. */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/tree.h"
#include "fixtures/frame.h"
#include "fixtures/json/jv.h"
#include "suites/agent/transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char from[64], to[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(from, sizeof(from), "transfer_from.XXXXXX");
	snprintf(to, sizeof(to), "transfer_to.XXXXXX");
	return mkdtemp(from) && mkdtemp(to) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct err err;

	(void)state;
	return tree_remove(from, &err) | tree_remove(to, &err);
}

static void write_bytes(const char *name, size_t n)
{
	struct buf bytes = {0};
	char path[128];
	struct err err;

	for (size_t i = 0; i < n; i++)
		buf_addc(&bytes, (char)(i * 31 + i / 257));
	snprintf(path, sizeof(path), "%s/%s", from, name);
	assert_int_equal(buf_write_file(&bytes, path, &err), 0);
	buf_release(&bytes);
}

static bool same_file(const char *name)
{
	struct buf a = {0}, b = {0};
	char path[128];
	struct err err;
	bool same;

	snprintf(path, sizeof(path), "%s/%s", from, name);
	assert_int_equal(buf_read_file(&a, path, 1 << 24, &err), 0);
	snprintf(path, sizeof(path), "%s/%s", to, name);
	assert_int_equal(buf_read_file(&b, path, 1 << 24, &err), 0);
	same = a.len == b.len && !memcmp(buf_str(&a), buf_str(&b), a.len);
	buf_release(&a);
	buf_release(&b);
	return same;
}

/* The sender is a process of its own: the socket holds less than a file. */
static void send_all_across(void)
{
	struct frame_reader reader = {0};
	struct jv *chunk;
	struct err err;
	int pair[2], status;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		close(pair[1]);
		_exit(transfer_send_dir(pair[0], from, &err) ? 1 : 0);
	}
	close(pair[0]);
	while (frame_recv(pair[1], &reader, clock_now_ns() + 5 * NSEC_PER_SEC, &chunk, NULL, &err) >
		0) {
		assert_int_equal(transfer_store(to, chunk, &err), 0);
		jv_free(chunk);
	}
	frame_reader_release(&reader);
	close(pair[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void files_of_every_length_arrive_whole(void **state)
{
	(void)state;
	write_bytes("one", 1);
	write_bytes("two", 2);
	write_bytes("three", 3);
	write_bytes("large", 1000003);
	send_all_across();
	assert_true(same_file("one"));
	assert_true(same_file("two"));
	assert_true(same_file("three"));
	assert_true(same_file("large"));
}

static int store(const char *name, const char *data)
{
	struct jv *chunk = jv_new_object();
	struct err err;
	int rc;

	jv_set(chunk, "file", jv_new_string(name));
	jv_set(chunk, "offset", jv_new_int(0));
	jv_set(chunk, "data", jv_new_string(data));
	rc = transfer_store(to, chunk, &err);
	jv_free(chunk);
	return rc;
}

static void a_name_that_leaves_the_folder_is_refused(void **state)
{
	(void)state;
	assert_int_equal(store("good", "QUJD"), 0);
	assert_int_equal(store("../bad", "QUJD"), -1);
	assert_int_equal(store("/bad", "QUJD"), -1);
	assert_int_equal(store(".hidden", "QUJD"), -1);
	assert_int_equal(store("", "QUJD"), -1);
}

static void what_is_not_base64_is_refused(void **state)
{
	(void)state;
	assert_int_equal(store("x", "QUJ"), -1);
	assert_int_equal(store("x", "QU*D"), -1);
	assert_int_equal(store("x", "Q=JD"), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_of_every_length_arrive_whole),
		TEST(a_name_that_leaves_the_folder_is_refused),
		TEST(what_is_not_base64_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
