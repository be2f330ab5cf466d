/*
 * The redis probe with full history against redis-benchmark: the same server, as many connections,
 * no pipelining, half SET and half GET, interleaved pairs. redis-benchmark measures the two commands
 * one after the other; their harmonic mean is what a half-and-half mix would reach.
 */
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/median.h"
#include "suites/tests/helpers/prober_load.h"
#include "suites/tests/helpers/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS 5
#define CONNECTIONS 16
#define TARGET 0.8

static double rate_in(FILE *csv, const char *command)
{
	char line[512], want[32];
	double rate = 0;

	snprintf(want, sizeof(want), "\"%s\",\"", command);
	while (fgets(line, sizeof(line), csv)) {
		if (!strncmp(line, want, strlen(want))) {
			rate = strtod(line + strlen(want), NULL);
			break;
		}
	}
	return rate;
}

static double peer(uint16_t port)
{
	char command[160];
	double set, get;
	FILE *csv;

	snprintf(command, sizeof(command),
		"redis-benchmark -p %u -c %d -n 40000 -r 100 -d 16 -t set,get --csv 2>/dev/null",
		port, CONNECTIONS);
	csv = popen(command, "r");
	if (!csv)
		return 0;
	set = rate_in(csv, "SET");
	get = rate_in(csv, "GET");
	pclose(csv);
	return set > 0 && get > 0 ? 2 / (1 / set + 1 / get) : 0;
}

int main(void)
{
	uint16_t port = server_free_port();
	char port_text[8];
	const char *argv[] = {"redis-server", "--port", port_text, "--bind", "127.0.0.1", "--save",
		"", "--appendonly", "no", NULL};
	struct prober_load load = {.driver = "redis",
		.port = port,
		.sessions = CONNECTIONS,
		.read_share = 1,
		.write_share = 1,
		.length_ns = NSEC_PER_SEC};
	double ratios[PAIRS], ours[PAIRS], theirs[PAIRS], cpu[PAIRS];
	pid_t pid;

	snprintf(port_text, sizeof(port_text), "%u", port);
	pid = server_spawn(argv);
	if (pid < 0 || !server_wait_port(port)) {
		puts("skipped: redis-server is not installed");
		return 0;
	}
	for (int i = 0; i < PAIRS; i++) {
		struct prober_load_result r = prober_load_run(&load);

		theirs[i] = peer(port);
		if (r.not_ok > 0 || theirs[i] <= 0) {
			printf("no result: %.1f %% of our operations failed, peer %.0f/s\n",
				100 * r.not_ok, theirs[i]);
			server_stop(pid);
			return 1;
		}
		ours[i] = r.ops_per_s;
		cpu[i] = r.cpu_us_per_op;
		ratios[i] = ours[i] / theirs[i];
	}
	server_stop(pid);
	printf("redis probe / redis-benchmark: %.2f (target %.2f)   %.0f against %.0f ops/s, "
	       "%.1f us of CPU an operation, %d connections, median of %d pairs\n",
		median(ratios, PAIRS), TARGET, median(ours, PAIRS), median(theirs, PAIRS),
		median(cpu, PAIRS), CONNECTIONS, PAIRS);
	return 0;
}
