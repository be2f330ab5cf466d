#include "suites/tests/helpers/prober_load.h"
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/prober_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define SOON (10 * NSEC_PER_SEC)

static double children_cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
		(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static double sum(const struct jv *done, const char *what)
{
	return (double)(jv_int(jv_get(jv_get(done, "reads"), what), 0) +
		jv_int(jv_get(jv_get(done, "writes"), what), 0));
}

static struct jv *must(struct jv *message, const char *what)
{
	if (!message) {
		fprintf(stderr, "the prober did not say '%s'\n", what);
		exit(1);
	}
	return message;
}

struct prober_load_result prober_load_run(const struct prober_load *load)
{
	static const uint8_t region;
	static uint64_t options[64];
	const struct driver_ops *driver = driver_find(load->driver);
	struct endpoint endpoint = {.name = "a/store", .host = "127.0.0.1", .port = load->port};
	struct client_group group = {0};
	struct prober_config config = {.n_regions = 1,
		.endpoints = &endpoint,
		.n_endpoints = 1,
		.groups = &group,
		.n_groups = 1,
		.seed = 1};
	struct prober_load_result result = {0};
	struct prober_rig rig;
	double ok, all, cpu = children_cpu_us();
	struct jv *done;
	uint64_t start;

	param_set_defaults(group_params, &group);
	param_set_defaults(driver->params, options);
	group.driver = driver;
	group.driver_options = options;
	group.regions = &region;
	group.n_regions = 1;
	group.sessions_per_region = load->sessions;
	group.closed = 1;
	group.read_rate_uhz = load->read_share * 1000000;
	group.write_rate_uhz = load->write_share * 1000000;
	group.write_to = TARGET_NEAREST;
	prober_rig_start(&rig, &config);
	jv_free(must(prober_rig_await(&rig, "ready", SOON), "ready"));
	start = clock_now_ns() + 10 * NSEC_PER_MSEC;
	prober_rig_say(&rig, "start", start);
	clock_sleep_until_ns(start + load->length_ns);
	prober_rig_say(&rig, "stop", 0);
	done = must(prober_rig_await(&rig, "done", SOON), "done");
	prober_rig_end(&rig, false);
	prober_rig_clean(&rig);
	ok = sum(done, "ok");
	all = ok + sum(done, "fail") + sum(done, "unknown");
	jv_free(done);
	result.ops_per_s = ok * 1e9 / (double)load->length_ns;
	result.not_ok = all > 0 ? 1 - ok / all : 1;
	result.cpu_us_per_op = ok > 0 ? (children_cpu_us() - cpu) / ok : 0;
	return result;
}
