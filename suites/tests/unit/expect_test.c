#include "suites/tests/helpers/judge_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define K jw_register(1)

static struct judge_world world;

static int set_up(void **state)
{
	(void)state;
	jw_init(&world);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	jw_release(&world);
	return 0;
}

static struct result_expect expect(enum metric_id metric, enum compare compare, double value)
{
	struct plan_expect e = jw_expectation(metric, compare, value);

	return jw_expect(&world, &e);
}

static struct result_expect expect_ryw(void)
{
	return expect(METRIC_READ_YOUR_WRITES, COMPARE_EQ, 0);
}

/* Sessions that write and read elsewhere at once; every bad_every-th read misses the write. */
static void write_then_read(int n, int bad_every)
{
	jw_tick(&world, 1, n * 100 + 1000, 60);
	for (int i = 1; i <= n; i++) {
		bool bad = bad_every && i % bad_every == 0;

		jw_write(&world, 0, K, (uint64_t)i, i * 100, i * 100 + 10);
		jw_read(&world, 0, K, 0, (uint64_t)(bad ? i - 1 : i), i * 100 + 20, i * 100 + 25)
			->node = 1;
	}
}

static void nothing_measured_is_inconclusive(void **state)
{
	struct result_expect out;

	(void)state;
	for (int m = 0; m < METRICS; m++) {
		if (!checker_find(metrics[m].checker))
			continue;
		out = expect((enum metric_id)m, COMPARE_LE, 1e18);
		assert_int_equal(out.verdict, VERDICT_INCONCLUSIVE);
		assert_string_equal(out.got, "-");
		assert_non_null(out.why);
	}
}

static void silence_over_enough_trials_passes_and_says_what_it_is_worth(void **state)
{
	struct result_expect out;

	(void)state;
	write_then_read(50, 0);
	out = expect_ryw();
	assert_int_equal(out.verdict, VERDICT_PASS);
	assert_string_equal(out.got, "0");
	assert_string_equal(out.wanted, "== 0");
	assert_string_equal(out.n_what, "effective trials");
	assert_non_null(strstr(out.note, "planted violations: 20 of 20 found"));
}

/* A value is no dirty read where its write was called only after the read: then it is thin air. */
static void late_failed_write_does_not_spoil_the_planted_dirty_reads(void **state)
{
	struct result_expect out;

	(void)state;
	write_then_read(50, 0);
	jw_write(&world, 0, K, 51, 4000, 4010)->state = OP_FAIL;
	out = expect(METRIC_DIRTY_READS, COMPARE_EQ, 0);
	assert_int_equal(out.verdict, VERDICT_PASS);
	assert_non_null(strstr(out.note, "planted violations: 20 of 20 found"));
}

static void violation_fails_with_its_witness(void **state)
{
	struct result_expect out;

	(void)state;
	write_then_read(50, 25);
	out = expect_ryw();
	assert_int_equal(out.verdict, VERDICT_FAIL);
	assert_string_equal(out.got, "2");
	assert_int_equal(out.n_witnesses, 2);
	assert_int_equal(out.witnesses[0].n_ops, 3);
	assert_string_equal(
		out.witnesses[0].ops[2].text, "read register:1 = v24, answered by eu-west/store");
	assert_string_equal(out.witnesses[0].ops[1].text,
		"wrote register:1 = v25, acknowledged by us-east/store");
	assert_string_equal(out.witnesses[0].ops[0].session, "us-east/0");
}

static void violation_fails_whatever_the_certificate_says(void **state)
{
	(void)state;
	jw_fault(&world, "cut", 1000, 2000);
	world.evidence.faults[0].certificate.status = CERTIFICATE_NOT_IN_FORCE;
	write_then_read(50, 25);
	assert_int_equal(expect_ryw().verdict, VERDICT_FAIL);
}

static void fault_not_in_force_voids_what_depends_on_it(void **state)
{
	static const enum certificate_status bad[] = {CERTIFICATE_NOT_IN_FORCE, CERTIFICATE_PARTIAL,
		CERTIFICATE_NO_DATA, CERTIFICATE_NOT_EXERCISED};
	struct plan_expect steady = jw_expectation(METRIC_READ_YOUR_WRITES, COMPARE_EQ, 0);

	(void)state;
	jw_fault(&world, "cut", 1000, 2000);
	steady.phase = jw_phase(&world, "steady", PHASE_WATCH, 0, 1000);
	write_then_read(50, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct result_expect out;

		world.evidence.faults[0].certificate.status = bad[i];
		out = expect_ryw();
		assert_int_equal(out.verdict, VERDICT_VOID);
		assert_non_null(strstr(out.why, "'cut'"));
		assert_int_equal(jw_expect(&world, &steady).verdict, VERDICT_PASS);
	}
}

