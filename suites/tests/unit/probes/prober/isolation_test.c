#include "probes/prober/isolation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FILTERED 0
#else
#define FILTERED 1
#endif

/* The wait status of a child that isolates itself and then does this; 99: it could not. */
static int isolated_with(bool reads_files, int (*what)(void))
{
	struct err err;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(isolation_apply(reads_files, &err) ? 99 : what());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int isolated(int (*what)(void))
{
	return isolated_with(false, what);
}

/* What can be read is, and nothing is written or made. */
static int look_a_name_up(void)
{
	if (open("/etc/hosts", O_RDONLY) < 0 || access("/etc/resolv.conf", F_OK) == -1)
		return errno == EACCES;
	return open("/dev/null", O_WRONLY) >= 0 || open("/dev/null", O_RDWR) >= 0;
}

static int make_a_file(void)
{
	return open("isolation_test.made", O_RDONLY | O_CREAT, 0600) >= 0;
}

static int open_a_file(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 1;
}

static int run_a_program(void)
{
	execl("/bin/true", "true", NULL);
	return 1;
}

static int mount_something(void)
{
	mount("none", "/tmp", "tmpfs", 0, NULL);
	return 1;
}

static void *end_of_thread(void *arg)
{
	return arg;
}

static int talk_and_think(void)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(1)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t thread;
	char *memory = malloc(10000000);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || !memory || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return 1;
	free(memory);
	return pthread_create(&thread, NULL, end_of_thread, NULL) || pthread_join(thread, NULL);
}

static int look_at_privileges(void)
{
	return geteuid() == 0 || getegid() == 0;
}

static void what_a_client_needs_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(isolated(talk_and_think), 0);
}

static void files_cannot_be_opened(void **state)
{
	(void)state;
	if (!FILTERED)
		skip();
	assert_int_equal(isolated(open_a_file), 0);
}

static void files_can_be_read_where_names_are_looked_up(void **state)
{
	int status;

	(void)state;
	if (!FILTERED)
		skip();
	assert_int_equal(isolated_with(true, look_a_name_up), 0);
	status = isolated_with(true, make_a_file);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	assert_int_not_equal(access("isolation_test.made", F_OK), 0);
}

static void other_system_calls_end_the_process(void **state)
{
	int status;

	(void)state;
	if (!FILTERED)
		skip();
	status = isolated(run_a_program);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = isolated(mount_something);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static unsigned users_mapped(void)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned n = 0;

	if (map && fscanf(map, "%*u %*u %u", &n) != 1)
		n = 0;
	if (map)
		fclose(map);
	return n;
}

static void root_becomes_nobody(void **state)
{
	(void)state;
	if (geteuid() != 0 || users_mapped() <= 65534) {
		print_message("not root, or nobody is not mapped\n");
		skip();
	}
	assert_int_equal(isolated(look_at_privileges), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_client_needs_is_allowed),
		cmocka_unit_test(files_cannot_be_opened),
		cmocka_unit_test(files_can_be_read_where_names_are_looked_up),
		cmocka_unit_test(other_system_calls_end_the_process),
		cmocka_unit_test(root_becomes_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
