#include "chaos/journal.h"
#include "fixtures/base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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
int journal_dir(char *dir, size_t size, struct err *err)
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

int journal_append(const char *path, const char *lines, struct err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t len = strlen(lines);

	if (fd < 0 || write(fd, lines, len) != (ssize_t)len) {
		err_sys(err, "cannot write the journal %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

void journal_format_process(struct buf *text, const char *what, pid_t pid)
{
	buf_printf(text, "process %d %llu %s\n", (int)pid, start_time(pid), what);
}

void journal_format_site(struct buf *text, const struct journal_site *site)
{
	buf_printf(text, "site %s %s\n", site->d_name, site->path);
}

void journal_format_group(struct buf *text, const char *path)
{
	buf_printf(text, "group %s\n", path);
}

void journal_format_port(struct buf *text, const struct journal_port *port)
{
	buf_printf(text, "port %u ", port->site);
	adopt_format(&port->port, text);
	buf_addc(text, '\n');
}

void journal_format_halt(struct buf *text, const struct halt *halt, bool over)
{
	buf_puts(text, over ? "over " : "halt ");
	halt_format(halt, text);
	buf_addc(text, '\n');
}

static void read_process(struct journal *journal, const char *line)
{
	unsigned long long start;
	char what[32];
	int pid;

	if (sscanf(line, "%d %llu %31s", &pid, &start, what) != 3 ||
		journal->n == JOURNAL_PROCESSES_MAX)
		return;
	journal->processes[journal->n].pid = pid;
	journal->processes[journal->n].start = start;
	memcpy(journal->processes[journal->n++].what, what, sizeof(what));
}

static void read_site(struct journal *journal, const char *line)
{
	struct journal_site *site = &journal->sites[journal->n_sites];

	if (journal->n_sites < JOURNAL_SITES_MAX &&
		sscanf(line, "%15s %255[^\n]", site->d_name, site->path) == 2)
		journal->n_sites++;
}

static void read_port(struct journal *journal, const char *line)
{
	struct journal_port *port = &journal->ports[journal->n_ports];
	int at = 0;

	if (journal->n_ports < JOURNAL_PORTS_MAX && sscanf(line, "%u %n", &port->site, &at) == 1 &&
		port->site < journal->n_sites && adopt_parse(line + at, &port->port))
		journal->n_ports++;
}

/* One that is not over yet is one entry, however often it was begun. */
static void read_halt(struct journal *journal, const char *line, bool over)
{
	struct halt halt;
	unsigned i = 0;

	if (!halt_parse(line, &halt))
		return;
	while (i < journal->n_halts && !halt_same(&journal->halts[i], &halt))
		i++;
	if (over && i < journal->n_halts)
		journal->halts[i] = journal->halts[--journal->n_halts];
	else if (!over && i == journal->n_halts && i < JOURNAL_HALTS_MAX)
		journal->halts[journal->n_halts++] = halt;
}

/* Only what has a name of ours is ever removed. */
static void read_group(struct journal *journal, const char *path)
{
	if (journal->n_groups < JOURNAL_GROUPS_MAX && strstr(path, "/regionproof-") &&
		!strstr(path, "/../") && strlen(path) < JOURNAL_GROUP_MAX)
		snprintf(journal->groups[journal->n_groups++], JOURNAL_GROUP_MAX, "%s", path);
}

static void read_line(struct journal *journal, const char *line)
{
	if (!strncmp(line, "run ", 4))
		snprintf(journal->run, sizeof(journal->run), "%s", line + 4);
	else if (!strncmp(line, "work ", 5))
		snprintf(journal->work, sizeof(journal->work), "%s", line + 5);
	else if (!strncmp(line, "netns ", 6))
		journal->netns = strtoull(line + 6, NULL, 10);
	else if (!strncmp(line, "process ", 8))
		read_process(journal, line + 8);
	else if (!strncmp(line, "site ", 5))
		read_site(journal, line + 5);
	else if (!strncmp(line, "port ", 5))
		read_port(journal, line + 5);
	else if (!strncmp(line, "halt ", 5) || !strncmp(line, "over ", 5))
		read_halt(journal, line + 5, line[0] == 'o');
	else if (!strncmp(line, "group ", 6))
		read_group(journal, line + 6);
}

int journal_read(const char *path, struct journal *out, struct err *err)
{
	struct buf text = {0};
	char *save = NULL, *line;

	*out = (struct journal){0};
	if (buf_read_file(&text, path, 1 << 20, err)) {
		buf_release(&text);
		return -1;
	}
	for (line = text.data ? strtok_r(text.data, "\n", &save) : NULL; line;
		line = strtok_r(NULL, "\n", &save))
		read_line(out, line);
	buf_release(&text);
	return 0;
}

/* The start time is compared after the pidfd is held, so the id cannot change hands in between. */
int journal_hold(const struct journal_process *process)
{
	int fd = (int)syscall(SYS_pidfd_open, process->pid, 0);

	if (fd >= 0 && start_time(process->pid) != process->start) {
		close(fd);
		return -1;
	}
	return fd;
}

/* By its processes, as far as they can be seen from here. */
static bool is_alive(const struct journal *journal)
{
	for (unsigned i = 0; i < journal->n; i++) {
		const char *what = journal->processes[i].what;
		struct pollfd p = {.events = POLLIN};

		if (strcmp(what, "controller") && strcmp(what, "guardian"))
			continue;
		p.fd = journal_hold(&journal->processes[i]);
		if (p.fd >= 0) {
			bool gone = poll(&p, 1, 0) > 0; /* a zombie counts as gone */

			close(p.fd);
			if (!gone)
				return true;
		}
	}
	return false;
}

/* Whoever claimed it in between has removed it: once more, then. */
int journal_lock(const char *path, struct err *err)
{
	struct stat st = {.st_nlink = 0};
	int fd = -1;

	while (!st.st_nlink) {
		if (fd >= 0)
			close(fd);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 || flock(fd, LOCK_SH) || fstat(fd, &st)) {
			err_sys(err, "cannot lock the journal %s", path);
			if (fd >= 0)
				close(fd);
			return -1;
		}
	}
	return fd;
}

int journal_claim(const char *path, const struct journal *journal)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) || is_alive(journal))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool is_journal(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(JOURNAL_SUFFIX) &&
		!strcmp(name + len - strlen(JOURNAL_SUFFIX), JOURNAL_SUFFIX);
}

/* Calls fn for each entry. */
int journal_for_each(void (*fn)(void *arg, const char *path, const struct journal *journal),
	void *arg, struct err *err)
{
	struct journal *journal = malloc(sizeof(*journal));
	struct dirent *file;
	char dir[256], path[600];
	DIR *d;

	if (!journal)
		abort();
	if (journal_dir(dir, sizeof(dir), err) || !(d = opendir(dir))) {
		free(journal);
		return err_set(err, "cannot list the journals in %s", dir);
	}
	while ((file = readdir(d))) {
		struct err ignored;

		if (!is_journal(file->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, file->d_name);
		if (journal_read(path, journal, &ignored))
			continue;
		if (!*journal->run) /* nothing stands in it yet */
			snprintf(journal->run, sizeof(journal->run), "%.*s",
				(int)(strlen(file->d_name) - strlen(JOURNAL_SUFFIX)), file->d_name);
		fn(arg, path, journal);
	}
	closedir(d);
	free(journal);
	return 0;
}
