#include "suites/tests/runner/cage.h"
#include "fixtures/base/clock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long processes that are about to end may take to do so once the program has ended. */
#define GRACE_NS (500 * NSEC_PER_MSEC)

static const int namespaces_of[] = {
	[CAGE_NAMESPACES] = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC,
	[CAGE_USER_NAMESPACE] =
		CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC,
	[CAGE_NONE] = 0,
	[CAGE_ONLINE] = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC,
};

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

/* Root inside is the caller outside, so that tests which need root in their own namespaces run. */
static int map_ids(uid_t uid, gid_t gid, struct err *err)
{
	char text[64];

	if (write_file("/proc/self/setgroups", "deny") && errno != ENOENT)
		return err_sys(err, "cannot write setgroups");
	snprintf(text, sizeof(text), "0 %u 1", uid);
	if (write_file("/proc/self/uid_map", text))
		return err_sys(err, "cannot map the user id");
	snprintf(text, sizeof(text), "0 %u 1", gid);
	if (write_file("/proc/self/gid_map", text))
		return err_sys(err, "cannot map the group id");
	return 0;
}

static int bring_lo_up(struct err *err)
{
	struct ifreq req = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &req);

	if (rc)
		err_sys(err, "cannot bring lo up");
	if (fd >= 0)
		close(fd);
	return rc;
}

static int furnish(enum cage_kind kind, uid_t uid, gid_t gid, struct err *err)
{
	if (kind == CAGE_NONE)
		return 0;
	if (kind == CAGE_USER_NAMESPACE && map_ids(uid, gid, err))
		return -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return err_sys(err, "cannot make the mounts private");
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return err_sys(err, "cannot mount /proc");
	return kind == CAGE_ONLINE ? 0 : bring_lo_up(err);
}

/* fork(), into new namespaces. */
static pid_t fork_into(int flags)
{
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0);
}

enum cage_kind cage_probe(struct err *err)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	for (enum cage_kind kind = CAGE_NAMESPACES; kind < CAGE_NONE; kind++) {
		pid_t pid = fork_into(namespaces_of[kind]);
		int status = 0;

		if (pid == 0)
			_exit(furnish(kind, uid, gid, err) ? 1 : 0);
		if (pid < 0)
			err_sys(err, "no namespaces");
		else if (waitpid(pid, &status, 0) == pid && status == 0)
			return kind;
		else
			err_set(err, "namespaces cannot be furnished here");
	}
	return CAGE_NONE;
}

/* --- the keeper ------------------------------------------------------------------------------ */

struct keeper {
	enum cage_kind kind;
	pid_t program; /* 0 once it has been reaped */
	struct cage_report report;
};

static void reap(struct keeper *keeper)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != keeper->program)
			continue;
		keeper->program = 0;
		keeper->report.status = status;
	}
}

/* The name of a process that runs (no zombie), false where there is none. */
static bool name_process(const char *pid, char name[32])
{
	char path[64], line[256], state = 'Z';
	const char *open_at, *close_at;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	open_at = strchr(line, '(');
	close_at = strrchr(line, ')');
	if (!open_at || !close_at || sscanf(close_at, ") %c", &state) != 1 || state == 'Z')
		return false;
	snprintf(name, 32, "%.*s", (int)(close_at - open_at - 1), open_at + 1);
	return true;
}

static void note_process(struct cage_report *report, const char *pid)
{
	size_t len = strlen(report->processes);
	char name[32];

	if (!name_process(pid, name))
		return;
	report->left++;
	snprintf(report->processes + len, sizeof(report->processes) - len, "%s%s", len ? ", " : "",
		name);
}

/* Without a pid namespace: our children, to whom orphans come since we are a subreaper. */
static void list_children(struct cage_report *report)
{
	char text[4096], *save = NULL;
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (char *pid = strtok_r(text, " ", &save); pid; pid = strtok_r(NULL, " ", &save))
		note_process(report, pid);
}

static void list_processes(struct keeper *keeper)
{
	struct cage_report *report = &keeper->report;
	struct dirent *entry;
	DIR *dir;

	report->left = 0;
	report->processes[0] = '\0';
	if (keeper->kind == CAGE_NONE) {
		list_children(report);
		return;
	}
	dir = opendir("/proc");
	while (dir && (entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]) && strcmp(entry->d_name, "1"))
			note_process(report, entry->d_name);
	}
	if (dir)
		closedir(dir);
}

/* Wait for a change among the children, at most until the deadline. */
static void wait_child(uint64_t deadline_ns, uint64_t at_most_ns)
{
	uint64_t now = clock_now_ns();
	uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
	struct timespec ts;
	sigset_t set;

	if (left > at_most_ns)
		left = at_most_ns;
	ts.tv_sec = (time_t)(left / NSEC_PER_SEC);
	ts.tv_nsec = (long)(left % NSEC_PER_SEC);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigtimedwait(&set, NULL, &ts);
}

