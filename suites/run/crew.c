#include "suites/run/crew.h"
#include "suites/agent/agent.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/json/jv.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PING_NS NSEC_PER_SEC

static int start_member(
	struct crew *crew, unsigned region, const struct agent_start *common, struct err *err)
{
	struct crew_member *member = &crew->members[region];
	struct agent_start start = *common;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return err_sys(err, "cannot make a socket pair for an agent");
	start.region = region;
	start.controller_fd = pair[1];
	if (process_start(&member->process, CLONE_NEWPID | CLONE_NEWNS, agent_main, &start, err)) {
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	close(pair[1]);
	member->fd = pair[0];
	return 0;
}

int crew_start(
	struct crew *crew, unsigned n_regions, const struct agent_start *start, struct err *err)
{
	int rc = 0;

	crew->members = calloc(n_regions, sizeof(*crew->members));
	if (!crew->members)
		abort();
	crew->n = n_regions;
	crew->pinged_ns = clock_now_ns();
	for (unsigned i = 0; i < n_regions; i++)
		crew->members[i] = (struct crew_member){.process = PROCESS_INIT, .fd = -1};
	for (unsigned i = 0; i < n_regions && !rc; i++)
		rc = start_member(crew, i, start, err);
	return rc;
}

static int lost(struct crew *crew, unsigned region, struct err *err)
{
	struct crew_member *member = &crew->members[region];
	char how[64];

	if (member->fd >= 0)
		close(member->fd);
	member->fd = -1;
	process_wait(&member->process, clock_now_ns() + 100 * NSEC_PER_MSEC);
	return err_set(
		err, "the agent of region %u %s", region, process_how_ended(&member->process, how));
}

int crew_tell_one(struct crew *crew, unsigned region, struct jv *message, struct err *err)
{
	struct crew_member *member = &crew->members[region];

	if (member->fd < 0) {
		jv_free(message);
		return err_set(err, "the agent of region %u is gone", region);
	}
	if (frame_send(member->fd, message, err))
		return lost(crew, region, err);
	return 0;
}

int crew_tell(struct crew *crew, struct jv *message, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < crew->n; i++) {
		if (crew->members[i].fd >= 0)
			rc |= crew_tell_one(crew, i, jv_copy(message), err);
	}
	jv_free(message);
	return rc ? -1 : 0;
}

/* Agents take 5 s of silence for the controller's end. */
static void ping(struct crew *crew)
{
	struct jv *message;
	struct err err;

	if (clock_now_ns() - crew->pinged_ns < PING_NS)
		return;
	crew->pinged_ns = clock_now_ns();
	message = jv_new_object();
	jv_set(message, "type", jv_new_string("ping"));
	/* A dead one stays open here, so that the next read sees its death and says so. */
	for (unsigned i = 0; i < crew->n; i++) {
		if (crew->members[i].fd >= 0 &&
			frame_send(crew->members[i].fd, jv_copy(message), &err))
			log_debug("%s", err.text);
	}
	jv_free(message);
}

/* An event of what an agent was asked to do later bears the same id, and may come before another agent,
 * busy with something else, has answered. */
static bool is_answer(const struct jv *message, int64_t id)
{
	const char *type = jv_str(jv_get(message, "type"), "");

	return id >= 0 && jv_int(jv_get(message, "id"), -1) == id &&
		(!strcmp(type, "ok") || !strcmp(type, "error"));
}

/* Everything that one agent has to say now. */
static int hear(struct crew *crew, unsigned region, int64_t id, struct err *err)
{
	struct crew_member *member = &crew->members[region];
	int rc = 0;

	while (member->fd >= 0) {
		struct jv *message;
		int got = frame_recv(member->fd, &member->reader, 0, &message, NULL, err);

		if (got < 0 && crew->stage == CREW_DOWN && member->answered) {
			close(member->fd); /* that was the last that it had to say */
			member->fd = -1;
			return 0;
		}
		if (got < 0)
			return lost(crew, region, err);
		if (got == 0)
			break;
		if (is_answer(message, id)) {
			member->answered = true;
			member->answer = message;
			continue;
		}
		rc |= crew->on_event(crew->arg, region, message, err);
		jv_free(message);
	}
	return rc ? -1 : 0;
}

