/*
 * bench_apply: how long it takes to put impairments in force, to change them and to undo them.
 *
 *     bench_apply ENGINE [rounds]      default 20 rounds
 *
 * Three sites of three regions cut at one instant; then 1, 10, 100 and 1000 links (of ten sites) in the
 * three steps of a fault's life: a delay is laid on neutral links, changed, and taken off again. Time
 * from the call of apply to its acknowledgement ("in force"), which for netem includes one batch to the
 * kernel a site, for wire a message to each forwarder; and to its return ("verified"), when every
 * link was read back and compared, which tc does not do. The peers change the same leaves in the same
 * kernel: `tc -batch`, one a site, and one `tc` a link, once and not for 1000 (netem only; without
 * sch_netem run it by suites/bench/apply_uml.sh).
 * Targets: 1 ms for 3 regions, 10 ms for 100 links, skew between regions below 1 ms.
 */
#include "chaos/engines/engine.h"
#include "fixtures/base/clock.h"
#include "fixtures/net/netns.h"
#include "fixtures/net/site.h"
#include "suites/tests/helpers/median.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SITE_LINKS 100
#define SITES_MAX 10
#define ROUNDS_MAX 200
#define STEPS 3

struct lab {
	int backbone;
	unsigned n;
	struct site sites[SITES_MAX];
	struct engine *engines[SITES_MAX];
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
			changes[n++] = (struct engine_change){.to = to, .impairment.cut = cut};
	}
	if (engine->ops->apply(engine, changes, n, at_ns, &ack, &err))
		die(&err);
	return ack;
}

/* The life of a fault: what each step leaves on every link. */
static const struct step {
	const char *name, *tc;
	uint64_t delay_ns;
} steps[STEPS] = {{"apply", "delay 40ms", 40 * NSEC_PER_MSEC},
	{"change", "delay 60ms", 60 * NSEC_PER_MSEC}, {"undo", "delay 0ms", 0}};

static void run_tc(const struct site *site, char *const *argv)
{
	struct err err;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (!netns_enter(site->netns_fd, &err))
			execvp(argv[0], argv);
		perror("tc");
		_exit(127);
	}
	waitpid(pid, &status, 0);
	if (status) {
		fprintf(stderr, "bench_apply: tc failed\n");
		exit(EXIT_MACHINE);
	}
}

static double ms_since(uint64_t start_ns)
{
	return (double)(clock_now_ns() - start_ns) / 1e6;
}

/* One apply a site. in_force_ms: without the reading back that follows in each. */
static double ours_ms(
	struct lab *lab, unsigned n_regions, const struct step *step, double *in_force_ms)
{
	uint64_t start_ns = clock_now_ns();

	*in_force_ms = 0;

	for (unsigned s = 0; s < lab->n; s++) {
		struct engine_change changes[ADDR_REGIONS_MAX];
		uint64_t site_ns = clock_now_ns();
		struct engine_ack ack;
		struct err err;
		size_t n = 0;

		for (unsigned to = 0; to < n_regions; to++) {
			if (to != s)
				changes[n++] = (struct engine_change){
					.to = to, .impairment.delay_ns = step->delay_ns};
		}
		if (lab->engines[s]->ops->apply(lab->engines[s], changes, n, 0, &ack, &err))
			die(&err);
		*in_force_ms += (double)(ack.acked_ns - site_ns) / 1e6;
	}
	return ms_since(start_ns);
}

/* `tc -batch` from a file in memory that both sides have open, one a site. */
static double batch_ms(const struct lab *lab, unsigned n_regions, const struct step *step)
{
	int fds[SITES_MAX];
	uint64_t start_ns;

	for (unsigned s = 0; s < lab->n; s++) {
		fds[s] = memfd_create("batch", 0);
		for (unsigned to = 0; to < n_regions; to++) {
			if (to != s)
				dprintf(fds[s],
					"qdisc change dev c parent 1:%x handle %x: netem limit 10000 "
					"%s\n",
					to + 1, 0x1000 + to + 1, step->tc);
		}
	}
	start_ns = clock_now_ns();
	for (unsigned s = 0; s < lab->n; s++) {
		char path[32];
		char *argv[] = {"tc", "-batch", path, NULL};

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[s]);
		run_tc(&lab->sites[s], argv);
		close(fds[s]);
	}
	return ms_since(start_ns);
}

static double singles_ms(const struct lab *lab, unsigned n_regions, const struct step *step)
{
	uint64_t start_ns = clock_now_ns();

	for (unsigned s = 0; s < lab->n; s++) {
		for (unsigned to = 0; to < n_regions; to++) {
			char parent[16], handle[16], delay[16];
			char *argv[] = {"tc", "qdisc", "change", "dev", "c", "parent", parent,
				"handle", handle, "netem", "limit", "10000", "delay", delay, NULL};

			if (to == s)
				continue;
			snprintf(parent, sizeof(parent), "1:%x", to + 1);
			snprintf(handle, sizeof(handle), "%x:", 0x1000 + to + 1);
			snprintf(delay, sizeof(delay), "%s", step->tc + strlen("delay "));
			run_tc(&lab->sites[s], argv);
		}
	}
	return ms_since(start_ns);
}

struct row {
	double in_force[ROUNDS_MAX], verified[ROUNDS_MAX], batch[ROUNDS_MAX];
	double single; /* 0: not tried */
};

static void print_row(
	const struct step *step, unsigned links, struct row *row, int rounds, bool has_peer)
{
	double own = quantile(row->in_force, rounds, 0.5);
	double batch = quantile(row->batch, rounds, 0.5);

	printf("%6u  %-6s  %8.3f  %8.3f", links, step->name, own,
		quantile(row->verified, rounds, 0.5));
	if (has_peer)
		printf("  %9.2f  %6.1f", batch, batch / own);
	if (row->single > 0)
		printf("  %13.1f  %7.0f", row->single, row->single / own);
	printf("\n");
}

static void life_of_a_fault(
	const struct engine_ops *ops, unsigned sites, unsigned links, int rounds)
{
	static struct row rows[STEPS];
	bool has_peer = !strcmp(ops->name, "netem");
	struct lab lab;

	up(&lab, ops, sites, links + 1);
	for (int i = 0; i < rounds; i++) {
		for (int k = 0; k < STEPS; k++)
			rows[k].verified[i] =
				ours_ms(&lab, links + 1, &steps[k], &rows[k].in_force[i]);
		for (int k = 0; k < STEPS && has_peer; k++)
			rows[k].batch[i] = batch_ms(&lab, links + 1, &steps[k]);
	}
	for (int k = 0; k < STEPS; k++) {
		rows[k].single =
			has_peer && sites == 1 ? singles_ms(&lab, links + 1, &steps[k]) : 0;
		print_row(&steps[k], sites * links, &rows[k], rounds, has_peer);
	}
	down(&lab);
}

static void links(const struct engine_ops *ops, int rounds)
{
	printf("engine %s, ms, medians\n links  step    in force  verified%s\n", ops->name,
		!strcmp(ops->name, "netem") ? "  tc -batch   ratio  one tc a link    ratio" : "");
	life_of_a_fault(ops, 1, 1, rounds);
	life_of_a_fault(ops, 1, 10, rounds);
	life_of_a_fault(ops, 1, SITE_LINKS, rounds);
	life_of_a_fault(ops, SITES_MAX, SITE_LINKS, rounds > 5 ? 5 : rounds);
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
	links(ops, rounds);
	return 0;
}
