/*
 * scripted_server: a server on 127.0.0.1 that answers what it was told and misbehaves as it was told.
 *
 * It runs as a child and counts the requests that it has read in shared memory, so that a test can
 * see a request that was sent twice.
 */
#ifndef TESTS_HELPERS_SCRIPTED_SERVER_H
#define TESTS_HELPERS_SCRIPTED_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum manner {
	MANNER_ANSWER,           /* the given bytes to each request */
	MANNER_HANG_UNREAD,      /* accepts and never reads */
	MANNER_HANG_READ,        /* reads and never answers */
	MANNER_CLOSE,            /* reads and closes */
	MANNER_RESET,            /* reads and resets */
	MANNER_DIE_MID_ANSWER,   /* half of the bytes, then closes */
	MANNER_DRIP,             /* the bytes one by one, 100 ms apart */
	MANNER_FLOOD,            /* the bytes and then without end the last one */
	MANNER_ANSWER_THEN_DIE,  /* the first request of a connection well, the second by closing */
	MANNER_ANSWER_AND_CLOSE, /* each answer closes its connection */
	MANNER_DEAF,             /* listens with a full backlog: connecting hangs */
	MANNERS,
};

struct scripted_server {
	pid_t pid;
	uint16_t port;
	unsigned *requests; /* shared with the child */
	int fds[4];         /* fill the backlog of a deaf one */
};

void scripted_server_start(
	struct scripted_server *server, enum manner manner, const void *answer, size_t len);
/* As above, for protocols that begin with a handshake: hello is said to each connection unasked, its
 * first request is answered with the greeting and not counted; the manner applies to what follows. */
struct script_opening {
	const void *hello, *greeting;
	size_t hello_len, greeting_len; /* 0: none */
};
void scripted_server_open(struct scripted_server *server, enum manner manner, const void *answer,
	size_t len, const struct script_opening *opening);
void scripted_server_stop(struct scripted_server *server);

#endif
