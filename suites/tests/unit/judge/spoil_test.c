/*
 * What is timed or counted and not found: an expectation that passes says how much worse the record
 * would have had to be, and with a checker that hears nothing it does not pass.
 */
#include "suites/tests/helpers/deaf_checkers.h"
#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS 1e6
#define S 1e9
#define CUT 10000 /* ms */
#define HEAL 30000
#define END 45000
#define AUTHORITY 12 /* the first session after those of the users */
#define RESOLVER (AUTHORITY + WORLD_REGIONS)

static struct judge_world world;

static struct role_mark marks[] = {
	{9000 * WORLD_MS, 9001 * WORLD_MS, .node = 1, .role = ROLE_REPLICA, .epoch = 1},
	{11000 * WORLD_MS, 11001 * WORLD_MS, .node = 1, .role = ROLE_PRIMARY, .epoch = 2,
		.believed_primary = 1},
};
static struct beacon_sample samples[600];

static void tick(unsigned region, double at_ms, unsigned node, bool ok)
{
	static uint64_t sequence;
	struct op *op = jw_op(&world, OP_WRITE, 5000 + region, op_key(KEY_TICKER, region),
		op_value(GROUP_TICKER_WRITER(region), ++sequence), at_ms, at_ms + (ok ? 10 : 1000));

	op->flags = OP_TICKER;
	op->region = (uint8_t)region;
	op->node = (uint8_t)(ok ? node : OP_NODE_UNKNOWN);
	op->state = ok ? OP_OK : OP_UNKNOWN;
}

/* Node 0 writes until the cut and from two seconds after the heal on, node 1 from two seconds after the
 * cut until then. */
static void add_failover(void)
{
	jw_death(&world, "death", CUT, HEAL);
	for (double t = 1; t < END; t += 50) {
		bool moved = t >= CUT + 2000 && t < HEAL + 2000;

		for (unsigned r = 1; r < WORLD_REGIONS; r++)
			tick(r, t + r, moved, t < CUT || t >= CUT + 2000);
	}
	for (int i = 1; i < 40; i++)
		jw_write(&world, 4, jw_register(0), (uint64_t)i, i * 1000, i * 1000 + 100)->node =
			i >= 13 && i < 32;
	world.evidence.marks = (struct marks){.marks = marks, .n = 2};
}

/* 20 ms and 40 ms away, one in a hundred lost. */
static void add_beacons(void)
{
	for (unsigned i = 0; i < 600; i++) {
		unsigned other = 1 + i % 2;
		bool back = i / 2 % 2;

		samples[i] = (struct beacon_sample){.from = (uint8_t)(back ? other : 0),
			.to = (uint8_t)(back ? 0 : other),
			.sent_ns = i * 10 * WORLD_MS};
		samples[i].recv_ns = i % 100 == 96 ? 0 : samples[i].sent_ns + other * 20 * WORLD_MS;
	}
	world.evidence.beacons.samples = samples;
	world.evidence.beacons.n = 600;
}

/* Names lead to node 0 and, from a second after the cut to the heal, to node 1. */
static void add_lookups(void)
{
	jw_add_lookups(&world, "authority", true);
	jw_add_lookups(&world, "resolver", false);
	for (int t = 0; t < END; t += 100) {
		unsigned node = t >= CUT + 1000 && t < HEAL;

		jw_lookup(&world, AUTHORITY, node, 5, t);
		jw_lookup(&world, RESOLVER, node, 5, t + 10);
	}
}

/* Three sweeps; the first finds one region behind. */
static void add_sweeps(void)
{
	jw_write(&world, 0, jw_ledger(0, 0), 77, 100, 110);
	for (unsigned sweep = 0; sweep < 3; sweep++) {
		for (unsigned r = 0; r < WORLD_REGIONS; r++)
			jw_read_back_in(&world, r, jw_ledger(0, 0),
				sweep || r ? jw_value(0, 77) : 0, 50000 + 1000 * sweep);
	}
	world.evidence.quiet_ns = 49000 * WORLD_MS;
}

