/*
 * uml_init: the first process of a User Mode Linux, for code that needs a module the kernel of this
 * machine lacks.
 *
 *     uml_init                      (as init=; its order comes in the kernel's command line:)
 *       rp_modules=DIR              the package's modules of this kernel version
 *       rp_load=veth,bridge,...     to be loaded, with what they depend on
 *       rp_groups=cpu,io,...        controllers of version 2 handed down from /sys/fs/cgroup
 *       rp_run=PROGRAM[,ARG ...][+PROGRAM ...]  to be run one after the other
 *       rp_out=DIR                  of the host, where output and exit code of the n-th go, to
 *                                   "n.output" and "n.status"
 *
 * The root is the host's own file system (hostfs), mounted read-only so that it stays untouched; only
 * DIR is mounted once more for writing, on /mnt, and /run is memory of this machine, where programs are
 * started. The machine ends by itself, whatever happens.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 32

static char command_line[4096];

static const char *option(const char *name)
{
	static char values[8][1024];
	static int n;
	size_t len = strlen(name);
	const char *at = strstr(command_line, name);
	char *out = values[n++ % 8];

	if (!at || at[len] != '=')
		return "";
	snprintf(out, 1024, "%.*s", (int)strcspn(at + len + 1, " \n"), at + len + 1);
	return out;
}

static size_t split(char *text, char **words, size_t max)
{
	size_t n = 0;

	for (char *w = strtok(text, ","); w && n < max - 1; w = strtok(NULL, ","))
		words[n++] = w;
	words[n] = NULL;
	return n;
}

static void insert(const char *dir, const char *path)
{
	char full[2048];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
		fprintf(stderr, "module %s: %s\n", full, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* A line of modules.dep is "path: dependency ...", where what must be loaded first stands last. */
static void load(const char *dir, const char *name)
{
	char wanted[128], line[4096], path[1024];
	char *words[WORDS_MAX];
	size_t n = 0;
	FILE *f;

	snprintf(wanted, sizeof(wanted), "/%s.ko:", name);
	snprintf(path, sizeof(path), "%s/modules.dep", dir);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (!strstr(line, wanted))
			continue;
		for (char *w = strtok(line, ": \n"); w && n < WORDS_MAX; w = strtok(NULL, ": \n"))
			words[n++] = w;
		while (n)
			insert(dir, words[--n]);
	}
	if (f)
		fclose(f);
}

static void read_command_line(void)
{
	int fd;

	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, command_line, sizeof(command_line) - 1) <= 0)
		fprintf(stderr, "no command line\n");
	if (fd >= 0)
		close(fd);
}

static void write_status(int number, int status)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/mnt/%d.status", number);
	f = fopen(path, "we");
	if (!f)
		return;
	fprintf(f, "%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	fclose(f);
}

static int run(char **argv, int out_fd)
{
	int status = 127 << 8;
	pid_t pid = fork();

	if (!pid) {
		dup2(out_fd, 1);
		dup2(out_fd, 2);
		execv(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void run_program(int number, char *program)
{
	char *words[WORDS_MAX], path[64];
	int fd;

	snprintf(path, sizeof(path), "/mnt/%d.output", number);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || !split(program, words, WORDS_MAX))
		return;
	write_status(number, run(words, fd));
	close(fd);
}

/* A kernel of its own has no hierarchy of version 1, so all controllers are free for version 2. */
static void hand_down(char **controllers, size_t n)
{
	int fd;

	if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL))
		fprintf(stderr, "no cgroup2: %s\n", strerror(errno));
	fd = open("/sys/fs/cgroup/cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
	for (size_t i = 0; i < n; i++) {
		if (fd < 0 || dprintf(fd, "+%s", controllers[i]) < 0)
			fprintf(stderr, "controller %s: %s\n", controllers[i], strerror(errno));
	}
	if (fd >= 0)
		close(fd);
}

static void make_scratch(void)
{
	if (mount("scratch", "/run", "tmpfs", 0, NULL) || chdir("/run"))
		fprintf(stderr, "no scratch directory: %s\n", strerror(errno));
}

static void work(void)
{
	char modules[1024], groups[256], programs[1024], *rest = programs;
	char *words[WORDS_MAX];
	int number = 0;
	size_t n;

	snprintf(groups, sizeof(groups), "%s", option("rp_groups"));
	snprintf(modules, sizeof(modules), "%s", option("rp_load"));
	snprintf(programs, sizeof(programs), "%s", option("rp_run"));
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	if (mount("none", "/mnt", "hostfs", 0, option("rp_out")))
		return;
	n = split(modules, words, WORDS_MAX);
	for (size_t i = 0; i < n; i++)
		load(option("rp_modules"), words[i]);
	n = split(groups, words, WORDS_MAX);
	if (n)
		hand_down(words, n);
	make_scratch();
	for (char *p; (p = strsep(&rest, "+"));)
		run_program(++number, p);
}

int main(void)
{
	if (getpid() == 1)
		read_command_line();
	if (!strstr(command_line, "rp_run=")) {
		puts("1..0 # SKIP the first process of User Mode Linux, for netem_uml.sh");
		return 0;
	}
	work();
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
