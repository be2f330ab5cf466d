#include "suites/tests/helpers/tool.h"
#include "fixtures/base/buf.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_MAX (16u << 20)

extern char **environ;

bool has_tool(const char *path)
{
	return access(path, X_OK) == 0;
}

int tool_run(const char *const *argv, const struct buf *text, struct buf *said)
{
	char in[64], out[64];
	posix_spawn_file_actions_t files;
	struct err err;
	int status = -1;
	pid_t pid;

	snprintf(in, sizeof(in), "tool-%d.in", (int)getpid());
	snprintf(out, sizeof(out), "tool-%d.out", (int)getpid());
	if (buf_write_file(text, in, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, in, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(
		&files, STDOUT_FILENO, out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
	if (!posix_spawn(&pid, argv[0], &files, NULL, (char **)(uintptr_t)argv, environ))
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&files);
	if (said)
		buf_read_file(said, out, SAID_MAX, &err);
	unlink(in);
	unlink(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
