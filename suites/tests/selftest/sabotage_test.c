/*
 * Sabotage: whatever makes the evidence of a run worthless must not end in a pass.
 *
 * Short runs of one scenario, each spoiled in one way from outside of the program: its processes are
 * held or killed, frames are carried past its engine, its beacons are led astray, its engine or
 * driver does nothing. First all runs are made, a few side by side; then each is a test that looks at
 * verdicts and reasons. The unspoiled one passes.
 *
 * runner: timeout 240, alone
 */
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "suites/tests/helpers/live_run.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SCENARIO "suites/tests/selftest/sabotage.yaml"
#define MS NSEC_PER_MSEC
#define SIDE_BY_SIDE 3
#define NOT_SPOILED ".not-spoiled" /* a mark beside a run */
#define ARMED_AHEAD (150 * MS)     /* progress says "cut" so long before the cut */
#define CUT (2500 * MS)

enum { US_EAST, EU_WEST, AP_SOUTH };

struct sabotage {
	const char *name;
	const char *options[3];
	const char *scenario; /* NULL: SCENARIO */
	const char *variable; /* of the environment, for the scenario */
	bool (*spoil)(struct live_run *run);
};

static void wait_ns(uint64_t ns)
{
	clock_sleep_until_ns(clock_now_ns() + ns);
}

/* Until the cut has been in force for so long. */
static bool await_cut(struct live_run *run, uint64_t after_ns)
{
	bool seen = live_await(run, "partition us-east");

	wait_ns(ARMED_AHEAD + after_ns);
	return seen;
}

/* The beacons are the last to come up: the run's zero is less than half a second away. */
static bool await_beacons(struct live_run *run)
{
	uint64_t deadline = clock_now_ns() + 20 * NSEC_PER_SEC;

	for (unsigned region = US_EAST; region <= AP_SOUTH; region++) {
		while (!live_process(run, region, ADDR_HOST_BEACON)) {
			if (clock_now_ns() > deadline)
				return false;
			wait_ns(5 * MS);
		}
	}
	return true;
}

static bool acknowledge_without_effect(struct live_run *run)
{
	return await_cut(run, 20 * MS) && live_bypass(run, US_EAST, -1, LIVE_BOTH, CUT);
}

static bool filter_one_destination_too_few(struct live_run *run)
{
	return await_cut(run, 20 * MS) && live_bypass(run, US_EAST, AP_SOUTH, LIVE_BOTH, CUT);
}

static bool lift_half_way(struct live_run *run)
{
	return await_cut(run, CUT / 2) && live_bypass(run, US_EAST, -1, LIVE_BOTH, CUT / 2);
}

static bool leave_ipv6_open(struct live_run *run)
{
	return await_cut(run, 20 * MS) && live_bypass(run, US_EAST, -1, LIVE_IP6, CUT);
}

static bool switch_beacons_of_a_link_off(struct live_run *run)
{
	return await_beacons(run) &&
		live_mislead(run, US_EAST, ADDR_HOST_BEACON, EU_WEST, ADDR_HOST_BEACON);
}

static bool kill_beacon(struct live_run *run)
{
	return await_cut(run, CUT / 2) &&
		!kill(live_process(run, EU_WEST, ADDR_HOST_BEACON), SIGKILL);
}

static bool kill_prober(struct live_run *run)
{
	return await_cut(run, CUT / 2) &&
		!kill(live_process(run, EU_WEST, ADDR_HOST_PROBER), SIGKILL);
}

static bool hold_prober(const struct live_run *run, unsigned region, uint64_t length_ns)
{
	pid_t prober = live_process(run, region, ADDR_HOST_PROBER);
	bool held = prober && !kill(prober, SIGSTOP);

	wait_ns(length_ns);
	return held && !kill(prober, SIGCONT);
}

