/*
 * doctor: can this machine run it? Decided by trying, never by version.
 *
 * Engines are probed in a child of their own: as they are where we have the privilege, else inside a
 * new user namespace, as a run would do it. The child says what happened through a pipe; one that
 * dies or hangs is an engine that does not work.
 */
#include "chaos/clean.h"
#include "chaos/engines/engine.h"
#include "fixtures/base/buf.h"
#include "fixtures/cpu_cap.h"
#include "fixtures/slow_disk.h"
#include "fixtures/json/jv.h"
#include "fixtures/wrong_clock.h"
#include "suites/commands/catalogue.h"
#include "suites/commands/command.h"
#include "suites/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_LIMIT_MS 10000
#define CAP_NET_ADMIN_BIT 12
#define CAP_SYS_ADMIN_BIT 21

struct finding_row {
	const char *check, *result, *consequence, *fix; /* the last two "" where all is well */
	bool ok;
};

struct diagnosis {
	struct arena arena;
	struct finding_row *rows;
	size_t n_rows;
	const struct engine_ops *engine; /* the first that works */
	const char *share;
};

static void add_row(struct diagnosis *d, bool ok, const char *check, const char *result,
	const char *consequence, const char *fix)
{
	*ARENA_PUSH(&d->arena, d->rows, d->n_rows) =
		(struct finding_row){.check = arena_strdup(&d->arena, check),
			.result = arena_strdup(&d->arena, result),
			.consequence = ok ? "" : consequence,
			.fix = ok ? "" : fix,
			.ok = ok};
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Into a user namespace in which we are root. */
static int enter_user_namespace(struct err *err)
{
	char uid[64], gid[64];

	snprintf(uid, sizeof(uid), "0 %u 1", getuid());
	snprintf(gid, sizeof(gid), "0 %u 1", getgid());
	if (unshare(CLONE_NEWUSER))
		return err_sys(err, "making a user namespace");
	if (!write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/uid_map", uid) ||
		!write_file("/proc/self/gid_map", gid))
		return err_sys(err, "mapping ourselves in a user namespace");
	if (unshare(CLONE_NEWNET))
		return err_sys(err, "making a network namespace in a user namespace");
	return 0;
}

static bool privileged(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long long effective = 0;
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		sscanf(line, "CapEff: %llx", &effective);
	if (status)
		fclose(status);
	return effective >> CAP_NET_ADMIN_BIT & effective >> CAP_SYS_ADMIN_BIT & 1;
}

/* engine NULL: only whether the user namespace can be entered. */
struct attempt {
	const struct engine_ops *engine;
	bool in_user_namespace;
};

static void attempt_in_child(const struct attempt *attempt, int fd)
{
	struct err err = {0};
	int rc = attempt->in_user_namespace ? enter_user_namespace(&err) : 0;

	if (!rc && attempt->engine)
		rc = attempt->engine->probe(NULL, &err);
	if (rc && write(fd, err.text, strlen(err.text)) < 0)
		_exit(2);
	_exit(rc ? 1 : 0);
}

/* What the child writes until it closes its end or the time is over. */
static void read_answer(int fd, char *text, size_t size)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < size - 1 && poll(&ready, 1, PROBE_LIMIT_MS) > 0) {
		n = read(fd, text + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	text[len] = '\0';
}

static bool attempt_works(const struct attempt *attempt, char *why, size_t size)
{
	int fds[2], status = 0;
	pid_t child;

	snprintf(why, size, "no process could be made");
	if (pipe2(fds, O_CLOEXEC))
		return false;
	child = fork();
	if (!child)
		attempt_in_child(attempt, fds[1]);
	close(fds[1]);
	if (child > 0) {
		read_answer(fds[0], why, size);
		kill(child, SIGKILL); /* it has ended, or hangs */
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(fds[0]);
	if (child > 0 && !*why && !(WIFEXITED(status) && !WEXITSTATUS(status)))
		snprintf(why, size, "the probe died or did not end");
	return child > 0 && WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool look_at_privilege(struct diagnosis *d)
{
	struct attempt attempt = {.in_user_namespace = true};
	bool root = privileged(), user;
	char why[512];

	user = attempt_works(&attempt, why, sizeof(why));
	add_row(d, root || user, "privilege",
		root           ? "CAP_NET_ADMIN and CAP_SYS_ADMIN"
			: user ? "none; a user namespace is used"
			       : "none",
		"nothing can run", "run as root, or allow user namespaces");
	add_row(d, user, "user namespaces", user ? "allowed" : why,
		root ? "runs need root" : "nothing can run without root",
		"as root: sysctl -w user.max_user_namespaces=15000; on Ubuntu also "
		"kernel.apparmor_restrict_unprivileged_userns=0; in a container "
		"--security-opt seccomp=unconfined");
	return root;
}

static void look_at_engines(struct diagnosis *d, bool root)
{
	for (size_t i = 0; engines[i]; i++) {
		struct attempt attempt = {engines[i], !root};
		bool netem = !strcmp(engines[i]->name, "netem"), works;
		char why[512];

		if (!strcmp(engines[i]->name, "null"))
			continue; /* impairs nothing; never chosen */
		works = attempt_works(&attempt, why, sizeof(why));
		if (works && !d->engine)
			d->engine = engines[i];
		add_row(d, works, arena_printf(&d->arena, "engine %s", engines[i]->name),
			works ? d->engine == engines[i] ? "works; used by default" : "works" : why,
			netem ? "wire is used instead" : "no engine without netem",
			netem ? "as root: modprobe sch_netem (package linux-modules-extra on Ubuntu)"
			      : "allow raw sockets in network namespaces");
	}
}

/* One that several recipes need and that is there is said once. */
static void look_at_program(
	struct diagnosis *d, const char *recipe, const struct recipe_program *program)
{
	const char *path = share_find_program(&d->arena, program->name);
	const char *check = arena_printf(&d->arena, "program %s", program->name);

	for (size_t i = 0; path && i < d->n_rows; i++) {
		if (!strcmp(d->rows[i].check, check))
			return;
	}
	add_row(d, path != NULL, check, path ? path : "not found",
		arena_printf(&d->arena, "recipe %s cannot run", recipe),
		*program->package ? arena_printf(&d->arena, "apt-get install %s", program->package)
				  : "make");
}

static void look_at_recipe(void *to, const char *name, const char *help)
{
	struct diagnosis *d = to;
	struct recipe recipe;

	(void)help;
	if (!catalogue_recipe(&d->arena, d->share, name, &recipe)) {
		add_row(d, false, arena_printf(&d->arena, "recipe %s", name), "cannot be read",
			"scenarios with it are refused", "regionproof check shows why");
		return;
	}
	for (size_t i = 0; i < recipe.n_programs; i++)
		look_at_program(d, name, &recipe.programs[i]);
}

static void look_at_build(struct diagnosis *d)
{
#ifdef HAVE_PCAP
	bool pcap = true;
#else
	bool pcap = false;
#endif
	const char *share = share_directory(&d->arena, d->share);
	bool recipes = !access(arena_printf(&d->arena, "%s/systems", share), R_OK);

	add_row(d, pcap, "libpcap", pcap ? "built in" : "not built in",
		"the system's own packets are not kept as evidence",
		"apt-get install libpcap-dev, and build again");
	add_row(d, recipes, "recipes", share, "no system can be started",
		"name their folder: --share DIR");
}

/* Runs of which all processes died at once: nobody was left to undo what they did. */
static void look_at_dead_runs(struct diagnosis *d)
{
	struct clean_left left;
	struct err err = {0};
	const char *text = "none";

	if (clean_look(&left, &err))
		text = err.text;
	else if (left.runs)
		text = arena_printf(&d->arena, "%u, such as %s", left.runs, left.first);
	if (left.ports + left.halts)
		text = arena_printf(&d->arena,
			"%s; %u interfaces of containers, %u stopped containers", text, left.ports,
			left.halts);
	add_row(d, !left.runs && !err.text[0], "dead runs", text,
		left.ports + left.halts ? "containers are cut off, impaired or stopped"
					: "their directories are still there",
		"regionproof clean");
}

/* What some faults of nodes need, and nothing else does. */
static void look_at_node_faults(struct diagnosis *d)
{
	const char *library = wrong_clock_library();
	char dir[300];
	struct err err;
	struct err disk_err;
	bool caps = !cpu_cap_find(dir, sizeof(dir), &err), disks = !slow_disk_try(&disk_err);

	add_row(d, caps, "processor caps", caps ? dir : err.text, "the fault slow-cpu is refused",
		"run as root, with control groups that may be written (docker run "
		"--cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup:rw)");
	add_row(d, disks, "slow disks",
		disks ? "one was made, and held a block for as long as asked" : disk_err.text,
		"the fault slow-disk is refused",
		"run as root, with loop devices and FUSE (modprobe loop fuse) and mkfs.ext4; in a "
		"container: --privileged");
	add_row(d, library != NULL, "libfaketime", library ? library : "not found",
		"the fault clock-offset is refused", "apt-get install libfaketime");
}

static size_t width_of(const struct diagnosis *d, size_t offset, size_t most)
{
	size_t width = 0;

	for (size_t i = 0; i < d->n_rows; i++) {
		const char *text;

		memcpy(&text, (const char *)&d->rows[i] + offset, sizeof(text));
		if (strlen(text) > width)
			width = strlen(text);
	}
	return width < most ? width : most;
}

static void put_table(const struct diagnosis *d, bool color, struct buf *out)
{
	int check = (int)width_of(d, offsetof(struct finding_row, check), 28);
	int result = (int)width_of(d, offsetof(struct finding_row, result), 44);
	int consequence = (int)width_of(d, offsetof(struct finding_row, consequence), 40);

	buf_printf(out, "    %-*s  %-*s  %-*s  %s\n", check, "check", result, "result", consequence,
		"consequence", "fix");
	for (size_t i = 0; i < d->n_rows; i++) {
		const struct finding_row *row = &d->rows[i];

		buf_printf(out, "%s%s%s  %-*s  %-*s",
			color ? row->ok ? "\033[32m" : "\033[31m" : "", row->ok ? "ok" : "NO",
			color ? "\033[0m" : "", check, row->check, row->ok ? 0 : result,
			row->result);
		if (!row->ok && (int)strlen(row->result) > result)
			buf_printf(out, "\n    %*s  %*s", check, "", result, "");
		if (!row->ok)
			buf_printf(out, "  %-*s  %s", consequence, row->consequence, row->fix);
		buf_addc(out, '\n');
	}
	buf_printf(out, "%s\n",
		d->engine ? "This machine can run regionproof."
			  : "This machine cannot run regionproof: no engine works.");
}

static struct jv *diagnosis_json(const struct diagnosis *d)
{
	struct jv *json = json_head("doctor"), *rows = jv_new_array();

	for (size_t i = 0; i < d->n_rows; i++) {
		struct jv *one = jv_new_object();

		jv_set(one, "check", jv_new_string(d->rows[i].check));
		jv_set(one, "ok", jv_new_bool(d->rows[i].ok));
		jv_set(one, "result", jv_new_string(d->rows[i].result));
		jv_set(one, "consequence", jv_new_string(d->rows[i].consequence));
		jv_set(one, "fix", jv_new_string(d->rows[i].fix));
		jv_add(rows, one);
	}
	jv_set(json, "engine", d->engine ? jv_new_string(d->engine->name) : jv_new_null());
	jv_set(json, "checks", rows);
	return json;
}

static int show(const struct args *args, const struct diagnosis *d, struct err *err)
{
	struct jv *json = args_json(args) ? diagnosis_json(d) : NULL;
	struct buf out = {0};
	int rc;

	if (!json)
		put_table(d, args_color(args, STDOUT_FILENO), &out);
	rc = json ? print_json(json, err) : print_out(&out, err);
	jv_free(json);
	buf_release(&out);
	return rc;
}

int cmd_doctor(const struct args *args, struct err *err)
{
	struct diagnosis d = {.share = args->values[OPTION_SHARE]};
	int rc;

	if (args->values[OPTION_DRIVER])
		return doctor_driver(args, err);
	if (args->values[OPTION_URL])
		return err_exit(err, EXIT_USAGE, "--url goes with --driver");
	look_at_engines(&d, look_at_privilege(&d));
	look_at_dead_runs(&d);
	look_at_build(&d);
	look_at_node_faults(&d);
	catalogue_recipes(d.share, look_at_recipe, &d);
	rc = show(args, &d, err);
	if (!rc)
		rc = d.engine ? EXIT_OK : EXIT_MACHINE;
	arena_release(&d.arena);
	return rc;
}
