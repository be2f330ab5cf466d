#include "suites/tests/helpers/server.h"
#include "fixtures/base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(port),
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

const char *server_of_build(const char *name)
{
	static char path[512];
	char exe[256], *slash;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = '\0';
	while ((slash = strrchr(exe, '/'))) {
		*slash = '\0';
		snprintf(path, sizeof(path), "%s/%s", exe, name);
		if (!access(path, X_OK))
			return path;
	}
	return "";
}

bool store_trio_start(struct store_trio *trio)
{
	static const char names[] = "abc";
	const char *program = server_of_build("region-store");
	char peers[256], node[32], listen[64], peers_option[300];
	size_t used = 0;

	for (int i = 0; i < 3; i++) {
		trio->ports[i] = server_free_port();
		trio->pids[i] = -1;
		used += (size_t)snprintf(peers + used, sizeof(peers) - used,
			"%s%c/store=127.0.0.1:%u", i ? "," : "", names[i], trio->ports[i]);
	}
	snprintf(peers_option, sizeof(peers_option), "--peers=%s", peers);
	for (int i = 0; i < 3; i++) {
		const char *argv[] = {program, node, peers_option, listen, NULL};

		snprintf(node, sizeof(node), "--node=%c/store", names[i]);
		snprintf(listen, sizeof(listen), "--listen=127.0.0.1:%u", trio->ports[i]);
		trio->pids[i] = *program ? server_spawn(argv) : -1;
		if (trio->pids[i] < 0 || !server_wait_port(trio->ports[i])) {
			store_trio_stop(trio);
			return false;
		}
	}
	return true;
}

void store_trio_stop(struct store_trio *trio)
{
	for (int i = 0; i < 3; i++)
		server_stop(trio->pids[i]);
}
