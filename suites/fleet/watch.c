#include "suites/fleet/watch.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/netns.h"

#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define AGAIN_NS                                                                                   \
	(5 * NSEC_PER_MSEC) /* the time in which a container that is back is not impaired */

static int add(struct fleet *fleet, int fd, struct err *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(fleet->watch_fd, EPOLL_CTL_ADD, fd, &event)
		? err_sys(err, "cannot watch interfaces")
		: 0;
}

/* Returns the socket, or -1. */
static int listen_in(int netns_fd, struct err *err)
{
	struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int fd = netns_socket(netns_fd, AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE, err);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof(to))) {
		err_sys(err, "cannot listen to rtnetlink");
		close(fd);
		return -1;
	}
	return fd;
}

int fleet_watch_open(struct fleet *fleet, struct err *err)
{
	fleet->watch_fd = epoll_create1(EPOLL_CLOEXEC);
	fleet->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fleet->watch_fd < 0 || fleet->timer_fd < 0)
		return err_sys(err, "cannot watch interfaces");
	fleet->host_watch_fd = listen_in(fleet->host_fd, err);
	if (fleet->host_watch_fd < 0)
		return -1;
	return add(fleet, fleet->host_watch_fd, err) || add(fleet, fleet->timer_fd, err) ? -1 : 0;
}

int fleet_watch_site(struct fleet *fleet, unsigned region, struct err *err)
{
	int fd = listen_in(fleet->sites[region].fd, err);

	fleet->sites[region].watch_fd = fd;
	return fd < 0 ? -1 : add(fleet, fd, err);
}

static void drain(int fd)
{
	char data[8192];

	while (fd >= 0 && read(fd, data, sizeof(data)) > 0)
		;
}

void fleet_watch_drain(struct fleet *fleet)
{
	drain(fleet->host_watch_fd);
	drain(fleet->timer_fd);
	for (unsigned r = 0; r < fleet->n_regions; r++)
		drain(fleet->sites[r].watch_fd);
}

int fleet_watch_again(struct fleet *fleet, bool again, struct err *err)
{
	struct itimerspec when = {.it_value.tv_nsec = again ? AGAIN_NS : 0};

	return timerfd_settime(fleet->timer_fd, 0, &when, NULL) ? err_sys(err, "cannot set a timer")
								: 0;
}

void fleet_watch_close(struct fleet *fleet)
{
	const int fds[] = {fleet->watch_fd, fleet->host_watch_fd, fleet->timer_fd};

	for (int i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	for (unsigned r = 0; r < fleet->n_regions; r++) {
		if (fleet->sites[r].watch_fd >= 0)
			close(fleet->sites[r].watch_fd);
	}
}
