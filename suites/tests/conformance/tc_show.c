/*
 * What `tc -j qdisc show` of this machine says of a link is what the link was asked to do: every
 * attribute that it can show, of all impairments, and nothing besides.
 *
 *     tc_show      needs sch_netem and tc; netem_uml.sh runs it where the kernel has none
 *
 * tc reads the kernel's answer on its own, so this is not our read_back() once more.
 *
 * runner: timeout 60
 */
#include "chaos/engines/distribution.h"
#include "chaos/loss.h"
#include "fixtures/base/buf.h"
#include "fixtures/base/clock.h"
#include "fixtures/json/jv.h"
#include "fixtures/net/netns.h"
#include "suites/tests/helpers/engine_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC
#define LEAF_HANDLE "1002:" /* of region 1's own class */
#define OUTPUT_MAX (1 << 20)
#define SHOWN 1.01e-6 /* tc prints six digits behind the point */

static int run_tc(void *arg, struct err *err)
{
	struct buf *out = arg;
	FILE *pipe = popen("tc -j qdisc show dev c", "re");
	size_t n;

	if (!pipe)
		return err_sys(err, "start tc");
	while ((n = fread(buf_reserve(out, 65536), 1, 65536, pipe)) > 0)
		out->len += n;
	return pclose(pipe) ? err_set(err, "tc failed: %.100s", buf_str(out)) : 0;
}

/* The options of the leaf as tc shows them; the caller frees *whole. */
static const struct jv *shown(struct net_lab *lab, struct jv **whole)
{
	struct buf out = {0};
	const struct jv *options = NULL;
	struct err err;

	if (netns_run(lab->sites[0].netns_fd, run_tc, &out, &err) ||
		!(*whole = jv_parse(buf_str(&out), out.len, OUTPUT_MAX, &err)))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < jv_count(*whole); i++) {
		const struct jv *qdisc = jv_at(*whole, i);

		if (!strcmp(jv_str(jv_get(qdisc, "handle"), ""), LEAF_HANDLE))
			options = jv_get(qdisc, "options");
	}
	buf_release(&out);
	assert_non_null(options);
	return options;
}

/* One number that tc shows, or is to leave out where 0 was asked. slack: of the asked one. */
struct attribute {
	const char *path;
	double asked, slack;
};

static double share(uint64_t ppm)
{
	return (double)ppm / 1e6;
}

/* What tc must show of an impairment, in its words and units: seconds, shares, bytes a second. */
static size_t expect(const struct impairment *imp, struct attribute *out)
{
	struct loss_chain chain = loss_chain_of(imp);
	bool burst = imp->loss_burst > 1, in_order = imp->jitter_ns && !imp->reorder;
	double gap = imp->overtake_gap > 1 ? (double)imp->overtake_gap : imp->overtake_ppm ? 1 : 0;
	double overtakes = imp->overtake_ppm ? 1 / (1 / share(imp->overtake_ppm) - (gap - 1)) : 0;
	double rate = imp->rate_bps ? (double)imp->rate_bps / 8 : in_order ? 125000000001.0 : 0;
	const struct attribute all[] = {
		{"/delay/delay", (double)imp->delay_ns / 1e9, 1e-6},
		{"/delay/jitter", (double)imp->jitter_ns / 1e9, 1e-6},
		{"/loss-random/loss",
			imp->cut        ? 1
				: burst ? 0
					: share(imp->loss_ppm),
			1e-5},
		{"/loss-gemodel/p", burst ? chain.two.enter : 0, 1e-5},
		{"/loss-gemodel/r", burst ? chain.two.leave : 0, 1e-5},
		{"/loss-state/p13", share(imp->loss_p13_ppm), 1e-5},
		{"/loss-state/p31", share(imp->loss_p31_ppm), 1e-5},
		{"/loss-state/p32", share(imp->loss_p32_ppm), 1e-5},
		{"/loss-state/p23", share(imp->loss_p23_ppm), 1e-5},
		{"/loss-state/p14", share(imp->loss_p14_ppm), 1e-5},
		{"/duplicate/duplicate", share(imp->duplicate_ppm), 1e-5},
		{"/corrupt/corrupt", share(imp->corrupt_ppm), 1e-5},
		{"/reorder/reorder", overtakes, 1e-5},
		{"/gap", gap, 0},
		{"/rate/rate", rate, 0},
		{"/rate/packetoverhead", (double)imp->rate_overhead, 0},
		{"/rate/cellsize", (double)imp->rate_cell, 0},
		{"/rate/celloverhead", (double)imp->rate_cell_overhead, 0},
		{"/slot/min-delay", (double)imp->slot_min_ns / 1e9, 1e-6},
		{"/slot/max-delay", (double)imp->slot_max_ns / 1e9, 1e-6},
		{"/slot/packets", (double)imp->slot_packets, 0},
		{"/slot/bytes", (double)imp->slot_bytes, 0},
		{"/delay/correlation", 0, 0},
		{"/loss-random/correlation", 0, 0},
		{"/duplicate/correlation", 0, 0},
		{"/corrupt/correlation", 0, 0},
		{"/reorder/correlation", 0, 0},
	};

	memcpy(out, all, sizeof(all));
	return sizeof(all) / sizeof(*all);
}

