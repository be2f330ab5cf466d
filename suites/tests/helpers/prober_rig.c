#include "suites/tests/helpers/prober_rig.h"
#include "fixtures/base/clock.h"
#include "probes/files.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void prober_rig_start(struct prober_rig *rig, const struct prober_config *config)
{
	int fds[2];

	*rig = (struct prober_rig){.config = *config};
	strcpy(rig->dir, "/tmp/prober-rig-XXXXXX");
	if (!mkdtemp(rig->dir) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		abort();
	rig->config.dir = rig->dir;
	if (!rig->config.epoch_ns)
		rig->config.epoch_ns = clock_now_ns();
	rig->fd = fds[0];
	rig->pid = fork();
	if (rig->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		exit(prober_main(&rig->config, fds[1]));
	}
	close(fds[1]);
}

void prober_rig_say(struct prober_rig *rig, const char *type, uint64_t at_ns)
{
	struct jv *message = jv_new_object();
	struct err err;

	jv_set(message, "type", jv_new_string(type));
	if (at_ns)
		jv_set(message, "at_ns", jv_new_int((int64_t)at_ns));
	if (frame_send(rig->fd, message, &err))
		fprintf(stderr, "%s\n", err.text);
}

struct jv *prober_rig_next(struct prober_rig *rig, uint64_t limit_ns)
{
	struct jv *message = NULL;
	struct err err;

	if (frame_recv(rig->fd, &rig->reader, clock_now_ns() + limit_ns, &message, NULL, &err) <= 0)
		return NULL;
	if (!strcmp(jv_str(jv_get(message, "type"), ""), "error"))
		fprintf(stderr, "prober: %s\n", jv_str(jv_get(message, "sentence"), "?"));
	return message;
}

struct jv *prober_rig_await(struct prober_rig *rig, const char *type, uint64_t limit_ns)
{
	uint64_t deadline = clock_now_ns() + limit_ns, now;

	while ((now = clock_now_ns()) < deadline) {
		struct jv *message = prober_rig_next(rig, deadline - now);

		if (!message)
			return NULL;
		if (!strcmp(jv_str(jv_get(message, "type"), ""), type))
			return message;
		jv_free(message);
	}
	return NULL;
}

int prober_rig_end(struct prober_rig *rig, bool kill_it)
{
	int status;

	if (kill_it)
		kill(rig->pid, SIGKILL);
	if (waitpid(rig->pid, &status, 0) != rig->pid)
		abort();
	close(rig->fd);
	frame_reader_release(&rig->reader);
	if (WIFSIGNALED(status) && !kill_it)
		fprintf(stderr, "prober died of signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int prober_rig_history(struct prober_rig *rig, struct history *history)
{
	struct err err;
	int rc = history_load_dir(history, rig->dir, &err);

	if (rc)
		fprintf(stderr, "%s\n", err.text);
	return rc;
}

void prober_rig_clean(struct prober_rig *rig)
{
	struct files files;
	struct err err;

	if (files_below(&files, rig->dir, "s", &err)) /* .ops and .marks */
		return;
	for (size_t i = 0; i < files.n; i++)
		unlink(files.paths[i]);
	files_release(&files);
	rmdir(rig->dir);
}
