/*
 * What did not happen proves nothing. Of every metric of the table is said in which quiet histories it
 * has anything to judge; of all others there is no verdict, whatever is asked.
 *
 * A new metric has to be put into the worlds in which it finds something, or has none in any of them.
 */
#include "suites/tests/helpers/judge_store.h"
#include "probes/drivers/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define FIRST_OF_OTHERS (WORLD_REGIONS * WORLD_SESSIONS)
#define SECONDS 60

enum { EDGES, FOLLOWERS, BALANCER, AUTHORITY, RESOLVER, OTHERS }; /* groups, in this order */

static struct judge_world world;
static struct beacon_sample beacons[400];
static struct role_mark marks[SECONDS];

static uint32_t session_of(unsigned group, unsigned region)
{
	return FIRST_OF_OTHERS + group * WORLD_REGIONS + region;
}

static void add_groups(void)
{
	static const struct driver_ops asks = {.name = "http-kv", .can = DRIVER_AGE};
	struct client_group *group;

	world.plan.groups[0].driver = &asks;
	group = jw_add_group(&world, "edges");
	group->driver = &asks;
	group->read_from = TARGET_NODE;
	group->stale_after_ns = 1000 * WORLD_MS;
	group->max_age_ns = group->revalidate_ns = 2000 * WORLD_MS;
	group->if_error_ns = 6000 * WORLD_MS;
	group = jw_add_group(&world, "followers");
	group->driver = &asks;
	group->read_from = TARGET_NAME;
	group->lookup = "app.example.test";
	group->resolver = "resolver";
	group = jw_add_group(&world, "balancer");
	group->driver = &asks;
	group->layer = "balancer";
	group->read_from = TARGET_NODE;
	jw_add_lookups(&world, "authority", true);
	jw_add_lookups(&world, "resolver", false);
}

/* 20 ms and 40 ms from region 0. */
static void add_beacons(void)
{
	for (unsigned i = 0; i < 400; i++) {
		uint8_t other = (uint8_t)(1 + i % 2);
		bool back = i / 2 % 2;

		beacons[i] = (struct beacon_sample){.from = back ? other : 0,
			.to = back ? 0 : other,
			.sent_ns = i * 100 * WORLD_MS};
		beacons[i].recv_ns = beacons[i].sent_ns + other * 10 * WORLD_MS;
	}
	world.evidence.beacons.samples = beacons;
	world.evidence.beacons.n = 400;
}

/* Node 0 is primary all along. */
static void add_marks(void)
{
	for (unsigned i = 0; i < SECONDS; i++)
		marks[i] = (struct role_mark){i * 1000 * WORLD_MS, (i * 1000 + 1) * WORLD_MS,
			.node = (uint8_t)(i % WORLD_REGIONS),
			.role = i % WORLD_REGIONS ? ROLE_REPLICA : ROLE_PRIMARY, .epoch = 1};
	world.evidence.marks = (struct marks){.marks = marks, .n = SECONDS};
}

/* The one answer that there ever was; and what edges and others read of a key that nobody writes. */
static void add_others(void)
{
	for (int t = 0; t < SECONDS * 1000; t += 100) {
		jw_lookup(&world, session_of(AUTHORITY, 0), 0, 5, t);
		jw_lookup(&world, session_of(RESOLVER, 0), 0, 5, t);
		for (unsigned r = 0; r < WORLD_REGIONS; r++) {
			for (unsigned g = EDGES; g <= BALANCER; g++) {
				struct op *op = jw_read(&world, session_of(g, r), jw_register(900),
					0, 0, t + 5, t + 10);

				op->region = (uint8_t)r;
				op->node = g == FOLLOWERS ? 0 : (uint8_t)r;
				op->flags |= g == EDGES ? OP_AGE_CLAIMED : 0;
			}
		}
	}
}

static void begin(void)
{
	jw_init(&world);
	add_groups();
	add_beacons();
	add_marks();
}

/* Everybody reads, and everything is absent. */
static void nobody_writes(void)
{
	begin();
	add_others();
	for (int t = 0; t < SECONDS * 1000; t += 50) {
		for (unsigned r = 0; r < WORLD_REGIONS; r++) {
			struct op *op = jw_read(
				&world, 5000 + r, op_key(KEY_TICKER, (r + 1) % 3), 0, 0, t, t + 5);

			op->flags |= OP_TICKER;
			op->region = op->node = (uint8_t)r;
			jw_read(&world, r * WORLD_SESSIONS, jw_register(r), 0, 0, t + 10, t + 15);
		}
	}
	for (uint32_t k = 0; k < WORLD_REGIONS; k++) {
		jw_read_back(&world, jw_register(k), 0, SECONDS * 1000 + 100);
		jw_read_back(&world, jw_register(k), 0, SECONDS * 1000 + 600);
	}
	world.evidence.quiet_ns = (SECONDS * 1000 + 50) * WORLD_MS;
}

/* A store that does everything at once and right; nothing fails, is deleted or disturbed. */
static void all_is_well(void)
{
	struct store_shape shape = STORE_SHAPE;

	begin();
	add_others();
	shape.delete_pct = shape.unknown_pct = 0;
	store_run(&world, 1, &shape);
	for (size_t i = 0; i < world.n_ops; i++) {
		if (world.ops[i].session < FIRST_OF_OTHERS)
			world.ops[i].flags &= (uint16_t)~OP_AGE_CLAIMED;
	}
	world.evidence.index = NULL;
}

