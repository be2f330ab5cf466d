/*
 * wire: impairs in a process of our own, for kernels without sch_netem and for replay drop by drop.
 *
 * open() makes the packet sockets (b to receive, c to send), forks the forwarder (wire_forwarder.h),
 * joins c to b by a bridge for the way in, and keeps a command socket and a pidfd. The forwarder
 * drops all capabilities, holds nothing but its three sockets, and asks for SIGKILL when its parent
 * is gone; that signal belongs to the *thread* that forked, so open() is for a main thread or one
 * that lives as long as the engine. Dropping capabilities clears the death signal, so it is set
 * after, and the parent is looked at once more.
 */
#include "chaos/engines/engine.h"
#include "chaos/engines/mid.h"
#include "chaos/engines/segments.h"
#include "chaos/engines/wire_forwarder.h"
#include "chaos/engines/wire_socket.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/site.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPLY_DEADLINE_NS (5 * NSEC_PER_SEC)
#define EXIT_DEADLINE_MS 1000

struct wire {
	struct engine base;
	struct site site; /* borrowed descriptor */
	struct segments segments;
	int command_fd, pidfd;
	pid_t pid;
};

struct hops {
	const struct site *site;
	int b_fd, c_fd;
};

static int open_hops(void *arg, struct err *err)
{
	struct hops *hops = arg;

	hops->b_fd = wire_socket_open(hops->site->ifindex_b, true, err);
	hops->c_fd = hops->b_fd < 0 ? -1 : wire_socket_open(hops->site->ifindex_c, false, err);
	return hops->c_fd < 0 ? -1 : 0;
}

static void close_hops(struct hops *hops)
{
	if (hops->b_fd >= 0)
		close(hops->b_fd);
	if (hops->c_fd >= 0)
		close(hops->c_fd);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_capset, &head, none))
		_exit(1);
}

/* Descriptors 3, 4 and 5 are the sockets, 0 to 2 go nowhere, all others are closed. Via high numbers
 * first, since a source may sit on another one's target. */
static void keep_only(struct wire_config *config)
{
	int *fds[] = {&config->b_fd, &config->c_fd, &config->command_fd};
	int null_fd = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3; i++)
		*fds[i] = fcntl(*fds[i], F_DUPFD, 16);
	for (int i = 0; i < 3; i++) {
		*fds[i] = dup2(*fds[i], 3 + i);
		if (null_fd >= 0)
			dup2(null_fd, i);
		else
			close(i);
	}
	if (close_range(6, ~0U, 0))
		_exit(1);
}

/* A terminal's Ctrl-C goes to the whole process group: who ends the run is the parent. */
static void ignore_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
	sigset_t none;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void child(struct wire_config config)
{
	ignore_signals();
	keep_only(&config);
	prctl(PR_SET_NAME, "rp-wire");
	drop_capabilities();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != config.parent)
		_exit(1);
	wire_forwarder_run(&config);
}

static int start(struct wire *wire, const struct hops *hops, uint64_t seed, struct err *err)
{
	int pair[2];
	struct wire_config config = {
		.b_fd = hops->b_fd,
		.c_fd = hops->c_fd,
		.own = wire->site.region,
		.n_regions = wire->site.n_regions,
		.book = wire->site.book,
		.seed = seed,
		.parent = getpid(),
	};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_sys(err, "make a command socket");
	wire->command_fd = pair[0];
	config.command_fd = pair[1];
	wire->pid = fork();
	if (!wire->pid)
		child(config);
	close(pair[1]);
	if (wire->pid < 0)
		return err_sys(err, "fork the forwarder");
	wire->pidfd = (int)syscall(SYS_pidfd_open, wire->pid, 0);
	return wire->pidfd < 0 ? err_sys(err, "open a pidfd of the forwarder") : 0;
}

static int died(struct err *err)
{
	return err_set(err, "the forwarder of engine wire has died; its region is cut off");
}

