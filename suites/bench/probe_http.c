/*
 * The http-kv probe with full history against wrk: nginx with `return 200`, as many connections,
 * interleaved pairs.
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/median.h"
#include "suites/tests/helpers/prober_load.h"
#include "suites/tests/helpers/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAIRS 5
#define CONNECTIONS 16
#define TARGET 0.45

static double peer(uint16_t port)
{
	char command[160], line[256];
	double rate = 0;
	FILE *out;

	snprintf(command, sizeof(command),
		"wrk -t1 -c%d -d1s http://127.0.0.1:%u/kv/r:1 2>/dev/null", CONNECTIONS, port);
	out = popen(command, "r");
	while (out && fgets(line, sizeof(line), out)) {
		if (!strncmp(line, "Requests/sec:", 13))
			rate = strtod(line + 13, NULL);
	}
	if (out)
		pclose(out);
	return rate;
}

/* In the foreground as one process, so that stopping it stops all. */
static pid_t start_nginx(const char *dir, uint16_t port)
{
	struct buf conf = {0}, path = {0};
	struct err err;
	pid_t pid = -1;

	buf_printf(&conf,
		"daemon off; master_process off; pid %s/pid; error_log /dev/null;\n"
		"events {}\n"
		"http { access_log off; keepalive_requests 1000000000;\n"
		"  client_body_temp_path %s; proxy_temp_path %s; fastcgi_temp_path %s;\n"
		"  uwsgi_temp_path %s; scgi_temp_path %s;\n"
		"  server { listen 127.0.0.1:%u; location / { return 200 \"42\"; } }\n"
		"}\n",
		dir, dir, dir, dir, dir, dir, port);
	buf_printf(&path, "%s/nginx.conf", dir);
	if (!buf_write_file(&conf, path.data, &err)) {
		const char *argv[] = {"nginx", "-c", path.data, "-p", dir, NULL};

		pid = server_spawn(argv);
	}
	buf_release(&conf);
	buf_release(&path);
	return pid;
}

static int compare(uint16_t port)
{
	struct prober_load load = {.driver = "http-kv",
		.port = port,
		.sessions = CONNECTIONS,
		.read_share = 1,
		.length_ns = NSEC_PER_SEC};
	double ratios[PAIRS], ours[PAIRS], theirs[PAIRS], cpu[PAIRS];

	for (int i = 0; i < PAIRS; i++) {
		struct prober_load_result r = prober_load_run(&load);

		theirs[i] = peer(port);
		if (r.not_ok > 0 || theirs[i] <= 0) {
			printf("no result: %.1f %% of our operations failed, wrk %.0f/s\n",
				100 * r.not_ok, theirs[i]);
			return 1;
		}
		ours[i] = r.ops_per_s;
		cpu[i] = r.cpu_us_per_op;
		ratios[i] = ours[i] / theirs[i];
	}
	printf("http probe / wrk: %.2f (target %.2f)   %.0f against %.0f requests/s, "
	       "%.1f us of CPU a request, %d connections, median of %d pairs\n",
		median(ratios, PAIRS), TARGET, median(ours, PAIRS), median(theirs, PAIRS),
		median(cpu, PAIRS), CONNECTIONS, PAIRS);
	return 0;
}

int main(void)
{
	char dir[] = "/tmp/bench-http-XXXXXX", path[64];
	uint16_t port = server_free_port();
	pid_t pid;
	int rc;

	if (!mkdtemp(dir))
		return 1;
	pid = start_nginx(dir, port);
	if (pid < 0 || !server_wait_port(port)) {
		puts("skipped: nginx is not installed");
		rc = 0;
	} else {
		rc = compare(port);
	}
	server_stop(pid);
	snprintf(path, sizeof(path), "%s/nginx.conf", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/pid", dir);
	unlink(path);
	rmdir(dir);
	return rc;
}
