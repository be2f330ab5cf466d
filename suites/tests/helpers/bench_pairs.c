#include "suites/tests/helpers/bench_pairs.h"
#include "suites/tests/helpers/median.h"
#include "fixtures/base/clock.h"
#include "fixtures/base/tree.h"
#include "suites/tests/helpers/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAIRS 5
#define READY_NS (60 * NSEC_PER_SEC)

static double number_of(const char *script)
{
	FILE *out = popen(script, "r");
	char line[64] = "";
	double value = 0;

	if (out && fgets(line, sizeof(line), out))
		value = strtod(line, NULL);
	if (out)
		pclose(out);
	return value;
}

static bool await(const char *ready, pid_t server)
{
	uint64_t deadline = clock_now_ns() + READY_NS;

	while (clock_now_ns() < deadline && waitpid(server, NULL, WNOHANG) == 0) {
		if (system(ready) == 0)
			return true;
		clock_sleep_until_ns(clock_now_ns() + 200 * NSEC_PER_MSEC);
	}
	return false;
}

static int measure(const struct bench_pair *bench, uint16_t port)
{
	struct prober_load load = {.driver = bench->driver,
		.port = port,
		.sessions = BENCH_CONNECTIONS,
		.read_share = 1,
		.write_share = 1,
		.length_ns = NSEC_PER_SEC};
	double ratios[PAIRS], ours[PAIRS], theirs[PAIRS], cpu[PAIRS];

	for (int i = 0; i < PAIRS; i++) {
		struct prober_load_result r = prober_load_run(&load);

		theirs[i] = number_of(bench->peer);
		if (r.not_ok > 0.001 || theirs[i] <= 0) {
			printf("no result: %.1f %% of our operations failed, peer %.0f/s\n",
				100 * r.not_ok, theirs[i]);
			return 1;
		}
		ours[i] = r.ops_per_s;
		cpu[i] = r.cpu_us_per_op;
		ratios[i] = ours[i] / theirs[i];
	}
	printf("%s: %.2f (target %.2f)   %.0f against %.0f operations/s, %.1f us of CPU an operation, "
	       "%d connections, median of %d pairs\n",
		bench->what, median(ratios, PAIRS), bench->target, median(ours, PAIRS),
		median(theirs, PAIRS), median(cpu, PAIRS), BENCH_CONNECTIONS, PAIRS);
	return 0;
}

int bench_pairs(const struct bench_pair *bench)
{
	const char *argv[] = {"bash", "-c", bench->start, NULL};
	struct err err;
	char dir[] = "/tmp/bench-XXXXXX", text[16];
	uint16_t port = server_free_port();
	int rc = 0;
	pid_t pid;

	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	snprintf(text, sizeof(text), "%u", port);
	setenv("PORT", text, 1);
	snprintf(text, sizeof(text), "%d", BENCH_CONNECTIONS);
	setenv("CONNECTIONS", text, 1);
	pid = server_spawn(argv);
	if (pid < 0 || !await(bench->ready, pid))
		printf("skipped: %s: a program is not installed\n", bench->what);
	else
		rc = measure(bench, port);
	server_stop(pid);
	if (!chdir("/"))
		tree_remove(dir, &err);
	return rc;
}
