/*
 * bench_lab: how long the network of a lab takes to come up, against `ip` in a shell.
 *
 *     bench_lab [rounds]      default 5
 *
 * Ours: backbone, sites and leaves with their addresses, no engine. The peer builds the same picture
 * for 3 regions x 5 nodes with one `ip` call per step, as scripts do, in network and mount namespaces
 * of its own. Targets: 25 ms for 3 x 5, 350 ms for 100 regions.
 */
#include "fixtures/base/clock.h"
#include "fixtures/base/err.h"
#include "fixtures/net/site.h"
#include "suites/tests/helpers/median.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEAVES_MAX 5
#define SETTLE_US 500000

static void die(const struct err *err)
{
	fprintf(stderr, "bench_lab: %s\n", err->text);
	exit(EXIT_MACHINE);
}

static double cpu_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* *cpu: the share of it that we computed rather than waited, which a busy machine changes less. */
static double build_ms(unsigned n_regions, unsigned n_leaves, double *cpu)
{
	static struct site sites[ADDR_REGIONS_MAX];
	static int fds[ADDR_REGIONS_MAX][LEAVES_MAX];
	unsigned hosts[LEAVES_MAX];
	double cpu_before = cpu_ms();
	uint64_t start_ns = clock_now_ns(), took_ns;
	struct err err;
	int backbone = backbone_up(&err);

	if (backbone < 0)
		die(&err);
	for (unsigned i = 0; i < n_leaves; i++)
		hosts[i] = ADDR_HOST_NODE + i;
	for (unsigned r = 0; r < n_regions; r++) {
		if (site_up(&sites[r], r, n_regions, backbone, &err) ||
			site_add_leaves(&sites[r], hosts, n_leaves, fds[r], &err))
			die(&err);
	}
	took_ns = clock_now_ns() - start_ns;
	*cpu = cpu_ms() - cpu_before;
	for (unsigned r = 0; r < n_regions; r++) {
		for (unsigned i = 0; i < n_leaves; i++)
			close(fds[r][i]);
		site_release(&sites[r]);
	}
	close(backbone);
	return (double)took_ns / 1e6;
}

/* In /run/netns of a mount namespace of its own; prints nothing. */
static const char script[] =
	"set -e; mount -t tmpfs none /run\n"
	"ip netns add bb; ip -n bb link add name backbone0 type bridge mcast_snooping 0\n"
	"ip -n bb link set backbone0 up\n"
	"for r in 0 1 2; do\n"
	" ip netns add s$r; ip -n s$r link add name site0 type bridge mcast_snooping 0\n"
	" ip -n s$r link set site0 up; ip -n s$r link add name a type veth peer name b\n"
	" ip -n s$r link set dev a master site0 up; ip -n s$r link set dev b up\n"
	" ip -n s$r link add name c type veth peer name d$r netns bb; ip -n s$r link set dev c up\n"
	" ip -n bb link set dev d$r master backbone0 up\n"
	" for h in 10 11 12 13 14; do\n"
	"  ip netns add n$r-$h; ip -n s$r link add name h$h type veth peer name eth0 netns n$r-$h\n"
	"  ip -n s$r link set dev h$h master site0 up; ip -n n$r-$h link set lo up\n"
	"  ip -n n$r-$h link set eth0 up; ip -n n$r-$h addr add 198.18.$r.$h/15 dev eth0\n"
	"  ip -n n$r-$h addr add 2001:2::$r:$h/48 dev eth0 nodad\n"
	" done\n"
	"done\n";

static double script_ms(void)
{
	char *argv[] = {"unshare", "-mn", "sh", "-c", (char *)script, NULL};
	uint64_t start_ns = clock_now_ns();
	int status;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	if (status) {
		fprintf(stderr, "bench_lab: the script of the peer failed\n");
		exit(EXIT_MACHINE);
	}
	return (double)(clock_now_ns() - start_ns) / 1e6;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 5;
	double small[64], large[64], peer[64], small_cpu[64], large_cpu[64], ours;

	if (rounds < 1 || rounds > 64)
		return EXIT_USAGE;
	/* Large ones last: the kernel takes namespaces down in the background, under the same lock. */
	for (int i = 0; i < rounds; i++) {
		small[i] = build_ms(3, 5, &small_cpu[i]);
		usleep(SETTLE_US);
		peer[i] = script_ms();
		usleep(SETTLE_US);
	}
	for (int i = 0; i < rounds; i++) {
		large[i] = build_ms(100, 1, &large_cpu[i]);
		usleep(4 * SETTLE_US);
	}
	ours = median(small, rounds);
	printf("3 regions x 5 nodes up: %.1f ms (%.1f ms CPU); one `ip` call a step: %.1f ms; ratio %.1f\n",
		ours, median(small_cpu, rounds), median(peer, rounds), median(peer, rounds) / ours);
	printf("100 regions x 1 node up: %.1f ms (%.1f ms CPU)\n", median(large, rounds),
		median(large_cpu, rounds));
	return 0;
}
