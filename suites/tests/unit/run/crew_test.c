/*
 * An agent that dies between the controller's look and its ping is missed nowhere.
 *
 * The controller waits in poll(). Here poll() is ours: when it has looked at the sockets, the agent
 * dies, and only then the ping is sent.
 */
#include "fixtures/base/clock.h"
#include "suites/run/crew.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int dies_after_the_look = -1; /* the agents' end of a socket */

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct timespec limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
	int rc = ppoll(fds, n, &limit, NULL);

	if (dies_after_the_look >= 0)
		close(dies_after_the_look);
	dies_after_the_look = -1;
	return rc;
}

static int no_event(void *arg, unsigned region, const struct jv *event, struct err *err)
{
	(void)arg;
	(void)event;
	return err_set(err, "the agent of region %u said something", region);
}

/* Two agents that are only sockets; a ping is due. Returns their ends. */
static void start(struct crew *crew, int agents[2])
{
	*crew = (struct crew){.members = calloc(2, sizeof(*crew->members)),
		.n = 2,
		.on_event = no_event,
		.watch = {-1, -1, -1, -1, -1}};
	assert_non_null(crew->members);
	for (int i = 0; i < 2; i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		crew->members[i] = (struct crew_member){.process = PROCESS_INIT, .fd = pair[0]};
		agents[i] = pair[1];
	}
}

static void death_between_look_and_ping_ends_the_waiting(void **state)
{
	struct err err = {{0}, 0};
	struct crew crew;
	int agents[2];

	(void)state;
	start(&crew, agents);
	dies_after_the_look = agents[1];
	assert_int_equal(crew_pump(&crew, clock_now_ns() + 3 * NSEC_PER_SEC, NULL, &err), -1);
	assert_non_null(strstr(err.text, "the agent of region 1"));
	assert_int_equal(crew.members[1].fd, -1);
	assert_true(crew.members[0].fd >= 0);
	close(agents[0]);
	crew_release(&crew, 0);
}

static void agents_that_live_are_pinged_and_waited_for(void **state)
{
	struct err err = {{0}, 0};
	struct crew crew;
	int agents[2];
	char ping[256];

	(void)state;
	start(&crew, agents);
	assert_int_equal(crew_pump(&crew, clock_now_ns() + 50 * NSEC_PER_MSEC, NULL, &err), 0);
	for (int i = 0; i < 2; i++) {
		assert_true(recv(agents[i], ping, sizeof(ping), MSG_DONTWAIT) > 0);
		close(agents[i]);
	}
	crew_release(&crew, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(death_between_look_and_ping_ends_the_waiting),
		cmocka_unit_test(agents_that_live_are_pinged_and_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
