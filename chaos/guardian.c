#include "chaos/guardian.h"
#include "chaos/restore.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
#include "fixtures/net/sockets.h"
#include "fixtures/base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AGENTS_MAX 256
#define NETNS_MAX 64                   /* of a region */
#define GRACE_NS (700 * NSEC_PER_MSEC) /* agents tear down by themselves in this time */
#define NEVER UINT64_MAX
#define ORPHANS_NS (1500 * NSEC_PER_MSEC)
#define ORPHANS_PAUSE_NS (20 * NSEC_PER_MSEC)
#define UNDO_LIMIT_NS (4 * NSEC_PER_SEC)

static void remove_tree(const char *path)
{
	struct err err;

	if (*path && tree_remove(path, &err))
		log_warn("%s", err.text);
}

/* An agent, and the network namespaces of its region: the site first, then the leaves. */
struct ward {
	int pidfd; /* -1: there is none, or it has ended and nothing is left of it */
	int netns[NETNS_MAX];
	unsigned n;
};

struct watch {
	int fd, controller_pidfd, lock_fd;
	struct ward *wards; /* AGENTS_MAX, by region */
	const char *work, *journal;
};

/* True once it has ended; pidfds become readable at the end of the process. */
static bool ended(int pidfd, uint64_t deadline_ns)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	uint64_t now = clock_now_ns();

	return poll(&p, 1, deadline_ns > now ? (int)((deadline_ns - now) / NSEC_PER_MSEC) : 0) > 0;
}

static void let_go(struct ward *ward)
{
	for (unsigned i = 0; i < ward->n; i++)
		close(ward->netns[i]);
	ward->n = 0;
}

/* TCP sockets of the leaves that could be ended just now. */
static int end_sockets(const struct ward *ward)
{
	int n = 0;

	for (unsigned i = 1; i < ward->n; i++) {
		struct err err;
		int ended_here = sockets_destroy(ward->netns[i], &err);

		n += ended_here > 0 ? ended_here : 0;
	}
	return n;
}

/*
 * The agent is dead and took the processes of its region with it. Connections with unacknowledged data
 * are orphans now, and keep their namespaces alive. Since Linux 6.11 they can be ended; before, they
 * give up by themselves about a second later (tcp_orphan_retries), but only while their packets find a
 * link to leave by: without one nothing counts as a retry and they lasted 20 s. So the site, which
 * holds the other ends of the links, is let go last.
 */
static void bury(struct ward *ward)
{
	uint64_t deadline = clock_now_ns() + ORPHANS_NS;

	while (end_sockets(ward) && clock_now_ns() < deadline)
		clock_sleep_until_ns(clock_now_ns() + ORPHANS_PAUSE_NS);
	let_go(ward);
	close(ward->pidfd);
	ward->pidfd = -1;
}

/* What is said to the guardian: a word, mostly with descriptors. */
enum word_kind {
	WORD_NONE,   /* end of file */
	WORD_AGENT,  /* controller: the pidfd of the agent of a region */
	WORD_HOLD,   /* agent: the namespaces of its region */
	WORD_LET_GO, /* agent: I take them down in good order */
	WORD_DONE,   /* controller: all is clean, leave */
	WORD_UNDO,   /* controller: not all is clean */
};

struct word {
	uint8_t kind, region;
};

union rights {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(NETNS_MAX * sizeof(int))];
};