/* until_ns: the answer may come that late. */
static int hear(struct wire *wire, struct wire_reply *out, uint64_t until_ns, struct err *err)
{
	uint64_t now_ns = clock_now_ns(), end_ns = until_ns > now_ns ? until_ns : now_ns;
	struct pollfd answer = {.fd = wire->command_fd, .events = POLLIN};
	uint64_t left_ms = (end_ns + REPLY_DEADLINE_NS - now_ns) / NSEC_PER_MSEC;
	int ready;

	do
		ready = poll(&answer, 1, (int)left_ms);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return err_set(err, "the forwarder of engine wire does not answer");
	return recv(wire->command_fd, out, sizeof(*out), 0) == sizeof(*out) ? 0 : died(err);
}

/* One request and its answer. */
static int ask(struct wire *wire, const struct wire_request *request, size_t len,
	struct wire_reply *out, uint64_t until_ns, struct err *err)
{
	if (send(wire->command_fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
		return errno == EPIPE ? died(err) : err_sys(err, "tell the forwarder");
	return hear(wire, out, until_ns, err);
}

/* It can do every impairment, if it can do anything. */
static int wire_probe(const struct impairment *needs, struct err *err)
{
	struct site site = SITE_INIT;
	struct hops hops = {.site = &site, .b_fd = -1, .c_fd = -1};
	int backbone = backbone_up(err), rc;

	(void)needs;
	if (backbone < 0)
		return -1;
	rc = site_up(&site, 0, 1, backbone, err) ||
		netns_run(site.netns_fd, open_hops, &hops, err) || mid_up_inward(&site, err);
	close_hops(&hops);
	site_release(&site);
	close(backbone);
	return rc ? -1 : 0;
}

static void wire_close(struct engine *engine)
{
	struct wire *wire = (struct wire *)engine;
	struct err ignored; /* what cannot be undone goes with the site */
	struct pollfd gone;

	if (!wire)
		return;
	if (wire->command_fd >= 0)
		close(wire->command_fd); /* at which it ends */
	gone = (struct pollfd){.fd = wire->pidfd, .events = POLLIN};
	if (wire->pid > 0) {
		if (wire->pidfd < 0 || poll(&gone, 1, EXIT_DEADLINE_MS) <= 0)
			kill(wire->pid,
				SIGKILL); /* ours and not reaped: the number is still its own */
		waitpid(wire->pid, NULL, 0);
	}
	if (wire->pidfd >= 0)
		close(wire->pidfd);
	mid_down(&wire->site, &ignored);
	segments_undo(&wire->segments, &wire->site);
	free(wire);
}

extern const struct engine_ops engine_wire;

static struct engine *wire_open(const struct site *site, uint64_t seed, struct err *err)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	struct hops hops = {.site = site, .b_fd = -1, .c_fd = -1};
	int rc;

	if (!wire) {
		err_set(err, "open engine wire: out of memory");
		return NULL;
	}
	*wire = (struct wire){
		.base.ops = &engine_wire, .site = *site, .command_fd = -1, .pidfd = -1};
	rc = site_verify(site, err) || netns_run(site->netns_fd, open_hops, &hops, err) ||
		start(wire, &hops, seed, err) || mid_up_inward(site, err);
	close_hops(&hops);
	if (!rc)
		return &wire->base;
	err_prefix(err, "open engine wire");
	wire_close(&wire->base);
	return NULL;
}

static int check_region(const struct wire *wire, unsigned to, struct err *err)
{
	if (to >= wire->site.n_regions)
		return err_set(err, "engine wire: there is no region %u", to);
	return 0;
}

static int check_changes(const struct wire *wire, const struct engine_change *changes, size_t n,
	size_t *n_rules, struct err *err)
{
	*n_rules = 0;
	if (n > ADDR_REGIONS_MAX)
		return err_set(err, "engine wire: %zu changes in one batch", n);
	for (size_t i = 0; i < n; i++) {
		if (check_region(wire, changes[i].to, err) || engine_check_rules(&changes[i], err))
			return -1;
		*n_rules += changes[i].n_rules;
	}
	if (*n_rules > WIRE_RULES_MAX)
		return err_set(err, "engine wire: %zu rules in one batch; at most %d are possible",
			*n_rules, WIRE_RULES_MAX);
	return 0;
}

static int wire_apply(struct engine *engine, const struct engine_change *changes, size_t n,
	uint64_t at_ns, struct engine_ack *ack, struct err *err)
{
	struct wire *wire = (struct wire *)engine;
	struct wire_request *request;
	struct engine_rule *rules;
	struct wire_reply out;
	size_t n_rules, len;
	int rc = 0;

	if (check_changes(wire, changes, n, &n_rules, err) ||
		segments_before(&wire->segments, &wire->site, changes, n, err))
		return -1;
	len = sizeof(*request) + n * sizeof(*changes) + n_rules * sizeof(*rules);
	request = calloc(1, len);
	if (!request)
		return err_set(err, "engine wire: out of memory");
	*request = (struct wire_request){.op = WIRE_OP_APPLY, .n = (uint32_t)n, .at_ns = at_ns};
	if (n)
		memcpy(request->changes, changes, n * sizeof(*changes));
	rules = (struct engine_rule *)&request->changes[n];
	for (size_t i = 0; i < n; rules += changes[i++].n_rules) {
		if (changes[i].n_rules)
			memcpy(rules, changes[i].rules, changes[i].n_rules * sizeof(*rules));
	}
	rc = ask(wire, request, len, &out, at_ns, err);
	free(request);
	if (rc)
		return -1;
	*ack = out.ack;
	return segments_after(&wire->segments, &wire->site, changes, n, err);
}

static int wire_read_back(
	struct engine *engine, unsigned to, struct engine_link *out, struct err *err)
{
	struct wire *wire = (struct wire *)engine;
	struct wire_request request = {.op = WIRE_OP_READ_BACK, .to = to};
	struct wire_reply answer;

