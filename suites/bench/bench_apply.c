/*
 * bench_apply: how long it takes to put a partition in force.
 *
 *     bench_apply ENGINE [rounds]      default 20 rounds
 *
 * One site with 100 links, and three sites of three regions. Time from the call of apply to its
 * acknowledgement, which for netem includes one batch to the kernel, for wire a message to the
 * forwarder. The peer is `tc -batch`, which changes the same 100 leaves in the same kernel (netem
 * only; without sch_netem run it by suites/tests/conformance/netem_uml.sh).
 * Targets: 1 ms for 3 regions, 10 ms for 100 links, skew between regions below 1 ms.
 */
#include "chaos/engines/engine.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/site.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINKS 100
#define ROUNDS_MAX 200

struct lab {
	int backbone;
	unsigned n;
	struct site sites[3];
	struct engine *engines[3];
};

static void die(const struct err *err)
{
	fprintf(stderr, "bench_apply: %s\n", err->text);
	exit(EXIT_MACHINE);
}

static void up(struct lab *lab, const struct engine_ops *ops, unsigned n_sites, unsigned n_regions)
{
	struct err err;

	*lab = (struct lab){.n = n_sites, .backbone = backbone_up(&err)};
	if (lab->backbone < 0)
		die(&err);
	for (unsigned i = 0; i < n_sites; i++) {
		if (site_up(&lab->sites[i], i, n_regions, lab->backbone, &err) ||
			!(lab->engines[i] = ops->open(&lab->sites[i], 1, &err)))
			die(&err);
	}
}

static void down(struct lab *lab)
{
	for (unsigned i = 0; i < lab->n; i++) {
		lab->engines[i]->ops->close(lab->engines[i]);
		site_release(&lab->sites[i]);
	}
	close(lab->backbone);
}

/* All links of a site cut, or healed. */
static struct engine_ack change(
	struct engine *engine, unsigned own, unsigned n_regions, bool cut, uint64_t at_ns)
{
	struct engine_change changes[ADDR_REGIONS_MAX];
	struct engine_ack ack;
	struct err err;
	size_t n = 0;

	for (unsigned to = 0; to < n_regions; to++) {
		if (to != own)
			changes[n++] = (struct engine_change){to, {.cut = cut}};
	}
	if (engine->ops->apply(engine, changes, n, at_ns, &ack, &err))
		die(&err);
	return ack;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double quantile(double *v, int n, double q)
{
	qsort(v, (size_t)n, sizeof(*v), ascending);
	return v[(int)(q * (n - 1))];
}

/* `tc -batch` from a file in memory that both sides have open. */
static double tc_batch_ms(const struct site *site, bool cut)
{
	int fd = memfd_create("batch", 0);
	char path[32];
	char *argv[] = {"tc", "-batch", path, NULL};
	uint64_t start_ns;
	struct err err;
	int status;
	pid_t pid;

	for (unsigned minor = 2; minor <= LINKS + 1; minor++)
		dprintf(fd, "qdisc change dev c parent 1:%x handle %x: netem %s\n", minor,
			0x1000 + minor, cut ? "loss 100%" : "limit 10000");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	start_ns = clock_now_ns();
	pid = fork();
	if (!pid) {
		if (!netns_enter(site->netns_fd, &err))
			execvp(argv[0], argv);
		perror("tc");
		_exit(127);
	}
	waitpid(pid, &status, 0);
	close(fd);
	if (status) {
		fprintf(stderr, "bench_apply: tc -batch failed\n");
		exit(EXIT_MACHINE);
	}
	return (double)(clock_now_ns() - start_ns) / 1e6;
}

static void hundred_links(const struct engine_ops *ops, int rounds)
{
	double ours[ROUNDS_MAX], peer[ROUNDS_MAX];
	bool has_peer = !strcmp(ops->name, "netem");
	struct lab lab;

	up(&lab, ops, 1, LINKS + 1);
	for (int i = 0; i < rounds; i++) {
		uint64_t start_ns = clock_now_ns();
		struct engine_ack ack = change(lab.engines[0], 0, LINKS + 1, !(i % 2), 0);

		ours[i] = (double)(ack.acked_ns - start_ns) / 1e6;
		if (has_peer)
			peer[i] = tc_batch_ms(&lab.sites[0], !(i % 2));
	}
	printf("%s, 100 links: called to acknowledged p50 %.2f ms, p90 %.2f ms\n", ops->name,
		quantile(ours, rounds, 0.5), quantile(ours, rounds, 0.9));
	if (has_peer)
		printf("tc -batch, the same 100 leaves: p50 %.2f ms, ratio %.1f\n",
			quantile(peer, rounds, 0.5),
			quantile(peer, rounds, 0.5) / quantile(ours, rounds, 0.5));
	down(&lab);
}

/* Armed ahead for one instant in three processes, as agents do it. */
static void three_regions(const struct engine_ops *ops, int rounds)
{
	struct engine_ack *acks =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double force[ROUNDS_MAX], skew[ROUNDS_MAX];
	struct lab lab;

	up(&lab, ops, 3, 3);
	for (int i = 0; i < rounds; i++) {
		uint64_t at_ns = clock_now_ns() + 20 * NSEC_PER_MSEC, first = UINT64_MAX, last = 0;
		pid_t pids[3];

		for (unsigned r = 0; r < 3; r++) {
			pids[r] = fork();
			if (!pids[r]) {
				acks[r] = change(lab.engines[r], r, 3, !(i % 2), at_ns);
				_exit(0);
			}
		}
		for (unsigned r = 0; r < 3; r++) {
			waitpid(pids[r], NULL, 0);
			first = acks[r].acked_ns < first ? acks[r].acked_ns : first;
			last = acks[r].acked_ns > last ? acks[r].acked_ns : last;
		}
		force[i] = (double)(last - at_ns) / 1e6;
		skew[i] = (double)(last - first) / 1e6;
	}
	printf("%s, 3 regions: armed instant to all in force p50 %.3f ms, p90 %.3f ms; skew p50 %.3f ms\n",
		ops->name, quantile(force, rounds, 0.5), quantile(force, rounds, 0.9),
		quantile(skew, rounds, 0.5));
	down(&lab);
}

int main(int argc, char **argv)
{
	const struct engine_ops *ops = engine_find(argc > 1 ? argv[1] : "wire");
	int rounds = argc > 2 ? atoi(argv[2]) : 20;
	struct err err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!ops || rounds < 1 || rounds > ROUNDS_MAX)
		return EXIT_USAGE;
	if (ops->probe(NULL, &err))
		die(&err);
	three_regions(ops, rounds);
	hundred_links(ops, rounds);
	return 0;
}
