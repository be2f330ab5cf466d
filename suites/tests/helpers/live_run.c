#include "suites/tests/helpers/live_run.h"
#include "chaos/engines/frame.h"
#include "chaos/engines/wire_socket.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/site.h"
#include "suites/tests/helpers/net_lab.h"
#include "suites/tests/helpers/server.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_NS (60 * NSEC_PER_SEC)
#define PROCESSES_MAX 256
#define PROGRESS_MAX (64 << 10)

const char *live_skip_reason(void)
{
	if (!*server_of_build("regionproof") || !*server_of_build("region-store"))
		return "regionproof and region-store are not built";
	return net_lab_skip_reason();
}

static _Noreturn void become_run(
	int progress_fd, const char *runs, const char *scenario, const char *const *options)
{
	char store[300];
	const char *argv[16] = {server_of_build("regionproof"), "run", store};
	size_t n = 3;
	int null_fd = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(store, sizeof(store), "--runs=%s", runs);
	while (options && *options && n < 14)
		argv[n++] = *options++;
	argv[n++] = scenario;
	dup2(null_fd, 0);
	dup2(null_fd, 1);
	dup2(progress_fd, 2);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

void live_start(
	struct live_run *run, const char *runs, const char *scenario, const char *const *options)
{
	int ends[2];

	*run = (struct live_run){.progress = calloc(1, PROGRESS_MAX)};
	if (!run->progress || mkdir(runs, 0755) || pipe2(ends, O_CLOEXEC))
		abort();
	run->pid = fork();
	if (run->pid == 0)
		become_run(ends[1], runs, scenario, options);
	close(ends[1]);
	run->progress_fd = ends[0];
}

/* False at the end of file or the deadline. */
static bool read_more(struct live_run *run, uint64_t deadline_ns)
{
	struct pollfd p = {.fd = run->progress_fd, .events = POLLIN};
	uint64_t now = clock_now_ns();
	ssize_t n;

	if (now >= deadline_ns || poll(&p, 1, (int)((deadline_ns - now) / NSEC_PER_MSEC) + 1) <= 0)
		return false;
	n = read(run->progress_fd, run->progress + run->n_progress,
		PROGRESS_MAX - 1 - run->n_progress);
	if (n <= 0)
		return false;
	run->n_progress += (size_t)n;
	return true;
}

bool live_await(struct live_run *run, const char *text)
{
	uint64_t deadline = clock_now_ns() + LIMIT_NS;

	while (!strstr(run->progress, text)) {
		if (!read_more(run, deadline))
			return false;
	}
	return true;
}

int live_finish(struct live_run *run)
{
	uint64_t deadline = clock_now_ns() + LIMIT_NS;
	int status;

	while (read_more(run, deadline))
		;
	if (clock_now_ns() >= deadline)
		kill(run->pid, SIGKILL);
	waitpid(run->pid, &status, 0);
	close(run->progress_fd);
	free(run->progress);
	run->progress = NULL;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- who is who ------------------------------------------------------------------------------ */

static pid_t parent_of(pid_t pid)
{
	char path[64], line[256];
	FILE *file;
	pid_t parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "PPid:", 5))
			parent = (pid_t)strtol(line + 5, NULL, 10);
	}
	if (file)
		fclose(file);
	return parent;
}

static bool descends(pid_t pid, pid_t from)
{
	while (pid > 1 && pid != from)
		pid = parent_of(pid);
	return pid == from;
}

/* The run and all its descendants. */
static size_t family_of(const struct live_run *run, pid_t out[PROCESSES_MAX])
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	size_t n = 0;

	while (dir && (entry = readdir(dir)) && n < PROCESSES_MAX) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 1 && descends(pid, run->pid))
			out[n++] = pid;
	}
	if (dir)
		closedir(dir);
	return n;
}