static void what_hangs_on_a_declared_fault_says_so(void **state)
{
	struct plan_expect steady = jw_expectation(METRIC_READ_YOUR_WRITES, COMPARE_EQ, 0);
	struct result_expect out;

	(void)state;
	jw_fault(&world, "cut", 1000, 2000);
	steady.phase = jw_phase(&world, "steady", PHASE_WATCH, 0, 1000);
	write_then_read(50, 0);
	world.evidence.faults[0].certificate.status = CERTIFICATE_DECLARED;
	out = expect_ryw();
	assert_int_equal(out.verdict, VERDICT_PASS);
	assert_non_null(out.note);
	assert_non_null(strstr(out.note, "'cut' was declared by the user, not proven by packets"));
	out = jw_expect(&world, &steady);
	assert_true(!out.note || !strstr(out.note, "declared"));
	world.evidence.faults[0].certificate.status = CERTIFIED;
	out = expect_ryw();
	assert_true(!out.note || !strstr(out.note, "declared"));
}

static void one_stage_not_in_force_voids_the_whole_phase(void **state)
{
	struct plan_expect in_flap = jw_expectation(METRIC_READ_YOUR_WRITES, COMPARE_EQ, 0);
	struct result_expect out;

	(void)state;
	in_flap.phase = jw_fault(&world, "flaky/1", 1000, 2000);
	jw_fault(&world, "flaky/2", 3000, 4000);
	world.plan.phases[in_flap.phase].last_fault = 1;
	world.evidence.phases[in_flap.phase].end_ns = 4000 * WORLD_MS;
	write_then_read(50, 0);
	assert_int_equal(jw_expect(&world, &in_flap).verdict, VERDICT_PASS);
	world.evidence.faults[1].certificate.status = CERTIFICATE_NOT_IN_FORCE;
	out = jw_expect(&world, &in_flap);
	assert_int_equal(out.verdict, VERDICT_VOID);
	assert_non_null(strstr(out.why, "'flaky/2'"));
}

static void too_little_evidence_is_inconclusive(void **state)
{
	(void)state;
	write_then_read(50, 0);
	world.plan.evidence.min_reads = 51;
	assert_int_equal(expect_ryw().verdict, VERDICT_INCONCLUSIVE);
	world.plan.evidence.min_reads = 50;
	assert_int_equal(expect_ryw().verdict, VERDICT_PASS);
	world.plan.evidence.min_samples = 51;
	assert_int_equal(expect_ryw().verdict, VERDICT_INCONCLUSIVE);
}

static void witness_in_a_stall_is_inconclusive(void **state)
{
	struct stall stall = {.at_ns = 1000 * WORLD_MS, .length_ns = 4000 * WORLD_MS};

	(void)state;
	write_then_read(50, 50); /* the only bad read at 5.0 s: outside */
	world.evidence.stalls = (struct stalls){.stalls = &stall, .n = 1};
	assert_int_equal(expect_ryw().verdict, VERDICT_FAIL);
	stall.length_ns = 5000 * WORLD_MS;
	world.evidence.index = NULL;
	assert_int_equal(expect_ryw().verdict, VERDICT_INCONCLUSIVE);
}

/* The writer waited for a node of another region, on the same machine. */
static void stall_of_another_region_taints_as_well(void **state)
{
	struct stall stall = {.at_ns = 1000 * WORLD_MS, .length_ns = 5000 * WORLD_MS, .region = 2};

	(void)state;
	write_then_read(50, 25);
	world.evidence.stalls = (struct stalls){.stalls = &stall, .n = 1};
	assert_int_equal(expect_ryw().verdict, VERDICT_INCONCLUSIVE);
}

/* What a prober lived through says nothing about others. */
static void held_prober_taints_its_own_region_only(void **state)
{
	struct stall held = {.at_ns = 1000 * WORLD_MS, .length_ns = 5000 * WORLD_MS, .region = 2};

	(void)state;
	write_then_read(50, 25);
	world.evidence.prober_stalls = (struct stalls){.stalls = &held, .n = 1};
	assert_int_equal(expect_ryw().verdict, VERDICT_FAIL);
	held.region = 0;
	world.evidence.index = NULL;
	assert_int_equal(expect_ryw().verdict, VERDICT_INCONCLUSIVE);
}

