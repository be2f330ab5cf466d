/* How late the open loop starts its operations: 5000 a second from 50 sessions, null driver. */
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/prober_rig.h"

#include <stdio.h>
#include <stdlib.h>

#define SOON (10 * NSEC_PER_SEC)
#define RATE 5000
#define SESSIONS 50
#define LENGTH_NS (3 * NSEC_PER_SEC)

static int by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void report(const struct history *h)
{
	uint32_t *late = calloc(h->n + 1, sizeof(*late));
	size_t n = 0;

	if (!late)
		abort();
	for (size_t i = 0; i < h->n; i++) {
		if (!(h->ops[i].flags & OP_AFTER_WRITE))
			late[n++] = h->ops[i].late_us;
	}
	qsort(late, n, sizeof(*late), by_value);
	printf("schedule lag: p50 %u us, p99 %u us (target 1000), p99.9 %u us, of %zu operations at "
	       "%d/s\n",
		late[n / 2], late[n * 99 / 100], late[n * 999 / 1000], n, RATE);
	free(late);
}

int main(void)
{
	static const uint8_t region;
	static uint64_t options[8];
	struct endpoint endpoint = {.name = "a/store", .host = "127.0.0.1", .port = 1};
	struct client_group group = {0};
	struct prober_config config = {.n_regions = 1,
		.endpoints = &endpoint,
		.n_endpoints = 1,
		.groups = &group,
		.n_groups = 1,
		.seed = 1};
	struct prober_rig rig;
	struct history h;
	uint64_t start;

	param_set_defaults(group_params, &group);
	group.driver = driver_find("null");
	group.driver_options = options;
	group.regions = &region;
	group.n_regions = 1;
	group.sessions_per_region = SESSIONS;
	group.read_rate_uhz = UINT64_C(4000) * 1000000;
	group.write_rate_uhz = UINT64_C(1000) * 1000000;
	prober_rig_start(&rig, &config);
	jv_free(prober_rig_await(&rig, "ready", SOON));
	start = clock_now_ns() + 50 * NSEC_PER_MSEC;
	prober_rig_say(&rig, "start", start);
	clock_sleep_until_ns(start + LENGTH_NS);
	prober_rig_say(&rig, "stop", 0);
	jv_free(prober_rig_await(&rig, "done", SOON));
	prober_rig_end(&rig, false);
	if (prober_rig_history(&rig, &h))
		return 1;
	report(&h);
	history_release(&h);
	prober_rig_clean(&rig);
	return 0;
}