/* All is well, and a region was cut off that needs nobody. */
static void nobody_feels_the_fault(void)
{
	all_is_well();
	jw_fault(&world, "cut", 3000, 6000);
}

#define BY_READS                                                                                   \
	METRIC_LATENCY, METRIC_GOODPUT, METRIC_AVAILABILITY, METRIC_AVAILABILITY_WINDOW,           \
		METRIC_ERRORS, METRIC_RTT, METRIC_LOSS, METRIC_FALLBACK_SHARE,                     \
		METRIC_NEAREST_SHARE, METRIC_ROUTING_SHARE, METRIC_EDGE_WAITS
#define BY_WRITES                                                                                  \
	METRIC_MONOTONIC_READS, METRIC_MONOTONIC_WRITES, METRIC_WRITES_FOLLOW_READS,               \
		METRIC_VISIBILITY, METRIC_STALENESS, METRIC_STALENESS_K, METRIC_STALE_UNFLAGGED,   \
		METRIC_WRITES_LOST, METRIC_WRITES_MISSING, METRIC_WRITES_MASKED,                   \
		METRIC_VERSION_INVERSIONS, METRIC_THIN_AIR_READS, METRIC_LINEARIZABLE,             \
		METRIC_DELTA, METRIC_SPLIT_BRAIN_WINDOW, METRIC_CONVERGENCE_TIME,                  \
		METRIC_DIVERGENCE_KEYS
/* Clients that go on being served are an answer; that nobody was promoted is one, too (a lower bound). */
#define BY_THE_FAULT                                                                               \
	METRIC_WRITES_DISCARDED_AFTER_CUT, METRIC_RPO_WINDOW, METRIC_FAILOVER_RTO,                 \
		METRIC_FAILOVER_DETECT, METRIC_FAILOVER_PROMOTE, METRIC_FAILOVER_REDIRECT,         \
		METRIC_FAILOVER_LAYER, METRIC_RECOVERY_TIME, METRIC_TAKEOVER_TIME

static const enum metric_id by_beacons[] = {METRIC_RTT, METRIC_LOSS}, by_reads[] = {BY_READS},
			    by_all[] = {BY_READS, BY_WRITES, METRIC_READ_YOUR_WRITES},
			    by_fault[] = {BY_READS, BY_WRITES, BY_THE_FAULT};

#define JUDGED(list) list, sizeof(list) / sizeof(*list)
static const struct {
	const char *name;
	void (*make)(void);
	const enum metric_id *judged;
	size_t n_judged;
} worlds[] = {
	{"nothing was done", begin, JUDGED(by_beacons)},
	{"nobody writes", nobody_writes, JUDGED(by_reads)},
	{"all is well", all_is_well, JUDGED(by_all)},
	{"nobody feels the fault", nobody_feels_the_fault, JUDGED(by_fault)},
};
#define N_WORLDS (sizeof(worlds) / sizeof(*worlds))

static bool is_judged(size_t w, enum metric_id id)
{
	for (size_t i = 0; i < worlds[w].n_judged; i++) {
		if (worlds[w].judged[i] == id)
			return true;
	}
	return false;
}

static struct result_expect verdict(
	enum metric_id id, enum metric_stat stat, enum compare compare, double value)
{
	struct plan_expect e = jw_expectation(id, compare, value);

	e.stat = stat;
	if (e.metric->takes & NEEDS_PAIR) {
		e.from = 0;
		e.to = 1;
	}
	if (id == METRIC_FAILOVER_LAYER) {
		e.filter = FILTER_GROUP;
		e.group = 1 + BALANCER;
	}
	return jw_expect(&world, &e);
}

static void check_metric(size_t w, enum metric_id id, enum metric_stat stat)
{
	static const struct {
		enum compare compare;
		double value;
	} claims[] = {{COMPARE_EQ, 0}, {COMPARE_LT, 1e12}, {COMPARE_GE, 0}};

	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		struct result_expect out = verdict(id, stat, claims[i].compare, claims[i].value);
		bool has_none = !strcmp(out.got, "-");

		if (has_none == is_judged(w, id))
			fail_msg("%s: %s %s comes to %s (%s)", worlds[w].name, metrics[id].name,
				out.wanted, out.got, out.why ? out.why : "no reason");
		if (has_none && out.verdict != VERDICT_INCONCLUSIVE)
			fail_msg("%s: %s %s has a verdict", worlds[w].name, metrics[id].name,
				out.wanted);
	}
}

static void what_did_not_happen_has_no_verdict(void **state)
{
	(void)state;
	for (size_t w = 0; w < N_WORLDS; w++) {
		worlds[w].make();
		for (int id = 0; id < METRICS; id++) {
			for (int stat = 0; stat < STATS; stat++) {
				if (metrics[id].stats & 1u << stat)
					check_metric(w, (enum metric_id)id, (enum metric_stat)stat);
			}
		}
		jw_release(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_did_not_happen_has_no_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
