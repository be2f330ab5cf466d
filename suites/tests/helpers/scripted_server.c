#include "suites/tests/helpers/scripted_server.h"
#include "fixtures/base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILLERS 4

struct script {
	enum manner manner;
	const char *answer;
	size_t len;
	struct script_opening opening;
	unsigned *requests;
};

static void say(int fd, const char *data, size_t len)
{
	if (send(fd, data, len, MSG_NOSIGNAL) < 0)
		_exit(0);
}

/* A request is what arrives until 5 ms of silence. False: the peer is gone. */
static bool read_request(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char in[65536];

	if (recv(fd, in, sizeof(in), 0) <= 0)
		return false;
	while (poll(&p, 1, 5) > 0) {
		if (recv(fd, in, sizeof(in), 0) <= 0)
			return true;
	}
	return true;
}

static void drip(int fd, const struct script *s)
{
	for (size_t i = 0; i < s->len; i++) {
		say(fd, s->answer + i, 1);
		clock_sleep_until_ns(clock_now_ns() + 100 * NSEC_PER_MSEC);
	}
}

static void flood(int fd, const struct script *s)
{
	char block[4096];

	say(fd, s->answer, s->len);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = s->answer[s->len - 1];
	for (;;)
		say(fd, block, sizeof(block));
}

static void reset(int fd)
{
	struct linger linger = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* False: close the connection. */
static bool answer_request(int fd, const struct script *s, unsigned nth)
{
	switch (s->manner) {
	case MANNER_ANSWER:
		say(fd, s->answer, s->len);
		return true;
	case MANNER_HANG_READ:
		return true;
	case MANNER_RESET:
		reset(fd);
		return false;
	case MANNER_DIE_MID_ANSWER:
		say(fd, s->answer, s->len / 2);
		return false;
	case MANNER_DRIP:
		drip(fd, s);
		return true;
	case MANNER_FLOOD:
		flood(fd, s);
		return false;
	case MANNER_ANSWER_THEN_DIE:
		if (nth == 0)
			say(fd, s->answer, s->len);
		return nth == 0;
	case MANNER_ANSWER_AND_CLOSE:
		say(fd, s->answer, s->len);
		return false;
	case MANNER_CLOSE:
	case MANNER_HANG_UNREAD:
	case MANNER_DEAF:
	case MANNERS:
		break;
	}
	return false;
}

static void serve(int fd, const struct script *s)
{
	if (s->opening.hello_len)
		say(fd, s->opening.hello, s->opening.hello_len);
	if (s->opening.greeting_len) {
		if (!read_request(fd))
			_exit(0);
		say(fd, s->opening.greeting, s->opening.greeting_len);
	}
	if (s->manner == MANNER_HANG_UNREAD)
		pause();
	for (unsigned nth = 0; read_request(fd); nth++) {
		__atomic_fetch_add(s->requests, 1, __ATOMIC_SEQ_CST);
		if (!answer_request(fd, s, nth))
			break;
	}
	close(fd);
	_exit(0);
}

static void accept_for_ever(int listener, const struct script *s)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(listener);
			serve(fd, s);
		}
		close(fd);
	}
}

static int listen_on_loopback(uint16_t *port, int backlog)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&sa, len) || listen(fd, backlog) ||
		getsockname(fd, (struct sockaddr *)&sa, &len))
		abort();
	*port = ntohs(sa.sin_port);
	return fd;
}

static void fill_backlog(struct scripted_server *server)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
		.sin_port = htons(server->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	for (int i = 0; i < FILLERS; i++) {
		server->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (connect(server->fds[i], (struct sockaddr *)&sa, sizeof(sa)))
			continue;
	}
}

void scripted_server_open(struct scripted_server *server, enum manner manner, const void *answer,
	size_t len, const struct script_opening *opening)
{
	struct script script = {manner, answer, len, *opening, NULL};
	int listener;

	*server = (struct scripted_server){.fds = {-1, -1, -1, -1}};
	server->requests = mmap(
		NULL, sizeof(unsigned), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	script.requests = server->requests;
	listener = listen_on_loopback(&server->port, manner == MANNER_DEAF ? 0 : 64);
	server->pid = fork();
	if (server->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (manner == MANNER_DEAF)
			pause();
		accept_for_ever(listener, &script);
	}
	close(listener);
	if (manner == MANNER_DEAF)
		fill_backlog(server);
}

void scripted_server_start(
	struct scripted_server *server, enum manner manner, const void *answer, size_t len)
{
	scripted_server_open(server, manner, answer, len, &(struct script_opening){0});
}

void scripted_server_stop(struct scripted_server *server)
{
	for (int i = 0; i < FILLERS; i++) {
		if (server->fds[i] >= 0)
			close(server->fds[i]);
	}
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	munmap(server->requests, sizeof(unsigned));
}
