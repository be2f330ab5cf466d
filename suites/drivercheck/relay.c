#include "suites/drivercheck/relay.h"
#include "fixtures/base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS_MAX 128
#define PENDING_MAX (256 * 1024)
#define TICK_MS 5

struct relay_orders {
	unsigned mode, generation; /* the latter: counts relay_set() */
	unsigned talkers;
};

/* A client's connection and the one to the server. */
struct pair {
	int client, server; /* -1: none */
	unsigned talked;    /* the generation in which something was last said */
	char *late;         /* answers that wait */
	size_t n_late;
	uint64_t due_ns;
};

struct relaying {
	struct relay_orders *orders;
	int listener;
	struct addrinfo *server; /* NULL: none */
	struct pair pairs[PAIRS_MAX];
};

static void pair_end(struct pair *p, bool reset)
{
	struct linger linger = {.l_onoff = 1};

	if (reset)
		setsockopt(p->client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (p->client >= 0)
		close(p->client);
	if (p->server >= 0)
		close(p->server);
	free(p->late);
	*p = (struct pair){.client = -1, .server = -1};
}

/* All of it, or the connection is of no use any more. */
static bool say(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool connect_server(const struct relaying *r, struct pair *p)
{
	if (p->server >= 0)
		return true;
	p->server = socket(r->server->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return p->server >= 0 && connect(p->server, r->server->ai_addr, r->server->ai_addrlen) == 0;
}

static void count(struct relaying *r, struct pair *p)
{
	unsigned generation = __atomic_load_n(&r->orders->generation, __ATOMIC_SEQ_CST);

	if (p->talked == generation)
		return;
	p->talked = generation;
	__atomic_fetch_add(&r->orders->talkers, 1, __ATOMIC_SEQ_CST);
}

static enum relay_mode mode_of(const struct relaying *r)
{
	return (enum relay_mode)__atomic_load_n(&r->orders->mode, __ATOMIC_SEQ_CST);
}

static void from_client(struct relaying *r, struct pair *p)
{
	static const char garbage[] = "\x7f"
				      "ELF\x02\x01\x01{\"]:\r\n\r\n\0\xff what?\n";
	char data[65536];
	ssize_t n = recv(p->client, data, sizeof(data), 0);

	if (n <= 0) {
		pair_end(p, false);
		return;
	}
	count(r, p);
	switch (mode_of(r)) {
	case RELAY_PASS:
	case RELAY_LOSE:
	case RELAY_CUT:
	case RELAY_LATE:
		if (!r->server || !connect_server(r, p) || !say(p->server, data, (size_t)n))
			pair_end(p, false);
		break;
	case RELAY_CLOSE:
		pair_end(p, false);
		break;
	case RELAY_RESET:
		pair_end(p, true);
		break;
	case RELAY_GARBAGE:
		say(p->client, garbage, sizeof(garbage) - 1);
		pair_end(p, false);
		break;
	case RELAY_HANG:
	case RELAY_FLOOD: /* see flood() */
	case RELAY_MODES:
		break;
	}
}

static void keep_late(struct pair *p, const char *data, size_t n)
{
	if (p->n_late + n > PENDING_MAX)
		return;
	p->late = realloc(p->late, p->n_late + n);
	if (!p->late)
		abort();
	memcpy(p->late + p->n_late, data, n);
	if (!p->n_late)
		p->due_ns = clock_now_ns() + RELAY_LATE_MS * NSEC_PER_MSEC;
	p->n_late += n;
}

static void from_server(struct relaying *r, struct pair *p)
{
	char data[65536];
	ssize_t n = recv(p->server, data, sizeof(data), 0);

	if (n <= 0) {
		pair_end(p, false);
		return;
	}
	switch (mode_of(r)) {
	case RELAY_LOSE:
		pair_end(p, false);
		break;
	case RELAY_CUT:
		say(p->client, data, (size_t)n / 2);
		pair_end(p, false);
		break;
	case RELAY_LATE:
		keep_late(p, data, (size_t)n);
		break;
	case RELAY_PASS:
	case RELAY_HANG:
	case RELAY_CLOSE:
	case RELAY_RESET:
	case RELAY_GARBAGE:
	case RELAY_FLOOD:
	case RELAY_MODES:
		/* behind what is late, so that nothing overtakes */
		if (p->n_late)
			keep_late(p, data, (size_t)n);
		else if (!say(p->client, data, (size_t)n))
			pair_end(p, false);
		break;
	}
}

static void flood(struct pair *p)
{
	char block[4096];

	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 16; i++) {
		if (send(p->client, block, sizeof(block), MSG_NOSIGNAL | MSG_DONTWAIT) <= 0)
			return;
	}
}

static void tend(struct relaying *r, struct pair *p)
{
	if (p->n_late && clock_now_ns() >= p->due_ns) {
		if (!say(p->client, p->late, p->n_late)) {
			pair_end(p, false);
			return;
		}
		p->n_late = 0;
	}
	if (mode_of(r) == RELAY_FLOOD && p->talked == r->orders->generation)
		flood(p);
}

static void accept_one(struct relaying *r)
{
	int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);

	for (unsigned i = 0; fd >= 0 && i < PAIRS_MAX; i++) {
		if (r->pairs[i].client < 0) {
			r->pairs[i].client = fd;
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

static void turn(struct relaying *r)
{
	struct pollfd fds[1 + 2 * PAIRS_MAX];

	fds[0] = (struct pollfd){.fd = r->listener, .events = POLLIN};
	for (unsigned i = 0; i < PAIRS_MAX; i++) {
		fds[1 + 2 * i] = (struct pollfd){.fd = r->pairs[i].client, .events = POLLIN};
		fds[2 + 2 * i] = (struct pollfd){.fd = r->pairs[i].server, .events = POLLIN};
	}
	poll(fds, 1 + 2 * PAIRS_MAX, TICK_MS);
	for (unsigned i = 0; i < PAIRS_MAX; i++) {
		struct pair *p = &r->pairs[i];

		if (p->client >= 0 && fds[1 + 2 * i].revents)
			from_client(r, p);
		if (p->server >= 0 && fds[2 + 2 * i].revents)
			from_server(r, p);
		if (p->client >= 0)
			tend(r, p);
	}
	if (fds[0].revents)
		accept_one(r);
}

static int relay_main(void *arg)
{
	struct relaying *r = arg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	process_name("rp-relay");
	while (getppid() != 1)
		turn(r);
	return EXIT_OK;
}

static int listen_on_loopback(uint16_t *port, struct err *err)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) || listen(fd, 64) ||
		getsockname(fd, (struct sockaddr *)&sa, &len)) {
		err_sys(err, "cannot listen on 127.0.0.1");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*port = ntohs(sa.sin_port);
	return fd;
}

static struct addrinfo *find_server(const char *host, uint16_t port, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	char text[8];
	int rc;

	snprintf(text, sizeof(text), "%u", port);
	rc = getaddrinfo(host, text, &hints, &found);
	if (rc)
		err_set(err, "cannot look up %s: %s", host, gai_strerror(rc));
	return rc ? NULL : found;
}

int relay_open(struct relay *relay, const char *host, uint16_t port, struct err *err)
{
	struct relaying *r = calloc(1, sizeof(*r));
	int rc = -1;

	*relay = (struct relay){.process = PROCESS_INIT};
	if (!r)
		abort();
	for (unsigned i = 0; i < PAIRS_MAX; i++)
		r->pairs[i] = (struct pair){.client = -1, .server = -1};
	r->listener = listen_on_loopback(&relay->port, err);
	r->orders = mmap(NULL, sizeof(*r->orders), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r->orders == MAP_FAILED)
		abort();
	r->orders->generation = 1;
	if (host)
		r->server = find_server(host, port, err);
	if (r->listener >= 0 && (!host || r->server))
		rc = process_start(&relay->process, 0, relay_main, r, err);
	if (r->listener >= 0)
		close(r->listener);
	if (r->server)
		freeaddrinfo(r->server);
	relay->orders = r->orders;
	free(r);
	return rc;
}

void relay_close(struct relay *relay)
{
	process_kill(&relay->process);
	if (relay->orders)
		munmap(relay->orders, sizeof(*relay->orders));
	*relay = (struct relay){.process = PROCESS_INIT};
}

void relay_set(struct relay *relay, enum relay_mode mode)
{
	__atomic_store_n(&relay->orders->mode, mode, __ATOMIC_SEQ_CST);
	__atomic_store_n(&relay->orders->talkers, 0, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&relay->orders->generation, 1, __ATOMIC_SEQ_CST);
}

unsigned relay_talkers(const struct relay *relay)
{
	return __atomic_load_n(&relay->orders->talkers, __ATOMIC_SEQ_CST);
}