	if (check_region(wire, to, err) || ask(wire, &request, sizeof(request), &answer, 0, err))
		return -1;
	*out = answer.link;
	return 0;
}

static int wire_counters(
	struct engine *engine, unsigned to, struct engine_counters *out, struct err *err)
{
	struct wire *wire = (struct wire *)engine;
	struct wire_request request = {.op = WIRE_OP_COUNTERS, .to = to};
	struct wire_reply answer;

	if (check_region(wire, to, err) || ask(wire, &request, sizeof(request), &answer, 0, err))
		return -1;
	*out = answer.counters;
	return 0;
}

static int send_with_fd(
	const struct wire *wire, const struct wire_request *request, int fd, struct err *err)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS}};
	struct iovec iov = {(void *)request, sizeof(*request)};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (sendmsg(wire->command_fd, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof(*request))
		return 0;
	return errno == EPIPE ? died(err) : err_sys(err, "tell the forwarder");
}

static int wire_keep_decisions(
	struct engine *engine, const char *path, uint64_t limit_bytes, struct err *err)
{
	struct wire *wire = (struct wire *)engine;
	struct wire_request request = {.op = WIRE_OP_DECISIONS, .limit_bytes = limit_bytes};
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644), rc;
	struct wire_reply answer;

	if (fd < 0)
		return err_sys(err, "cannot create %s", path);
	rc = send_with_fd(wire, &request, fd, err) || hear(wire, &answer, 0, err);
	close(fd);
	if (!rc && answer.failed)
		rc = err_set(err, "cannot keep decisions in %s: %s", path, strerror(answer.failed));
	return rc ? -1 : 0;
}

static int wire_death_fd(struct engine *engine)
{
	return ((struct wire *)engine)->pidfd;
}

const struct engine_ops engine_wire = {
	.name = "wire",
	.help = "forwards in a process of its own; works everywhere and can be replayed",
	.probe = wire_probe,
	.open = wire_open,
	.apply = wire_apply,
	.read_back = wire_read_back,
	.counters = wire_counters,
	.keep_decisions = wire_keep_decisions,
	.death_fd = wire_death_fd,
	.close = wire_close,
};