/* One round of waiting and hearing; id: of the question whose answers are awaited, or -1. */
static int turn(struct crew *crew, uint64_t deadline_ns, int64_t id, struct err *err)
{
	struct pollfd p[CREW_WATCH_MAX + 256];
	uint64_t now = clock_now_ns(), wake = now + PING_NS / 2;
	int n = 0, rc = 0;

	if (deadline_ns < wake)
		wake = deadline_ns;
	for (unsigned k = 0; k < CREW_WATCH_MAX; k++)
		p[n++] = (struct pollfd){.fd = crew->watch[k], .events = POLLIN};
	for (unsigned i = 0; i < crew->n; i++)
		p[n++] = (struct pollfd){.fd = crew->members[i].fd, .events = POLLIN};
	if (poll(p, (nfds_t)n, wake > now ? (int)((wake - now + 999999) / NSEC_PER_MSEC) : 0) < 0 &&
		errno != EINTR)
		return err_sys(err, "cannot wait for the agents");
	ping(crew);
	for (unsigned k = 0; k < CREW_WATCH_MAX; k++) {
		if (crew->watch[k] >= 0 && p[k].revents && crew->on_watch(crew->arg, k, err))
			return -1;
	}
	for (unsigned i = 0; i < crew->n; i++) {
		if (p[CREW_WATCH_MAX + i].revents)
			rc |= hear(crew, i, id, err);
	}
	if (rc && crew->stage != CREW_AT_WORK)
		log_warn("%s", err->text);
	return rc && crew->stage == CREW_AT_WORK ? -1 : 0;
}

static void forget_answers(struct crew *crew)
{
	for (unsigned i = 0; i < crew->n; i++) {
		jv_free(crew->members[i].answer);
		crew->members[i].answer = NULL;
		crew->members[i].answered = false;
	}
}

/* The first agent that still owes an answer, or crew->n. */
static unsigned first_silent(const struct crew *crew)
{
	unsigned i = 0;

	while (i < crew->n && (crew->members[i].answered || crew->members[i].fd < 0))
		i++;
	return i;
}

static int judge_answers(const struct crew *crew, struct err *err)
{
	for (unsigned i = 0; i < crew->n; i++) {
		const struct jv *answer = crew->members[i].answer;

		if (!strcmp(jv_str(jv_get(answer, "type"), ""), "error"))
			return err_exit(err, (int)jv_int(jv_get(answer, "code"), 0), "%s",
				jv_str(jv_get(answer, "sentence"), "an agent failed"));
	}
	return 0;
}

int crew_ask(struct crew *crew, struct jv *message, uint64_t deadline_ns, struct err *err)
{
	int64_t id = crew->next_id++;
	unsigned silent;

	forget_answers(crew);
	jv_set(message, "id", jv_new_int(id));
	if (crew_tell(crew, message, err) && crew->stage == CREW_AT_WORK)
		return -1;
	while ((silent = first_silent(crew)) < crew->n) {
		if (clock_now_ns() >= deadline_ns)
			return err_set(
				err, "the agent of region %u did not answer in time", silent);
		if (turn(crew, deadline_ns, id, err))
			return -1;
		if (judge_answers(crew, err))
			return -1;
	}
	return judge_answers(crew, err);
}

int crew_pump(struct crew *crew, uint64_t deadline_ns, const bool *stop, struct err *err)
{
	do {
		if (turn(crew, deadline_ns, -1, err))
			return -1;
		if (stop && *stop)
			return 0;
	} while (clock_now_ns() < deadline_ns);
	return 0;
}

unsigned crew_release(struct crew *crew, uint64_t deadline_ns)
{
	unsigned killed = 0;

	forget_answers(crew);
	for (unsigned i = 0; i < crew->n; i++) {
		if (crew->members[i].fd >= 0)
			close(crew->members[i].fd);
		frame_reader_release(&crew->members[i].reader);
	}
	for (unsigned i = 0; i < crew->n; i++) {
		if (!process_wait(&crew->members[i].process, deadline_ns)) {
			process_kill(&crew->members[i].process);
			killed++;
		}
	}
	free(crew->members);
	crew->members = NULL;
	crew->n = 0;
	return killed;
}
