/* server: what the process of a page does (page.h). Of suites/live/ only. */
#ifndef SUITES_LIVE_SERVER_H
#define SUITES_LIVE_SERVER_H

struct server_start {
	int listen_fd;
	const char *token; /* "": metrics only */
	unsigned port;
};

/* Entry of the process; fd: the controller. */
int server_main(const void *server_start, int fd);

#endif
