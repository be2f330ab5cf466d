#include "suites/tests/helpers/xmllint.h"
#include "fixtures/base/buf.h"

#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/usr/bin/xmllint"

extern char **environ;

bool has_xmllint(void)
{
	return access(PROGRAM, X_OK) == 0;
}

int xmllint(const struct buf *text, const char *schema)
{
	char path[64];
	char *argv[] = {"xmllint", "--noout", "--nonet", path, NULL, NULL, NULL};
	struct err err;
	pid_t pid;
	int status = -1;

	snprintf(path, sizeof(path), "xmllint-%d.xml", (int)getpid());
	if (buf_write_file(text, path, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	if (schema) {
		argv[3] = "--schema";
		argv[4] = (char *)(uintptr_t)schema;
		argv[5] = path;
	}
	if (posix_spawn(&pid, PROGRAM, NULL, NULL, argv, environ) == 0)
		waitpid(pid, &status, 0);
	unlink(path);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
