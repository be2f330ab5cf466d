/*
 * Delays asked against measured, the same cases for every engine: constant ones, jitter of every shape,
 * measured percentiles and a recorded trace.
 *
 *     engine_delay [ENGINE ...]      default: every engine that works here, but null
 *
 * A busy machine only ever adds delay, so the best of some attempts is what the engine does, and not
 * one attempt may fall short. What a table of delays says of a share of all packets is compared where
 * that share may lie by chance: Z deviations of the rank, about one false alarm in 10^6.
 *
 * runner: timeout 120, alone
 */
#include "chaos/percentiles.h"
#include "chaos/trace.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "suites/tests/helpers/engine_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define Z 4.9
#define MS NSEC_PER_MSEC
/* Half a millisecond of a machine that does other things as well; bench_wire measures closer. */
#define DELAY_SLACK_NS (MS / 2)
#define ATTEMPTS 8
#define PACKETS 3000

/* --- delay -------------------------------------------------------------------------------------- */

static bool delay_is(struct net_lab *lab, int family, uint64_t delay_ns)
{
	struct net_stream s = case_stream(lab, family, 300);
	uint64_t p50;

	net_stream_run(&s);
	p50 = net_stream_delay_ns(&s, 0.5);
	print_message("# %s %s: asked %.1f ms, p50 %.3f ms, p99 %.3f ms\n", case_engine->name,
		case_family_name(family), (double)delay_ns / 1e6, (double)p50 / 1e6,
		(double)net_stream_delay_ns(&s, 0.99) / 1e6);
	assert_int_equal(s.received, s.n);
	assert_true(net_stream_delay_ns(&s, 0) >= delay_ns);
	net_stream_release(&s);
	return p50 <= delay_ns + DELAY_SLACK_NS;
}

static void check_delay(uint64_t delay_ns)
{
	struct net_lab lab;

	case_up(&lab);
	net_lab_impair(&lab, 0, 1, (struct impairment){.delay_ns = delay_ns});
	for (int i = 0; i < 2; i++) {
		int attempts = ATTEMPTS;

		while (attempts && !delay_is(&lab, case_families[i], delay_ns))
			attempts--;
		assert_true(attempts > 0);
	}
	net_lab_down(&lab);
}

static void delay_of_1_ms_is_1_ms(void **state)
{
	(void)state;
	check_delay(1 * MS);
}

static void delay_of_40_ms_is_40_ms(void **state)
{
	(void)state;
	check_delay(40 * MS);
}

static void delay_of_150_ms_is_150_ms(void **state)
{
	(void)state;
	check_delay(150 * MS);
}

/* --- jitter ------------------------------------------------------------------------------------- */

struct spread {
	double mean, deviation;
	size_t out_of_order;
};

static struct spread spread_of(struct net_lab *lab, int family, struct impairment imp)
{
	struct net_stream s = case_stream(lab, family, PACKETS);
	struct spread out;

	net_lab_impair(lab, 0, 1, imp);
	s.interval_ns = MS / 4;
	net_stream_run(&s);
	assert_int_equal(s.received, s.n);
	out = (struct spread){
		net_stream_delay_mean_ns(&s), net_stream_delay_deviation_ns(&s), s.out_of_order};
	net_stream_release(&s);
	return out;
}

/* Mean and deviation against those of the delay alone: the machine's own lateness is in both, its
 * variance adds. Half a millisecond and a fifth are for what changes between the two. */
static bool jitter_is(
	struct net_lab *lab, int family, const struct impairment *imp, const struct spread *noise)
{
	struct spread all = spread_of(lab, family, *imp);
	double deviation, jitter = (double)imp->jitter_ns;

	deviation = sqrt(fmax(pow(all.deviation, 2) - pow(noise->deviation, 2), 0));
	print_message("# %s %s: jitter asked 5 ms, deviation %.2f ms, mean %+.2f ms (noise %.2f)\n",
		case_engine->name, case_family_name(family), deviation / 1e6,
		(all.mean - noise->mean) / 1e6, noise->deviation / 1e6);
	assert_true(all.out_of_order > 0);
	return fabs(all.mean - noise->mean) < 0.5e6 + Z * jitter / sqrt(PACKETS) &&
		fabs(deviation - jitter) < 0.2 * jitter;
}

static void jitter_has_the_stated_deviation_and_may_reorder(void **state)
{
	static const uint64_t shapes[] = {
		DISTRIBUTION_NORMAL, DISTRIBUTION_PARETO, DISTRIBUTION_PARETONORMAL};
	struct spread noise;
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	noise = spread_of(&lab, AF_INET, (struct impairment){.delay_ns = 40 * MS});
	for (size_t i = 0; i < 3; i++) {
		struct impairment imp = {.delay_ns = 40 * MS,
			.jitter_ns = 5 * MS,
			.distribution = shapes[i],
			.reorder = 1};
		int family = case_families[i % 2], attempts = ATTEMPTS;

		while (attempts && !jitter_is(&lab, family, &imp, &noise)) {
			noise = spread_of(
				&lab, family, (struct impairment){.delay_ns = imp.delay_ns});
			attempts--;
		}
		assert_true(attempts > 0);
	}
	net_lab_down(&lab);
}