static void compare(const struct jv *options, const struct impairment *imp)
{
	struct attribute attributes[64];
	size_t n = expect(imp, attributes);

	for (size_t i = 0; i < n; i++) {
		const struct attribute *a = &attributes[i];
		double has = jv_real(jv_point(options, a->path), 0);

		if (fabs(has - a->asked) > a->slack * a->asked + (a->slack > 0 ? SHOWN : 0)) {
			struct buf text = {0};

			impairment_print(&text, imp);
			fail_msg("asked '%s': tc shows %s as %.9g, not %.9g", buf_str(&text),
				a->path, has, a->asked);
		}
	}
	assert_int_equal(jv_bool(jv_point(options, "/ecn"), false), imp->ecn);
	if (imp->limit)
		assert_int_equal(jv_int(jv_point(options, "/limit"), 0), imp->limit);
	else
		assert_true(jv_int(jv_point(options, "/limit"), 0) > 0);
}

/* A key that the comparison does not know would be an attribute that nobody asked for. */
static void refuse_others(const struct jv *options)
{
	static const char *const known[] = {"limit", "delay", "loss-random", "loss-gemodel",
		"loss-state", "duplicate", "corrupt", "reorder", "gap", "rate", "slot", "ecn"};

	for (size_t i = 0; i < jv_count(options); i++) {
		const struct jv *value;
		const char *key = jv_key_at(options, i, &value);
		bool found = false;

		for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++)
			found |= !strcmp(known[k], key);
		if (!found)
			fail_msg("tc shows '%s', which nobody asked for", key);
	}
}

static void tc_shows_what_was_asked(void **state)
{
	static const struct impairment asked[] = {
		{.delay_ns = 123456789},
		{.delay_ns = 40 * MS, .jitter_ns = 3 * MS, .distribution = DISTRIBUTION_PARETO},
		{.delay_ns = 40 * MS, .jitter_ns = 3 * MS, .reorder = 1},
		{.loss_ppm = 12300},
		{.loss_ppm = 50000, .loss_burst = 12},
		{.loss_p13_ppm = 10000,
			.loss_p31_ppm = 200000,
			.loss_p32_ppm = 300000,
			.loss_p23_ppm = 400000,
			.loss_p14_ppm = 500},
		{.loss_ppm = 20000, .ecn = 1},
		{.cut = 1},
		{.corrupt_ppm = 30000, .limit = 77},
		{.delay_ns = 5 * MS, .overtake_ppm = 250000},
		{.delay_ns = 5 * MS, .overtake_ppm = 100000, .overtake_gap = 5},
		{.rate_bps = 10000000, .delay_ns = 20 * MS},
		{.rate_bps = UINT64_C(40000000000)},
		{.rate_bps = 2000000, .rate_overhead = 8, .rate_cell = 48, .rate_cell_overhead = 5},
		{.slot_min_ns = MS, .slot_max_ns = 3 * MS, .slot_packets = 4, .slot_bytes = 9000},
		{.delay_ns = 5 * MS, .loss_ppm = 1000, .corrupt_ppm = 2000, .rate_bps = 800000},
		{0},
	};
	static const struct impairment doubled = {.duplicate_ppm = 70000};
	struct net_lab lab;
	struct err err;

	(void)state;
	case_up(&lab);
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		struct jv *whole;
		const struct jv *options;

		net_lab_impair(&lab, 0, 1, asked[i]);
		options = shown(&lab, &whole);
		compare(options, &asked[i]);
		refuse_others(options);
		jv_free(whole);
	}
	if (!case_engine->probe(&doubled, &err)) {
		struct jv *whole;

		net_lab_impair(&lab, 0, 1, doubled);
		compare(shown(&lab, &whole), &doubled);
		jv_free(whole);
	}
	net_lab_down(&lab);
}

/* The comparison finds what is not as asked. */
static void a_difference_is_found(void **state)
{
	static const struct impairment asked = {.delay_ns = 40 * MS, .loss_ppm = 1000};
	struct attribute attributes[64];
	const struct jv *options;
	struct net_lab lab;
	struct jv *whole;
	size_t n = expect(&asked, attributes), wrong = 0;

	(void)state;
	case_up(&lab);
	net_lab_impair(&lab, 0, 1, (struct impairment){.delay_ns = 41 * MS, .loss_ppm = 1000});
	options = shown(&lab, &whole);
	for (size_t i = 0; i < n; i++)
		wrong += fabs(jv_real(jv_point(options, attributes[i].path), 0) -
				 attributes[i].asked) > 1e-5;
	assert_int_equal(wrong, 1);
	jv_free(whole);
	net_lab_down(&lab);
}

int main(int argc, char **argv)
{
	char *const netem[] = {argv[0], (char[]){"netem"}, NULL};
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(tc_shows_what_was_asked),
		cmocka_unit_test(a_difference_is_found),
	};

	const struct engine_ops *engine = engine_find("netem");
	struct err err;

	(void)argc;
	if (engine->probe(NULL, &err)) {
		printf("1..0 # SKIP engine netem (netem_uml.sh has it): %s\n", err.text);
		return 0;
	}
	return case_main(2, (char **)netem, cases, sizeof(cases) / sizeof(*cases));
}