static bool hold_prober_after_the_cut(struct live_run *run)
{
	bool lifted = live_await(run, "lifted");

	wait_ns(500 * MS);
	return lifted && hold_prober(run, EU_WEST, NSEC_PER_SEC);
}

/* For longer than a failover may take. */
static bool hold_prober_in_the_cut(struct live_run *run)
{
	return await_cut(run, 0) && hold_prober(run, EU_WEST, 2300 * MS);
}

static bool hold_machine_after_the_cut(struct live_run *run)
{
	bool lifted = live_await(run, "lifted");

	wait_ns(500 * MS);
	live_hold(run, 600 * MS);
	return lifted;
}

static bool hold_machine_in_the_cut(struct live_run *run)
{
	bool cut = await_cut(run, 300 * MS);

	live_hold(run, 600 * MS);
	return cut;
}

static const struct sabotage sabotages[] = {
	{.name = "none"},
	{.name = "engine-null", .options = {"--engine=null"}},
	{.name = "no-effect", .spoil = acknowledge_without_effect},
	{.name = "wrong-filter", .spoil = filter_one_destination_too_few},
	{.name = "half-way", .spoil = lift_half_way},
	{.name = "ipv6-open", .spoil = leave_ipv6_open},
	{.name = "beacons-off", .spoil = switch_beacons_of_a_link_off},
	{.name = "beacon-killed", .spoil = kill_beacon},
	{.name = "prober-killed", .spoil = kill_prober},
	{.name = "prober-held-after", .spoil = hold_prober_after_the_cut},
	{.name = "prober-held-in-cut", .spoil = hold_prober_in_the_cut},
	{.name = "machine-held-after", .spoil = hold_machine_after_the_cut},
	{.name = "machine-held-in-cut", .spoil = hold_machine_in_the_cut},
	{.name = "little-evidence", .variable = "MIN_READS=715"},
	{.name = "driver-null", .scenario = "no-demand.yaml", .options = {"--share=share-null"}},
	{.name = "islands", .scenario = "no-demand.yaml", .options = {"--share=share-islands"}},
};

/* ---- the runs -------------------------------------------------------------------------------- */

/* A copy that differs in one piece of text. */
static void copy_changed(
	const char *from_path, const char *to_path, const char *text, const char *instead)
{
	struct buf from = {0}, to = {0};
	const char *at;
	struct err err;

	if (buf_read_file(&from, from_path, 1 << 20, &err))
		abort();
	at = strstr(buf_str(&from), text);
	if (!at)
		abort();
	buf_add(&to, from.data, (size_t)(at - from.data));
	buf_puts(&to, instead);
	buf_puts(&to, at + strlen(text));
	if (buf_write_file(&to, to_path, &err))
		abort();
	buf_release(&from);
	buf_release(&to);
}

static void write_recipe(const char *share, const char *text, const char *instead)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/systems", share);
	if (mkdir(share, 0755) || mkdir(path, 0755))
		abort();
	snprintf(path, sizeof(path), "%s/systems/region-store.yaml", share);
	copy_changed("fixtures/systems/region-store.yaml", path, text, instead);
}

static _Noreturn void make_run(const struct sabotage *sabotage)
{
	struct live_run run;
	char mark[64];
	bool spoiled;

	if (sabotage->variable)
		putenv((char *)(uintptr_t)sabotage->variable);
	live_start(&run, sabotage->name, sabotage->scenario ? sabotage->scenario : SCENARIO,
		sabotage->options);
	spoiled = !sabotage->spoil || sabotage->spoil(&run);
	live_finish(&run);
	snprintf(mark, sizeof(mark), "%s" NOT_SPOILED, sabotage->name);
	if (!spoiled && mkdir(mark, 0755))
		abort();
	_exit(0);
}

