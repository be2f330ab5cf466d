#include "suites/tests/helpers/yard.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT 125
#define NAMESPACES_MAX 1000
#define POLL_NS (10 * NSEC_PER_MSEC)

static const struct {
	const char *limit;
	int flag;
} kinds[YARD_NAMESPACES] = {
	[YARD_NET] = {"/proc/sys/user/max_net_namespaces", CLONE_NEWNET},
	[YARD_PID] = {"/proc/sys/user/max_pid_namespaces", CLONE_NEWPID},
	[YARD_MNT] = {"/proc/sys/user/max_mnt_namespaces", CLONE_NEWNS},
};

/* ---- making one ----------------------------------------------------------------------------- */

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

/* Every id that is mapped here is mapped to itself; for one who may not, his own to root. */
static int map_ids(pid_t pid, const char *file)
{
	char own[64], path[64], text[512] = "";
	unsigned inside, outside, count;
	size_t len = 0;
	FILE *f;

	snprintf(own, sizeof(own), "/proc/self/%s", file);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = geteuid() ? NULL : fopen(own, "re");
	while (f && fscanf(f, "%u %u %u", &inside, &outside, &count) == 3 && len < 400)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%u %u %u\n", inside, inside, count);
	if (f)
		fclose(f);
	if (!f)
		snprintf(text, sizeof(text), "0 %u 1\n",
			!strcmp(file, "uid_map") ? getuid() : getgid());
	return write_text(path, text);
}

static int lo_up(void)
{
	struct ifreq req = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &req);

	if (fd >= 0)
		close(fd);
	return rc;
}

static unsigned count_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	unsigned n = 0;
	int c;

	while (f && (c = fgetc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

/* A namespace can be made while fewer than `limit` exist. The one made for the trial goes at once. */
static bool fewer_than(enum yard_namespace kind, unsigned limit)
{
	char text[16];
	int status;
	pid_t pid;

	snprintf(text, sizeof(text), "%u", limit);
	if (write_text(kinds[kind].limit, text))
		abort();
	pid = fork();
	if (pid == 0)
		_exit(unshare(kinds[kind].flag) ? 1 : 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static unsigned count_namespaces(enum yard_namespace kind, unsigned at_least)
{
	unsigned n = at_least;

	while (n < NAMESPACES_MAX && !fewer_than(kind, n + 1))
		n++;
	return n;
}

static void lift_limits(void)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", NAMESPACES_MAX);
	for (int k = 0; k < YARD_NAMESPACES; k++)
		write_text(kinds[k].limit, text);
}

/* The checkout and the build may lie below /tmp, so that stays; a runtime directory is what a
 * journal needs. */
static int furnish(struct yard *yard)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ||
		mount("yard", "/run", "tmpfs", 0, "mode=0755") || lo_up())
		return -1;
	for (int k = 0; k < YARD_NAMESPACES; k++)
		yard->namespaces[k] = count_namespaces(k, 0);
	lift_limits();
	yard->mounts = count_mounts();
	return mkdir(YARD_RUNS, 0755);
}

static _Noreturn void be_yard(int (*body)(struct yard *yard, void *arg), void *arg)
{
	struct yard yard = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(furnish(&yard) ? CANNOT : body(&yard, arg));
}

/* In the new user namespace, ids mapped: the other namespaces, and process 1. */
static int enter(int (*body)(struct yard *yard, void *arg), void *arg)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC))
		return CANNOT;
	pid = fork();
	if (pid == 0)
		be_yard(body, arg);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return CANNOT;
	return WEXITSTATUS(status);
}

pid_t yard_fork(int (*body)(struct yard *yard, void *arg), void *arg)
{
	int ready[2], mapped[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) || pipe2(mapped, O_CLOEXEC))
		abort();
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(mapped[1]);
		if (unshare(CLONE_NEWUSER) || write(ready[1], "r", 1) != 1 ||
			read(mapped[0], &byte, 1) != 1)
			_exit(CANNOT);
		_exit(enter(body, arg));
	}
	close(ready[1]);
	close(mapped[0]);
	if (pid > 0 && read(ready[0], &byte, 1) == 1) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
		if (geteuid())
			write_text(path, "deny");
		if (!map_ids(pid, "uid_map") && !map_ids(pid, "gid_map") &&
			write(mapped[1], "m", 1) != 1)
			abort();
	}
	close(ready[0]);
	close(mapped[1]);
	return pid;
}

static int nothing(struct yard *yard, void *arg)
{
	(void)yard;
	(void)arg;
	return 0;
}

