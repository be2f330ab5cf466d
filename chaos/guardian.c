#include "chaos/guardian.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/log.h"
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
#define GRACE_NS (700 * NSEC_PER_MSEC) /* agents tear down by themselves in this time */
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

	if (access("/run", W_OK) == 0)
		snprintf(dir, size, "/run/regionproof");
	else if (runtime && *runtime)
		snprintf(dir, size, "%s/regionproof", runtime);
	else
		snprintf(dir, size, "/tmp/regionproof-%u", outer_uid());
	if (mkdir(dir, 0700) && errno != EEXIST)
		return err_sys(err, "cannot create %s", dir);
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
	int fd = open(guardian->journal, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
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

struct watch {
	int fd, controller_pidfd;
	int agents[AGENTS_MAX];
	unsigned n;
	const char *work, *journal;
};

/* True once it has ended; pidfds become readable at the end of the process. */
static bool ended(int pidfd, uint64_t deadline_ns)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	uint64_t now = clock_now_ns();

	return poll(&p, 1, deadline_ns > now ? (int)((deadline_ns - now) / NSEC_PER_MSEC) : 0) > 0;
}

static void undo(const struct watch *watch)
{
	uint64_t deadline = clock_now_ns() + GRACE_NS;

	for (unsigned i = 0; i < watch->n; i++) {
		if (!ended(watch->agents[i], deadline))
			syscall(SYS_pidfd_send_signal, watch->agents[i], SIGKILL, NULL, 0);
	}
	for (unsigned i = 0; i < watch->n; i++)
		ended(watch->agents[i], clock_now_ns() + NSEC_PER_SEC);
	remove_tree(watch->work);
	unlink(watch->journal);
}

/* The next word of the controller. 'a': an agent, with its pidfd. Returns the letter, or 0 at the end
 * of file. */
static char hear(struct watch *watch)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char letter = 0;
	struct iovec iov = {.iov_base = &letter, .iov_len = 1};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *c;

	if (recvmsg(watch->fd, &msg, MSG_CMSG_CLOEXEC) <= 0)
		return 0;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS && watch->n < AGENTS_MAX)
		memcpy(&watch->agents[watch->n++], CMSG_DATA(c), sizeof(int));
	return letter;
}

/*
 * Two ends to wait for: the controller's last word (d: all is clean, leave) and its death. The end of
 * file without that word is the same as death. What it said before it died is heard first. Signals of
 * the terminal are not for us.
 */
static int watch_main(void *arg)
{
	struct watch *watch = arg;
	const int keep[] = {watch->fd, watch->controller_pidfd};
	char word = 'a';

	process_keep_fds(keep, 2);
	process_name("rp-guardian");
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	log_setup("guardian", log_level(), -1);
	while (word == 'a') {
		struct pollfd p[] = {{.fd = watch->fd, .events = POLLIN},
			{.fd = watch->controller_pidfd, .events = POLLIN}};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return EXIT_INTERNAL;
		if (p[0].revents)
			word = hear(watch);
		else if (p[1].revents)
			word = 0;
	}
	if (word != 'd')
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

static int hand_over(int fd, int pidfd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS,
			     .cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec iov = {.iov_base = "a", .iov_len = 1};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.head), &pidfd, sizeof(int));
	return sendmsg(fd, &msg, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int guardian_add(struct guardian *guardian, const struct process *agent, struct err *err)
{
	struct buf text = {0};
	int rc;

	if (hand_over(guardian->fd, agent->pidfd))
		return err_sys(err, "cannot hand an agent to the guardian");
	format_process(&text, "agent", agent->pid);
	rc = append(guardian, buf_str(&text), err);
	buf_release(&text);
	return rc;
}

void guardian_done(struct guardian *guardian)
{
	if (guardian->fd >= 0) {
		if (send(guardian->fd, "d", 1, MSG_NOSIGNAL) == 1)
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
