/*
 * yard: a place of its own for one run of regionproof, in which everything that the run could leave
 * behind is counted, by the kernel where the kernel counts.
 *
 * The yard is a process 1 in new user, pid, mount, network and IPC namespaces. So every process of the
 * run is in its /proc, orphans too; /run, /tmp and the run store are file systems of its own; and the
 * kernel's limits of namespaces (/proc/sys/user/max_*_namespaces, namespaces(7)) belong to it. Those
 * limits are how namespaces are counted that no process and no mount shows any more, such as one that
 * an orphaned socket holds: with the limit at n one more can be made exactly if fewer than n exist.
 */
#ifndef SUITES_TESTS_HELPERS_YARD_H
#define SUITES_TESTS_HELPERS_YARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum yard_namespace { YARD_NET, YARD_PID, YARD_MNT, YARD_NAMESPACES };

struct yard {
	unsigned namespaces[YARD_NAMESPACES]; /* as counted before the run */
	unsigned mounts;
};

/* How much is there that was not there before. */
struct yard_left {
	unsigned processes, namespaces[YARD_NAMESPACES], mounts, journals, works;
	char processes_named[256];
};

#define YARD_RUNS "/run/runs"
#define YARD_OUT "/run/out"
#define YARD_HOME "/run/home"

/* Fork a process that runs body as process 1 of a yard and exits with what it returns; 125 where
 * the yard cannot be made. Returns its pid. */
pid_t yard_fork(int (*body)(struct yard *yard, void *arg), void *arg);
/* True where a yard can be made on this machine. */
bool yard_possible(void);

/* Start a program inside, its output appended to YARD_OUT; argv[0] a path. uid: 0, or another one,
 * without any capability and with YARD_HOME as its runtime directory. */
pid_t yard_start(const char *const *argv, uid_t uid);
/* From now on nobody inside may make one. */
void yard_forbid_user_namespaces(void);
/* Wait for its end, reaping whatever else ends. False: the deadline came first. */
bool yard_wait(pid_t pid, uint64_t deadline_ns, int *status);
/* Two seconds; more where the machine has more than two tasks a processor to run, since what is left then
 * only waits for its turn. */
uint64_t yard_clean_limit_ns(void);
/* Count until nothing is left (true) or the deadline comes. */
bool yard_wait_clean(const struct yard *yard, uint64_t deadline_ns, struct yard_left *left);
/* The processes of that name (as ps shows it), up to max. */
unsigned yard_find(const char *comm, pid_t *pids, unsigned max);
/* Lines of all journals. */
unsigned yard_journal_lines(void);
/* True where YARD_OUT holds that text. */
bool yard_printed(const char *text);
/* The end of YARD_OUT. */
void yard_output(char *text, size_t size);
/* Print lines of a run so that no reader of TAP takes them for its own. */
void yard_tell(const char *text);
void yard_describe(const struct yard_left *left, char *text, size_t size);

#endif