bool yard_possible(void)
{
	pid_t pid = yard_fork(nothing, NULL);
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* ---- what goes on in it ----------------------------------------------------------------------- */

void yard_forbid_user_namespaces(void)
{
	write_text("/proc/sys/user/max_user_namespaces", "0");
}

pid_t yard_start(const char *const *argv, uid_t uid)
{
	pid_t pid = fork();
	int out;

	if (pid)
		return pid;
	setsid();
	out = open(YARD_OUT, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	if (uid) {
		setenv("XDG_RUNTIME_DIR", YARD_HOME, 1);
		if (chdir(YARD_HOME) || setgroups(0, NULL) || setresgid(uid, uid, uid) ||
			setresuid(uid, uid, uid))
			_exit(126);
	}
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

bool yard_wait(pid_t pid, uint64_t deadline_ns, int *status)
{
	for (;;) {
		int any;
		pid_t got = waitpid(-1, &any, WNOHANG);

		if (got == pid) {
			*status = any;
			return true;
		}
		if (got > 0)
			continue;
		if (got < 0 || clock_now_ns() >= deadline_ns)
			return false;
		clock_sleep_until_ns(clock_now_ns() + NSEC_PER_MSEC);
	}
}

/* The name of a process that runs; false for none and for a zombie. */
static bool name_of(const char *pid, char name[32])
{
	char path[300], line[300];
	char state = 'Z';
	const char *open_at, *close_at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	open_at = strchr(line, '(');
	close_at = strrchr(line, ')');
	if (!open_at || !close_at || sscanf(close_at, ") %c", &state) != 1 || state == 'Z')
		return false;
	snprintf(name, 32, "%.*s", (int)(close_at - open_at - 1), open_at + 1);
	return true;
}

/* Calls fn for every process but this one. */
static void each_process(void (*fn)(void *arg, pid_t pid, const char *name), void *arg)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	char name[32];

	while (d && (e = readdir(d))) {
		if (isdigit((unsigned char)e->d_name[0]) && strcmp(e->d_name, "1") &&
			name_of(e->d_name, name))
			fn(arg, (pid_t)atoi(e->d_name), name);
	}
	if (d)
		closedir(d);
}

static void note_process(void *arg, pid_t pid, const char *name)
{
	struct yard_left *left = arg;
	size_t len = strlen(left->processes_named);

	left->processes++;
	snprintf(left->processes_named + len, sizeof(left->processes_named) - len, " %d(%s)",
		(int)pid, name);
}

struct finding {
	const char *comm;
	pid_t *pids;
	unsigned n, max;
};

static void find_process(void *arg, pid_t pid, const char *name)
{
	struct finding *f = arg;

	if (!strcmp(name, f->comm) && f->n < f->max)
		f->pids[f->n++] = pid;
}

unsigned yard_find(const char *comm, pid_t *pids, unsigned max)
{
	struct finding f = {.comm = comm, .pids = pids, .max = max};

	each_process(find_process, &f);
	return f.n;
}

static unsigned count_files(const char *dir, const char *below)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d))) {
		char path[600];
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir, e->d_name, below);
		if (!lstat(path, &st) && (!*below || strcmp(e->d_name, "latest")))
			n++;
	}
	if (d)
		closedir(d);
	return n;
}

/* exact: how many namespaces are left, which costs some trials; otherwise only whether one is. */
static bool is_clean(const struct yard *yard, bool exact, struct yard_left *left)
{
	unsigned mounts, all;
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0)
		;
	*left = (struct yard_left){0};
	each_process(note_process, left);
	mounts = count_mounts();
	left->mounts = mounts > yard->mounts ? mounts - yard->mounts : 0;
	left->journals =
		count_files("/run/regionproof", "") + count_files(YARD_HOME "/regionproof", "");
	left->works = count_files(YARD_RUNS, "/work");
	all = left->processes + left->mounts + left->journals + left->works;
	/* While processes are left their namespaces are, too; and each trial that succeeds leaves one for
	 * some milliseconds, so none is made once the answer is known. */
	for (int k = 0; k < YARD_NAMESPACES && !all; k++) {
		unsigned before = yard->namespaces[k];

		left->namespaces[k] =
			exact ? count_namespaces(k, before) - before : !fewer_than(k, before + 1);
		all += left->namespaces[k];
	}
	return all == 0;
}

uint64_t yard_clean_limit_ns(void)
{
	double load = 0, each;

	getloadavg(&load, 1);
	each = load / (double)sysconf(_SC_NPROCESSORS_ONLN);
	if (each > 10)
		each = 10;
	return (uint64_t)(each > 2 ? each * (double)NSEC_PER_SEC : 2.0 * (double)NSEC_PER_SEC);
}

bool yard_wait_clean(const struct yard *yard, uint64_t deadline_ns, struct yard_left *left)
{
	bool clean;

	while (!(clean = is_clean(yard, false, left)) && clock_now_ns() < deadline_ns)
		clock_sleep_until_ns(clock_now_ns() + POLL_NS);
	if (!clean)
		is_clean(yard, true, left);
	lift_limits();
	return clean;
}

unsigned yard_journal_lines(void)
{
	DIR *d = opendir("/run/regionproof");
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d))) {
		struct buf text = {0};
		char path[600];
		struct err err;

		snprintf(path, sizeof(path), "/run/regionproof/%s", e->d_name);
		if (e->d_name[0] != '.' && !buf_read_file(&text, path, 1 << 20, &err)) {
			for (size_t i = 0; i < text.len; i++)
				n += text.data[i] == '\n';
		}
		buf_release(&text);
	}
	if (d)
		closedir(d);
	return n;
}

bool yard_printed(const char *text)
{
	struct buf all = {0};
	struct err err;
	bool found = !buf_read_file(&all, YARD_OUT, 1 << 20, &err) && strstr(buf_str(&all), text);

	buf_release(&all);
	return found;
}

void yard_output(char *text, size_t size)
{
	struct buf all = {0};
	struct err err;

	text[0] = '\0';
	if (!buf_read_file(&all, YARD_OUT, 1 << 20, &err))
		snprintf(text, size, "%s",
			buf_str(&all) + (all.len >= size ? all.len - size + 1 : 0));
	buf_release(&all);
}

void yard_tell(const char *text)
{
	while (*text) {
		int len = (int)strcspn(text, "\n");

		printf("# %.*s\n", len, text);
		text += len + (text[len] == '\n');
	}
	fflush(stdout);
}

void yard_describe(const struct yard_left *left, char *text, size_t size)
{
	snprintf(text, size,
		"%u processes%s, namespaces: %u net, %u pid, %u mount; %u mounts, %u journals, "
		"%u working directories",
		left->processes, left->processes_named, left->namespaces[YARD_NET],
		left->namespaces[YARD_PID], left->namespaces[YARD_MNT], left->mounts,
		left->journals, left->works);
}
