/*
 * prober_rig: a prober as a child, driven from a test as its agent would drive it.
 */
#ifndef TESTS_HELPERS_PROBER_RIG_H
#define TESTS_HELPERS_PROBER_RIG_H

#include "fixtures/frame.h"
#include "fixtures/json/jv.h"
#include "probes/history.h"
#include "probes/prober.h"

#include <stdbool.h>
#include <sys/types.h>

struct prober_rig {
	pid_t pid;
	int fd;
	struct frame_reader reader;
	char dir[64];
	struct prober_config config;
};

/* Fills epoch and dir of the config, forks. */
void prober_rig_start(struct prober_rig *rig, const struct prober_config *config);
void prober_rig_say(struct prober_rig *rig, const char *type, uint64_t at_ns);
/* The next message; NULL after limit_ns or at the end. Caller frees. */
struct jv *prober_rig_next(struct prober_rig *rig, uint64_t limit_ns);
/* The next message of that type, others are dropped; NULL as above. */
struct jv *prober_rig_await(struct prober_rig *rig, const char *type, uint64_t limit_ns);
/* Kill it if it still runs; its exit status, or -1 where it did not exit by itself. */
int prober_rig_end(struct prober_rig *rig, bool kill_it);
/* Its history; the directory stays until prober_rig_clean. */
int prober_rig_history(struct prober_rig *rig, struct history *history);
void prober_rig_clean(struct prober_rig *rig);

#endif