/* Is this the namespace that has this address? The kernel writes addresses as 32 digits. */
static bool lives_at(pid_t pid, unsigned region, unsigned host)
{
	struct addr addr = addr_of(region, host);
	char path[64], line[128], wanted[33];
	bool found = false;
	FILE *file;

	for (int i = 0; i < 16; i++)
		snprintf(wanted + 2 * i, 3, "%02x", addr.ip6[i]);
	snprintf(path, sizeof(path), "/proc/%d/net/if_inet6", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		found |= !strncmp(line, wanted, 32);
	if (file)
		fclose(file);
	return found;
}

pid_t live_process(const struct live_run *run, unsigned region, unsigned host)
{
	pid_t all[PROCESSES_MAX];
	size_t n = family_of(run, all);

	for (size_t i = 0; i < n; i++) {
		if (lives_at(all[i], region, host))
			return all[i];
	}
	return 0;
}

pid_t live_agent(const struct live_run *run, unsigned region)
{
	pid_t beacon = live_process(run, region, ADDR_HOST_BEACON);

	if (!beacon)
		beacon = live_process(run, region, ADDR_HOST_PROBER);
	return beacon ? parent_of(beacon) : 0;
}

void live_hold(const struct live_run *run, uint64_t length_ns)
{
	pid_t all[PROCESSES_MAX];
	size_t n = family_of(run, all);

	for (size_t i = 0; i < n; i++)
		kill(all[i], SIGSTOP);
	clock_sleep_until_ns(clock_now_ns() + length_ns);
	for (size_t i = 0; i < n; i++)
		kill(all[i], SIGCONT);
}

/* ---- in a run's namespaces ------------------------------------------------------------------- */

static bool enter_network_of(pid_t pid)
{
	char path[64];
	int fd, rc;

	if (pid <= 1)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? -1 : setns(fd, CLONE_NEWNET);
	if (fd >= 0)
		close(fd);
	return rc == 0;
}

struct bypass {
	unsigned region;
	int to;
	enum live_family families;
};

static bool passes(const struct bypass *bypass, const uint8_t *data, size_t len)
{
	unsigned to;
	enum live_family family;

	if (frame_classify(NULL, data, len, bypass->region, ADDR_REGIONS_MAX, &to) != FRAME_LINK)
		return false;
	family = data[12] == 0x86 && data[13] == 0xdd ? LIVE_IP6 : LIVE_IP4;
	return (bypass->to < 0 || to == (unsigned)bypass->to) && (bypass->families & family);
}

static void carry(const struct bypass *bypass, int from_fd, int to_fd, uint64_t until_ns)
{
	struct wire_inbox *inbox = wire_inbox_new();
	uint64_t bad = 0;

	while (clock_now_ns() < until_ns) {
		struct pollfd p = {.fd = from_fd, .events = POLLIN};
		size_t n = poll(&p, 1, 10) > 0 ? wire_inbox_receive(inbox, from_fd, &bad) : 0;

		for (size_t i = 0; i < n; i++) {
			struct wire_frame *frame = wire_inbox_frame(inbox, i);
			bool sent;

			if (passes(bypass, wire_frame_data(frame), wire_frame_len(frame)))
				wire_socket_send(to_fd, &frame, 1, &sent);
		}
	}
	wire_inbox_free(inbox);
}

/* In a child: who stays in a namespace of the run keeps it from going. */
static bool done_by(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && status == 0;
}

bool live_bypass(const struct live_run *run, unsigned region, int to, enum live_family families,
	uint64_t length_ns)
{
	struct bypass bypass = {region, to, families};
	uint64_t until_ns = clock_now_ns() + length_ns;
	pid_t child = fork();
	int from_fd, to_fd;
	struct err err;

	if (child)
		return done_by(child);
	if (!enter_network_of(live_agent(run, region)))
		_exit(1);
	from_fd = wire_socket_open(SITE_IFINDEX_B, true, &err);
	to_fd = wire_socket_open(SITE_IFINDEX_C, false, &err);
	if (from_fd < 0 || to_fd < 0)
		_exit(1);
	carry(&bypass, from_fd, to_fd, until_ns);
	_exit(0);
}

bool live_mislead(const struct live_run *run, unsigned region, unsigned host, unsigned to_region,
	unsigned to_host)
{
	struct addr to = addr_of(to_region, to_host);
	pid_t child = fork();
	char command[400];

	if (child)
		return done_by(child);
	if (!enter_network_of(live_process(run, region, host)))
		_exit(1);
	snprintf(command, sizeof(command),
		"ip neigh replace %s lladdr 02:00:00:00:00:09 nud permanent dev eth0 && "
		"ip -6 neigh replace %s lladdr 02:00:00:00:00:09 nud permanent dev eth0",
		to.ip4_text, to.ip6_text);
	_exit(system(command) != 0);
}

/* ---- what came out --------------------------------------------------------------------------- */

struct jv *live_result(const char *runs)
{
	struct buf text = {0};
	struct jv *result = NULL;
	char path[400];
	struct err err;

	snprintf(path, sizeof(path), "%s/latest/run.json", runs);
	if (!buf_read_file(&text, path, 16 << 20, &err))
		result = jv_parse(text.data, text.len, 16 << 20, &err);
	buf_release(&text);
	return result;
}

const struct jv *live_expect(const struct jv *result, const char *metric)
{
	const struct jv *all = jv_get(result, "expectations");

	for (size_t i = 0; i < jv_count(all); i++) {
		if (!strcmp(jv_str(jv_get(jv_at(all, i), "metric"), ""), metric))
			return jv_at(all, i);
	}
	return NULL;
}
