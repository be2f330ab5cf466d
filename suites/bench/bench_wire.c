/*
 * bench_wire: what engine wire costs, against the kernel's own forwarding (engine null).
 *
 *     bench_wire [pairs] [seconds]      default 3 pairs of 2 s
 *
 * Two regions of one leaf each. Throughput by iperf3 in interleaved pairs null/wire, so that both see
 * the same machine; delay error by paced datagrams with the kernel's time stamps. Small packets have a
 * bench of their own (bench_packets.c). Windows may grow to 64 MB on both sides, so that a
 * delay is not what limits a connection; kernel forwarding has no delay in any of the pairs, since without
 * netem there is none to be had. The measure that other load disturbs least is the processor time
 * of both forwarders for a gigabyte: it has the kernel's work behind them in it, up to the receiver.
 */
#include "chaos/engines/engine.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/site.h"
#include "suites/tests/helpers/median.h"
#include "suites/tests/helpers/forwarder_time.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS NSEC_PER_MSEC

struct lab {
	int backbone, leaves[2];
	struct site sites[2];
	struct engine *engines[2];
};

static void die(const struct err *err)
{
	fprintf(stderr, "bench_wire: %s\n", err->text);
	exit(EXIT_MACHINE);
}

static int open_windows(void *arg, struct err *err)
{
	(void)arg;
	return netns_sysctl("net/ipv4/tcp_rmem", "4096 131072 67108864", err) ||
		netns_sysctl("net/ipv4/tcp_wmem", "4096 65536 67108864", err);
}

static void up(struct lab *lab, const char *engine, struct impairment both_ways)
{
	struct engine_ack ack;
	struct err err;

	lab->backbone = backbone_up(&err);
	if (lab->backbone < 0)
		die(&err);
	for (unsigned i = 0; i < 2; i++) {
		struct engine_change change = {.to = !i, .impairment = both_ways};
		const struct engine_ops *ops = engine_find(engine);

		if (site_up(&lab->sites[i], i, 2, lab->backbone, &err) ||
			(lab->leaves[i] = site_add_leaf(&lab->sites[i], ADDR_HOST_NODE, &err)) <
				0 ||
			netns_run(lab->leaves[i], open_windows, NULL, &err) ||
			!(lab->engines[i] = ops->open(&lab->sites[i], 1, &err)) ||
			ops->apply(lab->engines[i], &change, 1, 0, &ack, &err))
			die(&err);
	}
}

static void down(struct lab *lab)
{
	for (unsigned i = 0; i < 2; i++) {
		lab->engines[i]->ops->close(lab->engines[i]);
		close(lab->leaves[i]);
		site_release(&lab->sites[i]);
	}
	close(lab->backbone);
}

static pid_t start(int netns_fd, int out_fd, char *const argv[])
{
	struct err err;
	pid_t pid = fork();

	if (pid)
		return pid;
	if (out_fd >= 0)
		dup2(out_fd, 1);
	else
		freopen("/dev/null", "w", stdout);
	if (!netns_enter(netns_fd, &err))
		execvp(argv[0], argv);
	_exit(127);
}

static double parse_gbit(const struct buf *out)
{
	struct err err;
	const char *key = strstr(buf_str(out), "\"sum_received\"");
	const char *rate = key ? strstr(key, "\"bits_per_second\":") : NULL;

	if (rate)
		return strtod(rate + strlen("\"bits_per_second\":"), NULL) / 1e9;
	err_set(&err, "iperf3 said nothing: %.200s", buf_str(out));
	die(&err);
	return 0;
}

/* bitrate: "0" for all it can. Gbit/s of one TCP connection from region 0 to region 1. */
static double iperf(struct lab *lab, const char *seconds, const char *bitrate)
{
	struct addr to = addr_of(1, ADDR_HOST_NODE);
	char *server[] = {"iperf3", "-s", "-1", NULL};
	char *client[] = {"iperf3", "-J", "-c", to.ip4_text, "-t", (char *)seconds, "-O", "1", "-b",
		(char *)bitrate, "--connect-timeout", "2000", NULL};
	struct buf out = {0};
	double gbit;
	int pipe_fds[2], status;
	pid_t server_pid = start(lab->leaves[1], -1, server), client_pid;
	ssize_t n;

	usleep(200000); /* iperf3 has no way to say that it listens */
	if (pipe2(pipe_fds, O_CLOEXEC))
		exit(EXIT_INTERNAL);
	client_pid = start(lab->leaves[0], pipe_fds[1], client);
	close(pipe_fds[1]);
	while ((n = read(pipe_fds[0], buf_reserve(&out, 4096), 4096)) > 0)
		out.len += (size_t)n;
	buf_addc(&out, '\0');
	close(pipe_fds[0]);
	waitpid(client_pid, &status, 0);
	waitpid(server_pid, &status, 0);
	gbit = parse_gbit(&out);
	buf_release(&out);
	return gbit;
}

static uint64_t forwarders_ns(const struct lab *lab)
{
	return forwarder_time_ns(lab->engines[0]) + forwarder_time_ns(lab->engines[1]);
}

/* Sent by region 0 so far. */
static double gigabytes(const struct lab *lab)
{
	struct engine_counters counters;
	struct err err;

	if (lab->engines[0]->ops->counters(lab->engines[0], 1, &counters, &err))
		die(&err);
	return (double)counters.bytes / 1e9;
}

