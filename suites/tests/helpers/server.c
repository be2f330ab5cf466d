#include "suites/tests/helpers/server.h"
#include "fixtures/base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

uint16_t server_free_port(void)
{
	struct sockaddr_in sa = loopback(0);
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&sa, len) || getsockname(fd, (struct sockaddr *)&sa, &len))
		abort();
	close(fd);
	return ntohs(sa.sin_port);
}

/* The child tells by a close-on-exec pipe that exec failed; end of file is success. */
pid_t server_spawn(const char *const *argv)
{
	int pipe_fds[2], failed = 0;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		abort();
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		if (write(pipe_fds[1], "x", 1) < 0)
			_exit(126);
		_exit(127);
	}
	close(pipe_fds[1]);
	failed = read(pipe_fds[0], &(char){0}, 1) == 1;
	close(pipe_fds[0]);
	if (failed)
		waitpid(pid, NULL, 0);
	return failed ? -1 : pid;
}

bool server_wait_port(uint16_t port)
{
	uint64_t deadline = clock_now_ns() + 5 * NSEC_PER_SEC;
	struct sockaddr_in sa = loopback(port);

	while (clock_now_ns() < deadline) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int rc = connect(fd, (struct sockaddr *)&sa, sizeof(sa));

		close(fd);
		if (!rc)
			return true;
		clock_sleep_until_ns(clock_now_ns() + 10 * NSEC_PER_MSEC);
	}
	return false;
}

void server_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