static int say(int fd, enum word_kind kind, unsigned region, const int *fds, unsigned n)
{
	struct word word = {.kind = (uint8_t)kind, .region = (uint8_t)region};
	union rights rights = {.head = {.cmsg_level = SOL_SOCKET,
				       .cmsg_type = SCM_RIGHTS,
				       .cmsg_len = CMSG_LEN(n * sizeof(int))}};
	struct iovec iov = {.iov_base = &word, .iov_len = sizeof(word)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (n) {
		msg.msg_control = &rights;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		memcpy(CMSG_DATA(&rights.head), fds, n * sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof(word) ? 0 : -1;
}

static enum word_kind hear(struct watch *watch)
{
	union rights rights;
	struct word word = {0};
	struct iovec iov = {.iov_base = &word, .iov_len = sizeof(word)};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &rights,
		.msg_controllen = sizeof(rights)};
	struct ward *ward;
	struct cmsghdr *c;
	int fds[NETNS_MAX];
	unsigned n = 0;

	if (recvmsg(watch->fd, &msg, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(word))
		return WORD_NONE;
	ward = &watch->wards[word.region];
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS) {
		n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	}
	if (word.kind == WORD_AGENT && n == 1) {
		ward->pidfd = fds[0];
	} else if (word.kind == WORD_HOLD) {
		memcpy(ward->netns, fds, n * sizeof(int));
		ward->n = n;
	} else if (word.kind == WORD_LET_GO) {
		let_go(ward);
	}
	return word.kind;
}

/* Wait for a word, for the end of the controller (WORD_NONE), or of an agent. */
static enum word_kind watch_once(struct watch *watch, uint64_t deadline_ns)
{
	struct pollfd p[2 + AGENTS_MAX] = {{.fd = watch->fd, .events = POLLIN},
		{.fd = watch->controller_pidfd, .events = POLLIN}};
	uint64_t now = clock_now_ns();
	int wait_ms = deadline_ns == NEVER ? -1
		: deadline_ns > now        ? (int)((deadline_ns - now) / NSEC_PER_MSEC + 1)
					   : 0;

	for (unsigned i = 0; i < AGENTS_MAX; i++)
		p[2 + i] = (struct pollfd){.fd = watch->wards[i].pidfd, .events = POLLIN};
	if (poll(p, 2 + AGENTS_MAX, wait_ms) < 0)
		return errno == EINTR ? WORD_HOLD : WORD_NONE;
	if (p[0].revents)
		return hear(watch);
	if (p[1].revents)
		return WORD_NONE;
	for (unsigned i = 0; i < AGENTS_MAX; i++) {
		if (p[2 + i].revents)
			bury(&watch->wards[i]);
	}
	return WORD_HOLD;
}

static bool any_left(const struct watch *watch)
{
	for (unsigned i = 0; i < AGENTS_MAX; i++) {
		if (watch->wards[i].pidfd >= 0)
			return true;
	}
	return false;
}

/* What the journal says now. Unreadable: it was not written yet, and nothing is there to undo. */
static bool restore(
	const struct watch *watch, unsigned (*undo)(const struct journal *journal, struct err *err))
{
	struct journal *journal = malloc(sizeof(*journal));
	struct err err;
	bool done;

	if (!journal)
		abort();
	done = journal_read(watch->journal, journal, &err) || !undo(journal, &err);
	if (!done)
		log_warn("%s", err.text);
	free(journal);
	return done;
}

/*
 * The network of containers that run already comes first: what they suffer is the fault that nobody
 * ends. Agents get a moment to tear down by themselves, and go on saying what they no longer need. An
 * agent may stop a container until it is gone, so those that are stopped come last.
 */
static void undo(struct watch *watch)
{
	bool restored;
	uint64_t deadline = clock_now_ns() + GRACE_NS;

	watch->controller_pidfd = -1;
	restored = restore(watch, restore_network);
	while (any_left(watch) && clock_now_ns() < deadline) {
		if (watch_once(watch, deadline) == WORD_NONE)
			watch->fd = -1;
	}
	for (unsigned i = 0; i < AGENTS_MAX; i++) {
		if (watch->wards[i].pidfd >= 0)
			syscall(SYS_pidfd_send_signal, watch->wards[i].pidfd, SIGKILL, NULL, 0);
	}
	deadline = clock_now_ns() + NSEC_PER_SEC;
	for (unsigned i = 0; i < AGENTS_MAX; i++) {
		if (watch->wards[i].pidfd >= 0 && ended(watch->wards[i].pidfd, deadline))
			bury(&watch->wards[i]);
	}
	restored = restore(watch, restore_halted) && restored;
	restored = restore(watch, restore_groups) && restored;
	remove_tree(watch->work);
	if (restored) /* otherwise `clean` still needs it */
		unlink(watch->journal);
}

/*
 * The controller's death is seen by its pidfd: agents hold copies of its end of the socket, to say
 * their part, so that there may be no end of file. What was said before is heard first. Signals of the
 * terminal are not for us.
 */
static int watch_main(void *arg)
{
	struct watch *watch = arg;
	const int keep[] = {watch->fd, watch->controller_pidfd, watch->lock_fd};
	enum word_kind word = WORD_HOLD;

	process_keep_fds(keep, 3);
	process_name("rp-guardian");
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	log_setup("guardian", log_level(), -1);
	watch->wards = calloc(AGENTS_MAX, sizeof(*watch->wards));
	if (!watch->wards)
		abort();
	for (unsigned i = 0; i < AGENTS_MAX; i++)
		watch->wards[i].pidfd = -1;
	while (word == WORD_AGENT || word == WORD_HOLD || word == WORD_LET_GO)
		word = watch_once(watch, NEVER);
	if (word != WORD_DONE)
		undo(watch);
	return 0;
}

static int fork_guardian(struct guardian *guardian, const char *work, struct err *err)
{
	struct watch watch = {
		.work = work, .journal = guardian->journal, .lock_fd = guardian->lock_fd};
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_sys(err, "cannot make a socket pair for the guardian");
	watch.fd = pair[1];
	watch.controller_pidfd = process_self_pidfd(err);
	rc = watch.controller_pidfd < 0
		? -1
		: process_start(&guardian->process, 0, watch_main, &watch, err);
	close(pair[1]);
	if (watch.controller_pidfd >= 0)
		close(watch.controller_pidfd);
	if (rc) {
		close(pair[0]);
		return err_prefix(err, "guardian");
	}
	guardian->fd = pair[0];
	return 0;
}

/* Only a journal that we locked is ours to remove. */
static void drop_journal(struct guardian *guardian)
{
	if (guardian->lock_fd >= 0) {
		unlink(guardian->journal);
		close(guardian->lock_fd);
	}
	guardian->lock_fd = -1;
	guardian->journal[0] = '\0';
}

int guardian_start(struct guardian *guardian, const char *run, const char *run_dir,
	const char *work, struct err *err)
{
	struct buf text = {0};
	char dir[256];
	int rc;

	if (journal_dir(dir, sizeof(dir), err))
		return -1;
	snprintf(guardian->journal, sizeof(guardian->journal), "%s/%s%s", dir, run, JOURNAL_SUFFIX);
	guardian->lock_fd = journal_lock(guardian->journal, err);
	if (guardian->lock_fd < 0 || fork_guardian(guardian, work, err)) {
		drop_journal(guardian);
		return -1;
	}
	buf_printf(&text, "run %s\ndir %s\nwork %s\n", run, run_dir, work);
	journal_format_process(&text, "controller", getpid());
	journal_format_process(&text, "guardian", guardian->process.pid);
	rc = journal_append(guardian->journal, buf_str(&text), err);
	buf_release(&text);
	return rc;
}

int guardian_add(
	struct guardian *guardian, unsigned region, const struct process *agent, struct err *err)
{
	struct buf text = {0};
	int rc;

	if (say(guardian->fd, WORD_AGENT, region, &agent->pidfd, 1))
		return err_sys(err, "cannot hand an agent to the guardian");
	journal_format_process(&text, "agent", agent->pid);
	rc = journal_append(guardian->journal, buf_str(&text), err);
	buf_release(&text);
	return rc;
}

int guardian_note(const struct guardian *guardian, const char *lines, struct err *err)
{
	return journal_append(guardian->journal, lines, err);
}

int guardian_hold(int fd, unsigned region, const int *netns_fds, unsigned n, struct err *err)
{
	if (n > NETNS_MAX)
		n = NETNS_MAX;
	if (say(fd, WORD_HOLD, region, netns_fds, n))
		return err_sys(
			err, "cannot hand the namespaces of region %u to the guardian", region);
	return 0;
}

void guardian_let_go(int fd, unsigned region)
{
	say(fd, WORD_LET_GO, region, NULL, 0);
}

void guardian_done(struct guardian *guardian)
{
	if (guardian->fd >= 0) {
		if (!say(guardian->fd, WORD_DONE, 0, NULL, 0))
			process_wait(&guardian->process, clock_now_ns() + NSEC_PER_SEC);
		close(guardian->fd);
		guardian->fd = -1;
	}
	process_kill(&guardian->process);
	drop_journal(guardian);
}

void guardian_release(struct guardian *guardian)
{
	if (guardian->fd < 0)
		return;
	say(guardian->fd, WORD_UNDO, 0, NULL, 0);
	close(guardian->fd);
	guardian->fd = -1;
	process_wait(&guardian->process, clock_now_ns() + UNDO_LIMIT_NS);
	process_kill(&guardian->process);
	if (guardian->lock_fd >= 0)
		close(guardian->lock_fd);
	guardian->lock_fd = -1;
}
