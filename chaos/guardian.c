#include "chaos/guardian.h"
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

#define SUFFIX ".journal"
#define AGENTS_MAX 256
#define NETNS_MAX 64                   /* of a region */
#define GRACE_NS (700 * NSEC_PER_MSEC) /* agents tear down by themselves in this time */
#define NEVER UINT64_MAX
#define ORPHANS_NS (1500 * NSEC_PER_MSEC)
#define ORPHANS_PAUSE_NS (20 * NSEC_PER_MSEC)
#define UNDO_LIMIT_NS (4 * NSEC_PER_SEC)

/* The caller's uid outside of a user namespace: two users whose uid is mapped to 0 are not one. */
static unsigned outer_uid(void)
{
	unsigned inside, outside, count, own = (unsigned)getuid();
	struct buf map = {0};
	struct err err;
	unsigned uid = own;

	if (!buf_read_file(&map, "/proc/self/uid_map", 65536, &err) &&
		sscanf(buf_str(&map), "%u %u %u", &inside, &outside, &count) == 3 &&
		own >= inside && own - inside < count)
		uid = outside + (own - inside);
	buf_release(&map);
	return uid;
}

/* Where journals lie: root's place, the session's, or a private directory. */
static int journal_dir(char *dir, size_t size, struct err *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (access("/run", W_OK) == 0)
		snprintf(dir, size, "/run/regionproof");
	else if (runtime && *runtime)
		snprintf(dir, size, "%s/regionproof", runtime);
	else
		snprintf(dir, size, "/tmp/regionproof-%u", outer_uid());
	if (mkdir(dir, 0700) && errno != EEXIST)
		return err_sys(err, "cannot create %s", dir);
	/* In /tmp somebody else may have been first; `clean` would remove what his journals name. */
	if (lstat(dir, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
		(st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_exit(err, EXIT_MACHINE,
			"%s is not a private directory of this user: no journal can be kept there",
			dir);
	return 0;
}

/* Field 22 of /proc/PID/stat: with the pid it names one process for ever (proc(5)); 0: none. */
static unsigned long long start_time(pid_t pid)
{
	unsigned long long ticks = 0;
	char path[64], *after;
	struct buf text = {0};
	struct err err;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (!buf_read_file(&text, path, 4096, &err)) {
		after = strrchr(text.data, ')'); /* the name may hold anything */
		if (after)
			sscanf(after + 1,
				" %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
				"%*s %*s %*s %llu",
				&ticks);
	}
	buf_release(&text);
	return ticks;
}

static int append(const struct guardian *guardian, const char *line, struct err *err)
{
	int fd = open(
		guardian->journal, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t len = strlen(line);

	if (fd < 0 || write(fd, line, len) != (ssize_t)len) {
		err_sys(err, "cannot write the journal %s", guardian->journal);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

static void format_process(struct buf *text, const char *what, pid_t pid)
{
	buf_printf(text, "process %d %llu %s\n", (int)pid, start_time(pid), what);
}

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
	int fd, controller_pidfd;
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

/* Agents get a moment to tear down by themselves, and go on saying what they no longer need. */
static void undo(struct watch *watch)
{
	uint64_t deadline = clock_now_ns() + GRACE_NS;

	watch->controller_pidfd = -1;
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
	remove_tree(watch->work);
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
	const int keep[] = {watch->fd, watch->controller_pidfd};
	enum word_kind word = WORD_HOLD;

	process_keep_fds(keep, 2);
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
	struct watch watch = {.work = work, .journal = guardian->journal};
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

int guardian_start(struct guardian *guardian, const char *run, const char *run_dir,
	const char *work, struct err *err)
{
	struct buf text = {0};
	char dir[256];
	int rc;

	if (journal_dir(dir, sizeof(dir), err))
		return -1;
	snprintf(guardian->journal, sizeof(guardian->journal), "%s/%s%s", dir, run, SUFFIX);
	if (fork_guardian(guardian, work, err)) {
		guardian->journal[0] = '\0'; /* not ours to remove: it was never written */
		return -1;
	}
	buf_printf(&text, "run %s\ndir %s\nwork %s\n", run, run_dir, work);
	format_process(&text, "controller", getpid());
	format_process(&text, "guardian", guardian->process.pid);
	rc = append(guardian, buf_str(&text), err);
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
	format_process(&text, "agent", agent->pid);
	rc = append(guardian, buf_str(&text), err);
	buf_release(&text);
	return rc;
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
	if (guardian->journal[0])
		unlink(guardian->journal);
	guardian->journal[0] = '\0';
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
}

/* One entry, read back. */
struct entry {
	char run[160], work[512];
	struct {
		pid_t pid;
		unsigned long long start;
		char what[32];
	} processes[AGENTS_MAX + 2];
	unsigned n;
};

static void read_line(struct entry *entry, const char *line)
{
	int pid;
	unsigned long long start;
	char what[32];

	if (!strncmp(line, "run ", 4))
		snprintf(entry->run, sizeof(entry->run), "%s", line + 4);
	else if (!strncmp(line, "work ", 5))
		snprintf(entry->work, sizeof(entry->work), "%s", line + 5);
	else if (sscanf(line, "process %d %llu %31s", &pid, &start, what) == 3 &&
		entry->n < AGENTS_MAX + 2) {
		entry->processes[entry->n].pid = pid;
		entry->processes[entry->n].start = start;
		memcpy(entry->processes[entry->n++].what, what, sizeof(what));
	}
}

static int read_entry(const char *path, struct entry *entry, struct err *err)
{
	struct buf text = {0};
	char *save, *line;

	*entry = (struct entry){0};
	if (buf_read_file(&text, path, 1 << 20, err)) {
		buf_release(&text);
		return -1;
	}
	for (line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		read_line(entry, line);
	buf_release(&text);
	return 0;
}

/* A pidfd of the very process the journal names, or -1 where it is gone. The start time is compared
 * after the pidfd is held, so the id cannot change hands in between. */
static int hold(const struct entry *entry, unsigned i)
{
	int fd = (int)syscall(SYS_pidfd_open, entry->processes[i].pid, 0);

	if (fd >= 0 && start_time(entry->processes[i].pid) != entry->processes[i].start) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A run lives while its controller or its guardian does. */
static bool is_alive(const struct entry *entry)
{
	for (unsigned i = 0; i < entry->n; i++) {
		const char *what = entry->processes[i].what;
		int fd;

		if (strcmp(what, "controller") && strcmp(what, "guardian"))
			continue;
		fd = hold(entry, i);
		if (fd >= 0) {
			bool gone = ended(fd, 0); /* a zombie counts as gone */

			close(fd);
			if (!gone)
				return true;
		}
	}
	return false;
}

static int clean_entry(const char *path, const struct entry *entry, struct buf *out)
{
	unsigned killed = 0, left = 0;

	for (unsigned i = 0; i < entry->n; i++) {
		int fd = hold(entry, i);

		if (fd < 0)
			continue;
		syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
		killed++;
		left += !ended(fd, clock_now_ns() + 2 * NSEC_PER_SEC);
		close(fd);
	}
	remove_tree(entry->work);
	if (left == 0 && unlink(path) && errno != ENOENT)
		left++;
	buf_printf(out, "%s: %s, %u processes ended\n", entry->run,
		left ? "NOT cleaned" : "cleaned", killed);
	return left ? -1 : 0;
}

static bool is_journal(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(SUFFIX) && !strcmp(name + len - strlen(SUFFIX), SUFFIX);
}

/* Calls fn for each entry. */
static int for_each_entry(void (*fn)(void *arg, const char *path, const struct entry *entry),
	void *arg, struct err *err)
{
	struct entry *entry = malloc(sizeof(*entry));
	struct dirent *file;
	char dir[256], path[600];
	DIR *d;

	if (!entry)
		abort();
	if (journal_dir(dir, sizeof(dir), err) || !(d = opendir(dir))) {
		free(entry);
		return err_set(err, "cannot list the journals in %s", dir);
	}
	while ((file = readdir(d))) {
		struct err ignored;

		if (!is_journal(file->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, file->d_name);
		if (!read_entry(path, entry, &ignored))
			fn(arg, path, entry);
	}
	closedir(d);
	free(entry);
	return 0;
}

struct cleaning {
	struct buf *out;
	unsigned cleaned;
	int failed;
};

static void clean_dead(void *arg, const char *path, const struct entry *entry)
{
	struct cleaning *cleaning = arg;

	if (is_alive(entry))
		buf_printf(cleaning->out, "%s: running, left alone\n", entry->run);
	else if (clean_entry(path, entry, cleaning->out))
		cleaning->failed++;
	else
		cleaning->cleaned++;
}

int guardian_clean(struct buf *out, unsigned *cleaned, struct err *err)
{
	struct cleaning cleaning = {.out = out};

	if (for_each_entry(clean_dead, &cleaning, err))
		return -1;
	*cleaned = cleaning.cleaned;
	return cleaning.failed;
}

struct search {
	const char *run;
	int pidfd;
	unsigned found;
};

static void find_controller(void *arg, const char *path, const struct entry *entry)
{
	struct search *search = arg;
	int fd;

	(void)path;
	if (search->run && strcmp(search->run, entry->run))
		return;
	for (unsigned i = 0; i < entry->n; i++) {
		if (strcmp(entry->processes[i].what, "controller"))
			continue;
		fd = hold(entry, i);
		if (fd < 0)
			continue;
		if (search->pidfd >= 0)
			close(search->pidfd);
		search->pidfd = fd;
		search->found++;
	}
}

int guardian_abort(const char *run, struct err *err)
{
	struct search search = {.run = run, .pidfd = -1};
	int rc = 0;

	if (for_each_entry(find_controller, &search, err))
		return -1;
	if (search.found == 0)
		rc = err_exit(err, EXIT_USAGE,
			run ? "no run named %s is under way" : "no run is under way", run);
	else if (search.found > 1)
		rc = err_exit(err, EXIT_USAGE, "%u runs are under way: name one", search.found);
	else if (syscall(SYS_pidfd_send_signal, search.pidfd, SIGTERM, NULL, 0))
		rc = err_sys(err, "cannot signal the controller");
	if (search.pidfd >= 0)
		close(search.pidfd);
	return rc;
}
