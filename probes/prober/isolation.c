#include "probes/prober/isolation.h"
#include "probes/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>

/* AddressSanitizer and its kin open files and trace threads at exit; under them the filter would end
 * the process for what the sanitizer does. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FILTER 0
#else
#define FILTER 1
#endif

static const int allowed[] = {
	/* the network */
	SCMP_SYS(socket),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(shutdown),
	SCMP_SYS(socketpair),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(ioctl),
	/* open files: histories, marks, the agent's socket */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(pread64),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(fcntl),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),
	SCMP_SYS(fstatfs),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2),
	SCMP_SYS(dup),
	SCMP_SYS(dup3),
	/* memory */
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(msync),
	/* threads */
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(membarrier),
	SCMP_SYS(sched_getparam),
	SCMP_SYS(sched_getscheduler),
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(prctl),
	SCMP_SYS(prlimit64),
	SCMP_SYS(getrlimit),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(set_tid_address),
	/* signals to itself: abort() */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(tgkill),
	SCMP_SYS(restart_syscall),
	/* clocks and chance */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(getrandom),
	/* who am I: the C library and libcurl ask */
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
};

/* Asked for by libraries that can do without, unless they look names up; the first two open. */
static const int refused[] = {
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(statx),
	SCMP_SYS(statfs),
};

/* To read, or refused. */
static int add_open_rules(scmp_filter_ctx filter, int call, unsigned flags_at)
{
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
		SCMP_CMP(flags_at, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT, O_RDONLY));

	for (unsigned way = O_WRONLY; way <= O_RDWR && !rc; way++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), call, 1,
			SCMP_CMP(flags_at, SCMP_CMP_MASKED_EQ, O_ACCMODE, way));
	return rc;
}

static int add_file_rules(scmp_filter_ctx filter)
{
	int rc = add_open_rules(filter, SCMP_SYS(open), 1);

	if (!rc)
		rc = add_open_rules(filter, SCMP_SYS(openat), 2);
	for (size_t i = 2; i < sizeof(refused) / sizeof(*refused) && !rc; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, refused[i], 0);
	return rc;
}

static int add_rules(scmp_filter_ctx filter, bool reads_files)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++) {
		int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);

		if (rc)
			return rc;
	}
	if (reads_files)
		return add_file_rules(filter);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);

		if (rc)
			return rc;
	}
	return 0;
}

static int apply_filter(bool reads_files, struct err *err)
{
	scmp_filter_ctx filter;
	int rc;

	if (!FILTER)
		return 0;
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!filter)
		return err_set(err, "cannot make a system call filter");
	/* A tree instead of a list: the filter runs on each system call. */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	rc = add_rules(filter, reads_files);
	if (!rc)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc) {
		errno = -rc;
		return err_sys(err, "cannot load the system call filter");
	}
	return 0;
}

int isolation_apply(bool reads_files, struct err *err)
{
	/* The user first: changing it takes a capability. */
	if (confine_user(err) || confine_thread(err))
		return -1;
	/* A change of credentials forgets the death signal. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return err_sys(err, "cannot set the death signal");
	return apply_filter(reads_files, err);
}