static void clients_that_did_not_ask_prove_nothing(void **state)
{
	uint64_t packets[] = {0, UINT64_MAX, UINT64_MAX};

	(void)state;
	write_then_read(50, 0);
	for (size_t i = 0; i < world.n_ops; i++) /* one for each answer */
		packets[0] += world.ops[i].region == 0;
	world.evidence.prober_packets = packets;
	assert_int_equal(expect_ryw().verdict, VERDICT_PASS);
	packets[0]--;
	assert_int_equal(expect_ryw().verdict, VERDICT_INCONCLUSIVE);
}

static void percentile_that_hangs_on_a_stall_is_inconclusive(void **state)
{
	struct stall stall = {.at_ns = 900 * WORLD_MS, .length_ns = 300 * WORLD_MS};
	struct plan_expect e = jw_expectation(METRIC_LATENCY, COMPARE_LT, 100e6);

	(void)state;
	e.stat = STAT_MAX;
	for (int i = 0; i < 100; i++)
		jw_read(&world, 0, K, 0, 0, i * 10 + 1, i * 10 + (i == 99 ? 200 : 5));
	world.evidence.stalls = (struct stalls){.stalls = &stall, .n = 1};
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_INCONCLUSIVE);
	world.evidence.stalls.n = 0;
	world.evidence.index = NULL;
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_FAIL);
}

static void failure_on_a_starved_machine_is_inconclusive(void **state)
{
	struct pressure short_of = {.at_ns = 0, .length_ns = 2000 * WORLD_MS};
	struct plan_expect e = jw_expectation(METRIC_LATENCY, COMPARE_LT, 100e6);

	(void)state;
	e.stat = STAT_MAX;
	for (int i = 0; i < 100; i++)
		jw_read(&world, 0, K, 0, 0, i * 10 + 1, i * 10 + (i == 99 ? 200 : 5));
	world.evidence.pressures = (struct pressures){.items = &short_of, .n = 1};
	short_of.some_ns = 1500 * WORLD_MS;
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_FAIL);
	short_of.some_ns = 1900 * WORLD_MS;
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_INCONCLUSIVE);
	e.value = 300e6;
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_PASS);
}

static void no_lack_of_processors_excuses_a_violation(void **state)
{
	struct pressure short_of = {
		.at_ns = 0, .length_ns = 9000 * WORLD_MS, .some_ns = 9000 * WORLD_MS};

	(void)state;
	write_then_read(50, 50);
	world.evidence.pressures = (struct pressures){.items = &short_of, .n = 1};
	assert_int_equal(expect_ryw().verdict, VERDICT_FAIL);
}

static void accidents_are_inconclusive(void **state)
{
	struct death death = {.what = DEATH_PROBER, .region = 1, .at_ns = 100 * WORLD_MS};

	(void)state;
	write_then_read(50, 0);
	world.evidence.suspended = true;
	assert_int_equal(expect_ryw().verdict, VERDICT_INCONCLUSIVE);
	world.evidence.suspended = false;
	world.evidence.deaths = &death;
	world.evidence.n_deaths = 1;
	assert_int_equal(expect_ryw().verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(expect_ryw().why, "prober of eu-west"));
	death.what = DEATH_NODE; /* that is the system's own affair */
	assert_int_equal(expect_ryw().verdict, VERDICT_PASS);
}

static void comparison_decides_last(void **state)
{
	struct plan_expect e = jw_expectation(METRIC_LATENCY, COMPARE_LT, 100e6);

	(void)state;
	e.stat = STAT_P50;
	for (int i = 0; i < 100; i++)
		jw_read(&world, 0, K, 0, 0, i * 10 + 1, i * 10 + 51);
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_PASS);
	assert_string_equal(jw_expect(&world, &e).got, "50.0 ms");
	assert_string_equal(jw_expect(&world, &e).wanted, "< 100 ms");
	e.has_warn = true;
	e.warn_compare = COMPARE_LT;
	e.warn_value = 40e6;
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_WARN);
	e.warn_compare = COMPARE_GT;
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_WARN);
	e.warn_value = 60e6;
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_PASS);
	e.value = 50e6;
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_FAIL);
	e.has_warn = false;
	e.compare = COMPARE_GE;
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_PASS);
}