static int set_up(void **state)
{
	(void)state;
	jw_init(&world);
	add_failover();
	add_beacons();
	add_lookups();
	add_sweeps();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	deaf_sabotage(NULL);
	jw_release(&world);
	return 0;
}

static const struct {
	enum metric_id metric;
	enum compare compare;
	double value;
	int from, to; /* regions */
} expectations[] = {
	{METRIC_FAILOVER_RTO, COMPARE_LT, 5 * S, -1, -1},
	{METRIC_FAILOVER_DETECT, COMPARE_LT, 5 * S, -1, -1},
	{METRIC_FAILOVER_PROMOTE, COMPARE_LT, 5 * S, -1, -1},
	{METRIC_FAILOVER_REDIRECT, COMPARE_LT, 5 * S, -1, -1},
	{METRIC_FAILOVER_FIRST_SUCCESS, COMPARE_LT, 5 * S, -1, -1},
	{METRIC_FAILBACK_TIME, COMPARE_LT, 5 * S, -1, -1},
	{METRIC_RTT, COMPARE_LT, 100 * MS, 0, 1},
	{METRIC_LOSS, COMPARE_LT, 0.05, 0, 1},
	{METRIC_DNS_SWITCH_TIME, COMPARE_LT, 5 * S, -1, -1},
	{METRIC_DNS_RETURN_TIME, COMPARE_LT, 5 * S, -1, -1},
	{METRIC_DNS_TTL_VIOLATIONS, COMPARE_EQ, 0, -1, -1},
	{METRIC_NEAREST_SHARE, COMPARE_GT, 0.3, -1, -1},
	{METRIC_CONVERGENCE_TIME, COMPARE_LT, 2500 * MS, -1, -1},
	{METRIC_AVAILABILITY_WINDOW, COMPARE_LT, 5 * S, -1, -1},
};
#define N (sizeof(expectations) / sizeof(*expectations))

static struct result_expect judge(size_t i)
{
	struct plan_expect e = jw_expectation(
		expectations[i].metric, expectations[i].compare, expectations[i].value);

	e.from = expectations[i].from;
	e.to = expectations[i].to;
	if (e.metric->stats & 1u << STAT_P90)
		e.stat = STAT_P90;
	return jw_expect(&world, &e);
}

static void what_is_timed_passes_and_says_what_it_would_not_have_passed_with(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct result_expect out = judge(i);
		const char *name = metrics[expectations[i].metric].name;

		if (out.verdict != VERDICT_PASS)
			fail_msg("%s: %s, %s", name, out.got, out.why);
		if (!out.note || !strstr(out.note, "spoiled"))
			fail_msg("%s: %s", name, out.note ? out.note : "no note");
	}
}

static void nothing_timed_passes_a_deaf_checker(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		const struct metric *metric = &metrics[expectations[i].metric];
		struct result_expect out;

		deaf_sabotage(metric->checker);
		out = judge(i);
		if (out.verdict != VERDICT_INCONCLUSIVE || !strstr(out.why, "operations spoiled"))
			fail_msg("%s: %s", metric->name, out.why);
	}
}

static void the_record_stays_as_it_was(void **state)
{
	struct role_mark marks_before[2];
	struct beacon_sample *before = test_malloc(sizeof(samples));

	(void)state;
	memcpy(before, samples, sizeof(samples));
	memcpy(marks_before, marks, sizeof(marks));
	for (size_t i = 0; i < N; i++)
		judge(i);
	assert_memory_equal(samples, before, sizeof(samples));
	assert_memory_equal(marks, marks_before, sizeof(marks));
	test_free(before);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(what_is_timed_passes_and_says_what_it_would_not_have_passed_with),
		T(nothing_timed_passes_a_deaf_checker),
		T(the_record_stays_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