static void jitter_keeps_the_order_unless_told_otherwise(void **state)
{
	struct net_lab lab;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, (struct impairment){.delay_ns = 20 * MS, .jitter_ns = 5 * MS});
	for (int i = 0; i < 2; i++) {
		struct net_stream s = case_stream(&lab, case_families[i], 500);

		net_stream_run(&s);
		assert_int_equal(s.received, s.n);
		assert_int_equal(s.out_of_order, 0);
		assert_true(net_stream_delay_deviation_ns(&s) > 1e6);
		net_stream_release(&s);
	}
	net_lab_down(&lab);
}

/* --- tables of measured delays ------------------------------------------------------------------ */

/* A measured distribution: points in ascending order, evenly spread between two of them. */
struct measured {
	struct percentile points[600];
	size_t n;
};

static double asked_ns(const struct measured *m, double percent)
{
	size_t i = 1;

	if (percent <= m->points[0].at)
		return (double)m->points[0].delay_ns;
	while (i < m->n && m->points[i].at < percent)
		i++;
	if (i == m->n)
		return (double)m->points[i - 1].delay_ns;
	return (double)m->points[i - 1].delay_ns +
		(percent - m->points[i - 1].at) / (m->points[i].at - m->points[i - 1].at) *
		((double)m->points[i].delay_ns - (double)m->points[i - 1].delay_ns);
}

/* None right below the jump of the trace: there a few packets that the machine holds up move it far. */
static const double percents[] = {5, 10, 25, 50, 60, 90, 95, 99};
#define N_PERCENTS (sizeof(percents) / sizeof(*percents))

/* A percent of the delay is for the quantiles between which an impairment draws straight lines. */
static bool percentile_is(const struct net_stream *s, const struct measured *m, double percent)
{
	double share = percent / 100, ranks = 100 * Z * sqrt(share * (1 - share) / PACKETS);
	double seen = (double)net_stream_delay_ns(s, share);

	print_message("# %s %s: p%g asked %.2f ms, measured %.2f ms\n", case_engine->name,
		case_family_name(s->family), percent, asked_ns(m, percent) / 1e6, seen / 1e6);
	assert_true(seen >= 0.99 * asked_ns(m, percent - ranks));
	return seen <= 1.01 * asked_ns(m, percent + ranks) + DELAY_SLACK_NS;
}

/* Tries once more; true when all of them have been met. */
static bool percentiles_are(
	struct net_lab *lab, int family, const struct measured *m, bool met[N_PERCENTS])
{
	struct net_stream s = case_stream(lab, family, PACKETS);
	bool all = true;

	s.interval_ns = MS / 4;
	net_stream_run(&s);
	assert_int_equal(s.received, s.n);
	for (size_t i = 0; i < N_PERCENTS; i++) {
		met[i] = percentile_is(&s, m, percents[i]) || met[i];
		all = all && met[i];
	}
	net_stream_release(&s);
	return all;
}

static void check_measured(int family, const struct measured *m, struct impairment imp)
{
	bool met[N_PERCENTS] = {false};
	int attempts = ATTEMPTS;
	struct net_lab lab;

	imp.reorder = 1; /* in order, a late packet would hold up those behind it */
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, imp);
	while (attempts && !percentiles_are(&lab, family, m, met))
		attempts--;
	assert_true(attempts > 0);
	net_lab_down(&lab);
}

static void measured_percentiles_are_met(void **state)
{
	static const struct measured table = {
		.points = {{1, 20 * MS}, {25, 24 * MS}, {50, 30 * MS}, {90, 45 * MS}, {99, 90 * MS},
			{99.9, 140 * MS}},
		.n = 6};
	struct impairment imp = {0};
	struct err err;

	(void)state;
	if (percentiles_set(table.points, table.n, &imp, &err))
		fail_msg("%s", err.text);
	check_measured(AF_INET, &table, imp);
}

/* Two ways that packets took, 81 of 100 the short one. No mean and deviation tell that. (Between quantiles,
 * at 80 and at 85 of 100, the jump is a slope.) */
static void a_recorded_trace_of_two_paths_is_met(void **state)
{
	static struct measured halves;
	struct impairment imp = {0};
	struct buf text = {0};
	struct err err;

	(void)state;
	halves.n = 500;
	for (size_t i = 0; i < halves.n; i++) {
		double rtt_ms = i < 405 ? 40 + 0.01 * (double)i : 100 + 0.1 * (double)(i - 405);

		halves.points[i] = (struct percentile){
			100 * ((double)i + 0.5) / 500, (uint64_t)(rtt_ms / 2 * 1e6)};
		buf_printf(&text, "64 bytes from 192.0.2.7: icmp_seq=%zu ttl=57 time=%.2f ms\n", i,
			rtt_ms);
	}
	if (trace_set(buf_str(&text), true, &imp, NULL, &err))
		fail_msg("%s", err.text);
	buf_release(&text);
	check_measured(AF_INET6, &halves, imp);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(delay_of_1_ms_is_1_ms),
		cmocka_unit_test(delay_of_40_ms_is_40_ms),
		cmocka_unit_test(delay_of_150_ms_is_150_ms),
		cmocka_unit_test(jitter_has_the_stated_deviation_and_may_reorder),
		cmocka_unit_test(jitter_keeps_the_order_unless_told_otherwise),
		cmocka_unit_test(measured_percentiles_are_met),
		cmocka_unit_test(a_recorded_trace_of_two_paths_is_met),
	};

	return case_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
