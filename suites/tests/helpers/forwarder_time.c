#include "suites/tests/helpers/forwarder_time.h"
#include "chaos/engines/engine.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The process is the one that the death descriptor means. */
uint64_t forwarder_time_ns(struct engine *engine)
{
	struct timespec used = {0};
	struct buf text = {0};
	char path[64];
	const char *pid;
	clockid_t clock;
	struct err err;

	if (!engine->ops->death_fd || engine->ops->death_fd(engine) < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", engine->ops->death_fd(engine));
	if (!buf_read_file(&text, path, 4096, &err)) {
		pid = strstr(buf_str(&text), "Pid:");
		if (pid && !clock_getcpuclockid((pid_t)strtol(pid + 4, NULL, 10), &clock))
			clock_gettime(clock, &used);
	}
	buf_release(&text);
	return (uint64_t)used.tv_sec * NSEC_PER_SEC + (uint64_t)used.tv_nsec;
}
