#include "suites/run/privilege.h"
#include "fixtures/base/buf.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Tried and not looked up: capabilities, LSMs and sysctls all have a say. */
static int can_make_namespaces(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) ? 1 : 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static int write_line(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? err_sys(err, "cannot write %s", path) : 0;
}

const char *privilege_enter(struct err *err)
{
	char uid_map[64], gid_map[64];

	if (can_make_namespaces())
		return "root";
	snprintf(uid_map, sizeof(uid_map), "0 %u 1\n", (unsigned)getuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1\n", (unsigned)getgid());
	if (unshare(CLONE_NEWUSER)) {
		err_sys(err,
			"cannot make network namespaces, nor a user namespace to make them in");
		err_prefix(err,
			"run as root, or allow user namespaces "
			"(sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces)");
		err->code = EXIT_MACHINE;
		return NULL;
	}
	if (write_line("/proc/self/uid_map", uid_map, err) ||
		write_line("/proc/self/setgroups", "deny", err) ||
		write_line("/proc/self/gid_map", gid_map, err)) {
		err->code = EXIT_MACHINE;
		return NULL;
	}
	return "user namespace";
}
