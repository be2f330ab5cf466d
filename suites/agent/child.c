#include "suites/agent/child.h"
#include "fixtures/base/log.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/netns.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct birth {
	const struct child_start *start;
	int fd, parent_pidfd;
};

static int born(void *arg)
{
	const struct birth *birth = arg;
	const struct child_start *start = birth->start;
	const int keep[] = {
		birth->fd, birth->parent_pidfd, start->netns_fd, start->keep[0], start->keep[1]};
	char name[16];
	struct err err;

	process_keep_fds(keep, 5);
	snprintf(name, sizeof(name), "rp-%s", start->name);
	process_name(name);
	log_setup(start->name, log_level(), -1);
	if (start->netns_fd >= 0 && netns_enter(start->netns_fd, &err)) {
		log_warn("%s", err.text);
		return EXIT_INTERNAL;
	}
	process_die_with(birth->parent_pidfd);
	return start->entry(start->config, birth->fd);
}

int child_start(struct child *child, const struct child_start *start, struct err *err)
{
	struct birth birth = {.start = start};
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return err_sys(err, "cannot make a socket pair for the %s", start->name);
	birth.fd = pair[1];
	birth.parent_pidfd = process_self_pidfd(err);
	rc = birth.parent_pidfd < 0 ? -1 : process_start(&child->process, 0, born, &birth, err);
	close(pair[1]);
	if (birth.parent_pidfd >= 0)
		close(birth.parent_pidfd);
	if (rc) {
		close(pair[0]);
		return err_prefix(err, "%s", start->name);
	}
	child->name = start->name;
	child->fd = pair[0];
	child->leaving = false;
	return 0;
}

int child_recv(struct child *child, uint64_t deadline_ns, struct jv **message, struct err *err)
{
	int eof = 0, got;

	if (child->fd < 0)
		return 0;
	got = frame_recv(child->fd, &child->reader, deadline_ns, message, &eof, err);
	if (got >= 0)
		return got;
	close(child->fd);
	child->fd = -1;
	return eof && child->leaving ? 0 : err_prefix(err, "the %s", child->name);
}

int child_expect(struct child *child, const char *type, uint64_t deadline_ns, struct jv **message,
	void (*on_other)(void *arg, struct jv *message), void *arg, struct err *err)
{
	for (;;) {
		int got = child_recv(child, deadline_ns, message, err);
		const char *is;

		if (got < 0)
			return -1;
		if (got == 0)
			return err_set(err, "the %s did not say '%s' in time", child->name, type);
		is = jv_str(jv_get(*message, "type"), "");
		if (!strcmp(is, type))
			return 0;
		if (!strcmp(is, "error")) {
			err_set(err, "the %s: %s", child->name,
				jv_str(jv_get(*message, "sentence"), "(no sentence)"));
			err->code = (int)jv_int(jv_get(*message, "code"), 0);
			jv_free(*message);
			return -1;
		}
		if (on_other)
			on_other(arg, *message);
		else
			jv_free(*message);
	}
}

void child_release(struct child *child)
{
	process_kill(&child->process);
	if (child->fd >= 0)
		close(child->fd);
	frame_reader_release(&child->reader);
	*child = (struct child)CHILD_INIT;
}