static void throughput(const char *what, int pairs, const char *seconds, struct impairment wire_imp)
{
	double ratios[32], nulls[32], wires[32], costs[32];

	for (int i = 0; i < pairs; i++) {
		struct lab lab;

		up(&lab, "null", (struct impairment){0});
		nulls[i] = iperf(&lab, seconds, "0");
		down(&lab);
		up(&lab, "wire", wire_imp);
		costs[i] = -(double)forwarders_ns(&lab) / 1e9;
		wires[i] = iperf(&lab, seconds, "0");
		costs[i] += (double)forwarders_ns(&lab) / 1e9;
		costs[i] /= gigabytes(&lab);
		down(&lab);
		ratios[i] = wires[i] / nulls[i];
	}
	printf("%-34s null %6.2f Gbit/s  wire %6.2f Gbit/s  ratio %.2f (median of %d pairs), both "
	       "forwarders %.2f s of processor a GB\n",
		what, quantile(nulls, (size_t)pairs, 0.5), quantile(wires, (size_t)pairs, 0.5),
		quantile(ratios, (size_t)pairs, 0.5), pairs, quantile(costs, (size_t)pairs, 0.5));
}

/* What wire takes from the system under test while that does 200 Mbit/s. */
static void processor_share(const char *seconds, struct impairment imp, const char *what)
{
	struct lab lab;
	uint64_t before_ns, used_ns, began_ns;
	double gbit;

	up(&lab, "wire", imp);
	before_ns = forwarders_ns(&lab);
	began_ns = clock_now_ns();
	gbit = iperf(&lab, seconds, "200M");
	used_ns = forwarders_ns(&lab) - before_ns;
	printf("%-34s TCP at %.0f Mbit/s: both forwarders %.1f %% of one processor\n", what,
		gbit * 1e3, 100 * (double)used_ns / (double)(clock_now_ns() - began_ns));
	down(&lab);
}

static int udp(struct lab *lab, unsigned region, bool receive)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(4343)};
	struct addr addr = addr_of(1, ADDR_HOST_NODE);
	int one = 1, bytes = 64 << 20;
	struct err err;
	int fd = netns_socket(lab->leaves[region], AF_INET, SOCK_DGRAM, 0, &err);

	if (fd < 0)
		die(&err);
	memcpy(&at.sin_addr, addr.ip4, 4);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	if (receive ? bind(fd, (struct sockaddr *)&at, sizeof(at))
		    : connect(fd, (struct sockaddr *)&at, sizeof(at)))
		exit(EXIT_INTERNAL);
	return fd;
}

static uint64_t wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* One-way delay of a datagram by the kernel's stamp, or -1. */
static double receive_delay_ns(int fd)
{
	uint64_t sent_ns;
	char control[64];
	struct iovec iov = {&sent_ns, sizeof(sent_ns)};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct timespec ts;

	if (recvmsg(fd, &msg, MSG_DONTWAIT) < 0)
		return -1;
	memcpy(&ts, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(ts));
	return (double)((uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec - sent_ns);
}

static void delay_error(uint64_t delay_ns)
{
	enum { N = 1000 };
	static double errors[N];
	struct lab lab;
	int tx, rx;
	size_t n = 0;
	uint64_t end_ns, next_ns;

	up(&lab, "wire", (struct impairment){.delay_ns = delay_ns});
	tx = udp(&lab, 0, false);
	rx = udp(&lab, 1, true);
	next_ns = clock_now_ns();
	for (int i = 0; i < N + 1; i++) { /* the first one finds the neighbour */
		uint64_t now_ns = wall_ns();

		if (send(tx, &now_ns, sizeof(now_ns), 0) < 0)
			exit(EXIT_INTERNAL);
		next_ns += i ? MS : 500 * MS;
		clock_sleep_until_ns(next_ns);
		if (!i)
			receive_delay_ns(rx);
	}
	end_ns = clock_now_ns() + delay_ns + 500 * MS;
	while (n < N && clock_now_ns() < end_ns) {
		double delay = receive_delay_ns(rx);

		if (delay >= 0)
			errors[n++] = (delay - (double)delay_ns) / 1e3;
		else
			poll(&(struct pollfd){.fd = rx, .events = POLLIN}, 1, 10);
	}
	printf("delay %3u ms: error p50 %4.0f us, p99 %4.0f us (%zu of %d arrived)\n",
		(unsigned)(delay_ns / MS), quantile(errors, n, 0.5), quantile(errors, n, 0.99), n,
		N);
	close(tx);
	close(rx);
	down(&lab);
}

int main(int argc, char **argv)
{
	int pairs = argc > 1 ? atoi(argv[1]) : 3;
	const char *seconds = argc > 2 ? argv[2] : "2";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (pairs < 1 || pairs > 32)
		return EXIT_USAGE;
	delay_error(1 * MS);
	delay_error(40 * MS);
	delay_error(150 * MS);
	throughput("TCP, wire neutral", pairs, seconds, (struct impairment){0});
	throughput("TCP, wire with 1 ms each way", pairs, seconds,
		(struct impairment){.delay_ns = MS});
	processor_share(
		seconds, (struct impairment){.delay_ns = 20 * MS}, "wire with 20 ms each way");
	processor_share(seconds, (struct impairment){.delay_ns = 20 * MS, .loss_ppm = 100},
		"the same, every segment alone");
	throughput("TCP, wire with every segment alone", pairs, seconds,
		(struct impairment){.delay_ns = MS / 10, .rate_bps = UINT64_C(100000000000)});
	return 0;
}
