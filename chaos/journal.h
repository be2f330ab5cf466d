/*
 * journal: what could outlive a run, written down before it exists.
 *
 * One file a run in /run/regionproof (or $XDG_RUNTIME_DIR/regionproof, or /tmp/regionproof-UID), a line
 * a thing: the controller, the guardian and the agents by process id and start time (a bare id may
 * belong to somebody else by now), the working directory, control groups, and of running containers the pinned sites,
 * the interfaces that lie in them, and which container a fault has stopped. The guardian reads it when its controller is gone, and `clean`
 * when all of a run died at once. Undoing a thing that was written down and never done is no error.
 */
#ifndef CHAOS_JOURNAL_H
#define CHAOS_JOURNAL_H

#include "fixtures/base/err.h"
#include "fixtures/containers/halt.h"
#include "fixtures/net/adopt.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct buf;

#define JOURNAL_SUFFIX ".journal"
#define JOURNAL_PROCESSES_MAX 258 /* an agent a region, controller, guardian */
#define JOURNAL_SITES_MAX 256
#define JOURNAL_PORTS_MAX 512
#define JOURNAL_HALTS_MAX 256
#define JOURNAL_GROUPS_MAX 256
#define JOURNAL_GROUP_MAX 320

struct journal_process {
	pid_t pid;
	unsigned long long start;
	char what[32];
};

/* The site of a region of running containers, pinned at `path`; d: its port on the runtime's bridge. */
struct journal_site {
	char path[256], d_name[16];
};

struct journal_port {
	unsigned site; /* index of the line of its site */
	struct adopt_port port;
};

/* One entry, read back. */
struct journal {
	char run[160], work[512];
	unsigned long long netns; /* inode of the host's namespace, 0: no containers */
	struct journal_process processes[JOURNAL_PROCESSES_MAX];
	unsigned n;
	struct journal_site sites[JOURNAL_SITES_MAX];
	unsigned n_sites;
	struct journal_port ports[JOURNAL_PORTS_MAX];
	unsigned n_ports;
	struct halt halts[JOURNAL_HALTS_MAX]; /* those that are not over */
	unsigned n_halts;
	char groups[JOURNAL_GROUPS_MAX][JOURNAL_GROUP_MAX]; /* control groups of nodes */
	unsigned n_groups;
};

/* The directory of journals, made where it is missing. */
int journal_dir(char *dir, size_t size, struct err *err);
/* Append lines to the journal of a run. */
int journal_append(const char *path, const char *lines, struct err *err);
void journal_format_process(struct buf *text, const char *what, pid_t pid);
void journal_format_site(struct buf *text, const struct journal_site *site);
void journal_format_group(struct buf *text, const char *path);
void journal_format_port(struct buf *text, const struct journal_port *port);
/* over: it was undone. */
void journal_format_halt(struct buf *text, const struct halt *halt, bool over);

int journal_read(const char *path, struct journal *out, struct err *err);
/* Calls fn for each entry. */
int journal_for_each(void (*fn)(void *arg, const char *path, const struct journal *journal),
	void *arg, struct err *err);
/* A pidfd of the very process that stands there, or -1 where it is gone. */
int journal_hold(const struct journal_process *process);
/*
 * A run lives while its controller or its guardian does. Both hold the descriptor of journal_lock(), made
 * before either writes; it lets go when the last of them is dead, and tells that to whoever shares the
 * directory, in another pid namespace as well, where process ids say nothing.
 */
int journal_lock(const char *path, struct err *err);
/* Take over the journal of a run that is dead: a descriptor that keeps others from doing the same while it
 * is open. -1: it lives, or somebody else is at it. */
int journal_claim(const char *path, const struct journal *journal);

#endif