static void wait_program(struct keeper *keeper, uint64_t deadline_ns)
{
	while (keeper->program) {
		if (clock_now_ns() >= deadline_ns) {
			keeper->report.timed_out = true;
			return;
		}
		wait_child(deadline_ns, NSEC_PER_SEC);
		reap(keeper);
	}
}

static void wait_leftovers(struct keeper *keeper)
{
	uint64_t deadline_ns = clock_now_ns() + GRACE_NS;

	for (;;) {
		reap(keeper);
		list_processes(keeper);
		if (!keeper->report.left || clock_now_ns() >= deadline_ns)
			return;
		wait_child(deadline_ns, 10 * NSEC_PER_MSEC);
	}
}

/* Without a pid namespace nobody else does it; a killed parent's children come to us. */
static void kill_children(void)
{
	for (;;) {
		char text[4096], *save = NULL;
		int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

		if (fd >= 0)
			close(fd);
		if (n <= 0)
			return;
		text[n] = '\0';
		for (char *pid = strtok_r(text, " ", &save); pid; pid = strtok_r(NULL, " ", &save))
			kill((pid_t)atoi(pid), SIGKILL);
		waitpid(-1, NULL, 0);
	}
}

static void exec_program(const char *program, const char *dir, const struct cage *ends)
{
	sigset_t none;
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(null_fd, STDIN_FILENO) < 0 || dup2(ends->out_fd, STDOUT_FILENO) < 0 ||
		dup2(ends->err_fd, STDERR_FILENO) < 0 || chdir(dir))
		_exit(126);
	execl(program, program, (char *)NULL);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", program, strerror(errno));
	_exit(127);
}

static void keep(enum cage_kind kind, const char *program, const char *dir, unsigned timeout_s,
	const struct cage *ends, uid_t uid, gid_t gid)
{
	struct keeper keeper = {.kind = kind};
	uint64_t deadline_ns = clock_now_ns() + timeout_s * NSEC_PER_SEC;
	struct err err = {0};
	sigset_t set;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (furnish(kind, uid, gid, &err)) {
		snprintf(keeper.report.problem, sizeof(keeper.report.problem), "%.255s", err.text);
		goto out;
	}
	keeper.program = fork();
	if (keeper.program == 0)
		exec_program(program, dir, ends);
	keeper.report.started = keeper.program > 0;
	wait_program(&keeper, deadline_ns);
	if (keeper.report.timed_out)
		list_processes(&keeper);
	else
		wait_leftovers(&keeper);
out:
	if (kind == CAGE_NONE)
		kill_children();
	_exit(write(ends->report_fd, &keeper.report, sizeof(keeper.report)) < 0);
}

/* --- the runner's side ----------------------------------------------------------------------- */

static void close_ends(struct cage *cage)
{
	int *fds[] = {&cage->out_fd, &cage->err_fd, &cage->report_fd};

	for (size_t i = 0; i < 3; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

static int make_pipes(struct cage *ours, struct cage *theirs, struct err *err)
{
	int *read_ends[] = {&ours->out_fd, &ours->err_fd, &ours->report_fd};
	int *write_ends[] = {&theirs->out_fd, &theirs->err_fd, &theirs->report_fd};

	for (size_t i = 0; i < 3; i++) {
		int fds[2];

		if (pipe2(fds, O_CLOEXEC))
			return err_sys(err, "cannot make a pipe");
		*read_ends[i] = fds[0];
		*write_ends[i] = fds[1];
	}
	return 0;
}

int cage_start(struct cage *cage, enum cage_kind kind, const char *program, const char *dir,
	unsigned timeout_s, struct err *err)
{
	struct cage theirs = {.out_fd = -1, .err_fd = -1, .report_fd = -1};
	uid_t uid = getuid();
	gid_t gid = getgid();
	int rc = -1;

	*cage = theirs;
	if (make_pipes(cage, &theirs, err))
		goto out;
	cage->keeper = fork_into(namespaces_of[kind]);
	if (cage->keeper == 0)
		keep(kind, program, dir, timeout_s, &theirs, uid, gid);
	if (cage->keeper < 0)
		err_sys(err, "cannot start the keeper of %s", program);
	else
		rc = 0;
out:
	close_ends(&theirs);
	if (rc)
		close_ends(cage);
	return rc;
}

void cage_kill(struct cage *cage)
{
	kill(cage->keeper, SIGKILL);
}

void cage_finish(struct cage *cage)
{
	close_ends(cage);
	while (waitpid(cage->keeper, NULL, 0) < 0 && errno == EINTR)
		;
}
