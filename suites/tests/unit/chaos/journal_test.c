/* What outlives a run is read back from its journal, and what is over is not. */
#include "chaos/journal.h"
#include "fixtures/base/buf.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH "run.journal"

static const struct halt killed = {HALT_KILL, "docker", "/run/a socket", "3f2a", "eu"};
static const struct halt paused = {HALT_PAUSE, "podman", "/run/podman.sock", "3f2a", "eu"};
static const struct halt restarted = {HALT_RESTART, "docker", "/run/docker.sock", "77", "us"};

static void write_halt(const struct halt *halt, bool over)
{
	struct buf text = {0};
	struct err err;

	journal_format_halt(&text, halt, over);
	assert_int_equal(journal_append(PATH, buf_str(&text), &err), 0);
	buf_release(&text);
}

static struct journal *read_back(void)
{
	struct journal *journal = malloc(sizeof(*journal));
	struct err err;

	assert_non_null(journal);
	assert_int_equal(journal_read(PATH, journal, &err), 0);
	return journal;
}

static int fresh(void **state)
{
	(void)state;
	unlink(PATH);
	return 0;
}

static void assert_halt(const struct halt *is, const struct halt *wanted)
{
	assert_int_equal(is->kind, wanted->kind);
	assert_string_equal(is->runtime, wanted->runtime);
	assert_string_equal(is->socket, wanted->socket);
	assert_string_equal(is->id, wanted->id);
	assert_string_equal(is->name, wanted->name);
}

static void a_stopped_container_is_read_back(void **state)
{
	struct journal *journal;

	(void)state;
	write_halt(&killed, false);
	write_halt(&paused, false);
	write_halt(&restarted, false);
	journal = read_back();
	assert_int_equal(journal->n_halts, 3);
	assert_halt(&journal->halts[0], &killed);
	assert_halt(&journal->halts[1], &paused);
	assert_halt(&journal->halts[2], &restarted);
	free(journal);
}

static void what_is_over_is_not(void **state)
{
	struct journal *journal;

	(void)state;
	write_halt(&killed, false);
	write_halt(&paused, false);
	write_halt(&killed, true);
	journal = read_back();
	assert_int_equal(journal->n_halts, 1);
	assert_halt(&journal->halts[0], &paused);
	free(journal);
}

static void what_begins_again_counts_once(void **state)
{
	struct journal *journal;

	(void)state;
	write_halt(&killed, false);
	write_halt(&killed, true);
	write_halt(&killed, false);
	write_halt(&killed, false);
	journal = read_back();
	assert_int_equal(journal->n_halts, 1);
	free(journal);
}

static void half_a_line_is_none(void **state)
{
	struct journal *journal;
	struct err err;

	(void)state;
	assert_int_equal(
		journal_append(PATH,
			"halt kill docker 3f2a\nhalt melt docker 3f2a eu /s\nhalt\nove", &err),
		0);
	journal = read_back();
	assert_int_equal(journal->n_halts, 0);
	free(journal);
}

/* Fork a child in a pid namespace of its own; what it returns is its exit status. */
static pid_t fork_elsewhere(int (*body)(void))
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, 0);

	assert_true(pid >= 0);
	if (!pid)
		_exit(body());
	return pid;
}

static int claim(void)
{
	struct journal *journal = read_back();
	int fd = journal_claim(PATH, journal);

	free(journal);
	return fd >= 0;
}

static bool is_claimed_elsewhere(void)
{
	int status;

	assert_true(waitpid(fork_elsewhere(claim), &status, 0) > 0);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static pid_t start_run(int *lock_fd)
{
	struct buf text = {0};
	struct err err;
	pid_t pid;

	*lock_fd = journal_lock(PATH, &err);
	assert_true(*lock_fd >= 0);
	pid = fork();
	if (!pid)
		pause();
	journal_format_process(&text, "guardian", pid);
	assert_int_equal(journal_append(PATH, buf_str(&text), &err), 0);
	buf_release(&text);
	return pid;
}

static void a_run_lives_for_who_is_in_another_pid_namespace_too(void **state)
{
	int lock_fd;
	pid_t pid = start_run(&lock_fd);

	(void)state;
	close(lock_fd); /* the child holds it on */
	assert_false(is_claimed_elsewhere());
	assert_int_equal(claim(), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(is_claimed_elsewhere());
}

/* What an older version wrote had no lock. */
static void a_run_without_a_lock_lives_by_its_processes(void **state)
{
	int lock_fd;
	pid_t pid = start_run(&lock_fd);

	(void)state;
	assert_int_equal(flock(lock_fd, LOCK_UN), 0);
	assert_int_equal(claim(), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(claim(), 1);
	close(lock_fd);
}

static void who_claims_keeps_others_away(void **state)
{
	struct journal *journal;
	int lock_fd, fd;
	struct err err;

	(void)state;
	lock_fd = journal_lock(PATH, &err);
	assert_true(lock_fd >= 0);
	close(lock_fd);
	journal = read_back();
	fd = journal_claim(PATH, journal);
	assert_true(fd >= 0);
	assert_false(is_claimed_elsewhere());
	close(fd);
	free(journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_stopped_container_is_read_back, fresh),
		cmocka_unit_test_setup(what_is_over_is_not, fresh),
		cmocka_unit_test_setup(what_begins_again_counts_once, fresh),
		cmocka_unit_test_setup(half_a_line_is_none, fresh),
		cmocka_unit_test_setup(a_run_lives_for_who_is_in_another_pid_namespace_too, fresh),
		cmocka_unit_test_setup(a_run_without_a_lock_lives_by_its_processes, fresh),
		cmocka_unit_test_setup(who_claims_keeps_others_away, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