static void claims_need_independent_blocks(void **state)
{
	struct plan_expect e = jw_expectation(METRIC_LATENCY, COMPARE_LT, 100e6);

	(void)state;
	e.stat = STAT_P95;
	e.confidence = 0.95;
	for (int i = 0; i < 58; i++)
		jw_read(&world, 0, K, 0, 0, i * 10 + 1, i * 10 + 11);
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_INCONCLUSIVE);
	for (int i = 58; i < 400; i++)
		jw_read(&world, 0, K, 0, 0, i * 10 + 1, i * 10 + 11);
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_PASS);
	e.value = 5e6;
	assert_int_equal(jw_expect(&world, &e).verdict, VERDICT_FAIL);
}

static void no_silence_proves_a_zero(void **state)
{
	struct plan_expect e = jw_expectation(METRIC_READ_YOUR_WRITES, COMPARE_EQ, 0);
	struct result_expect out;

	(void)state;
	write_then_read(50, 0);
	e.confidence = 0.95;
	out = jw_expect(&world, &e);
	assert_int_equal(out.verdict, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(out.why, "at most 5.82 %"));
}

static void unknown_outcomes_never_fail(void **state)
{
	(void)state;
	write_then_read(50, 0);
	for (int i = 60; i < 90; i++) {
		jw_write(&world, 0, K, (uint64_t)i, i * 100, i * 100 + 50)->state = OP_UNKNOWN;
		jw_read(&world, 0, K, 0, 50, i * 100 + 60, i * 100 + 70)->node = 1;
	}
	assert_int_equal(expect_ryw().verdict, VERDICT_PASS);
}

static void whole_run_is_judged_and_grouped(void **state)
{
	struct plan_expect e[3] = {jw_expectation(METRIC_READ_YOUR_WRITES, COMPARE_EQ, 0),
		jw_expectation(METRIC_MONOTONIC_READS, COMPARE_EQ, 0),
		jw_expectation(METRIC_LATENCY, COMPARE_LT, 1e9)};
	struct result out = {0};

	(void)state;
	e[2].stat = STAT_MAX;
	jw_fault(&world, "cut", 1000, 2000);
	jw_write(&world, 0, K, 1, 1, 10);
	jw_write(&world, 0, K, 2, 20, 30);
	jw_read(&world, 0, K, 0, 2, 40, 50);
	jw_read(&world, 0, K, 0, 1, 60, 70);
	world.plan.expects = e;
	world.plan.n_expects = 3;
	jw_seal(&world);
	expect_judge_run(&world.arena, &world.evidence, &out);
	assert_int_equal(out.n_expects, 3);
	assert_int_equal(out.expects[0].verdict, VERDICT_FAIL);
	assert_int_equal(out.expects[1].verdict, VERDICT_FAIL);
	assert_non_null(strstr(
		out.expects[1].note, "the same 1 operations as in 'read_your_writes.violations'"));
	assert_int_equal(out.expects[2].verdict, VERDICT_PASS);
	assert_int_equal(out.n_faults, 1);
	assert_string_equal(out.faults[0].status, "certified");
	assert_int_equal(out.n_phases, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_measured_is_inconclusive),
		T(silence_over_enough_trials_passes_and_says_what_it_is_worth),
		T(late_failed_write_does_not_spoil_the_planted_dirty_reads),
		T(violation_fails_with_its_witness),
		T(violation_fails_whatever_the_certificate_says),
		T(fault_not_in_force_voids_what_depends_on_it),
		T(what_hangs_on_a_declared_fault_says_so),
		T(one_stage_not_in_force_voids_the_whole_phase),
		T(too_little_evidence_is_inconclusive),
		T(witness_in_a_stall_is_inconclusive),
		T(stall_of_another_region_taints_as_well),
		T(held_prober_taints_its_own_region_only),
		T(clients_that_did_not_ask_prove_nothing),
		T(percentile_that_hangs_on_a_stall_is_inconclusive),
		T(failure_on_a_starved_machine_is_inconclusive),
		T(no_lack_of_processors_excuses_a_violation),
		T(accidents_are_inconclusive),
		T(comparison_decides_last),
		T(claims_need_independent_blocks),
		T(no_silence_proves_a_zero),
		T(unknown_outcomes_never_fail),
		T(whole_run_is_judged_and_grouped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