static int make_all_runs(void **state)
{
	size_t n = sizeof(sabotages) / sizeof(*sabotages);

	(void)state;
	if (live_skip_reason())
		return 0;
	copy_changed(SCENARIO, "no-demand.yaml", "    demand-version: yes\n", "");
	write_recipe("share-null", "driver: http-kv", "driver: null");
	write_recipe("share-islands", "--peers={peers}", "--peers={node}={address}:{port}");
	for (size_t i = 0, next; i < n; i = next) {
		next = i ? i + SIDE_BY_SIDE : 1; /* the unspoiled one has the machine to itself */
		for (size_t k = i; k < n && k < next; k++) {
			if (fork() == 0)
				make_run(&sabotages[k]);
		}
		while (wait(NULL) > 0)
			;
	}
	return 0;
}

/* ---- what is asked of them ------------------------------------------------------------------- */

static void skip_because(const char *why)
{
	print_message("%s\n", why);
	skip();
}

/* Why others on this machine spoiled the run more than we did; NULL: they did not. */
static const char *disturbance(const struct jv *result)
{
	const struct jv *all = jv_get(result, "expectations");
	const char *error = jv_str(jv_get(result, "error"), NULL);

	for (size_t i = 0; !error && i < jv_count(all); i++) {
		const char *why = jv_str(jv_get(jv_at(all, i), "why"), "");

		if (strstr(why, "overlap a stall"))
			error = why;
	}
	return error;
}

/* The unspoiled run has the machine to itself: nothing excuses it. Those that hold somebody want to be
 * disturbed. */
static bool may_be_disturbed(const char *name)
{
	return strcmp(name, "none") && !strstr(name, "-held-");
}

static struct jv *result_of(const char *name)
{
	struct jv *result;
	char mark[64];

	if (live_skip_reason())
		skip_because(live_skip_reason());
	snprintf(mark, sizeof(mark), "%s" NOT_SPOILED, name);
	result = live_result(name);
	if (!result)
		fail_msg("run '%s' left no result", name);
	if (may_be_disturbed(name) && disturbance(result))
		skip_because(disturbance(result));
	if (jv_str(jv_get(result, "error"), NULL) && strcmp(name, "none"))
		skip_because(jv_str(jv_get(result, "error"), ""));
	if (!access(mark, F_OK))
		fail_msg("run '%s' was not spoiled", name);
	return result;
}

/* The verdict on a metric, and that text in its reason (NULL: none is asked for). */
static void assert_verdict(
	const struct jv *result, const char *metric, const char *verdict, const char *why)
{
	const struct jv *expect = live_expect(result, metric);
	const char *is = jv_str(jv_get(expect, "verdict"), "missing");
	const char *reason = jv_str(jv_get(expect, "why"), "");

	if (strcmp(is, verdict) || (why && !strstr(reason, why)))
		fail_msg("%s is %s (%s) and should be %s (%s)", metric, is, reason, verdict,
			why ? why : "");
}

static const char *const of_the_cut[] = {
	"read_your_writes.violations", "writes.lost", "failover.rto", "availability"};

static void assert_of_the_cut(const char *name, const char *verdict, const char *why)
{
	struct jv *result = result_of(name);

	for (size_t i = 0; i < sizeof(of_the_cut) / sizeof(*of_the_cut); i++)
		assert_verdict(result, of_the_cut[i], verdict, why);
	assert_int_not_equal(jv_int(jv_get(result, "exit_code"), 0), 0);
	jv_free(result);
}

static void assert_one(const char *name, const char *metric, const char *verdict, const char *why)
{
	struct jv *result = result_of(name);

	assert_verdict(result, metric, verdict, why);
	jv_free(result);
}

static void unspoiled_run_passes(void **state)
{
	struct jv *result = result_of("none");

	(void)state;
	for (size_t i = 0; i < sizeof(of_the_cut) / sizeof(*of_the_cut); i++)
		assert_verdict(result, of_the_cut[i], "pass", NULL);
	assert_verdict(result, "latency", "pass", NULL);
	assert_int_equal(jv_int(jv_get(result, "exit_code"), -1), 0);
	jv_free(result);
}

