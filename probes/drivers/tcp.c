#include "probes/drivers/tcp.h"
#include "fixtures/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

short tcp_wait(int fd, short events, uint64_t deadline_ns)
{
	struct pollfd p = {.fd = fd, .events = events};
	uint64_t now;

	while ((now = clock_now_ns()) < deadline_ns) {
		struct timespec left = {.tv_sec = (time_t)((deadline_ns - now) / NSEC_PER_SEC),
			.tv_nsec = (long)((deadline_ns - now) % NSEC_PER_SEC)};
		int n = ppoll(&p, 1, &left, NULL);

		if (n > 0)
			return p.revents;
		if (n < 0 && errno != EINTR)
			return POLLERR;
	}
	return 0;
}

enum op_error tcp_error(int code)
{
	switch (code) {
	case ECONNREFUSED:
		return OP_ERROR_REFUSED;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
		return OP_ERROR_UNREACHABLE;
	case ECONNRESET:
	case EPIPE:
	case ECONNABORTED:
		return OP_ERROR_RESET;
	case ETIMEDOUT:
	case EAGAIN:
	case EINPROGRESS:
		return OP_ERROR_TIMEOUT;
	default:
		return OP_ERROR_OTHER;
	}
}

void tcp_set_timeout(int fd, uint64_t timeout_ns)
{
	struct timeval tv = {.tv_sec = (time_t)(timeout_ns / NSEC_PER_SEC),
		.tv_usec = (suseconds_t)(timeout_ns % NSEC_PER_SEC / NSEC_PER_USEC)};

	if (!tv.tv_sec && tv.tv_usec < 1000)
		tv.tv_usec = 1000; /* zero would mean for ever */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

bool tcp_is_idle(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static int wait_connected(int fd, uint64_t deadline_ns)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int code = 0, n;

	do {
		uint64_t now = clock_now_ns();
		uint64_t left = deadline_ns > now ? deadline_ns - now : 0;

		n = poll(&p, 1, (int)((left + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC));
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return ETIMEDOUT;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len);
	return code;
}

static int connect_one(const struct addrinfo *ai, uint64_t deadline_ns, enum op_error *error)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1, code = 0;

	if (fd < 0) {
		*error = OP_ERROR_OTHER;
		return -1;
	}
	if (connect(fd, ai->ai_addr, ai->ai_addrlen))
		code = errno == EINPROGRESS ? wait_connected(fd, deadline_ns) : errno;
	if (code) {
		*error = tcp_error(code);
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(fd, F_SETFL, 0);
	return fd;
}

int tcp_connect(const struct endpoint *at, uint64_t deadline_ns, enum op_error *error)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *list;
	char port[8];
	int fd;

	snprintf(port, sizeof(port), "%u", at->port);
	if (getaddrinfo(at->host, port, &hints, &list)) {
		*error = OP_ERROR_UNREACHABLE;
		return -1;
	}
	fd = connect_one(list, deadline_ns, error);
	freeaddrinfo(list);
	return fd;
}
