#include "probes/drivers/exec_keeper.h"
#include "fixtures/base/log.h"
#include "probes/confine.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_LIMIT_MS 5000

enum order_kind { ORDER_START, ORDER_KILL };

struct order {
	uint32_t kind, number;
};

struct keeping {
	const char *const *argv;
	int fd, parent_fd;
	pid_t pids[EXEC_PROGRAMS_MAX]; /* 0: none */
};

/* --- the keeper's side ------------------------------------------------------------------------ */

static void become_program(const char *const *argv, int in, int out)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0); /* what it starts itself is killed with it */
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(126);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	log_warn("driver exec: cannot start \"%s\" (as a user without privileges): %s", argv[0],
		strerror(errno));
	_exit(127);
}

static void kill_program(struct keeping *k, uint32_t number)
{
	pid_t *pid = &k->pids[number];

	if (!*pid)
		return;
	/* the group may not be there yet, right after the fork */
	kill(-*pid, SIGKILL);
	kill(*pid, SIGKILL);
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
}

/* Programs that ended by themselves; their pids are free for others from then on. */
static void reap(struct keeping *k)
{
	for (unsigned i = 0; i < EXEC_PROGRAMS_MAX; i++) {
		if (k->pids[i] && waitpid(k->pids[i], NULL, WNOHANG) == k->pids[i])
			k->pids[i] = 0;
	}
}

static void start_program(struct keeping *k, uint32_t number, const int fds[2])
{
	pid_t pid;

	kill_program(k, number);
	pid = fork();
	if (pid == 0)
		become_program(k->argv, fds[0], fds[1]);
	k->pids[number] = pid > 0 ? pid : 0;
}

/* False: the prober is gone. */
static bool take_order(struct keeping *k)
{
	char control[CMSG_SPACE(2 * sizeof(int))];
	struct order order;
	struct iovec iov = {&order, sizeof(order)};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(k->fd, &msg, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	int fds[2] = {-1, -1};

	if (n < 0 && errno == EINTR)
		return true;
	if (n != sizeof(order) || order.number >= EXEC_PROGRAMS_MAX)
		return false;
	if (c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(fds)))
		memcpy(fds, CMSG_DATA(c), sizeof(fds));
	reap(k);
	if (order.kind == ORDER_START && fds[0] >= 0)
		start_program(k, order.number, fds);
	else
		kill_program(k, order.number);
	for (unsigned i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	return true;
}

static int keep(void *arg)
{
	struct keeping *k = arg;
	struct err err;

	process_keep_fds(&k->fd, 1);
	process_name("rp-exec");
	if (confine_user(&err) || confine_thread(&err)) {
		log_warn("%s", err.text);
		return EXIT_INTERNAL;
	}
	while (take_order(k))
		;
	for (uint32_t i = 0; i < EXEC_PROGRAMS_MAX; i++)
		kill_program(k, i);
	return EXIT_OK;
}

/* --- the prober's side ------------------------------------------------------------------------ */

int exec_keeper_open(struct exec_keeper *keeper, const char *const *argv, struct err *err)
{
	struct keeping keeping = {.argv = argv};
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_sys(err, "cannot make a socket pair for programs");
	keeping.fd = pair[1];
	/* Where it may have a pid namespace, what a program has put into another group ends with it, too. */
	rc = process_start(&keeper->process, CLONE_NEWPID, keep, &keeping, err);
	if (rc)
		rc = process_start(&keeper->process, 0, keep, &keeping, err);
	close(pair[1]);
	if (rc) {
		close(pair[0]);
		return -1;
	}
	keeper->fd = pair[0];
	return 0;
}

void exec_keeper_close(struct exec_keeper *keeper)
{
	if (keeper->fd >= 0)
		close(keeper->fd);
	keeper->fd = -1;
	/* Not reaped: a prober may not wait for children. It is a zombie until the prober ends. */
	if (keeper->process.pidfd >= 0) {
		struct pollfd ended = {.fd = keeper->process.pidfd, .events = POLLIN};

		poll(&ended, 1, END_LIMIT_MS);
		close(keeper->process.pidfd);
	}
	keeper->process = (struct process)PROCESS_INIT;
}

static int send_order(const struct exec_keeper *keeper, const struct order *order, const int *fds,
	struct err *err)
{
	char control[CMSG_SPACE(2 * sizeof(int))] = {0};
	struct iovec iov = {(void *)(uintptr_t)order, sizeof(*order)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fds) {
		struct cmsghdr *c;

		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(2 * sizeof(int));
		memcpy(CMSG_DATA(c), fds, 2 * sizeof(int));
	}
	if (sendmsg(keeper->fd, &msg, MSG_NOSIGNAL) < 0)
		return err_sys(err, "cannot ask for a program");
	return 0;
}

int exec_keeper_start(struct exec_keeper *keeper, uint32_t number, int in, int out, struct err *err)
{
	const struct order order = {ORDER_START, number};
	const int fds[2] = {in, out};

	return send_order(keeper, &order, fds, err);
}

void exec_keeper_kill(struct exec_keeper *keeper, uint32_t number)
{
	const struct order order = {ORDER_KILL, number};
	struct err err;

	send_order(keeper, &order, NULL, &err);
}