static void engine_that_reads_back_nothing_is_void(void **state)
{
	(void)state;
	assert_of_the_cut("engine-null", "void", "'cut'");
}

static void fault_acknowledged_without_effect_is_void(void **state)
{
	(void)state;
	assert_of_the_cut("no-effect", "void", "'cut'");
}

static void fault_that_spares_one_link_is_void(void **state)
{
	(void)state;
	assert_of_the_cut("wrong-filter", "void", "us-east -> ap-south");
}

static void fault_lifted_half_way_is_void(void **state)
{
	(void)state;
	assert_of_the_cut("half-way", "void", "packets sent from");
}

static void fault_that_leaves_ipv6_open_is_void(void **state)
{
	(void)state;
	assert_of_the_cut("ipv6-open", "void", "IPv6, unlike IPv4");
}

static void link_without_beacons_is_void(void **state)
{
	(void)state;
	assert_of_the_cut("beacons-off", "void", "us-east -> eu-west");
}

static void dead_beacon_is_void(void **state)
{
	(void)state;
	assert_of_the_cut("beacon-killed", "void", "beacons");
}

static void dead_prober_is_inconclusive(void **state)
{
	(void)state;
	assert_of_the_cut("prober-killed", "inconclusive", NULL);
	assert_one("prober-killed", "failover.rto", "inconclusive", "the prober of eu-west ended");
}

static void latency_of_a_held_prober_is_inconclusive(void **state)
{
	(void)state;
	assert_one("prober-held-after", "latency", "inconclusive", "stall");
}

static void failover_seen_by_a_held_prober_is_inconclusive(void **state)
{
	(void)state;
	assert_one("prober-held-in-cut", "failover.rto", "inconclusive", NULL);
}

static void latency_on_a_held_machine_is_inconclusive(void **state)
{
	(void)state;
	assert_one("machine-held-after", "latency", "inconclusive", "stall");
}

static void fault_on_a_held_machine_is_void(void **state)
{
	(void)state;
	assert_of_the_cut("machine-held-in-cut", "void", "overlap a stall");
}

static void too_few_reads_are_inconclusive(void **state)
{
	(void)state;
	assert_one("little-evidence", "latency", "inconclusive", "and the evidence asks for 715");
	assert_one("little-evidence", "writes.lost", "pass", NULL);
}

static void driver_that_never_asks_is_inconclusive(void **state)
{
	(void)state;
	assert_of_the_cut("driver-null", "inconclusive", "without asking");
	assert_one("driver-null", "latency", "inconclusive", "without asking");
}

static void system_that_uses_no_link_is_void(void **state)
{
	(void)state;
	assert_of_the_cut("islands", "void", "was not exercised");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unspoiled_run_passes),
		cmocka_unit_test(engine_that_reads_back_nothing_is_void),
		cmocka_unit_test(fault_acknowledged_without_effect_is_void),
		cmocka_unit_test(fault_that_spares_one_link_is_void),
		cmocka_unit_test(fault_lifted_half_way_is_void),
		cmocka_unit_test(fault_that_leaves_ipv6_open_is_void),
		cmocka_unit_test(link_without_beacons_is_void),
		cmocka_unit_test(dead_beacon_is_void),
		cmocka_unit_test(dead_prober_is_inconclusive),
		cmocka_unit_test(latency_of_a_held_prober_is_inconclusive),
		cmocka_unit_test(failover_seen_by_a_held_prober_is_inconclusive),
		cmocka_unit_test(latency_on_a_held_machine_is_inconclusive),
		cmocka_unit_test(fault_on_a_held_machine_is_void),
		cmocka_unit_test(too_few_reads_are_inconclusive),
		cmocka_unit_test(driver_that_never_asks_is_inconclusive),
		cmocka_unit_test(system_that_uses_no_link_is_void),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_all_runs, NULL);
}
