#include "probes/history.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/history-test-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	(void)state;
	while ((e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	return rmdir(dir);
}

static const char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, 128, "%s/%s", dir, name);
	return p;
}

static void record(struct history_writer *writer, uint64_t call_ns, enum op_state state)
{
	struct op op = {.call_ns = call_ns, .value = call_ns, .kind = OP_WRITE};
	struct op *open_op;
	struct err err;

	open_op = history_begin(writer, &op, &err);
	assert_non_null(open_op);
	assert_int_equal(open_op->state, OP_INVOKED);
	if (state == OP_INVOKED)
		return;
	open_op->ret_ns = call_ns + 5;
	history_finish(open_op, state);
}

static struct history_writer *writer_at(const char *path)
{
	struct err err;
	struct history_writer *writer = history_writer_open(path, &err);

	assert_non_null(writer);
	return writer;
}

static void files_are_merged_in_order_of_call(void **state)
{
	struct history_writer *a = writer_at(in_dir("a.ops")), *b = writer_at(in_dir("b.ops"));
	struct history history;
	struct err err;

	(void)state;
	for (uint64_t t = 1; t <= 3000; t++)
		record(t % 3 ? a : b, t, OP_OK);
	history_writer_close(a);
	history_writer_close(b);
	assert_int_equal(history_load_dir(&history, dir, &err), 0);
	assert_int_equal(history.n, 3000);
	for (uint64_t t = 1; t <= 3000; t++)
		assert_int_equal(history.ops[t - 1].call_ns, t);
	history_release(&history);
}

static void a_record_stays_in_place_while_a_shared_file_grows(void **state)
{
	struct err err;
	struct history_writer *writer = history_writer_open_shared(in_dir("t.ops"), &err);
	struct op op = {.call_ns = 1, .kind = OP_READ}, *early;
	struct history history;

	(void)state;
	early = history_begin(writer, &op, &err);
	for (uint64_t t = 2; t <= 100000; t++)
		record(writer, t, OP_OK);
	early->ret_ns = 99;
	early->value = 77;
	history_finish(early, OP_OK);
	history_writer_close(writer);
	assert_int_equal(history_load_dir(&history, dir, &err), 0);
	assert_int_equal(history.n, 100000);
	assert_int_equal(history.ops[0].value, 77);
	assert_int_equal(history.ops[0].state, OP_OK);
	history_release(&history);
}

static void a_killed_writer_leaves_its_finished_operations_and_an_unknown_one(void **state)
{
	struct history history;
	struct err err;
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct history_writer *writer = writer_at(in_dir("k.ops"));

		for (uint64_t t = 1; t <= 5000; t++)
			record(writer, t, OP_OK);
		record(writer, 5001, OP_INVOKED);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(history_load_dir(&history, dir, &err), 0);
	assert_int_equal(history.n, 5001);
	assert_int_equal(history.ops[4999].state, OP_OK);
	assert_int_equal(history.ops[5000].state, OP_UNKNOWN);
	assert_int_equal(history.ops[5000].ret_ns, 0);
	history_release(&history);
}

static void an_existing_file_is_not_overwritten(void **state)
{
	struct err err;

	(void)state;
	history_writer_close(writer_at(in_dir("a.ops")));
	assert_null(history_writer_open(in_dir("a.ops"), &err));
	assert_non_null(strstr(err.text, "a.ops"));
}

static void poke(const char *path, off_t at, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY);

	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

static void is_refused(const char *path, const char *because)
{
	struct history history;
	struct err err = {0};

	assert_int_equal(history_load(&history, &path, 1, &err), -1);
	if (!strstr(err.text, because))
		fail_msg("'%s' does not say '%s'", err.text, because);
	assert_null(history.ops);
}

static const char *fresh(const char *name)
{
	const char *path = in_dir(name);
	struct history_writer *writer = writer_at(path);

	record(writer, 10, OP_OK);
	record(writer, 20, OP_OK);
	record(writer, 30, OP_OK);
	history_writer_close(writer);
	return path;
}

static void damaged_files_are_refused_with_a_sentence(void **state)
{
	const char *path;
	uint8_t bad = 200, zero[8] = {0};
	uint32_t swapped = UINT32_C(0x04030201);

	(void)state;
	path = fresh("magic.ops");
	poke(path, 0, "ELF", 3);
	is_refused(path, "not a history");
	path = fresh("order.ops");
	poke(path, 8, &swapped, 4);
	is_refused(path, "byte order");
	path = fresh("version.ops");
	poke(path, 12, &bad, 1);
	is_refused(path, "format 200");
	path = fresh("size.ops");
	poke(path, 20, &bad, 1);
	is_refused(path, "records of 200 bytes");
	path = fresh("state.ops");
	poke(path, 64 + 61, &bad, 1);
	is_refused(path, "record 0 has a state");
	path = fresh("kind.ops");
	poke(path, 128 + 60, &bad, 1);
	is_refused(path, "record 1 has a kind");
	path = fresh("hole.ops");
	poke(path, 128 + 61, zero, 1);
	is_refused(path, "record 1 has no state");
	path = fresh("back.ops");
	poke(path, 64 + 8, zero, 8);
	is_refused(path, "return before its call");
	path = fresh("cut.ops");
	assert_int_equal(truncate(path, 64 + 100), 0);
	is_refused(path, "within a record");
	path = fresh("short.ops");
	assert_int_equal(truncate(path, 10), 0);
	is_refused(path, "within its header");
	is_refused(in_dir("absent.ops"), "cannot open");
}

static void an_undamaged_file_is_not_refused(void **state)
{
	const char *path = fresh("good.ops");
	struct history history;
	struct err err;

	(void)state;
	assert_int_equal(history_load(&history, &path, 1, &err), 0);
	assert_int_equal(history.n, 3);
	history_release(&history);
}

static void history_larger_than_memory_is_refused_before_it_is_read(void **state)
{
	struct history_writer *writer;
	struct err err = {0};

	(void)state;
	writer = history_writer_open(in_dir("a.ops"), &err);
	for (uint64_t i = 0; i < 1000; i++)
		record(writer, i, OP_OK);
	history_writer_close(writer);
	assert_int_equal(history_check_room(dir, 100, 100 * 1000, &err), 0);
	assert_int_equal(history_check_room(dir, 100, 99 * 1000, &err), -1);
	assert_int_equal(err.code, EXIT_MACHINE);
	assert_non_null(strstr(err.text, "0.001 million operations"));
	assert_non_null(strstr(err.text, "0.0001 GB"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, make_dir, remove_dir)
		TEST(files_are_merged_in_order_of_call),
		TEST(a_record_stays_in_place_while_a_shared_file_grows),
		TEST(a_killed_writer_leaves_its_finished_operations_and_an_unknown_one),
		TEST(an_existing_file_is_not_overwritten),
		TEST(damaged_files_are_refused_with_a_sentence),
		TEST(an_undamaged_file_is_not_refused),
		TEST(history_larger_than_memory_is_refused_before_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
